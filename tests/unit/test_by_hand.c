/*
 * What is advised to whom systemd has passed no credential: a command that has the secrets, the
 * configuration and the variables of this one, and no other catalog's.
 */
#include "cli/by_hand.h"
#include "config/variables.h"
#include "unit/config_files.h"
#include <limits.h>

#define RUN "systemd-run --quiet --collect --wait --pty --pipe -p User=edgemirror "

static char catalog_password[] = "credential:catalog", path[] = "/etc/secret",
            postgres_password[] = "credential:postgres", odd[] = "credential:a b",
            cert[] = "credential:cert", key[] = "credential:key", proxy[] = "credential:proxy",
            notify[] = "credential:notify";

static Config config_of(char *catalog_file, char *postgres_file)
{
        return (Config){.catalog = {.auth = CONFIG_AUTH_BASIC, .password_file = catalog_file},
                        .postgres = {.password_file = postgres_file}};
}

static void assert_command(const Config *config, const char *file, bool variables,
                           const char *expected)
{
        _cleanup_(text_done) Text command = {0};
        assert_int_equal(by_hand_command(&command, config, file, variables), 0);
        assert_string_equal(command.data, expected);
}

static void assert_advised(const Config *config, const char *file, const char *expected)
{
        assert_command(config, file, true, expected);
}

static void each_credential_of_the_configuration_is_passed(void **state)
{
        (void)state;
        Config both = config_of(catalog_password, postgres_password),
               one = config_of(path, postgres_password), none = config_of(odd, NULL), all = both;
        all.catalog.cert_file = cert;
        all.catalog.key_file = key;
        all.catalog.proxy_password_file = proxy;
        all.notify.url_file = notify;
        assert_advised(&both, NULL,
                       RUN "-p LoadCredential=catalog:edgemirror.catalog -p "
                           "LoadCredential=postgres:edgemirror.postgres edgemirror COMMAND");
        assert_advised(&one, CONFIG_DEFAULT_FILE,
                       RUN "-p LoadCredential=postgres:edgemirror.postgres edgemirror COMMAND");
        assert_advised(&none, NULL,
                       RUN "-p 'LoadCredential=a b:edgemirror.a b' edgemirror COMMAND");
        assert_advised(&all, NULL,
                       RUN "-p LoadCredential=catalog:edgemirror.catalog -p "
                           "LoadCredential=cert:edgemirror.cert -p "
                           "LoadCredential=key:edgemirror.key -p "
                           "LoadCredential=proxy:edgemirror.proxy -p "
                           "LoadCredential=postgres:edgemirror.postgres -p "
                           "LoadCredential=notify:edgemirror.notify edgemirror COMMAND");
}

static void another_configuration_has_secrets_of_its_own(void **state)
{
        (void)state;
        Config config = config_of(catalog_password, NULL);
        static const char *const elsewhere[] = {"/srv/acme.conf", SYSCONFDIR "/edgemirror/a/b.conf",
                                                SYSCONFDIR "/edgemirror/.conf",
                                                SYSCONFDIR "/edgemirror/acme"};
        assert_advised(&config, SYSCONFDIR "/edgemirror/acme.conf",
                       RUN
                       "-p LoadCredential=catalog:edgemirror.acme.catalog edgemirror -c " SYSCONFDIR
                       "/edgemirror/acme.conf COMMAND");
        for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
                char command[512];
                (void)snprintf(command, sizeof(command),
                               RUN "-p LoadCredential=catalog:PATH edgemirror -c %s COMMAND",
                               elsewhere[i]);
                assert_advised(&config, elsewhere[i], command);
        }
}

/* systemd-run starts in another directory, and a link has other files beside it than its target. */
static void a_configuration_is_named_from_the_root(void **state)
{
        Config config = config_of(path, NULL);
        char command[PATH_MAX + 256];
        assert_int_equal(symlink("target.conf", "link.conf"), 0);
        (void)snprintf(command, sizeof(command), RUN "edgemirror -c %s/link.conf COMMAND",
                       (const char *)*state);
        assert_advised(&config, "link.conf", command);
}

/* systemd-run passes on what it is told to: without that, another database would be used. The
 * shell that the command is given to may have none of them. */
static void variables_that_decide_are_passed_with_their_values(void **state)
{
        (void)state;
        static const char *const names[] = {"EDGEMIRROR_POSTGRES_CONNINFO",
                                            "EDGEMIRROR_DAEMON_INSTANCE",
                                            "EDGEMIRROR_TOKEN",
                                            "EDGEMIRROR_CATALOG_PASSWORD",
                                            "PGDATABASE",
                                            "PGSERVICEFILE",
                                            "PGPASSWORD",
                                            "PGADMIN_DEFAULT_PASSWORD"},
                                 *const values[] = {"host=bi.example dbname='b i'",
                                                    "",
                                                    "hunter2",
                                                    "hunter2",
                                                    "bi2",
                                                    "/etc/services of bi",
                                                    "hunter2",
                                                    "hunter2"};
        Config config = config_of(path, postgres_password);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_int_equal(setenv(names[i], values[i], 1), 0);
        assert_advised(&config, NULL,
                       RUN "-p LoadCredential=postgres:edgemirror.postgres "
                           "--setenv='EDGEMIRROR_POSTGRES_CONNINFO=host=bi.example "
                           "dbname='\\''b i'\\''' --setenv=PGDATABASE=bi2 "
                           "--setenv='PGSERVICEFILE=/etc/services of bi' edgemirror COMMAND");
        assert_command(&config, NULL, false,
                       RUN "-p LoadCredential=postgres:edgemirror.postgres edgemirror COMMAND");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_int_equal(unsetenv(names[i]), 0);
}

/* For init, which tries what it writes: the service will have none of them. */
static void what_is_set_elsewhere_is_forgotten(void **state)
{
        (void)state;
        static const char *const names[] = {"PGHOST",
                                            "PGPASSWORD",
                                            "PGPASSFILE",
                                            "PGSERVICEFILE",
                                            "EDGEMIRROR_CATALOG_URL",
                                            "EDGEMIRROR_CATALOG_PASSWORD"};
        _cleanup_(text_done) Text said = {0};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_int_equal(setenv(names[i], "hunter2", 1), 0);
        assert_int_equal(setenv("PGPORT", "", 1), 0);
        assert_int_equal(variables_forget(&said, ", "), 0);
        assert_string_equal(getenv("PGPASSFILE"), "/nonexistent"); /* and not ~/.pgpass */
        assert_int_equal(unsetenv("PGPASSFILE"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_non_null(strstr(said.data, names[i]));
                assert_null(getenv(names[i]));
        }
        assert_null(getenv("PGPORT"));
        assert_null(strstr(said.data, "PGPORT")); /* it said nothing */
        assert_null(strstr(said.data, "hunter2"));
}

/* Those of whoever runs the tests would be advised as well. */
static int forget_variables(void **state)
{
        (void)state;
        for (char **v = environ; *v;) {
                char name[256];
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*v, "="), *v);
                if (strncmp(name, "EDGEMIRROR_", strlen("EDGEMIRROR_")) == 0 ||
                    strncmp(name, "PG", 2) == 0)
                        assert_int_equal(unsetenv(name), 0); /* the next one is in its place */
                else
                        v++;
        }
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_credential_of_the_configuration_is_passed),
                cmocka_unit_test(another_configuration_has_secrets_of_its_own),
                cmocka_unit_test_setup_teardown(a_configuration_is_named_from_the_root, files_setup,
                                                files_teardown),
                cmocka_unit_test(what_is_set_elsewhere_is_forgotten),
                cmocka_unit_test(variables_that_decide_are_passed_with_their_values),
        };
        return cmocka_run_group_tests(tests, forget_variables, NULL);
}
