/*
 * Targets of src/http: whole answers of a server, header lines and body, as bytes, of which what
 * arrives goes on to the decoders of src/catalog; and whole answers of a proxy to CONNECT.
 *
 * The connection is a pair of sockets in this process: `socket` of src/http/ is wrapped by the
 * linker, and connect(), which libcurl calls, is this program's own. Nothing leaves the process,
 * and no ports are used up. The answer lies in the socket before the request is sent, and the
 * connection ends behind it.
 */
#include "http/http.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "catalog/answer.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MAX_BYTES = 2048, ANSWER_MAX_BYTES = 150 * 1024 };

int __wrap_socket(int family, int type, int protocol);

static const uint8_t *answer;
static size_t answer_size;
static int server_fd = -1;

int __wrap_socket(int family, int type, int protocol)
{
        (void)family;
        (void)type;
        (void)protocol;
        int pair[2];
        FUZZ_CHECK(server_fd < 0); /* one connection for one request */
        FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        server_fd = pair[1];
        FUZZ_CHECK(send(server_fd, answer, answer_size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
                   (ssize_t)answer_size);
        FUZZ_CHECK(shutdown(server_fd, SHUT_WR) == 0);
        return pair[0];
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
        (void)fd;
        (void)address;
        (void)size;
        return 0;
}

static void check_response(const HttpResponse *response, void *userdata)
{
        *(bool *)userdata = true;
        FUZZ_CHECK(response->body_size <= BODY_MAX_BYTES &&
                   response->body[response->body_size] == '\0');
        FUZZ_CHECK(response->retry_after_usec <= LIMIT_RETRY_AFTER_MAX_USEC);
        FUZZ_CHECK(strlen(response->content_type) <= LIMIT_HEADERS_MAX_BYTES);
        FUZZ_CHECK(strlen(response->location) <= LIMIT_HEADERS_MAX_BYTES);
        FUZZ_CHECK(response->sent);
        if (response->error < 0) {
                FUZZ_CHECK(response->fault.scope != FAULT_NONE && response->body_size == 0);
                fuzz_check_printable(response->fault.message, sizeof(response->fault.message) - 1);
        } else {
                FUZZ_CHECK(response->status >= 200 && response->status <= 999);
        }
        CatalogAnswer classified;
        AnswerText text = {0};
        answer_classify(response, 200, true, &(AnswerAuth){0}, &classified, &text);
        if (classified.fault.scope != FAULT_NONE)
                fuzz_check_printable(classified.fault.message,
                                     sizeof(classified.fault.message) - 1);
        else
                FUZZ_CHECK(response->status == 200);
        (void)answer_is_standard_error(response);
        answer_text_done(&text);
}

static void play(const uint8_t *data, size_t size, const HttpClientOptions *options,
                 const char *url, HttpCallback callback)
{
        sd_event *event = NULL;
        HttpClient *client = NULL;
        HttpTransfer *transfer;
        bool answered = false;
        answer = data;
        answer_size = size < ANSWER_MAX_BYTES ? size : ANSWER_MAX_BYTES;
        FUZZ_CHECK(sd_event_new(&event) >= 0);
        FUZZ_CHECK(http_client_new(event, options, &client) == 0);
        HttpRequest request = {.method = HTTP_GET,
                               .url = url,
                               .authorization = "Bearer peer-token",
                               .body_max_bytes = BODY_MAX_BYTES,
                               .fresh_connection = true};
        FUZZ_CHECK(http_start(client, &request, callback, &answered, &transfer) == 0);
        while (!answered)
                FUZZ_CHECK(sd_event_run(event, UINT64_MAX) >= 0);
        (void)http_client_free(client);
        (void)sd_event_unref(event);
}

static void close_server(void)
{
        FUZZ_CHECK(server_fd >= 0);
        (void)close(server_fd);
        server_fd = -1;
}

void fuzz_http(const uint8_t *data, size_t size)
{
        const HttpClientOptions options = {.user_agent = "fuzz",
                                           .max_in_flight = 1,
                                           .connect_timeout_usec = 5 * USEC_PER_SEC,
                                           .request_timeout_usec = 10 * USEC_PER_SEC,
                                           .allow_http = true};
        play(data, size, &options, "http://127.0.0.1:8080/rest/x", check_response);
        close_server();
}

/* Behind it nobody speaks TLS, so no answer is one of the catalog; and nothing for the catalog was
 * sent. */
static void check_connect(const HttpResponse *response, void *userdata)
{
        char sent[4096];
        const Fault *f = &response->fault;
        *(bool *)userdata = true;
        FUZZ_CHECK(response->error < 0 && !response->sent && response->status == 0);
        FUZZ_CHECK(f->scope != FAULT_NONE && response->body_size == 0);
        fuzz_check_printable(f->message, sizeof(f->message) - 1);
        if (f->origin == ORIGIN_PROXY)
                FUZZ_CHECK(text_starts_with(f->message, "proxy 127.0.0.1:3128: ") &&
                           f->scope == FAULT_PEER);
        else
                FUZZ_CHECK(f->http_status == 0);
        ssize_t n = recv(server_fd, sent, sizeof(sent), MSG_DONTWAIT);
        FUZZ_CHECK(n <= 0 || text_starts_with(sent, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n"));
        FUZZ_CHECK(n <= 0 || !memmem(sent, (size_t)n, "peer-token", strlen("peer-token")));
}

void fuzz_connect(const uint8_t *data, size_t size)
{
        const HttpClientOptions options = {.user_agent = "fuzz",
                                           .proxy = "http://127.0.0.1:3128",
                                           .max_in_flight = 1,
                                           .connect_timeout_usec = 5 * USEC_PER_SEC,
                                           .request_timeout_usec = 10 * USEC_PER_SEC};
        play(data, size, &options, "https://192.0.2.1/rest/x", check_connect);
        close_server();
}
