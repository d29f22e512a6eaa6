/*
 * Target of what the monitor reads of a request itself: Host (src/web/host.h), path and arguments
 * (src/web/decode.h); and of src/base/listen_address.h. The second opinions are a reading of Host
 * by its characters, and libcurl's decoder.
 */
#include "base/listen_address.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "web/decode.h"
#include "web/host.h"
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No name that somebody can own has its characters, but localhost. */
static bool is_nobodys(const char *host)
{
        size_t named = strncasecmp(host, "localhost", 9) == 0 ? 9 : 0;
        const char *rest = named ? host + named : host + strspn(host, "0123456789.[]:abcdefABCDEF");
        bool has_dot_or_colon = named || strchr(host, '.') || strchr(host, ':');
        return has_dot_or_colon && (*rest == '\0' || (named && *rest == ':'));
}

static void check_host(const char *host, const char *names)
{
        FUZZ_CHECK(host_is_allowed(NULL, names));
        if (host_is_allowed(host, NULL)) {
                FUZZ_CHECK(is_nobodys(host));
                FUZZ_CHECK(host_is_allowed(host, names)); /* names only add */
        } else if (host_is_allowed(host, names)) {
                /* one of them, as it is written there, but for its case and a port */
                size_t length = strcspn(host, ":");
                const char *at = names;
                FUZZ_CHECK(length > 0);
                while (*at && !(strncasecmp(at, host, length) == 0 &&
                                (at[length] == '\0' || strchr(", \t", at[length]))))
                        at++;
                FUZZ_CHECK(*at);
        }
}

static void check_decode(const char *text)
{
        char *decoded = strdup(text);
        int size = 0;
        char *curl = curl_easy_unescape(NULL, text, 0, &size);
        FUZZ_CHECK(decoded && curl);
        bool plain = true;
        for (int i = 0; i < size; i++)
                plain &= (unsigned char)curl[i] >= 0x20 && curl[i] != 0x7f;
        bool whole = true; /* no "%" without its digits */
        for (const char *at = text; (at = strchr(at, '%')); at++)
                whole &= isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
        bool expected = plain && whole && text_utf8_valid(curl, (size_t)size);
        FUZZ_CHECK(web_decode(decoded) == expected);
        FUZZ_CHECK(!expected || strcmp(decoded, curl) == 0);
        curl_free(curl);
        free(decoded);
}

void fuzz_request(const uint8_t *data, size_t size)
{
        char *host = fuzz_line(&data, &size), *names = fuzz_line(&data, &size);
        char *text = fuzz_string(data, size);
        ListenAddress a;
        check_host(host, names);
        check_decode(text);
        int r = listen_address_parse(text, &a);
        FUZZ_CHECK(r == 0 || r == -EINVAL || r == -ENAMETOOLONG);
        if (r == 0 && text[0] != '/') /* a port, and what is local is written so */
                FUZZ_CHECK(isdigit((unsigned char)text[strlen(text) - 1]) &&
                           (!listen_address_is_local(&a) || strncmp(text, "127.", 4) == 0 ||
                            strncmp(text, "localhost:", 10) == 0 || text[0] == '['));
        free(host);
        free(names);
        free(text);
}
