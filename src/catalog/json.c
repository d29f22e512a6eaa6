/*
 * json: the gate and the getters, see the header.
 */
#include "catalog/json.h"
#include "base/limits.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* What follows "\u" is four digits, and they are not those of NUL. cJSON takes an escape that is malformed for NUL, which would cut the string short. */
static int gate_escape(const char *digits, size_t size)
{
        for (size_t i = 0; i < 4; i++)
                if (i == size || !isxdigit((unsigned char)digits[i]))
                        return -EINVAL;
        return memcmp(digits, "0000", 4) == 0 ? -EBADMSG : 0;
}

/* Looks at the text without understanding it: no NUL, as a byte or as an escape (a backslash that is itself escaped does not count), and no more values than
 * memory is meant for: each takes cJSON about a hundred bytes, though a text of two may ask for it. */
static int gate(const char *text, size_t size)
{
        bool in_string = false;
        size_t n_values = 1;
        for (size_t i = 0; i < size; i++) {
                switch (text[i]) {
                case '\0':
                        return -EBADMSG;
                case '\\':
                        i++; /* the escaped character */
                        if (i < size && text[i] == 'u') {
                                int r = gate_escape(text + i + 1, size - i - 1);
                                if (r < 0)
                                        return r;
                        }
                        break;
                case '"':
                        in_string = !in_string;
                        break;
                case ',':
                case '[':
                case '{':
                        n_values += !in_string;
                        break;
                default:
                        break;
                }
        }
        return n_values > LIMIT_JSON_MAX_VALUES ? -E2BIG : 0;
}

int json_parse(const char *text, size_t size, cJSON **ret)
{
        int r = gate(text, size);
        if (r < 0)
                return r;
        if (!text_utf8_valid(text, size))
                return -EILSEQ;
        /* cJSON wants to see the NUL at the end to know that nothing follows. */
        cJSON *value = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
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
        case -E2BIG:
                return "it holds more than 100,000 values";
        default:
                return "it is not complete, well-formed JSON";
        }
}

/* A name that is there twice means one thing to cJSON and another to PostgreSQL, so it means nothing. */
static int json_get(const cJSON *object, const char *name, const cJSON **ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        if (!item)
                return -ENOENT;
        for (const cJSON *other = item->next; other; other = other->next)
                if (other->string && strcmp(other->string, name) == 0)
                        return -EINVAL;
        if (cJSON_IsNull(item))
                return -ENOENT;
        *ret = item;
        return 0;
}

int json_get_array(const cJSON *object, const char *name, const cJSON **ret)
{
        const cJSON *item;
        int r = json_get(object, name, &item);
        if (r < 0)
                return r;
        if (!cJSON_IsArray(item))
                return -EINVAL;
        *ret = item;
        return 0;
}

int json_get_string(const cJSON *object, const char *name, const char **ret)
{
        const cJSON *item;
        int r = json_get(object, name, &item);
        if (r < 0)
                return r;
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
        const cJSON *item;
        int r = json_get(object, name, &item);
        if (r < 0)
                return r;
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < min || item->valuedouble > max)
                return -EINVAL;
        *ret = item->valuedouble;
        return 0;
}
