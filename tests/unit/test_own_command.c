/*
 * Commands that are advised act on the catalog of the configuration that this one was given.
 */
#include "base/own_command.h"
#include "unit/config_files.h"
#include "web/page.h"
#include <limits.h>

static void assert_own(const char *config_file, const char *expected)
{
        own_command_set(config_file);
        assert_string_equal(own_command(), expected);
}

static void a_configuration_that_is_not_the_default_is_named(void **state)
{
        const char *folder = *state;
        char expected[PATH_MAX], name[OWN_COMMAND_BYTES];
        assert_string_equal(own_command(), "edgemirror");
        assert_own("/etc/edgemirror/acme.conf", "edgemirror -c /etc/edgemirror/acme.conf");
        assert_own("/srv/a b.conf", "edgemirror -c '/srv/a b.conf'");
        (void)snprintf(expected, sizeof(expected), "edgemirror -c %s/a.conf", folder);
        assert_own("a.conf", expected);
        (void)snprintf(name, sizeof(name), "/%0*d", OWN_COMMAND_BYTES - 2, 0);
        assert_own(name, "edgemirror -c FILE");
        assert_own("/srv/\033[2J.conf", "edgemirror -c FILE");
        /* messages would make one blank of both */
        assert_own("/srv/a  b.conf", "edgemirror -c FILE");
        assert_own(NULL, "edgemirror");
}

/* By variables that are not said, another database would be used. */
static void variables_stand_before_it_or_no_shell_runs_it(void **state)
{
        (void)state;
        char words[OWN_COMMAND_BYTES], name[OWN_COMMAND_BYTES], expected[2 * OWN_COMMAND_BYTES];
        own_command_set("/srv/acme.conf");
        own_command_add_variables(" 'A=b c' PGHOST=db");
        assert_string_equal(own_command(), "env 'A=b c' PGHOST=db edgemirror -c /srv/acme.conf");
        static const char *const odd[] = {" 'A=b  c'", " 'A=\033[2J'", " 'A=b\nc'"};
        for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
                own_command_set("/srv/acme.conf");
                own_command_add_variables(odd[i]);
                assert_string_equal(own_command(), "… edgemirror -c /srv/acme.conf");
        }
        const int room = OWN_COMMAND_BYTES - 1 - (int)strlen("env =1 edgemirror ");
        for (int more = 0; more < 2; more++) {
                (void)snprintf(words, sizeof(words), " %0*d=1", room + more + 1, 0);
                own_command_set(NULL);
                own_command_add_variables(words);
                (void)snprintf(expected, sizeof(expected), "env%s edgemirror", words);
                assert_string_equal(own_command(), more ? "… edgemirror" : expected);
        }
        /* the longest name that is said */
        (void)snprintf(name, sizeof(name), "/%0*d",
                       OWN_COMMAND_BYTES - 2 - (int)strlen("… edgemirror -c "), 0);
        own_command_set(name);
        own_command_add_variables(words);
        (void)snprintf(expected, sizeof(expected), "… edgemirror -c %s", name);
        assert_string_equal(own_command(), expected);
        own_command_set(NULL);
}

/* Both are taken for an edge; nothing has to be quoted. */
static void an_edge_is_named_where_a_shell_takes_its_name(void **state)
{
        (void)state;
        static const Uuid id = {.bytes = {0xab, [15] = 7}};
        static const char shown[] = "ab000000-0000-0000-0000-000000000007";
        static const char *const names[][2] = {{"oracle-prod_1.x", "oracle-prod_1.x"},
                                               {NULL, shown},
                                               {"", shown},
                                               {"two words", shown},
                                               {"-v", shown},
                                               {"a;b", shown},
                                               {"it's", shown},
                                               {"größe", shown}};
        char text[UUID_STRING_SIZE];
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_string_equal(own_edge_argument(names[i][0], &id, text), names[i][1]);
}

static void a_page_advises_commands_with_it(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        own_command_set("/srv/acme.conf");
        page_put_advice(&h, "Try `edgemirror sync --full %s`.", "e1");
        own_command_set(NULL);
        assert_non_null(
                strstr(h.text.data, "<code>edgemirror -c /srv/acme.conf sync --full e1</code>."));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_configuration_that_is_not_the_default_is_named,
                                                files_setup, files_teardown),
                cmocka_unit_test(variables_stand_before_it_or_no_shell_runs_it),
                cmocka_unit_test(an_edge_is_named_where_a_shell_takes_its_name),
                cmocka_unit_test(a_page_advises_commands_with_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
