/*
 * json: JSON from outside, held to what PostgreSQL can store and this program can trust.
 *
 * cJSON accepts more than that: invalid UTF-8, NUL (which silently cuts a string short),
 * numbers beyond what a double holds. The text is validated before it is parsed; the getters after
 * it distinguish "absent" from "of another type" and look names up with case.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"
#include "base/uuid.h"
#include <cjson/cJSON.h>
#include <stddef.h>

DEFINE_CLEANUP(cJSON, json, cJSON_Delete)

/* The whole text is one JSON value; text[size] is NUL. -EILSEQ: not UTF-8, or an escape that is
 * half of a pair of surrogates; -EBADMSG: a NUL, raw or escaped; -E2BIG: more than
 * LIMIT_JSON_MAX_VALUES values; -EINVAL: no JSON, nested too deeply, or no memory. Raw control
 * characters in strings are taken as they are, as cJSON does. */
int json_parse(const char *text, size_t size, cJSON **ret);

/* For people: what is wrong with a text that json_parse refused. */
const char *json_error_text(int error);

/* Appends the text with U+FFFD for whatever made it text that cannot be stored: bytes that are not
 * UTF-8, NUL, escapes of NUL and of half a pair of surrogates, malformed escapes. -ENOMEM. */
int json_repair(const char *text, size_t size, Text *ret);

/* -ENOENT: absent or null; -EINVAL: of another type, or there twice. What is returned is borrowed
 * from the object. */
int json_get_array(const cJSON *object, const char *name, const cJSON **ret);
int json_get_string(const cJSON *object, const char *name, const char **ret);
int json_get_uuid(const cJSON *object, const char *name, Uuid *ret);
int json_get_number(const cJSON *object, const char *name, double min, double max, double *ret);
