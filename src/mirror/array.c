/*
 * array: array parameters in PostgreSQL's text form: {"a","b"}, with quotes and backslashes
 * escaped.
 */
#include "mirror/mirror_private.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void array_append(ArrayText *a, const char *bytes, size_t size)
{
        a->failed = a->failed || text_append(&a->text, bytes, size) < 0;
}

void array_add(ArrayText *a, const char *value)
{
        array_append(a, a->text.size == 0 ? "{\"" : ",\"", 2);
        for (const char *at = value; *at;) {
                size_t plain = strcspn(at, "\"\\");
                array_append(a, at, plain);
                at += plain;
                if (*at) {
                        array_append(a, "\\", 1);
                        array_append(a, at++, 1);
                }
        }
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
