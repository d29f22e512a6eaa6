/*
 * Client certificates against real servers: nginx, which ends TLS all the same and answers with a
 * page, and stunnel, which ends the handshake by an alert. Whole syncs with one; what is said
 * without, and with one that is refused; and one that is replaced while the service runs.
 */
#include "harness/service.h"
#include "integration/between_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WANTED  "the server wants a certificate of the client; set cert_file and key_file"
#define REFUSED "the server refuses the certificate of cert_file; has it expired, or is its issuer"

static void with_certificate(BetweenWorld *b, unsigned port)
{
        between_configure(b, port, "cert_file = %s/client.pem\nkey_file = %s/client.key\n",
                          b->w->folder, b->w->folder);
}

static void whole_syncs_show_the_certificate(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "on");
        between_show(b, "client_a.pem", "client_a.key");
        with_certificate(b, 0);
        assert_int_equal(RUN(b->w, "check"), 0);
        assert_says(b->w, "out", "ok      catalog: cert_file, key_file      valid until 2049-12-31",
                    true);
        between_assert_synced(b);
        assert_true(between_logged(&b->nginx, "200 \"CN=client_a\" \"GET ") > 0);
        assert_int_equal(between_logged(&b->nginx, "400 "), 0);
        /* Through a proxy, which is shown none. */
        between_begin(b, "on");
        harness_squid_start(&b->proxy, NULL, NULL, "");
        between_configure(b, 0,
                          "cert_file = %s/client.pem\nkey_file = %s/client.key\nproxy = "
                          "http://127.0.0.1:%u\n",
                          b->w->folder, b->w->folder, b->proxy.port);
        between_assert_synced(b);
        assert_true(between_logged(&b->nginx, "200 \"CN=client_a\" \"GET ") > 0);
        assert_true(between_logged(&b->proxy, " CONNECT ") > 0);
}

static void nginx_wants_one_or_refuses_it(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "on");
        between_configure(b, 0, "%s", "");
        between_assert_fault(b, 77, "catalog", WANTED, "http-certificate-wanted");
        between_show(b, "alone.pem", "alone.key");
        with_certificate(b, 0);
        between_assert_fault(b, 77, "catalog", REFUSED, "http-certificate-refused");
        /* One that has expired is known before. */
        between_show(b, "client_old.pem", "client_old.key");
        assert_int_equal(RUN(b->w, "check"), 78);
        assert_says(b->w, "out",
                    "FAILED  catalog: cert_file, key_file      the certificate has expired on "
                    "2020-02-01 00:00:00 UTC",
                    true);
        assert_says(b->w, "out", REFUSED, true);
        assert_int_equal(sync_all(b->w), 77);
        assert_string_equal(error_of(b->w, "code"), "http-certificate-refused");
}

/* With TLS 1.2 in the handshake. With TLS 1.3 after it, when the request may be on its way: what
 * comes first, the alert or the end of the connection, is chance. */
static void stunnel_ends_the_handshake(void **state)
{
        static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
        BetweenWorld *b = *state;
        between_begin(b, "on");
        between_certify(b, &b->front, "good");
        unsigned port = (unsigned)strtoul(strrchr(b->w->catalog.url, ':') + 1, NULL, 10);
        for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
                harness_between_stop(&b->front);
                harness_stunnel_start(&b->front, port, versions[i]);
                between_configure(b, b->front.port, "%s", "");
                if (i == 0) {
                        between_assert_fault(b, 69, "catalog",
                                             "does it want a certificate of the client? See "
                                             "cert_file",
                                             "http-tls");
                } else {
                        int status = RUN(b->w, "check");
                        assert_true(status == 69 || status == 77);
                        assert_says(b->w, "out", "cert_file", true);
                        assert_says(b->w, "out", " certificate of the client", true);
                }
                between_show(b, "alone.pem", "alone.key");
                with_certificate(b, b->front.port);
                if (i == 0) {
                        between_assert_fault(b, 77, "catalog", REFUSED, "http-certificate-refused");
                } else {
                        int status = RUN(b->w, "check");
                        assert_true(status == 69 || status == 77);
                        assert_says(b->w, "out", "cert_file", true);
                }
                between_show(b, "client_b.pem", "client_b.key");
                between_assert_synced(b);
        }
}

static void what_is_wrong_with_the_files_is_found_offline(void **state)
{
        static const struct {
                const char *certificate, *key, *words;
        } cases[] = {
                {"client_a.pem", "client_b.key", "key_file: the key is another one"},
                {"client_a.pem", "locked.key", "key_file: the key has a passphrase"},
                {"client_a.pem", "index", "key_file: it holds no private key"},
                {"index", "client_a.key", "cert_file: it holds no certificate"},
                {"client_a.pem", NULL, "key_file of [catalog]: "},
                {"client_old.pem", "client_old.key", "the certificate has expired on 2020-02-01"},
        };
        BetweenWorld *b = *state;
        char key[128];
        between_begin(b, "on");
        (void)snprintf(key, sizeof(key), "%s/client.key", b->w->folder);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                between_show(b, cases[i].certificate, cases[i].key ? cases[i].key : "client_a.key");
                if (!cases[i].key)
                        assert_int_equal(chmod(key, 0640), 0);
                with_certificate(b, 0);
                assert_int_equal(RUN(b->w, "check", "--offline"), 78);
                assert_says(b->w, "out", "FAILED  catalog: cert_file, key_file      ", true);
                assert_says(b->w, "out", cases[i].words, true);
                assert_says(b->w, "out", "PRIVATE KEY-----\n", false);
        }
        /* The certificate is no secret. */
        char certificate[128];
        between_show(b, "client_a.pem", "client_a.key");
        (void)snprintf(certificate, sizeof(certificate), "%s/client.pem", b->w->folder);
        assert_int_equal(chmod(certificate, 0644), 0);
        assert_int_equal(RUN(b->w, "check", "--offline"), 0);
        between_configure(b, 0, "cert_file = %s/client.pem\n", b->w->folder);
        assert_int_equal(RUN(b->w, "check", "--offline"), 78);
        assert_says(b->w, "err", "cert_file needs key_file; accepted: key_file = /absolute/path or",
                    true);
}

static void make_due(BetweenWorld *b, HarnessService *s)
{
        free(harness_sql(&b->w->pg, "UPDATE edgemirror.edge SET listed_at = NULL; UPDATE "
                                    "edgemirror.edge_claim SET next_run_at = now()"));
        harness_service_reload(s);
}

static void sync_again(BetweenWorld *b, HarnessService *s)
{
        make_due(b, s);
        await_sql(b->w,
                  "SELECT (count(*) = 2)::int FROM edgemirror.edge WHERE listed_at IS NOT NULL");
}

/* With keep-alive on both sides: what is shown is of the connection, so another certificate needs
 * another connection. A pair that does not fit, half replaced, changes nothing. */
static void one_that_is_replaced_is_used_by_the_service(void **state)
{
        BetweenWorld *b = *state;
        HarnessService s = {0};
        between_begin(b, "on");
        between_show(b, "client_a.pem", "client_a.key");
        with_certificate(b, 0);
        harness_service_start(&s, b->w->folder, "run", b->w->config, true, 0);
        harness_service_await(&s, "READY=1", 1);
        sync_again(b, &s);
        assert_int_equal(between_logged(&b->nginx, "CN=client_b"), 0);
        between_show(b, "client_b.pem", "client_a.key");
        sync_again(b, &s);
        assert_int_equal(between_logged(&b->nginx, "CN=client_b"), 0);
        long before = between_logged(&b->nginx, "CN=client_a");
        between_show(b, "client_b.pem", "client_b.key");
        sync_again(b, &s);
        assert_true(between_logged(&b->nginx, "200 \"CN=client_b\" \"GET ") > 0);
        assert_int_equal(between_logged(&b->nginx, "CN=client_a"), before);
        assert_int_equal(between_logged(&b->nginx, "400 "), 0);
        /* One that is refused is an outage, which ends when another one is there. */
        between_show(b, "alone.pem", "alone.key");
        make_due(b, &s);
        harness_service_await_log(&s, REFUSED, 1);
        between_show(b, "client_a.pem", "client_a.key");
        harness_service_await_log(&s, "the catalog answers again", 1);
        await_sql(b->w,
                  "SELECT (count(*) = 2)::int FROM edgemirror.edge WHERE listed_at IS NOT NULL");
        harness_service_signal(&s, SIGTERM);
        assert_int_equal(harness_service_wait(&s), 0);
        harness_service_done(&s);
}

int main(void)
{
        static const HarnessPart parts[] = {HARNESS_NGINX, HARNESS_STUNNEL, HARNESS_SQUID};
        const char *missing = harness_between_missing(parts, sizeof(parts) / sizeof(parts[0]));
        char reason[64];
        (void)snprintf(reason, sizeof(reason), "%s is not installed", missing ? missing : "");
        if (missing)
                return harness_skip_all(reason);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whole_syncs_show_the_certificate),
                cmocka_unit_test(nginx_wants_one_or_refuses_it),
                cmocka_unit_test(stunnel_ends_the_handshake),
                cmocka_unit_test(what_is_wrong_with_the_files_is_found_offline),
                cmocka_unit_test(one_that_is_replaced_is_used_by_the_service),
        };
        return cmocka_run_group_tests(tests, between_setup, between_teardown);
}
