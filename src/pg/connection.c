/*
 * connection: one libpq connection on the loop.
 *
 * What always holds: the io source is for libpq's present socket (libpq may close it and open another of the same number while connecting, so the source is
 * released and added again after every PQconnectPoll), and it is released before PQfinish.
 */
#include "base/duration.h"
#include "pg/pg_private.h"
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

/* Notices are swallowed. What a server says to an idle session that it ends comes as a notice too. */
static void connection_on_notice(void *userdata, const PGresult *result)
{
        PgConnection *c = userdata;
        if (c->state == PG_CONNECTION_IDLE && pg_result_ends_session(result))
                c->dismissed = true;
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

static void connection_poll(PgConnection *c)
{
        PostgresPollingStatusType status = PQconnectPoll(c->conn);
        c->io = sd_event_source_disable_unref(c->io);

        Fault fault;
        switch (status) {
        case PGRES_POLLING_OK:
                connection_clear_deadline(c);
                (void)PQsetnonblocking(c->conn, 1);
                c->state = PG_CONNECTION_IDLE;
                c->connected = true;
                if (connection_watch(c, EPOLLIN) < 0)
                        connection_break(c);
                pool_dispatch_later(c->pool);
                return;
        case PGRES_POLLING_READING:
        case PGRES_POLLING_WRITING:
                if (connection_watch(c, status == PGRES_POLLING_READING ? (uint32_t)EPOLLIN : (uint32_t)EPOLLOUT) >= 0)
                        return;
                _fallthrough_;
        default:
                pg_fault_from_connection(c->conn, true, &fault);
                connection_fail(c, &fault);
        }
}

/* Nothing is asked of an idle connection: whatever comes is its end, or a notice. The second reading finds the end of file behind a farewell. */
bool connection_check_idle(PgConnection *c)
{
        for (int i = 0; i < 2; i++) {
                bool open = PQconsumeInput(c->conn);
                (void)PQisBusy(c->conn); /* takes in what has been read */
                if (!open || c->dismissed || PQstatus(c->conn) != CONNECTION_OK) {
                        connection_break(c);
                        return false;
                }
        }
        return true;
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
        return 0;
}

int connection_watch(PgConnection *c, uint32_t events)
{
        if (c->io)
                return sd_event_source_set_io_events(c->io, events);
        int fd = PQsocket(c->conn);
        return fd < 0 ? -ENOTCONN : sd_event_add_io(c->pool->event, &c->io, fd, events, connection_on_io, c);
}

static int connection_on_deadline(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        PgConnection *c = userdata;
        Fault fault;
        fault_set(&fault, FAULT_PEER, ETIMEDOUT, "pg-unreachable",
                  c->state == PG_CONNECTION_CONNECTING ? "no connection to PostgreSQL within the connect timeout"
                                                       : "PostgreSQL did not answer a statement in time");
        fault.retryable = true;
        connection_fail(c, &fault);
        return 0;
}

int connection_set_deadline(PgConnection *c, uint64_t usec)
{
        connection_clear_deadline(c);
        return sd_event_add_time_relative(c->pool->event, &c->deadline, CLOCK_MONOTONIC, usec, USEC_PER_MSEC,
                                          connection_on_deadline, c);
}

void connection_clear_deadline(PgConnection *c)
{
        c->deadline = sd_event_source_disable_unref(c->deadline);
}

/* libpq's own words about a bad string quote it, password and all: they are not shown. */
static bool conninfo_is_sound(const char *conninfo)
{
        PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
        bool sound = options != NULL;
        PQconninfoFree(options);
        return sound;
}

int connection_open(PgPool *pool, PgConnection **ret)
{
        /* In order: what a conninfo may override, the conninfo, what it may not. */
        _cleanup_(text_wipe) Text password = {0};
        const char *const keywords[] = {"application_name",
                                        "target_session_attrs",
                                        "dbname",
                                        "client_encoding",
                                        pool->load_password ? "password" : NULL,
                                        NULL};
        const char *values[] = {pool->application_name, "read-write", pool->conninfo, "UTF8", NULL, NULL};

        Fault fault;
        PgConnection *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->pool = pool;
        c->state = PG_CONNECTION_CONNECTING;
        *ret = c;
        if (!conninfo_is_sound(pool->conninfo)) {
                fault_set(&fault, FAULT_PEER, EINVAL, "pg-conninfo",
                          "conninfo is not a connection string of PostgreSQL; write key=value words or a "
                          "postgresql:// URI");
                connection_fail(c, &fault);
                return 0;
        }
        if (pool->load_password && pool->load_password(pool->load_password_userdata, &password, &fault) < 0) {
                Fault refused;
                fault_set(&refused, FAULT_PEER, EACCES, "pg-password", "password_file of [postgres]: %s",
                          fault.message);
                refused.refused = true;
                connection_fail(c, &refused);
                return 0;
        }
        values[4] = password.data;
        c->conn = PQconnectStartParams(keywords, values, 1);
        if (!c->conn) {
                *ret = connection_free(c);
                return -ENOMEM;
        }
        (void)PQsetErrorVerbosity(c->conn, PQERRORS_VERBOSE);
        (void)PQsetNoticeReceiver(c->conn, connection_on_notice, c);
        if (PQstatus(c->conn) == CONNECTION_BAD) {
                pg_fault_from_connection(c->conn, true, &fault);
                connection_fail(c, &fault);
        } else if (connection_watch(c, EPOLLOUT) < 0 || connection_set_deadline(c, pool->connect_timeout_usec) < 0) {
                fault_set(&fault, FAULT_PEER, ENOMEM, "pg-unreachable",
                          "the connection to PostgreSQL cannot be watched");
                connection_fail(c, &fault);
        }
        return 0;
}

PgConnection *connection_free(PgConnection *c)
{
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->io);
        sd_event_source_disable_unref(c->deadline);
        PQclear(c->answer);
        PQfinish(c->conn);
        free(c);
        return NULL;
}
