#include "base/text.h"
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_done(Text *t)
{
        free(t->data);
        *t = (Text){0};
}

void text_wipe(Text *t)
{
        if (t->data)
                explicit_bzero(t->data, t->capacity);
        text_done(t);
}

void text_reset(Text *t)
{
        t->size = 0;
        if (t->data)
                t->data[0] = '\0';
}

int text_reserve(Text *t, size_t more)
{
        size_t needed;
        if (__builtin_add_overflow(t->size, more, &needed) || needed > SIZE_MAX / 2)
                return -ENOMEM;
        needed++; /* the NUL */
        if (needed <= t->capacity)
                return 0;
        size_t capacity = t->capacity ? 2 * t->capacity : 64;
        if (capacity < needed)
                capacity = needed;
        char *data = realloc(t->data, capacity);
        if (!data)
                return -ENOMEM;
        t->data = data;
        t->capacity = capacity;
        return 0;
}

int text_append(Text *t, const char *bytes, size_t size)
{
        int r = text_reserve(t, size);
        if (r < 0)
                return r;
        if (size > 0)
                memcpy(t->data + t->size, bytes, size);
        t->size += size;
        t->data[t->size] = '\0';
        return 0;
}

int text_append_string(Text *t, const char *string)
{
        return text_append(t, string, strlen(string));
}

int text_printf(Text *t, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        if (n < 0)
                return -ENOMEM;
        int r = text_reserve(t, (size_t)n);
        if (r < 0)
                return r;
        va_start(arguments, format);
        (void)vsnprintf(t->data + t->size, (size_t)n + 1, format, arguments);
        va_end(arguments);
        t->size += (size_t)n;
        return 0;
}

int text_append_replaced(Text *t, const char *string, const char *from, const char *const *to)
{
        int r = 0;
        for (size_t n; *string && r >= 0; string += n) {
                n = strcspn(string, from);
                r = text_append(t, string, n);
                if (r >= 0 && string[n])
                        r = text_append_string(t, to[strchr(from, string[n++]) - from]);
        }
        return r;
}

int text_append_quoted(Text *t, const char *word)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "._-/:=";
        if (!strchr("-=", word[0]) && word[strspn(word, plain)] == '\0')
                return text_append_string(t, word);
        int r = text_append_string(t, "'");
        if (r >= 0)
                r = text_append_replaced(t, word, "'", &(const char *){"'\\''"});
        return r < 0 ? r : text_append_string(t, "'");
}

static int append_encoded(Text *t, const char *text, const char *plain, const char *blank)
{
        static const char hex[] = "0123456789ABCDEF";
        int r = text_append(t, "", 0);
        for (; *text && r >= 0; text++) {
                unsigned char c = (unsigned char)*text;
                const char encoded[] = {'%', hex[c >> 4], hex[c & 15], '\0'};
                bool is_plain = (c < 0x80 && isalnum(c)) || strchr(plain, c);
                r = is_plain ? text_append(t, text, 1)
                             : text_append_string(t, c == ' ' ? blank : encoded);
        }
        return r;
}

int text_append_url(Text *t, const char *part)
{
        return append_encoded(t, part, "-._~", "%20");
}

int text_append_form(Text *t, const char *value)
{
        return append_encoded(t, value, "-._*", "+");
}

char *text_format(const char *format, ...)
{
        char *string;
        va_list arguments;
        va_start(arguments, format);
        int n = vasprintf(&string, format, arguments);
        va_end(arguments);
        return n < 0 ? NULL : string;
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

enum { WORD_BYTES = 8 };
#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* The first byte lowest, whatever the machine's order. */
static uint64_t word_load(const char *bytes)
{
        uint64_t word;
        memcpy(&word, bytes, sizeof(word));
        return le64toh(word);
}

/* The top bit of bytes that are not plain (text.h). The lowest is right; above it a borrow may have
 * set others. */
static uint64_t word_special(uint64_t w)
{
        uint64_t quotes = w ^ EACH_BYTE('"'), backslashes = w ^ EACH_BYTE('\\');
        return (w | ((w - EACH_BYTE(' ')) & ~w) | ((quotes - EACH_BYTE(1)) & ~quotes) |
                ((backslashes - EACH_BYTE(1)) & ~backslashes)) &
               EACH_BYTE(0x80);
}

static bool is_plain(unsigned char c)
{
        return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

size_t text_span_plain(const char *bytes, size_t size)
{
        size_t n = 0;
        for (; size - n >= WORD_BYTES; n += WORD_BYTES) {
                uint64_t special = word_special(word_load(bytes + n));
                if (special)
                        return n + (size_t)__builtin_ctzll(special) / 8;
        }
        while (n < size && is_plain((unsigned char)bytes[n]))
                n++;
        return n;
}

/* Length of the well-formed character at the start of the bytes (RFC 3629, table in section 4); 0:
 * none. */
size_t text_utf8_length(const char *bytes, size_t size)
{
        const unsigned char *s = (const unsigned char *)bytes;
        if (size == 0)
                return 0;
        if (s[0] < 0x80)
                return 1;
        size_t length = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                        : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                        : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                       : 0;
        if (length == 0 || size < length)
                return 0;
        unsigned char low = 0x80;
        unsigned char high = 0xbf;
        if (s[0] == 0xe0)
                low = 0xa0; /* overlong */
        else if (s[0] == 0xed)
                high = 0x9f; /* surrogates */
        else if (s[0] == 0xf0)
                low = 0x90; /* overlong */
        else if (s[0] == 0xf4)
                high = 0x8f; /* above U+10FFFF */
        if (s[1] < low || s[1] > high)
                return 0;
        for (size_t i = 2; i < length; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        return length;
}

bool text_utf8_valid(const char *bytes, size_t size)
{
        for (size_t i = 0, n; i < size; i += n) {
                bool ascii =
                        size - i >= WORD_BYTES && (word_load(bytes + i) & EACH_BYTE(0x80)) == 0;
                n = ascii ? WORD_BYTES : text_utf8_length(bytes + i, size - i);
                if (n == 0)
                        return false;
        }
        return true;
}

/* The code point of a well-formed character of that length. */
static uint32_t utf8_decode(const char *s, size_t length)
{
        static const unsigned char first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        uint32_t c = (unsigned char)s[0] & first_mask[length];
        for (size_t i = 1; i < length; i++)
                c = c << 6 | (s[i] & 0x3f);
        return c;
}

/* What commands a terminal, breaks a line, shows text in another order than it has, or is not seen:
 * C0, DEL, C1, separators of lines, interlinear annotation, the Default_Ignorable_Code_Point of
 * Unicode 15 (among them those of UAX #9 section 2, tags, fillers), and the empty Braille pattern.
 * Not what names in several scripts need: the joiners U+200C and U+200D, and the variation
 * selectors (U+180B to U+180D, U+180F, U+FE00 to U+FE0F, U+E0100 to U+E01EF). */
static bool is_unprintable(uint32_t c)
{
        static const struct {
                uint32_t first, last;
        } ranges[] = {
                /* in order */
                {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x034f, 0x034f},
                {0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180e, 0x180e},
                {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
                {0x2800, 0x2800},   {0x3164, 0x3164},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
                {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff},
                {0xe01f0, 0xe0fff},
        };
        size_t i = 0;
        while (i < ARRAY_SIZE(ranges) && ranges[i].last < c)
                i++;
        return i < ARRAY_SIZE(ranges) && ranges[i].first <= c;
}

bool text_is_printable(const char *string)
{
        char escaped[TEXT_ESCAPE_BYTES];
        for (size_t left = strlen(string), n; left > 0; string += n, left -= n) {
                n = text_escape_next(string, left, escaped);
                if (escaped[0])
                        return false;
        }
        return true;
}

static bool is_white_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t text_escape_next(const char *bytes, size_t size, char out[static TEXT_ESCAPE_BYTES])
{
        size_t length = text_utf8_length(bytes, size);
        uint32_t c = length ? utf8_decode(bytes, length) : 0;
        out[0] = '\0';
        if (!length)
                (void)snprintf(out, TEXT_ESCAPE_BYTES, "?");
        else if (is_unprintable(c))
                (void)snprintf(out, TEXT_ESCAPE_BYTES, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        return length ? length : 1;
}

char *text_printable(const char *bytes, size_t bytes_size, char *out, size_t size)
{
        static const char ellipsis[] = "…";
        size_t used = 0;
        size_t fits = 0; /* a length at which "…" can still follow */
        bool gap = false;
        bool cut = false;
        if (size == 0)
                return out;
        while (bytes_size > 0) {
                char escaped[TEXT_ESCAPE_BYTES];
                size_t step = text_escape_next(bytes, bytes_size, escaped);
                const char *piece = escaped[0] ? escaped : bytes;
                size_t piece_size = escaped[0] ? strlen(escaped) : step;
                if (is_white_space(*bytes)) {
                        gap = used > 0;
                } else {
                        size_t need = piece_size + (gap ? 1 : 0);
                        if (used + need + 1 > size) {
                                cut = true;
                                break;
                        }
                        if (gap)
                                out[used++] = ' ';
                        gap = false;
                        memcpy(out + used, piece, piece_size);
                        used += piece_size;
                        if (used + sizeof(ellipsis) <= size)
                                fits = used;
                }
                bytes += step;
                bytes_size -= step;
        }
        if (cut && sizeof(ellipsis) <= size) {
                memcpy(out + fits, ellipsis, sizeof(ellipsis) - 1);
                used = fits + sizeof(ellipsis) - 1;
        }
        out[used] = '\0';
        return out;
}

int text_append_json(Text *t, const char *json)
{
        for (size_t left = strlen(json), step; left > 0; json += step, left -= step) {
                size_t length = text_utf8_length(json, left);
                uint32_t c = length ? utf8_decode(json, length) : 0xfffd;
                int r;
                if (length && (!is_unprintable(c) || c == '\n'))
                        r = text_append(t, json, length);
                else if (c < 0x10000)
                        r = text_printf(t, "\\u%04x", c);
                else
                        r = text_printf(t, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                        0xdc00 + (c & 0x3ff));
                if (r < 0)
                        return r;
                step = length ? length : 1;
        }
        return 0;
}

size_t text_take_digits(const char *text, size_t size, unsigned base, size_t max, uint32_t *ret)
{
        size_t n = 0;
        for (*ret = 0; n < size && n < max; n++) {
                unsigned char c = (unsigned char)text[n];
                unsigned value = isdigit(c)    ? c - (unsigned)'0'
                                 : isxdigit(c) ? (unsigned)(c | 0x20) - (unsigned)'a' + 10
                                               : base;
                if (value >= base)
                        break;
                *ret = *ret * base + value;
        }
        return n;
}

int text_parse_int64(const char *string, int64_t min, int64_t max, int64_t *ret)
{
        char *end;
        if (!isdigit((
                    unsigned char)string[string[0] == '-'])) /* strtoll takes blanks and "+", too */
                return -EINVAL;
        errno = 0;
        long long value = strtoll(string, &end, 10);
        if (*end != '\0')
                return -EINVAL;
        if (errno == ERANGE || value < min || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

bool text_equal(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

unsigned text_find(const char *const *words, unsigned n, const char *word)
{
        unsigned i = 0;
        while (i < n && !(words[i] && text_equal(words[i], word)))
                i++;
        return i;
}

bool text_starts_with(const char *string, const char *prefix)
{
        return strncmp(string, prefix, strlen(prefix)) == 0;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
        unsigned m = a < b ? a : b;
        return m < c ? m : c;
}

unsigned text_distance(const char *a, const char *b)
{
        unsigned row[64];
        size_t n = strlen(b);
        if (n >= ARRAY_SIZE(row))
                return UINT32_MAX;
        for (size_t j = 0; j <= n; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; a[i - 1] != '\0'; i++) {
                unsigned diagonal = row[0];
                row[0] = (unsigned)i;
                for (size_t j = 1; j <= n; j++) {
                        unsigned above = row[j];
                        row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
                        diagonal = above;
                }
        }
        return row[n];
}

unsigned text_distance_max(const char *word)
{
        return (unsigned)strlen(word) / 3 + 1;
}
