/*
 * client_certificate: a pair that fits, and every kind that does not. Needs the openssl command
 * (package openssl) to make them.
 */
#include "harness/certificates.h"
#include "harness/program.h"
#include "http/client_certificate.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int check(const char *folder, const char *certificate, const char *key,
                 ClientCertificate *ret, Fault *fault)
{
        _cleanup_(cleanup_free) char *c = harness_read(folder, certificate);
        _cleanup_(cleanup_free) char *k = harness_read(folder, key);
        assert_true(c[0] && k[0]);
        return client_certificate_check(c, k, ret, fault);
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
        return cmocka_run_group_tests(tests, harness_certificates_setup,
                                      harness_certificates_teardown);
}
