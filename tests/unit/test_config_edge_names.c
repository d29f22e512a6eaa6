/*
 * edge_names: such as a section may have, each once, and the same whatever the order.
 */
#include "config/edge_names.h"
#include "unit/config_files.h"

#define ID(digits) digits "-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define X10        "xxxxxxxxxx"
#define X120       X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

typedef struct Wanted {
        const char *id, *wanted, *name;
} Wanted;

/* Also backwards. */
static void names_are(const Config *config, const Wanted *cases, size_t n)
{
        EdgeName names[8];
        for (int backwards = 0; backwards < 2; backwards++) {
                for (size_t i = 0; i < n; i++) {
                        const Wanted *c = &cases[backwards ? n - 1 - i : i];
                        names[i] = (EdgeName){.wanted = c->wanted};
                        assert_int_equal(uuid_parse(c->id, &names[i].id), 0);
                }
                assert_int_equal(edge_names_make(config, names, n), 0);
                for (size_t i = 0; i < n; i++)
                        assert_string_equal(names[i].name, cases[backwards ? n - 1 - i : i].name);
        }
}

static void names_are_the_catalogs_and_unique(void **state)
{
        (void)state;
        files_write("t.conf", VALID "[edge \"sales\"]\nid = " UUID_B "\n");
        Config *config = assert_loaded("t.conf");
        static const Wanted groups[][3] = {
                {{ID("00000001"), "hr", "hr"}, {ID("00000002"), "Größe 1", "Größe 1"}},
                {{ID("00000001"), "hr", "hr-00000001"}, {ID("00000002"), "hr", "hr-00000002"}},
                /* a section has it */
                {{ID("00000001"), "sales", "sales-00000001"}},
                /* what would be made is there already */
                {{ID("00000001"), "hr", ID("00000001")},
                 {ID("00000002"), "hr", "hr-00000002"},
                 {ID("00000003"), "hr-00000001", ID("00000003")}},
                /* no name, or one that means another edge */
                {{ID("00000001"), "", "edge-00000001"},
                 {ID("00000002"), ID("00000009"), "edge-00000002"},
                 {ID("00000003"), ID("00000003"), ID("00000003")}},
                {{ID("00000001"), UUID_A, "edge-00000001"}},
                {{ID("00000001"), " \"a\\b\" ", "'a/b'"}, {ID("00000002"), "c;d]", "c;d]"}},
                {{ID("00000001"), X120 "yyyyyyyy", X120 "yyyyyyyy"}},
                {{ID("00000001"), X120 "yyyyyyyy",
                  "xxxxxxxxx" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "-00000001"},
                 {ID("00000002"), X120 "yyyyyyyy",
                  "xxxxxxxxx" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "-00000002"}},
        };
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
                size_t n = 0;
                while (n < 3 && groups[i][n].id)
                        n++;
                names_are(config, groups[i], n);
        }
        (void)config_free(config);
}

/* Whatever the catalog calls them, the sections are accepted. */
static void every_name_is_one_that_a_section_may_have(void **state)
{
        (void)state;
        static const char *const wanted[] = {
                "a",        "a",          "\"",           "]",
                ";x",       "# x",        "a = b",        "[edge \"x\"]",
                "\\x1b[2J", "\\",         "\xe2\x80\xa6", "é",
                "a",        "sales",      UUID_B,         " x ",
                "catalog",  "a-00000001",
        };
        EdgeName names[ARRAY_SIZE(wanted)];
        files_write("t.conf", VALID "[edge \"sales\"]\nid = " UUID_B "\n");
        Config *config = assert_loaded("t.conf");
        _cleanup_(text_done) Text text = {0};
        assert_int_equal(text_append_string(&text, VALID "[edge \"sales\"]\nid = " UUID_B "\n"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                char id[64];
                (void)snprintf(id, sizeof(id), "%08zx%s", i + 1, &UUID_A[8]);
                names[i] = (EdgeName){.wanted = wanted[i]};
                assert_int_equal(uuid_parse(id, &names[i].id), 0);
        }
        assert_int_equal(edge_names_make(config, names, ARRAY_SIZE(wanted)), 0);
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                char id[UUID_STRING_SIZE];
                assert_int_equal(text_printf(&text, "[edge \"%s\"]\nid = %s\n", names[i].name,
                                             uuid_format(&names[i].id, id)),
                                 0);
        }
        (void)config_free(config);
        files_write("t.conf", text.data);
        config = assert_loaded("t.conf");
        assert_int_equal(config->n_edges, 2 + ARRAY_SIZE(wanted));
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
                assert_string_equal(config_find_edge_by_id(config, &names[i].id)->name,
                                    names[i].name);
        (void)config_free(config);
}

static void patterns_choose_by_name(void **state)
{
        (void)state;
        static const struct {
                const char *include, *exclude, *name;
                bool wanted;
        } cases[] = {
                {"*", NULL, "a", true},
                {"*", NULL, "", true}, /* its name is not known */
                {"*", "x", "", false},
                {"a*", NULL, "", false},
                {"a*", NULL, "ab", true},
                {"a*", NULL, "ba", false},
                {"a*,  b? ,c", NULL, "b1", true},
                {"a*,  b? ,c", NULL, "c", true},
                {"a*,  b? ,c", NULL, "b12", false},
                {",,", NULL, "a", false},
                {"[a-c]*", NULL, "b", true},
                {"[a-c]*", NULL, "d", false},
                {"*", "*-test, sandbox*", "sandbox 1", false},
                {"*", "*-test, sandbox*", "hr-test", false},
                {"*", "*-test, sandbox*", "hr", true},
                {"hr", "hr", "hr", false},
                {"*", NULL, "a/b", true},
                {"Größ*", NULL, "Größe", true},
                {"caf?", NULL, "café", true},
                {"caf[èé]", NULL, "café", true},
                {"*", "caf?", "café", false},
                {"a\t,b", NULL, "a", true},
                {"*", "sandbox*\t, x", "sandbox 1", false},
                {"*", "*-test", X120 "yyyyyyyyyy-test", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const ConfigDiscover discover = {.include = (char *)(uintptr_t)cases[i].include,
                                                 .exclude = (char *)(uintptr_t)cases[i].exclude};
                if (edge_name_is_wanted(&discover, cases[i].name) != cases[i].wanted)
                        fail_msg("%s, %s: %s", cases[i].include,
                                 cases[i].exclude ? cases[i].exclude : "-", cases[i].name);
        }
}

static void discovering_needs_no_section_of_an_edge(void **state)
{
        (void)state;
        files_write("t.conf", CATALOG POSTGRES
                    "[defaults]\nschedule = daily\n[discover]\nenabled = yes\nexclude = a, b*\n");
        Config *config = assert_loaded("t.conf");
        assert_int_equal(config->n_edges, 0);
        assert_true(config->discover.enabled);
        assert_string_equal(config->discover.include, "*");
        assert_string_equal(config->discover.exclude, "a, b*");
        assert_string_equal(config->defaults.schedule_text, "daily");
        (void)config_free(config);
}

static void a_configuration_without_edges_is_fine_for_discover_alone(void **state)
{
        (void)state;
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;
        files_write("t.conf", CATALOG POSTGRES);
        assert_refused("t.conf", -EINVAL,
                       "t.conf:1: there is no edge to mirror; accepted: at least one section [edge "
                       "\"NAME\"], or enabled = yes in [discover]\n");
        assert_int_equal(config_load_for_discover("t.conf", &config, &errors), 0);
        assert_int_equal(config->n_edges, 0);
        (void)config_free(config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(names_are_the_catalogs_and_unique, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(every_name_is_one_that_a_section_may_have,
                                                files_setup, files_teardown),
                cmocka_unit_test(patterns_choose_by_name),
                cmocka_unit_test_setup_teardown(discovering_needs_no_section_of_an_edge,
                                                files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(
                        a_configuration_without_edges_is_fine_for_discover_alone, files_setup,
                        files_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
