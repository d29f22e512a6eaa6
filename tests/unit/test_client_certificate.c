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

static int check_chain(const char *folder, const char *chain, Fault *fault)
{
        _cleanup_(cleanup_free) char *c = harness_read(folder, "client_a.pem");
        _cleanup_(cleanup_free) char *k = harness_read(folder, "client_a.key");
        char both[16384];
        assert_in_range(snprintf(both, sizeof(both), "%s%s", c, chain), 1, sizeof(both) - 1);
        return client_certificate_check(both, k, NULL, fault);
}

/* Whoever writes the file may have got to any place of the chain. */
static void a_chain_that_is_cut_anywhere_is_not_used(void **state)
{
        _cleanup_(cleanup_free) char *chain = harness_read(*state, "authority.pem");
        Fault fault;
        size_t size = strlen(chain);
        while (chain[size - 1] == '\n')
                size--;
        assert_int_equal(check_chain(*state, chain, &fault), 0);
        assert_int_equal(check_chain(*state, "\nA remark - of a person.\n", &fault), 0);
        chain[size] = '\0'; /* the newline may be missing */
        assert_int_equal(check_chain(*state, chain, &fault), 0);
        for (size_t n = size - 1; n > 0; n--) {
                chain[n] = '\0';
                assert_int_equal(check_chain(*state, chain, &fault), -EINVAL);
                assert_string_equal(fault_code_name(fault.code), "config-certificate");
                assert_non_null(strstr(fault.message, "cert_file: what follows the first"));
        }
}

static void a_block_of_the_chain_that_is_damaged_is_not_used(void **state)
{
        _cleanup_(cleanup_free) char *chain = harness_read(*state, "authority.pem");
        Fault fault;
        char *text = strchr(chain, '\n') + 1;
        text[0] = text[0] == 'A' ? 'B' : 'A';
        assert_int_equal(check_chain(*state, chain, &fault), -EINVAL);
        text[0] = '*';
        assert_int_equal(check_chain(*state, chain, &fault), -EINVAL);
        assert_non_null(strstr(fault.message, "cert_file: what follows the first"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pair_that_fits_is_taken),
                cmocka_unit_test(what_does_not_fit_is_named),
                cmocka_unit_test(a_chain_that_is_cut_anywhere_is_not_used),
                cmocka_unit_test(a_block_of_the_chain_that_is_damaged_is_not_used),
        };
        return cmocka_run_group_tests(tests, harness_certificates_setup,
                                      harness_certificates_teardown);
}
