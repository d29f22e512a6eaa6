/*
 * json_reference: see the header.
 */
#include "fuzz/json_reference.h"
#include "base/text.h"
#include <string.h>

enum { DEPTH_MAX = 900 };

typedef struct Reader {
        const char *at, *end;
        unsigned depth;
} Reader;

static bool read_value(Reader *r);

static void skip_space(Reader *r)
{
        while (r->at < r->end &&
               (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
                r->at++;
}

static bool take(Reader *r, char c)
{
        if (r->at == r->end || *r->at != c)
                return false;
        r->at++;
        return true;
}

static bool read_word(Reader *r, const char *word)
{
        while (*word)
                if (!take(r, *word++))
                        return false;
        return true;
}

static bool read_digits(Reader *r)
{
        const char *start = r->at;
        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
                r->at++;
        return r->at > start;
}

static bool read_number(Reader *r)
{
        (void)take(r, '-');
        if (!take(r, '0') && !read_digits(r))
                return false;
        if (take(r, '.') && !read_digits(r))
                return false;
        if (take(r, 'e') || take(r, 'E')) {
                if (!take(r, '+'))
                        (void)take(r, '-');
                return read_digits(r);
        }
        return true;
}

static int read_unit(Reader *r)
{
        int unit = 0;
        for (int i = 0; i < 4; i++) {
                static const char digits[] = "0123456789abcdef0123456789ABCDEF";
                const char *digit = r->at < r->end && *r->at ? strchr(digits, *r->at) : NULL;
                if (!digit)
                        return -1;
                unit = unit * 16 + (int)((digit - digits) % 16);
                r->at++;
        }
        return unit;
}

static bool read_escape(Reader *r)
{
        if (r->at == r->end)
                return false;
        char c = *r->at++;
        if (c != 'u')
                return c && strchr("\"\\/bfnrt", c);
        int unit = read_unit(r);
        if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return false;
        if (unit < 0xd800 || unit > 0xdbff)
                return true;
        if (!take(r, '\\') || !take(r, 'u'))
                return false;
        int low = read_unit(r);
        return low >= 0xdc00 && low <= 0xdfff;
}

static bool read_string(Reader *r)
{
        if (!take(r, '"'))
                return false;
        while (r->at < r->end) {
                unsigned char c = (unsigned char)*r->at++;
                if (c == '"')
                        return true;
                if (c < 0x20 || (c == '\\' && !read_escape(r)))
                        return false;
        }
        return false;
}

static bool read_member(Reader *r)
{
        skip_space(r);
        if (!read_string(r))
                return false;
        skip_space(r);
        return take(r, ':') && read_value(r);
}

static bool read_members(Reader *r, char close, bool (*read_one)(Reader *))
{
        skip_space(r);
        if (take(r, close))
                return true;
        if (++r->depth > DEPTH_MAX)
                return false;
        do {
                if (!read_one(r))
                        return false;
                skip_space(r);
        } while (take(r, ','));
        r->depth--;
        return take(r, close);
}

static bool read_value(Reader *r)
{
        skip_space(r);
        if (r->at == r->end)
                return false;
        switch (*r->at) {
        case '{':
                r->at++;
                return read_members(r, '}', read_member);
        case '[':
                r->at++;
                return read_members(r, ']', read_value);
        case '"':
                return read_string(r);
        case 't':
                return read_word(r, "true");
        case 'f':
                return read_word(r, "false");
        case 'n':
                return read_word(r, "null");
        default:
                return read_number(r);
        }
}

bool json_reference_accepts(const char *text, size_t size)
{
        Reader r = {.at = text, .end = text + size};
        if (!text_utf8_valid(text, size) || !read_value(&r))
                return false;
        skip_space(&r);
        return r.at == r.end;
}
