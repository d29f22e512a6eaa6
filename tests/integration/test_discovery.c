/*
 * [discover] of the service: which Edge connections are mirrored, after whatever the catalog shows
 * and does not show.
 */
#include "integration/service_world.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EDGES_MAX = 256, LOOKS_MAX = 3000 };

/* What is to be mirrored. */
typedef struct Expected {
        char id[40], name[64];
        bool configured, mirrored;
} Expected;

static Expected expected[EDGES_MAX];
static int n_expected;

static void expect_edge(const char *id, const char *name, bool configured, bool mirrored)
{
        Expected *e = &expected[n_expected++];
        assert_true(n_expected <= EDGES_MAX);
        (void)snprintf(e->id, sizeof(e->id), "%s", id);
        (void)snprintf(e->name, sizeof(e->name), "%s", name);
        e->configured = configured;
        e->mirrored = mirrored;
}

static int compare_expected(const void *a, const void *b)
{
        return strcmp(((const Expected *)a)->id, ((const Expected *)b)->id);
}

/* The enabled edges with their names and origins, as text. */
static char *expected_text(void)
{
        Expected sorted[EDGES_MAX];
        char *text = strdup("");
        memcpy(sorted, expected, sizeof(sorted));
        qsort(sorted, (size_t)n_expected, sizeof(sorted[0]), compare_expected);
        for (int i = 0; i < n_expected; i++) {
                char *longer = NULL;
                if (!sorted[i].mirrored)
                        continue;
                assert_true(asprintf(&longer, "%s%s %s %s\n", text, sorted[i].id, sorted[i].name,
                                     sorted[i].configured ? "configured" : "discovered") > 0);
                free(text);
                text = longer;
        }
        return text;
}

static char *mirrored_text(ServiceWorld *w)
{
        return harness_sql(&w->pg,
                           "SELECT coalesce(string_agg(edge_connection_id || ' ' || name || ' ' || "
                           "origin, E'\\n' ORDER BY edge_connection_id) || E'\\n', '') FROM "
                           "edgemirror.edge WHERE enabled");
}

static void pause_20_ms(void)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
}

/* Until the set is what is expected. */
static void await_set(ServiceWorld *w)
{
        char *want = expected_text();
        for (int i = 0;; i++) {
                char *have = mirrored_text(w);
                bool same = strcmp(have, want) == 0;
                if (!same && i == LOOKS_MAX)
                        fail_msg("mirrored:\n%swanted:\n%s", have, want);
                free(have);
                if (same)
                        break;
                pause_20_ms();
        }
        free(want);
}

/* Several more answers, by each of so many instances, have changed nothing. */
static void assert_set_stays(ServiceWorld *w, const char *kind, int answers)
{
        int before = requests(w, kind, -1, 0);
        await_set(w);
        for (int i = 0; requests(w, kind, -1, 0) < before + answers; i++) {
                if (i == LOOKS_MAX)
                        fail_msg("no more answers");
                pause_20_ms();
        }
        char *want = expected_text(), *have = mirrored_text(w);
        assert_string_equal(have, want);
        free(want);
        free(have);
}

/* From now on, what is disabled is recorded, each time. */
static void watch_disabling(ServiceWorld *w)
{
        free(harness_sql(
                &w->pg,
                "CREATE TABLE public.disabled (id uuid); GRANT ALL ON public.disabled TO public;"
                "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT "
                "INTO public.disabled VALUES (new.edge_connection_id); RETURN new; END $$;"
                "CREATE TRIGGER note AFTER UPDATE ON edgemirror.edge FOR EACH ROW WHEN "
                "(old.enabled "
                "AND NOT new.enabled) EXECUTE FUNCTION public.note()"));
}

static void change_edge(ServiceWorld *w, const char *id, const char *change)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%.40s", id);
        service_control(w, path, change);
}

static void rename_edge(ServiceWorld *w, Expected *e, const char *catalog_name, const char *name)
{
        char change[128];
        (void)snprintf(change, sizeof(change), "{\"name\":\"%s\"}", catalog_name);
        change_edge(w, e->id, change);
        (void)snprintf(e->name, sizeof(e->name), "%s", name);
}

static void configure(ServiceWorld *w, const char *discover)
{
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s\n[discover]\n%s", discover);
        service_write_config(w);
}

/* An edge of one row more in the catalog. */
static Expected *add_edge(ServiceWorld *w, const char *name, bool mirrored)
{
        char id[40], body[256];
        (void)snprintf(id, sizeof(id), "%08d-0000-4000-8000-000000000001", n_expected);
        (void)snprintf(body, sizeof(body), "{\"id\":\"%s\",\"name\":\"%s\",\"rows\":1}", id, name);
        service_control(w, "/control/edges", body);
        expect_edge(id, name, false, mirrored);
        return &expected[n_expected - 1];
}

/* The four of the world, of which two are configured, and what the catalog calls the others. */
static void begin(ServiceWorld *w)
{
        n_expected = 0;
        w->n_configured = 2;
        for (int i = 0; i < 4; i++) {
                char name[64];
                (void)snprintf(name, sizeof(name), i < 2 ? "e%d" : "base %d", i);
                expect_edge(w->edges[i], name, i < 2, true);
                if (i >= 2)
                        rename_edge(w, &expected[i], name, name);
        }
}

#define PATTERNS "enabled = yes\nevery = 1s\ninclude = *\nexclude = sandbox*, *-test ;"

static void two_hundred(ServiceWorld *w)
{
        for (int i = 4; i < 170; i++) {
                char name[64];
                (void)snprintf(name, sizeof(name), "edge %d", i);
                (void)add_edge(w, name, true);
        }
        for (int i = 0; i < 30; i++) {
                char name[64];
                (void)snprintf(name, sizeof(name), i % 2 ? "sandbox %d" : "%d-test", i);
                (void)add_edge(w, name, false);
        }
        assert_int_equal(n_expected, 200);
}

static void the_right_set_is_mirrored_after_each_step(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        two_hundred(w);
        configure(w, PATTERNS);
        watch_disabling(w);
        (void)service_start(w, 0);
        (void)service_start(w, 1);
        await_set(w);
        print_message("# 200 found, 30 of them excluded\n");

        /* two change names with each other, and one gets that of another */
        rename_edge(w, &expected[10], "edge 11", "edge 11");
        rename_edge(w, &expected[11], "edge 10", "edge 10");
        rename_edge(w, &expected[12], "prices", "prices");
        rename_edge(w, &expected[13], "Größe", "Größe");
        rename_edge(w, &expected[14], "edge 15", "edge 15-00000014");
        (void)snprintf(expected[15].name, sizeof(expected[15].name), "edge 15-00000015");
        await_set(w);
        print_message("# 5 renamed\n");

        service_control(w, "/control/settings", "{\"connections_status\":403}");
        for (int i = 20; i < 23; i++)
                change_edge(w, expected[i].id, "{\"gone\":true}");
        Expected *added = add_edge(w, "appeared meanwhile", false);
        for (int i = 0; i < 2; i++)
                harness_service_await_log(&w->services[i],
                                          "the Edge API cannot be read (HTTP 403), so no Edge "
                                          "connection can be discovered",
                                          1);
        assert_set_stays(w, "connections", 6);
        print_message("# 403: nothing has changed\n");

        service_control(w, "/control/settings", "{\"connections_status\":0}");
        added->mirrored = true;
        for (int i = 20; i < 23; i++)
                expected[i].mirrored = false;
        await_set(w);
        harness_service_await_log(&w->services[0],
                                  "edge 20: the catalog has this Edge connection no more; it is "
                                  "not synced from now on, and its rows stay: edgemirror -c ",
                                  1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM public.disabled"), 3);
        assert_set_stays(w, "connections", 6);
        print_message("# 3 vanished\n");

        change_edge(w, expected[21].id, "{\"gone\":false}");
        expected[21].mirrored = true;
        await_set(w);
        assert_set_stays(w, "connections", 6);
        print_message("# 1 is back\n");

        harness_service_kill(&w->services[0]);
        (void)add_edge(w, "after the kill", true);
        await_set(w);
        assert_set_stays(w, "connections", 3);
        service_stop(w, 1);
        print_message("# one instance was killed\n");

        /* A restart without an answer of the catalog; a list that is cut; another page. */
        static const char *const faults[] = {
                "{\"kind\":\"connections\",\"status\":500}",
                "{\"kind\":\"connections\",\"cut_at\":-20,\"framing\":\"close\"}",
                "{\"kind\":\"connections\",\"html\":true}",
                "{\"kind\":\"connections\",\"body\":\"[]\"}",
                "{\"kind\":\"connections\",\"body\":\"[{\\\"name\\\":\\\"x\\\"}]\"}",
        };
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                service_control(w, "/control/faults", faults[i]);
                (void)service_start(w, 0);
                assert_set_stays(w, "connections", 1);
                service_stop(w, 0);
                no_faults(w);
        }
        print_message("# restarts without a complete answer\n");
        (void)service_start(w, 0);
        assert_set_stays(w, "connections", 3);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM public.disabled"), 3);

        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET next_run_at = now() WHERE "
                                 "next_run_at IS NOT NULL"));
        harness_service_reload(&w->services[0]);
        service_await_sql(w, "SELECT (NOT EXISTS (SELECT FROM edgemirror.edge WHERE enabled AND "
                             "(listed_at IS NULL OR row_count = 0)))::int");
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE NOT enabled AND "
                                     "listed_at IS NOT NULL"),
                         0);
        service_stop(w, 0);

        const char *const status[] = {"-c", w->config, "status", "--json", NULL};
        assert_int_equal(harness_program(w->folder, status), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "{\"edge\":\"e0\","));
        assert_non_null(strstr(out, "\"enabled\":true,\"origin\":\"configured\","));
        assert_non_null(strstr(out, "\"enabled\":true,\"origin\":\"discovered\","));
        assert_non_null(strstr(out, "\"enabled\":false,\"origin\":\"discovered\","));
        free(out);

        /* somebody who syncs by hand knows nothing of what was discovered */
        const char *const sync[] = {"-c", w->config, "sync", "--no-refresh", NULL};
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET edges = '{}'"));
        assert_int_equal(harness_program(w->folder, sync), 0);
        await_set(w);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM public.disabled"), 3);
}

/* What a list lacks has not vanished for that. */
static void nothing_is_disabled_without_the_catalogs_word(void **state)
{
        ServiceWorld *w = *state;
        static const struct {
                const char *name, *fault; /* without its end */
                bool of_all;              /* also of others that are asked for by their id */
        } cases[] = {
                {"it is there by its id", NULL, false},
                {"it may not be seen by its id", "\"status\":403", false},
                {"a gateway does not know its address",
                 "\"status\":404,\"body\":\"{\\\"message\\\":\\\"no route\\\"}\"", false},
                {"a gateway knows none of the addresses",
                 "\"status\":404,\"body\":\"{\\\"message\\\":\\\"no route\\\"}\"", true},
                {"what is listed is denied, too", "\"status\":404", true},
                {"no answer", "\"close\":true", false},
                {"an error", "\"status\":500", false},
        };
        begin(w);
        Expected *e = add_edge(w, "a", true);
        configure(w, PATTERNS);
        watch_disabling(w);
        (void)service_start(w, 0);
        await_set(w);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].name);
                no_faults(w);
                if (cases[i].fault) {
                        char rule[256];
                        (void)snprintf(rule, sizeof(rule), "{\"kind\":\"connection\",%s%s%s%s}",
                                       cases[i].fault, cases[i].of_all ? "" : ",\"id\":\"",
                                       cases[i].of_all ? "" : e->id, cases[i].of_all ? "" : "\"");
                        service_control(w, "/control/faults", rule);
                }
                change_edge(w, e->id,
                            i == 0 ? "{\"unlisted\":true}" : "{\"unlisted\":false,\"gone\":true}");
                assert_set_stays(w, "connection", 2);
                change_edge(w, e->id, "{\"unlisted\":false,\"gone\":false}");
                assert_set_stays(w, "connections", 3);
        }
        /* missing from one answer alone */
        char rule[512];
        no_faults(w);
        int before = requests(w, "connection", -1, 0);
        (void)snprintf(rule, sizeof(rule),
                       "{\"kind\":\"connections\",\"count\":1,\"body\":\"["
                       "{\\\"id\\\":\\\"%s\\\",\\\"name\\\":\\\"base 2\\\"},"
                       "{\\\"id\\\":\\\"%s\\\",\\\"name\\\":\\\"base 3\\\"}]\"}",
                       expected[2].id, expected[3].id);
        service_control(w, "/control/faults", rule);
        assert_set_stays(w, "connections", 3);
        assert_int_equal(requests(w, "connection", -1, 0), before);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM public.disabled"), 0);
        change_edge(w, e->id, "{\"gone\":true}");
        e->mirrored = false;
        await_set(w);
        service_stop(w, 0);
}

static void the_configuration_decides_what_is_wanted(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        Expected *sandbox = add_edge(w, "sandbox", false), *prod = add_edge(w, "prod", true);
        configure(w, PATTERNS);
        HarnessService *s = service_start(w, 0);
        await_set(w);

        configure(w, "enabled = yes\nevery = 1s\ninclude = [sp]*\nexclude = prod");
        prod->mirrored = expected[2].mirrored = expected[3].mirrored = false;
        sandbox->mirrored = true;
        harness_service_reload(s);
        await_set(w);

        configure(w, "enabled = no");
        sandbox->mirrored = false;
        harness_service_reload(s);
        await_set(w);

        /* a section wins: its name, its schedule */
        configure(w, "enabled = yes\nevery = 1s");
        w->n_configured = 3;
        (void)snprintf(expected[2].name, sizeof(expected[2].name), "e2");
        expected[2].configured = expected[2].mirrored = true;
        sandbox->mirrored = prod->mirrored = expected[3].mirrored = true;
        service_write_config(w);
        harness_service_reload(s);
        await_set(w);

        /* and without it, it is one of those that were discovered */
        w->n_configured = 2;
        (void)snprintf(expected[2].name, sizeof(expected[2].name), "base 2");
        expected[2].configured = false;
        service_write_config(w);
        harness_service_reload(s);
        await_set(w);

        /* renamed to what is excluded; a section may have no edge at all */
        configure(w, "enabled = yes\nevery = 1s\nexclude = x*");
        w->n_configured = 0;
        for (int i = 0; i < 2; i++) {
                char name[64];
                (void)snprintf(name, sizeof(name), "base %d", i);
                rename_edge(w, &expected[i], name, name);
                expected[i].configured = false;
        }
        rename_edge(w, prod, "x-rays", "x-rays");
        prod->mirrored = false;
        service_write_config(w);
        harness_service_reload(s);
        await_set(w);
        service_stop(w, 0);
}

/* `edgemirror sync` of one edge (NULL: of all) ends with that status, and says that. */
static void sync_by_hand(ServiceWorld *w, const char *edge, int status, const char *says)
{
        const char *arguments[] = {"-c", w->config, "sync", "--json", edge, NULL};
        int ended = harness_program(w->folder, arguments);
        char *out = harness_read(w->folder, "out"), *err = harness_read(w->folder, "err");
        if (ended != status || (!strstr(out, says) && !strstr(err, says)))
                fail_msg("exit status %d, without \"%s\": %s%s", ended, says, out, err);
        free(out);
        free(err);
}

static void what_was_discovered_is_synced_by_hand_too(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        w->n_configured = 0;
        rename_edge(w, &expected[0], "base 0", "base 0");
        rename_edge(w, &expected[1], "base 1", "base 1");
        expected[0].configured = expected[1].configured = false;
        configure(w, PATTERNS);
        sync_by_hand(w, NULL, 2, "and the service has discovered none yet; edgemirror -c ");
        static const char *const looks[] = {"status", "verify"};
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
                const char *const arguments[] = {"-c", w->config, looks[i], NULL};
                assert_int_equal(harness_program(w->folder, arguments), 0);
                char *out = harness_read(w->folder, "out");
                assert_non_null(strstr(out, "the mirror has no edges yet; edgemirror -c "));
                assert_non_null(strstr(out, " run discovers them\n"));
                free(out);
        }

        (void)service_start(w, 0);
        await_set(w);
        service_stop(w, 0);
        sync_by_hand(w, "base 2", 0, "\"edge\":\"base 2\"");
        sync_by_hand(w, w->edges[3], 0, "\"edge\":\"base 3\"");
        sync_by_hand(w, "base 9", 2, "no edge \"base 9\" in the configuration, and none that was");
        sync_by_hand(w, NULL, 0, "\"edge\":\"base 2\"");
        service_assert_mirror_equals_catalog(w, 0, 3);
        await_set(w); /* nothing was disabled by it */

        configure(w, "enabled = yes\nevery = 1s\nexclude = base 3");
        sync_by_hand(w, "base 3", 2, "no edge \"base 3\" in the configuration");
        configure(w, "enabled = no");
        sync_by_hand(w, "base 2", 78, "there is no edge to mirror");
}

/* What an edge is called of which no name is known. */
static void name_by_id(Expected *e)
{
        char id[sizeof(e->id)];
        memcpy(id, e->id, sizeof(id));
        (void)snprintf(e->name, sizeof(e->name), "edge-%.8s", id);
}

#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* What an edge is called is not what patterns choose by: neither a restart nor a reload, with
 * nothing but what the database keeps, changes the set. */
static void the_catalogs_names_are_kept(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        rename_edge(w, &expected[2], "SQL01\\\\HR", "SQL01/HR");
        rename_edge(w, &expected[3], expected[3].id, expected[3].id);
        for (int i = 4; i < 6; i++)
                name_by_id(add_edge(w, "edge", true));
        (void)add_edge(w, "own-00000006", true);
        (void)add_edge(w, "SQL01\\\\old", false);
        (void)add_edge(w, "own-" X40 X40 X40 "xxxxxxx-test", false); /* longer than edges' names */
        configure(w, "enabled = yes\nevery = 1s\ninclude = SQL01\\\\*, edge, own-*, "
                     "*-*-*-*-*\nexclude = *-test, *\\\\old");
        watch_disabling(w);
        HarnessService *s = service_start(w, 0);
        await_set(w);
        service_control(w, "/control/faults", "{\"kind\":\"connections\",\"status\":500}");
        harness_service_reload(s);
        assert_set_stays(w, "connections", 1);
        service_stop(w, 0);
        (void)service_start(w, 0);
        assert_set_stays(w, "connections", 1);
        sync_by_hand(w, "SQL01/HR", 0, "\"edge\":\"SQL01/HR\"");
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM public.disabled"), 0);

        /* the catalog's name alone is another one, which is chosen no more */
        no_faults(w);
        rename_edge(w, &expected[2], "SQL01/HR", "SQL01/HR");
        expected[2].mirrored = false;
        (void)service_start(w, 0);
        await_set(w);
        /* and again */
        rename_edge(w, &expected[2], "edge", "edge");
        expected[2].mirrored = true;
        name_by_id(&expected[2]);
        await_set(w);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE catalog_name = "
                                     "'edge'"),
                         3);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE catalog_name IS "
                                     "NOT NULL AND origin = 'configured'"),
                         0);
}

/* In the status, and for monitoring once it has lasted; the check fails. */
static void assert_says_discovery(ServiceWorld *w, const char *words)
{
        service_await_sql(w, "SELECT (waiting_for = 'discovery')::int FROM edgemirror.instance "
                             "WHERE stopped_at IS NULL");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "has waited "));
        assert_non_null(strstr(out, words));
        assert_non_null(strstr(out, "; it is asked again at "));
        free(out);
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET waiting_since = now() - interval "
                                 "'2 minutes' WHERE stopped_at IS NULL"));
        /* it stands, whatever signs of life come */
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE stopped_at IS NULL "
                             "AND seen_at > waiting_since + interval '2 minutes'");
        assert_int_equal(service_program(w, "status", "--check", NULL), 1);
        out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "waits for Edge connections to be discovered"));
        free(out);
        assert_int_not_equal(service_program(w, "check", NULL, NULL), 0);
        out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "FAILED  catalog"));
        free(out);
}

/* Where the list of rows is the source, it adds what has rows; without patterns alone. */
static void rows_tell_ids_where_nothing_chooses_by_name(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        service_control(w, "/control/settings", "{\"connections_status\":404}");
        for (int i = 2; i < 4; i++)
                name_by_id(&expected[i]);
        configure(w, "enabled = yes\nevery = 1s");
        HarnessService *s = service_start(w, 0);
        await_set(w);
        Expected *e = add_edge(w, "later", true);
        name_by_id(e);
        await_set(w);
        change_edge(w, e->id, "{\"gone\":true}");
        assert_set_stays(w, "connections", 4);
        service_stop(w, 0);

        /* names are known again, and are kept when they are not */
        change_edge(w, e->id, "{\"gone\":false}");
        service_control(w, "/control/settings", "{\"connections_status\":0}");
        s = service_start(w, 0);
        (void)snprintf(e->name, sizeof(e->name), "later");
        for (int i = 2; i < 4; i++)
                (void)snprintf(expected[i].name, sizeof(expected[i].name), "base %d", i);
        await_set(w);
        service_control(w, "/control/settings", "{\"connections_status\":404}");
        harness_service_await_log(s, "the Edge API cannot be read (HTTP 404)", 1);
        assert_set_stays(w, "connections", 3);
        service_await_sql(w, "SELECT (count(*) = 0)::int FROM edgemirror.instance WHERE "
                             "waiting_for IS NOT NULL");
        service_stop(w, 0);

        /* patterns cannot choose among what has no name, for good */
        configure(w, "enabled = yes\nevery = 1s\ninclude = base*");
        (void)service_start(w, 0);
        assert_says_discovery(w, "no Edge connection can be discovered: their database connections "
                                 "do not tell the names by which include and exclude choose");
        service_control(w, "/control/settings", "{\"connections_status\":0}");
        service_await_sql(w, "SELECT (count(*) = 0)::int FROM edgemirror.instance WHERE "
                             "waiting_for IS NOT NULL");
        service_stop(w, 0);
}

/* Without an edge there is nothing to probe the catalog with. */
static void credentials_that_are_refused_are_not_tried_again_and_again(void **state)
{
        ServiceWorld *w = *state;
        begin(w);
        w->n_configured = 0;
        write_password(w, "wrong");
        configure(w, "enabled = yes\nevery = 1s");
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await_log(s, "Edge connections cannot be discovered", 1);
        service_await_sql(w, "SELECT count(*) FROM pg_sleep(4)");
        assert_true(requests(w, "connections", -1, 401) <= 2);
        assert_int_equal(harness_service_logged(s, "cannot be discovered"), 1);
        service_await_sql(w, "SELECT (waiting_for = 'credentials')::int FROM edgemirror.instance");
        /* refused once more, the pause is a minute; another password is used long before */
        int before = requests(w, "connections", -1, 401);
        harness_service_reload(s);
        for (int i = 0; requests(w, "connections", -1, 401) == before; i++) {
                assert_true(i < LOOKS_MAX);
                pause_20_ms();
        }
        time_t begun = time(NULL);
        write_password(w, SECRET);
        service_await_sql(w, "SELECT (count(*) = 4)::int FROM edgemirror.edge WHERE enabled");
        assert_true(time(NULL) - begun < 30);
        service_await_sql(w, "SELECT (waiting_for IS NULL)::int FROM edgemirror.instance");
        service_stop(w, 0);
}

/* Whoever names Edge connections may give one the name by which another would be set aside. */
static void a_name_to_set_another_aside_by_may_be_taken(void **state)
{
        ServiceWorld *w = *state;
        char taken[64];
        begin(w);
        (void)snprintf(taken, sizeof(taken), "X0 (was %s)", expected[2].id);
        rename_edge(w, &expected[2], "X0", "X0");
        rename_edge(w, &expected[3], taken, taken);
        configure(w, "enabled = yes\nevery = 1s");
        service_start(w, 0);
        await_set(w);
        rename_edge(w, &expected[2], "foo", "foo");
        (void)add_edge(w, "X0", true);
        await_set(w);
        service_stop(w, 0);
}

/* Where the Edge API alone is of no use, syncs go on, and it is asked at its own pace. */
static void an_edge_api_of_no_use_stops_no_sync(void **state)
{
        static const char *const rules[] = {
                "{\"kind\":\"connections\",\"html\":true}",
                "{\"kind\":\"connections\",\"redirect\":\"https://idp.example/login\"}",
                "{\"kind\":\"connections\",\"status\":503,\"retry_after\":3600}",
        };
        ServiceWorld *w = *state;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
                begin(w);
                configure(w, "enabled = yes\nevery = 1s");
                service_control(w, "/control/log", "");
                service_control(w, "/control/faults", rules[i]);
                HarnessService *s = service_start(w, 0);
                harness_service_await_log(s, "Edge connections cannot be discovered", 1);
                make_due(w, 0, 1);
                harness_service_reload(s); /* which asks at once, too */
                service_await_sql(w, "SELECT (count(*) >= 2)::int FROM edgemirror.sync_run WHERE "
                                     "outcome = 'synced'");
                service_await_sql(w, "SELECT count(*) FROM pg_sleep(3)");
                assert_int_equal(harness_service_logged(s, "; edges wait"), 0);
                assert_int_equal(harness_service_logged(s, "cannot be discovered"), 1);
                assert_true(requests(w, "connections", -1, 0) <= (i < 2 ? 6 : 2));
                assert_says_discovery(w, "Edge connections to be discovered");
                service_stop(w, 0);
                service_control(w, "/control/faults", "");
                free(harness_sql(&w->pg, "TRUNCATE edgemirror.edge CASCADE"));
        }
}

static double seconds(void)
{
        struct timespec now;
        assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kib(const HarnessService *s)
{
        char path[64], line[256];
        long kib = 0;
        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f))
                if (strncmp(line, "VmHWM:", 6) == 0)
                        kib = strtol(line + 6, NULL, 10);
        (void)fclose(f);
        return kib;
}

static void ten_thousand_are_mirrored_soon_and_in_little_memory(void **state)
{
        ServiceWorld *w = *state;
        static const char *const arguments[] = {
                "--edges", "10000", "--rows", "0", "--auth", "basic:svc:" SECRET, NULL};
        harness_catalog_stop(&w->catalog);
        harness_catalog_start(&w->catalog, w->folder, arguments);
        (void)snprintf(w->url, sizeof(w->url), "%s", w->catalog.url);
        w->n_configured = 0;
        configure(w, "enabled = yes\nevery = 1h");
        double begun = seconds();
        HarnessService *s = service_begin(w, 0);
        service_await_sql(
                w, "SELECT (count(*) = 10000)::int FROM edgemirror.edge WHERE enabled AND origin "
                   "= 'discovered'");
        double took = seconds() - begun;
        print_message("# 10,000 Edge connections: %.2f s, %ld KiB\n", took, peak_kib(s));
#ifndef EDGEMIRROR_SANITIZERS
        assert_true(took < 5);
        assert_true(peak_kib(s) < 48 * 1024);
#endif
        service_stop(w, 0);
        s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await_log(s, "serving 10000 edges as", 1);
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_right_set_is_mirrored_after_each_step, few_edges),
                cmocka_unit_test_setup(nothing_is_disabled_without_the_catalogs_word, few_edges),
                cmocka_unit_test_setup(the_configuration_decides_what_is_wanted, few_edges),
                cmocka_unit_test_setup(what_was_discovered_is_synced_by_hand_too, few_edges),
                cmocka_unit_test_setup(the_catalogs_names_are_kept, few_edges),
                cmocka_unit_test_setup(rows_tell_ids_where_nothing_chooses_by_name, few_edges),
                cmocka_unit_test_setup(credentials_that_are_refused_are_not_tried_again_and_again,
                                       few_edges),
                cmocka_unit_test_setup(a_name_to_set_another_aside_by_may_be_taken, few_edges),
                cmocka_unit_test_setup(an_edge_api_of_no_use_stops_no_sync, few_edges),
                cmocka_unit_test_setup(ten_thousand_are_mirrored_soon_and_in_little_memory,
                                       few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
