/*
 * page: decoding and validation of rows, see the header.
 */
#include "catalog/page.h"
#include "base/text.h"
#include "catalog/json.h"
#include <errno.h>
#include <string.h>

void page_done(Page *p)
{
        cJSON_Delete(p->document);
        free(p->rows);
        *p = (Page){0};
}

static int row_bad(Fault *f, size_t index, const char *field, const char *expected)
{
        return fault_set(f, FAULT_RUN, EBADMSG, "page-bad-row", "row %zu of the page: %s %s", index, field, expected);
}

static int row_parse_name(const cJSON *object, size_t index, DatabaseConnection *row, Fault *ret_fault)
{
        if (json_get_string(object, "name", &row->name) < 0)
                return row_bad(ret_fault, index, "name", "is missing, is not text, or is there twice");
        row->name_size = strlen(row->name);
        if (row->name_size > LIMIT_NAME_MAX_BYTES)
                return row_bad(ret_fault, index, "name", "is longer than 256 KiB");
        /* The text was, and the parser refuses escapes of lone surrogates; should one not, PostgreSQL would refuse the whole list. */
        if (!text_utf8_valid(row->name, row->name_size))
                return row_bad(ret_fault, index, "name", "is not valid Unicode");
        return 0;
}

static int row_parse(const cJSON *object, size_t index, const Uuid *edge, DatabaseConnection *ret, Fault *ret_fault)
{
        if (!cJSON_IsObject(object))
                return row_bad(ret_fault, index, "the row", "is not a JSON object");
        DatabaseConnection row = {0};
        if (json_get_uuid(object, "id", &row.id) < 0)
                return row_bad(ret_fault, index, "id", "is missing, is not a UUID, or is there twice");
        if (json_get_uuid(object, "edgeConnectionId", &row.edge_connection_id) < 0)
                return row_bad(ret_fault, index, "edgeConnectionId", "is missing, is not a UUID, or is there twice");
        if (edge && !uuid_equal(&row.edge_connection_id, edge)) {
                char other[UUID_STRING_SIZE], asked[UUID_STRING_SIZE];
                uuid_format(&row.edge_connection_id, other);
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, "page-foreign-row",
                                 "row %zu of the page: edgeConnectionId is %s, but %s was asked for", index, other,
                                 uuid_format(edge, asked));
        }
        int r = json_get_uuid(object, "databaseId", &row.database_id);
        if (r == -EINVAL)
                return row_bad(ret_fault, index, "databaseId", "is not a UUID, or is there twice");
        row.has_database = r == 0;
        r = row_parse_name(object, index, &row, ret_fault);
        if (r < 0)
                return r;
        *ret = row;
        return 0;
}

static int page_open(const char *body, size_t size, cJSON **ret, Fault *ret_fault)
{
        int r = json_parse(body, size, ret);
        if (r < 0)
                return fault_set(ret_fault, FAULT_RUN, -r, "catalog-bad-json",
                                 "the catalog's answer (%zu bytes) cannot be read: %s", size, json_error_words(r));
        return 0;
}

static int page_add_rows(Page *page, const cJSON *results, const Uuid *edge, Fault *ret_fault)
{
        size_t n = (size_t)cJSON_GetArraySize(results);
        page->rows = calloc(n ? n : 1, sizeof(*page->rows));
        if (!page->rows)
                return fault_set(ret_fault, FAULT_RUN, ENOMEM, "no-memory", "out of memory for a page of %zu rows", n);
        const cJSON *item;
        cJSON_ArrayForEach(item, results)
        {
                int r = row_parse(item, page->n_rows, edge, &page->rows[page->n_rows], ret_fault);
                if (r < 0)
                        return r;
                page->n_rows++;
        }
        return 0;
}

int page_parse(const char *body, size_t size, const Uuid *edge, unsigned limit, Page *ret, Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        int r = page_open(body, size, &page.document, ret_fault);
        if (r < 0)
                return r;
        const cJSON *results;
        if (json_get_array(page.document, "results", &results) < 0)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, "page-no-results",
                                 "the catalog's answer is JSON, but has no list \"results\"");
        int n = cJSON_GetArraySize(results);
        if (n > (int)limit)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, "page-too-long",
                                 "the catalog gave %d rows where at most %u were asked for", n, limit);
        r = page_add_rows(&page, results, edge, ret_fault);
        if (r < 0)
                return r;
        *ret = page;
        page = (Page){0};
        return 0;
}

int page_parse_one(const char *body, size_t size, Page *ret, Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        int r = page_open(body, size, &page.document, ret_fault);
        if (r < 0)
                return r;
        page.rows = calloc(1, sizeof(*page.rows));
        if (!page.rows)
                return fault_set(ret_fault, FAULT_RUN, ENOMEM, "no-memory", "out of memory for one row");
        r = row_parse(page.document, 0, NULL, &page.rows[0], ret_fault);
        if (r < 0)
                return r;
        page.n_rows = 1;
        *ret = page;
        page = (Page){0};
        return 0;
}
