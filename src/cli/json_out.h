/*
 * json_out: members of JSON objects for programs that read our output.
 */
#pragma once

#include "base/fault.h"
#include "base/uuid.h"
#include <cjson/cJSON.h>

void json_add_text(cJSON *object, const char *name, const char *value); /* NULL: null */
void json_add_int(cJSON *object, const char *name, int64_t value);      /* negative: null */
void json_add_uuid(cJSON *object, const char *name, const Uuid *id);    /* NULL: null */

/* null, or {scope, code, message, httpStatus, sqlstate}. */
void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code, const char *message,
                    int http_status, const char *sqlstate);

/* One line on standard output; frees the object. */
void json_print_line(cJSON *object);
