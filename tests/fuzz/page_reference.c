/*
 * page_reference: see the header.
 */
#include "fuzz/page_reference.h"
#include "base/digest.h"
#include "base/text.h"
#include "catalog/json.h"
#include "catalog/slices.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

/* Length of the well-formed character at the start of the bytes (RFC 3629, table in section 4); 0:
 * none. */
static size_t utf8_length(const unsigned char *s, size_t size)
{
        if (s[0] < 0x80)
                return 1;
        size_t length = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                        : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                        : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                       : 0;
        if (length == 0 || size < length)
                return 0;
        unsigned char low = 0x80;
        unsigned char high = 0xbf;
        if (s[0] == 0xe0)
                low = 0xa0; /* overlong */
        else if (s[0] == 0xed)
                high = 0x9f; /* surrogates */
        else if (s[0] == 0xf0)
                low = 0x90; /* overlong */
        else if (s[0] == 0xf4)
                high = 0x8f; /* above U+10FFFF */
        if (s[1] < low || s[1] > high)
                return 0;
        for (size_t i = 2; i < length; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        return length;
}

static bool utf8_valid(const char *bytes, size_t size)
{
        const unsigned char *s = (const unsigned char *)bytes;
        while (size > 0) {
                size_t n = utf8_length(s, size);
                if (n == 0)
                        return false;
                s += n;
                size -= n;
        }
        return true;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

enum { ESCAPE_BYTES = 6 }; /* "\uXXXX" */

/* The code unit of the escape "\uXXXX" at the start of the text; negative: there is none. */
static int escape_unit(const char *text, size_t size)
{
        int unit = 0;
        if (size < ESCAPE_BYTES || text[0] != '\\' || text[1] != 'u')
                return -1;
        for (size_t i = 2; i < ESCAPE_BYTES; i++) {
                unsigned char c = (unsigned char)text[i];
                if (!isxdigit(c))
                        return -1;
                unit = unit << 4 | (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return unit;
}

/* How many bytes the escape at the start of the text has: 2, 6, or the 12 of a pair of surrogates.
 * Negative: what is wrong with it; cJSON takes a malformed one for NUL, which would cut the string
 * short. */
static int escape_check(const char *text, size_t size)
{
        if (size < 2)
                return -EINVAL;
        if (text[1] != 'u')
                return text[1] && strchr("\"\\/bfnrt", text[1]) ? 2 : -EINVAL;
        int unit = escape_unit(text, size);
        if (unit < 0)
                return -EINVAL;
        if (unit == 0)
                return -EBADMSG;
        if (unit < 0xD800 || unit > 0xDFFF)
                return ESCAPE_BYTES;
        int low = escape_unit(text + ESCAPE_BYTES, size - ESCAPE_BYTES);
        return unit < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF ? 2 * ESCAPE_BYTES : -EILSEQ;
}

/* Scans the text without parsing it: no NUL, as a byte or as an escape (a backslash that
 * is itself escaped does not count), no half of a pair of surrogates, and no more values than
 * memory is meant for: each takes cJSON about a hundred bytes, though a text of two may ask for it.
 */
static int json_prescan(const char *text, size_t size)
{
        bool in_string = false;
        size_t n_values = 1;
        for (size_t i = 0; i < size; i++) {
                int r;
                switch (text[i]) {
                case '\0':
                        return -EBADMSG;
                case '\\':
                        r = escape_check(text + i, size - i);
                        if (r < 0)
                                return r;
                        i += (size_t)r - 1;
                        break;
                case '"':
                        in_string = !in_string;
                        break;
                case ',':
                case '[':
                case '{':
                        n_values += !in_string;
                        break;
                default:
                        break;
                }
        }
        return n_values > LIMIT_JSON_MAX_VALUES ? -E2BIG : 0;
}

int page_reference_parse_json(const char *text, size_t size, cJSON **ret)
{
        int r = json_prescan(text, size);
        if (r < 0)
                return r;
        if (!utf8_valid(text, size))
                return -EILSEQ;
        /* cJSON wants to see the NUL at the end to know that nothing follows. */
        cJSON *value = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
        if (!value)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int repair(const char *text, size_t size, Text *ret)
{
        for (size_t i = 0; i < size;) {
                const char *good = text + i;
                size_t length = 1;
                if (text[i] == '\\') {
                        int r = escape_check(text + i, size - i);
                        bool whole = r < 0 && escape_unit(text + i, size - i) >= 0;
                        if (r < 0)
                                good = "\\ufffd";
                        length = r >= 0 ? (size_t)r : whole ? ESCAPE_BYTES : 1;
                } else {
                        while (length < 4 && i + length < size && !utf8_valid(text + i, length))
                                length++;
                        if (text[i] == '\0' || !utf8_valid(text + i, length)) {
                                good = "\xef\xbf\xbd";
                                length = 1;
                        }
                }
                int r = good == text + i ? text_append(ret, good, length)
                                         : text_append_string(ret, good);
                if (r < 0)
                        return r;
                i += length;
        }
        return text_append(ret, "", 0);
}

/* ---- elements of a list --------------------------------------------------------------------- */

typedef struct Scan {
        const char *text;
        size_t size, at;
} Scan;

static void scan_space(Scan *s)
{
        while (s->at < s->size && s->text[s->at] != '\0' && (unsigned char)s->text[s->at] <= ' ')
                s->at++;
}

static bool scan_take(Scan *s, char c)
{
        scan_space(s);
        if (s->at == s->size || s->text[s->at] != c)
                return false;
        s->at++;
        return true;
}

/* From behind the opening quote to behind the closing one. */
static void scan_string(Scan *s)
{
        while (s->at < s->size && s->text[s->at] != '"')
                s->at += s->text[s->at] == '\\' && s->at + 1 < s->size ? 2 : 1;
        if (s->at < s->size)
                s->at++;
}

/* One value, whatever is in it; of size 0 where none is. */
static Slice scan_value(Scan *s)
{
        scan_space(s);
        size_t depth = 0, from = s->at;
        while (s->at < s->size) {
                char c = s->text[s->at];
                bool opens = c == '[' || c == '{', closes = c == ']' || c == '}';
                if (depth == 0 && (c == ',' || closes))
                        break;
                s->at++;
                if (c == '"')
                        scan_string(s);
                depth += opens;
                depth -= closes;
                if (depth == 0 && (c == '"' || closes))
                        break;
        }
        return (Slice){.text = s->text + from, .size = s->at - from};
}

/* The value of the member of an object; of size 0 when there is none. */
static Slice scan_member(Scan *s, const char *member)
{
        Slice found = {.text = s->text};
        if (!scan_take(s, '{'))
                return found;
        do {
                if (!scan_take(s, '"'))
                        break;
                size_t from = s->at;
                scan_string(s);
                bool it = s->at - from == strlen(member) + 1 &&
                          memcmp(s->text + from, member, strlen(member)) == 0;
                if (!scan_take(s, ':'))
                        break;
                Slice value = scan_value(s);
                if (it)
                        found = value;
        } while (scan_take(s, ','));
        return found;
}

/* Negative: what is between the brackets is no sequence of values. */
static int scan_elements(Scan *s, Slice *ret, size_t max, size_t *ret_n)
{
        *ret_n = 0;
        if (scan_take(s, ']'))
                return 0;
        do {
                Slice element = scan_value(s);
                if (element.size == 0)
                        return -EINVAL;
                if (*ret_n < max)
                        ret[*ret_n] = element;
                ++*ret_n;
        } while (scan_take(s, ','));
        return scan_take(s, ']') ? 0 : -EINVAL;
}

static int take_slices(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                       size_t *ret_n, Text *ret_rest)
{
        static const char mark[] = "\xef\xbb\xbf"; /* which cJSON passes over, too */
        bool marked = size >= 3 && memcmp(text, mark, 3) == 0;
        Scan whole = {.text = text, .size = size, .at = marked ? 3 : 0};
        Slice list = scan_member(&whole, member);
        Scan inside = {.text = list.text, .size = list.size};
        int r = 0;
        *ret_n = 0;
        if (scan_take(&inside, '['))
                r = scan_elements(&inside, ret, max, ret_n);
        else
                list.size = 0;
        size_t before = (size_t)(list.text - text);
        if (r >= 0)
                r = text_append(ret_rest, text, before);
        if (r >= 0)
                r = text_append_string(ret_rest, list.size > 0 ? "[]" : "");
        if (r >= 0)
                r = text_append(ret_rest, text + before + list.size, size - before - list.size);
        return r;
}

/* ---- one row -------------------------------------------------------------------------------- */

static int page_no_memory(Fault *f)
{
        return fault_set(f, FAULT_RUN, ENOMEM, CODE_NO_MEMORY, "out of memory for a page of rows");
}

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
        if (repair(received.data, some, &repaired) < 0)
                return -ENOMEM;
        size_t cut = repaired.size < LIMIT_REJECTED_BYTES ? repaired.size : LIMIT_REJECTED_BYTES;
        while (cut > 0 && !utf8_valid(repaired.data, cut))
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
        int parsed = page_reference_parse_json(text.data, text.size, &object);
        if (parsed < 0) {
                text_reset(&text);
                if (repair(slice->text, slice->size, &text) < 0)
                        return -ENOMEM;
                bool same =
                        text.size == slice->size && memcmp(text.data, slice->text, text.size) == 0;
                if (page_reference_parse_json(text.data, text.size, &object) == 0 && same)
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
        page->document = cJSON_CreateArray();
        page->rows = calloc(n ? n : 1, sizeof(*page->rows));
        if (!page->document || !page->rows)
                return page_no_memory(ret_fault);
        for (size_t i = 0; i < n; i++) {
                DatabaseConnection *row = &page->rows[i];
                cJSON *object;
                if (row_parse(&slices[i], redact, row, &object) < 0)
                        return page_no_memory(ret_fault);
                (void)cJSON_AddItemToArray(page->document, object);
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

/* Everything but the rows is what it should be. */
static int page_check_rest(const Text *rest, size_t size, Fault *ret_fault)
{
        _cleanup_(cleanup_json) cJSON *document = NULL;
        const cJSON *results;
        int r = page_reference_parse_json(rest->data, rest->size, &document);
        if (r < 0)
                return page_bad_json(size, r, ret_fault);
        if (json_get_array(document, "results", &results) < 0 || cJSON_GetArraySize(results) > 0)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_NO_RESULTS,
                                 "the catalog's answer is JSON, but has no list \"results\", or "
                                 "has it twice");
        return 0;
}

int page_reference_parse(const char *body, size_t size, const Uuid *edge, unsigned limit,
                         const Redact *redact, Page *ret, Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        _cleanup_(cleanup_free) Slice *slices = calloc(limit ? limit : 1, sizeof(*slices));
        _cleanup_(text_done) Text rest = {0};
        size_t n = 0;
        int r = slices ? take_slices(body, size, "results", slices, limit, &n, &rest) : -ENOMEM;
        if (r == -ENOMEM)
                return page_no_memory(ret_fault);
        if (r < 0)
                return page_bad_json(size, r, ret_fault);
        r = page_check_rest(&rest, size, ret_fault);
        if (r < 0)
                return r;
        if (n > limit)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_TOO_LONG,
                                 "the catalog gave %zu rows where at most %u were asked for", n,
                                 limit);
        r = page_add_rows(&page, slices, n, edge, redact, ret_fault);
        if (r < 0)
                return r;
        *ret = page;
        page = (Page){0};
        return 0;
}

int page_reference_parse_one(const char *body, size_t size, const Redact *redact, Page *ret,
                             Fault *ret_fault)
{
        _cleanup_(page_done) Page page = {0};
        const Slice whole = {.text = body, .size = size};
        int r = page_add_rows(&page, &whole, 1, NULL, redact, ret_fault);
        if (r < 0) {
                _cleanup_(cleanup_json) cJSON *document = NULL;
                int bad = page_reference_parse_json(body, size, &document);
                if (bad < 0)
                        return page_bad_json(size, bad, ret_fault);
                return page.n_rows == 0
                               ? r
                               : fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_BAD_ROW,
                                           "the catalog's answer is not a row: %s",
                                           page.rows[0].rejected);
        }
        *ret = page;
        page = (Page){0};
        return 0;
}
