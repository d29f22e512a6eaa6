/*
 * What always holds: the io source is for libpq's present socket (libpq may close it and open
 * another of the same number while connecting, so the source is released and added again after
 * every PQconnectPoll), and it is released before PQfinish.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/metric.h"
#include "pg/cancel_private.h"
#include "pg/connection_private.h"
#include "pg/pg_fault_private.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* for the server, to end a statement that is cancelled */
#define CLOSE_USEC (5 * USEC_PER_SEC)

static int connection_on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata);
static void connection_on_deadline(void *userdata);

/* Notices are not kept. That a server ends an idle session comes as a notice, too. */
static void connection_on_notice(void *userdata, const PGresult *result)
{
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_IDLE && pg_result_ends_session(result))
                c->server_closing = true;
}

/* The one function by which the state changes. */
void connection_enter(PgConnection *c, PgConnectionState state)
{
        if (c->state != PG_CONNECTION_BROKEN)
                metric_add(METRIC_POSTGRES_CONNECTIONS, c->state, -1);
        if (state != PG_CONNECTION_BROKEN)
                metric_add(METRIC_POSTGRES_CONNECTIONS, state, 1);
        c->state = state;
}

void connection_fail(PgConnection *c, const Fault *fault)
{
        c->fault = *fault;
        c->io = sd_event_source_disable_unref(c->io);
        timer_cancel(&c->deadline);
        connection_enter(c, PG_CONNECTION_BROKEN);
        if (c->task)
                c->handlers->on_lost(c, &c->fault);
        c->handlers->on_changed(c);
}

void connection_break(PgConnection *c)
{
        Fault fault;
        pg_fault_from_connection(c->conn, false, &fault);
        connection_fail(c, &fault);
}

void connection_retire(PgConnection *c)
{
        connection_fail(c, &fault_none);
}

/* ---- the socket and the deadline ------------------------------------------------------------ */

/* The one place that decides what the socket is waited for. */
static int connection_watch(PgConnection *c)
{
        uint32_t events = c->sends ? EPOLLOUT : 0;
        if (c->state != PG_CONNECTION_CONNECTING || !c->sends)
                events |= EPOLLIN;
        if (c->io)
                return sd_event_source_set_io_events(c->io, events);
        int fd = PQsocket(c->conn);
        return fd < 0 ? -ENOTCONN
                      : sd_event_add_io(c->server->event, &c->io, fd, events, connection_on_io, c);
}

bool connection_flush(PgConnection *c, bool more)
{
        int pending = PQflush(c->conn);
        c->sends = pending > 0 || more;
        if (pending >= 0 && connection_watch(c) >= 0)
                return !c->sends;
        connection_break(c);
        return false;
}

int connection_set_deadline(PgConnection *c, uint64_t usec)
{
        return timer_start(&c->deadline, c->server->event, usec, USEC_PER_MSEC,
                           connection_on_deadline, c);
}

/* Until it is too old; closed when no work comes for a while. */
void connection_set_idle(PgConnection *c)
{
        uint64_t now = clock_monotonic_usec(), idle_usec = c->server->options.idle_usec;
        uint64_t left = c->retire_usec > now ? c->retire_usec - now : 0;
        connection_enter(c, PG_CONNECTION_IDLE);
        c->sends = false;
        if (connection_watch(c) < 0 ||
            connection_set_deadline(c, left < idle_usec ? left : idle_usec) < 0)
                connection_break(c);
        else
                c->handlers->on_changed(c);
}

/* ---- connecting ----------------------------------------------------------------------------- */

static size_t connection_index(const PgConnection *c)
{
        return (c->first + c->tried) % c->endpoints->n;
}

static void connection_established(PgConnection *c)
{
        uint64_t age = c->server->options.max_age_usec;
        (void)PQsetnonblocking(c->conn, 1);
        c->fault = (Fault){0};
        /* Not all of them at once. */
        c->retire_usec = clock_monotonic_usec() + age - clock_random() % (age / 4 + 1);
        server_remember(c->server, c->endpoints, connection_index(c));
        connection_set_idle(c);
}

/* A server's answer is kept rather than that another address does not answer. */
static void connection_keep_fault(PgConnection *c, const Fault *fault)
{
        bool answered = c->fault.sqlstate[0] || c->fault.code == CODE_PG_READ_ONLY;
        if (!answered || fault->sqlstate[0])
                c->fault = *fault;
}

static int connection_begin(PgConnection *c, Fault *ret_fault);

/* None of them takes writes: for who only reads, one that answers is enough, from the first address
 * on. */
static bool connection_takes_any(PgConnection *c)
{
        if (!c->server->options.only_reads || c->any || c->fault.code != CODE_PG_READ_ONLY)
                return false;
        c->any = true;
        c->tried = 0;
        c->fault = (Fault){0};
        return true;
}

/* This address gave no connection: the next one may, unless the server refused what would be the
 * same there. */
static void connection_try_next(PgConnection *c, const Fault *fault)
{
        Fault next = *fault;
        do {
                c->io = sd_event_source_disable_unref(c->io);
                timer_cancel(&c->deadline);
                PQfinish(TAKE(c->conn));
                connection_keep_fault(c, &next);
                bool final = next.refused || (next.sqlstate[0] && !next.retryable);
                if (final || (++c->tried >= c->endpoints->n && !connection_takes_any(c))) {
                        next = c->fault;
                        connection_fail(c, &next);
                        return;
                }
        } while (connection_begin(c, &next) < 0);
}

static void connection_poll(PgConnection *c)
{
        PostgresPollingStatusType status = PQconnectPoll(c->conn);
        c->io = sd_event_source_disable_unref(c->io);

        Fault fault;
        switch (status) {
        case PGRES_POLLING_OK:
                connection_established(c);
                return;
        case PGRES_POLLING_READING:
        case PGRES_POLLING_WRITING:
                c->sends = status == PGRES_POLLING_WRITING;
                if (connection_watch(c) >= 0)
                        return;
                _fallthrough_;
        default:
                pg_fault_from_connection(c->conn, true, &fault);
                connection_try_next(c, &fault);
        }
}

/* ---- idle, closing -------------------------------------------------------------------------- */

/* Nothing is asked of an idle connection: whatever comes is its end, or a notice. The second
 * reading finds the end of file behind a notice. */
bool connection_check_idle(PgConnection *c)
{
        if (clock_monotonic_usec() >= c->retire_usec) {
                connection_retire(c);
                return false;
        }
        for (int i = 0; i < 2; i++) {
                bool open = PQconsumeInput(c->conn);
                (void)PQisBusy(c->conn); /* takes in what has been read */
                if (!open || c->server_closing || PQstatus(c->conn) != CONNECTION_OK) {
                        connection_break(c);
                        return false;
                }
        }
        return true;
}

/* Reads on until the statement has ended, for whatever reason. */
static void connection_on_closing(PgConnection *c)
{
        bool ended = !PQconsumeInput(c->conn);
        while (!ended && !PQisBusy(c->conn)) {
                PGresult *result = PQgetResult(c->conn);
                ExecStatusType status = result ? PQresultStatus(result) : PGRES_EMPTY_QUERY;
                ended = status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_SYNC ||
                        status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
                        status == PGRES_COPY_BOTH || /* such a result comes again for ever */
                        (!result && PQpipelineStatus(c->conn) == PQ_PIPELINE_OFF);
                PQclear(result);
        }
        if (!ended)
                return;
        c->io = sd_event_source_disable_unref(c->io);
        if (!c->cancel)
                connection_retire(c);
}

/* Closed when the statement has ended and the server has been asked, whichever is later: who leaves
 * before the answer has PgBouncer 1.18 end itself, with "bad client state". */
static void connection_on_cancelled(void *request _unused_, void *userdata)
{
        PgConnection *c = userdata;
        c->cancel = NULL;
        if (c->state == PG_CONNECTION_CLOSING && !c->io)
                connection_retire(c);
}

void connection_close(PgConnection *c, bool cancel)
{
        bool runs =
                cancel && PQtransactionStatus(c->conn) == PQTRANS_ACTIVE && PQflush(c->conn) == 0;
        connection_enter(c, PG_CONNECTION_CLOSING);
        c->sends = false;
        if (!runs ||
            cancel_start(c->server->event, c->conn, connection_on_cancelled, c, &c->cancel) < 0 ||
            connection_watch(c) < 0 || connection_set_deadline(c, CLOSE_USEC) < 0)
                connection_retire(c);
}

/* ---- what the loop reports ------------------------------------------------------------------ */

static int connection_on_io(sd_event_source *s _unused_, int fd _unused_, uint32_t revents _unused_,
                            void *userdata)
{
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_CONNECTING)
                connection_poll(c);
        else if (c->state == PG_CONNECTION_IDLE)
                (void)connection_check_idle(c);
        else if (c->state == PG_CONNECTION_WORKING)
                c->handlers->on_ready(c);
        else if (c->state == PG_CONNECTION_CLOSING)
                connection_on_closing(c);
        return 0;
}

static void connection_on_connect_deadline(PgConnection *c)
{
        const PgEndpoint *e = c->endpoints ? &c->endpoints->items[connection_index(c)] : NULL;
        const char *host = e && e->host ? e->host : e && e->hostaddr ? e->hostaddr : "the server";
        Fault fault;
        fault_set(&fault, FAULT_PEER, ETIMEDOUT, CODE_PG_UNREACHABLE,
                  e ? "no connection to PostgreSQL at %s%s%s%s within the connect timeout"
                    : "no connection to PostgreSQL: the name servers did not answer within the "
                      "connect timeout; /etc/resolv.conf names them",
                  host, e && e->hostaddr ? " (" : "", e && e->hostaddr ? e->hostaddr : "",
                  e && e->hostaddr ? ")" : "");
        fault.retryable = true;
        if (e)
                connection_try_next(c, &fault);
        else
                connection_on_lookup(c, &fault);
}

static void connection_on_deadline(void *userdata)
{
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_CONNECTING)
                connection_on_connect_deadline(c);
        else if (c->state == PG_CONNECTION_WORKING)
                c->handlers->on_late(c);
        else
                connection_retire(c);
}

/* ---- opening -------------------------------------------------------------------------------- */

static int connection_load_password(const PgPoolOptions *options, Text *ret, Fault *ret_fault)
{
        Fault why;
        if (!options->load_password ||
            options->load_password(options->load_password_userdata, ret, &why) >= 0)
                return 0;
        int r = fault_set(ret_fault, FAULT_PEER, EACCES, CODE_PG_PASSWORD,
                          "password_file of [postgres]: %s", why.message);
        ret_fault->refused = true;
        return r;
}

/* Begins to connect to the next address. libpq's sockets notice by themselves, unless conninfo says
 * otherwise, that nothing comes through any more: data that is not acknowledged for 20 seconds, or
 * nobody there for 25. */
static int connection_begin(PgConnection *c, Fault *ret_fault)
{
        const PgPoolOptions *options = &c->server->options;
        const PgEndpoint *e = &c->endpoints->items[connection_index(c)];
        _cleanup_(text_wipe) Text password = {0};
        int r = connection_load_password(options, &password, ret_fault);
        if (r < 0)
                return r;
        /* In order: what a conninfo may override, the conninfo, what it may not. What is NULL is
         * passed by. */
        const char *const parameters[][2] = {
                {"application_name", options->application_name},
                {"target_session_attrs", c->any ? "any" : "read-write"},
                {"keepalives_idle", "10"},
                {"keepalives_interval", "5"},
                {"keepalives_count", "3"},
                {"tcp_user_timeout", "20000"},
                {"dbname", options->conninfo},
                {"host", e->host},
                {"hostaddr", e->hostaddr},
                {"port", e->port},
                {"client_encoding", "UTF8"},
                {"password", password.data},
        };
        const char *keywords[ARRAY_SIZE(parameters) + 1] = {0},
                                                      *values[ARRAY_SIZE(parameters) + 1] = {0};
        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
                keywords[i] = parameters[i][0];
                values[i] = parameters[i][1];
        }
        c->conn = PQconnectStartParams(keywords, values, 1);
        if (!c->conn)
                return pg_fault_no_memory(ret_fault);
        (void)PQsetErrorVerbosity(c->conn, PQERRORS_VERBOSE);
        (void)PQsetNoticeReceiver(c->conn, connection_on_notice, c);
        if (PQstatus(c->conn) == CONNECTION_BAD) {
                pg_fault_from_connection(c->conn, true, ret_fault);
                return -ECONNREFUSED;
        }
        uint64_t timeout = options->connect_timeout_usec / (c->endpoints->n > 1 ? 2 : 1);
        c->sends = true;
        if (connection_watch(c) < 0 || connection_set_deadline(c, timeout) < 0)
                return fault_set(ret_fault, FAULT_PEER, ENOMEM, CODE_PG_UNREACHABLE,
                                 "the connection to PostgreSQL cannot be watched");
        return 0;
}

/* Takes the list over. */
static void connection_try(PgConnection *c, PgEndpoints *list)
{
        Fault fault;
        c->endpoints = list;
        c->first = server_first(c->server, list);
        if (connection_begin(c, &fault) < 0)
                connection_try_next(c, &fault);
}

void connection_on_lookup(PgConnection *c, const Fault *fault)
{
        timer_cancel(&c->deadline);
        /* Addresses do not change as often as name servers are away. */
        if (c->server->endpoints) {
                connection_try(c, pg_endpoints_ref(c->server->endpoints));
                return;
        }
        PgEndpoints *names, *list = NULL;
        if (pg_endpoints_parse(c->server->options.conninfo, &names) >= 0) {
                (void)pg_endpoints_resolve(names, false, &list);
                (void)pg_endpoints_unref(names);
        }
        if (list && list->n > 0) {
                connection_try(c, list);
        } else {
                (void)pg_endpoints_unref(list);
                connection_fail(c, fault);
        }
}

static int connection_find_endpoints(PgConnection *c, Fault *ret_fault)
{
        PgEndpoints *list;
        int r = pg_endpoints_parse(c->server->options.conninfo, &list);
        /* libpq's own message about a bad string quotes it, with the password: it is not shown */
        if (r == -EINVAL)
                return fault_set(
                        ret_fault, FAULT_PEER, EINVAL, CODE_PG_CONNINFO,
                        "conninfo is not a connection string of PostgreSQL; write key=value words "
                        "or a postgresql:// URI, with as many addresses and ports as hosts");
        if (r >= 0 && !list->unresolved) {
                connection_try(c, list);
                return 0;
        }
        if (r >= 0) {
                (void)pg_endpoints_unref(list);
                r = server_look_up(c->server);
        }
        if (r >= 0)
                r = connection_set_deadline(c, c->server->options.connect_timeout_usec);
        if (r >= 0)
                return 0;
        fault_set(ret_fault, FAULT_PEER, -r, CODE_NO_RESOURCES,
                  "the hosts of conninfo cannot be looked up: %s", strerrordesc_np(-r));
        ret_fault->origin = ORIGIN_POSTGRES;
        return r;
}

int connection_open(PgServer *server, const PgConnectionHandlers *handlers, void *owner,
                    PgConnection **ret)
{
        Fault fault;
        PgConnection *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->server = server;
        c->handlers = handlers;
        c->owner = owner;
        c->state = PG_CONNECTION_BROKEN;
        connection_enter(c, PG_CONNECTION_CONNECTING);
        *ret = c;
        if (connection_find_endpoints(c, &fault) < 0)
                connection_fail(c, &fault);
        return 0;
}

PgConnection *connection_free(PgConnection *c)
{
        if (!c)
                return NULL;
        connection_enter(c, PG_CONNECTION_BROKEN);
        sd_event_source_disable_unref(c->io);
        timer_cancel(&c->deadline);
        (void)background_abandon(c->cancel);
        PQclear(c->answer);
        PQfinish(c->conn);
        (void)pg_endpoints_unref(c->endpoints);
        for (size_t i = 0; i < ARRAY_SIZE(c->prepared); i++)
                free(c->prepared[i].sql);
        free(c);
        return NULL;
}
