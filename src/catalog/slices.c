/* What always holds: nothing is read beyond `size`; every loop takes at least one byte. */
#include "catalog/slices.h"
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
        while (s->at < s->size && s->text[s->at] != '"')
                s->at += s->text[s->at] == '\\' && s->at + 1 < s->size ? 2 : 1;
        if (s->at < s->size)
                s->at++;
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

/* The value of the member of an object; of size 0 when there is none. */
static Slice scan_member(Scan *s, const char *member)
{
        Slice found = {.text = s->text};
        if (!scan_take(s, '{'))
                return found;
        do {
                if (!scan_take(s, '"'))
                        break;
                size_t from = s->at;
                scan_string(s);
                bool it = s->at - from == strlen(member) + 1 &&
                          memcmp(s->text + from, member, strlen(member)) == 0;
                if (!scan_take(s, ':'))
                        break;
                Slice value = scan_value(s);
                if (it)
                        found = value;
        } while (scan_take(s, ','));
        return found;
}

/* Negative: what is between the brackets is no sequence of values. */
static int scan_elements(Scan *s, Slice *ret, size_t max, size_t *ret_n)
{
        *ret_n = 0;
        if (scan_take(s, ']'))
                return 0;
        do {
                Slice element = scan_value(s);
                if (element.size == 0)
                        return -EINVAL;
                if (*ret_n < max)
                        ret[*ret_n] = element;
                ++*ret_n;
        } while (scan_take(s, ','));
        return scan_take(s, ']') ? 0 : -EINVAL;
}

int slices_take(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                size_t *ret_n, Text *ret_rest)
{
        static const char mark[] = "\xef\xbb\xbf"; /* which cJSON passes over, too */
        bool marked = size >= 3 && memcmp(text, mark, 3) == 0;
        Scan whole = {.text = text, .size = size, .at = marked ? 3 : 0};
        Slice list = member ? scan_member(&whole, member) : scan_value(&whole);
        Scan inside = {.text = list.text, .size = list.size};
        int r = 0;
        *ret_n = 0;
        if (scan_take(&inside, '['))
                r = scan_elements(&inside, ret, max, ret_n);
        else
                list.size = 0;
        size_t before = (size_t)(list.text - text);
        if (r >= 0)
                r = text_append(ret_rest, text, before);
        if (r >= 0)
                r = text_append_string(ret_rest, list.size > 0 ? "[]" : "");
        if (r >= 0)
                r = text_append(ret_rest, text + before + list.size, size - before - list.size);
        return r;
}
