/*
 * url: libcurl's URL parser decides, so that what is compared is what would be requested.
 */
#include "catalog/url.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static void cleanup_url(CURLU **u)
{
        curl_url_cleanup(*u);
}

static void cleanup_part(char **part)
{
        curl_free(*part);
}

static bool part_equal(CURLU *a, CURLU *b, CURLUPart part, CURLUcode absent, unsigned flags)
{
        _cleanup_(cleanup_part) char *x = NULL;
        _cleanup_(cleanup_part) char *y = NULL;
        CURLUcode code = curl_url_get(a, part, &x, flags);
        if (code != curl_url_get(b, part, &y, flags))
                return false;
        return code == CURLUE_OK ? strcasecmp(x, y) == 0 : code == absent;
}

/* An address with a zone leads out at another interface than the same without. */
static bool origin_equal(CURLU *a, CURLU *b)
{
        return part_equal(a, b, CURLUPART_SCHEME, CURLUE_NO_SCHEME, 0) &&
               part_equal(a, b, CURLUPART_HOST, CURLUE_NO_HOST, 0) &&
               part_equal(a, b, CURLUPART_ZONEID, CURLUE_NO_ZONEID, 0) &&
               part_equal(a, b, CURLUPART_PORT, CURLUE_NO_PORT, CURLU_DEFAULT_PORT);
}

int url_resolve(const char *requested_url, const char *location, char **ret)
{
        _cleanup_(cleanup_url) CURLU *base = curl_url();
        _cleanup_(cleanup_url) CURLU *target = curl_url();
        _cleanup_(cleanup_part) char *user = NULL;
        _cleanup_(cleanup_part) char *whole = NULL;
        if (!base || !target)
                return -ENOMEM;
        if (curl_url_set(base, CURLUPART_URL, requested_url, 0) != CURLUE_OK ||
            curl_url_set(target, CURLUPART_URL, requested_url, 0) != CURLUE_OK ||
            curl_url_set(target, CURLUPART_URL, location, 0) != CURLUE_OK)
                return -EINVAL;
        if (!origin_equal(base, target))
                return -EXDEV;
        if (curl_url_get(target, CURLUPART_USER, &user, 0) == CURLUE_OK)
                return -EXDEV;
        (void)curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0);
        if (curl_url_get(target, CURLUPART_URL, &whole, 0) != CURLUE_OK)
                return -EINVAL;
        for (const char *c = whole; *c; c++)
                /* what is no ASCII is no address, and perhaps no UTF-8 */
                if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
                        return -EINVAL;
        *ret = strdup(whole);
        return *ret ? 0 : -ENOMEM;
}

/* Where the path begins, behind scheme and authority. */
static const char *url_path(const char *url)
{
        const char *authority = strstr(url, "://");
        authority = authority ? authority + strlen("://") : url;
        return authority + strcspn(authority, "/?#");
}

int url_escape(const char *text, char **ret)
{
        _cleanup_(cleanup_part) char *escaped = curl_easy_escape(NULL, text, 0);
        *ret = escaped ? strdup(escaped) : NULL;
        return *ret ? 0 : -ENOMEM;
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
