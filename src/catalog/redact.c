/*
 * redact: the spellings of a secret, and their removal.
 */
#include "catalog/redact.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN_BYTES = 4 };
enum { SPELLED_PLAIN, SPELLED_JSON, SPELLED_URL, SPELLED_BASIC };

static void wipe(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
}

void redact_done(Redact *b)
{
        for (size_t i = 0; i < REDACT_SPELLINGS; i++) {
                wipe(b->spellings[i]);
                free(b->spellings[i]);
        }
        *b = (Redact){0};
}

/* As cJSON prints it, without the quotes. */
static char *spell_json(const char *secret)
{
        cJSON *value = cJSON_CreateStringReference(secret);
        char *printed = value ? cJSON_PrintUnformatted(value) : NULL;
        cJSON_Delete(value);
        if (!printed)
                return NULL;
        char *bare = strndup(printed + 1, strlen(printed) - 2);
        wipe(printed);
        cJSON_free(printed);
        return bare;
}

/* RFC 3986, section 2.1: all but the unreserved characters. */
static char *spell_url(const char *secret)
{
        static const char digits[] = "0123456789ABCDEF";
        char *out = malloc(3 * strlen(secret) + 1), *o = out;
        if (!out)
                return NULL;
        for (; *secret; secret++) {
                unsigned char c = (unsigned char)*secret;
                if (isalnum(c) || strchr("-._~", c)) {
                        *o++ = (char)c;
                } else {
                        *o++ = '%';
                        *o++ = digits[c >> 4];
                        *o++ = digits[c & 15];
                }
        }
        *o = '\0';
        return out;
}

/* RFC 4648, section 4. */
static char *base64(const char *bytes, size_t size)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *out = malloc((size + 2) / 3 * 4 + 1);
        if (!out)
                return NULL;
        char *o = out;
        for (size_t i = 0; i < size; i += 3) {
                uint32_t group = 0;
                for (size_t k = 0; k < 3; k++)
                        group = group << 8 | (i + k < size ? (unsigned char)bytes[i + k] : 0);
                for (size_t k = 0; k < 4; k++)
                        *o++ = i + k <= size ? digits[group >> (18 - 6 * k) & 63] : '=';
        }
        *o = '\0';
        return out;
}

static char *spell_basic(const char *username, const char *secret)
{
        char *pair;
        if (asprintf(&pair, "%s:%s", username, secret) < 0)
                return NULL;
        char *encoded = base64(pair, strlen(pair));
        wipe(pair);
        free(pair);
        return encoded;
}

int redact_set(Redact *b, HttpAuth auth, const char *username, const char *secret)
{
        redact_done(b);
        if (!secret || strlen(secret) < SECRET_MIN_BYTES)
                return 0;
        b->spellings[SPELLED_PLAIN] = strdup(secret);
        b->spellings[SPELLED_JSON] = spell_json(secret);
        b->spellings[SPELLED_URL] = spell_url(secret);
        if (auth == HTTP_AUTH_BASIC)
                b->spellings[SPELLED_BASIC] = spell_basic(username, secret);
        if (b->spellings[SPELLED_PLAIN] && b->spellings[SPELLED_JSON] &&
            b->spellings[SPELLED_URL] && (auth != HTTP_AUTH_BASIC || b->spellings[SPELLED_BASIC]))
                return 0;
        redact_done(b);
        return -ENOMEM;
}

bool redact_bytes(const Redact *b, char *bytes, size_t size)
{
        bool found = false;
        for (size_t i = 0; b && bytes && i < REDACT_SPELLINGS; i++) {
                const char *spelling = b->spellings[i];
                size_t length = spelling ? strlen(spelling) : 0;
                char *at = bytes;
                while (length > 0 &&
                       (at = memmem(at, size - (size_t)(at - bytes), spelling, length))) {
                        memset(at, '*', length);
                        at += length; /* a secret may be all asterisks */
                        found = true;
                }
        }
        return found;
}

bool redact_text(const Redact *b, char *text)
{
        return text && redact_bytes(b, text, strlen(text));
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

static bool redact_finds(const Redact *b, const char *text)
{
        for (size_t i = 0; b && i < REDACT_SPELLINGS; i++)
                if (b->spellings[i] && strstr(text, b->spellings[i]))
                        return true;
        return false;
}

char *redact_print(const Redact *b, const cJSON *document)
{
        char *printed = cJSON_PrintUnformatted(document);
        if (!printed || (text_utf8_valid(printed, strlen(printed)) && !redact_finds(b, printed)))
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
