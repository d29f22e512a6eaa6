/*
 * url: libcurl's URL parser decides, so that what is compared is what would be requested.
 */
#include "catalog/url.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

DEFINE_CLEANUP(CURLU, url, curl_url_cleanup)
DEFINE_CLEANUP(char, part, curl_free)

static int url_error(CURLUcode code)
{
        return code == CURLUE_OK ? 0 : code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

/* NULL: there is no such part. */
static int part_get(CURLU *u, CURLUPart part, CURLUcode absent, unsigned flags, char **ret)
{
        CURLUcode code = curl_url_get(u, part, ret, flags);
        return code == absent ? 0 : url_error(code);
}

/* -EXDEV: it differs. */
static int part_compare(CURLU *a, CURLU *b, CURLUPart part, CURLUcode absent, unsigned flags)
{
        _cleanup_(cleanup_part) char *x = NULL;
        _cleanup_(cleanup_part) char *y = NULL;
        int r = part_get(a, part, absent, flags, &x);
        if (r >= 0)
                r = part_get(b, part, absent, flags, &y);
        if (r >= 0 && x != y && (!x || !y || strcasecmp(x, y) != 0))
                r = -EXDEV;
        return r;
}

/* An address with a zone leads out at another interface than the same without. */
static int origin_compare(CURLU *a, CURLU *b)
{
        int r = part_compare(a, b, CURLUPART_SCHEME, CURLUE_NO_SCHEME, 0);
        if (r >= 0)
                r = part_compare(a, b, CURLUPART_HOST, CURLUE_NO_HOST, 0);
        if (r >= 0)
                r = part_compare(a, b, CURLUPART_ZONEID, CURLUE_NO_ZONEID, 0);
        if (r >= 0)
                r = part_compare(a, b, CURLUPART_PORT, CURLUE_NO_PORT, CURLU_DEFAULT_PORT);
        return r;
}

int url_resolve(const char *requested_url, const char *location, char **ret)
{
        _cleanup_(cleanup_url) CURLU *base = curl_url();
        _cleanup_(cleanup_url) CURLU *target = curl_url();
        _cleanup_(cleanup_part) char *user = NULL;
        _cleanup_(cleanup_part) char *whole = NULL;
        if (!base || !target)
                return -ENOMEM;
        /* some versions of libcurl drop them */
        for (const char *c = location; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        return -EINVAL;
        int r = url_error(curl_url_set(base, CURLUPART_URL, requested_url, 0));
        if (r >= 0)
                r = url_error(curl_url_set(target, CURLUPART_URL, requested_url, 0));
        if (r >= 0)
                r = url_error(curl_url_set(target, CURLUPART_URL, location, 0));
        if (r >= 0)
                r = origin_compare(base, target);
        if (r >= 0)
                r = part_get(target, CURLUPART_USER, CURLUE_NO_USER, 0, &user);
        if (r >= 0 && user)
                r = -EXDEV;
        if (r >= 0)
                r = url_error(curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0));
        if (r >= 0)
                r = url_error(curl_url_get(target, CURLUPART_URL, &whole, 0));
        for (const char *c = whole; r >= 0 && *c; c++)
                /* what is no ASCII is no address, and perhaps no UTF-8 */
                if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
                        r = -EINVAL;
        *ret = r >= 0 ? strdup(whole) : NULL;
        return r < 0 ? r : *ret ? 0 : -ENOMEM;
}

/* Where the path begins, behind scheme and authority. */
static const char *url_path(const char *url)
{
        const char *authority = strstr(url, "://");
        authority = authority ? authority + strlen("://") : url;
        return authority + strcspn(authority, "/?#");
}

int url_below(const char *base_url, const char *url, char **ret)
{
        const char *prefix = url_path(base_url), *path = url_path(url);
        size_t size = strlen(prefix);
        if (size == 0 ||
            (strncmp(path, prefix, size) == 0 && strchr("/?#", path[size]) /* its NUL as well */))
                return -ENOENT;
        *ret = text_format("%s%s", base_url, path);
        return *ret ? 0 : -ENOMEM;
}

/* The path's last segment that ends before `size`, which becomes where it begins. */
static size_t segment_start(const char *url, size_t *size)
{
        while (*size > 0 && url[*size - 1] == '/')
                (*size)--;
        size_t start = *size;
        while (start > 0 && url[start - 1] != '/')
                start--;
        return start;
}

bool url_last_uuid(const char *url, Uuid *ret)
{
        static const char log[] = "statusLog";
        size_t size = strcspn(url, "?;#");
        size_t start = segment_start(url, &size);
        if (size - start == strlen(log) && memcmp(url + start, log, strlen(log)) == 0) {
                size = start;
                start = segment_start(url, &size);
        }
        return uuid_parse_n(url + start, size - start, ret) == 0;
}
