/*
 * forty_days: see the header.
 */
#include "integration/forty_days.h"
#include "base/clock.h"
#include "base/outcome.h"
#include "base/text.h"
#include "mirror/registry.h"
#include "mirror/retire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DAYS = 40, ROWS_MAX = 100, CONFIRM_REMOVALS = 2 };

/* "hr" leaves the configuration and keeps its rows; "old" is retired; "lab" is new on day 12; the
 * catalog never lists "broken". */
typedef enum Place { NOWHERE, SALES, FINANCE, HR, OLD, LAB, BROKEN, PLACES } Place;

static const struct {
        const char *name;
        int first_day, last_day;
} edges[PLACES] = {
        [SALES] = {"sales", DAYS, 0}, [FINANCE] = {"finance", DAYS, 0}, [HR] = {"hr", DAYS, 21},
        [OLD] = {"old", DAYS, 24},    [LAB] = {"lab", 12, 0},           [BROKEN] = {"broken", 3, 0},
};

/* What the catalog has from that day on; `database` 0: not registered. */
typedef struct Step {
        int day, number;
        Place place;
        const char *name;
        int database;
        const char *rejected; /* listed, but cannot be mirrored, and why */
} Step;

static const Step steps[] = {
        {40, 1, SALES, "ORDERS", 1, NULL},
        {40, 2, SALES, "INVOICES", 0, NULL},
        {40, 3, SALES, "CLIENTS", 0, NULL},
        {40, 4, SALES, "STOCK", 2, NULL},
        {40, 5, SALES, "ARCHIVE", 0, NULL},
        {40, 11, FINANCE, "LEDGER", 3, NULL},
        {40, 12, FINANCE, "BUDGET", 0, NULL},
        {40, 13, FINANCE, "PAYROLL", 4, NULL},
        {40, 21, HR, "STAFF", 0, NULL},
        {40, 22, HR, "LEAVE", 5, NULL},
        {40, 41, OLD, "ATTIC", 0, NULL},
        {35, 2, SALES, "INVOICES", 6, NULL},
        {28, 12, FINANCE, "BUDGET 2026", 0, NULL},
        {26, 5, NOWHERE, NULL, 0, NULL},
        {22, 22, FINANCE, "LEAVE", 5, NULL},
        {18, 5, SALES, "ARCHIVE 2", 7, NULL},
        {15, 1, SALES, "ORDERS", 8, NULL},
        {12, 31, LAB, "ALPHA", 0, NULL},
        {12, 32, LAB, "BETA", 0, NULL},
        {12, 33, LAB, "ORDERS", 0, NULL},
        {10, 14, FINANCE, "TAX", 0, NULL},
        {10, 4, NOWHERE, NULL, 0, NULL},
        {6, 6, SALES, "RETURNS", 0, NULL},
        {5, 13, SALES, "PAYROLL EU", 4, NULL},
        {5, 3, SALES, "CLIENTS", 10, NULL},
        {4, 7, SALES, "WEB", 9, NULL},
        {4, 15, FINANCE, "{\"name\":7}", 0, "its name is no text"},
        {3, 7, NOWHERE, NULL, 0, NULL},
        {3, 32, LAB, "BETA 2", 0, NULL},
        {3, 2, SALES, "INVOICES", 0, NULL},
        {2, 5, SALES, "ARCHIVE 3", 11, NULL},
        {0, 6, NOWHERE, NULL, 0, NULL},
        {0, 1, NOWHERE, NULL, 0, NULL},
        {0, 11, NOWHERE, NULL, 0, NULL},
};

/* What goes wrong on a day. */
typedef enum What { SYNC_FAILS, REFRESH_FAILS, NOT_PROVEN } What;

static const struct {
        int day;
        Place place;
        What what;
        int number; /* NOT_PROVEN: of this row the catalog does not say that it is gone */
} troubles[] = {
        {10, FINANCE, REFRESH_FAILS, 0}, {3, BROKEN, SYNC_FAILS, 0}, {2, BROKEN, SYNC_FAILS, 0},
        {2, LAB, SYNC_FAILS, 0},         {1, LAB, SYNC_FAILS, 0},    {1, BROKEN, SYNC_FAILS, 0},
        {0, LAB, SYNC_FAILS, 0},         {0, BROKEN, SYNC_FAILS, 0}, {0, FINANCE, REFRESH_FAILS, 0},
        {0, SALES, NOT_PROVEN, 6},
};

static Uuid place_id(Place place)
{
        return (Uuid){.bytes = {0xed, 0x9e, (uint8_t)(16 + place)}};
}

static bool goes_wrong(int day, Place place, What what, int number)
{
        for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
                if (troubles[i].day == day && troubles[i].place == place &&
                    troubles[i].what == what && troubles[i].number == number)
                        return true;
        return false;
}

/* ---- one sync ------------------------------------------------------------------------------- */

static void wait_done(MirrorBench *b)
{
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

/* What the catalog has of a row that day; NULL: it is not there yet. */
static const Step *row_on(int day, int number)
{
        const Step *found = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                if (steps[i].number == number && steps[i].day >= day)
                        found = &steps[i];
        return found;
}

static DatabaseConnection connection_of(const Step *s)
{
        DatabaseConnection row = {.id = bench_number_id(s->number),
                                  .edge_connection_id = place_id(s->place),
                                  .name = s->name,
                                  .name_size = s->name ? strlen(s->name) : 0,
                                  .has_database = s->database > 0,
                                  .rejected = s->rejected};
        row.database_id = bench_number_id(s->database);
        return row;
}

static void fill(int day, Place place, Spool *rows, Spool *verdicts)
{
        for (int number = 1; number < ROWS_MAX; number++) {
                const Step *s = row_on(day, number);
                if (!s)
                        continue;
                DatabaseConnection row = connection_of(s);
                if (s->place == place) {
                        assert_int_equal(spool_add(rows, &row, clock_boottime_usec(), NULL), 0);
                        continue;
                }
                bool proven = !goes_wrong(day, place, NOT_PROVEN, number);
                SpoolVerdict verdict = {.id = row.id,
                                        .gone = s->place == NOWHERE && proven,
                                        .moved = s->place != NOWHERE ? &row : NULL,
                                        .asked_usec = clock_boottime_usec(),
                                        .http_status = !proven               ? 403
                                                       : s->place == NOWHERE ? 404
                                                                             : 200};
                assert_int_equal(spool_add_verdict(verdicts, &verdict, NULL), 0);
        }
}

static void sync_fails(MirrorBench *b, Place place)
{
        Uuid id = place_id(place);
        MirrorRun run = bench_claim(b, &id);
        Fault fault;
        MirrorTask *task;
        fault_set(&fault, FAULT_RUN, EIO, CODE_CATALOG_ERROR,
                  "the catalog answered with status 500");
        fault_set_http_status(&fault, 500);
        const MirrorEnding ending = {.outcome = OUTCOME_FAILED, .fault = &fault};
        assert_int_equal(mirror_finish(b->mirror, &run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        wait_done(b);
}

static void sync_works(MirrorBench *b, int day, Place place)
{
        _cleanup_(cleanup_spool) Spool *rows = NULL, *verdicts = NULL;
        assert_int_equal(spool_new(&rows), 0);
        assert_int_equal(spool_new(&verdicts), 0);
        fill(day, place, rows, verdicts);

        Uuid id = place_id(place);
        MirrorRun run = bench_claim(b, &id);
        bool clean = !goes_wrong(day, place, REFRESH_FAILS, 0);
        Fault fault;
        fault_set(&fault, FAULT_RUN, EIO, CODE_JOB_FAILED, "the refresh job ended with ERROR");
        const MirrorEnding ending = {.outcome = OUTCOME_SYNCED,
                                     .refresh = clean ? REFRESH_CLEAN : REFRESH_FAILED,
                                     .listed_whole = true,
                                     .listed_usec = (int64_t)clock_boottime_usec(),
                                     .refreshed_usec = (int64_t)clock_boottime_usec(),
                                     .fault = clean ? NULL : &fault};
        const MirrorSnapshot snapshot = {.rows = rows,
                                         .to_the_end = true,
                                         .missing = clean ? MIRROR_MISSING_REMOVE
                                                          : MIRROR_MISSING_HOLD,
                                         .verdicts = clean ? verdicts : NULL,
                                         .confirm_removals = CONFIRM_REMOVALS};
        bench_try_apply(b, &run, &snapshot, &ending);
        assert_string_equal(b->fault.message, "");
}

/* ---- a day ---------------------------------------------------------------------------------- */

static void configure(MirrorBench *b, int day)
{
        MirrorEdge known[PLACES];
        size_t n = 0;
        for (Place place = SALES; place < PLACES; place++)
                if (edges[place].first_day >= day)
                        known[n++] = (MirrorEdge){.id = place_id(place),
                                                  .name = edges[place].name,
                                                  .enabled = edges[place].last_day <= day,
                                                  .schedule = "daily",
                                                  .timezone = "UTC"};
        MirrorTask *task;
        assert_int_equal(
                mirror_register(b->mirror, known, n, NULL, mirror_bench_on_registered, b, &task),
                0);
        wait_done(b);
}

static void retire(MirrorBench *b, Place place)
{
        Uuid id = place_id(place);
        MirrorTask *task;
        assert_int_equal(mirror_retire(b->mirror, &id, 1, false, mirror_bench_on_plain, b, &task),
                         0);
        wait_done(b);
}

static void live_a_day(MirrorBench *b, int day)
{
        configure(b, day);
        if (day == edges[OLD].last_day - 1)
                retire(b, OLD);
        for (Place place = SALES; place < PLACES; place++) {
                if (edges[place].first_day < day || edges[place].last_day > day)
                        continue;
                if (goes_wrong(day, place, SYNC_FAILS, 0))
                        sync_fails(b, place);
                else
                        sync_works(b, day, place);
        }
        if (day > 0)
                free(harness_sql(&b->pg, "CALL public.a_day_passes()"));
}

/* All times of the schema but those of the schema itself. */
static const char helpers[] =
        "CREATE PROCEDURE public.a_day_passes() LANGUAGE plpgsql AS $$"
        " DECLARE t record; BEGIN"
        "  FOR t IN SELECT c.oid::regclass AS name, string_agg(format('%1$I = %1$I - interval ''1 "
        "day''', a.attname), ', ') AS changes"
        "             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = "
        "'timestamptz'::regtype AND NOT a.attisdropped"
        "            WHERE c.relnamespace = 'edgemirror'::regnamespace AND c.relkind = 'r' AND "
        "c.relname <> 'schema_version' GROUP BY 1 LOOP"
        "   EXECUTE format('UPDATE %s SET %s', t.name, t.changes);"
        "  END LOOP; END $$;"
        /* What forty_days_ask says of one value. */
        "CREATE FUNCTION public.plain(v text) RETURNS text LANGUAGE sql AS $$"
        " SELECT CASE WHEN v ~ '^\\d{4}-\\d\\d-\\d\\dT' THEN round(extract(epoch FROM now() - "
        "v::timestamptz) / 86400) || 'd'"
        "             WHEN v ~ '^\\d{4}-\\d\\d-\\d\\d$' THEN current_date - v::date || 'd'"
        "             WHEN v ~ '^(-?\\d+ days? ?)?(\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?)?$' AND v <> '' "
        "THEN round(extract(epoch FROM v::interval) / 86400) || 'd'"
        "             WHEN v ~ '^da7a[0-9a-f-]*$' THEN '#' || ltrim(right(v, 12), '0')"
        "             WHEN v ~ '^[0-9a-f]{8}-[0-9a-f-]*$' THEN '' ELSE v END $$;";

/* So that it is noon now. */
static void set_noon(MirrorBench *b)
{
        free(harness_sql(&b->pg, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L',"
                                 " current_database(), format('<NOON>%s', extract(hour FROM now() "
                                 "AT TIME ZONE 'UTC')::integer - 12)); END $$"));
}

void forty_days_start(MirrorBench *b)
{
        *b = (MirrorBench){0};
        harness_postgres_start(&b->pg);
        free(harness_sql(&b->pg, "CREATE ROLE edgemirror_reader NOLOGIN; CREATE ROLE report LOGIN "
                                 "IN ROLE edgemirror_reader"));
        set_noon(b);
        free(harness_sql(&b->pg, helpers));
        bench_connect(b);
        bench_migrate(b);
        for (int day = DAYS; day >= 0; day--)
                live_a_day(b, day);
}

/* ---- questions ------------------------------------------------------------------------------ */

char *forty_days_ask(const MirrorBench *b, const char *user, const char *sql)
{
        char conninfo[256];
        Text wrapped = {0}, text = {0};
        size_t size = strlen(sql);
        while (size > 0 && strchr("; \n", sql[size - 1]))
                size--;
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=%s", b->pg.folder,
                       user);
        assert_int_equal(
                text_printf(
                        &wrapped,
                        "SELECT (SELECT string_agg(coalesce(public.plain(c.value), ''), ' ' "
                        "ORDER BY c.ordinality)"
                        " FROM json_each_text(row_to_json(q)) WITH ORDINALITY c) FROM (\n%.*s\n) q",
                        (int)size, sql),
                0);
        assert_int_equal(text_append_string(&text, ""), 0);
        PGconn *conn = PQconnectdb(conninfo);
        PGresult *result = PQexec(conn, wrapped.data);
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(conn));
        for (int i = 0; i < PQntuples(result); i++) {
                assert_int_equal(text_append_string(&text, i ? "|" : ""), 0);
                assert_int_equal(text_append_string(&text, PQgetvalue(result, i, 0)), 0);
        }
        PQclear(result);
        PQfinish(conn);
        text_done(&wrapped);
        return text.data;
}

void forty_days_run(const MirrorBench *b, const char *user, const char *sql)
{
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=%s", b->pg.folder,
                       user);
        PGconn *conn = PQconnectdb(conninfo);
        PGresult *result = PQexec(conn, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(conn));
        PQclear(result);
        PQfinish(conn);
}
