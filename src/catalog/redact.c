#include "catalog/redact.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN_BYTES = 4 };
enum { SPELLED_PLAIN, SPELLED_JSON, SPELLED_URL, SPELLED_BASIC };

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

int redact_add(Redact *b, const char *username, const char *secret)
{
        if (!secret || strlen(secret) < SECRET_MIN_BYTES)
                return 0;
        Text basic = {0};
        if (username)
                (void)base64_credentials(username, secret, &basic); /* no memory: it stays empty */
        char *fresh[] = {
                [SPELLED_PLAIN] = strdup(secret),
                [SPELLED_JSON] = spell_json(secret),
                [SPELLED_URL] = spell_url(secret),
                [SPELLED_BASIC] = basic.data,
        };
        if (!fresh[SPELLED_PLAIN] || !fresh[SPELLED_JSON] || !fresh[SPELLED_URL] ||
            (username && !fresh[SPELLED_BASIC])) {
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

static const char *redact_spelling(const Redact *b, size_t i)
{
        return b->spellings[i / REDACT_SPELLINGS][i % REDACT_SPELLINGS];
}

bool redact_bytes(const Redact *b, char *bytes, size_t size)
{
        bool found = false;
        for (size_t i = 0; b && bytes && i < REDACT_SECRETS * REDACT_SPELLINGS; i++) {
                const char *spelling = redact_spelling(b, i);
                size_t length = spelling ? strlen(spelling) : 0;
                char *at = bytes;
                while (length > 0 &&
                       (at = memmem(at, size - (size_t)(at - bytes), spelling, length))) {
                        memset(at, '*', length);
                        at += length; /* a secret may be all asterisks */
                        found = true;
                }
        }
        if (b && b->also)
                found = redact_bytes(b->also, bytes, size) || found;
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
        for (size_t i = 0; b && i < REDACT_SECRETS * REDACT_SPELLINGS; i++)
                if (redact_spelling(b, i) && strstr(text, redact_spelling(b, i)))
                        return true;
        return b && b->also && redact_finds(b->also, text);
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
