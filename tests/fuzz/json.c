/*
 * Targets of src/catalog: JSON, pages, rows, jobs, error bodies, and credentials in any of them.
 */
#include "catalog/json.h"
#include "base/job_state.h"
#include "base/limits.h"
#include "base/text.h"
#include "catalog/answer.h"
#include "catalog/edge_items.h"
#include "catalog/job.h"
#include "catalog/job_list.h"
#include "catalog/oauth2.h"
#include "catalog/page.h"
#include "catalog/slices.h"
#include "fuzz/fuzz.h"
#include "fuzz/json_reference.h"
#include "fuzz/page_reference.h"
#include "mirror/spool.h"
#include "sync/snapshot.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDGE "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"

static void check_strings(const cJSON *item)
{
        for (; item; item = item->next) {
                if (item->string)
                        FUZZ_CHECK(text_utf8_valid(item->string, strlen(item->string)));
                if (cJSON_IsString(item))
                        FUZZ_CHECK(item->valuestring &&
                                   text_utf8_valid(item->valuestring, strlen(item->valuestring)));
                check_strings(item->child);
        }
}

static bool has_long_number(const char *text)
{
        for (size_t n; *text; text += n ? n : 1) {
                n = strspn(text, "0123456789+-.eE");
                if (n > 63)
                        return true;
        }
        return false;
}

/* For a terminal it is written otherwise, and for a program it is the same. */
static void check_output(const char *printed)
{
        Text out = {0};
        FUZZ_CHECK(text_append_json(&out, printed) == 0);
        fuzz_check_printable(out.data ? out.data : "", SIZE_MAX - 1);
        cJSON *value = cJSON_Parse(out.data ? out.data : "");
        char *again = cJSON_PrintUnformatted(value);
        FUZZ_CHECK(again && strcmp(again, printed) == 0);
        cJSON_free(again);
        cJSON_Delete(value);
        text_done(&out);
}

void fuzz_json(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        _cleanup_(cleanup_json) cJSON *value = NULL, *second = NULL;
        _cleanup_(cleanup_json) cJSON *reference = NULL;
        int r = json_parse(text, size, &value);
        FUZZ_CHECK(page_reference_parse_json(text, size, &reference) == r);
        const char *end = NULL;
        if (r < 0) {
                FUZZ_CHECK(!value);
                fuzz_check_printable(json_error_text(r), 200);
        } else {
                FUZZ_CHECK(text_utf8_valid(text, size) && !memchr(text, '\0', size));
                check_strings(value);
                /* What PostgreSQL gets is printed anew, and is strict JSON whatever was tolerated
                 * before. */
                char *printed = cJSON_PrintUnformatted(value);
                FUZZ_CHECK(printed && json_reference_accepts(printed, strlen(printed)));
                /* What is accepted, the parser alone accepts too, and it means the same. */
                second = cJSON_ParseWithOpts(text, &end, true);
                char *again = cJSON_PrintUnformatted(second);
                FUZZ_CHECK(again && strcmp(printed, again) == 0);
                cJSON_free(again);
                check_output(printed);
                cJSON_free(printed);
        }
        /* What is strict JSON, and has nothing that PostgreSQL cannot keep, is accepted; but for
         * numbers of more than 63 characters. */
        if (r < 0 && size < 1000 && !has_long_number(text))
                FUZZ_CHECK(!json_reference_accepts(text, size));
        free(text);
}

static void check_rows(const Page *page)
{
        Fault fault = {0};
        for (size_t i = 0; i < page->n_rows; i++) {
                const DatabaseConnection *row = &page->rows[i];
                FUZZ_CHECK(row->name && strlen(row->name) == row->name_size);
                FUZZ_CHECK(row->name_size <= LIMIT_NAME_MAX_BYTES &&
                           text_utf8_valid(row->name, row->name_size));
                FUZZ_CHECK(!row->rejected ||
                           (row->name_size <= LIMIT_REJECTED_BYTES && !row->has_database));
                FUZZ_CHECK(row->rejected || !row->anonymous);
        }
        Snapshot snapshot = {0};
        CatalogPageAnswer answer = {.rows = page->rows, .n_rows = page->n_rows};
        FUZZ_CHECK(snapshot_begin(&snapshot) == 0);
        FUZZ_CHECK(snapshot_add_page(&snapshot, &answer, &fault) == 0);
        /* a row that comes again as it was is kept once */
        FUZZ_CHECK(spool_rows(snapshot.rows) <= (int64_t)page->n_rows);
        FUZZ_CHECK(spool_rows(snapshot.rows) >= spool_digest(snapshot.rows)->rows);
        snapshot_done(&snapshot);
}

static void check_fault(const Fault *fault)
{
        FUZZ_CHECK(fault->scope != FAULT_NONE && fault->code != CODE_NONE);
        fuzz_check_printable(fault->message, sizeof(fault->message) - 1);
}

/* Rows are found by brackets and read one by one; where the text is JSON as a whole, that is what a
 * parser of the whole finds. */
static void check_against_whole(const char *text, size_t size, const Page *page, const Fault *fault)
{
        _cleanup_(cleanup_json) cJSON *document = NULL;
        const cJSON *results, *item;
        if (json_parse(text, size, &document) < 0 ||
            json_get_array(document, "results", &results) < 0)
                return;
        size_t i = 0;
        cJSON_ArrayForEach(item, results)
        {
                const char *name;
                Uuid id;
                if (!page->rows) {
                        i++;
                        continue;
                }
                const DatabaseConnection *row = &page->rows[i++];
                bool has_id = json_get_uuid(item, "id", &id) == 0;
                FUZZ_CHECK(has_id != row->anonymous && (!has_id || uuid_equal(&id, &row->id)));
                FUZZ_CHECK(row->rejected || (json_get_string(item, "name", &name) == 0 &&
                                             strcmp(name, row->name) == 0));
                FUZZ_CHECK(row->rejected ||
                           (json_get_uuid(item, "databaseId", &id) == 0) == row->has_database);
        }
        if (page->rows)
                FUZZ_CHECK(i == page->n_rows);
        else if (i == 0) /* an empty list is an empty list, but for one whose name is spelled
                            otherwise elsewhere */
                FUZZ_CHECK(fault->code != CODE_CATALOG_BAD_JSON);
}

/* ---- the same, decoded another way ---------------------------------------------------------- */

static void check_same_row(const DatabaseConnection *a, const DatabaseConnection *b)
{
        FUZZ_CHECK(uuid_equal(&a->id, &b->id));
        FUZZ_CHECK(uuid_equal(&a->edge_connection_id, &b->edge_connection_id));
        FUZZ_CHECK(a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0);
        FUZZ_CHECK(a->name[a->name_size] == '\0');
        FUZZ_CHECK(a->has_database == b->has_database);
        FUZZ_CHECK(!a->has_database || uuid_equal(&a->database_id, &b->database_id));
        FUZZ_CHECK(text_equal(a->rejected, b->rejected) && a->anonymous == b->anonymous);
}

/* What they become on the way to PostgreSQL. */
static void check_same_copy(const Page *a, const Page *b)
{
        Text copy[2] = {{0}, {0}};
        const Page *pages[] = {a, b};
        char digests[2][DIGEST_STRING_SIZE];
        for (size_t i = 0; i < 2; i++) {
                Spool *spool;
                size_t size = 1;
                const char *bytes;
                FUZZ_CHECK(spool_new(&spool) == 0);
                for (size_t k = 0; k < pages[i]->n_rows; k++)
                        FUZZ_CHECK(spool_add(spool, &pages[i]->rows[k], 0, NULL) == 0);
                digest_format(spool_digest(spool), digests[i]);
                for (spool_rewind(spool); size > 0;) {
                        FUZZ_CHECK(spool_read(spool, &bytes, &size, NULL) == 0);
                        FUZZ_CHECK(text_append(&copy[i], bytes, size) == 0);
                }
                (void)spool_free(spool);
        }
        FUZZ_CHECK(copy[0].size == copy[1].size &&
                   memcmp(copy[0].data, copy[1].data, copy[0].size) == 0);
        FUZZ_CHECK(strcmp(digests[0], digests[1]) == 0);
        text_done(&copy[0]);
        text_done(&copy[1]);
}

/* Takes both pages. */
static void check_same(int r, Page *page, const Fault *fault, int other_r, Page *other,
                       const Fault *other_fault)
{
        FUZZ_CHECK(r == other_r);
        FUZZ_CHECK(fault->scope == other_fault->scope && fault->code == other_fault->code);
        FUZZ_CHECK(fault->retryable == other_fault->retryable);
        FUZZ_CHECK(strcmp(fault->message, other_fault->message) == 0);
        FUZZ_CHECK(page->n_rows == other->n_rows);
        for (size_t i = 0; i < page->n_rows; i++)
                check_same_row(&page->rows[i], &other->rows[i]);
        check_same_copy(page, other);
        page_done(page);
        page_done(other);
}

static void check_page_reference(const char *text, size_t size, const Redact *redact)
{
        for (unsigned limit = 1; limit <= 5; limit += 4) {
                Page page = {0}, other = {0};
                Fault fault = {0}, other_fault = {0};
                Uuid edge;
                FUZZ_CHECK(uuid_parse(EDGE, &edge) == 0);
                int r = page_parse(text, size, &edge, limit, redact, &page, &fault);
                int other_r = page_reference_parse(text, size, &edge, limit, redact, &other,
                                                   &other_fault);
                check_same(r, &page, &fault, other_r, &other, &other_fault);
        }
}

static void check_row_reference(const char *text, size_t size, const Redact *redact)
{
        Page page = {0}, other = {0};
        Fault fault = {0}, other_fault = {0};
        int r = page_parse_one(text, size, redact, &page, &fault);
        int other_r = page_reference_parse_one(text, size, redact, &other, &other_fault);
        check_same(r, &page, &fault, other_r, &other, &other_fault);
}

/* With and without credentials that may be in the text. */
static void check_reference(const char *text, size_t size,
                            void (*check)(const char *, size_t, const Redact *))
{
        Redact redact = {0};
        FUZZ_CHECK(redact_add(&redact, "svc", "pa55/word") == 0);
        check(text, size, NULL);
        check(text, size, &redact);
        redact_done(&redact);
}

void fuzz_page(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        Page page = {0};
        Fault fault = {0};
        Uuid edge;
        FUZZ_CHECK(uuid_parse(EDGE, &edge) == 0);
        if (page_parse(text, size, &edge, 5, NULL, &page, &fault) == 0) {
                FUZZ_CHECK(page.n_rows <= 5);
                for (size_t i = 0; i < page.n_rows; i++)
                        FUZZ_CHECK(page.rows[i].rejected ||
                                   uuid_equal(&page.rows[i].edge_connection_id, &edge));
                check_rows(&page);
                check_against_whole(text, size, &page, &fault);
                page_done(&page);
        } else {
                FUZZ_CHECK(!page.rows && !page.document);
                check_fault(&fault);
                check_against_whole(text, size, &page, &fault);
        }
        check_reference(text, size, check_page_reference);
        free(text);
}

void fuzz_slices(const uint8_t *data, size_t size)
{
        enum { MAX = 8 };
        char *text = fuzz_string(data, size);
        Slice slices[MAX];
        Text rest = {0};
        size_t n;
        int r = slices_take(text, size, "results", slices, MAX, &n, &rest);
        FUZZ_CHECK(r == 0 || r == -EINVAL);
        bool strict = json_reference_accepts(text, size);
        const char *at = text;
        for (size_t i = 0; r == 0 && i < n && i < MAX; i++) {
                FUZZ_CHECK(slices[i].text >= at && slices[i].size > 0);
                at = slices[i].text + slices[i].size;
                FUZZ_CHECK(at <= text + size);
                FUZZ_CHECK(!strict || json_reference_accepts(slices[i].text, slices[i].size));
        }
        FUZZ_CHECK(!strict || r == 0);
        if (r == 0) {
                FUZZ_CHECK(rest.size <= size + 2);
                FUZZ_CHECK(!strict || json_reference_accepts(rest.data, rest.size));
        }
        text_done(&rest);
        free(text);
}

void fuzz_row(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        Page page = {0};
        Fault fault = {0};
        if (page_parse_one(text, size, NULL, &page, &fault) == 0) {
                FUZZ_CHECK(page.n_rows == 1);
                check_rows(&page);
                page_done(&page);
        } else {
                check_fault(&fault);
        }
        check_reference(text, size, check_row_reference);
        free(text);
}

/* ---- credentials ---------------------------------------------------------------------------- */

/* An input is a username, a secret and the rest, a line each; the secrets that a file may hold. */
typedef struct Credentials {
        Redact redact;
        char *username, *secret;
        bool basic;
} Credentials;

static void credentials_take(Credentials *c, const uint8_t **data, size_t *size)
{
        c->basic = fuzz_byte(data, size) % 2;
        c->username = fuzz_line(data, size);
        c->secret = fuzz_line(data, size);
        c->redact = (Redact){0};
        FUZZ_CHECK(redact_add(&c->redact, c->basic ? c->username : NULL, c->secret) == 0);
}

static void credentials_done(Credentials *c)
{
        redact_done(&c->redact);
        free(c->username);
        free(c->secret);
}

static void append_json(Text *out, const char *secret)
{
        cJSON *value = cJSON_CreateStringReference(secret);
        char *printed = cJSON_PrintUnformatted(value);
        FUZZ_CHECK(printed && text_append(out, printed + 1, strlen(printed) - 2) == 0);
        cJSON_free(printed);
        cJSON_Delete(value);
}

static void append_escaped(Text *out, const char *secret)
{
        for (; *secret; secret++)
                FUZZ_CHECK(text_printf(out, "%%%02x", (unsigned)(unsigned char)*secret) >= 0);
}

/* Not for a secret that begins or ends with what replaces it: what is beside may then be made to
 * look like it. */
static void check_absent(const Credentials *c, const char *bytes, size_t size)
{
        size_t length = strlen(c->secret);
        if (length < 4 || c->secret[0] == '*' || c->secret[length - 1] == '*')
                return;
        for (size_t i = 0; i < REDACT_SPELLINGS; i++) {
                const char *spelling = c->redact.spellings[0][i];
                FUZZ_CHECK(!spelling || !memmem(bytes, size, spelling, strlen(spelling)));
        }
        _cleanup_(text_done) Text escaped = {0};
        append_escaped(&escaped, c->secret);
        FUZZ_CHECK(!memmem(bytes, size, escaped.data, escaped.size));
}

/* Replaces each "@" of a text by the secret, each "$" by its JSON spelling and each control
 * character 1 by that of an address: libFuzzer does not have to find out that a body may repeat it.
 */
static char *expand(const Credentials *c, const uint8_t *data, size_t size, size_t *ret_size)
{
        _cleanup_(text_done) Text out = {0};
        FUZZ_CHECK(text_append(&out, "", 0) == 0);
        for (size_t i = 0; i < size && out.size < 64 * 1024; i++) {
                if (data[i] == '@')
                        FUZZ_CHECK(text_append_string(&out, c->secret) == 0);
                else if (data[i] == '$')
                        append_json(&out, c->secret);
                else if (data[i] == 1)
                        append_escaped(&out, c->secret);
                else
                        FUZZ_CHECK(text_append(&out, (const char *)data + i, 1) == 0);
        }
        *ret_size = out.size;
        return fuzz_string((const uint8_t *)out.data, out.size);
}

/* Whether this is jsonb for PostgreSQL. */
static void check_document(const Credentials *c, const char *document, size_t max_bytes)
{
        if (!document)
                return;
        FUZZ_CHECK(strlen(document) <= max_bytes);
        FUZZ_CHECK(json_reference_accepts(document, strlen(document)));
        check_absent(c, document, strlen(document));
}

void fuzz_job(const uint8_t *data, size_t size)
{
        Credentials c;
        JobDocument job = {0};
        credentials_take(&c, &data, &size);
        char *text = expand(&c, data, size, &size);
        if (job_parse(text, size, NULL, &c.redact, &job) == 0) {
                fuzz_check_printable(job.job.status.state, JOB_WORD_BYTES - 1);
                fuzz_check_printable(job.job.status.result, JOB_WORD_BYTES - 1);
                FUZZ_CHECK(job.job.status.progress >= -1 && job.job.status.progress <= 100);
                FUZZ_CHECK(strlen(job.job.message) <= LIMIT_JOB_MESSAGE_MAX_BYTES);
                FUZZ_CHECK(text_utf8_valid(job.job.message, strlen(job.job.message)));
                FUZZ_CHECK(!job_is_clean(&job.job.status) || job_is_terminal(&job.job.status));
                FUZZ_CHECK(!job_is_waiting(&job.job.status) || !job_is_terminal(&job.job.status));
                check_absent(&c, job.job.message, strlen(job.job.message));
                check_document(&c, job.job.document, LIMIT_JOB_DOCUMENT_MAX_BYTES);
                job_document_done(&job);
        }
        free(text);
        credentials_done(&c);
}

void fuzz_jobs(const uint8_t *data, size_t size)
{
        Credentials c;
        JobList list = {0};
        Fault fault = {0};
        Uuid edge;
        FUZZ_CHECK(uuid_parse(EDGE, &edge) == 0);
        credentials_take(&c, &data, &size);
        char *text = expand(&c, data, size, &size);
        if (job_list_parse(text, size, &edge, &c.redact, &list, &fault) == 0) {
                for (size_t i = 0; i < list.n_jobs; i++) {
                        const CatalogFoundJob *job = &list.jobs[i];
                        fuzz_check_printable(job->kind.type, JOB_KIND_BYTES - 1);
                        fuzz_check_printable(job->kind.user, JOB_KIND_BYTES - 1);
                        check_absent(&c, job->kind.type, strlen(job->kind.type));
                        check_absent(&c, job->kind.user, strlen(job->kind.user));
                        FUZZ_CHECK(!job->has_created || job->created_msec >= 0);
                }
                FUZZ_CHECK(!list.next ||
                           (list.next[0] && strlen(list.next) <= LIMIT_JOB_CURSOR_BYTES));
                job_list_done(&list);
        } else {
                FUZZ_CHECK(!list.jobs && !list.next);
                check_fault(&fault);
        }
        free(text);
        credentials_done(&c);
}

/* Each id once, and nothing shown but what may be; where the text is strict JSON, as many as a
 * parser of the whole finds. */
static void check_items(const EdgeItems *items, const char *text, size_t size)
{
        _cleanup_(cleanup_json) cJSON *document = NULL;
        const cJSON *list;
        for (size_t i = 0; i < items->n_items; i++) {
                const EdgeItem *e = &items->items[i];
                FUZZ_CHECK(i == 0 || uuid_compare(&items->items[i - 1].id, &e->id) < 0);
                fuzz_check_printable(e->name, LIMIT_CATALOG_NAME_MAX_BYTES);
                fuzz_check_printable(e->status, EDGE_STATUS_BYTES - 1);
        }
        if (json_parse(text, size, &document) < 0)
                return;
        list = cJSON_IsArray(document) ? document
                                       : cJSON_GetObjectItemCaseSensitive(document, "results");
        FUZZ_CHECK(cJSON_IsArray(list));
        FUZZ_CHECK(items->n_items + items->n_unreadable <= (size_t)cJSON_GetArraySize(list));
        const cJSON *item;
        size_t unreadable = 0;
        cJSON_ArrayForEach(item, list)
        {
                Uuid id;
                unreadable += json_get_uuid(item, "id", &id) < 0;
        }
        FUZZ_CHECK(items->n_unreadable == unreadable);
}

void fuzz_edges(const uint8_t *data, size_t size)
{
        Credentials c;
        EdgeItems items = {0};
        Fault fault = {0};
        credentials_take(&c, &data, &size);
        char *text = expand(&c, data, size, &size);
        if (edge_items_parse(text, size, &c.redact, &items, &fault) == 0) {
                check_items(&items, text, size);
                for (size_t i = 0; i < items.n_items; i++)
                        check_absent(&c, items.items[i].name, strlen(items.items[i].name));
                edge_items_done(&items);
        } else {
                FUZZ_CHECK(!items.items);
                check_fault(&fault);
        }
        free(text);
        credentials_done(&c);
}

/* The answer of a token endpoint: what is taken may be sent, and is in it. */
void fuzz_token(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        _cleanup_(text_wipe) Text token = {0};
        uint64_t lifetime_usec = 0;
        const char *error = NULL;
        if (oauth2_parse_token(text, size, &token, &lifetime_usec, &error) == 0) {
                const char *body = token.data;
                FUZZ_CHECK(auth_token_is_valid(body));
                FUZZ_CHECK(strlen(body) == token.size);
                FUZZ_CHECK(token.size <= LIMIT_TOKEN_MAX_BYTES);
                FUZZ_CHECK(json_reference_accepts(text, size));
                uint64_t used = oauth2_renew_after(lifetime_usec, 30000000);
                FUZZ_CHECK(used <= lifetime_usec);
                FUZZ_CHECK(used >= lifetime_usec / 2);
                FUZZ_CHECK(lifetime_usec > 0);
        } else {
                FUZZ_CHECK(error && !token.data);
        }
        free(text);
}

void fuzz_error(const uint8_t *data, size_t size)
{
        static const int statuses[] = {200, 202, 204, 302, 400, 401, 403,
                                       404, 409, 410, 429, 500, 503, 600};
        Credentials c;
        CatalogAnswer answer;
        AnswerText owned = {0};
        credentials_take(&c, &data, &size);
        int status = statuses[fuzz_byte(&data, &size) % (sizeof(statuses) / sizeof(statuses[0]))];
        size_t type_size, location_size;
        char *type = fuzz_line(&data, &size), *location = fuzz_line(&data, &size);
        char *sent_type = expand(&c, (uint8_t *)type, strlen(type), &type_size);
        char *sent_location = expand(&c, (uint8_t *)location, strlen(location), &location_size);
        char *body = expand(&c, data, size, &size);
        HttpResponse response = {.sent = true,
                                 .status = status,
                                 .content_type = sent_type,
                                 .location = sent_location,
                                 .body = body,
                                 .body_size = size};
        answer_classify(&response, 200, true,
                        &(AnswerAuth){.advice = c.basic ? auth_basic.advice : auth_bearer.advice,
                                      .redact = &c.redact},
                        &answer, &owned);
        if (answer.fault.scope != FAULT_NONE) {
                check_fault(&answer.fault);
                FUZZ_CHECK(answer.fault.http_status == status);
                check_absent(&c, answer.fault.message, strlen(answer.fault.message));
        } else {
                FUZZ_CHECK(status == 200 && answer_type_is_json(sent_type));
        }
        check_document(&c, answer.problem, LIMIT_PROBLEM_MAX_BYTES);
        if (answer_is_standard_error(&response))
                FUZZ_CHECK(answer_type_is_json(sent_type) && strchr(body, '{'));
        answer_text_done(&owned);
        free(type);
        free(location);
        free(sent_type);
        free(sent_location);
        free(body);
        credentials_done(&c);
}

void fuzz_redact(const uint8_t *data, size_t size)
{
        Credentials c;
        credentials_take(&c, &data, &size);
        char *bytes = expand(&c, data, size, &size);
        char *before = fuzz_string((const uint8_t *)bytes, size);
        redact_bytes(&c.redact, bytes, size);
        check_absent(&c, bytes, size);
        for (size_t i = 0; i < size; i++)
                FUZZ_CHECK(bytes[i] == before[i] || bytes[i] == '*');
        FUZZ_CHECK(bytes[size] == '\0');
        free(before);
        free(bytes);
        credentials_done(&c);
}
