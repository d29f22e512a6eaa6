/*
 * server: the life of a request, from its first line to its entry in the log.
 *
 * A request passes through: sorted (its rule is drawn when all of it is there), paused (latency and
 * the rule's delay), answered. libmicrohttpd calls the handler again after each step. Everything
 * happens in the thread of server_run, so nothing needs a lock.
 */
#include "catalogd/server.h"

#include "base/clock.h"
#include "base/duration.h"
#include "catalogd/answer.h"
#include "catalogd/api.h"
#include "catalogd/control.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define CONTROL_PATH            "/control/"
#define BODY_MAX_BYTES          (64 * 1024 * 1024)
#define FILE_MAX_BYTES          (64 * 1024)
#define CONNECTIONS_MAX         900          /* below the usual limit of 1024 descriptors */
#define CONNECTION_MEMORY_BYTES (256 * 1024) /* a rule may ask for large headers */
#define LISTEN_BACKLOG          1024

struct Server {
        Site *site;
        struct MHD_Daemon *daemon;
        int signal_fd;
        Text cert, key;
};

typedef enum Stage { STAGE_HEADER, STAGE_BODY, STAGE_PAUSED, STAGE_ANSWERED } Stage;

typedef struct Request {
        Site *site;
        Stage stage;
        bool control;
        Text body;
        ApiRequest api;
        Rule *rule;
        Pause pause;
        uint64_t started_usec;
        LogEntry entry;
} Request;

static Request *request_free(Request *request)
{
        if (request) {
                text_done(&request->body);
                rule_unref(request->rule);
                free(request->entry.uri);
        }
        free(request);
        return NULL;
}

static bool is_control(const char *path)
{
        return strncmp(path, CONTROL_PATH, strlen(CONTROL_PATH)) == 0;
}

static void *request_begin(void *userdata, const char *uri, struct MHD_Connection *connection)
{
        Site *site = userdata;
        Request *request = calloc(1, sizeof(*request));

        (void)connection;
        if (!request)
                return NULL;
        request->site = site;
        request->started_usec = clock_monotonic_usec();
        request->entry.at_ms =
                (int64_t)((request->started_usec - site->started_usec) / USEC_PER_MSEC);
        request->entry.uri = strdup(uri);
        request->control = is_control(uri);
        if (!request->control) { /* who looks on does not count */
                reqlog_begin(&site->log);
                request->entry.in_flight = site->log.in_flight;
        }
        return request;
}

static void request_end(void *userdata, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code)
{
        Request *request = *context;

        (void)userdata;
        (void)connection;
        (void)code;
        if (!request)
                return;
        request->entry.took_us = (int64_t)(clock_monotonic_usec() - request->started_usec);
        if (!request->control)
                reqlog_end(&request->site->log, &request->entry);
        *context = request_free(request);
}

static enum MHD_Result answer_control(Request *request, struct MHD_Connection *connection)
{
        _cleanup_(answer_done) Answer answer = {0};

        if (control_answer(request->site, connection, request->api.method, request->api.path,
                           &request->body, &answer) < 0)
                return MHD_NO;
        request->entry.status = answer.status;
        return answer_queue(&answer, connection, &effect_none, NULL, &request->site->pauses);
}

static enum MHD_Result answer_api(Request *request, struct MHD_Connection *connection)
{
        const Effect *effect = request->rule ? &request->rule->effect : &effect_none;
        _cleanup_(answer_done) Answer answer = {0};

        if (api_answer(request->site, &request->api, effect, &answer) < 0)
                return MHD_NO;
        (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        (unsigned)request->site->settings.idle_close_s);
        request->entry.status = effect->close ? 0 : answer.status;
        return answer_queue(&answer, connection, effect, request->rule, &request->site->pauses);
}

static void request_sort(Request *request, struct MHD_Connection *connection, const char *method,
                         const char *path)
{
        api_parse(request->site, connection, method, path, &request->api);
        request->api.body = &request->body;
        (void)snprintf(request->entry.method, sizeof(request->entry.method), "%s", method);
        request->entry.kind = request->api.kind;
        request->entry.has_edge = request->api.has_edge;
        request->entry.edge = request->api.edge_id;
}

/* All of the request is there: draw its rule and wait as long as it should. True: it waits. */
static bool request_pause(Request *request, struct MHD_Connection *connection)
{
        uint64_t delay_ms = (uint64_t)request->site->settings.latency_ms;

        if (request->control)
                return false;
        request->rule = api_strike(request->site, &request->api);
        if (request->rule) {
                delay_ms += (uint64_t)request->rule->effect.delay_ms;
                (void)snprintf(request->entry.rule, sizeof(request->entry.rule), "%s",
                               request->rule->name ? request->rule->name : "unnamed");
        }
        return delay_ms > 0 && pauses_add(&request->site->pauses, &request->pause, connection,
                                          clock_monotonic_usec() + delay_ms * USEC_PER_MSEC);
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **context)
{
        Request *request = *context;

        (void)userdata;
        (void)version;
        if (!request)
                return MHD_NO; /* there was no memory for it */
        if (request->stage == STAGE_HEADER) {
                request_sort(request, connection, method, path);
                request->stage = STAGE_BODY;
                return MHD_YES;
        }
        if (*upload_size > 0) {
                if (request->body.size + *upload_size > BODY_MAX_BYTES ||
                    text_append(&request->body, upload, *upload_size) < 0)
                        return MHD_NO;
                *upload_size = 0;
                return MHD_YES;
        }
        if (request->stage == STAGE_BODY) {
                request->stage = STAGE_PAUSED;
                if (request_pause(request, connection))
                        return MHD_YES;
        }
        request->stage = STAGE_ANSWERED;
        return request->control ? answer_control(request, connection)
                                : answer_api(request, connection);
}

static int load_file(const char *path, Text *ret, Fault *ret_fault)
{
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        char buffer[FILE_MAX_BYTES];
        ssize_t n = fd >= 0 ? read(fd, buffer, sizeof(buffer)) : -1;

        if (n < 0)
                return fault_set(ret_fault, FAULT_PROCESS, errno, CODE_NO_RESOURCES,
                                 "cannot read %s: %s", path, strerror(errno));
        return text_append(ret, buffer, (size_t)n);
}

static struct MHD_Daemon *daemon_start(Server *server, uint16_t port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
        struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, server->cert.data},
                                       {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key.data},
                                       {MHD_OPTION_END, 0, NULL}};

        if (server->cert.data)
                flags |= MHD_USE_TLS;
        else
                tls[0].option = MHD_OPTION_END;
        return MHD_start_daemon(flags, port, NULL, NULL, on_request, server->site,
                                MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK,
                                request_begin, server->site, MHD_OPTION_NOTIFY_COMPLETED,
                                request_end, NULL, MHD_OPTION_CONNECTION_LIMIT,
                                (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_LISTEN_BACKLOG_SIZE,
                                (unsigned)LISTEN_BACKLOG, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                                MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

int server_new(Site *site, const ServerOptions *options, Server **ret, Fault *ret_fault)
{
        _cleanup_(cleanup_server) Server *server = calloc(1, sizeof(*server));
        const union MHD_DaemonInfo *info;
        sigset_t signals;
        int r = 0;

        if (!server)
                return -ENOMEM;
        server->site = site;
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (server->signal_fd < 0)
                return -errno;
        if (options->tls_cert)
                r = load_file(options->tls_cert, &server->cert, ret_fault);
        if (r == 0 && options->tls_key)
                r = load_file(options->tls_key, &server->key, ret_fault);
        if (r < 0)
                return r;
        server->daemon = daemon_start(server, options->port);
        info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)
                              : NULL;
        if (!info)
                return fault_set(ret_fault, FAULT_PROCESS, EADDRINUSE, CODE_NO_RESOURCES,
                                 "cannot listen on 127.0.0.1:%u", options->port);
        (void)snprintf(site->url, sizeof(site->url), "%s://127.0.0.1:%u",
                       server->cert.data ? "https" : "http", info->port);
        *ret = TAKE(server);
        return 0;
}

/* libmicrohttpd must not be stopped while a connection is suspended. */
static void resume_all(Server *server)
{
        server->site->pauses.closed = true;
        pauses_resume_due(&server->site->pauses, UINT64_MAX);
        (void)MHD_run(server->daemon);
}

Server *server_free(Server *server)
{
        if (!server)
                return NULL;
        if (server->daemon) {
                resume_all(server);
                MHD_stop_daemon(server->daemon);
        }
        if (server->signal_fd >= 0)
                (void)close(server->signal_fd);
        text_done(&server->cert);
        text_wipe(&server->key);
        free(server);
        return NULL;
}

static int timeout_ms(Server *server, uint64_t now_usec, uint64_t due_usec)
{
        MHD_UNSIGNED_LONG_LONG mhd_ms;
        uint64_t ms = INT32_MAX;

        if (due_usec != UINT64_MAX)
                ms = due_usec > now_usec ? (due_usec - now_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC
                                         : 0;
        if (MHD_get_timeout(server->daemon, &mhd_ms) == MHD_YES && mhd_ms < ms)
                ms = mhd_ms;
        return ms < INT32_MAX ? (int)ms : -1;
}

int server_run(Server *server, Fault *ret_fault)
{
        const union MHD_DaemonInfo *info =
                MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        struct pollfd fds[] = {{.fd = server->signal_fd, .events = POLLIN},
                               {.fd = -1, .events = POLLIN}};

        if (!info)
                return fault_set(ret_fault, FAULT_PROCESS, ENOTSUP, CODE_NO_RESOURCES,
                                 "libmicrohttpd has no epoll");
        fds[1].fd = info->epoll_fd;
        for (;;) {
                Site *site = server->site;
                uint64_t due, churn_due;

                pauses_resume_due(&site->pauses, clock_monotonic_usec());
                churn_run(&site->churn, &site->model, clock_monotonic_usec());
                if (MHD_run(server->daemon) != MHD_YES)
                        return fault_set(ret_fault, FAULT_PROCESS, EIO, CODE_NO_RESOURCES,
                                         "libmicrohttpd cannot go on");
                due = pauses_next_due(&site->pauses);
                churn_due = churn_next_due(&site->churn);
                if (churn_due < due)
                        due = churn_due;
                if (poll(fds, ARRAY_SIZE(fds), timeout_ms(server, clock_monotonic_usec(), due)) <
                            0 &&
                    errno != EINTR)
                        return fault_set(ret_fault, FAULT_PROCESS, errno, CODE_NO_RESOURCES,
                                         "poll: %s", strerror(errno));
                if (fds[0].revents)
                        return 0;
        }
}
