/*
 * trust: is this database one that the mirror may live in, is what is in its schema ours, and does
 * it belong to our catalog? Readers of the answers to check_server.sql, migrate_foreign.sql,
 * schema_version.sql and catalog.sql.
 */
#include "base/own_command.h"
#include "mirror/mirror_private.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <string.h>

int server_check(const PGresult *result, Fault *ret_fault)
{
        if (result_int(result, 0, 0) < 130000)
                return fault_set(ret_fault, FAULT_PEER, ENOTSUP, CODE_PG_TOO_OLD,
                                 "PostgreSQL %s is older than 13", result_string(result, 0, 1));
        if (strcmp(result_string(result, 0, 5), "UTF8") != 0)
                return fault_set(ret_fault, FAULT_PEER, ENOTSUP, CODE_PG_ENCODING,
                                 "the encoding of database %.100s is %.40s, in which not every "
                                 "name of the catalog can be written; use another "
                                 "database: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
                                 result_string(result, 0, 2), result_string(result, 0, 5));
        return 0;
}

int append_migrate(Text *t, const char *owner)
{
        if (!owner || !owner[0])
                return text_printf(t, "%s migrate", own_command());
        return text_printf(
                t,
                "%s migrate as %.64s (by "
                "EDGEMIRROR_POSTGRES_CONNINFO='… user=%.64s', also in place of another), or in "
                "psql what migrate --print prints",
                own_command(), owner, owner);
}

/* Names that are foreign may be long: a few are enough to find the others. */
enum { FOREIGN_SHOWN = 3 };

int foreign_check(const PGresult *result, bool migrating, Fault *ret_fault)
{
        _cleanup_(text_done) Text found = {0}, command = {0};
        const char *migrates = NULL;
        int n = 0, r = 0;
        for (int row = 0; row < PQntuples(result); row++) {
                bool of_who_migrates = result_bool(result, row, 2);
                if (of_who_migrates && !migrating)
                        continue;
                if (of_who_migrates)
                        migrates = result_string(result, row, 1);
                if (n++ < FOREIGN_SHOWN && r >= 0)
                        r = text_printf(&found, "%s%.120s belongs to %.64s", n > 1 ? ", " : "",
                                        result_string(result, row, 0),
                                        result_string(result, row, 1));
        }
        if (n == 0)
                return 0;
        if (r < 0)
                return fault_no_memory(ret_fault);
        if (n > FOREIGN_SHOWN)
                (void)text_printf(&found, " and %d more", n - FOREIGN_SHOWN);
        if (migrates)
                (void)append_migrate(&command, migrates);
        fault_set(ret_fault, FAULT_PEER, EACCES, CODE_SCHEMA_FOREIGN,
                  "%s, whose code this role would run; nothing was done. %s%s%s an administrator "
                  "drop what is foreign, or REVOKE the right; changing its owner is not enough",
                  found.data, command.data ? "Run " : "", command.data ? command.data : "",
                  command.data ? ", or let" : "Let");
        ret_fault->refused = true;
        return -EACCES;
}

int needs_check(const PGresult *result, const char **ret_owner, Fault *ret_fault)
{
        _cleanup_(text_done) Text what = {0};
        const char *owner = PQntuples(result) > 0 ? result_text(result, 0, 2) : NULL;
        *ret_owner = owner;
        if (PQntuples(result) == 0 || (owner && result_bool(result, 0, 3)))
                return 0;
        int r = text_append_string(&what, owner ? "change the schema; run "
                                                : "make the schema; an administrator runs: ");
        if (r >= 0)
                r = owner ? append_migrate(&what, owner)
                          : text_append_string(&what, result_string(result, 0, 0));
        if (r < 0)
                return fault_no_memory(ret_fault);
        fault_set(ret_fault, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE, "this role may not %s",
                  what.data);
        ret_fault->refused = true;
        return -EACCES;
}

int schema_check(int64_t version, const char *owner, Fault *ret_fault)
{
        int known = mirror_schema_version();
        if (version == known)
                return 0;
        if (version > known)
                return fault_set(ret_fault, FAULT_PEER, ENOTSUP, CODE_SCHEMA_NEWER,
                                 "the schema is at version %" PRId64
                                 ", this program knows %d; install the newer edgemirror",
                                 version, known);
        _cleanup_(text_done) Text command = {0};
        if (append_migrate(&command, owner) < 0)
                return fault_no_memory(ret_fault);
        return fault_set(ret_fault, FAULT_PEER, ENOTSUP, CODE_SCHEMA_OLDER,
                         "the schema is at version %" PRId64 ", this program needs %d; run %s",
                         version, known, command.data);
}

int catalog_check(const Mirror *m, const PGresult *result, Fault *ret_fault)
{
        return catalog_compare(m, result_text(result, 0, 0), ret_fault);
}

int catalog_compare(const Mirror *m, const char *here, Fault *ret_fault)
{
        if (!here || !m->catalog_url || strcmp(here, m->catalog_url) == 0)
                return 0;
        return fault_set(ret_fault, FAULT_PEER, EEXIST, CODE_OTHER_CATALOG,
                         "this database mirrors the catalog %.300s, and url of [catalog] is "
                         "%.300s: a database belongs to one catalog. Use "
                         "another database; or, if it is the same catalog at a new address: UPDATE "
                         "edgemirror.catalog SET url = '%.300s'",
                         here, m->catalog_url, m->catalog_url);
}

int writer_check(const PGresult *result, Fault *ret_fault)
{
        bool subscribes = result_bool(result, 0, 1), behind = result_bool(result, 0, 3);
        _cleanup_(text_done) Text command = {0};
        if (behind && append_migrate(&command, result_text(result, 0, 4)) < 0)
                return fault_no_memory(ret_fault);
        if (subscribes)
                fault_set(
                        ret_fault, FAULT_PEER, EROFS, CODE_PG_SUBSCRIBER,
                        "this database subscribes to another mirror, which writes its tables: "
                        "sync into that one, or DROP SUBSCRIPTION here first, then run %s migrate",
                        own_command());
        else if (behind)
                fault_set(ret_fault, FAULT_PEER, EROFS, CODE_PG_SUBSCRIBER,
                          "the edges name runs with later numbers than the next one would get, as "
                          "after a subscription; run %s",
                          command.data);
        return subscribes || behind ? -EROFS : 0;
}

int blocked_check(const PGresult *result, Fault *ret_fault)
{
        bool subscribes = result_bool(result, 0, 1), reads_only = result_bool(result, 0, 5);
        if (subscribes)
                return 0;
        if (reads_only)
                return fault_set(ret_fault, FAULT_PEER, EROFS, CODE_PG_READ_ONLY,
                                 "nobody can write here: " PG_READ_ONLY_ADVICE);
        int64_t version = result_int(result, 0, 0);
        int r = version < mirror_schema_version() ? schema_check(version, NULL, ret_fault) : 0;
        return r == 0 ? writer_check(result, ret_fault) : r;
}

PgNext trust_on_version(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        bool right = schema_check(result_int(result, 0, 0), NULL, ret_fault) == 0 &&
                     writer_check(result, ret_fault) == 0;
        return right ? PG_NEXT : PG_ROLLBACK;
}

PgNext trust_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault)
{
        const MirrorTask *task = userdata;
        return catalog_check(task->mirror, result, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}
