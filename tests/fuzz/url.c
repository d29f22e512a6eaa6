/*
 * Target of src/catalog/url.h: a Location is followed on our own origin only. The second opinion
 * reads the address as RFC 3986 has it, without libcurl.
 */
#include "catalog/url.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGIN_BYTES = 300 };

/* "scheme://host:port" in lower case, with the port written out. False: it has none, or user
 * information. */
static bool read_origin(const char *url, char out[ORIGIN_BYTES])
{
        const char *authority = strstr(url, "://");
        if (!authority)
                return false;
        authority += strlen("://");
        size_t size = strcspn(authority, "/?#\\");
        if (size == 0 || memchr(authority, '@', size))
                return false;
        size_t used = (size_t)(authority - url) + size;
        const char *host_end = memrchr(authority, ']', size);
        const char *port = memchr(host_end ? host_end : authority, ':',
                                  (size_t)(authority + size - (host_end ? host_end : authority)));
        const char *default_port = port ? "" : strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";
        if (snprintf(out, ORIGIN_BYTES, "%.*s%s", (int)used, url, default_port) >= ORIGIN_BYTES)
                return false;
        for (char *c = out; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return true;
}

void fuzz_url(const uint8_t *data, size_t size)
{
        static const char *const requested[] = {
                "https://acme.collibra.com/rest/catalogDatabase/v1/databaseConnections/"
                "refresh?edgeConnectionId=x",
                "https://gw.example:443/collibra/rest/catalogDatabase/v1/databaseConnections/"
                "refresh",
                "http://127.0.0.1:8080/rest/x",
                "https://[::1]:8443/rest/x",
        };
        const char *base =
                requested[fuzz_byte(&data, &size) % (sizeof(requested) / sizeof(requested[0]))];
        char *location = fuzz_string(data, size);
        char ours[ORIGIN_BYTES], theirs[ORIGIN_BYTES];
        char *url = NULL, *again = NULL, *below = NULL;
        int r = url_resolve(base, location, &url);
        FUZZ_CHECK(r == 0 || r == -EINVAL || r == -EXDEV);
        if (r == 0) {
                FUZZ_CHECK(read_origin(base, ours) && read_origin(url, theirs));
                FUZZ_CHECK(strcmp(ours, theirs) == 0);
                FUZZ_CHECK(!strchr(url, '#'));
                /* It is kept in PostgreSQL. */
                FUZZ_CHECK(text_utf8_valid(url, strlen(url)));
                for (const char *c = url; *c; c++)
                        FUZZ_CHECK((unsigned char)*c > ' ' && *c != 0x7f);
                FUZZ_CHECK(url_resolve(base, url, &again) == 0);
                /* Below a prefix it is of the same origin still. */
                if (url_below("https://gw.example:443/collibra", url, &below) == 0)
                        FUZZ_CHECK(strncmp(below, "https://gw.example:443/collibra/", 32) == 0);
        }
        Uuid id;
        char text[UUID_STRING_SIZE];
        if (url_last_uuid(location, &id))
                FUZZ_CHECK(strcasestr(location, uuid_format(&id, text)));
        free(again);
        free(below);
        free(url);
        free(location);
}
