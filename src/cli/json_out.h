/*
 * json_out: JSON objects on streams; their members are in report/json.h.
 */
#pragma once

#include "report/json.h"
#include <stdio.h>

/* json_append to a stream. -ENOMEM, -EIO. */
int json_put(FILE *out, const cJSON *object, size_t leave_out);

/* One line on standard output; frees the object. */
void json_print_line(cJSON *object);
