/*
 * url: libcurl's URL parser decides, so that what is compared is what would be requested.
 */
#include "catalog/url.h"
#include "base/cleanup.h"
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

static bool part_equal(CURLU *a, CURLU *b, CURLUPart part, unsigned flags)
{
        _cleanup_(cleanup_part) char *x = NULL;
        _cleanup_(cleanup_part) char *y = NULL;
        return curl_url_get(a, part, &x, flags) == CURLUE_OK && curl_url_get(b, part, &y, flags) == CURLUE_OK &&
               strcasecmp(x, y) == 0;
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
        if (!part_equal(base, target, CURLUPART_SCHEME, 0) || !part_equal(base, target, CURLUPART_HOST, 0) ||
            !part_equal(base, target, CURLUPART_PORT, CURLU_DEFAULT_PORT))
                return -EXDEV;
        if (curl_url_get(target, CURLUPART_USER, &user, 0) == CURLUE_OK)
                return -EXDEV;
        (void)curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0);
        if (curl_url_get(target, CURLUPART_URL, &whole, 0) != CURLUE_OK)
                return -EINVAL;
        *ret = strdup(whole);
        return *ret ? 0 : -ENOMEM;
}

bool url_last_uuid(const char *url, Uuid *ret)
{
        size_t size = strcspn(url, "?#");
        while (size > 0 && url[size - 1] == '/')
                size--;
        size_t start = size;
        while (start > 0 && url[start - 1] != '/')
                start--;
        return uuid_parse_n(url + start, size - start, ret) == 0;
}
