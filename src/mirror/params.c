/*
 * params: what goes to a statement and what comes back, in PostgreSQL's text form. Arrays are
 * {"a","b"}, with quotes and backslashes escaped.
 */
#include "base/duration.h"
#include "mirror/params_private.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ----------------------------------------------------------------------------- */

void params_text(Params *p, const char *value)
{
        char *copy = value ? strdup(value) : NULL;
        assert(p->n < PARAMS_MAX);
        p->values[p->n++] = copy;
        p->failed = p->failed || (value && !copy);
}

void params_uuid(Params *p, const Uuid *value)
{
        char text[UUID_STRING_SIZE];
        params_text(p, uuid_format(value, text));
}

void params_int(Params *p, int64_t value)
{
        char text[32];
        (void)snprintf(text, sizeof(text), "%" PRId64, value);
        params_text(p, text);
}

void params_double(Params *p, double value)
{
        char text[64];
        (void)snprintf(text, sizeof(text), "%.6f", value);
        params_text(p, value < 0 ? NULL : text);
}

/* In seconds: PostgreSQL 13 and 14 read no more than 32 bits of a number in an interval. */
const char *interval_format(int64_t usec, char out[static INTERVAL_BYTES])
{
        (void)snprintf(out, INTERVAL_BYTES, "%s%" PRId64 ".%06" PRId64 " seconds",
                       usec < 0 ? "-" : "", (usec < 0 ? -usec : usec) / (int64_t)USEC_PER_SEC,
                       (usec < 0 ? -usec : usec) % (int64_t)USEC_PER_SEC);
        return out;
}

void params_bool(Params *p, bool value)
{
        params_text(p, value ? "t" : "f");
}

void params_usec(Params *p, uint64_t usec)
{
        char text[INTERVAL_BYTES];
        params_text(p, interval_format((int64_t)usec, text));
}

void params_done(Params *p)
{
        for (int i = 0; i < p->n; i++)
                free(p->values[i]);
        *p = (Params){0};
}

/* ---- arrays --------------------------------------------------------------------------------- */

static void array_append(ArrayText *a, const char *bytes, size_t size)
{
        a->failed = a->failed || text_append(&a->text, bytes, size) < 0;
}

void array_add(ArrayText *a, const char *value)
{
        array_append(a, a->text.size == 0 ? "{" : ",", 1);
        if (!value) {
                array_append(a, "NULL", 4);
                return;
        }
        static const char *const escapes[] = {"\\\"", "\\\\"};
        array_append(a, "\"", 1);
        a->failed = a->failed || text_append_replaced(&a->text, value, "\"\\", escapes) < 0;
        array_append(a, "\"", 1);
}

void array_add_uuid(ArrayText *a, const Uuid *value)
{
        char text[UUID_STRING_SIZE];
        array_add(a, uuid_format(value, text));
}

void array_add_int(ArrayText *a, int64_t value)
{
        char text[32];
        (void)snprintf(text, sizeof(text), "%" PRId64, value);
        array_add(a, text);
}

void params_array(Params *p, ArrayText *a)
{
        if (a->text.size == 0)
                array_append(a, "{", 1);
        array_append(a, "}", 1);
        params_text(p, a->text.data ? a->text.data : "");
        p->failed = p->failed || a->failed;
        text_done(&a->text);
        *a = (ArrayText){0};
}

void params_names(Params *p, const char *const *names)
{
        ArrayText array = {0};
        if (!names) {
                params_text(p, NULL);
                return;
        }
        for (size_t i = 0; names[i]; i++)
                array_add(&array, names[i]);
        params_array(p, &array);
}

void params_uuids(Params *p, const Uuid *values, size_t n)
{
        ArrayText array = {0};
        for (size_t i = 0; i < n; i++)
                array_add_uuid(&array, &values[i]);
        params_array(p, &array);
}

/* ---- results -------------------------------------------------------------------------------- */

const char *result_string(const PGresult *result, int row, int column)
{
        const char *value = PQgetvalue(result, row, column);
        return value ? value : "";
}

int64_t result_int(const PGresult *result, int row, int column)
{
        return strtoll(result_string(result, row, column), NULL, 10);
}

bool result_bool(const PGresult *result, int row, int column)
{
        return result_string(result, row, column)[0] == 't';
}

const char *result_text(const PGresult *result, int row, int column)
{
        return PQgetisnull(result, row, column) ? NULL : result_string(result, row, column);
}
