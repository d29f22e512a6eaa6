/*
 * What is advised to whom systemd has passed no credential: a command that has the secrets, the
 * configuration and the variables of this one, and no other catalog's.
 */
#include "cli/by_hand.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RUN                                                                                        \
        "; by hand, as root: systemd-run --quiet --collect --wait --pty --pipe -p "                \
        "User=edgemirror "

static char catalog_password[] = "credential:catalog", path[] = "/etc/secret",
            postgres_password[] = "credential:postgres", odd[] = "credential:a b";

static Config config_of(char *catalog_file, char *postgres_file)
{
        return (Config){.catalog = {.auth = CONFIG_AUTH_BASIC, .password_file = catalog_file},
                        .postgres = {.password_file = postgres_file}};
}

static void assert_advised(const Config *config, const char *file, const char *advice)
{
        Fault fault;
        (void)fault_set(&fault, FAULT_PROCESS, ENOENT, CODE_SECRET_NO_CREDENTIALS, "none");
        by_hand_advise(&fault, config, file);
        assert_memory_equal(fault.message, "none", 4);
        assert_string_equal(fault.message + 4, advice);
}

static void each_credential_of_the_configuration_is_passed(void **state)
{
        (void)state;
        Config both = config_of(catalog_password, postgres_password),
               one = config_of(path, postgres_password), none = config_of(odd, NULL);
        assert_advised(&both, NULL,
                       RUN "-p LoadCredential=catalog:edgemirror.catalog -p "
                           "LoadCredential=postgres:edgemirror.postgres edgemirror COMMAND");
        assert_advised(&one, CONFIG_DEFAULT_FILE,
                       RUN "-p LoadCredential=postgres:edgemirror.postgres edgemirror COMMAND");
        assert_advised(&none, NULL,
                       RUN "-p 'LoadCredential=a b:edgemirror.a b' edgemirror COMMAND");
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
                char advice[512];
                (void)snprintf(advice, sizeof(advice),
                               RUN "-p LoadCredential=catalog:PATH edgemirror -c %s COMMAND",
                               elsewhere[i]);
                assert_advised(&config, elsewhere[i], advice);
        }
}

/* systemd-run passes on what it is told to: without that, another database would be used. */
static void variables_that_stand_in_for_keys_are_passed(void **state)
{
        (void)state;
        Config config = config_of(path, postgres_password);
        assert_int_equal(setenv("EDGEMIRROR_POSTGRES_CONNINFO", "dbname=bi password=x", 1), 0);
        assert_advised(&config, NULL,
                       RUN "-p LoadCredential=postgres:edgemirror.postgres "
                           "--setenv=EDGEMIRROR_POSTGRES_CONNINFO edgemirror COMMAND");
        assert_int_equal(unsetenv("EDGEMIRROR_POSTGRES_CONNINFO"), 0);
}

static void other_faults_are_left_as_they_are(void **state)
{
        (void)state;
        Config config = config_of(catalog_password, NULL);
        Fault fault;
        (void)fault_set(&fault, FAULT_PROCESS, ENOENT, CODE_SECRET_MISSING, "none");
        by_hand_advise(&fault, &config, NULL);
        assert_string_equal(fault.message, "none");
}

/* Those of whoever runs the tests would be advised as well. */
static int forget_variables(void **state)
{
        (void)state;
        for (char **v = environ; *v;) {
                char name[256];
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*v, "="), *v);
                if (strncmp(name, "EDGEMIRROR_", strlen("EDGEMIRROR_")) == 0)
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
                cmocka_unit_test(variables_that_stand_in_for_keys_are_passed),
                cmocka_unit_test(other_faults_are_left_as_they_are),
        };
        return cmocka_run_group_tests(tests, forget_variables, NULL);
}
