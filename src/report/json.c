#include "report/json.h"
#include <errno.h>

/* cJSON prints no object of a type that there is not. NULL is not printed either. */
static void json_spoil(cJSON *object)
{
        if (object)
                object->type = cJSON_Invalid;
}

static void add_item(cJSON *object, const char *name, cJSON *item)
{
        if (cJSON_AddItemToObject(object, name, item))
                return;
        cJSON_Delete(item);
        json_spoil(object);
}

void json_add_text(cJSON *object, const char *name, const char *value)
{
        add_item(object, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_add_number(cJSON *object, const char *name, double value)
{
        add_item(object, name, value >= 0 ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void json_add_int(cJSON *object, const char *name, int64_t value)
{
        json_add_number(object, name, (double)value);
}

void json_add_uuid(cJSON *object, const char *name, const Uuid *id)
{
        char text[UUID_STRING_SIZE];
        json_add_text(object, name, id ? uuid_format(id, text) : NULL);
}

void json_add_bool(cJSON *object, const char *name, bool value)
{
        add_item(object, name, cJSON_CreateBool(value));
}

void json_add_null(cJSON *object, const char *name)
{
        add_item(object, name, cJSON_CreateNull());
}

cJSON *json_add_object(cJSON *object, const char *name)
{
        cJSON *inside = cJSON_AddObjectToObject(object, name);
        if (!inside)
                json_spoil(object);
        return inside;
}

void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code,
                    const char *message, int http_status, const char *sqlstate)
{
        if (!code) {
                json_add_null(object, name);
                return;
        }
        cJSON *error = json_add_object(object, name);
        json_add_text(error, "scope", scope);
        json_add_text(error, "code", code);
        json_add_text(error, "message", message);
        json_add_int(error, "httpStatus", http_status > 0 ? http_status : -1);
        json_add_text(error, "sqlstate", sqlstate && sqlstate[0] ? sqlstate : NULL);
}

int json_append(Text *out, const cJSON *object, size_t leave_out)
{
        size_t before = out->size;
        char *printed = cJSON_PrintUnformatted(object);
        int r = printed ? text_append_json(out, printed) : -ENOMEM;
        cJSON_free(printed);
        if (r < 0 || out->size - before < leave_out)
                return -ENOMEM;
        out->size -= leave_out;
        out->data[out->size] = '\0';
        return 0;
}
