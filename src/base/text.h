/*
 * text: bytes from outside and text for people.
 *
 * A growable buffer, strict UTF-8, strict numbers, and the functions that make foreign text fit for
 * a terminal, a log, and JSON output.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growable byte buffer, NUL-terminated whenever data is not NULL. Zero-initialise; release with
 * text_done. */
typedef struct Text {
        char *data;
        size_t size; /* without the NUL */
        size_t capacity;
} Text;

/* usable with _cleanup_; leaves an empty Text */
void text_done(Text *t);
/* overwrites, then releases: for secrets */
void text_wipe(Text *t);
void text_reset(Text *t);               /* empties, keeps the memory */
int text_reserve(Text *t, size_t more); /* so many bytes can be appended then; -ENOMEM */
int text_append(Text *t, const char *bytes, size_t size);         /* -ENOMEM */
int text_append_string(Text *t, const char *string);              /* -ENOMEM */
int text_printf(Text *t, const char *format, ...) _printf_(2, 3); /* -ENOMEM */

/* With each of the characters `from` replaced by the text at the same place of `to`; -ENOMEM */
int text_append_replaced(Text *t, const char *string, const char *from, const char *const *to);

/* As one word of a shell's command, in quotes where it needs them; -ENOMEM */
int text_append_quoted(Text *t, const char *word);

/* Percent-encoded: as a part of a URL all but unreserved characters (RFC 3986), or as a value of
 * application/x-www-form-urlencoded. -ENOMEM */
int text_append_url(Text *t, const char *part);
int text_append_form(Text *t, const char *value);

/* A string of its own; NULL: no memory. */
char *text_format(const char *format, ...) _printf_(1, 2);

/* True when the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF). NUL is valid UTF-8. */
bool text_utf8_valid(const char *bytes, size_t size);
/* Of the character at the start of the bytes; 0: it is not well-formed, or there is none. */
size_t text_utf8_length(const char *bytes, size_t size);

/* How many bytes at the start are plain: ASCII without control characters, quotes and backslashes.
 * JSON and COPY take those as they are. */
size_t text_span_plain(const char *bytes, size_t size);

/* Copies foreign text for people into out[size]: what could command a terminal, break the line or
 * turn the order of what follows, and what is not seen (control characters C0, DEL and C1,
 * bidirectional controls, line separators, invisible formatting and fillers) is shown as "\x1b" or
 * "\u202e", invalid bytes become "?", runs of white space become one space, and what does not fit
 * is cut at a character and ends in "…".
 * Always terminates. Returns out. */
char *text_printable(const char *bytes, size_t bytes_size, char *out, size_t size);
#define text_show(string, out)                                                                     \
        text_printable(string, strlen(string), out, sizeof(out)) /* an array */

#define TEXT_ESCAPE_BYTES 16
/* How the character at the start of bytes that are at least one is shown to people: `out` is what
 * text_printable would write for it, white space other than the blank included; empty: itself. How
 * many bytes it has. */
size_t text_escape_next(const char *bytes, size_t size, char out[TEXT_ESCAPE_BYTES]);

/* Whether all of it is shown as it is: nothing that text_printable would escape or replace. */
bool text_is_printable(const char *string);

/* Appends printed JSON, in which those characters are written as "\u202e": equal to a program that
 * reads it, and harmless on a terminal. Invalid bytes become U+FFFD. -ENOMEM. */
int text_append_json(Text *t, const char *json);

/* The digits of the base (10 or 16) at the start, at most `max`; how many there are. */
size_t text_take_digits(const char *text, size_t size, unsigned base, size_t max, uint32_t *ret);

/* Decimal integer, the whole string, within [min, max]. -EINVAL: not a number; -ERANGE: outside. */
int text_parse_int64(const char *string, int64_t min, int64_t max, int64_t *ret);

/* What a noun that is counted ends in: "": it is one; else "s". "%zu edge%s" */
static inline const char *text_plural(uint64_t n)
{
        return n == 1 ? "" : "s";
}

bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
/* Where the word stands in a table of names, which may have gaps; n: nowhere, or NULL. */
unsigned text_find(const char *const *words, unsigned n, const char *word);
bool text_starts_with(const char *string, const char *prefix);

/* How many characters have to be added, dropped or changed (Levenshtein); UINT32_MAX: b is too long
 * for that. For "did you mean": up to so many, it may have been meant. */
unsigned text_distance(const char *a, const char *b);
unsigned text_distance_max(const char *word);
