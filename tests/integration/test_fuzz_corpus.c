/*
 * PostgreSQL's opinion of the inputs that tests/fuzz keeps: identifiers, JSON, and COPY's text.
 */
#include "base/text.h"
#include "base/uuid.h"
#include "catalog/json.h"
#include "fuzz/copy.h"
#include "fuzz/fuzz.h"
#include "fuzz/json_reference.h"
#include "harness/postgres.h"
#include "mirror/spool.h"
#include <dirent.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATH_BYTES = 512, INPUT_MAX_BYTES = 1024 * 1024 };

typedef struct World {
        HarnessPostgres pg;
        PGconn *conn;
        uint8_t input[INPUT_MAX_BYTES];
} World;

typedef void (*Check)(World *w, const uint8_t *data, size_t size, const char *path);

static void read_input(World *w, const char *path, size_t *ret_size)
{
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        *ret_size = fread(w->input, 1, sizeof(w->input), f);
        assert_true(feof(f));
        assert_int_equal(fclose(f), 0);
}

/* Each input of a target, in order of name. */
static void check_corpus(World *w, const char *target, Check check)
{
        char folder[PATH_BYTES], path[PATH_BYTES + 256];
        struct dirent **entries;
        const char *top = getenv("top_srcdir");
        (void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", target);
        int n = scandir(folder, &entries, NULL, alphasort);
        assert_true(n > 2);
        for (int i = 0; i < n; i++) {
                size_t size;
                (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
                if (entries[i]->d_name[0] != '.') {
                        read_input(w, path, &size);
                        check(w, w->input, size, path);
                }
                free(entries[i]);
        }
        free(entries);
}

/* What the server makes of one parameter; NULL: it refuses. The caller frees. */
static char *ask(World *w, const char *sql, const char *parameter)
{
        PGresult *result = PQexecParams(w->conn, sql, 1, NULL, &parameter, NULL, NULL, 0);
        char *value =
                PQresultStatus(result) == PGRES_TUPLES_OK ? strdup(PQgetvalue(result, 0, 0)) : NULL;
        PQclear(result);
        return value;
}

/* ---- identifiers ---------------------------------------------------------------------------- */

static void check_uuid(World *w, const uint8_t *data, size_t size, const char *path)
{
        char *string = fuzz_string(data, size), text[UUID_STRING_SIZE];
        char *theirs = ask(w, "SELECT ($1::text)::uuid::text", string);
        Uuid id;
        if (uuid_parse(string, &id) == 0) {
                if (!theirs || strcmp(theirs, uuid_format(&id, text)) != 0)
                        fail_msg("%s: PostgreSQL reads %s", path, theirs ? theirs : "no uuid");
        } else if (theirs && strcasecmp(theirs, string) == 0) {
                fail_msg("%s: PostgreSQL takes it as it is written", path);
        }
        free(theirs);
        free(string);
}

static void identifiers_are_those_that_postgresql_reads(void **state)
{
        check_corpus(*state, "uuid", check_uuid);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void check_json(World *w, const uint8_t *data, size_t size, const char *path)
{
        char *text = fuzz_string(data, size);
        _cleanup_(cleanup_json) cJSON *value = NULL;
        if (json_parse(text, size, &value) == 0) {
                char *printed = cJSON_PrintUnformatted(value);
                char *kept = ask(w, "SELECT ($1::text)::jsonb::text", printed);
                if (!kept)
                        fail_msg("%s: PostgreSQL refuses what is printed: %s: %s", path, printed,
                                 PQerrorMessage(w->conn));
                free(kept);
                cJSON_free(printed);
        }
        /* The reader that the targets compare with has PostgreSQL's opinion. */
        if (strlen(text) == size) {
                char *kept = ask(w, "SELECT ($1::text)::jsonb::text", text);
                if ((kept != NULL) != json_reference_accepts(text, size))
                        fail_msg("%s: PostgreSQL %s: %s", path, kept ? "takes it" : "refuses it",
                                 PQerrorMessage(w->conn));
                free(kept);
        }
        free(text);
}

static void json_that_is_kept_is_jsonb(void **state)
{
        check_corpus(*state, "json", check_json);
        check_corpus(*state, "page", check_json);
        check_corpus(*state, "row", check_json);
}

/* ---- COPY ----------------------------------------------------------------------------------- */

static void copy_in(World *w, Spool *spool, const char *sql)
{
        PGresult *result = PQexec(w->conn, sql);
        assert_int_equal(PQresultStatus(result), PGRES_COPY_IN);
        PQclear(result);
        spool_rewind(spool);
        for (;;) {
                const char *data;
                size_t size;
                assert_int_equal(spool_read(spool, &data, &size, NULL), 0);
                if (size == 0)
                        break;
                assert_int_equal(PQputCopyData(w->conn, data, (int)size), 1);
        }
        assert_int_equal(PQputCopyEnd(w->conn, NULL), 1);
        result = PQgetResult(w->conn);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s", PQerrorMessage(w->conn));
        PQclear(result);
        assert_null(PQgetResult(w->conn));
}

static void run_sql(World *w, const char *sql)
{
        PGresult *result = PQexec(w->conn, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(w->conn));
        PQclear(result);
}

static void check_row(const PGresult *result, int i, const DatabaseConnection *row,
                      const char *path)
{
        char id[UUID_STRING_SIZE], database[UUID_STRING_SIZE];
        assert_string_equal(PQgetvalue(result, i, 0), uuid_format(&row->id, id));
        if (strcmp(PQgetvalue(result, i, 1), row->name) != 0)
                fail_msg("%s: row %d: the name is another", path, i);
        assert_int_equal(PQgetisnull(result, i, 2), !row->has_database);
        if (row->has_database)
                assert_string_equal(PQgetvalue(result, i, 2),
                                    uuid_format(&row->database_id, database));
}

static void check_copy(World *w, const uint8_t *data, size_t size, const char *path)
{
        CopyRows c;
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        copy_rows_init(&c, data, size);
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < c.n; i++)
                assert_int_equal(spool_add(spool, &c.rows[i], 0, NULL), 0);
        run_sql(w, "TRUNCATE spooled");
        copy_in(w, spool, "COPY spooled FROM STDIN");
        PGresult *result =
                PQexec(w->conn, "SELECT id, name, database_id FROM spooled ORDER BY seq");
        assert_int_equal(PQntuples(result), (int)c.n);
        for (size_t i = 0; i < c.n; i++)
                check_row(result, (int)i, &c.rows[i], path);
        PQclear(result);
        copy_rows_done(&c);
}

static void copied_rows_come_back_equal(void **state)
{
        run_sql(*state, "CREATE TEMPORARY TABLE spooled (seq bigint, asked_usec bigint, id uuid, "
                        "name text, "
                        "database_id uuid, rejected text, anonymous boolean)");
        check_corpus(*state, "copy", check_copy);
}

static int setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        harness_postgres_start(&w->pg);
        w->conn = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(w->conn), CONNECTION_OK);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;
        PQfinish(w->conn);
        harness_postgres_destroy(&w->pg);
        free(w);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(identifiers_are_those_that_postgresql_reads),
                cmocka_unit_test(json_that_is_kept_is_jsonb),
                cmocka_unit_test(copied_rows_come_back_equal),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
