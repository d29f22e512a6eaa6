/*
 * json: members of JSON objects for programs that read our output.
 *
 * An object that has lost a member for want of memory is never printed: json_append fails.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include "base/uuid.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

void json_add_text(cJSON *object, const char *name, const char *value); /* NULL: null */
void json_add_int(cJSON *object, const char *name, int64_t value);      /* negative: null */
void json_add_uuid(cJSON *object, const char *name, const Uuid *id);    /* NULL: null */
void json_add_number(cJSON *object, const char *name, double value);    /* the same */
void json_add_bool(cJSON *object, const char *name, bool value);
void json_add_null(cJSON *object, const char *name);

/* An object inside of it; NULL: no memory. */
cJSON *json_add_object(cJSON *object, const char *name);

/* null, or {scope, code, message, httpStatus, sqlstate}. */
void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code,
                    const char *message, int http_status, const char *sqlstate);

/* The object on one line without its end, in characters that are harmless on a terminal
 * (text_append_json), but for that many bytes at its end. -ENOMEM: some of it may be there. */
int json_append(Text *out, const cJSON *object, size_t leave_out);
