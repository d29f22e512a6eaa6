/*
 * catalogd: starting, asking and stopping the sample catalog. Synchronous: a test has nothing else
 * to do meanwhile.
 */
#include "harness/catalogd.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* after what it needs */
#include <cmocka.h>

#define START_TIMEOUT_MS  120000 /* a million rows under sanitizers */
#define STOP_TIMEOUT_MS   30000
#define REQUEST_TIMEOUT_S 30L
#define ARGUMENTS_MAX     64

static char *program_path(void)
{
        const char *top = getenv("top_builddir");
        char *path = NULL;

        return asprintf(&path, "%s/tests/catalogd/catalogd", top ? top : ".") < 0 ? NULL : path;
}

static void run_child(const char *program, const char *const *arguments, int ready_fd)
{
        const char *argv[ARGUMENTS_MAX + 8];
        size_t n = 0;
        char fd[16];

        (void)snprintf(fd, sizeof(fd), "%d", ready_fd);
        argv[n++] = program;
        argv[n++] = "--die-with-parent";
        argv[n++] = "--ready-fd";
        argv[n++] = fd;
        for (size_t i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
                argv[n++] = arguments[i];
        argv[n] = NULL;
        /* standard output belongs to the test's own report */
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)execv(program, (char *const *)argv);
        _exit(127);
}

/* The line that the server writes once it listens. */
static int read_line(int fd, char *out, size_t size)
{
        struct pollfd event = {.fd = fd, .events = POLLIN};
        size_t n = 0;

        while (n + 1 < size) {
                ssize_t got;

                if (poll(&event, 1, START_TIMEOUT_MS) <= 0)
                        return -ETIMEDOUT;
                got = read(fd, out + n, size - 1 - n);
                if (got <= 0)
                        return -EIO; /* it ended before it listened */
                n += (size_t)got;
                if (out[n - 1] == '\n') {
                        out[n - 1] = '\0';
                        return 0;
                }
        }
        return -EMSGSIZE;
}

void harness_catalogd_start(HarnessCatalogd *catalogd, const char *const *arguments)
{
        _cleanup_(cleanup_free) char *program = program_path();
        int fds[2], r;

        assert_non_null(program);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        *catalogd = (HarnessCatalogd){0};
        (void)fflush(NULL);
        catalogd->pid = fork();
        if (catalogd->pid == 0) {
                (void)fcntl(fds[1], F_SETFD, 0);
                run_child(program, arguments, fds[1]);
        }
        assert_true(catalogd->pid > 0);
        (void)close(fds[1]);
        r = read_line(fds[0], catalogd->url, sizeof(catalogd->url));
        (void)close(fds[0]);
        if (r < 0) {
                int status = harness_catalogd_stop(catalogd);

                fail_msg("%s did not start: %s; exit status %d", program, strerror(-r), status);
        }
}

int harness_catalogd_stop(HarnessCatalogd *catalogd)
{
        struct pollfd event = {.fd = -1, .events = POLLIN};
        int status = 0;

        if (catalogd->pid == 0)
                return 0;
        event.fd = (int)syscall(SYS_pidfd_open, catalogd->pid, 0);
        (void)kill(catalogd->pid, SIGTERM);
        if (poll(&event, 1, STOP_TIMEOUT_MS) <= 0)
                (void)kill(catalogd->pid, SIGKILL);
        while (waitpid(catalogd->pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (event.fd >= 0)
                (void)close(event.fd);
        catalogd->pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void harness_reply_done(HarnessReply *reply)
{
        text_done(&reply->body);
        *reply = (HarnessReply){0};
}

static size_t on_body(char *bytes, size_t size, size_t n, void *userdata)
{
        return text_append(userdata, bytes, size * n) < 0 ? 0 : size * n;
}

static void copy_header(CURL *curl, const char *name, char *out, size_t size)
{
        struct curl_header *header;

        if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
                (void)snprintf(out, size, "%s", header->value);
}

static void set_credentials(CURL *curl, const char *credentials)
{
        if (!credentials)
                return;
        if (text_starts_with(credentials, "Bearer ")) {
                (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
                (void)curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER,
                                       credentials + strlen("Bearer "));
        } else {
                (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
                (void)curl_easy_setopt(curl, CURLOPT_USERPWD, credentials);
        }
}

static void cleanup_curl(CURL **curl)
{
        curl_easy_cleanup(*curl);
}

void harness_catalogd_request(const HarnessCatalogd *catalogd, const char *method, const char *path,
                              const char *credentials, const char *body, HarnessReply *ret)
{
        _cleanup_(cleanup_curl) CURL *curl = curl_easy_init();
        char url[LIMIT_URL_MAX_BYTES];

        *ret = (HarnessReply){0};
        assert_non_null(curl);
        assert_true(snprintf(url, sizeof(url), "%s%s", catalogd->url, path) < (int)sizeof(url));
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, REQUEST_TIMEOUT_S);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret->body);
        if (body || strcmp(method, "POST") == 0)
                (void)curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body ? body : "");
        set_credentials(curl, credentials);
        ret->curl = (int)curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
        copy_header(curl, "Content-Type", ret->content_type, sizeof(ret->content_type));
        copy_header(curl, "Location", ret->location, sizeof(ret->location));
        copy_header(curl, "Retry-After", ret->retry_after, sizeof(ret->retry_after));
}

cJSON *harness_catalogd_control(const HarnessCatalogd *catalogd, const char *method,
                                const char *path, const char *body)
{
        HarnessReply reply;
        cJSON *json;

        harness_catalogd_request(catalogd, method, path, NULL, body, &reply);
        if (reply.curl != 0 || reply.status != 200)
                fail_msg("%s %s: curl %d, status %ld: %s", method, path, reply.curl, reply.status,
                         reply.body.data ? reply.body.data : "");
        json = cJSON_Parse(reply.body.data);
        harness_reply_done(&reply);
        assert_non_null(json);
        return json;
}

void harness_catalogd_tell(const HarnessCatalogd *catalogd, const char *method, const char *path,
                           const char *body)
{
        cJSON_Delete(harness_catalogd_control(catalogd, method, path, body));
}

void harness_catalogd_edge_id(const HarnessCatalogd *catalogd, int n, char out[37])
{
        cJSON *edges = harness_catalogd_control(catalogd, "GET", "/control/edges", NULL);
        const char *id =
                cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(edges, n), "id"));

        assert_non_null(id);
        (void)snprintf(out, 37, "%s", id);
        cJSON_Delete(edges);
}
