/*
 * edges: what was discovered, and vanishes, and is there again.
 */
#include "daemon/edges.h"
#include "unit/config_files.h"
#include <time.h>

enum { MANY = 50000 };

/* Other ones for each `salt`, in order of id. */
static EdgeItem *items_new(size_t n, uint8_t salt)
{
        EdgeItem *items = calloc(n, sizeof(*items));
        assert_non_null(items);
        for (size_t i = 0; i < n; i++) {
                items[i].id.bytes[0] = salt;
                for (int k = 0; k < 4; k++)
                        items[i].id.bytes[15 - k] = (uint8_t)(i >> (8 * k));
                (void)snprintf(items[i].name, sizeof(items[i].name), "%u %zu", salt, i);
        }
        return items;
}

static double seconds(void)
{
        struct timespec now;
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void many_vanish_and_are_there_again(void **state)
{
        (void)state;
        EdgeSet s = {0};
        Discovered none = {.source = DISCOVER_EDGE_API, .whole = true};
        Discovered a = none, b = none;
        _cleanup_(cleanup_free) EdgeItem *first = items_new(MANY, 1), *others = items_new(MANY, 2);
        _cleanup_(cleanup_free) Uuid *ids = calloc(MANY, sizeof(*ids));
        files_write("t.conf",
                    CATALOG POSTGRES "[defaults]\nschedule = daily\n[discover]\nenabled = yes\n");
        Config *config = assert_loaded("t.conf");
        a.edges = first;
        b.edges = others;
        a.n_edges = b.n_edges = MANY;
        for (size_t i = 0; i < MANY; i++)
                ids[i] = first[i].id;
        assert_int_equal(edges_configure(&s, config), 0);
        assert_int_equal(edges_update(&s, &a, NULL, 0), 1);
        double begun = seconds();
        /* the later half first, so that they are not given in order */
        assert_int_equal(edges_update(&s, NULL, ids + MANY / 2, MANY / 2), 1);
        assert_int_equal(edges_update(&s, NULL, ids, MANY / 2), 1);
        assert_int_equal(edges_count(&s), 0);
        assert_int_equal(edges_update(&s, &b, NULL, 0), 1);
        assert_int_equal(edges_count(&s), MANY);

        /* not taken from the database, before an answer shows them */
        _cleanup_(cleanup_free) MirrorDiscovered *known = calloc(MANY, sizeof(*known));
        for (size_t i = 0; i < MANY; i++)
                known[i] = (MirrorDiscovered){.id = ids[i], .catalog_name = first[i].name};
        edges_registered(&s);
        assert_int_equal(edges_load(&s, known, MANY), 0);
        assert_int_equal(edges_count(&s), MANY);
        a.n_edges = 7;
        assert_int_equal(edges_update(&s, &a, NULL, 0), 1);
        edges_registered(&s);
        assert_int_equal(edges_load(&s, known, MANY), 0);
        assert_int_equal(edges_count(&s), MANY + 7);
        assert_null(edges_find(&s, &ids[7]));
        assert_true(seconds() - begun < 10); /* half a second, and more with sanitizers */
        edges_done(&s);
        (void)config_free(config);
}

/* Those of another are not its own: they would take names, be registered and be synced there. */
static void what_a_catalog_has_stays_there(void **state)
{
        (void)state;
        EdgeSet s = {0};
        _cleanup_(cleanup_free) EdgeItem *items = items_new(3, 1);
        const Discovered answer = {
                .source = DISCOVER_EDGE_API, .whole = true, .edges = items, .n_edges = 3};
        files_write("a.conf", CATALOG POSTGRES "[discover]\nenabled = yes\n");
        files_write("b.conf", "[catalog]\nurl = https://b.example\nusername = u\n"
                              "password_file = /p\n" POSTGRES "[discover]\nenabled = yes\n");
        Config *a = assert_loaded("a.conf"), *again = assert_loaded("a.conf"),
               *b = assert_loaded("b.conf");
        assert_int_equal(edges_configure(&s, a), 0);
        assert_int_equal(edges_update(&s, &answer, NULL, 0), 1);
        assert_int_equal(edges_update(&s, NULL, &items[2].id, 1), 1);
        assert_int_equal(edges_configure(&s, again), 0);
        assert_int_equal(edges_count(&s), 2);

        /* and what is registered there counts, at once */
        const MirrorDiscovered known = {.id = items[2].id, .catalog_name = items[2].name};
        assert_int_equal(edges_configure(&s, b), 0);
        assert_int_equal(edges_count(&s), 0);
        assert_int_equal(edges_load(&s, &known, 1), 0);
        assert_non_null(edges_find(&s, &items[2].id));
        edges_done(&s);
        (void)config_free(a);
        (void)config_free(again);
        (void)config_free(b);
}

/* Else they would be registered as disabled: the catalog may be away. */
static void what_the_database_keeps_comes_back_after_a_reload(void **state)
{
        (void)state;
        EdgeSet s = {0};
        _cleanup_(cleanup_free) EdgeItem *items = items_new(3, 1);
        Discovered answer = {
                .source = DISCOVER_EDGE_API, .whole = true, .edges = items, .n_edges = 2};
        files_write("all.conf", CATALOG POSTGRES "[discover]\nenabled = yes\n");
        files_write("none.conf", CATALOG POSTGRES "[discover]\nenabled = yes\ninclude = zzz*\n");
        Config *all = assert_loaded("all.conf"), *none = assert_loaded("none.conf");
        const MirrorDiscovered known[] = {{.id = items[0].id, .catalog_name = items[0].name},
                                          {.id = items[1].id, .catalog_name = items[1].name}};
        assert_int_equal(edges_configure(&s, all), 0);
        assert_int_equal(edges_update(&s, &answer, NULL, 0), 1);
        edges_registered(&s);

        /* one more is found, and is not registered yet */
        answer.n_edges = 3;
        assert_int_equal(edges_update(&s, &answer, NULL, 0), 1);
        assert_int_equal(edges_configure(&s, none), 0);
        assert_int_equal(edges_configure(&s, all), 0);
        assert_int_equal(edges_load(&s, known, 2), 0);
        assert_int_equal(edges_count(&s), 2);
        edges_done(&s);
        (void)config_free(all);
        (void)config_free(none);
}

/* Those of the configuration first, and as such. */
static void each_edge_is_registered_as_what_it_is_and_has_its_turn(void **state)
{
        (void)state;
        EdgeSet s = {0};
        _cleanup_(cleanup_free) EdgeItem *items = items_new(2, 1);
        _cleanup_(cleanup_free) MirrorEdge *edges = NULL;
        const Discovered answer = {
                .source = DISCOVER_EDGE_API, .whole = true, .edges = items, .n_edges = 2};
        files_write("t.conf", CATALOG POSTGRES
                    "[defaults]\nschedule = daily\n[discover]\nenabled = yes\n"
                    "[edge \"west\"]\nid = 5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10\n");
        Config *config = assert_loaded("t.conf");
        assert_int_equal(edges_configure(&s, config), 0);
        assert_int_equal(edges_update(&s, &answer, NULL, 0), 1);
        assert_int_equal(edges_to_register(&s, 0, &edges), 0);
        assert_int_equal(edges_count(&s), 3);
        assert_string_equal(edges[0].name, "west");
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(edges[i].discovered, i > 0);

        assert_memory_equal(&edges_next(&s)->id, &edges[0].id, sizeof(Uuid));
        edges_pass(&s, &edges[1].id);
        assert_memory_equal(&edges_next(&s)->id, &edges[2].id, sizeof(Uuid));
        edges_pass(&s, &edges[1].id); /* whose turn it is not */
        assert_memory_equal(&edges_next(&s)->id, &edges[0].id, sizeof(Uuid));
        edges_done(&s);
        (void)config_free(config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(many_vanish_and_are_there_again, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(what_a_catalog_has_stays_there, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(
                        each_edge_is_registered_as_what_it_is_and_has_its_turn, files_setup,
                        files_teardown),
                cmocka_unit_test_setup_teardown(what_the_database_keeps_comes_back_after_a_reload,
                                                files_setup, files_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
