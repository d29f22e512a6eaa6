/*
 * The mirror's promises where PostgreSQL answers what a real one hardly ever does: nothing is
 * published of which an answer is missing, an apply whose COMMIT was lost is looked up and repeated
 * only when it was rolled back, and a server that is too old is named.
 */
#include "base/duration.h"
#include "mirror/apply.h"
#include "mirror/check.h"
#include "mirror/discovered.h"
#include "mirror/grants.h"
#include "mirror/instance.h"
#include "mirror/lease.h"
#include "mirror/migrate.h"
#include "mirror/observe.h"
#include "mirror/outcomes.h"
#include "mirror/prune.h"
#include "mirror/queue.h"
#include "mirror/retire.h"
#include "mirror/spool.h"
#include "mirror/sql_embedded.h"
#include "mirror/status.h"
#include "mirror/verify.h"
#include "pg/pg.h"
#include "unit/pg_server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct World {
        PgServer *server;
        sd_event *event;
        PgPool *pool;
        Mirror *mirror;
        bool done;
        Fault fault;
        MirrorApplied applied;
        int64_t n_found; /* rows that the apply gave out as missing */
        MirrorClaim claim;
        MirrorCheck checks[MIRROR_CHECKS_MAX];
        size_t n_checks;
} World;

static const MirrorRun a_run = {.edge = {.bytes = {0xed, 0x9e, 1}}, .run_id = 7, .epoch = 3};

static void begin(World *w, Answer *script)
{
        *w = (World){.server = pg_server_start(script)};
        assert_int_equal(sd_event_new(&w->event), 0);
        pg_server_open_mirror(w->server, w->event, &w->pool, &w->mirror);
}

static void finish(World *w)
{
        w->mirror = mirror_free(w->mirror);
        w->pool = pg_pool_free(w->pool);
        pg_server_stop(w->server);
        sd_event_unref(w->event);
}

static void wait_done(World *w)
{
        while (!w->done)
                assert_true(sd_event_run(w->event, 30 * USEC_PER_SEC) > 0);
        w->done = false;
}

static void on_plain(const Fault *fault, void *userdata)
{
        World *w = userdata;
        assert_false(w->done);
        w->fault = *fault;
        w->done = true;
}

static void on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        ((World *)userdata)->applied = *applied;
        on_plain(fault, userdata);
}

static void on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        ((World *)userdata)->claim = *claim;
        on_plain(fault, userdata);
}

static void on_checked(const MirrorCheck *checks, size_t n_checks, void *userdata)
{
        static const Fault none;
        World *w = userdata;
        w->n_checks = n_checks;
        memcpy(w->checks, checks, n_checks * sizeof(checks[0]));
        on_plain(&none, w);
}

/* Of an empty list; missing rows are looked for. */
static void apply(World *w, MirrorMissing missing)
{
        Spool *rows, *found;
        assert_int_equal(spool_new(&rows), 0);
        assert_int_equal(spool_new(&found), 0);
        MirrorEnding ending = {
                .outcome = OUTCOME_SYNCED, .refresh = REFRESH_CLEAN, .listed_whole = true};
        MirrorSnapshot snapshot = {.rows = rows, .missing = missing, .found = found};
        MirrorTask *task;
        assert_int_equal(mirror_apply(w->mirror, &a_run, &snapshot, &ending, on_applied, w, &task),
                         0);
        wait_done(w);
        w->n_found = spool_rows(found);
        (void)spool_free(rows);
        (void)spool_free(found);
}

/* the lease is ours, the list is another, the edge has rows */
static const char *const changed[] = {"t", "f", NULL, "t"};
/* four rows are missing and stay; another edge has added one */
static const char *const compared[] = {"9", "4", "4", "0", "4", NULL, "0", "0",
                                       "0", "0", "0", "0", "4", "0",  "0"};
static const char *const edges[] = {"f", "9", NULL, "2026-01-02T03:04:05.000000Z"};
static const char *const written[] = {"0", NULL, "1", "1", "0", "0", "0", "0"};
static const char *const finished[] = {NULL};

#define ROW(statement, row)                                                                        \
        {                                                                                          \
                .words = (statement), .rows = 1, .columns = sizeof(row) / sizeof((row)[0]),        \
                .values = (row)                                                                    \
        }
#define AN_APPLY                                                                                   \
        ROW(sql_apply_unchanged, changed), ROW(sql_apply_compare, compared),                       \
                ROW(sql_apply_edges, edges), ROW(sql_apply_rows, written),                         \
                ROW(sql_apply_finish, finished)

static void a_server_that_answers_as_it_should_is_applied_to(void **state)
{
        (void)state;
        Answer script[] = {AN_APPLY, {0}};
        World w;
        begin(&w, script);
        apply(&w, MIRROR_MISSING_HOLD);
        assert_string_equal(w.fault.message, "");
        assert_int_equal(w.applied.row_count, 5);
        assert_int_equal(w.applied.added, 1);
        assert_int_equal(w.applied.held, 4);
        assert_int_equal(pg_server_count(w.server, sql_apply_rows), 1);
        /* the look whether anything changed has its own */
        assert_int_equal(pg_server_count(w.server, "COMMIT"), 2);
        finish(&w);
}

static void nothing_is_published_without_an_answer(void **state)
{
        (void)state;
        static const char *const bad_id[] = {"no-id"};
        static const char *const three[] = {"9", "3", "3", "0", "3", "a, b, c", "0", "0",
                                            "0", "0", "0", "0", "3", "0",       "0"};
        const struct {
                Answer instead;
                MirrorMissing missing;
                const char *code, *words;
        } cases[] = {
                {{.words = sql_apply_unchanged},
                 MIRROR_MISSING_HOLD,
                 "lease-lost",
                 "publishes nothing"},
                {{.words = sql_apply_compare}, MIRROR_MISSING_HOLD, "pg-error", "no difference"},
                {{.words = sql_apply_edges}, MIRROR_MISSING_HOLD, "pg-error", "no time"},
                {{.words = sql_apply_rows}, MIRROR_MISSING_HOLD, "pg-error", "no counts"},
                {{.words = sql_apply_finish},
                 MIRROR_MISSING_HOLD,
                 "lease-lost",
                 "publishes nothing"},
                {ROW(sql_apply_find_fetch, bad_id), MIRROR_MISSING_FIND, "pg-error", "no valid id"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                bool found = cases[i].missing == MIRROR_MISSING_FIND;
                Answer missing = ROW(sql_apply_compare, three);
                Answer script[] = {
                        cases[i].instead, found ? missing : cases[i].instead, AN_APPLY, {0}};
                World w;
                begin(&w, script);
                apply(&w, cases[i].missing);
                assert_string_equal(fault_code_name(w.fault.code), cases[i].code);
                assert_non_null(strstr(w.fault.message, cases[i].words));
                assert_int_equal(w.applied.listed, 0);
                /* that of the look whether anything changed */
                assert_in_range(pg_server_count(w.server, "COMMIT"), 0, 1);
                finish(&w);
        }
}

static const char *const open_run[] = {"f",  NULL, NULL, NULL, NULL, NULL,
                                       NULL, NULL, NULL, "4",  NULL, NULL};
static const char *const aborted[] = {"t",  "aborted", NULL, NULL, NULL, NULL,
                                      NULL, NULL,      NULL, "4",  NULL, NULL};
static const char *const synced[] = {"t", "synced", "5", "2", "1", "0",
                                     "0", "2",      "0", "5", "0", "0"};

/* The connection ends with the COMMIT of the first attempt; what the journal says decides. */
static void an_apply_whose_commit_was_lost_is_looked_up(void **state)
{
        (void)state;
        static const struct {
                const char *const *journal;
                unsigned attempts, added, changed;
        } cases[] = {{open_run, 2, 1, 0}, {aborted, 2, 1, 0}, {synced, 1, 2, 1}};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Answer script[] = {AN_APPLY,
                                   {.words = "COMMIT", .kind = ANSWER_CLOSE, .skip = 1, .count = 1},
                                   {.words = sql_run_read_back_wait, .kind = ANSWER_ROWS},
                                   {.words = sql_run_read_back,
                                    .rows = 1,
                                    .columns = 12,
                                    .values = cases[i].journal},
                                   {0}};
                World w;
                begin(&w, script);
                apply(&w, MIRROR_MISSING_HOLD);
                assert_string_equal(w.fault.message, "");
                assert_int_equal(w.applied.row_count, 5);
                assert_int_equal(w.applied.added, cases[i].added);
                assert_int_equal(w.applied.changed, cases[i].changed);
                assert_int_equal(pg_server_count(w.server, sql_run_read_back), 1);
                assert_int_equal(pg_server_count(w.server, sql_apply_rows), cases[i].attempts);
                finish(&w);
        }
}

/* A fault for now is waited out, and nothing was published by the attempt that failed. */
static void an_apply_that_another_is_in_the_way_of_is_repeated(void **state)
{
        (void)state;
        Answer script[] = {
                {.words = sql_apply_rows, .kind = ANSWER_ERROR, .text = "40P01", .count = 1},
                AN_APPLY,
                {0}};
        World w;
        begin(&w, script);
        apply(&w, MIRROR_MISSING_HOLD);
        assert_string_equal(w.fault.message, "");
        assert_int_equal(pg_server_count(w.server, sql_apply_rows), 2);
        assert_int_equal(pg_server_count(w.server, "ROLLBACK"), 1);
        finish(&w);
}

/* What the attempt that failed had found is found again, and is there once. */
static void missing_rows_are_found_anew_by_each_attempt(void **state)
{
        (void)state;
        static const char *const missing[] = {"9", "2", "2", "0", "2", "a, b", "0", "0",
                                              "0", "0", "0", "0", "2", "0",    "0"};
        static const char *const ids[] = {"0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
                                          "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c12"};
        Answer script[] = {
                ROW(sql_apply_unchanged, changed),
                ROW(sql_apply_compare, missing),
                {.words = sql_apply_find_fetch, .rows = 1, .columns = 1, .values = ids, .count = 1},
                {.words = sql_apply_find_fetch, .kind = ANSWER_ERROR, .text = "40001", .count = 1},
                {.words = sql_apply_find_fetch, .rows = 2, .columns = 1, .values = ids},
                {0}};
        World w;
        begin(&w, script);
        apply(&w, MIRROR_MISSING_FIND);
        assert_string_equal(w.fault.message, "");
        assert_int_equal(w.applied.found, 2);
        assert_int_equal(pg_server_count(w.server, sql_apply_find_fetch), 3);
        assert_int_equal(w.n_found, 2);
        finish(&w);
}

static void an_edge_that_the_mirror_does_not_know_cannot_be_claimed(void **state)
{
        (void)state;
        static const char *const unknown[] = {"f",  NULL, NULL, NULL, NULL, NULL, NULL,
                                              NULL, NULL, NULL, NULL, NULL, NULL, NULL};
        Answer none = {.words = sql_claim}, no = ROW(sql_claim, unknown);
        const Answer cases[] = {none, no};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Answer script[] = {cases[i], {0}};
                const MirrorClaimRequest request = {.edge = a_run.edge,
                                                    .trigger = MIRROR_TRIGGER_MANUAL};
                MirrorTask *task;
                World w;
                begin(&w, script);
                assert_int_equal(mirror_claim(w.mirror, &request, on_claim, &w, &task), 0);
                wait_done(&w);
                assert_string_equal(fault_code_name(w.fault.code), "edge-not-registered");
                assert_int_equal(w.claim.run_id, 0);
                finish(&w);
        }
}

/* ---- what PostgreSQL must be ---------------------------------------------------------------- */

static void check_server(World *w, const char *const server[7])
{
        Answer script[] = {{.words = sql_check_server, .rows = 1, .columns = 7, .values = server},
                           {0}};
        MirrorTask *task;
        begin(w, script);
        assert_int_equal(mirror_check(w->mirror, on_checked, w, &task), 0);
        wait_done(w);
        finish(w);
}

static void a_server_that_is_too_old_is_named(void **state)
{
        (void)state;
        static const char *const old[] = {"120022", "12.22", "mirror", "em", "f", "UTF8", "f"};
        static const char *const latin[] = {"160000", "16.0", "mirror", "em", "f", "LATIN1", "f"};
        static const char *const right[] = {"130000", "13.0", "mirror", "em", "f", "UTF8", "f"};
        World w;
        check_server(&w, old);
        assert_string_equal(w.checks[0].what, "connection");
        assert_int_not_equal(w.checks[0].fault.scope, FAULT_NONE);
        assert_string_equal(fault_code_name(w.checks[0].fault.code), "pg-too-old");
        assert_string_equal(w.checks[0].detail, "PostgreSQL 12.22 is older than 13");
        check_server(&w, latin);
        assert_int_not_equal(w.checks[0].fault.scope, FAULT_NONE);
        assert_string_equal(fault_code_name(w.checks[0].fault.code), "pg-encoding");
        assert_non_null(strstr(w.checks[0].detail, "LATIN1"));
        check_server(&w, right);
        assert_int_equal(w.checks[0].fault.scope, FAULT_NONE);
        assert_string_equal(w.checks[0].detail, "PostgreSQL 13.0, database mirror as em");
        assert_string_equal(fault_code_name(w.checks[1].fault.code), "pg-schema-missing");
}

/* The queries that lines come from by rows give no more than five. */
static void lines_that_have_no_place_are_counted(void **state)
{
        (void)state;
        enum { NOTES = 30, COLUMNS = 5 };
        static const char *const right[] = {"160000", "16.0", "mirror", "em", "t", "UTF8", "f"};
        static const char *const recorded[] = {"1", "mirror", "t"};
        static const char *notes[NOTES * COLUMNS];
        const Answer in_the_end[] = {
                {.words = "none of this"},
                {.words = sql_check_lists, .kind = ANSWER_ERROR, .text = "XX001"}};
        for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
                notes[i] = i % COLUMNS == 0 ? "publication" : "t";
        for (size_t i = 0; i < ARRAY_SIZE(in_the_end); i++) {
                Answer script[] = {in_the_end[i],
                                   ROW(sql_check_server, right),
                                   ROW(sql_migrate_recorded, recorded),
                                   {.words = sql_migrate_notes,
                                    .rows = NOTES,
                                    .columns = COLUMNS,
                                    .values = notes},
                                   {0}};
                MirrorTask *task;
                World w;
                begin(&w, script);
                assert_int_equal(mirror_check(w.mirror, on_checked, &w, &task), 0);
                wait_done(&w);
                assert_int_equal(w.n_checks, MIRROR_CHECKS_MAX);
                const MirrorCheck *last = &w.checks[MIRROR_CHECKS_MAX - 1];
                assert_string_equal(last[-1].what, "publication");
                assert_string_equal(last->what, i == 0 ? "further lines" : "longest list");
                assert_int_equal(last->is_note, i == 0);
                assert_int_equal(last->fault.scope == FAULT_NONE, i == 0);
                if (i == 0)
                        assert_string_equal(last->detail, "13 have no place here");
                finish(&w);
        }
}

/* ---- answers that no PostgreSQL gives -------------------------------------------------------- */

#define ON_ANY(name, ...)                                                                          \
        static void name(__VA_ARGS__, const Fault *fault, void *userdata)                          \
        {                                                                                          \
                ((World *)userdata)->fault = *fault;                                               \
                ((World *)userdata)->done = true;                                                  \
        }
ON_ANY(on_status, const MirrorStatus *status _unused_)
ON_ANY(on_verify, const MirrorVerify *verify _unused_)
ON_ANY(on_due, const MirrorDueAnswer *answer _unused_)
ON_ANY(on_beat, const MirrorBeatAnswer *answer _unused_)
ON_ANY(on_instances, const MirrorInstanceStatus *instance _unused_)
ON_ANY(on_discovered, const MirrorDiscovered *found _unused_, size_t n _unused_)
ON_ANY(on_retirable, const MirrorRetirable *edge _unused_)
ON_ANY(on_outcomes, const MirrorOutcome *outcome _unused_)
ON_ANY(on_grants, const char *statement _unused_)
ON_ANY(on_pruned, const MirrorPruned *pruned _unused_)
ON_ANY(on_migrated, const MigrateReport *report _unused_)

static void on_figure(const MirrorFigure *figure _unused_, void *userdata _unused_)
{
}

static void on_edge(const MirrorEdgeFigures *edge _unused_, void *userdata _unused_)
{
}

enum { QUESTIONS = 14 };

static int ask(World *w, int question, MirrorTask **task)
{
        static const MirrorClaimRequest claim = {.edge = {.bytes = {0xed, 0x9e, 1}}};
        static const MirrorObserver observer = {on_figure, on_edge, on_plain};
        Mirror *m = w->mirror;
        switch (question) {
        case 0:
                return mirror_claim(m, &claim, on_claim, w, task);
        case 1:
                return mirror_check(m, on_checked, w, task);
        case 2:
                return mirror_status(m, NULL, on_status, w, task);
        case 3:
                return mirror_verify(m, NULL, on_verify, w, task);
        case 4:
                return mirror_take_due(m, 5, NULL, 0, on_due, w, task);
        case 5:
                return mirror_instance_beat(m, &a_run.edge, MIRROR_WAIT_NONE, NULL, on_beat, w,
                                            task);
        case 6:
                return mirror_instances(m, on_instances, w, task);
        case 7:
                return mirror_discovered(m, on_discovered, w, task);
        case 8:
                return mirror_find_retirable(m, NULL, on_retirable, w, task);
        case 9:
                return mirror_outcomes(m, &a_run.edge, 1, true, on_outcomes, w, task);
        case 10:
                return mirror_grants(m, "somebody", on_grants, w, task);
        case 11:
                return mirror_prune(m, &(MirrorRetention){0}, 5, on_pruned, w, task);
        case 12:
                return mirror_migrate(m, on_migrated, w, task);
        default:
                return mirror_observe(m, 5, &observer, w, task);
        }
}

/* Fewer rows or columns than asked for, as what stands between may give them: all is answered, with
 * a fault or as if it were SQL NULL. */
static void an_answer_of_another_form_ends_nothing(void **state)
{
        (void)state;
        static const char *const value[] = {"t"};
        const Answer answers[] = {
                {.words = "none of this"},
                {.words = "", .rows = 1, .columns = 1, .values = value, .count = 4}};
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                for (int question = 0; question < QUESTIONS; question++) {
                        Answer script[] = {answers[i], {0}};
                        MirrorTask *task;
                        World w;
                        begin(&w, script);
                        assert_int_equal(ask(&w, question, &task), 0);
                        wait_done(&w);
                        finish(&w);
                }
                Answer script[] = {answers[i], {0}};
                World w;
                begin(&w, script);
                apply(&w, MIRROR_MISSING_IGNORE);
                assert_int_not_equal(w.fault.scope, FAULT_NONE);
                finish(&w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_server_that_answers_as_it_should_is_applied_to),
                cmocka_unit_test(nothing_is_published_without_an_answer),
                cmocka_unit_test(an_apply_whose_commit_was_lost_is_looked_up),
                cmocka_unit_test(an_apply_that_another_is_in_the_way_of_is_repeated),
                cmocka_unit_test(missing_rows_are_found_anew_by_each_attempt),
                cmocka_unit_test(an_edge_that_the_mirror_does_not_know_cannot_be_claimed),
                cmocka_unit_test(a_server_that_is_too_old_is_named),
                cmocka_unit_test(lines_that_have_no_place_are_counted),
                cmocka_unit_test(an_answer_of_another_form_ends_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
