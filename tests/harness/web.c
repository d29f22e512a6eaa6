#include "harness/web.h"
#include "base/listen_address.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWER_SECONDS = 60 };

int web_try_connect(const char *where)
{
        ListenAddress a;
        const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
        assert_int_equal(listen_address_parse(where, &a), 0);
        int fd = socket(a.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
        if (connect(fd, (const struct sockaddr *)&a.address, a.size) == 0)
                return fd;
        (void)close(fd);
        return -1;
}

int web_connect(const char *where)
{
        int fd = web_try_connect(where);
        assert_true(fd >= 0);
        return fd;
}

void web_send(int fd, const void *bytes, size_t size)
{
        const char *at = bytes;
        while (size > 0) {
                ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
                if (n <= 0)
                        return;
                at += n;
                size -= (size_t)n;
        }
}

char *web_read(int fd)
{
        Text answer = {0};
        char buffer[65536];
        ssize_t n;
        assert_int_equal(text_append(&answer, "", 0), 0);
        while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
                assert_int_equal(text_append(&answer, buffer, (size_t)n), 0);
        assert_true(n == 0 || errno == ECONNRESET); /* not a minute without an answer */
        return answer.data;
}

char *web_ask(const char *where, const char *request)
{
        int fd = web_connect(where);
        web_send(fd, request, strlen(request));
        char *answer = web_read(fd);
        (void)close(fd);
        return answer;
}

char *web_get(const char *where, const char *path)
{
        char *request = text_format("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
        assert_non_null(request);
        char *answer = web_ask(where, request);
        free(request);
        return answer;
}

int web_status(const char *answer)
{
        int status = 0;
        return sscanf(answer, "HTTP/1.%*1d %3d ", &status) == 1 ? status : 0;
}

const char *web_body(const char *answer)
{
        const char *end = strstr(answer, "\r\n\r\n");
        return end ? end + 4 : "";
}

int web_get_status(const char *where, const char *path)
{
        char *answer = web_get(where, path);
        int status = web_status(answer);
        free(answer);
        return status;
}

void web_free_address(char out[static 32])
{
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(in);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&in, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
        (void)close(fd);
        (void)snprintf(out, 32, "127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
}
