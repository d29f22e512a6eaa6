/*
 * program: processes of a test, see the header.
 */
#include "harness/program.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 40, START_SECONDS_MAX = 30, PROGRAM_TIMEOUT_MSEC = 180000 };

void harness_built(const char *what, char out[512])
{
        const char *top = getenv("top_builddir");
        (void)snprintf(out, 512, "%s/%s", top ? top : ".", what);
}

/* Empty before the program runs: what another has written before it is not taken for its own. */
static int open_output(const char *folder, const char *name)
{
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        return fd;
}

static pid_t start(const char *folder, const char *program, const char *const *first,
                   const char *const *more, const char *const *environment, const char *out,
                   const char *err)
{
        char path[512];
        const char *arguments[ARGUMENTS_MAX] = {path};
        size_t n = 1;
        harness_built(program, path);
        for (; *first; first++)
                arguments[n++] = *first;
        for (; *more && n < ARGUMENTS_MAX - 1; more++)
                arguments[n++] = *more;
        int fds[] = {open_output(folder, out), open_output(folder, err)};
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
                (void)dup2(fds[0], STDOUT_FILENO);
                (void)dup2(fds[1], STDERR_FILENO);
                for (; environment && *environment; environment += 2)
                        (void)setenv(environment[0], environment[1], 1);
                (void)execv(path, (char *const *)arguments);
                _exit(127);
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
        return pid;
}

int harness_skip_all(const char *reason)
{
        return printf("1..0 # SKIP %s\n", reason) < 0 || fflush(stdout) != 0;
}

char *harness_read(const char *folder, const char *name)
{
        char path[512], buffer[4096];
        Text text = {0};
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        FILE *file = fopen(path, "re");
        size_t size;
        assert_int_equal(text_append(&text, "", 0), 0);
        while (file && (size = fread(buffer, 1, sizeof(buffer), file)) > 0)
                assert_int_equal(text_append(&text, buffer, size), 0);
        if (file)
                (void)fclose(file);
        return text.data;
}

void harness_write(const char *folder, const char *name, const char *text)
{
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        (void)unlink(path);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
}

void harness_catalog_start(HarnessCatalog *c, const char *folder, const char *const *arguments)
{
        *c = (HarnessCatalog){0};
        (void)snprintf(c->file, sizeof(c->file), "%.80s/url", folder);
        (void)unlink(c->file);
        const char *const first[] = {"--announce", c->file, "--die-with-parent", NULL};
        c->pid = start(folder, "tests/catalogd/catalogd", first, arguments, NULL, "catalog.out",
                       "catalog.err");
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        for (int i = 0; !strchr(c->url, '\n'); i++) {
                char *url = harness_read(folder, "url");
                (void)snprintf(c->url, sizeof(c->url), "%s", url);
                free(url);
                if (i == START_SECONDS_MAX * 100 || waitpid(c->pid, NULL, WNOHANG) != 0)
                        fail_msg("the sample catalog did not start");
                (void)nanosleep(&pause, NULL);
        }
        *strchr(c->url, '\n') = '\0';
}

/* Until the test program ends: nobody else is given the port, who would answer in the place of what
 * is away, and nobody connects from it to itself. */
static void keep_port(const char *url)
{
        const struct sockaddr_in address = {
                .sin_family = AF_INET,
                .sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10)),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const int one = 1;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        /* the next catalog may be told to listen there again */
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
        (void)bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

void harness_catalog_stop(HarnessCatalog *c)
{
        if (c->pid > 0) {
                (void)kill(c->pid, SIGTERM);
                assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
                keep_port(c->url);
        }
        c->pid = 0;
}

static size_t on_data(char *data, size_t one, size_t size, void *userdata)
{
        (void)one;
        return text_append(userdata, data, size) == 0 ? size : 0;
}

static char *request(const HarnessCatalog *c, const char *path, const char *body)
{
        char url[512];
        Text answer = {0};
        long status = 0;
        CURL *easy = curl_easy_init();
        assert_non_null(easy);
        (void)snprintf(url, sizeof(url), "%s%s", c->url, path);
        (void)curl_easy_setopt(easy, CURLOPT_URL, url);
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
        if (body && body[0])
                (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        else if (body)
                (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
        assert_int_equal(text_append(&answer, "", 0), 0);
        assert_int_equal(curl_easy_perform(easy), CURLE_OK);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(easy);
        if (status != 200)
                fail_msg("%s: %ld %s", path, status, answer.data);
        return answer.data;
}

char *harness_control_text(const HarnessCatalog *c, const char *path)
{
        return request(c, path, NULL);
}

cJSON *harness_control(const HarnessCatalog *c, const char *path, const char *body)
{
        char *text = request(c, path, body);
        cJSON *json = cJSON_Parse(text);
        assert_non_null(json);
        free(text);
        return json;
}

pid_t harness_program_start(const char *folder, const char *const *arguments)
{
        static const char *const none[] = {NULL};
        return start(folder, "edgemirror", arguments, none, NULL, "out", "err");
}

pid_t harness_program_start_as(const char *folder, const char *name, const char *const *environment,
                               const char *const *arguments)
{
        static const char *const none[] = {NULL};
        char out[64], err[64];
        (void)snprintf(out, sizeof(out), "%s.out", name);
        (void)snprintf(err, sizeof(err), "%s.err", name);
        return start(folder, "edgemirror", arguments, none, environment, out, err);
}

int harness_program_wait_peak(pid_t pid, long *ret_peak_kib)
{
        int status;
        struct rusage usage;
        int fd = pidfd_open(pid, 0);
        struct pollfd end = {.fd = fd, .events = POLLIN};
        assert_true(fd >= 0);
        if (poll(&end, 1, PROGRAM_TIMEOUT_MSEC) == 0) {
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, &status, 0);
                fail_msg("process %ld did not end by itself", (long)pid);
        }
        (void)close(fd);
        assert_int_equal(wait4(pid, &status, 0, &usage), pid);
        *ret_peak_kib = usage.ru_maxrss;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

int harness_program_wait(pid_t pid)
{
        long peak_kib;
        return harness_program_wait_peak(pid, &peak_kib);
}

int harness_program(const char *folder, const char *const *arguments)
{
        return harness_program_wait(harness_program_start(folder, arguments));
}
