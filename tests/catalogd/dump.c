/*
 * dump: walks the rows in the order of the lists.
 */
#include "catalogd/dump.h"

#include "catalogd/page.h"
#include <string.h>

typedef int (*Print)(const Row *row, Text *ret);

static int walk(const Model *model, const Edge *edge, Print print, Text *ret)
{
        for (size_t i = 0; i < model->n_edges; i++) {
                const Edge *each = model->edges[i];

                for (size_t k = 0; (!edge || each == edge) && k < each->n_rows; k++) {
                        int r = print(each->rows[k], ret);

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int print_json(const Row *row, Text *ret)
{
        _cleanup_(text_done) Text one = {0};
        int r = page_render_one(row, BAD_ROW_NONE, NULL, &one);

        if (r == 0)
                r = text_append(ret, one.data, one.size);
        return r < 0 ? r : text_append(ret, "\n", 1);
}

/* The escapes of COPY's text format, as PostgreSQL writes them. */
static int append_copy_text(Text *ret, const char *text)
{
        static const char special[] = "\\\b\f\n\r\t\v", letters[] = "\\bfnrtv";

        while (*text) {
                size_t plain = strcspn(text, special);
                int r = text_append(ret, text, plain);

                text += plain;
                if (r == 0 && *text) {
                        char escape[2] = {'\\', letters[strchr(special, *text) - special]};

                        r = text_append(ret, escape, sizeof(escape));
                        text++;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int print_copy(const Row *row, Text *ret)
{
        char id[UUID_STRING_SIZE], database[UUID_STRING_SIZE] = "\\N";
        int r = text_printf(ret, "%s\t", uuid_format(&row->id, id));

        if (row->linked)
                uuid_format(&row->database_id, database);
        if (r == 0)
                r = append_copy_text(ret, row->name);
        return r < 0 ? r : text_printf(ret, "\t%s\n", database);
}

int dump_json(const Model *model, const Edge *edge, Text *ret)
{
        return walk(model, edge, print_json, ret);
}

int dump_copy(const Model *model, const Edge *edge, Text *ret)
{
        return walk(model, edge, print_copy, ret);
}
