#include "catalog/json.h"
#include "base/limits.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { ESCAPE_BYTES = 6 }; /* "\uXXXX" */

/* The code unit of the escape "\uXXXX" at the start of the text; negative: there is none. */
static int escape_unit(const char *text, size_t size)
{
        uint32_t unit;
        if (size < ESCAPE_BYTES || text[0] != '\\' || text[1] != 'u' ||
            text_take_digits(text + 2, 4, 16, 4, &unit) != 4)
                return -1;
        return (int)unit;
}

/* How many bytes the escape at the start of the text has: 2, 6, or the 12 of a pair of surrogates.
 * Negative: what is wrong with it; cJSON takes a malformed one for NUL, which would cut the string
 * short. */
static int escape_check(const char *text, size_t size)
{
        if (size < 2)
                return -EINVAL;
        if (text[1] != 'u')
                return text[1] && strchr("\"\\/bfnrt", text[1]) ? 2 : -EINVAL;
        int unit = escape_unit(text, size);
        if (unit < 0)
                return -EINVAL;
        if (unit == 0)
                return -EBADMSG;
        if (unit < 0xD800 || unit > 0xDFFF)
                return ESCAPE_BYTES;
        int low = escape_unit(text + ESCAPE_BYTES, size - ESCAPE_BYTES);
        return unit < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF ? 2 * ESCAPE_BYTES : -EILSEQ;
}

/* Scans the text without parsing it: no NUL, as a byte or as an escape (a backslash that
 * is itself escaped does not count), no half of a pair of surrogates, no more values than
 * memory is meant for (each takes cJSON about a hundred bytes, though a text of two may ask for
 * it), and UTF-8.
 */
static int json_prescan(const char *text, size_t size)
{
        bool in_string = false, utf8 = true;
        size_t n_values = 1;
        for (size_t i = 0; i < size;) {
                int step = 1;
                i += in_string ? text_span_plain(text + i, size - i) : 0;
                if (i == size)
                        break;
                switch (text[i]) {
                case '\0':
                        return -EBADMSG;
                case '\\':
                        step = escape_check(text + i, size - i);
                        if (step < 0)
                                return step;
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
                        step = (int)text_utf8_length(text + i, size - i);
                        utf8 = utf8 && step > 0;
                        step += step == 0;
                        break;
                }
                i += (size_t)step;
        }
        return n_values > LIMIT_JSON_MAX_VALUES ? -E2BIG : utf8 ? 0 : -EILSEQ;
}

int json_parse(const char *text, size_t size, cJSON **ret)
{
        int r = json_prescan(text, size);
        if (r < 0)
                return r;
        /* cJSON wants to see the NUL at the end to know that nothing follows. */
        cJSON *value = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
        if (!value)
                return -EINVAL;
        *ret = value;
        return 0;
}

const char *json_error_text(int error)
{
        switch (error) {
        case -EBADMSG:
                return "it holds a NUL character, which PostgreSQL cannot store";
        case -EILSEQ:
                return "it holds text that is not valid Unicode";
        case -E2BIG:
                return "it holds more than 100,000 values";
        default:
                return "it is not complete, well-formed JSON";
        }
}

/* ---- texts in which something is wrong ------------------------------------------------------ */

int json_repair(const char *text, size_t size, Text *ret)
{
        for (size_t i = 0; i < size;) {
                const char *good = text + i;
                size_t length = 1;
                if (text[i] == '\\') {
                        int r = escape_check(text + i, size - i);
                        bool whole = r < 0 && escape_unit(text + i, size - i) >= 0;
                        if (r < 0)
                                good = "\\ufffd";
                        length = r >= 0 ? (size_t)r : whole ? ESCAPE_BYTES : 1;
                } else {
                        length = text_utf8_length(text + i, size - i);
                        if (text[i] == '\0' || length == 0) {
                                good = "\xef\xbf\xbd";
                                length = 1;
                        }
                }
                int r = good == text + i ? text_append(ret, good, length)
                                         : text_append_string(ret, good);
                if (r < 0)
                        return r;
                i += length;
        }
        return text_append(ret, "", 0);
}

/* ---- members -------------------------------------------------------------------------------- */

/* A name that is there twice means one thing to cJSON and another to PostgreSQL, so it means
 * nothing. */
static int json_get(const cJSON *object, const char *name, cJSON_bool (*is)(const cJSON *item),
                    const cJSON **ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        if (!item)
                return -ENOENT;
        for (const cJSON *other = item->next; other; other = other->next)
                if (strcmp(other->string, name) == 0)
                        return -EINVAL;
        if (cJSON_IsNull(item))
                return -ENOENT;
        if (!is(item))
                return -EINVAL;
        *ret = item;
        return 0;
}

int json_get_array(const cJSON *object, const char *name, const cJSON **ret)
{
        return json_get(object, name, cJSON_IsArray, ret);
}

int json_get_string(const cJSON *object, const char *name, const char **ret)
{
        const cJSON *item;
        int r = json_get(object, name, cJSON_IsString, &item);
        if (r == 0)
                *ret = item->valuestring;
        return r;
}

int json_get_uuid(const cJSON *object, const char *name, Uuid *ret)
{
        const char *string;
        int r = json_get_string(object, name, &string);
        return r == 0 ? uuid_parse(string, ret) : r;
}

int json_get_number(const cJSON *object, const char *name, double min, double max, double *ret)
{
        const cJSON *item;
        int r = json_get(object, name, cJSON_IsNumber, &item);
        if (r < 0)
                return r;
        if (!isfinite(item->valuedouble) || item->valuedouble < min || item->valuedouble > max)
                return -EINVAL;
        *ret = item->valuedouble;
        return 0;
}
