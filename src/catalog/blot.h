/*
 * blot: keeps our credentials out of what the catalog says, should it (or a proxy that shows what it received) echo them.
 *
 * Four spellings are known: as in the secret's file, as our JSON writes it in a string, as an address does, and as basic authentication sends it. Others write JSON differently:
 * blot what was parsed. Every occurrence is overwritten by asterisks of the same length. A secret of less than four characters is left alone: it would blot out half the language.
 */
#pragma once

#include "http/http.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define BLOT_SPELLINGS 4

typedef struct Blot {
        char *spellings[BLOT_SPELLINGS]; /* NULL: none */
} Blot;

/* Replaces what *b held. -ENOMEM leaves it empty. `username` counts for basic only. */
int blot_set(Blot *b, HttpAuth auth, const char *username, const char *secret);
void blot_done(Blot *b); /* wipes */

/* In place; whether there was anything. NULL is fine; bytes may hold NUL. */
bool blot_bytes(const Blot *b, char *bytes, size_t size);
bool blot_text(const Blot *b, char *text);

/* Every text and every name of a document, however it was spelled. A document is blotted before it is printed: asterisks in what was printed could stand for a
 * number, or end a text. */
bool blot_json(const Blot *b, cJSON *document);

/* Such a document printed, for jsonb. NULL: no memory; or nothing that PostgreSQL would store; or a number or a word of JSON's own still spells a credential. The
 * caller frees it with cJSON_free. */
char *blot_print(const Blot *b, const cJSON *document);

/* An address, which also loses query, fragment and path parameters: tokens and sessions of others are carried there. */
void blot_url(const Blot *b, char *url);
