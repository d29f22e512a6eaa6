/* What always holds: nothing is read beyond `size`; every loop takes at least one byte. */
#include "catalog/slices.h"
#include "catalog/json.h"
#include <errno.h>
#include <string.h>

typedef struct Scan {
        const char *text;
        size_t size, at;
} Scan;

static void scan_space(Scan *s)
{
        while (s->at < s->size && s->text[s->at] != '\0' && (unsigned char)s->text[s->at] <= ' ')
                s->at++;
}

static bool scan_take(Scan *s, char c)
{
        scan_space(s);
        if (s->at == s->size || s->text[s->at] != c)
                return false;
        s->at++;
        return true;
}

/* From behind the opening quote to behind the closing one. */
static void scan_string(Scan *s)
{
        for (;;) {
                s->at += text_span_plain(s->text + s->at, s->size - s->at);
                if (s->at == s->size || s->text[s->at++] == '"')
                        return;
                if (s->text[s->at - 1] == '\\' && s->at < s->size)
                        s->at++;
        }
}

/* One value, whatever is in it; of size 0 where none is. */
static Slice scan_value(Scan *s)
{
        scan_space(s);
        size_t depth = 0, from = s->at;
        while (s->at < s->size) {
                char c = s->text[s->at];
                bool opens = c == '[' || c == '{', closes = c == ']' || c == '}';
                if (depth == 0 && (c == ',' || closes))
                        break;
                s->at++;
                if (c == '"')
                        scan_string(s);
                depth += opens;
                depth -= closes;
                if (depth == 0 && (c == '"' || closes))
                        break;
        }
        return (Slice){.text = s->text + from, .size = s->at - from};
}

typedef struct Elements {
        Slice list; /* with its brackets; of size 0: there is none */
        Slice *slices;
        size_t max, n;
        int error; /* negative: what is between the brackets is no sequence of values */
} Elements;

/* Takes the elements of the array that begins here, and the array. */
static int scan_elements(Scan *s, Elements *e)
{
        if (scan_take(s, ']'))
                return 0;
        do {
                Slice element = scan_value(s);
                if (element.size == 0)
                        return -EINVAL;
                if (e->n < e->max)
                        e->slices[e->n] = element;
                e->n++;
        } while (scan_take(s, ','));
        return scan_take(s, ']') ? 0 : -EINVAL;
}

/* The value that is looked for; of several, the last counts. */
static void scan_wanted(Scan *s, Elements *e)
{
        scan_space(s);
        size_t from = s->at;
        bool list = scan_take(s, '[');
        e->n = 0;
        e->error = list ? scan_elements(s, e) : 0;
        if (!list || e->error < 0) {
                s->at = from;
                (void)scan_value(s);
        }
        e->list = (Slice){.text = s->text + from, .size = list ? s->at - from : 0};
}

/* The elements of the array that is this member of the object. */
static void scan_member(Scan *s, const char *member, Elements *e)
{
        size_t member_size = strlen(member);
        if (!scan_take(s, '{'))
                return;
        do {
                if (!scan_take(s, '"'))
                        break;
                size_t from = s->at;
                scan_string(s);
                bool wanted = s->at - from == member_size + 1 &&
                              memcmp(s->text + from, member, member_size) == 0;
                if (!scan_take(s, ':'))
                        break;
                if (wanted)
                        scan_wanted(s, e);
                else
                        (void)scan_value(s);
        } while (scan_take(s, ','));
}

int slices_take(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                size_t *ret_n, Text *ret_rest)
{
        static const char mark[] = "\xef\xbb\xbf"; /* which cJSON passes over, too */
        bool marked = size >= 3 && memcmp(text, mark, 3) == 0;
        Scan whole = {.text = text, .size = size, .at = marked ? 3 : 0};
        Elements e = {.list.text = text, .slices = ret, .max = max};
        if (member)
                scan_member(&whole, member, &e);
        else
                scan_wanted(&whole, &e);
        *ret_n = e.n;
        if (e.error < 0)
                return e.error;
        size_t before = (size_t)(e.list.text - text), behind = before + e.list.size;
        int r = text_append(ret_rest, text, before);
        if (r >= 0)
                r = text_append_string(ret_rest, e.list.size > 0 ? "[]" : "");
        return r < 0 ? r : text_append(ret_rest, text + behind, size - behind);
}

int slices_take_list(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                     size_t *ret_n)
{
        _cleanup_(text_done) Text rest = {0};
        _cleanup_(cleanup_json) cJSON *document = NULL;
        int r = slices_take(text, size, member, ret, max, ret_n, &rest);
        if (r >= 0)
                r = json_parse(rest.data, rest.size, &document);
        if (r < 0)
                return r;
        const cJSON *list = document;
        if (member && json_get_array(document, member, &list) < 0)
                return -ENODATA;
        return cJSON_IsArray(list) && cJSON_GetArraySize(list) == 0 ? 0 : -ENODATA;
}
