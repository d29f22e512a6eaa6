/*
 * rows: see the header.
 */
#include "integration/rows.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int compare_lines(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cuts the text into lines and puts them into order. */
static char **sort_lines(char *text, size_t *ret_n)
{
        size_t n = 0;
        size_t size = 1;
        for (const char *c = text; *c; c++)
                size += *c == '\n';
        char **lines = calloc(size, sizeof(*lines));
        assert_non_null(lines);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                lines[n++] = line;
        qsort(lines, n, sizeof(*lines), compare_lines);
        *ret_n = n;
        return lines;
}

char *rows_of_catalog(const HarnessCatalog *catalog, const char *edge)
{
        char path[128];
        Text text = {0};
        (void)snprintf(path, sizeof(path), "/control/rows?edge=%s", edge);
        char *lines = harness_control_text(catalog, path);
        assert_int_equal(text_append(&text, "", 0), 0);
        for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
                cJSON *row = cJSON_Parse(line);
                const char *database = cJSON_GetStringValue(cJSON_GetObjectItem(row, "databaseId"));
                assert_int_equal(text_printf(&text, "%s|%s|%s\n",
                                             cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")),
                                             cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")),
                                             database ? database : ""),
                                 0);
                cJSON_Delete(row);
        }
        free(lines);
        return text.data;
}

char *rows_of_mirror(const HarnessPostgres *pg, const char *edge)
{
        char sql[300];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT coalesce(string_agg(id || '|' || name || '|' || "
                       "coalesce(database_id::text, ''), E'\\n'), '')"
                       " FROM edgemirror.database_connection WHERE edge_connection_id = '%s' AND "
                       "removed_at IS NULL",
                       edge);
        return harness_sql(pg, sql);
}

void assert_same_rows(char *is, char *should_be)
{
        size_t n_is, n_should_be;
        char **lines_is = sort_lines(is, &n_is);
        char **lines_should_be = sort_lines(should_be, &n_should_be);
        assert_int_equal(n_is, n_should_be);
        for (size_t i = 0; i < n_is; i++)
                assert_string_equal(lines_is[i], lines_should_be[i]);
        free(lines_is);
        free(lines_should_be);
        free(is);
        free(should_be);
}

void assert_edge_equals_catalog(const HarnessPostgres *pg, const HarnessCatalog *catalog,
                                const char *edge)
{
        assert_same_rows(rows_of_mirror(pg, edge), rows_of_catalog(catalog, edge));
}
