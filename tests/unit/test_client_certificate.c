/*
 * client_certificate: a pair that fits, and every kind that does not. Needs the openssl command
 * (package openssl) to make them.
 */
#include "base/text.h"
#include "http/client_certificate.h"
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
        const char *top = getenv("top_srcdir");
        char script[4096], *folder = strdup("/tmp/edgemirror-pair-XXXXXX");
        (void)snprintf(script, sizeof(script), "%s/tests/unit/make_certificates.sh",
                       top ? top : ".");
        if (!folder || !mkdtemp(folder))
                return -1;
        char *argv[] = {(char *)"sh", script, folder, NULL};
        pid_t pid;
        int status;
        if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ) != 0 ||
            waitpid(pid, &status, 0) < 0 || status != 0)
                return -1;
        *state = folder;
        return 0;
}

static int on_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

static int teardown(void **state)
{
        (void)nftw(*state, on_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(*state);
        return 0;
}

static void read_text(const char *folder, const char *name, Text *ret)
{
        char path[256], bytes[8192];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        size_t size = fread(bytes, 1, sizeof(bytes), f);
        (void)fclose(f);
        assert_int_equal(text_append(ret, bytes, size), 0);
}

static int check(const char *folder, const char *certificate, const char *key,
                 ClientCertificate *ret, Fault *fault)
{
        _cleanup_(text_done) Text c = {0}, k = {0};
        read_text(folder, certificate, &c);
        read_text(folder, key, &k);
        return client_certificate_check(c.data, k.data, ret, fault);
}

static void a_pair_that_fits_is_taken(void **state)
{
        ClientCertificate facts;
        Fault fault;
        assert_int_equal(check(*state, "client_a.pem", "client_a.key", &facts, &fault), 0);
        assert_int_equal(facts.valid_from, 1577836800);
        assert_int_equal(facts.valid_until, 2524521600);
        /* whether it has expired is for whoever knows the time */
        assert_int_equal(check(*state, "client_old.pem", "client_old.key", &facts, &fault), 0);
        assert_int_equal(facts.valid_until, 1580515200);
        assert_int_equal(check(*state, "client_old.pem", "client_old.key", NULL, &fault), 0);
}

static void what_does_not_fit_is_named(void **state)
{
        static const struct {
                const char *certificate, *key, *words;
        } cases[] = {
                {"client_a.pem", "client_b.key", "key_file: the key is another one"},
                {"client_a.pem", "locked.key", "key_file: the key has a passphrase"},
                {"client_a.pem", "client_a.pem", "key_file: it holds no private key in PEM form"},
                {"client_a.key", "client_a.key", "cert_file: it holds no certificate in PEM form"},
                {"index", "client_a.key", "cert_file: it holds no certificate in PEM form"},
                {"client_a.pem", "index", "key_file: it holds no private key in PEM form"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Fault fault;
                assert_int_equal(check(*state, cases[i].certificate, cases[i].key, NULL, &fault),
                                 -EINVAL);
                print_message("#   %s\n", fault.message);
                assert_string_equal(fault_code_name(fault.code), "config-certificate");
                assert_int_equal(strncmp(fault.message, cases[i].words, strlen(cases[i].words)), 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pair_that_fits_is_taken),
                cmocka_unit_test(what_does_not_fit_is_named),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
