/*
 * config: variables of the environment, after the files: EDGEMIRROR_SECTION_KEY for every key of
 * the sections without a name. What is wrong with one names it.
 */
#include "unit/config_files.h"

static void a_variable_overrides_the_files(void **state)
{
        (void)state;
        files_write("t.conf", VALID);
        files_write("t.conf.d/1.conf", "[catalog]\nmax_requests = 3\n");
        setenv("EDGEMIRROR_CATALOG_URL", "https://other.example/gw", 1);
        setenv("EDGEMIRROR_CATALOG_MAX_REQUESTS", "5", 1);
        setenv("EDGEMIRROR_CATALOG_PASSWORD_FILE", "/run/secrets/catalog", 1);
        setenv("EDGEMIRROR_POSTGRES_CONNINFO", "host=/run dbname=y", 1);
        setenv("EDGEMIRROR_DAEMON_INSTANCE", "pod-1", 1);
        setenv("EDGEMIRROR_DEFAULTS_PAGE_SIZE", "77", 1);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_string_equal(c->catalog.url, "https://other.example/gw");
        assert_int_equal(c->catalog.max_requests, 5);
        assert_string_equal(c->catalog.password_file, "/run/secrets/catalog");
        assert_string_equal(c->postgres.conninfo, "host=/run dbname=y");
        assert_string_equal(c->daemon.instance, "pod-1");
        assert_int_equal(c->edges[0].settings.page_size, 77);
}

/* What a file lacks may stand there; what is for a method that is not in use may not. */
static void a_variable_counts_as_a_key(void **state)
{
        (void)state;
        files_write("t.conf", "[catalog]\nurl = https://c.example\n" POSTGRES EDGE);
        setenv("EDGEMIRROR_CATALOG_AUTH", "bearer", 1);
        setenv("EDGEMIRROR_CATALOG_TOKEN_FILE", "credential:token", 1);
        setenv("EDGEMIRROR_CATALOG_PROXY", "http://proxy.example:3128", 1);
        setenv("EDGEMIRROR_CATALOG_CA_FILE", "", 1); /* as if it were not there */
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->catalog.auth, CONFIG_AUTH_BEARER);
        assert_string_equal(c->catalog.token_file, "credential:token");
        assert_string_equal(c->catalog.proxy, "http://proxy.example:3128");
        assert_null(c->catalog.ca_file);
        setenv("EDGEMIRROR_CATALOG_USERNAME", "u", 1);
        assert_refused("t.conf", -EINVAL,
                       "EDGEMIRROR_CATALOG_USERNAME: username has no effect with auth = "
                       "bearer; accepted: only with auth = basic\n");
}

static void what_is_wrong_names_the_variable(void **state)
{
        (void)state;
        static const struct {
                const char *name, *value, *error;
        } cases[] = {
                {"EDGEMIRROR_CATALOG_URL", "http://c.example",
                 "url: http would send the password in the clear to another machine; accepted: "
                 "https://HOST, or http to a loopback address (127.0.0.0/8, [::1], localhost)"},
                {"EDGEMIRROR_CATALOG_URI", "https://c.example",
                 "unknown key \"uri\" in [catalog]; did you mean \"url\"?"},
                {"EDGEMIRROR_DAEMON_PAGE_SIZE", "5",
                 "\"page_size\" does not stand in [daemon]; accepted: in [defaults]"},
                {"EDGEMIRROR_CATALOG_PASSWORD", "hunter2",
                 "password: a secret does not belong here; write it to a file of its own and name "
                 "that with password_file; accepted: password_file = /absolute/path or "
                 "credential:NAME"},
                {"EDGEMIRROR_DAEMON_MAX_SYNCS", "many",
                 "max_syncs = many: not a whole number; accepted: a whole number from 1 to 10000"},
                {"EDGEMIRROR_DAEMON_INSTANCE", "a\nb",
                 "instance: too long, or a character that is not visible; accepted: a line of "
                 "UTF-8 "
                 "text of at most 4096 bytes"},
        };
        files_write("t.conf", VALID);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char expected[512];
                (void)snprintf(expected, sizeof(expected), "%s: %s\n", cases[i].name,
                               cases[i].error);
                assert_int_equal(setenv(cases[i].name, cases[i].value, 1), 0);
                assert_refused("t.conf", -EINVAL, expected);
                assert_int_equal(unsetenv(cases[i].name), 0);
        }
}

/* Of other programs, of the tests, of Services that Kubernetes tells of: no concern of ours. */
static void other_variables_are_none_of_ours(void **state)
{
        (void)state;
        static const char *const names[] = {
                "EDGEMIRROR_CATALOG_SERVICE_HOST",
                "EDGEMIRROR_CATALOG_PORT",
                "EDGEMIRROR_CATALOG_PORT_443_TCP",
                "EDGEMIRROR_POSTGRES_RW_SERVICE_HOST",
                "EDGEMIRROR_POSTGRES_RW_SERVICE_PORT",
                "EDGEMIRROR_POSTGRES_RW_SERVICE_PORT_POSTGRES",
                "EDGEMIRROR_POSTGRES_RW_PORT",
                "EDGEMIRROR_POSTGRES_RW_PORT_5432_TCP_ADDR",
                "EDGEMIRROR_SOMETHING_ELSE",
                "EDGEMIRROR_CATALOGUE_URL",
                "EDGEMIRROR_EDGE_ID",
                "edgemirror_catalog_url",
                "CATALOG_URL",
                "EDGEMIRROR_",
                "EDGEMIRROR_CATALOG",
        };
        files_write("t.conf", VALID);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_int_equal(setenv(names[i], "x", 1), 0);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_string_equal(c->catalog.url, "https://c.example");
}

/* Each test begins without any of ours. */
static int setup(void **state)
{
        for (char **entry = environ; *entry;) {
                char name[128];
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*entry, "="), *entry);
                if (strncmp(name, "EDGEMIRROR_", strlen("EDGEMIRROR_")) != 0)
                        entry++;
                else if (unsetenv(name) < 0) /* the next one is in its place */
                        return -1;
        }
        return files_setup(state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_variable_overrides_the_files, setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(a_variable_counts_as_a_key, setup, files_teardown),
                cmocka_unit_test_setup_teardown(what_is_wrong_names_the_variable, setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(other_variables_are_none_of_ours, setup,
                                                files_teardown),
        };
        return cmocka_run_group_tests_name("config_environment", tests, NULL, NULL);
}
