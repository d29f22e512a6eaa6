/*
 * Where a server listens: what is an address, which of them only this host reaches, and what
 * systemd has passed.
 */
#include "base/cleanup.h"
#include "base/listen_address.h"
#include "web/listener.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

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
                "0123456789012345678901234567890123456789012345:80", /* one too long, with its end
                                                                      */
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

/* In a process of its own, whose third descriptor and those that follow are so many sockets; the
 * third of them is none. Returns what listener_passed does, and its descriptor. */
static int passed(int n, const char *names, int *ret_fd)
{
        int result[2] = {0, -1}, ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
                char pid[16], number[16];
                (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
                (void)snprintf(number, sizeof(number), "%d", n);
                int out = fcntl(ends[1], F_DUPFD, 100);
                for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                        int s = socket(AF_INET, SOCK_STREAM, 0);
                        if (fd == SD_LISTEN_FDS_START + 2 ? dup2(STDOUT_FILENO, fd) < 0
                                                          : listen(s, 1) < 0 || dup2(s, fd) < 0)
                                _exit(1);
                }
                if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", number, 1) < 0 ||
                    setenv("LISTEN_FDNAMES", names, 1) < 0)
                        _exit(1);
                result[0] = listener_passed("monitor", &result[1]);
                _exit(write(out, result, sizeof(result)) != sizeof(result));
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(read(ends[0], result, sizeof(result)), sizeof(result));
        assert_int_equal(close(ends[0]) + close(ends[1]), 0);
        *ret_fd = result[1];
        return result[0];
}

static void the_first_socket_that_systemd_passes_is_taken_and_all_are_counted(void **state _unused_)
{
        int fd;
        assert_int_equal(passed(1, "other", &fd), -ENOENT);
        assert_int_equal(passed(2, "other:monitor", &fd), 1);
        assert_int_equal(fd, SD_LISTEN_FDS_START + 1);
        assert_int_equal(passed(2, "monitor:monitor", &fd), 2);
        assert_int_equal(fd, SD_LISTEN_FDS_START);
        assert_int_equal(passed(3, "other:other:monitor", &fd), -EINVAL); /* no socket */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses_and_paths_are_taken),
                cmocka_unit_test(nothing_else_is),
                cmocka_unit_test(a_path_has_room_for_107_bytes),
                cmocka_unit_test(the_first_socket_that_systemd_passes_is_taken_and_all_are_counted),
        };
        return cmocka_run_group_tests_name("listen_address", tests, NULL, NULL);
}
