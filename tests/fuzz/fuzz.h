/*
 * fuzz: decoders and parsers of bytes from outside, each fed with arbitrary bytes.
 *
 * A target takes any input, never fails for what the input is, and aborts when a promise of the
 * code under test is broken. Where there is a second opinion (another parser, a model that is
 * written down in the target), the two are compared. Two programs run the targets: `fuzz`, with
 * libFuzzer (scripts/fuzz), searches for inputs; `replay`, an ordinary test, runs those that are
 * kept in corpus/TARGET.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FuzzTarget {
        const char *name;
        void (*run)(const uint8_t *data, size_t size);
} FuzzTarget;

extern const FuzzTarget fuzz_targets[]; /* closed by a NULL name */

const FuzzTarget *fuzz_find(const char *name); /* NULL: none of that name */

/* Not assert(): it counts in every build, and libFuzzer keeps the input. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* A copy of exactly that size with a NUL behind it, so that reading beyond the end is seen. The
 * caller frees. */
char *fuzz_string(const uint8_t *data, size_t size);

/* Takes up to `size` bytes off the front of an input. */
const uint8_t *fuzz_take(const uint8_t **data, size_t *left, size_t size);
/* One byte, 0 at the end. */
uint8_t fuzz_byte(const uint8_t **data, size_t *left);
/* Takes a string that ends at the next newline or at the end. The caller frees. */
char *fuzz_line(const uint8_t **data, size_t *left);

/* What a person is shown: one line of valid UTF-8 without what commands a terminal or turns the
 * order of text, at most `max_bytes`. */
void fuzz_check_printable(const char *text, size_t max_bytes);

/* A file in memory with these bytes and mode; `path` leads to it as long as the descriptor is open.
 * The caller closes it. */
int fuzz_file(const void *bytes, size_t size, unsigned mode, char path[static 32]);

void fuzz_uuid(const uint8_t *data, size_t size);
void fuzz_duration(const uint8_t *data, size_t size);
void fuzz_text(const uint8_t *data, size_t size);
void fuzz_timestamp(const uint8_t *data, size_t size);
void fuzz_retry_after(const uint8_t *data, size_t size);
void fuzz_json(const uint8_t *data, size_t size);
void fuzz_page(const uint8_t *data, size_t size);
void fuzz_slices(const uint8_t *data, size_t size);
void fuzz_row(const uint8_t *data, size_t size);
void fuzz_edges(const uint8_t *data, size_t size);
void fuzz_job(const uint8_t *data, size_t size);
void fuzz_jobs(const uint8_t *data, size_t size);
void fuzz_token(const uint8_t *data, size_t size);
void fuzz_error(const uint8_t *data, size_t size);
void fuzz_redact(const uint8_t *data, size_t size);
void fuzz_url(const uint8_t *data, size_t size);
void fuzz_request(const uint8_t *data, size_t size);
void fuzz_http(const uint8_t *data, size_t size);
void fuzz_connect(const uint8_t *data, size_t size);
void fuzz_schedule(const uint8_t *data, size_t size);
void fuzz_zone(const uint8_t *data, size_t size);
void fuzz_config(const uint8_t *data, size_t size);
void fuzz_secret(const uint8_t *data, size_t size);
void fuzz_copy(const uint8_t *data, size_t size);
