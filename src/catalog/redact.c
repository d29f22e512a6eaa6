#include "catalog/redact.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN_BYTES = 4 };
enum { SPELLED_PLAIN, SPELLED_BASIC };

static void wipe(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
}

static void spellings_wipe(char *spellings[REDACT_SPELLINGS])
{
        for (size_t i = 0; i < REDACT_SPELLINGS; i++) {
                wipe(spellings[i]);
                free(spellings[i]);
        }
}

void redact_done(Redact *b)
{
        for (size_t i = 0; i < REDACT_SECRETS; i++)
                spellings_wipe(b->spellings[i]);
        *b = (Redact){0};
}

int redact_add(Redact *b, const char *username, const char *secret)
{
        if (!secret || strlen(secret) < SECRET_MIN_BYTES)
                return 0;
        Text basic = {0};
        if (username)
                (void)base64_credentials(username, secret, &basic); /* no memory: it stays empty */
        while (basic.size > 0 && basic.data[basic.size - 1] == '=')
                basic.data[--basic.size] = '\0'; /* who splits at it shows the rest */
        char *fresh[] = {
                [SPELLED_PLAIN] = strdup(secret),
                [SPELLED_BASIC] = basic.data,
        };
        if (!fresh[SPELLED_PLAIN] || (username && !fresh[SPELLED_BASIC])) {
                spellings_wipe(fresh);
                return -ENOMEM;
        }
        size_t last = 0;
        while (last < REDACT_SECRETS - 1 && !text_equal(b->spellings[last][SPELLED_PLAIN], secret))
                last++;
        spellings_wipe(b->spellings[last]);
        memmove(b->spellings + 1, b->spellings, last * sizeof(b->spellings[0]));
        memcpy(b->spellings, fresh, sizeof(fresh));
        return 0;
}

/* ---- escapes -------------------------------------------------------------------------------- */

/* Decodes the escape at the start of the text: its character, and how many bytes it takes. 0: there
 * is none. */
typedef size_t (*Unescape)(const char *text, size_t size, uint32_t *ret);

/* RFC 3986, section 2.1: bytes, which is what they are compared as. */
static size_t unescape_url(const char *text, size_t size, uint32_t *ret)
{
        return text[0] == '%' && text_take_digits(text + 1, size - 1, 16, 2, ret) == 2 ? 3 : 0;
}

/* RFC 8259, section 7. */
static size_t unescape_json(const char *text, size_t size, uint32_t *ret)
{
        static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
        uint32_t low;
        if (text[0] != '\\' || size < 2)
                return 0;
        if (text[1] != 'u') {
                const char *letter = memchr(letters, text[1], sizeof(letters) - 1);
                *ret = (unsigned char)(letter ? meant[letter - letters] : text[1]);
                return *ret < 0x80 ? 2 : 0;
        }
        if (text_take_digits(text + 2, size - 2, 16, 4, ret) != 4)
                return 0;
        if (*ret >> 10 != 0xD800 >> 10 || size < 12 || text[6] != '\\' || text[7] != 'u' ||
            text_take_digits(text + 8, size - 8, 16, 4, &low) != 4 || low >> 10 != 0xDC00 >> 10)
                return 6;
        *ret = 0x10000 + ((*ret & 0x3FF) << 10) + (low & 0x3FF);
        return 12;
}

/* HTML and XML: by number, and the five names that XML knows. */
static size_t unescape_html(const char *text, size_t size, uint32_t *ret)
{
        static const struct {
                const char *name;
                char meant;
        } names[] = {
                {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                size_t length = strlen(names[i].name);
                if (size >= length && memcmp(text, names[i].name, length) == 0) {
                        *ret = (unsigned char)names[i].meant;
                        return length;
                }
        }
        if (size < 4 || text[0] != '&' || text[1] != '#')
                return 0;
        size_t before = (text[2] | 0x20) == 'x' ? 3 : 2;
        size_t n = text_take_digits(text + before, size - before, before == 3 ? 16 : 10, 7, ret);
        return n > 0 && before + n < size && text[before + n] == ';' ? before + n + 1 : 0;
}

static const struct {
        char mark; /* each escape begins with it */
        Unescape unescape;
} escapes[] = {{'%', unescape_url}, {'\\', unescape_json}, {'&', unescape_html}};

/* UTF-8; an escaped byte of an address stays one. */
static size_t unescaped_bytes(uint32_t c, bool is_byte, char out[4])
{
        if (is_byte || c < 0x80) {
                out[0] = (char)c;
                return 1;
        }
        size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                out[i] = (char)(0x80 | (c & 0x3F));
        out[0] = (char)((0xF00 >> n & 0xF0) | c);
        return n;
}

/* A byte that stands for itself, or, in a query or a form, for the space that the secret has there.
 */
static char plain_byte(size_t escape, char byte, char wanted)
{
        return escapes[escape].mark == '%' && byte == '+' && wanted == ' ' ? ' ' : byte;
}

/* How many bytes at the start of the text spell the secret, whichever of its characters are
 * escaped; 0: they do not. */
static size_t escaped_match(size_t escape, const char *text, size_t size, const char *secret)
{
        size_t used = 0;
        while (*secret && used < size) {
                uint32_t c = 0;
                char bytes[4] = {plain_byte(escape, text[used], *secret)};
                size_t n = 1, length = 0;
                if (text[used] == escapes[escape].mark)
                        length = escapes[escape].unescape(text + used, size - used, &c);
                if (length > 0)
                        n = unescaped_bytes(c, escapes[escape].mark == '%', bytes);
                if (strncmp(secret, bytes, n) != 0)
                        return 0;
                secret += n;
                used += length ? length : 1;
        }
        return *secret ? 0 : used;
}

/* The first place where the secret stands; NULL: there is none. */
static char *escaped_find(size_t escape, char *text, size_t size, const char *secret, size_t *ret)
{
        bool spaces = escapes[escape].mark == '%' && strchr(secret, ' ') && memchr(text, '+', size);
        if (!spaces && !memchr(text, escapes[escape].mark, size))
                return NULL;
        for (char *at = text; at < text + size; at++) {
                if (plain_byte(escape, *at, *secret) != *secret && *at != escapes[escape].mark)
                        continue;
                *ret = escaped_match(escape, at, size - (size_t)(at - text), secret);
                if (*ret > 0)
                        return at;
        }
        return NULL;
}

/* ---- finding -------------------------------------------------------------------------------- */

static const char *redact_spelling(const Redact *b, size_t i)
{
        return b->spellings[i / REDACT_SPELLINGS][i % REDACT_SPELLINGS];
}

/* As it is, and with each sort of escapes. */
static bool spelling_overwrite(const char *spelling, char *bytes, size_t size)
{
        bool found = false;
        size_t length = strlen(spelling);
        char *at = bytes, *end = bytes + size;
        while ((at = memmem(at, (size_t)(end - at), spelling, length))) {
                memset(at, '*', length);
                at += length; /* a secret may be all asterisks */
                found = true;
        }
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
                for (at = bytes; (at = escaped_find(i, at, (size_t)(end - at), spelling, &length));
                     at += length, found = true)
                        memset(at, '*', length);
        return found;
}

bool redact_bytes(const Redact *b, char *bytes, size_t size)
{
        bool found = false;
        for (size_t i = 0; b && bytes && i < REDACT_SECRETS * REDACT_SPELLINGS; i++)
                if (redact_spelling(b, i))
                        found = spelling_overwrite(redact_spelling(b, i), bytes, size) || found;
        if (b && b->also)
                found = redact_bytes(b->also, bytes, size) || found;
        return found;
}

bool redact_text(const Redact *b, char *text)
{
        return text && redact_bytes(b, text, strlen(text));
}

int redact_printable(const Redact *b, const char *text, char *out, size_t size)
{
        _cleanup_(cleanup_free) char *clean = strdup(text);
        if (!clean)
                return -ENOMEM;
        redact_text(b, clean);
        text_printable(clean, strlen(clean), out, size);
        return 0;
}

/* The depth is bounded by the parser. */
bool redact_json(const Redact *b, cJSON *document)
{
        bool found = false;
        for (cJSON *item = document; item; item = item->next) {
                found = redact_text(b, item->string) || found;
                found = redact_text(b, item->valuestring) || found;
                found = redact_json(b, item->child) || found;
        }
        return found;
}

char *redact_print(const Redact *b, const cJSON *document)
{
        char *printed = cJSON_PrintUnformatted(document);
        if (!printed || (text_utf8_valid(printed, strlen(printed)) && !redact_text(b, printed)))
                return printed;
        cJSON_free(printed);
        return NULL;
}

void redact_url(const Redact *b, char *url)
{
        if (url)
                url[strcspn(url, "?;#")] = '\0';
        redact_text(b, url);
}
