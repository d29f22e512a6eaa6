/*
 * Target of src/mirror/spool.h: what is written as COPY's text is read back equal.
 */
#include "fuzz/copy.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "mirror/spool.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void copy_rows_init(CopyRows *c, const uint8_t *data, size_t size)
{
        c->n = 0;
        while (size > 0 && c->n < COPY_ROWS_MAX) {
                const uint8_t *end = memchr(data, 0xff, size);
                size_t part = end ? (size_t)(end - data) : size;
                const uint8_t *bytes = fuzz_take(&data, &size, part);
                uint8_t draw = fuzz_byte(&bytes, &part);
                (void)fuzz_byte(&data, &size);
                if (!text_utf8_valid((const char *)bytes, part) || memchr(bytes, '\0', part))
                        continue;
                DatabaseConnection *row = &c->rows[c->n];
                c->names[c->n] = fuzz_string(bytes, part);
                *row = (DatabaseConnection){
                        .name = c->names[c->n], .name_size = part, .has_database = draw % 2};
                row->id.bytes[0] = draw;
                row->id.bytes[15] = (uint8_t)c->n;
                if (row->has_database)
                        memset(row->database_id.bytes, draw, sizeof(row->database_id.bytes));
                c->n++;
        }
}

void copy_rows_done(CopyRows *c)
{
        for (size_t i = 0; i < c->n; i++)
                free(c->names[i]);
}

/* One line into its fields, in place; "\N" becomes NULL. A backslash before any other character
 * than those of the documentation stands for that character. */
static size_t read_line(char **at, char *end, char *fields[COPY_FIELDS_MAX],
                        size_t sizes[COPY_FIELDS_MAX])
{
        size_t n = 0;
        for (bool last = false; !last; n++) {
                FUZZ_CHECK(n < COPY_FIELDS_MAX);
                char *in = *at, *out = *at;
                fields[n] = out;
                bool null = end - in >= 3 && in[0] == '\\' && in[1] == 'N' &&
                            (in[2] == '\t' || in[2] == '\n');
                while (in < end && *in != '\t' && *in != '\n') {
                        FUZZ_CHECK(*in != '\r');
                        if (*in != '\\') {
                                *out++ = *in++;
                                continue;
                        }
                        FUZZ_CHECK(in + 1 < end);
                        char c = in[1];
                        /* ours writes none of these */
                        FUZZ_CHECK(null || !memchr("bfvx01234567.N", c, 14));
                        *out++ = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
                        in += 2;
                }
                FUZZ_CHECK(in < end); /* a line has an end */
                last = *in == '\n';
                sizes[n] = (size_t)(out - fields[n]);
                if (null)
                        fields[n] = NULL;
                *at = in + 1;
        }
        return n;
}

static void read_spool(Spool *spool, Text *out)
{
        Fault fault;
        spool_rewind(spool);
        FUZZ_CHECK(text_append(out, "", 0) == 0);
        for (size_t before = SIZE_MAX; out->size != before;) {
                const char *data;
                size_t size;
                before = out->size;
                FUZZ_CHECK(spool_read(spool, &data, &size, &fault) == 0);
                FUZZ_CHECK(text_append(out, data, size) == 0);
        }
}

static void check_uuid(const char *field, size_t size, const Uuid *expected)
{
        Uuid id;
        FUZZ_CHECK(uuid_parse_n(field, size, &id) == 0 && uuid_equal(&id, expected));
}

/* From the field of the name on: name, databaseId. */
static void check_row(char **fields, const size_t *sizes, const DatabaseConnection *row)
{
        FUZZ_CHECK(fields[0] && sizes[0] == row->name_size &&
                   memcmp(fields[0], row->name, row->name_size) == 0);
        FUZZ_CHECK((fields[1] != NULL) == row->has_database);
        if (row->has_database)
                check_uuid(fields[1], sizes[1], &row->database_id);
}

static void check_list(const CopyRows *c)
{
        Spool *spool;
        Text out = {0};
        char *fields[COPY_FIELDS_MAX], seq[24];
        size_t sizes[COPY_FIELDS_MAX];
        FUZZ_CHECK(spool_new(&spool) == 0);
        for (size_t i = 0; i < c->n; i++)
                FUZZ_CHECK(spool_add(spool, &c->rows[i], UINT64_MAX / 4 + i, NULL) == 0);
        read_spool(spool, &out);
        char *at = out.data, *end = out.data + out.size;
        for (size_t i = 0; i < c->n; i++) {
                FUZZ_CHECK(read_line(&at, end, fields, sizes) == 7);
                FUZZ_CHECK(!fields[5] && sizes[6] == 1 && *fields[6] == 'f');
                int n = snprintf(seq, sizeof(seq), "%zu", i);
                FUZZ_CHECK(sizes[0] == (size_t)n && memcmp(fields[0], seq, sizes[0]) == 0);
                n = snprintf(seq, sizeof(seq), "%" PRIu64, UINT64_MAX / 4 + i);
                FUZZ_CHECK(sizes[1] == (size_t)n && memcmp(fields[1], seq, sizes[1]) == 0);
                check_uuid(fields[2], sizes[2], &c->rows[i].id);
                check_row(fields + 3, sizes + 3, &c->rows[i]);
        }
        FUZZ_CHECK(at == end);
        text_done(&out);
        (void)spool_free(spool);
}

static void check_verdicts(const CopyRows *c)
{
        Spool *spool;
        Text out = {0};
        char *fields[COPY_FIELDS_MAX];
        size_t sizes[COPY_FIELDS_MAX];
        FUZZ_CHECK(spool_new(&spool) == 0);
        for (size_t i = 0; i < c->n; i++)
                FUZZ_CHECK(
                        spool_add_verdict(spool,
                                          &(SpoolVerdict){.id = c->rows[i].id,
                                                          .gone = i % 3 == 0,
                                                          .moved = i % 3 == 1 ? &c->rows[i] : NULL,
                                                          .http_status = (int)(i % 2) * 200,
                                                          .asked_usec = 5},
                                          NULL) == 0);
        read_spool(spool, &out);
        char *at = out.data, *end = out.data + out.size;
        for (size_t i = 0; i < c->n; i++) {
                FUZZ_CHECK(read_line(&at, end, fields, sizes) == 7);
                FUZZ_CHECK(sizes[0] == 1 && *fields[0] == '5');
                check_uuid(fields[1], sizes[1], &c->rows[i].id);
                FUZZ_CHECK(i % 3 == 2 ? !fields[2]
                                      : sizes[2] == 1 && *fields[2] == (i % 3 ? 'f' : 't'));
                FUZZ_CHECK(i % 2 ? sizes[3] == 3 && memcmp(fields[3], "200", 3) == 0 : !fields[3]);
                if (i % 3 == 1)
                        check_row(fields + 5, sizes + 5, &c->rows[i]);
        }
        FUZZ_CHECK(at == end);
        text_done(&out);
        (void)spool_free(spool);
}

void fuzz_copy(const uint8_t *data, size_t size)
{
        CopyRows c;
        copy_rows_init(&c, data, size);
        check_list(&c);
        check_verdicts(&c);
        copy_rows_done(&c);
}
