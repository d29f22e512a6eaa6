/*
 * pg_server: see the header.
 */
#include "unit/pg_server.h"
#include "base/duration.h"
#include "pg/pg.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        MESSAGE_BYTES = 256 * 1024,
        SSL_REQUEST = 80877103,
        GSS_REQUEST = 80877104,
        CANCEL_REQUEST = 80877102
};

#define MUST(condition)                                                                            \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        abort();                                                                   \
        } while (0)

/* A connection, and the message that is read or put together. */
typedef struct Link {
        PgServer *server;
        int fd;
        char status; /* of the transaction, as in ReadyForQuery */
        bool failed; /* everything up to the Sync is passed by */
        char type, in[MESSAGE_BYTES];
        const Answer *answer; /* to the statement that was parsed last */
        char statement[MESSAGE_BYTES];
        char out[MESSAGE_BYTES];
        size_t out_size;
} Link;

static bool begins_with(const char *sql, const char *words)
{
        return strncmp(sql, words, strlen(words)) == 0;
}

/* ---- what is sent --------------------------------------------------------------------------- */

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

static void put_bytes(Link *l, const void *bytes, size_t size)
{
        MUST(l->out_size + size <= sizeof(l->out));
        memcpy(l->out + l->out_size, bytes, size);
        l->out_size += size;
}

static void put_number(Link *l, int64_t value, size_t size)
{
        for (size_t i = size; i-- > 0;) {
                char c = (char)((uint64_t)value >> (8 * i));
                put_bytes(l, &c, 1);
        }
}

static void put_string(Link *l, const char *s)
{
        put_bytes(l, s, strlen(s) + 1);
}

static bool send_message(Link *l, char type)
{
        uint32_t size = htonl((uint32_t)l->out_size + 4);
        bool sent = send_all(l->fd, &type, 1) && send_all(l->fd, (const char *)&size, 4) &&
                    send_all(l->fd, l->out, l->out_size);
        l->out_size = 0;
        return sent;
}

static bool send_ready(Link *l)
{
        put_bytes(l, &l->status, 1);
        return send_message(l, 'Z');
}

static bool send_error(Link *l, const char *sqlstate)
{
        put_string(l, "SERROR");
        put_string(l, "VERROR");
        put_bytes(l, "C", 1);
        put_string(l, sqlstate);
        put_string(l, "Mas the script says");
        put_number(l, 0, 1);
        l->failed = true;
        if (l->status == 'T')
                l->status = 'E';
        return send_message(l, 'E');
}

static bool send_columns(Link *l, const Answer *a)
{
        if (!a || a->kind != ANSWER_ROWS)
                return send_message(l, 'n');
        put_number(l, a->columns, 2);
        for (int i = 0; i < a->columns; i++) {
                put_string(l, "column");
                put_number(l, 0, 4);
                put_number(l, 0, 2);
                put_number(l, 25, 4); /* text */
                put_number(l, -1, 2);
                put_number(l, -1, 4);
                put_number(l, 0, 2);
        }
        return send_message(l, 'T');
}

static bool send_rows(Link *l, const Answer *a)
{
        for (int row = 0; row < a->rows; row++) {
                put_number(l, a->columns, 2);
                for (int i = 0; i < a->columns; i++) {
                        const char *value = a->values[row * a->columns + i];
                        put_number(l, value ? (int64_t)strlen(value) : -1, 4);
                        if (value)
                                put_bytes(l, value, strlen(value));
                }
                if (!send_message(l, 'D'))
                        return false;
        }
        return true;
}

/* What was done, in the word of the statement; and what that makes of the transaction. */
static bool send_done(Link *l, const Answer *a)
{
        char tag[64];
        size_t size = strcspn(l->statement, " ;\n");
        (void)snprintf(tag, sizeof(tag), "%.*s", size < 32 ? (int)size : 32, l->statement);
        if (a && a->kind == ANSWER_TAG)
                (void)snprintf(tag, sizeof(tag), "%s", a->text);
        else if (strcmp(tag, "SELECT") == 0)
                (void)snprintf(tag, sizeof(tag), "SELECT %d", a ? a->rows : 0);
        if (begins_with(l->statement, "BEGIN"))
                l->status = 'T';
        else if (begins_with(l->statement, "COMMIT") || begins_with(l->statement, "ROLLBACK"))
                l->status = 'I';
        put_string(l, tag);
        return send_message(l, 'C');
}

/* ---- what is read --------------------------------------------------------------------------- */

static bool read_all(int fd, char *out, size_t size)
{
        while (size > 0) {
                ssize_t n = recv(fd, out, size, 0);
                if (n <= 0)
                        return false;
                out += n;
                size -= (size_t)n;
        }
        return true;
}

static bool read_body(Link *l)
{
        uint32_t size;
        if (!read_all(l->fd, (char *)&size, 4))
                return false;
        size = ntohl(size);
        MUST(size >= 4 && size <= sizeof(l->in));
        l->in[size - 4] = '\0';
        return read_all(l->fd, l->in, size - 4);
}

static bool read_message(Link *l)
{
        return read_all(l->fd, &l->type, 1) && read_body(l);
}

static const Answer *note(Link *l, const char *sql)
{
        PgServer *s = l->server;
        const Answer *found = NULL;
        size_t size = strlen(sql);
        (void)snprintf(l->statement, sizeof(l->statement), "%s", sql);
        pthread_mutex_lock(&s->lock);
        MUST(s->log_size + size + 1 <= sizeof(s->log));
        memcpy(s->log + s->log_size, sql, size + 1);
        s->log_size += size + 1;
        for (Answer *a = s->script; a->words && !found; a++) {
                if (!begins_with(sql, a->words))
                        continue;
                unsigned n = a->n_seen++;
                if (n >= a->skip && (a->count == 0 || n < a->skip + a->count))
                        found = a;
        }
        pthread_mutex_unlock(&s->lock);
        return found;
}

/* ---- the conversation ----------------------------------------------------------------------- */

/* An answer that is no answer. False: there is nothing more to say. */
static bool answer_badly(Link *l, const Answer *a)
{
        if (a->kind == ANSWER_ERROR)
                return send_error(l, a->text);
        if (a->kind == ANSWER_ERROR_CLOSE)
                return send_error(l, a->text) && false;
        return a->kind == ANSWER_BYTES && send_all(l->fd, a->text, a->size);
}

static bool is_bad(const Answer *a)
{
        return a && a->kind >= ANSWER_ERROR;
}

static bool on_copy(Link *l)
{
        put_number(l, 0, 1);
        put_number(l, 0, 2);
        bool more = send_message(l, 'G');
        do
                more = more && read_message(l);
        while (more && l->type == 'd');
        put_string(l, "COPY 0");
        return more && send_message(l, 'C');
}

/* Several statements in one; the answer to the last. */
static bool on_query(Link *l)
{
        const Answer *a = note(l, l->in);
        bool more;
        if (begins_with(l->in, "BEGIN"))
                l->status = 'T';
        if (is_bad(a))
                more = answer_badly(l, a);
        else if (strstr(l->in, "FROM STDIN"))
                more = on_copy(l);
        else if (a && a->kind == ANSWER_ROWS)
                more = send_columns(l, a) && send_rows(l, a) && send_done(l, a);
        else
                more = send_done(l, a);
        l->failed = false;
        return more && send_ready(l);
}

static bool on_message(Link *l)
{
        if (l->type == 'S') {
                l->failed = false;
                return send_ready(l);
        }
        if (l->failed)
                return true;
        switch (l->type) {
        case 'Q':
                return on_query(l);
        case 'P':
                l->answer = note(l, l->in + strlen(l->in) + 1);
                return is_bad(l->answer) ? answer_badly(l, l->answer) : send_message(l, '1');
        case 'B':
                return is_bad(l->answer) || send_message(l, '2');
        case 'D':
                return is_bad(l->answer) || send_columns(l, l->answer);
        case 'E':
                return is_bad(l->answer) ||
                       ((!l->answer || l->answer->kind != ANSWER_ROWS || send_rows(l, l->answer)) &&
                        send_done(l, l->answer));
        case 'H':
                return true;
        default:
                return false;
        }
}

static bool greet(Link *l)
{
        static const char *const parameters[][2] = {{"server_version", "16.0"},
                                                    {"client_encoding", "UTF8"},
                                                    {"standard_conforming_strings", "on"},
                                                    {"default_transaction_read_only", "off"},
                                                    {"in_hot_standby", "off"}};
        uint32_t code;
        for (;;) {
                if (!read_body(l))
                        return false;
                memcpy(&code, l->in, sizeof(code));
                code = ntohl(code);
                if (code == CANCEL_REQUEST)
                        return false;
                if (code != SSL_REQUEST && code != GSS_REQUEST)
                        break;
                if (!send_all(l->fd, "N", 1))
                        return false;
        }
        put_number(l, 0, 4);
        bool more = send_message(l, 'R');
        for (size_t i = 0; more && i < sizeof(parameters) / sizeof(parameters[0]); i++) {
                put_string(l, parameters[i][0]);
                put_string(l, parameters[i][1]);
                more = send_message(l, 'S');
        }
        return more && send_ready(l);
}

static void *serve(void *argument)
{
        PgServer *s = argument;
        Link *l = malloc(sizeof(*l));
        MUST(l);
        int fd;
        while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
                int yes = 1;
                MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0);
                *l = (Link){.server = s, .fd = fd, .status = 'I'};
                if (greet(l)) {
                        pthread_mutex_lock(&s->lock);
                        s->n_connections++;
                        pthread_mutex_unlock(&s->lock);
                        while (read_message(l) && on_message(l))
                                ;
                        /* In order: a reset would take back what has been said. */
                        (void)shutdown(fd, SHUT_WR);
                        while (recv(fd, l->in, sizeof(l->in), 0) > 0)
                                ;
                }
                close(fd);
        }
        free(l);
        return NULL;
}

PgServer *pg_server_start(Answer *script)
{
        PgServer *s = calloc(1, sizeof(*s));
        MUST(s);
        s->script = script;
        MUST(pthread_mutex_init(&s->lock, NULL) == 0);
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        MUST(s->fd >= 0);
        MUST(bind(s->fd, (struct sockaddr *)&address, size) == 0);
        MUST(listen(s->fd, 16) == 0);
        MUST(getsockname(s->fd, (struct sockaddr *)&address, &size) == 0);
        s->port = ntohs(address.sin_port);
        MUST(pthread_create(&s->thread, NULL, serve, s) == 0);
        return s;
}

void pg_server_open_mirror(const PgServer *s, sd_event *event, PgPool **ret_pool,
                           Mirror **ret_mirror)
{
        char conninfo[200];
        (void)snprintf(
                conninfo, sizeof(conninfo),
                "host=127.0.0.1 port=%d user=em dbname=test sslmode=disable gssencmode=disable",
                s->port);
        const PgPoolOptions options = {
                .conninfo = conninfo,
                .application_name = "test",
                .max_connections = 1,
                .search_path = MIRROR_SEARCH_PATH,
                .connect_timeout_usec = 10 * USEC_PER_SEC,
                .statement_timeout_usec = 10 * USEC_PER_SEC,
                .lock_timeout_usec = 10 * USEC_PER_SEC,
        };
        MUST(pg_pool_new(event, &options, ret_pool) == 0);
        MUST(mirror_new(*ret_pool, "here", 60 * USEC_PER_SEC, ret_mirror) == 0);
}

void pg_server_stop(PgServer *s)
{
        (void)shutdown(s->fd, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        close(s->fd);
        pthread_mutex_destroy(&s->lock);
        free(s);
}

unsigned pg_server_connections(PgServer *s)
{
        pthread_mutex_lock(&s->lock);
        unsigned n = s->n_connections;
        pthread_mutex_unlock(&s->lock);
        return n;
}

unsigned pg_server_count(PgServer *s, const char *words)
{
        unsigned n = 0;
        pthread_mutex_lock(&s->lock);
        for (const char *sql = s->log; sql < s->log + s->log_size; sql += strlen(sql) + 1)
                n += begins_with(sql, words);
        pthread_mutex_unlock(&s->lock);
        return n;
}
