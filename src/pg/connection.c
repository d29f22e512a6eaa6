/*
 * connection: one libpq connection on the loop.
 *
 * What always holds: the io source is for libpq's present socket (libpq may close it and open
 * another of the same number while connecting, so the source is released and added again after
 * every PQconnectPoll), and it is released before PQfinish.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "pg/pg_private.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define LEAVE_USEC (5 * USEC_PER_SEC) /* for the server, to end a statement that is cancelled */

/* Notices are swallowed. What a server says to an idle session that it ends comes as a notice too.
 */
static void connection_on_notice(void *userdata, const PGresult *result)
{
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_IDLE && pg_result_ends_session(result))
                c->server_closing = true;
}

void connection_fail(PgConnection *c, const Fault *fault)
{
        c->fault = *fault;
        c->io = sd_event_source_disable_unref(c->io);
        connection_clear_deadline(c);
        c->state = PG_CONNECTION_BROKEN;
        if (c->task)
                work_on_lost(c, &c->fault);
        pool_dispatch_later(c->pool);
}

void connection_break(PgConnection *c)
{
        Fault fault;
        pg_fault_from_connection(c->conn, false, &fault);
        connection_fail(c, &fault);
}

/* Ready for work, until it is too old; closed when none comes for a while. */
void connection_rest(PgConnection *c)
{
        uint64_t now = clock_monotonic_usec();
        uint64_t left = c->retire_usec > now ? c->retire_usec - now : 0;
        c->state = PG_CONNECTION_IDLE;
        if (connection_watch(c, EPOLLIN) < 0 ||
            connection_set_deadline(c, left < c->pool->idle_usec ? left : c->pool->idle_usec) < 0)
                connection_break(c);
}

/* ---- connecting ----------------------------------------------------------------------------- */

static const PgEndpoint *connection_endpoint(const PgConnection *c)
{
        return &c->endpoints->items[(c->first + c->tried) % c->endpoints->n];
}

/* The address that served last is tried first, also after another lookup. */
static size_t connection_find_first(const PgConnection *c)
{
        const PgPool *pool = c->pool;
        for (size_t i = 0; pool->served && i < c->endpoints->n; i++) {
                if (pg_endpoint_equal(&c->endpoints->items[i],
                                      &pool->served->items[pool->served_index]))
                        return i;
        }
        return 0;
}

static void connection_remember_served(PgConnection *c)
{
        PgPool *pool = c->pool;
        size_t index = (size_t)(connection_endpoint(c) - c->endpoints->items);
        PgEndpoints *list = pg_endpoints_ref(c->endpoints);
        (void)pg_endpoints_unref(pool->served);
        pool->served = list;
        pool->served_index = index;
}

static void connection_established(PgConnection *c)
{
        uint64_t age = c->pool->max_age_usec;
        (void)PQsetnonblocking(c->conn, 1);
        c->connected = true;
        c->fault = (Fault){0};
        /* Not all of them at once. */
        c->retire_usec = clock_monotonic_usec() + age - clock_random() % (age / 4 + 1);
        connection_remember_served(c);
        connection_rest(c);
        pool_dispatch_later(c->pool);
}

/* What the server itself said is worth more than that another address is silent. */
static void connection_keep_fault(PgConnection *c, const Fault *fault)
{
        bool telling = c->fault.sqlstate[0] || c->fault.code == CODE_PG_READ_ONLY;
        if (!telling || fault->sqlstate[0])
                c->fault = *fault;
}

static int connection_begin(PgConnection *c, Fault *ret_fault);

/* None of them takes writes: for who only reads, one that answers will do, from the first address
 * on. */
static bool connection_takes_any(PgConnection *c)
{
        if (!c->pool->only_reads || c->any || c->fault.code != CODE_PG_READ_ONLY)
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
                connection_clear_deadline(c);
                PQfinish(TAKE_PTR(c->conn));
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
                if (connection_watch(c, status == PGRES_POLLING_READING ? (uint32_t)EPOLLIN
                                                                        : (uint32_t)EPOLLOUT) >= 0)
                        return;
                _fallthrough_;
        default:
                pg_fault_from_connection(c->conn, true, &fault);
                connection_try_next(c, &fault);
        }
}

/* ---- idle, at work, leaving ----------------------------------------------------------------- */

static void connection_retire(PgConnection *c)
{
        static const Fault none;
        connection_fail(c, &none);
}

/* Nothing is asked of an idle connection: whatever comes is its end, or a notice. The second
 * reading finds the end of file behind a farewell. */
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
static void connection_on_leaving(PgConnection *c)
{
        bool ended = !PQconsumeInput(c->conn);
        while (!ended && !PQisBusy(c->conn)) {
                PGresult *result = PQgetResult(c->conn);
                ExecStatusType status = result ? PQresultStatus(result) : PGRES_EMPTY_QUERY;
                ended = status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_SYNC ||
                        status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
                        (!result && PQpipelineStatus(c->conn) == PQ_PIPELINE_OFF);
                PQclear(result);
        }
        if (ended)
                connection_retire(c);
}

void connection_leave(PgConnection *c, bool cancel)
{
        bool runs =
                cancel && PQtransactionStatus(c->conn) == PQTRANS_ACTIVE && PQflush(c->conn) == 0;
        connection_clear_deadline(c);
        c->state = PG_CONNECTION_LEAVING;
        if (!runs || cancel_start(c) < 0 || connection_watch(c, EPOLLIN) < 0 ||
            connection_set_deadline(c, LEAVE_USEC) < 0)
                connection_retire(c);
}

static int connection_on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
        (void)s;
        (void)fd;
        (void)revents;
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_CONNECTING)
                connection_poll(c);
        else if (c->state == PG_CONNECTION_IDLE)
                (void)connection_check_idle(c);
        else if (c->state == PG_CONNECTION_WORKING)
                work_on_io(c);
        else if (c->state == PG_CONNECTION_LEAVING)
                connection_on_leaving(c);
        return 0;
}

int connection_watch(PgConnection *c, uint32_t events)
{
        if (c->io)
                return sd_event_source_set_io_events(c->io, events);
        int fd = PQsocket(c->conn);
        return fd < 0 ? -ENOTCONN
                      : sd_event_add_io(c->pool->event, &c->io, fd, events, connection_on_io, c);
}

static void connection_on_connect_deadline(PgConnection *c)
{
        const PgEndpoint *e = c->endpoints ? connection_endpoint(c) : NULL;
        const char *host = e && e->host ? e->host : e && e->hostaddr ? e->hostaddr : "the server";
        Fault fault;
        fault_set(&fault, FAULT_PEER, ETIMEDOUT, CODE_PG_UNREACHABLE,
                  e ? "no connection to PostgreSQL at %s%s%s%s within the connect timeout"
                    : "no connection to PostgreSQL: the name servers did not answer within the "
                      "connect timeout; "
                      "/etc/resolv.conf names them",
                  host, e && e->hostaddr ? " (" : "", e && e->hostaddr ? e->hostaddr : "",
                  e && e->hostaddr ? ")" : "");
        fault.retryable = true;
        if (e)
                connection_try_next(c, &fault);
        else
                connection_on_lookup(c, &fault);
}

static void connection_on_work_deadline(PgConnection *c)
{
        Fault fault;
        fault_set(&fault, FAULT_PEER, ETIMEDOUT, CODE_PG_UNREACHABLE,
                  "PostgreSQL did not answer a statement in time");
        fault.retryable = true;
        bool cancel = work_can_be_cancelled(c);
        work_on_lost(c, &fault);
        connection_leave(c, cancel);
        /* What swallowed this one may have forgotten those that are idle, too. */
        for (PgConnection *other = c->pool->connections; other; other = other->next)
                if (other->state == PG_CONNECTION_IDLE)
                        connection_retire(other);
}

static int connection_on_deadline(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_CONNECTING)
                connection_on_connect_deadline(c);
        else if (c->state == PG_CONNECTION_WORKING)
                connection_on_work_deadline(c);
        else
                connection_retire(c);
        return 0;
}

int connection_set_deadline(PgConnection *c, uint64_t usec)
{
        connection_clear_deadline(c);
        return sd_event_add_time_relative(c->pool->event, &c->deadline, CLOCK_MONOTONIC, usec,
                                          USEC_PER_MSEC, connection_on_deadline, c);
}

void connection_clear_deadline(PgConnection *c)
{
        c->deadline = sd_event_source_disable_unref(c->deadline);
}

/* ---- opening -------------------------------------------------------------------------------- */

static int fault_of_watch(Fault *ret_fault)
{
        return fault_set(ret_fault, FAULT_PEER, ENOMEM, CODE_PG_UNREACHABLE,
                         "the connection to PostgreSQL cannot be watched");
}

static int connection_load_password(const PgPool *pool, Text *ret, Fault *ret_fault)
{
        Fault why;
        if (!pool->load_password ||
            pool->load_password(pool->load_password_userdata, ret, &why) >= 0)
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
        const PgPool *pool = c->pool;
        const PgEndpoint *e = connection_endpoint(c);
        _cleanup_(text_wipe) Text password = {0};
        int r = connection_load_password(pool, &password, ret_fault);
        if (r < 0)
                return r;
        /* In order: what a conninfo may override, the conninfo, what it may not. What is NULL is
         * passed by. */
        const char *const parameters[][2] = {
                {"application_name", pool->application_name},
                {"target_session_attrs", c->any ? "any" : "read-write"},
                {"keepalives_idle", "10"},
                {"keepalives_interval", "5"},
                {"keepalives_count", "3"},
                {"tcp_user_timeout", "20000"},
                {"dbname", pool->conninfo},
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
                return fault_set(ret_fault, FAULT_PEER, ENOMEM, CODE_NO_MEMORY,
                                 "out of memory for a connection to PostgreSQL");
        (void)PQsetErrorVerbosity(c->conn, PQERRORS_VERBOSE);
        (void)PQsetNoticeReceiver(c->conn, connection_on_notice, c);
        if (PQstatus(c->conn) == CONNECTION_BAD) {
                pg_fault_from_connection(c->conn, true, ret_fault);
                return -ECONNREFUSED;
        }
        uint64_t timeout =
                c->endpoints->n > 1 ? pool->connect_timeout_usec / 2 : pool->connect_timeout_usec;
        if (connection_watch(c, EPOLLOUT) < 0 || connection_set_deadline(c, timeout) < 0)
                return fault_of_watch(ret_fault);
        return 0;
}

/* Takes the list over. */
static void connection_try(PgConnection *c, PgEndpoints *list)
{
        Fault fault;
        c->endpoints = list;
        c->first = connection_find_first(c);
        if (connection_begin(c, &fault) < 0)
                connection_try_next(c, &fault);
}

void connection_on_lookup(PgConnection *c, const Fault *fault)
{
        connection_clear_deadline(c);
        /* Addresses do not change as often as name servers are away. */
        if (c->pool->endpoints) {
                connection_try(c, pg_endpoints_ref(c->pool->endpoints));
                return;
        }
        PgEndpoints *names, *list = NULL;
        if (pg_endpoints_parse(c->pool->conninfo, &names) >= 0) {
                (void)pg_endpoints_resolved(names, &list);
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
        int r = pg_endpoints_parse(c->pool->conninfo, &list);
        /* libpq's own words about a bad string quote it, password and all: they are not shown */
        if (r == -EINVAL)
                return fault_set(ret_fault, FAULT_PEER, EINVAL, CODE_PG_CONNINFO,
                                 "conninfo is not a connection string of PostgreSQL; write "
                                 "key=value words or a "
                                 "postgresql:// URI, with as many addresses and ports as hosts");
        if (r >= 0 && !list->unresolved) {
                connection_try(c, list);
                return 0;
        }
        if (r >= 0) {
                (void)pg_endpoints_unref(list);
                r = lookup_start(c->pool, c->pool->conninfo);
        }
        if (r >= 0)
                r = connection_set_deadline(c, c->pool->connect_timeout_usec);
        return r < 0 ? fault_set(ret_fault, FAULT_PEER, -r, CODE_NO_RESOURCES,
                                 "the hosts of conninfo cannot be looked up: %s",
                                 strerrordesc_np(-r))
                     : 0;
}

int connection_open(PgPool *pool, PgConnection **ret)
{
        Fault fault;
        PgConnection *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->pool = pool;
        c->state = PG_CONNECTION_CONNECTING;
        *ret = c;
        if (connection_find_endpoints(c, &fault) < 0)
                connection_fail(c, &fault);
        return 0;
}

PgConnection *connection_free(PgConnection *c)
{
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->deadline);
        (void)background_abandon(c->cancel);
        PQclear(c->answer);
        PQfinish(c->conn);
        (void)pg_endpoints_unref(c->endpoints);
        free(c);
        return NULL;
}
