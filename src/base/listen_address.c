/* "localhost" is taken for 127.0.0.1, whatever a resolver says. */
#include "base/listen_address.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

enum { HOST_BYTES = INET6_ADDRSTRLEN };

static int path_parse(const char *path, ListenAddress *ret)
{
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        size_t length = strlen(path);
        if (length >= sizeof(un.sun_path))
                return -ENAMETOOLONG;
        if (path[length - 1] == '/')
                return -EINVAL;
        memcpy(un.sun_path, path, length + 1);
        *ret = (ListenAddress){.size = sizeof(un)};
        memcpy(&ret->address, &un, sizeof(un));
        return 0;
}

static int port_parse(const char *text, in_port_t *ret)
{
        unsigned port = 0;
        if (*text < '1' || *text > '9' || strlen(text) > 5)
                return -EINVAL;
        for (; *text >= '0' && *text <= '9'; text++)
                port = port * 10 + (unsigned)(*text - '0');
        if (*text || port > UINT16_MAX)
                return -EINVAL;
        *ret = htons((uint16_t)port);
        return 0;
}

int listen_address_parse(const char *text, ListenAddress *ret)
{
        if (text[0] == '/')
                return path_parse(text, ret);
        const char *colon = strrchr(text, ':');
        char host[HOST_BYTES];
        in_port_t port;
        if (!colon || (size_t)(colon - text) >= sizeof(host) || port_parse(colon + 1, &port) < 0)
                return -EINVAL;
        size_t length = (size_t)(colon - text);
        bool six = length > 2 && text[0] == '[' && text[length - 1] == ']';
        if (six) {
                text++;
                length -= 2;
        }
        memcpy(host, text, length);
        host[length] = '\0';

        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
        const char *four = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
        if (six ? inet_pton(AF_INET6, host, &in6.sin6_addr) != 1
                : inet_pton(AF_INET, four, &in.sin_addr) != 1)
                return -EINVAL;
        *ret = (ListenAddress){.size = six ? sizeof(in6) : sizeof(in)};
        memcpy(&ret->address, six ? (const void *)&in6 : &in, ret->size);
        return 0;
}

bool listen_address_is_local(const ListenAddress *a)
{
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        switch (a->address.ss_family) {
        case AF_UNIX:
                return true;
        case AF_INET:
                memcpy(&in, &a->address, sizeof(in));
                return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        default:
                memcpy(&in6, &a->address, sizeof(in6));
                return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
        }
}
