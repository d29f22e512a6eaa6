/*
 * url: addresses at the catalog, and whether a Location may be followed.
 */
#pragma once

#include "base/uuid.h"
#include <stdbool.h>

/* Resolves a Location against the URL that was requested (RFC 9110, section 10.2.2). Returns 0 and
 * an absolute URL when it is of the same origin (scheme, host and port; default ports count as
 * written); -EXDEV: another origin, or user information in it; -EINVAL: not a URL; -ENOMEM. The
 * caller frees *ret. */
int url_resolve(const char *requested_url, const char *location, char **ret);

/* The same path below the base's, for a Location that a catalog behind a gateway writes without the
 * gateway's prefix. -ENOENT: the base has no path, or the URL is below it already. Both of one
 * origin, as url_resolve gives them. The caller frees *ret. */
int url_below(const char *base_url, const char *url, char **ret);

/* True when the path's last segment is a UUID, or the one before "statusLog" (the Edge job system).
 */
bool url_last_uuid(const char *url, Uuid *ret);
