/*
 * listen_address: where a server listens, as a configuration has it: "127.0.0.1:9743",
 * "[::1]:9743", "localhost:9743", or the absolute path of a unix socket.
 *
 * Names are not resolved: which address a name means may change, and one that was meant for
 * loopback would then be open to others.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

typedef struct ListenAddress {
        struct sockaddr_storage address;
        socklen_t size;
} ListenAddress;

/* -EINVAL: neither; -ENAMETOOLONG: the path is too long for a socket. */
int listen_address_parse(const char *text, ListenAddress *ret);

/* Only this host can reach it. */
bool listen_address_is_local(const ListenAddress *a);
