/*
 * Rows that vanish from the list: removed when the catalog itself says that they are gone, and in
 * no other case; the guards; --accept-removals and --dry-run.
 */
#include "base/text.h"
#include "integration/removals_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- proof ---------------------------------------------------------------------------------- */

static void a_row_that_is_gone_is_removed_and_comes_back_restored(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0,
                    "{\"op\":\"add\",\"id\":\"6f0a5f6e-0000-4000-8000-000000000001\",\"name\":"
                    "\"comes and goes\"}");
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"id\":\"6f0a5f6e-0000-4000-8000-000000000001\"}");
        assert_int_equal(sync_all(w), 0);
        assert_counts(w, "synced", 0, 1, 0);
        assert_mirror_equals_catalog(w);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection"
                                 " WHERE name = 'comes and goes' AND removed_at > changed_at"),
                1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.change WHERE kind = 'removed'"),
                1);
        assert_history_is_valid(w);

        change_rows(w, 0,
                    "{\"op\":\"add\",\"id\":\"6f0a5f6e-0000-4000-8000-000000000001\",\"name\":"
                    "\"comes and goes\"}");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "restored"), 1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history"
                                 " WHERE name = 'comes and goes'"),
                2);
        assert_mirror_equals_catalog(w);
        assert_history_is_valid(w);
}

/* A page of a list that has missed the first row: all but that one, then the end. */
static void hide_the_first_row(World *w)
{
        char path[128];
        _cleanup_(text_done) Text all = {0}, last = {0};
        (void)snprintf(path, sizeof(path), "/control/rows?edge=%s", w->edges[0]);
        char *lines = harness_control_text(&w->catalog, path);
        int n = 0;
        for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"), n++) {
                if (n == 0)
                        continue;
                assert_int_equal(text_printf(&all, "%s%s", n > 1 ? "," : "", line), 0);
                text_reset(&last);
                assert_int_equal(text_printf(&last, "%s", line), 0);
        }
        free(lines);
        const char *const bodies[] = {all.data, last.data};
        for (int i = 0; i < 2; i++) {
                char text[4096];
                cJSON *rule = cJSON_CreateObject();
                (void)snprintf(text, sizeof(text), "{\"results\":[%s]}", bodies[i]);
                cJSON_AddStringToObject(rule, "kind", "list");
                cJSON_AddStringToObject(rule, "edge", w->edges[0]);
                cJSON_AddNumberToObject(rule, "count", 1);
                cJSON_AddStringToObject(rule, "body", text);
                char *printed = cJSON_PrintUnformatted(rule);
                control(w, "/control/faults", printed);
                cJSON_free(printed);
                cJSON_Delete(rule);
        }
}

static void a_row_that_the_list_has_missed_stays(void **state)
{
        World *w = *state;
        begin_again(w, "5", "1s");
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"rename\",\"index\":0,\"name\":\"new name\"}");
        hide_the_first_row(w);
        assert_int_equal(sync_all(w), 0);
        /* what the catalog gave by id is as good as a row of the list */
        assert_counts(w, "synced", 1, 0, 0);
        assert_int_equal(number_of(w, 0, "listed"), 5);
        assert_mirror_equals_catalog(w);
}

static void anything_but_the_catalogs_own_word_holds_the_row(void **state)
{
        World *w = *state;
        static const char *const answers[] = {
                "\"status\":401", /* of this row alone, while the list is accepted */
                "\"status\":403",
                ("\"status\":404,\"body\":\"{\\\"statusCode\\\":403,\\\"userMessage\\\":\\\"no "
                 "access\\\"}\""),
                "\"status\":404,\"html\":true",
                "\"status\":404,\"age_s\":3000", /* what a cache has kept of it */
                ("\"status\":404,\"body\":\"{\\\"statusCode\\\":404,\\\"message\\\":\\\"Resource "
                 "not found\\\"}\""),
                "\"status\":404,\"empty_body\":true",
                "\"status\":410,\"html\":true",
                "\"status\":410,\"body\":\"{\\\"statusCode\\\":410}\"",
                "\"status\":410,\"empty_body\":true",
                "\"html\":true",
                "\"status\":302,\"redirect\":\"https://login.example/\"",
                "\"status\":500",
                "\"body\":\"{\\\"id\\\":\\\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10\\\"}\"",
        };
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                char rule[300];
                begin_again(w, "20", "1s");
                assert_int_equal(sync_all(w), 0);
                change_rows(w, 0,
                            "[{\"op\":\"remove\",\"index\":5},{\"op\":\"rename\",\"index\":0,"
                            "\"name\":\"renamed\"}]");
                (void)snprintf(rule, sizeof(rule), "{\"kind\":\"one\",\"skip\":1,%s}", answers[i]);
                control(w, "/control/faults", rule);
                assert_int_equal(sync_all(w), 4);
                assert_counts(w, "held", 1, 0, 1);
                assert_string_equal(error_of(w, "code"), "removals-unproven");
                assert_int_equal(present(w), 20);
                if (strstr(answers[i], "age_s"))
                        assert_non_null(strstr(error_of(w, "message"),
                                               "(HTTP 404, 50m old: a cache in between"));
                control(w, "/control/faults", "");
                assert_int_equal(sync_all(w), 0);
                assert_counts(w, "synced", 0, 1, 0);
                assert_mirror_equals_catalog(w);
        }
}

/* Another version of the API, a rule of a gateway, a right that is missing: no row is found by its
 * id, those that are listed neither. */
static void a_catalog_that_denies_what_it_lists_proves_nothing(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"hide\",\"index\":5,\"count\":2}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"status\":404}");
        for (int i = 0; i < 3; i++) {
                control(w, "/control/log", "");
                assert_int_equal(run_sync(w, "--no-refresh", "main"), 4);
                assert_counts(w, "held", 0, 0, 2);
                assert_string_equal(error_of(w, "code"), "removals-unproven");
                assert_non_null(
                        strstr(error_of(w, "message"), "do not prove that other rows are gone"));
                /* three rows that it has just listed, and nothing else */
                assert_int_equal(requests_of(w, "one"), 3);
                assert_int_equal(present(w), 20);
        }
        control(w, "/control/faults", "");
        change_rows(w, 0, "{\"op\":\"show\"}");
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0);
        assert_mirror_equals_catalog(w);
}

/* L7 */
static void gone_in_the_catalogs_own_words_is_as_good_as_not_found(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"skip\":1,\"status\":410}");
        assert_int_equal(sync_all(w), 0);
        assert_counts(w, "synced", 0, 1, 0);
        assert_mirror_equals_catalog(w);
}

static void a_busy_catalog_is_asked_again(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":2}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"status\":429,\"count\":2}");
        assert_int_equal(sync_all(w), 0);
        assert_counts(w, "synced", 0, 2, 0);
        assert_mirror_equals_catalog(w);
}

static void refused_credentials_end_the_run(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        control(w, "/control/log", "");
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        char rules[200]; /* the list, too, once it was read */
        (void)snprintf(rules, sizeof(rules),
                       "[{\"kind\":\"one\",\"status\":401},"
                       "{\"kind\":\"list\",\"status\":401,\"skip\":%d}]",
                       requests_of(w, "list"));
        control(w, "/control/faults", rules);
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 77);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_int_equal(present(w), 20);
}

static void missing_rows_are_asked_for_side_by_side(void **state)
{
        World *w = *state;
        begin_again(w, "100", "1s");
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":15}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"delay_ms\":100}");
        control(w, "/control/log", "");
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0);
        assert_counts(w, "synced", 0, 15, 0);
        cJSON *seen = harness_control(&w->catalog, "/control/state", NULL);
        int most = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(seen, "inFlightMax"));
        cJSON_Delete(seen);
        assert_in_range(most, 4, 8);
        assert_int_equal(requests_of(w, "one"), 1 + 15);
        assert_mirror_equals_catalog(w);
}

/* ---- guards --------------------------------------------------------------------------------- */

static void an_empty_list_removes_nothing(void **state)
{
        World *w = *state;
        configure(w, "[defaults]\nmax_removals = 100%\n");
        assert_int_equal(sync_all(w), 0);
        fault(w, "list", "\"body\":\"{\\\"results\\\":[]}\"");
        control(w, "/control/log", "");
        assert_int_equal(sync_all(w), 4);
        assert_counts(w, "held", 0, 0, 20);
        assert_string_equal(error_of(w, "code"), "removals-held");
        assert_non_null(
                strstr(error_of(w, "message"), "the list is empty, and the mirror has 20 rows"));
        assert_int_equal(requests_of(w, "one"), 0);
        assert_int_equal(present(w), 20);

        /* Accepted, but each is still there when it is asked for. */
        assert_int_equal(run_sync(w, "--accept-removals", "main"), 0);
        assert_counts(w, "synced", 0, 0, 0);
        assert_int_equal(present(w), 20);

        control(w, "/control/faults", "");
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":0,\"count\":20}");
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 4);
        assert_int_equal(run_sync(w, "--accept-removals", "main"), 0);
        assert_counts(w, "synced", 0, 20, 0);
        assert_mirror_equals_catalog(w);
}

static void more_than_max_removals_waits_for_a_person(void **state)
{
        World *w = *state;
        static const struct {
                const char *max_removals;
                int allowed;
        } cases[] = {{"20%", 4}, {"3", 3}, {"0", 0}};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[128];
                int too_many = cases[i].allowed + 1;
                begin_again(w, "20", "1s");
                (void)snprintf(text, sizeof(text), "[defaults]\nmax_removals = %s\n",
                               cases[i].max_removals);
                configure(w, text);
                assert_int_equal(sync_all(w), 0);
                (void)snprintf(text, sizeof(text), "{\"op\":\"remove\",\"index\":2,\"count\":%d}",
                               too_many);
                change_rows(w, 0, text);
                change_rows(w, 0,
                            "{\"op\":\"rename\",\"index\":0,\"name\":\"applied all the same\"}");
                control(w, "/control/log", "");
                assert_int_equal(sync_all(w), 4);
                assert_counts(w, "held", 1, 0, too_many);
                assert_string_equal(error_of(w, "code"), "removals-held");
                (void)snprintf(text, sizeof(text), "max_removals (%s)", cases[i].max_removals);
                assert_non_null(strstr(error_of(w, "message"), text));
                assert_int_equal(requests_of(w, "one"), 0);

                assert_int_equal(run_sync(w, "--accept-removals", "main"), 0);
                assert_counts(w, "synced", 0, too_many, 0);
                assert_mirror_equals_catalog(w);
                if (cases[i].allowed == 0)
                        continue;
                change_rows(w, 0, "{\"op\":\"remove\",\"index\":2,\"count\":3}");
                assert_int_equal(sync_all(w), 0);
                assert_counts(w, "synced", 0, 3, 0);
        }
}

static void a_refresh_that_was_not_clean_removes_nothing(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        fault(w, "refresh", "\"end_state\":\"ERROR\"");
        control(w, "/control/log", "");
        assert_int_equal(run_sync(w, "--accept-removals", "main"), 4);
        assert_counts(w, "held", 0, 0, 1);
        assert_int_equal(requests_of(w, "one"), 0);
        assert_int_equal(present(w), 20);
}

/* ---- dry run -------------------------------------------------------------------------------- */

#define EVERYTHING                                                                                 \
        "SELECT md5(string_agg(t, E'\\n' ORDER BY t)) FROM ("                                      \
        "SELECT 'd ' || xmin || ' ' || xmax || d::text AS t FROM edgemirror.database_connection "  \
        "d UNION ALL "                                                                             \
        "SELECT 'h ' || xmin || ' ' || xmax || h::text FROM "                                      \
        "edgemirror.database_connection_past h UNION ALL "                                         \
        "SELECT 'e ' || xmin || ' ' || xmax || e::text FROM edgemirror.edge e UNION ALL "          \
        "SELECT 'c ' || xmin || ' ' || xmax || c::text FROM edgemirror.edge_claim c UNION ALL "    \
        "SELECT 'r ' || xmin || ' ' || xmax || r::text FROM edgemirror.sync_run r) everything"

static const char *plan_text(World *w, const char *kind, int index, const char *member)
{
        const cJSON *plan = cJSON_GetObjectItem(w->results[0], "plan");
        const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(plan, kind), index);
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(row, member));
        return text ? text : "null";
}

static int plan_size(World *w, const char *kind)
{
        return cJSON_GetArraySize(
                cJSON_GetObjectItem(cJSON_GetObjectItem(w->results[0], "plan"), kind));
}

static void a_dry_run_tells_the_plan_and_writes_nothing(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0,
                    "[{\"op\":\"add\",\"name\":\"quote \\\" "
                    "and\\nnewline\"},{\"op\":\"rename\",\"index\":0,\"name\":\"to\"},"
                    "{\"op\":\"remove\",\"index\":7},{\"op\":\"add\",\"name\":\"at the "
                    "source\",\"pending\":true}]");
        char *before = harness_sql(&w->pg, EVERYTHING);
        control(w, "/control/log", "");
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_string_equal(text_of(w, 0, "refresh"), "skipped");
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(w->results[0], "runId")));
        assert_int_equal(number_of(w, 0, "added"), 1);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(number_of(w, 0, "removed"), 1);
        assert_int_equal(number_of(w, 0, "unchanged"), 18);
        assert_int_equal(plan_size(w, "added"), 1);
        assert_string_equal(plan_text(w, "added", 0, "name"), "quote \" and\nnewline");
        assert_int_equal(plan_size(w, "changed"), 1);
        assert_string_equal(plan_text(w, "changed", 0, "name"), "to");
        assert_int_equal(plan_size(w, "removed"), 1);
        assert_int_equal(plan_size(w, "held"), 0);

        const char *const text[] = {"-c", w->config, "sync", "--dry-run", "main", NULL};
        assert_int_equal(harness_program(w->folder, text), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "dry run, nothing is written"));
        assert_non_null(strstr(out, "    added "));
        assert_non_null(strstr(out, " → to"));
        assert_non_null(strstr(out, "    removed "));
        free(out);

        assert_int_equal(requests_of(w, "refresh"), 0);
        assert_int_equal(requests_of(w, "one"), 2 * (1 + 1));
        char *after = harness_sql(&w->pg, EVERYTHING);
        assert_string_equal(after, before);
        free(before);
        free(after);
}

static void a_dry_run_lists_all_that_is_held(void **state)
{
        World *w = *state;
        begin_again(w, "3000", "1m");
        assert_int_equal(sync_all(w), 0);
        /* more than a portion */
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":2,\"count\":2500}");
        assert_int_equal(run_sync(w, "--dry-run", "main"), 4);
        assert_string_equal(text_of(w, 0, "outcome"), "held");
        assert_int_equal(number_of(w, 0, "held"), 2500);
        assert_int_equal(plan_size(w, "held"), 2500);
        assert_int_equal(plan_size(w, "removed"), 0);
        assert_int_equal(run_sync(w, "--accept-removals", "main"), 0);
        assert_counts(w, "synced", 0, 2500, 0);
        assert_mirror_equals_catalog(w);
}

/* It needs no edge in the database, and leaves none there; a catalog that refuses fails it, and
 * that is not written either. */
static void a_dry_run_that_fails_writes_nothing(void **state)
{
        World *w = *state;
        char *before = harness_sql(&w->pg, EVERYTHING);
        fault(w, "list", "\"status\":403");
        assert_int_equal(run_sync(w, "--dry-run", "main"), 1);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "catalog-forbidden");
        control(w, "/control/faults", "");
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        assert_int_equal(plan_size(w, "added"), 20);
        char *after = harness_sql(&w->pg, EVERYTHING);
        assert_string_equal(after, before);
        free(before);
        free(after);
}

/* ---- trouble while it verifies -------------------------------------------------------------- */

static pid_t start_verifying(World *w)
{
        begin_again(w, "20", "1h");
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"delay_ms\":600000}");
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "verify");
        return pid;
}

static void postgres_may_restart_between_the_two_applies(void **state)
{
        World *w = *state;
        pid_t pid = start_verifying(w);
        harness_postgres_stop(&w->pg);
        harness_postgres_resume(&w->pg);
        control(w, "/control/faults", "");
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_counts(w, "synced", 0, 1, 0);
        assert_mirror_equals_catalog(w);
}

static void a_lease_that_is_lost_while_verifying_removes_nothing(void **state)
{
        World *w = *state;
        pid_t pid = start_verifying(w);
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET epoch = epoch + 1, holder = 'somebody else',"
                " expires_at = now() + interval '1 hour'"));
        control(w, "/control/faults", "");
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 1);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "aborted");
        assert_string_equal(error_of(w, "code"), "lease-lost");
        assert_int_equal(present(w), 20);
}

static void an_interrupt_while_verifying_gives_the_lease_back(void **state)
{
        World *w = *state;
        pid_t pid = start_verifying(w);
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "aborted");
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
        assert_int_equal(present(w), 20);
        control(w, "/control/faults", "");
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_row_that_is_gone_is_removed_and_comes_back_restored,
                                       small_world),
                cmocka_unit_test(a_row_that_the_list_has_missed_stays),
                cmocka_unit_test(anything_but_the_catalogs_own_word_holds_the_row),
                cmocka_unit_test_setup(a_catalog_that_denies_what_it_lists_proves_nothing,
                                       small_world),
                cmocka_unit_test_setup(gone_in_the_catalogs_own_words_is_as_good_as_not_found,
                                       small_world),
                cmocka_unit_test_setup(a_busy_catalog_is_asked_again, small_world),
                cmocka_unit_test_setup(refused_credentials_end_the_run, small_world),
                cmocka_unit_test(missing_rows_are_asked_for_side_by_side),
                cmocka_unit_test_setup(an_empty_list_removes_nothing, small_world),
                cmocka_unit_test(more_than_max_removals_waits_for_a_person),
                cmocka_unit_test_setup(a_refresh_that_was_not_clean_removes_nothing, small_world),
                cmocka_unit_test_setup(a_dry_run_tells_the_plan_and_writes_nothing, small_world),
                cmocka_unit_test(a_dry_run_lists_all_that_is_held),
                cmocka_unit_test_setup(a_dry_run_that_fails_writes_nothing, small_world),
                cmocka_unit_test(postgres_may_restart_between_the_two_applies),
                cmocka_unit_test(a_lease_that_is_lost_while_verifying_removes_nothing),
                cmocka_unit_test(an_interrupt_while_verifying_gives_the_lease_back),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
