/*
 * packaging/healthz, the health check of the container image: it says yes to 200 and to nothing
 * else, at each address where the monitor may listen.
 */
#include "base/cleanup.h"
#include "harness/folder.h"
#include "harness/program.h"
#include "harness/web.h"
#include "web/listener.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"

enum { TOO_LATE = 124 }; /* of timeout(1) */

/* Whether the check says yes; listen: its variable, NULL: unset. */
static bool healthz(const char *listen)
{
        static const char NAME[] = "EDGEMIRROR_MONITOR_LISTEN";
        const char *top = getenv("top_srcdir");
        char script[4096];
        pid_t pid;
        int status;
        (void)snprintf(script, sizeof(script), "%s/packaging/healthz", top ? top : ".");
        char *argv[] = {(char *)"timeout", (char *)"30", (char *)"bash", script, NULL};
        assert_int_equal(listen ? setenv(NAME, listen, 1) : unsetenv(NAME), 0);
        assert_int_equal(posix_spawnp(&pid, "timeout", NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != TOO_LATE);
        return WEXITSTATUS(status) == 0;
}

/* Each connection in turn, until it is stopped; answer NULL: none. */
static void answer_all(int fd, const char *answer)
{
        for (;;) {
                char request[4096] = "";
                size_t size = 0;
                ssize_t n = 1;
                int c = accept(fd, NULL, NULL);
                while (n > 0 && !strstr(request, "\r\n\r\n")) {
                        n = recv(c, request + size, sizeof(request) - 1 - size, 0);
                        size += n > 0 ? (size_t)n : 0;
                }
                if (!answer)
                        continue; /* and it stays open */
                if (strncmp(request, "GET /healthz HTTP/1.", 20) == 0)
                        (void)send(c, answer, strlen(answer), MSG_NOSIGNAL);
                (void)close(c);
        }
}

/* Listens as the monitor does; 0: this host has no such address, or another has it. */
static pid_t serve(const char *listen, const char *answer)
{
        int fd;
        if (listener_open(listen, &fd) < 0)
                return 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)fcntl(fd, F_SETFL, 0); /* accept waits */
                answer_all(fd, answer);
        }
        (void)close(fd);
        return pid;
}

static void stop(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_service_that_answers_is_healthy_and_no_other(void **state _unused_)
{
        static const struct {
                const char *answer;
                bool healthy;
        } CASES[] = {
                {OK, true},
                {"HTTP/1.0 200 OK\r\n\r\n", true},
                {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nstopping\n", false},
                {"HTTP/1.1 404 Not Found\r\n\r\n", false},
                {"200\r\n", false},
                {"HTTP/1.1 200", false}, /* and no end of the line */
                {"", false},
                {NULL, false}, /* silence */
        };
        char where[32];
        web_free_address(where);
        assert_false(healthz(where)); /* refused */
        for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
                pid_t server = serve(where, CASES[i].answer);
                assert_true(server > 0);
                if (healthz(where) != CASES[i].healthy)
                        fail_msg("%s", CASES[i].answer ? CASES[i].answer : "silence");
                stop(server);
        }
}

static void it_asks_where_the_monitor_listens(void **state _unused_)
{
        static const char *const HOSTS[] = {"127.0.0.2", "localhost", "0.0.0.0", "[::1]", "[::]"};
        char free_address[32], where[64];
        for (size_t i = 0; i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++) {
                web_free_address(free_address);
                (void)snprintf(where, sizeof(where), "%s%s", HOSTS[i], strchr(free_address, ':'));
                pid_t server = serve(where, OK);
                if (server == 0) {
                        print_message("# not tried: %s\n", where);
                        continue;
                }
                if (!healthz(where))
                        fail_msg("%s", where);
                stop(server);
        }
}

/* As in a container without IPv6. */
static void where_nobody_answers_at_the_loopback_of_ipv6_it_asks_at_the_other(void **state _unused_)
{
        char address[32], where[64];
        web_free_address(address);
        (void)snprintf(where, sizeof(where), "[::]%s", strchr(address, ':'));
        pid_t server = serve(address, OK);
        assert_true(server > 0);
        assert_true(healthz(where));
        stop(server);
        assert_false(healthz(where));
}

static void without_an_address_it_asks_where_the_image_lets_it_listen(void **state _unused_)
{
        pid_t server = serve("127.0.0.1:9743", OK);
        if (server == 0) {
                print_message("# not tried: somebody listens at 127.0.0.1:9743\n");
                return;
        }
        assert_true(healthz(NULL));
        assert_true(healthz(""));
        stop(server);
        assert_false(healthz(NULL));
        assert_false(healthz(""));
}

static void a_unix_socket_is_not_asked(void **state _unused_)
{
        char folder[HARNESS_FOLDER_SIZE], where[HARNESS_FOLDER_SIZE + 16];
        harness_folder_make("healthz", folder);
        (void)snprintf(where, sizeof(where), "%s/monitor", folder);
        pid_t server = serve(where, OK);
        assert_true(server > 0);
        assert_false(healthz(where));
        char command[4096], said[256] = "";
        const char *top = getenv("top_srcdir");
        (void)snprintf(command, sizeof(command), "bash %s/packaging/healthz 2>&1", top ? top : ".");
        FILE *words = popen(command, "r");
        assert_non_null(words);
        assert_non_null(fgets(said, sizeof(said), words));
        assert_non_null(strstr(said, "cannot ask a unix socket"));
        (void)pclose(words);
        stop(server);
        harness_folder_remove(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_service_that_answers_is_healthy_and_no_other),
                cmocka_unit_test(it_asks_where_the_monitor_listens),
                cmocka_unit_test(where_nobody_answers_at_the_loopback_of_ipv6_it_asks_at_the_other),
                cmocka_unit_test(without_an_address_it_asks_where_the_image_lets_it_listen),
                cmocka_unit_test(a_unix_socket_is_not_asked),
        };
        if (access("/bin/bash", X_OK) != 0)
                return harness_skip_all("no bash here");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
