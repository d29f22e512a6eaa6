/*
 * page: decoding and validation of rows, see the header.
 *
 * What always holds: each row of a page is parsed by itself (slices.h), so that no row is lost for
 * what is wrong in another.
 */
#include "catalog/page.h"
#include "base/digest.h"
#include "base/text.h"
#include "catalog/json.h"
#include "catalog/plain_row.h"
#include "catalog/slices.h"
#include <errno.h>
#include <string.h>

void page_done(Page *p)
{
        cJSON_Delete(p->document);
        free(p->rows);
        *p = (Page){0};
}

static int page_no_memory(Fault *f)
{
        return fault_set(f, FAULT_RUN, ENOMEM, CODE_NO_MEMORY, "out of memory for a page of rows");
}

/* ---- one row -------------------------------------------------------------------------------- */

/* Why the row cannot be mirrored; NULL: it can. `ret` is filled as far as it can be read. */
static const char *row_read(const cJSON *object, DatabaseConnection *ret)
{
        int id = json_get_uuid(object, "id", &ret->id);
        int edge = json_get_uuid(object, "edgeConnectionId", &ret->edge_connection_id);
        int database = json_get_uuid(object, "databaseId", &ret->database_id);
        ret->anonymous = id < 0;
        ret->has_database = database == 0;
        if (!cJSON_IsObject(object))
                return "the row is not a JSON object";
        if (id < 0)
                return "id is missing, is not a UUID, or is there twice";
        if (edge < 0)
                return "edgeConnectionId is missing, is not a UUID, or is there twice";
        if (database == -EINVAL)
                return "databaseId is not a UUID, or is there twice";
        if (json_get_string(object, "name", &ret->name) < 0)
                return "name is missing, is not text, or is there twice";
        ret->name_size = strlen(ret->name);
        if (ret->name_size > LIMIT_NAME_MAX_BYTES)
                return "name is longer than 256 KiB";
        return NULL;
}

/* What was received, without our credentials: as it came; or, when it is JSON that holds them,
 * however it spells them, as we print it. -ENOMEM. */
static int row_redact(const Slice *slice, const Redact *redact, cJSON *object, Text *ret)
{
        if (!redact_json(redact, object)) {
                int r = text_append(ret, slice->text, slice->size);
                if (r == 0)
                        (void)redact_bytes(redact, ret->data, ret->size);
                return r;
        }
        char *printed = cJSON_PrintUnformatted(object);
        int r = printed ? text_append_string(ret, printed) : -ENOMEM;
        cJSON_free(printed);
        return r;
}

/* The row's document, fit to be stored, and cut at a character. Takes the place of the row's
 * object. */
static int row_reject(DatabaseConnection *row, const Slice *slice, const Redact *redact,
                      const char *reason, cJSON **object)
{
        _cleanup_(text_done) Text received = {0}, repaired = {0};
        if (row_redact(slice, redact, *object, &received) < 0)
                return -ENOMEM;
        size_t some = received.size < LIMIT_REJECTED_BYTES ? received.size : LIMIT_REJECTED_BYTES;
        if (json_repair(received.data, some, &repaired) < 0)
                return -ENOMEM;
        size_t cut = repaired.size < LIMIT_REJECTED_BYTES ? repaired.size : LIMIT_REJECTED_BYTES;
        while (cut > 0 && !text_utf8_valid(repaired.data, cut))
                cut--;
        repaired.data[cut] = '\0';
        cJSON_Delete(*object);
        *object = cJSON_CreateString(repaired.data);
        if (!*object)
                return -ENOMEM;
        if (row->anonymous)
                row->id = digest_make_id(slice->text, slice->size); /* the same in every list */
        *row = (DatabaseConnection){
                .id = row->id,
                .edge_connection_id = row->edge_connection_id,
                .name = (*object)->valuestring,
                .name_size = cut,
                .rejected = reason,
                .anonymous = row->anonymous,
        };
        return 0;
}

/* Reads the row as far as it can be read, also around what cannot be stored. *ret_object: where its
 * texts live. -ENOMEM. */
static int row_parse(const Slice *slice, const Redact *redact, DatabaseConnection *ret,
                     cJSON **ret_object)
{
        _cleanup_(cleanup_json) cJSON *object = NULL;
        _cleanup_(text_done) Text text = {0};
        DatabaseConnection row = {0};
        if (text_append(&text, slice->text, slice->size) < 0)
                return -ENOMEM;
        int parsed = json_parse(text.data, text.size, &object);
        if (parsed < 0) {
                text_reset(&text);
                if (json_repair(slice->text, slice->size, &text) < 0)
                        return -ENOMEM;
                bool same =
                        text.size == slice->size && memcmp(text.data, slice->text, text.size) == 0;
                if (json_parse(text.data, text.size, &object) == 0 && same)
                        return -ENOMEM; /* no repair was needed, so the parser lacked memory */
        }
        const char *reason = row_read(object, &row);
        if (parsed < 0)
                reason = json_error_text(parsed);
        if (reason && row_reject(&row, slice, redact, reason, &object) < 0)
                return -ENOMEM;
        *ret = row;
        *ret_object = TAKE(object);
        return 0;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int page_foreign(const DatabaseConnection *row, size_t index, const Uuid *edge,
                        Fault *ret_fault)
{
        char other[UUID_STRING_SIZE], asked[UUID_STRING_SIZE];
        return fault_set(
                ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_FOREIGN_ROW,
                "row %zu of the page: edgeConnectionId is %s, but %s was asked for: does a "
                "proxy drop the edgeConnectionId parameter?",
                index, uuid_format(&row->edge_connection_id, other), uuid_format(edge, asked));
}

static int page_unreadable(const Page *page, Fault *ret_fault)
{
        return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_BAD_ROW,
                         "none of the rows of the page (%zu) can be read; of the first, %s",
                         page->n_rows, page->rows[0].rejected);
}

static int page_add_rows(Page *page, const Slice *slices, size_t n, const Uuid *edge,
                         const Redact *redact, Fault *ret_fault)
{
        static const Uuid none;
        size_t anonymous = 0;
        /* Names of plain rows are kept behind the rows; a row is longer than its name. */
        size_t names_bytes = 0;
        for (size_t i = 0; i < n; i++)
                names_bytes += slices[i].size;
        page->document = cJSON_CreateArray();
        page->rows = malloc(n * sizeof(*page->rows) + names_bytes + 1);
        if (!page->document || !page->rows)
                return page_no_memory(ret_fault);
        char *names = (char *)(page->rows + n);
        for (size_t i = 0; i < n; i++) {
                DatabaseConnection *row = &page->rows[i];
                cJSON *object;
                if (plain_row_read(slices[i].text, slices[i].size, names, row)) {
                        names += row->name_size + 1;
                } else {
                        if (row_parse(&slices[i], redact, row, &object) < 0)
                                return page_no_memory(ret_fault);
                        (void)cJSON_AddItemToArray(page->document, object);
                }
                page->n_rows++;
                bool named = !row->rejected || !uuid_equal(&row->edge_connection_id, &none);
                if (edge && named && !uuid_equal(&row->edge_connection_id, edge))
                        return page_foreign(row, i, edge, ret_fault);
                anonymous += row->anonymous;
        }
        return n > 0 && anonymous == n ? page_unreadable(page, ret_fault) : 0;
}

static int page_bad_json(size_t size, int error, Fault *ret_fault)
{
        return fault_set(ret_fault, FAULT_RUN, -error, CODE_CATALOG_BAD_JSON,
                         "the catalog's answer (%zu bytes) cannot be read: %s", size,
                         json_error_text(error));
}

int page_parse(const char *body, size_t size, const Uuid *edge, unsigned limit,
               const Redact *redact, Page *ret, Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        _cleanup_(cleanup_free) Slice *slices = calloc(limit ? limit : 1, sizeof(*slices));
        size_t n = 0;
        int r = slices ? slices_take_list(body, size, "results", slices, limit, &n) : -ENOMEM;
        if (r == -ENOMEM)
                return page_no_memory(ret_fault);
        if (r == -ENODATA)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_NO_RESULTS,
                                 "the catalog's answer is JSON, but has no list \"results\", or "
                                 "has it twice");
        if (r < 0)
                return page_bad_json(size, r, ret_fault);
        if (n > limit)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_TOO_LONG,
                                 "the catalog gave %zu rows where at most %u were asked for", n,
                                 limit);
        r = page_add_rows(&page, slices, n, edge, redact, ret_fault);
        if (r < 0)
                return r;
        *ret = TAKE(page);
        return 0;
}

int page_parse_one(const char *body, size_t size, const Redact *redact, Page *ret, Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        const Slice whole = {.text = body, .size = size};
        int r = page_add_rows(&page, &whole, 1, NULL, redact, ret_fault);
        if (r < 0) {
                _cleanup_(cleanup_json) cJSON *document = NULL;
                int bad = json_parse(body, size, &document);
                if (bad < 0)
                        return page_bad_json(size, bad, ret_fault);
                return page.n_rows == 0
                               ? r
                               : fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_BAD_ROW,
                                           "the catalog's answer is not a row: %s",
                                           page.rows[0].rejected);
        }
        *ret = TAKE(page);
        return 0;
}
