/*
 * Where a server listens: what is an address, and which of them only this host reaches.
 */
#include "base/cleanup.h"
#include "base/listen_address.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void addresses_and_paths_are_taken(void **state _unused_)
{
        static const struct {
                const char *text;
                int family;
                bool local;
        } CASES[] = {
                {"127.0.0.1:9743", AF_INET, true},
                {"127.255.3.4:1", AF_INET, true},
                {"localhost:65535", AF_INET, true},
                {"[::1]:9743", AF_INET6, true},
                {"/run/edgemirror/monitor.sock", AF_UNIX, true},
                {"0.0.0.0:9743", AF_INET, false},
                {"128.0.0.1:9743", AF_INET, false},
                {"192.0.2.1:80", AF_INET, false},
                {"[::]:9743", AF_INET6, false},
                {"[::ffff:127.0.0.1]:80", AF_INET6, false},
                {"[2001:db8::1]:9743", AF_INET6, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                ListenAddress a;
                assert_int_equal(listen_address_parse(CASES[i].text, &a), 0);
                assert_int_equal(a.address.ss_family, CASES[i].family);
                assert_int_equal(listen_address_is_local(&a), CASES[i].local);
        }
}

static void nothing_else_is(void **state _unused_)
{
        static const char *const CASES[] = {
                "",
                "9743",
                ":9743",
                "127.0.0.1",
                "127.0.0.1:",
                "127.0.0.1:0",
                "127.0.0.1:65536",
                "127.0.0.1:+1",
                "127.0.0.1: 1",
                "127.0.0.1:1x",
                "127.0.0.1:01",
                "127.1:80",
                "::1:80",
                "[::1]",
                "[::1:80",
                "[]:80",
                "[127.0.0.1]:80",
                "[::1%lo]:80",
                "example.com:80",
                "*:80",
                "run/socket",
                "/run/edgemirror/",
                "http://127.0.0.1:80",
                "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:80",
        };
        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                ListenAddress a;
                assert_int_equal(listen_address_parse(CASES[i], &a), -EINVAL);
        }
}

static void a_path_has_room_for_107_bytes(void **state _unused_)
{
        char path[128] = "/";
        ListenAddress a;
        memset(path + 1, 'x', 106);
        assert_int_equal(listen_address_parse(path, &a), 0);
        path[107] = 'x';
        assert_int_equal(listen_address_parse(path, &a), -ENAMETOOLONG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses_and_paths_are_taken),
                cmocka_unit_test(nothing_else_is),
                cmocka_unit_test(a_path_has_room_for_107_bytes),
        };
        return cmocka_run_group_tests_name("listen_address", tests, NULL, NULL);
}
