/*
 * http_server: see the header.
 */
#include "unit/http_server.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Handler {
        Server *server;
        unsigned number;
} Handler;

#define MUST(condition)                                                                            \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        abort();                                                                   \
        } while (0)

static bool send_all(int fd, const char *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
                if (n <= 0)
                        return false;
                bytes += n;
                size -= (size_t)n;
        }
        return true;
}

/* Reads up to the empty line, and the body as long as it is said to be. False: the client closed.
 */
static bool read_request(int fd, char *out, size_t size)
{
        size_t used = 0, left = size;
        while (used + 1 < size && left > 0) {
                ssize_t n = recv(fd, out + used, 1, 0);
                if (n <= 0)
                        return false;
                used += (size_t)n;
                out[used] = '\0';
                left--;
                if (used >= 4 && memcmp(out + used - 4, "\r\n\r\n", 4) == 0) {
                        const char *length = strcasestr(out, "\r\nContent-Length:");
                        left = length ? strtoul(strchr(length, ':') + 1, NULL, 10) : 0;
                }
        }
        return left == 0;
}

static const Script *script_find(const Server *server, const char *request)
{
        const char *path = strchr(request, ' ');
        MUST(path);
        path++;
        for (const Script *s = server->scripts; s->path; s++) {
                size_t length = strcspn(path, strchr(s->path, '?') ? " " : " ?");
                if (strlen(s->path) == length && memcmp(s->path, path, length) == 0)
                        return s;
        }
        return NULL;
}

static void note_begin(Server *server, const char *request)
{
        size_t size = strlen(request);
        pthread_mutex_lock(&server->lock);
        server->n_requests++;
        if (++server->n_open > server->n_open_max)
                server->n_open_max = server->n_open;
        if (server->log_size + size < sizeof(server->log)) {
                memcpy(server->log + server->log_size, request, size + 1);
                server->log_size += size;
        }
        pthread_mutex_unlock(&server->lock);
}

/* Before the answer leaves: afterwards the client may already have sent its next request. */
static void note_end(Server *server)
{
        pthread_mutex_lock(&server->lock);
        server->n_open--;
        pthread_mutex_unlock(&server->lock);
}

static void wait_for_gate(Server *server)
{
        pthread_mutex_lock(&server->lock);
        while (!server->breaker_open)
                pthread_cond_wait(&server->changed, &server->lock);
        pthread_mutex_unlock(&server->lock);
}

static void wait_for_close(int fd)
{
        char c;
        while (recv(fd, &c, 1, 0) > 0)
                ;
}

static void dribble(int fd)
{
        struct pollfd p = {.fd = fd, .events = POLLIN};
        while (send_all(fd, " ", 1) && poll(&p, 1, 100) == 0)
                ;
}

static void reset(int fd)
{
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
}

/* True when the connection is to live on. */
static bool play(Server *server, const Script *s, int fd, bool first)
{
        if (s->end == SCRIPT_GATE)
                wait_for_gate(server);
        note_end(server);
        if (s->end == SCRIPT_IDLE && !first)
                return false;
        if (!send_all(fd, s->bytes, s->size ? s->size : strlen(s->bytes)))
                return false;
        switch (s->end) {
        case SCRIPT_KEEP:
        case SCRIPT_IDLE:
        case SCRIPT_GATE:
                return true;
        case SCRIPT_CLOSE:
                return false;
        case SCRIPT_RESET:
                reset(fd);
                return false;
        case SCRIPT_HANG:
                wait_for_close(fd);
                return false;
        case SCRIPT_DRIBBLE:
                dribble(fd);
                return false;
        case SCRIPT_FLOOD:
                while (send_all(fd, s->flood, strlen(s->flood)))
                        ;
                return false;
        }
        return false;
}

static void *handle(void *argument)
{
        static const Script nothing = {
                .bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
        Handler h = *(Handler *)argument;
        free(argument);
        Server *server = h.server;
        int fd = server->sockets[h.number];
        char request[32768];
        bool more = true;
        for (bool first = true; more && read_request(fd, request, sizeof(request)); first = false) {
                const Script *s = script_find(server, request);
                note_begin(server, request);
                more = play(server, s ? s : &nothing, fd, first);
        }
        /* server_stop may be about to shut this socket down. */
        pthread_mutex_lock(&server->lock);
        server->sockets[h.number] = -1;
        close(fd);
        pthread_mutex_unlock(&server->lock);
        return NULL;
}

static void *accept_all(void *argument)
{
        Server *server = argument;
        for (;;) {
                /* accept takes its descriptor before it waits, and a test may be short of them on
                 * purpose until the client connects. */
                struct pollfd p = {.fd = server->fd, .events = POLLIN};
                (void)poll(&p, 1, -1);
                int fd = accept(server->fd, NULL, NULL);
                if (fd < 0)
                        return NULL;
                Handler *h = malloc(sizeof(*h));
                MUST(h);
                pthread_mutex_lock(&server->lock);
                MUST(server->n_connections < SERVER_CONNECTIONS_MAX);
                *h = (Handler){.server = server, .number = server->n_connections++};
                server->sockets[h->number] = fd;
                MUST(pthread_create(&server->handlers[h->number], NULL, handle, h) == 0);
                pthread_mutex_unlock(&server->lock);
        }
}

Server *server_start(const Script *scripts)
{
        Server *server = calloc(1, sizeof(*server));
        MUST(server);
        server->scripts = scripts;
        MUST(pthread_mutex_init(&server->lock, NULL) == 0);
        MUST(pthread_cond_init(&server->changed, NULL) == 0);
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        MUST(server->fd >= 0);
        MUST(bind(server->fd, (struct sockaddr *)&address, size) == 0);
        MUST(listen(server->fd, 128) == 0);
        MUST(getsockname(server->fd, (struct sockaddr *)&address, &size) == 0);
        server->port = ntohs(address.sin_port);
        MUST(pthread_create(&server->acceptor, NULL, accept_all, server) == 0);
        return server;
}

void server_stop(Server *server)
{
        server_open_gate(server);
        (void)shutdown(server->fd, SHUT_RDWR);
        pthread_join(server->acceptor, NULL);
        close(server->fd);
        pthread_mutex_lock(&server->lock);
        for (unsigned i = 0; i < server->n_connections; i++)
                if (server->sockets[i] >= 0)
                        (void)shutdown(server->sockets[i], SHUT_RDWR);
        pthread_mutex_unlock(&server->lock);
        for (unsigned i = 0; i < server->n_connections; i++)
                pthread_join(server->handlers[i], NULL);
        pthread_cond_destroy(&server->changed);
        pthread_mutex_destroy(&server->lock);
        free(server);
}

void server_open_gate(Server *server)
{
        pthread_mutex_lock(&server->lock);
        server->breaker_open = 1;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
}

static unsigned read_locked(Server *server, const unsigned *number)
{
        pthread_mutex_lock(&server->lock);
        unsigned n = *number;
        pthread_mutex_unlock(&server->lock);
        return n;
}

unsigned server_connections(Server *server)
{
        return read_locked(server, &server->n_connections);
}

unsigned server_requests(Server *server)
{
        return read_locked(server, &server->n_requests);
}

unsigned server_open_max(Server *server)
{
        return read_locked(server, &server->n_open_max);
}
