#include "cli/json_out.h"
#include <errno.h>

int json_put(FILE *out, const cJSON *object, size_t leave_out)
{
        _cleanup_(text_done) Text text = {0};
        int r = json_append(&text, object, leave_out);
        if (r < 0)
                return r;
        return fwrite(text.data, 1, text.size, out) == text.size ? 0 : -EIO;
}

void json_print_line(cJSON *object)
{
        if (json_put(stdout, object, 0) == 0)
                putchar('\n');
        else
                /* reading a stream that is for writing marks it as failed, and so the program says
                 * that its output is incomplete */
                (void)fgetc(stdout);
        (void)fflush(stdout); /* a reader in a pipe wants each line when it is there */
        cJSON_Delete(object);
}
