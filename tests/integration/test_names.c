/*
 * An edge is its id; its name is what people call it. The configuration may give an edge another
 * name, and a name to another edge: rows and history stay with the id, and a name means one edge at
 * any time.
 */
#include "integration/service_world.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum TakeUp { BY_RELOAD, BY_RESTART } TakeUp;

static const char *const ways[] = {[BY_RELOAD] = "reload", [BY_RESTART] = "restart"};

/* The service has synced all edges of the configuration. */
static ServiceWorld *begin(void **state, TakeUp how, int n_configured)
{
        ServiceWorld *w = *state;
        print_message("# by %s\n", ways[how]);
        service_begin_again(w, 4, "20,21,22,23");
        w->n_configured = n_configured;
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, n_configured - 1);
        harness_service_reload(s);
        await_runs(w, 0, n_configured - 1, "synced", 1);
        return w;
}

/* The names e<i> and e<k> are those of each other's edges now. */
static void swap(ServiceWorld *w, int i, int k)
{
        char id[sizeof(w->edges[0])];
        memcpy(id, w->edges[i], sizeof(id));
        memcpy(w->edges[i], w->edges[k], sizeof(id));
        memcpy(w->edges[k], id, sizeof(id));
}

static void take_up(ServiceWorld *w, TakeUp how)
{
        service_write_config(w);
        if (how == BY_RELOAD) {
                harness_service_reload(&w->services[0]);
        } else {
                service_stop(w, 0);
                (void)service_start(w, 0);
        }
        for (int i = 0; i < w->n_configured; i++)
                service_await_sql(
                        w,
                        "SELECT count(*) FROM edgemirror.edge JOIN edgemirror.edge_claim USING "
                        "(edge_connection_id) WHERE"
                        " name = 'e%d' AND edge_connection_id = '%s' AND enabled AND next_run_at "
                        "> now()",
                        i, w->edges[i]);
}

/* All that was ever known, row by row. */
static char *everything(ServiceWorld *w)
{
        return harness_sql(&w->pg,
                           "SELECT (SELECT string_agg(r::text, E'\\n' ORDER BY id) FROM"
                           " edgemirror.database_connection r) || E'\\n\\n' ||"
                           " (SELECT string_agg(h::text, E'\\n' ORDER BY id, valid_from) FROM"
                           " edgemirror.database_connection_history h)");
}

/* Reports find the rows of edge i under its present name, and only those. */
static void assert_reported_as(ServiceWorld *w, int i, const char *name)
{
        assert_true(sql_long(w, "SELECT count(*) FROM edgemirror.inventory WHERE edge = '%s'",
                             name) > 0);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.inventory JOIN "
                                  "edgemirror.database_connection r USING (id)"
                                  " WHERE (edge = '%s') <> (r.edge_connection_id = '%s')",
                                  name, w->edges[i]),
                         0);
}

static void assert_synced_under_its_name(ServiceWorld *w, int i)
{
        char name[16], renamed[32], line[64];
        (void)snprintf(name, sizeof(name), "e%d", i);
        (void)snprintf(renamed, sizeof(renamed), "now of %s", name);
        (void)snprintf(line, sizeof(line), "e%d: synced", i);
        HarnessService *s = &w->services[0];
        unsigned before = harness_service_logged(s, line);
        rename_a_row(w, i, renamed);
        make_due(w, i, i);
        harness_service_reload(s);
        harness_service_await_log(s, line, before + 1);
        service_assert_mirror_equals_catalog(w, i, i);
        assert_reported_as(w, i, name);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.inventory WHERE edge = '%s' AND "
                                  "name = '%s'",
                                  name, renamed),
                         1);
}

static void names_may_be_swapped(void **state)
{
        for (TakeUp how = BY_RELOAD; how <= BY_RESTART; how++) {
                ServiceWorld *w = begin(state, how, 4);
                char *before = everything(w);
                swap(w, 0, 1);
                take_up(w, how);
                char *after = everything(w);
                assert_string_equal(after, before);
                for (int i = 0; i < 4; i++)
                        assert_synced_under_its_name(w, i);
                assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled"),
                                 4);
                service_stop(w, 0);
                free(before);
                free(after);
        }
}

static void names_may_go_round(void **state)
{
        for (TakeUp how = BY_RELOAD; how <= BY_RESTART; how++) {
                ServiceWorld *w = begin(state, how, 4);
                char *before = everything(w);
                swap(w, 0, 1);
                swap(w, 1, 2);
                swap(w, 2, 3);
                take_up(w, how);
                char *after = everything(w);
                assert_string_equal(after, before);
                for (int i = 0; i < 4; i++)
                        assert_synced_under_its_name(w, i);
                service_stop(w, 0);
                free(before);
                free(after);
        }
}

/* The edge of before is not configured any more: its rows and history stay, under a name that says
 * whose they are. */
static void a_name_may_be_given_to_a_new_edge_and_back(void **state)
{
        for (TakeUp how = BY_RELOAD; how <= BY_RESTART; how++) {
                ServiceWorld *w = begin(state, how, 3);
                char *before = everything(w), aside[64];
                swap(w, 0, 3);
                take_up(w, how);
                char *after = everything(w);
                assert_string_equal(after, before);
                (void)snprintf(aside, sizeof(aside), "e0 (was %s)", w->edges[3]);
                assert_int_equal(
                        sql_long(w,
                                 "SELECT count(*) FROM edgemirror.edge JOIN edgemirror.edge_claim "
                                 "USING"
                                 " (edge_connection_id) WHERE edge_connection_id = '%s' AND name = "
                                 "'%s'"
                                 " AND NOT enabled AND next_run_at IS NULL AND row_count = 20",
                                 w->edges[3], aside),
                        1);
                service_assert_mirror_equals_catalog(w, 3, 3);
                assert_reported_as(w, 3, aside);
                assert_synced_under_its_name(w, 0);
                assert_reported_as(w, 3, aside);

                swap(w, 0, 3);
                take_up(w, how);
                assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled"),
                                 3);
                for (int i = 0; i < 3; i++)
                        assert_synced_under_its_name(w, i);
                service_stop(w, 0);
                free(before);
                free(after);
        }
}

/* It began under one name and ends under another. */
static void a_sync_under_way_belongs_to_its_edge_whatever_the_name(void **state)
{
        ServiceWorld *w = begin(state, BY_RELOAD, 4);
        service_fault(w, "job", 0, "\"count\":1,\"delay_ms\":600000");
        rename_a_row(w, 0, "renamed meanwhile");
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        service_await_phase(w, 0, "poll");
        swap(w, 0, 1);
        take_up(w, BY_RELOAD);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL"),
                1);
        service_release(w);
        await_runs(w, 1, 1, "synced", 2); /* e1 is its name now */
        service_assert_mirror_equals_catalog(w, 0, 3);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 5);
        service_stop(w, 0);
        assert_nothing_is_held(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_may_be_swapped),
                cmocka_unit_test(names_may_go_round),
                cmocka_unit_test(a_name_may_be_given_to_a_new_edge_and_back),
                cmocka_unit_test(a_sync_under_way_belongs_to_its_edge_whatever_the_name),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
