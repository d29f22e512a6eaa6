/*
 * json_out: thin words over cJSON.
 */
#include "cli/json_out.h"
#include <stdio.h>

void json_add_text(cJSON *object, const char *name, const char *value)
{
        cJSON_AddItemToObject(object, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_add_int(cJSON *object, const char *name, int64_t value)
{
        cJSON_AddItemToObject(object, name, value >= 0 ? cJSON_CreateNumber((double)value) : cJSON_CreateNull());
}

void json_add_uuid(cJSON *object, const char *name, const Uuid *id)
{
        char text[UUID_STRING_SIZE];
        json_add_text(object, name, id ? uuid_format(id, text) : NULL);
}

void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code, const char *message,
                    int http_status, const char *sqlstate)
{
        if (!code) {
                cJSON_AddItemToObject(object, name, cJSON_CreateNull());
                return;
        }
        cJSON *error = cJSON_AddObjectToObject(object, name);
        json_add_text(error, "scope", scope);
        json_add_text(error, "code", code);
        json_add_text(error, "message", message);
        json_add_int(error, "httpStatus", http_status > 0 ? http_status : -1);
        json_add_text(error, "sqlstate", sqlstate && sqlstate[0] ? sqlstate : NULL);
}

void json_print_line(cJSON *object)
{
        char *line = cJSON_PrintUnformatted(object);
        if (line)
                puts(line);
        (void)fflush(stdout); /* a reader in a pipe wants each line when it is there */
        cJSON_free(line);
        cJSON_Delete(object);
}
