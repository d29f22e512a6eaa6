#include "base/own_command.h"
#include "base/text.h"
#include "pg/pg_fault_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct StateMeaning {
        const char *prefix; /* of the SQLSTATE; the first match counts */
        FaultScope scope;
        bool retryable, refused;
        FaultCode code;
        const char *advice; /* "": the server's message is enough; "$": this program */
} StateMeaning;

#define LOG_ADVICE "; PostgreSQL's own log has more"
#define STORAGE_ADVICE                                                                             \
        "; PostgreSQL's files or their disk are damaged: stop the service, and have whoever runs " \
        "PostgreSQL look"

static const StateMeaning meanings[] = {
        {"40001", FAULT_REQUEST, true, false, CODE_PG_SERIALIZATION, ""},
        {"40P01", FAULT_REQUEST, true, false, CODE_PG_SERIALIZATION, ""},
        {"55P03", FAULT_REQUEST, true, false, CODE_PG_LOCK_TIMEOUT,
         "; another session holds a lock that this statement needs: while it waits, $ check "
         "says which and who"},
        {"57014", FAULT_REQUEST, true, false, CODE_PG_STATEMENT_TIMEOUT, ""},
        {"57P0", FAULT_PEER, true, false, CODE_PG_UNREACHABLE, ""},
        {"25P03", FAULT_REQUEST, true, false, CODE_PG_UNREACHABLE, ""},
        {"25P04", FAULT_REQUEST, true, false, CODE_PG_STATEMENT_TIMEOUT,
         "; transaction_timeout is too short for this"},
        {"57P05", FAULT_PEER, true, false, CODE_PG_UNREACHABLE, ""},
        {"08", FAULT_PEER, true, false, CODE_PG_UNREACHABLE, ""},
        {"53100", FAULT_PEER, true, false, CODE_PG_RESOURCES,
         "; make room where PostgreSQL has its files: $ check names a replication slot that fills "
         "it"},
        {"53200", FAULT_PEER, true, false, CODE_PG_RESOURCES,
         "; PostgreSQL's host is out of memory: give it more, or PostgreSQL less to do"},
        {"53300", FAULT_PEER, true, false, CODE_PG_RESOURCES,
         "; raise the limit that is named (of the server, the database or the role), or lower "
         "max_connections in [postgres]"},
        {"53", FAULT_PEER, true, false, CODE_PG_RESOURCES, LOG_ADVICE},
        {"25006", FAULT_PEER, true, false, CODE_PG_READ_ONLY, "; " PG_READ_ONLY_ADVICE},
        {"28000", FAULT_PEER, false, true, CODE_PG_REFUSED,
         "; check user and pg_hba.conf; where that says peer, run this as the system user of that "
         "name: put runuser -u NAME -- before it"},
        {"28", FAULT_PEER, false, true, CODE_PG_REFUSED,
         "; check user, password_file and pg_hba.conf; " SECRET_RENEWAL},
        {"3D000", FAULT_PEER, false, false, CODE_PG_NO_DATABASE,
         "; create the database or correct dbname in conninfo"},
        {"42P01", FAULT_PEER, false, false, CODE_PG_SCHEMA_MISSING,
         "; run $ migrate, and where that changes nothing, $ check"},
        {"3F000", FAULT_PEER, false, false, CODE_PG_SCHEMA_MISSING,
         "; run $ migrate, and where that changes nothing, $ check"},
        {"42703", FAULT_PEER, false, false, CODE_PG_SCHEMA_MISSING,
         "; run $ migrate, and where that changes nothing, $ check"},
        {"42883", FAULT_PEER, false, false, CODE_PG_SCHEMA_MISSING,
         "; run $ migrate, and where that changes nothing, $ check"},
        {"42501", FAULT_PEER, false, true, CODE_PG_PRIVILEGE,
         "; $ migrate --grants ROLE prints what the service's role is granted"},
        {"22", FAULT_RUN, false, false, CODE_PG_DATA, LOG_ADVICE},
        {"23505", FAULT_RUN, false, false, CODE_PG_DATA,
         "; $ check says whether numbers of runs are taken"},
        {"23", FAULT_RUN, false, false, CODE_PG_DATA, LOG_ADVICE},
        {"58030", FAULT_RUN, false, false, CODE_PG_ERROR, STORAGE_ADVICE},
        {"XX001", FAULT_RUN, false, false, CODE_PG_ERROR, STORAGE_ADVICE},
        {"XX002", FAULT_RUN, false, false, CODE_PG_ERROR, STORAGE_ADVICE},
};

static const StateMeaning other = {"", FAULT_RUN, false, false, CODE_PG_ERROR, LOG_ADVICE};

/* What it means (see docs/failures.md); `detail`: the server's primary message. advice: as it is;
 * NULL for that of the table. */
static void fault_from_sqlstate(const char *sqlstate, const char *detail, const char *advice,
                                Fault *ret)
{
        const StateMeaning *m = &other;
        for (size_t i = 0; i < ARRAY_SIZE(meanings) && m == &other; i++)
                if (text_starts_with(sqlstate, meanings[i].prefix))
                        m = &meanings[i];
        _cleanup_(text_done) Text more = {0};
        const char *own = own_command();
        int r = advice ? text_append_string(&more, advice)
                       : text_append_replaced(&more, m->advice, "$", &own);
        if (r < 0)
                text_reset(&more);
        fault_set(ret, m->scope, EIO, m->code, "PostgreSQL: %s (SQLSTATE %s)%s", detail, sqlstate,
                  more.data ? more.data : "");
        ret->retryable = m->retryable;
        ret->refused = m->refused;
        (void)snprintf(ret->sqlstate, sizeof(ret->sqlstate), "%s", sqlstate);
}

void pg_fault_from_result(const PGresult *result, Fault *ret)
{
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
        const char *details = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
        if (!sqlstate) {
                char text[400];
                const char *message = PQresultErrorMessage(result);
                text_show(message, text);
                fault_set(ret, FAULT_PEER, ECONNRESET, CODE_PG_UNREACHABLE, "PostgreSQL: %s", text);
                ret->retryable = true;
                return;
        }
        /* The message is in the server's language, the function's name is not. */
        const char *source = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
        bool hidden = text_equal(source, "check_enable_rls");
        char detail[800];
        /* The context names the row of a COPY, the details the key of a violated constraint; for
         * other statements they are noise. */
        bool in_copy = context && text_starts_with(context, "COPY ");
        bool of_key = details && text_starts_with(sqlstate, "23");
        (void)snprintf(detail, sizeof(detail), "%.380s%s%.200s%s%.200s",
                       primary ? primary : "error", of_key ? ": " : "", of_key ? details : "",
                       in_copy ? ", in " : "", in_copy ? context : "");
        fault_from_sqlstate(
                sqlstate, detail,
                hidden ? "; a policy hides rows of the mirror from the service's role, which must "
                         "see all: drop the policy, or give the role BYPASSRLS"
                       : NULL,
                ret);
}

bool pg_result_ends_session(const PGresult *result)
{
        const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        return (severity && (text_equal(severity, "FATAL") || text_equal(severity, "PANIC"))) ||
               (sqlstate && text_starts_with(sqlstate, "08"));
}

/* While connecting, libpq 15 gives a message only. With verbosity VERBOSE that of the server
 * carries the SQLSTATE: "FATAL:  28P01: password …"; the severity is in the server's language.
 * Gives the server's sentence, up to the end of its line. */
static const char *find_sqlstate(const char *message, char out[6], size_t *ret_size)
{
        static const char separator[] = ":  ";
        for (const char *at = strstr(message, separator); at; at = strstr(at, separator)) {
                at += strlen(separator);
                if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || at[5] != ':')
                        continue;
                memcpy(out, at, 5);
                out[5] = '\0';
                at += strlen("00000:");
                at += strspn(at, " ");
                *ret_size = strcspn(at, "\n");
                return at;
        }
        return NULL;
}

int pg_fault_no_memory(Fault *ret)
{
        fault_set(ret, FAULT_PEER, ENOMEM, CODE_NO_MEMORY,
                  "out of memory for a connection to PostgreSQL");
        ret->origin = ORIGIN_POSTGRES;
        return -ENOMEM;
}

/* For a role that may not connect to the database, which the function's name tells in every
 * language. NULL: refused for another reason. */
static char *connect_grant(PGconn *conn, const char *sqlstate)
{
        if (!text_equal(sqlstate, "42501") || !strstr(PQerrorMessage(conn), "CheckMyDatabase"))
                return NULL;
        char *database = PQescapeIdentifier(conn, PQdb(conn), strlen(PQdb(conn)));
        char *role = PQescapeIdentifier(conn, PQuser(conn), strlen(PQuser(conn)));
        char *grant = database && role
                              ? text_format("; an administrator runs: GRANT CONNECT ON DATABASE "
                                            "%s TO %s;",
                                            database, role)
                              : NULL;
        PQfreemem(database);
        PQfreemem(role);
        return grant;
}

void pg_fault_from_connection(PGconn *conn, bool connecting, Fault *ret)
{
        char text[500], sqlstate[6];
        const char *message = PQerrorMessage(conn);
        size_t size;
        const char *sentence = connecting ? find_sqlstate(message, sqlstate, &size) : NULL;
        if (sentence)
                text_printable(sentence, size, text, sizeof(text));
        else
                text_show(message, text);
        if (sentence) {
                _cleanup_(cleanup_free) char *grant = connect_grant(conn, sqlstate);
                fault_from_sqlstate(sqlstate, text, grant, ret);
                if (ret->scope == FAULT_RUN) { /* nobody comes in, not one run */
                        ret->scope = FAULT_PEER;
                        ret->retryable = true;
                }
                return;
        }
        if (connecting && PQconnectionNeedsPassword(conn)) {
                fault_set(ret, FAULT_PEER, EACCES, CODE_PG_REFUSED,
                          "PostgreSQL wants a password: %s; set password_file", text);
                ret->refused = true;
                return;
        }
        /* "session is not read-only", "server is not in hot standby mode": it does take writes, and
         * conninfo wants one that does not */
        bool read_only = connecting &&
                         (strstr(message, "is read-only") || strstr(message, "is in hot standby"));
        fault_set(ret, FAULT_PEER, ECONNREFUSED,
                  read_only ? CODE_PG_READ_ONLY : CODE_PG_UNREACHABLE,
                  read_only    ? "PostgreSQL: %s; " PG_READ_ONLY_ADVICE
                  : connecting ? "no connection to PostgreSQL: %s"
                               : "the connection to PostgreSQL was lost: %s",
                  text[0] ? text : "no reason given");
        ret->retryable = true;
}
