/*
 * json_out: members of JSON objects for programs that read our output.
 */
#pragma once

#include "base/fault.h"
#include "base/uuid.h"
#include <cjson/cJSON.h>
#include <stdio.h>

void json_add_text(cJSON *object, const char *name, const char *value); /* NULL: null */
void json_add_int(cJSON *object, const char *name, int64_t value);      /* negative: null */
void json_add_uuid(cJSON *object, const char *name, const Uuid *id);    /* NULL: null */

/* null, or {scope, code, message, httpStatus, sqlstate}. */
void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code,
                    const char *message, int http_status, const char *sqlstate);

/* The object on one line without its end, in characters that are harmless on a terminal
 * (text_append_json), but for that many bytes at its end. -ENOMEM, -EIO. */
int json_put(FILE *out, const cJSON *object, size_t leave_out);

/* One line on standard output; frees the object. */
void json_print_line(cJSON *object);
