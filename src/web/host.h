/*
 * host: whether a request means this server.
 *
 * A page of somebody else can have its own name resolve to the address of this server (DNS
 * rebinding): the browser of a person who may reach the monitor then reads it for that page. Such a
 * request has the name of the other site in its Host. An address cannot be rebound, and no browser
 * leaves Host out.
 */
#pragma once

#include <stdbool.h>

/* `host` is the header's content (RFC 9110, 7.2: a host, and perhaps a port, which is not
 * compared), NULL: there is none. Allowed are none, addresses, localhost, and names of
 * `host_names`, separated by commas (NULL: none). */
bool host_is_allowed(const char *host, const char *host_names);
