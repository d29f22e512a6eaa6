/*
 * monitor: see the header. What always holds: with a daemon, its epoll descriptor is watched, and
 * `again` is armed as MHD_get_timeout has said after its last run: its epoll set is edge-triggered,
 * so what it has read but not handled yet is reported by nothing else.
 */
#include "web/monitor.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/message_id.h"
#include "web/listener.h"
#include "web/request_private.h"
#include "web/routes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define RETRY_USEC        USEC_PER_MINUTE
#define SOCKET_NAME       "monitor"
#define PASSED_SOCKET     "the socket that systemd has passed"
#define SHORTAGE_USEC     (100 * USEC_PER_MSEC)
#define LIFETIME_ACCURACY (100 * USEC_PER_MSEC)

struct WebConnection {
        Monitor *monitor;
        int fd;
        uint64_t end_usec;
        TAILQ_ENTRY(WebConnection) entry;
};

/* ---- the loop ------------------------------------------------------------------------------- */

/* The timer may fire once more than it has to, which costs nothing. */
static void monitor_run(void *userdata)
{
        Monitor *m = userdata;
        MHD_UNSIGNED_LONG_LONG delay_ms;
        uint64_t before = m->n_ended;
        (void)sd_event_source_set_enabled(m->io, SD_EVENT_ON);
        (void)MHD_run(m->daemon);
        /* where all places were taken, it listens again when it runs once more, of which it says
         * nothing */
        if (m->n_ended != before)
                timer_restart(&m->again, 0);
        else if (MHD_get_timeout(m->daemon, &delay_ms) == MHD_YES)
                timer_restart(&m->again, delay_ms * USEC_PER_MSEC);
}

/* The service is a monitor's first member. */
static void monitor_wake(WebService *service)
{
        timer_restart(&((Monitor *)service)->again, 0);
}

/* Whoever cannot be accepted for want of a descriptor keeps the socket ready. */
static int monitor_on_io(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                         void *userdata)
{
        Monitor *m = userdata;
        uint64_t before = m->n_notified;
        bool alone = TAILQ_EMPTY(&m->connections);
        monitor_run(m);
        if (alone && m->n_notified == before) {
                (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
                timer_restart(&m->again, SHORTAGE_USEC);
        }
        return 0;
}

/* ---- connections ---------------------------------------------------------------------------- */

static void monitor_watch_lifetime(Monitor *m);

/* A client that sends or reads a byte now and then is not idle. libmicrohttpd closes what is shut
 * down. */
static void monitor_on_lifetime(void *userdata)
{
        Monitor *m = userdata;
        uint64_t now = clock_monotonic_usec();
        WebConnection *c;
        while ((c = TAILQ_FIRST(&m->connections)) && c->end_usec <= now) {
                (void)shutdown(c->fd, SHUT_RDWR);
                c->fd = -1;
                TAILQ_REMOVE(&m->connections, c, entry);
        }
        monitor_watch_lifetime(m);
}

static void monitor_watch_lifetime(Monitor *m)
{
        const WebConnection *first = TAILQ_FIRST(&m->connections);
        uint64_t now = clock_monotonic_usec();
        if (first && timer_start(&m->lifetime, m->service.event,
                                 first->end_usec > now ? first->end_usec - now : 0,
                                 LIFETIME_ACCURACY, monitor_on_lifetime, m) < 0)
                log_debug("monitor: no memory for the timer of a connection");
}

static void monitor_add_connection(Monitor *m, struct MHD_Connection *connection, void **context)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        WebConnection *c = info ? calloc(1, sizeof(*c)) : NULL;
        *context = c;
        if (!c) { /* without it, nothing would end the connection */
                if (info)
                        (void)shutdown(info->connect_fd, SHUT_RDWR);
                return;
        }
        c->monitor = m;
        c->fd = info->connect_fd;
        c->end_usec = clock_monotonic_usec() + LIMIT_WEB_CONNECTION_USEC;
        TAILQ_INSERT_TAIL(&m->connections, c, entry);
        if (!timer_is_armed(&m->lifetime))
                monitor_watch_lifetime(m);
}

static void monitor_on_connection(void *userdata, struct MHD_Connection *connection, void **context,
                                  enum MHD_ConnectionNotificationCode code)
{
        WebConnection *c = *context;
        Monitor *m = userdata;
        m->n_notified++;
        m->n_ended += code == MHD_CONNECTION_NOTIFY_CLOSED;
        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                monitor_add_connection(m, connection, context);
        } else if (c) {
                if (c->fd >= 0)
                        TAILQ_REMOVE(&c->monitor->connections, c, entry);
                free(c);
                *context = NULL;
        }
}

/* ---- requests ------------------------------------------------------------------------------- */

/* Called first when the headers are there, then for pieces of a body, then at its end. */
static enum MHD_Result monitor_on_request(void *userdata, struct MHD_Connection *connection,
                                          const char *path, const char *method,
                                          const char *version _unused_, const char *body _unused_,
                                          size_t *body_size, void **context)
{
        Monitor *m = userdata;
        if (!*context) {
                WebRequest *request = web_request_new(&m->service, connection, method, path);
                *context = request;
                if (!request)
                        return MHD_NO;
                return web_request_is_served(request) ? MHD_YES
                                                      : web_request_handle(request, route_find);
        }
        if (*body_size > 0) { /* nobody reads it */
                *body_size = 0;
                return MHD_YES;
        }
        return web_request_handle(*context, route_find);
}

static void monitor_on_completed(void *userdata _unused_,
                                 struct MHD_Connection *connection _unused_, void **context,
                                 enum MHD_RequestTerminationCode code _unused_)
{
        *context = web_request_free(*context);
}

/* Paths and arguments are decoded by us. */
static size_t monitor_keep_encoded(void *userdata _unused_,
                                   struct MHD_Connection *connection _unused_, char *text)
{
        return strlen(text);
}

/* What clients do wrong: nobody is to fill the log with it. */
static void _printf_(2, 0)
        monitor_on_message(void *userdata _unused_, const char *format, va_list arguments)
{
        char message[LIMIT_LOG_VALUE_BYTES];
        (void)vsnprintf(message, sizeof(message), format, arguments);
        message[strcspn(message, "\n")] = '\0';
        log_debug("monitor: %s", message);
}

/* ---- listening ------------------------------------------------------------------------------ */

/* libmicrohttpd closes its descriptor: it is given one of its own. */
static struct MHD_Daemon *monitor_start_daemon(Monitor *m, int fd)
{
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (own < 0)
                return NULL;
        struct MHD_Daemon *daemon = MHD_start_daemon(
                MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                monitor_on_request, m, MHD_OPTION_EXTERNAL_LOGGER, monitor_on_message, NULL,
                MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_WEB_CONNECTIONS,
                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_WEB_IDLE_SEC,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_WEB_CONNECTION_BYTES,
                MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, monitor_keep_encoded,
                NULL, MHD_OPTION_NOTIFY_CONNECTION, monitor_on_connection, m,
                MHD_OPTION_NOTIFY_COMPLETED, monitor_on_completed, NULL, MHD_OPTION_END);
        if (!daemon)
                (void)close(own);
        return daemon;
}

static int monitor_watch(Monitor *m)
{
        sd_event *event = m->service.event;
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info)
                return -ENOTSUP;
        int r = sd_event_add_io(event, &m->io, info->epoll_fd, EPOLLIN, monitor_on_io, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->io, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = timer_start_kept(&m->again, event, 0, USEC_PER_MSEC, monitor_run, m);
        if (r >= 0)
                r = timer_set_idle(&m->again);
        return r;
}

/* May be called when nothing is open. */
static void monitor_close(Monitor *m)
{
        timer_cancel(&m->retry);
        web_requests_stop(&m->service);
        if (m->daemon) {
                /* Those that were suspended are taken back, and what has arrived is answered: with
                 * one that is suspended, libmicrohttpd ends the process. */
                (void)MHD_run(m->daemon);
                MHD_stop_daemon(m->daemon);
        }
        m->daemon = NULL;
        m->service.closing = false;
        timer_cancel(&m->lifetime);
        m->io = sd_event_source_disable_unref(m->io);
        timer_cancel(&m->again);
        if (m->own_fd >= 0) {
                listener_remove_file(m->own_fd);
                (void)close(m->own_fd);
        }
        m->own_fd = -1;
}

static int monitor_open(Monitor *m)
{
        int r = m->passed_fd >= 0 ? 0 : listener_open(m->listen, &m->own_fd);
        if (r < 0)
                return r;
        m->daemon = monitor_start_daemon(m, m->passed_fd >= 0 ? m->passed_fd : m->own_fd);
        r = m->daemon ? monitor_watch(m) : -ENOMEM;
        if (r < 0)
                monitor_close(m);
        return r;
}

static void monitor_listen(void *userdata)
{
        Monitor *m = userdata;
        int r = monitor_open(m);
        const char *where = m->passed_fd >= 0 ? PASSED_SOCKET : m->listen;
        if (r >= 0) {
                log_info("the monitor listens on %s", where);
                m->reported = false;
                return;
        }
        if (!m->reported)
                log_event(LOG_LEVEL_ERROR, MESSAGE_ID_MONITOR_CLOSED, LOG_NO_FIELDS,
                          "the monitor cannot listen on %s: %s; syncs go on without it, trying "
                          "again every minute",
                          where,
                          r == -ENOTSOCK ? "there is a file that is no socket; move it away, or "
                                           "listen elsewhere"
                                         : strerrordesc_np(-r));
        m->reported = true;
        if (timer_start(&m->retry, m->service.event, RETRY_USEC, USEC_PER_SEC, monitor_listen, m) <
            0)
                log_error("the monitor: no memory to try again");
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static void monitor_on_refused_figures(const Fault *fault)
{
        if (fault->scope != FAULT_NONE)
                log_warning("the figures of /metrics stay as they were: %s", fault->message);
        else
                log_info("the figures of /metrics are taken again");
}

void monitor_init(Monitor *m, sd_event *event, ServiceSnapshotTake take, void *userdata)
{
        *m = (Monitor){.service = {.event = event,
                                   .take = take,
                                   .userdata = userdata,
                                   .wake = monitor_wake,
                                   .metrics.on_refused = monitor_on_refused_figures},
                       .passed_fd = -1,
                       .own_fd = -1};
        LIST_INIT(&m->service.waiting);
        TAILQ_INIT(&m->connections);
        int r = listener_passed(SOCKET_NAME, &m->passed_fd);
        if (r > 1)
                log_warning(
                        "systemd has passed %d sockets for the monitor: it listens on the first "
                        "one alone, and whoever connects to another one waits for ever; give "
                        "edgemirror-monitor.socket one ListenStream=",
                        r);
        if (r < 0 && r != -ENOENT) {
                m->passed_fd = -1;
                log_warning("%s is not one to listen on, or cannot be used: %s", PASSED_SOCKET,
                            strerrordesc_np(-r));
        }
}

/* Takes the place of *text; unchanged when there is no memory. */
static void replace_text(char **text, const char *with)
{
        char *copy = with ? strdup(with) : NULL;
        if (with && !copy)
                return;
        free(*text);
        *text = copy;
}

void monitor_configure(Monitor *m, Peers *peers, const ConfigMonitor *config)
{
        bool same = text_equal(m->listen, config->listen);
        if (m->service.peers != peers) {
                status_observation_reset(&m->service.status);
                metrics_observation_reset(&m->service.metrics);
        }
        m->service.peers = peers;
        replace_text(&m->host_names, config->host_names);
        m->service.host_names = m->host_names;
        m->service.edge_metrics = config->edge_metrics;
        if (m->daemon && (same || m->passed_fd >= 0))
                return;
        monitor_close(m);
        replace_text(&m->listen, config->listen);
        m->reported &= same;
        if (m->listen || m->passed_fd >= 0)
                monitor_listen(m);
}

void monitor_done(Monitor *m)
{
        if (!m->service.event) /* it was never begun */
                return;
        monitor_close(m);
        status_observation_reset(&m->service.status);
        metrics_observation_done(&m->service.metrics);
        if (m->passed_fd >= 0)
                (void)close(m->passed_fd);
        free(m->listen);
        free(m->host_names);
        *m = (Monitor){0};
}
