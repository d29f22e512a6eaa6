/*
 * fields: a table of a struct's members that can be set from JSON or from a command line.
 *
 * Settings, rules and churn are described this way once; parsing, the message for an unknown or
 * wrong member, and the release all follow from the table.
 */
#pragma once

#include "base/fault.h"
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FieldType {
        FIELD_BOOL,    /* bool */
        FIELD_INTEGER, /* int64_t within [min, max] */
        /* int64_t, milliseconds; JSON: a number, or text with units ("2s"); command line: with
           units */
        FIELD_MSEC,
        FIELD_STRING, /* char *, owned */
        FIELD_CHOICE, /* int, the index in choices */
        FIELD_JSON,   /* cJSON *, owned; any value */
} FieldType;

typedef struct Field {
        const char *name;
        FieldType type;
        size_t offset;
        int64_t min, max;
        int64_t initial;            /* of integers, milliseconds, choices and booleans */
        const char *const *choices; /* NULL-terminated */
        const char *help;
} Field;

#define FIELD_BOOLEAN(type_, member, initial_, help_)                                              \
        {                                                                                          \
                .name = #member, .type = FIELD_BOOL, .offset = offsetof(type_, member),            \
                .initial = initial_, .help = help_                                                 \
        }
#define FIELD_NUMBER(type_, member, min_, max_, initial_, help_)                                   \
        {                                                                                          \
                .name = #member, .type = FIELD_INTEGER, .offset = offsetof(type_, member),         \
                .min = min_, .max = max_, .initial = initial_, .help = help_                       \
        }
#define FIELD_TIME(type_, member, initial_, help_)                                                 \
        {                                                                                          \
                .name = #member, .type = FIELD_MSEC, .offset = offsetof(type_, member),            \
                .max = 1000LL * 86400 * 365, .initial = initial_, .help = help_                    \
        }
#define FIELD_TEXT(type_, member, help_)                                                           \
        {                                                                                          \
                .name = #member, .type = FIELD_STRING, .offset = offsetof(type_, member),          \
                .help = help_                                                                      \
        }
#define FIELD_ONE_OF(type_, member, choices_, help_)                                               \
        {                                                                                          \
                .name = #member, .type = FIELD_CHOICE, .offset = offsetof(type_, member),          \
                .choices = choices_, .help = help_                                                 \
        }
#define FIELD_DOCUMENT(type_, member, help_)                                                       \
        {                                                                                          \
                .name = #member, .type = FIELD_JSON, .offset = offsetof(type_, member),            \
                .help = help_                                                                      \
        }

void fields_init(const Field *fields, size_t n_fields,
                 void *target); /* the initial values; strings and documents NULL */
void fields_done(const Field *fields, size_t n_fields, void *target);

/* Sets what the JSON object has. -EINVAL: a Fault says which member and what it takes; members
 * before it are set. */
int fields_set_json(const Field *fields, size_t n_fields, void *target, const cJSON *object,
                    Fault *ret_fault);

/* Sets one member from text. */
int fields_set_text(const Field *field, void *target, const char *text, Fault *ret_fault);
