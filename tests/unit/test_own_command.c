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
        assert_own(NULL, "edgemirror");
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
                cmocka_unit_test(a_page_advises_commands_with_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
