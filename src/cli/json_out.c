#include "cli/json_out.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>

/* What cannot be printed for want of memory: reading a stream that is for writing marks it as
 * failed, and so the program says that its output is incomplete. */
static void output_lost(void)
{
        (void)fgetc(stdout);
}

static void add_item(cJSON *object, const char *name, cJSON *item)
{
        if (cJSON_AddItemToObject(object, name, item))
                return;
        cJSON_Delete(item);
        output_lost();
}

void json_add_text(cJSON *object, const char *name, const char *value)
{
        add_item(object, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_add_int(cJSON *object, const char *name, int64_t value)
{
        add_item(object, name, value >= 0 ? cJSON_CreateNumber((double)value) : cJSON_CreateNull());
}

void json_add_uuid(cJSON *object, const char *name, const Uuid *id)
{
        char text[UUID_STRING_SIZE];
        json_add_text(object, name, id ? uuid_format(id, text) : NULL);
}

void json_add_fault(cJSON *object, const char *name, const char *scope, const char *code,
                    const char *message, int http_status, const char *sqlstate)
{
        if (!code) {
                add_item(object, name, cJSON_CreateNull());
                return;
        }
        cJSON *error = cJSON_AddObjectToObject(object, name);
        json_add_text(error, "scope", scope);
        json_add_text(error, "code", code);
        json_add_text(error, "message", message);
        json_add_int(error, "httpStatus", http_status > 0 ? http_status : -1);
        json_add_text(error, "sqlstate", sqlstate && sqlstate[0] ? sqlstate : NULL);
}

int json_put(FILE *out, const cJSON *object, size_t leave_out)
{
        _cleanup_(text_done) Text text = {0};
        char *printed = cJSON_PrintUnformatted(object);
        int r = printed ? text_append_json(&text, printed) : -ENOMEM;
        cJSON_free(printed);
        if (r < 0 || text.size < leave_out)
                return -ENOMEM;
        return fwrite(text.data, 1, text.size - leave_out, out) == text.size - leave_out ? 0 : -EIO;
}

void json_print_line(cJSON *object)
{
        if (json_put(stdout, object, 0) == 0)
                putchar('\n');
        else
                output_lost();
        (void)fflush(stdout); /* a reader in a pipe wants each line when it is there */
        cJSON_Delete(object);
}
