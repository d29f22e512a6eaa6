/*
 * json: the gate and the getters, see the header.
 */
#include "catalog/json.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* "\u0000" as an escape: a backslash that is itself escaped does not count. */
static bool has_nul_escape(const char *text, size_t size)
{
        for (size_t i = 0; i + 1 < size; i++) {
                if (text[i] != '\\')
                        continue;
                if (size - i >= 6 && memcmp(text + i + 1, "u0000", 5) == 0)
                        return true;
                i++; /* the escaped character */
        }
        return false;
}

int json_parse(const char *text, size_t size, cJSON **ret)
{
        if (memchr(text, '\0', size) || has_nul_escape(text, size))
                return -EBADMSG;
        if (!text_utf8_valid(text, size))
                return -EILSEQ;
        /* cJSON wants to see the NUL at the end to know that nothing follows; every buffer of ours has one there. */
        _cleanup_(cleanup_free) char *copy = strndup(text, size);
        if (!copy)
                return -ENOMEM;
        cJSON *value = cJSON_ParseWithLengthOpts(copy, size + 1, NULL, true);
        if (!value)
                return -EINVAL;
        *ret = value;
        return 0;
}

const char *json_error_words(int error)
{
        switch (error) {
        case -EBADMSG:
                return "it holds a NUL character, which PostgreSQL cannot store";
        case -EILSEQ:
                return "it is not valid UTF-8";
        case -ENOMEM:
                return "out of memory";
        default:
                return "it is not complete, well-formed JSON";
        }
}

int json_get_string(const cJSON *object, const char *name, const char **ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        if (!item || cJSON_IsNull(item))
                return -ENOENT;
        if (!cJSON_IsString(item) || !item->valuestring)
                return -EINVAL;
        *ret = item->valuestring;
        return 0;
}

int json_get_uuid(const cJSON *object, const char *name, Uuid *ret)
{
        const char *string;
        int r = json_get_string(object, name, &string);
        return r < 0 ? r : uuid_parse(string, ret);
}

int json_get_number(const cJSON *object, const char *name, double min, double max, double *ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        if (!item || cJSON_IsNull(item))
                return -ENOENT;
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < min || item->valuedouble > max)
                return -EINVAL;
        *ret = item->valuedouble;
        return 0;
}
