/*
 * params: what goes to a statement and what comes back, in PostgreSQL's text form.
 */
#pragma once

#include "base/text.h"
#include "base/uuid.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum { INTERVAL_BYTES = 48 };
/* as PostgreSQL reads it; returns `out` */
const char *interval_format(int64_t usec, char out[static INTERVAL_BYTES]);

/* Parameters of one statement, in text form; all copied. A failed allocation is remembered until
 * task_start. */
enum { PARAMS_MAX = 26 };
typedef struct Params {
        char *values[PARAMS_MAX];
        int n;
        bool failed;
} Params;

void params_text(Params *p, const char *value); /* NULL is SQL NULL */
void params_uuid(Params *p, const Uuid *value);
void params_int(Params *p, int64_t value);
void params_double(Params *p, double value); /* negative: SQL NULL */
void params_bool(Params *p, bool value);
void params_usec(Params *p, uint64_t usec); /* as an interval */
void params_done(Params *p);

/* An array parameter in PostgreSQL's text form, element by element. Zero-initialise; params_array
 * takes it over and empties it. */
typedef struct ArrayText {
        Text text;
        bool failed;
} ArrayText;

void array_add(ArrayText *a, const char *value); /* any text without NUL; NULL is SQL NULL */
void array_add_uuid(ArrayText *a, const Uuid *value);
void array_add_int(ArrayText *a, int64_t value);
void params_array(Params *p, ArrayText *a);
void params_names(Params *p, const char *const *names); /* NULL-terminated; NULL is SQL NULL */
void params_uuids(Params *p, const Uuid *values, size_t n);

/* Readers of results. What stands between may give other answers than PostgreSQL would: where there
 * is no such row or column it is SQL NULL, for which result_string has "". */
const char *result_string(const PGresult *result, int row, int column);
int64_t result_int(const PGresult *result, int row, int column);
bool result_bool(const PGresult *result, int row, int column);
const char *result_text(const PGresult *result, int row, int column); /* NULL: SQL NULL */
