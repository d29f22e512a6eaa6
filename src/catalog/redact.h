/*
 * redact: keeps our credentials out of what the catalog says, should it (or a proxy that shows what
 * it received) echo them.
 *
 * Two spellings are known, as in the secret's file and as basic authentication sends it (but for
 * the padding at its end), each with any of its characters escaped as addresses and forms, JSON, or
 * HTML and XML do (one of these at a time). Every occurrence is overwritten by asterisks of the
 * same length. A secret of less than four characters is left alone: it would redact out half the
 * language. One of which somebody else has shown a part is not recognised.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum {
        REDACT_SECRETS =
                4, /* the last ones, newest first: answers to the one before may be on the way */
        REDACT_SPELLINGS = 2,
};

/* Zero-initialise. */
typedef struct Redact {
        char *spellings[REDACT_SECRETS][REDACT_SPELLINGS]; /* NULL: none */
        const struct Redact *also; /* what that one knows, which outlives this one; NULL: none */
} Redact;

/* Another one, or one of those that it holds, which is the newest then. `username`: where they are
 * sent as basic authentication, else NULL. -ENOMEM leaves *b as it was. */
int redact_add(Redact *b, const char *username, const char *secret);
void redact_done(Redact *b); /* wipes */

/* In place; whether there was anything. NULL is fine; bytes may hold NUL. */
bool redact_bytes(const Redact *b, char *bytes, size_t size);
bool redact_text(const Redact *b, char *text);

/* The text without them, for people, in out[size] (text_printable): redacted before it is cut, so
 * that no half of one stays. -ENOMEM. */
int redact_printable(const Redact *b, const char *text, char *out, size_t size);

/* Every text and every name of a document, however it was spelled. A document is redacted before it
 * is printed: asterisks in what was printed could stand for a number, or end a text. */
bool redact_json(const Redact *b, cJSON *document);

/* Such a document printed, for jsonb. NULL: no memory; or nothing that PostgreSQL would store; or a
 * number or a word of JSON's own still spells a credential. The caller frees it with cJSON_free. */
char *redact_print(const Redact *b, const cJSON *document);

/* An address, which also loses query, fragment and path parameters: tokens and sessions of others
 * are carried there. */
void redact_url(const Redact *b, char *url);
