/*
 * fields: one setter per type; JSON is strict (a number is not text), and an unknown member is an
 * error, because a misspelt fault that silently does nothing would make a test pass that should
 * not.
 */
#include "catalogd/fields.h"

#include "base/cleanup.h"
#include "base/duration.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *member(const Field *field, void *target)
{
        return (char *)target + field->offset;
}

void fields_init(const Field *fields, size_t n_fields, void *target)
{
        for (size_t i = 0; i < n_fields; i++) {
                void *at = member(&fields[i], target);

                switch (fields[i].type) {
                case FIELD_BOOL:
                        *(bool *)at = fields[i].initial != 0;
                        break;
                case FIELD_INTEGER:
                case FIELD_MSEC:
                        *(int64_t *)at = fields[i].initial;
                        break;
                case FIELD_CHOICE:
                        *(int *)at = (int)fields[i].initial;
                        break;
                case FIELD_STRING:
                        *(char **)at = NULL;
                        break;
                case FIELD_JSON:
                        *(cJSON **)at = NULL;
                        break;
                }
        }
}

void fields_done(const Field *fields, size_t n_fields, void *target)
{
        for (size_t i = 0; i < n_fields; i++) {
                void *at = member(&fields[i], target);

                if (fields[i].type == FIELD_STRING) {
                        free(*(char **)at);
                        *(char **)at = NULL;
                } else if (fields[i].type == FIELD_JSON) {
                        cJSON_Delete(*(cJSON **)at);
                        *(cJSON **)at = NULL;
                }
        }
}

static int set_integer(const Field *field, void *target, int64_t value, Fault *ret_fault)
{
        if (value < field->min || value > field->max)
                return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                 "%s takes a number from %lld to %lld", field->name,
                                 (long long)field->min, (long long)field->max);
        *(int64_t *)member(field, target) = value;
        return 0;
}

static int set_string(const Field *field, void *target, const char *value)
{
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*(char **)member(field, target));
        *(char **)member(field, target) = copy;
        return 0;
}

static int set_choice(const Field *field, void *target, const char *value, Fault *ret_fault)
{
        char known[256] = "";

        for (int i = 0; field->choices[i]; i++) {
                if (strcmp(field->choices[i], value) == 0) {
                        *(int *)member(field, target) = i;
                        return 0;
                }
                if (strlen(known) + strlen(field->choices[i]) + 2 < sizeof(known)) {
                        strcat(known, " ");
                        strcat(known, field->choices[i]);
                }
        }
        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE, "%s is one of:%s",
                         field->name, known);
}

static int set_duration(const Field *field, void *target, const char *value, Fault *ret_fault)
{
        uint64_t usec;

        if (duration_parse(value, &usec) < 0)
                return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                 "%s takes a time like 200ms, 5s, 1h", field->name);
        return set_integer(field, target, (int64_t)(usec / USEC_PER_MSEC), ret_fault);
}

static int set_json(const Field *field, void *target, const cJSON *value)
{
        cJSON *copy = cJSON_Duplicate(value, true);

        if (!copy)
                return -ENOMEM;
        cJSON_Delete(*(cJSON **)member(field, target));
        *(cJSON **)member(field, target) = copy;
        return 0;
}

static int set_one(const Field *field, void *target, const cJSON *value, Fault *ret_fault)
{
        double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
        bool integral = isfinite(number) && fabs(number) < 9e15 && nearbyint(number) == number;

        switch (field->type) {
        case FIELD_BOOL:
                if (!cJSON_IsBool(value))
                        break;
                *(bool *)member(field, target) = cJSON_IsTrue(value);
                return 0;
        case FIELD_MSEC:
                if (cJSON_IsString(value))
                        return set_duration(field, target, value->valuestring, ret_fault);
                _fallthrough_;
        case FIELD_INTEGER:
                if (!integral)
                        break;
                return set_integer(field, target, (int64_t)number, ret_fault);
        case FIELD_STRING:
                if (!cJSON_IsString(value))
                        break;
                return set_string(field, target, value->valuestring);
        case FIELD_CHOICE:
                if (!cJSON_IsString(value))
                        break;
                return set_choice(field, target, value->valuestring, ret_fault);
        case FIELD_JSON:
                return set_json(field, target, value);
        }
        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE, "%s has the wrong type: %s",
                         field->name, field->help);
}

int fields_set_json(const Field *fields, size_t n_fields, void *target, const cJSON *object,
                    Fault *ret_fault)
{
        const cJSON *value;

        if (!cJSON_IsObject(object))
                return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                 "a JSON object is expected");
        cJSON_ArrayForEach(value, object)
        {
                size_t i = 0;
                int r;

                while (i < n_fields && strcmp(fields[i].name, value->string) != 0)
                        i++;
                if (i == n_fields)
                        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                         "unknown member \"%s\"", value->string);
                r = set_one(&fields[i], target, value, ret_fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

int fields_set_text(const Field *field, void *target, const char *text, Fault *ret_fault)
{
        int64_t number;

        switch (field->type) {
        case FIELD_BOOL:
                if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
                        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                         "%s takes yes or no", field->name);
                *(bool *)member(field, target) = strcmp(text, "yes") == 0;
                return 0;
        case FIELD_INTEGER:
                if (text_parse_int64(text, INT64_MIN, INT64_MAX, &number) < 0)
                        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE,
                                         "%s takes a number", field->name);
                return set_integer(field, target, number, ret_fault);
        case FIELD_MSEC:
                return set_duration(field, target, text, ret_fault);
        case FIELD_STRING:
                return set_string(field, target, text);
        case FIELD_CHOICE:
                return set_choice(field, target, text, ret_fault);
        case FIELD_JSON:
                break;
        }
        return fault_set(ret_fault, FAULT_REQUEST, EINVAL, CODE_NONE, "%s cannot be set from text",
                         field->name);
}
