/*
 * pages: a catalog that answers at next to no cost, so that what is measured is who asks it.
 *
 *     pages EDGES ROWS [LATENCY_MS]
 *
 * Prints its port. Edge connections are numbered from 0; a row is written when it is asked for,
 * from its number. A refresh is over at once. SIGHUP renames one row of a hundred, SIGUSR1 the
 * first alone. No authentication.
 */
#include "base/cleanup.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EDGE_ID  "00000000-0000-4000-9000-############"
#define LINKED   ",\"databaseId\":\"00000000-0000-4000-a000-############\""
#define ROW_HEAD "{\"id\":\"########-0000-4000-8000-############\",\"name\":\"database_########_"
#define ROW_TAIL "########\",\"edgeConnectionId\":\"" EDGE_ID "\""
#define JOB                                                                                        \
        "{\"id\":\"" EDGE_ID "\",\"name\":\"Refresh database connections\","                       \
        "\"type\":\"DATABASE_CONNECTIONS_SYNCHRONIZATION\",\"state\":\"COMPLETED\","               \
        "\"progressPercentage\":100,\"message\":\"\",\"resourceType\":\"Job\"}"

enum { ROW_BYTES = sizeof(ROW_HEAD ROW_TAIL LINKED "},"), CHANGED_OF = 100 };

static unsigned long n_edges, n_rows;
static useconds_t latency_usec;
static atomic_ulong version, version_of_first;

/* Copies the text, with the number in each of its places. */
static char *put(char *at, const char *text, const unsigned long numbers[])
{
        for (; *text; text++) {
                *at++ = *text;
                if (text[0] != '#' || text[1] == '#')
                        continue;
                unsigned long number = *numbers++;
                for (char *digit = at - 1; *digit == '#'; digit--, number /= 10)
                        *digit = (char)('0' + number % 10);
        }
        return at;
}

static char *put_row(char *at, unsigned long edge, unsigned long row)
{
        unsigned long renamed = row % CHANGED_OF == 0 ? version : 0;
        renamed += row == 0 ? version_of_first : 0;
        at = put(at, ROW_HEAD, (const unsigned long[]){edge, row, row});
        at = put(at, ROW_TAIL, (const unsigned long[]){renamed, edge});
        if (row % 2 == 0)
                at = put(at, LINKED, (const unsigned long[]){row});
        *at++ = '}';
        return at;
}

static enum MHD_Result send_body(struct MHD_Connection *c, unsigned status, char *body, size_t size,
                                 const char *location)
{
        struct MHD_Response *r = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
        (void)MHD_add_response_header(r, "Content-Type", "application/json");
        if (location)
                (void)MHD_add_response_header(r, "Location", location);
        enum MHD_Result result = MHD_queue_response(c, status, r);
        MHD_destroy_response(r);
        return result;
}

static unsigned long argument(struct MHD_Connection *c, const char *name)
{
        const char *value = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
        const char *last = value ? strrchr(value, '-') : NULL;
        return value ? strtoul(last ? last + 1 : value, NULL, 10) : 0;
}

static enum MHD_Result send_page(struct MHD_Connection *c)
{
        unsigned long edge = argument(c, "edgeConnectionId"), row = argument(c, "offset");
        unsigned long end = row + argument(c, "limit");
        end = edge >= n_edges ? row : end > n_rows ? n_rows : end;
        char *body = malloc(64 + (end > row ? end - row : 0) * ROW_BYTES);
        if (!body)
                return MHD_NO;
        char *at = put(body, "{\"results\":[", NULL);
        for (; row < end; row++) {
                at = put_row(at, edge, row);
                *at++ = ',';
        }
        at -= at[-1] == ',';
        at = put(at, "]}", NULL);
        return send_body(c, MHD_HTTP_OK, body, (size_t)(at - body), NULL);
}

static enum MHD_Result send_job(struct MHD_Connection *c, unsigned status, unsigned long edge)
{
        char location[sizeof("/rest/jobs/v1/jobs/" EDGE_ID)];
        char *body = malloc(sizeof(JOB));
        if (!body)
                return MHD_NO;
        *put(location, "/rest/jobs/v1/jobs/" EDGE_ID, &edge) = '\0';
        char *end = put(body, JOB, &edge);
        return send_body(c, status, body, (size_t)(end - body),
                         status == MHD_HTTP_ACCEPTED ? location : NULL);
}

static enum MHD_Result on_request(void *userdata _unused_, struct MHD_Connection *c,
                                  const char *url, const char *method, const char *http _unused_,
                                  const char *data _unused_, size_t *size, void **context)
{
        static int begun;
        if (!*context || *size > 0) { /* first the headers, then the body */
                *context = &begun;
                *size = 0;
                return MHD_YES;
        }
        if (latency_usec > 0)
                (void)usleep(latency_usec);
        if (strcmp(method, "POST") == 0)
                return send_job(c, MHD_HTTP_ACCEPTED, argument(c, "edgeConnectionId"));
        if (strstr(url, "/jobs/"))
                return send_job(c, MHD_HTTP_OK, strtoul(strrchr(url, '-') + 1, NULL, 10));
        return send_page(c);
}

int main(int argc, char **argv)
{
        if (argc < 3)
                return 2;
        n_edges = strtoul(argv[1], NULL, 10);
        n_rows = strtoul(argv[2], NULL, 10);
        latency_usec = argc > 3 ? (useconds_t)strtoul(argv[3], NULL, 10) * 1000 : 0;
        sigset_t signals;
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGHUP);
        (void)sigaddset(&signals, SIGUSR1);
        (void)sigaddset(&signals, SIGTERM);
        (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
        unsigned threads = latency_usec > 0 ? MHD_USE_THREAD_PER_CONNECTION : MHD_USE_EPOLL;
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct MHD_Daemon *daemon = MHD_start_daemon(
                threads | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                on_request, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
        if (!daemon)
                return 1;
        (void)printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
        (void)fflush(stdout);
        for (int sig = 0; sigwait(&signals, &sig) == 0 && sig != SIGTERM;)
                ++*(sig == SIGHUP ? &version : &version_of_first);
        return 0;
}
