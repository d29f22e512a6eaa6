/*
 * edgemirror discover: what it shows, that its sections can be pasted, and what it does where the
 * catalog does not show its Edge connections.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECTIONS "/edge/api/rest/v2/connections"

static void assert_empty(World *w, const char *file)
{
        char *text = harness_read(w->folder, file);
        assert_string_equal(text, "");
        free(text);
}

/* An edge more in the catalog, of so many rows. */
static void add_edge(World *w, const char *id, const char *name, int rows)
{
        char body[512];
        (void)snprintf(body, sizeof(body), "{\"id\":\"%s\",\"name\":\"%s\",\"rows\":%d}", id, name,
                       rows);
        control(w, "/control/edges", body);
}

/* The configuration of the world; `sections` in place of its two edges, NULL: those. */
static void configure(World *w, const char *sections)
{
        write_config(w, "1s");
        if (!sections)
                return;
        char *text = harness_read(w->folder, "edgemirror.conf");
        *strstr(text, "[edge ") = '\0';
        char *all = NULL;
        assert_true(asprintf(&all, "%s%s", text, sections) > 0);
        harness_write(w->folder, "edgemirror.conf", all);
        free(all);
        free(text);
}

/* What the last command printed becomes part of the configuration, which must be valid and, asked
 * of the catalog, right. */
static void paste_and_check(World *w, int n_edges)
{
        char valid[64];
        char *out = harness_read(w->folder, "out"), *all = NULL;
        char *config = harness_read(w->folder, "edgemirror.conf");
        assert_true(asprintf(&all, "%s%s", config, out) > 0);
        harness_write(w->folder, "edgemirror.conf", all);
        (void)snprintf(valid, sizeof(valid), "valid, %d edges\n", n_edges);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", valid, true);
        assert_says(w, "out", "FAILED", false);
        assert_int_equal(RUN(w, "discover"), 0);
        assert_empty(w, "out");
        free(all);
        free(config);
        free(out);
}

#define NEW_A "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define NEW_B "1b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define NEW_C "2b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"

static void what_is_not_configured_is_printed_as_a_section_that_can_be_pasted(void **state)
{
        World *w = *state;
        add_edge(w, NEW_A, "Größe \\\"1\\\" ;]", 1);
        add_edge(w, NEW_B, "main", 0); /* a section has that name */
        add_edge(w, NEW_C, "\\u001b[2J\\n[catalog]\\nurl = http://127.0.0.1:1", 0);
        assert_int_equal(RUN(w, "discover"), 0);
        assert_says(w, "err", "5 Edge connections, 2 of them configured", true);
        assert_says(w, "err", " as main\n", true);
        assert_says(w, "err", "never-shown", false);
        assert_says(w, "out", "never-shown", false);
        assert_says(w, "err", "\x1b", false);
        assert_says(w, "out", "\x1b", false);
        assert_says(w, "out", w->edges[0], false);
        assert_says(w, "out", "[edge \"Größe '1' ;]\"]\nid = " NEW_A "\n", true);
        assert_says(w, "out", "[edge \"main-1b9c1c1e\"]\nid = " NEW_B "\n# in the catalog: main\n",
                    true);
        assert_says(w, "out", "# Edge site: site 1\n", true);
        paste_and_check(w, 5);
}

static void a_configuration_needs_no_edge_for_it(void **state)
{
        World *w = *state;
        configure(w, "");
        assert_int_equal(RUN(w, "check", "--offline"), 78);
        assert_int_equal(RUN(w, "discover"), 0);
        assert_says(w, "err", "2 Edge connections, 0 of them configured", true);
        paste_and_check(w, 2);
        configure(w, "");
        assert_int_equal(RUN(w, "-q", "discover"), 0);
        assert_empty(w, "err");
        paste_and_check(w, 2);
}

static void programs_get_an_object_for_each(void **state)
{
        World *w = *state;
        static const char *const members[] = {"edge", "edgeConnectionId", "name",      "edgeSiteId",
                                              "site", "siteStatus",       "configured"};
        add_edge(w, NEW_A, "a", 0);
        assert_int_equal(RUN(w, "discover", "--json"), 0);
        assert_objects(w, members, 7, 3);
        assert_empty(w, "err");
        assert_says(w, "out", "{\"edge\":\"a\",\"edgeConnectionId\":\"" NEW_A "\",\"name\":\"a\",",
                    true);
        assert_says(w, "out", "\"site\":\"site 1\",\"siteStatus\":\"HEALTHY\",\"configured\":true}",
                    true);
        assert_says(w, "out",
                    "\"site\":\"site 1\",\"siteStatus\":\"HEALTHY\",\"configured\":false}", true);
        control(w, "/control/settings", "{\"connections_status\":404}");
        assert_int_equal(RUN(w, "discover", "--json"), 0);
        assert_objects(w, members, 7, 2);
        assert_says(w, "out",
                    "\"name\":null,\"edgeSiteId\":null,\"site\":null,\"siteStatus\":null,", true);
}

/* The list of database connections, cut by a cap, in an order that is another one each time. */
static void without_the_edge_api_the_rows_tell_the_ids(void **state)
{
        World *w = *state;
        static const struct {
                const char *settings, *words;
        } cases[] = {
                {"{\"connections_status\":403}", "does not let our user see its Edge connections"},
                {"{\"connections_status\":404}", "there is no Edge API at this catalog's url"},
                {"{\"connections_status\":404,\"page_cap\":7,\"order\":\"reverse\"}", "(HTTP 404)"},
                {"{\"connections_status\":403,\"page_caps\":\"1,2,3,97,500\"}", "(HTTP 403)"},
                {"{\"connections_status\":403,\"order\":\"shuffle\"}", "(HTTP 403)"},
        };
        add_edge(w, NEW_A, "seen by its rows", 1);
        add_edge(w, NEW_B, "without rows", 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].settings);
                configure(w, NULL);
                control(w, "/control/settings",
                        "{\"page_cap\":500,\"page_caps\":\"\",\"order\":\"insertion\"}");
                control(w, "/control/settings", cases[i].settings);
                assert_int_equal(RUN(w, "discover"), 0);
                assert_says(w, "err", cases[i].words, true);
                assert_says(w, "err", "3 Edge connections, 2 of them configured", true);
                assert_says(w, "out", "[edge \"edge-0b9c1c1e\"]\nid = " NEW_A "\n", true);
                assert_says(w, "out", NEW_B, false);
                paste_and_check(w, 3);
        }
        /* a gateway that does not route it answers in words of its own */
        control(w, "/control/settings", "{\"connections_status\":0}");
        control(w, "/control/faults",
                "{\"kind\":\"connections\",\"status\":401,\"body\":\"{\\\"message\\\":\\\"no "
                "route\\\"}\"}");
        configure(w, NULL);
        assert_int_equal(RUN(w, "discover"), 0);
        assert_says(w, "err", "3 Edge connections, 2 of them configured", true);
}

static void sites_without_names_are_no_failure(void **state)
{
        World *w = *state;
        control(w, "/control/settings", "{\"sites_status\":403}");
        add_edge(w, NEW_A, "a", 0);
        assert_int_equal(RUN(w, "discover"), 0);
        assert_says(w, "err", "the names of Edge sites cannot be read", true);
        assert_says(w, "out", "[edge \"a\"]\nid = " NEW_A "\n\n", true);
}

/* An id that is not an Edge connection's; one that is gone. */
static void a_section_that_the_catalog_does_not_show_is_named(void **state)
{
        World *w = *state;
        char sections[512], path[128];
        assert_int_equal(RUN(w, "discover", "--json"), 0);
        char *out = harness_read(w->folder, "out");
        const char *site = strstr(out, "\"edgeSiteId\":\"") + strlen("\"edgeSiteId\":\"");
        (void)snprintf(sections, sizeof(sections),
                       "[edge \"site\"]\nid = %.36s\n[edge \"gone\"]\nid = %s\n", site,
                       w->edges[0]);
        free(out);
        configure(w, sections);
        (void)snprintf(path, sizeof(path), "/control/edges/%s", w->edges[0]);
        control(w, path, "{\"gone\":true}");
        assert_int_equal(RUN(w, "discover"), 0);
        assert_says(w, "err", "that of the Edge site \"site 1\", not of an Edge connection", true);
        assert_says(w, "err", "edge \"gone\" (", true);
        assert_says(w, "err", "is not among the Edge connections that the catalog shows", true);
}

/* The faults, the exit status, and words. What passes is tried again. */
static void what_cannot_be_read_ends_with_its_status(void **state)
{
        World *w = *state;
        static const struct {
                const char *faults;
                int status;
                const char *words;
        } cases[] = {
                {"{\"kind\":\"connections\",\"count\":2,\"status\":503}", 0, "2 Edge connections"},
                {"{\"kind\":\"connections\",\"count\":1,\"close\":true}", 0, "2 Edge connections"},
                {"{\"kind\":\"connections\",\"status\":503,\"retry_after\":3600}", 69,
                 "is not available now"},
                {"{\"kind\":\"connections\",\"html\":true,\"content_type\":\"text/html\"}", 69,
                 "sign-in"},
                {"{\"kind\":\"connections\",\"redirect\":\"https://sso.example/\"}", 69,
                 "redirect"},
                {"{\"kind\":\"connections\",\"body\":\"{}\"}", 1, "no list of Edge connections"},
                {"{\"kind\":\"connections\",\"cut_at\":-1,\"framing\":\"close\"}", 1,
                 "cannot be read"},
                {"{\"kind\":\"connections\",\"large_bytes\":17000000}", 1, "is larger than"},
                {"[{\"kind\":\"connections\",\"status\":403},{\"kind\":\"list\",\"status\":403}]",
                 77, "forbids"},
                {"[{\"kind\":\"connections\",\"status\":404},{\"kind\":\"list\",\"ignore_offset\":"
                 "true}]",
                 1, "does a proxy drop the offset parameter"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].faults);
                control(w, "/control/faults", "");
                control(w, "/control/faults", cases[i].faults);
                assert_int_equal(RUN(w, "discover"), cases[i].status);
                assert_says(w, "err", cases[i].words, true);
                assert_empty(w, "out");
        }
        control(w, "/control/faults", "");
        harness_write(w->folder, "password", "wrong");
        assert_int_equal(RUN(w, "discover"), 77);
        assert_int_equal(RUN(w, "discover", "main"), 2);
        write_config(w, "1s");
        harness_catalog_stop(&w->catalog);
        assert_int_equal(RUN(w, "discover"), 69);
        start_catalog(w, "20");
}

static double seconds(void)
{
        struct timespec now;
        assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ten_thousand_are_shown_soon_and_in_little_memory(void **state)
{
        World *w = *state;
        static const char *const arguments[] = {
                "--edges", "10000", "--rows", "0", "--auth", "basic:svc:" SECRET, NULL};
        harness_catalog_stop(&w->catalog);
        harness_catalog_start(&w->catalog, w->folder, arguments);
        configure(w, NULL);
        configure(w, "");
        const char *const command[] = {"-c", w->config, "-q", "discover", NULL};
        long peak_kib;
        double begun = seconds();
        assert_int_equal(
                harness_program_wait_peak(harness_program_start(w->folder, command), &peak_kib), 0);
        double took = seconds() - begun;
        print_message("# 10,000 Edge connections: %.2f s, %ld KiB\n", took, peak_kib);
#ifndef EDGEMIRROR_SANITIZERS
        assert_true(took < 5);
        assert_true(peak_kib < 48 * 1024);
#endif
        char *out = harness_read(w->folder, "out");
        int n = 0;
        for (const char *at = strstr(out, "[edge "); at; at = strstr(at + 1, "[edge "))
                n++;
        assert_int_equal(n, 10000);
        char *config = harness_read(w->folder, "edgemirror.conf"), *all = NULL;
        assert_true(asprintf(&all, "%s%s", config, out) > 0);
        harness_write(w->folder, "edgemirror.conf", all);
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out", "valid, 10000 edges", true);
        free(all);
        free(config);
        free(out);
}

/* `check` ends with that status, and says that. */
static void check_says(World *w, int status, const char *says)
{
        assert_int_equal(RUN(w, "check"), status);
        assert_says(w, "out", says, true);
}

static void check_asks_what_the_service_would_discover(void **state)
{
        World *w = *state;
        configure(w, "[discover]\nenabled = yes\n");
        check_says(w, 0, "2 Edge connections (");
        control(w, "/control/settings", "{\"connections_status\":403}");
        check_says(w, 0, "2 Edge connections (");
        configure(w, "[discover]\nenabled = yes\nexclude = *-test\n");
        check_says(w, 77, "nothing would be discovered");
        control(w, "/control/settings", "{\"connections_status\":0}");
        check_says(w, 0, "2 Edge connections (");
        control(w, "/control/faults", "{\"kind\":\"connections\",\"status\":401}");
        check_says(w, 77, "nothing would be discovered"); /* the credentials are right for lists */
        /* beside sections, too */
        char sections[128];
        (void)snprintf(sections, sizeof(sections),
                       "[edge \"a\"]\nid = %s\n[discover]\nenabled = yes\nexclude = x*\n",
                       w->edges[0]);
        configure(w, sections);
        check_says(w, 77, "nothing would be discovered");
        control(w, "/control/faults", "");
        check_says(w, 0, "2 Edge connections (");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(
                        what_is_not_configured_is_printed_as_a_section_that_can_be_pasted,
                        small_world),
                cmocka_unit_test_setup(a_configuration_needs_no_edge_for_it, small_world),
                cmocka_unit_test_setup(check_asks_what_the_service_would_discover, small_world),
                cmocka_unit_test_setup(programs_get_an_object_for_each, small_world),
                cmocka_unit_test_setup(without_the_edge_api_the_rows_tell_the_ids, small_world),
                cmocka_unit_test_setup(sites_without_names_are_no_failure, small_world),
                cmocka_unit_test_setup(a_section_that_the_catalog_does_not_show_is_named,
                                       small_world),
                cmocka_unit_test_setup(what_cannot_be_read_ends_with_its_status, small_world),
                cmocka_unit_test_setup(ten_thousand_are_shown_soon_and_in_little_memory,
                                       small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
