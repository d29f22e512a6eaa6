/*
 * page: prints rows straight into one block that is surely large enough.
 *
 * Lists are what a benchmark asks for, so the good rows take a path without per-field calls; the
 * bad ones are templates.
 */
#include "catalogd/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_FIXED_BYTES                                                                            \
        (3 * 36 +                                                                                  \
         sizeof("{\"id\":\"\",\"name\":\"\",\"edgeConnectionId\":\"\",\"databaseId\":\"\"},"))
#define NAME_WORST 6 /* \u001f */

const char *const page_bad_row_names[] = {
        "none",        "uuid",      "uuid-braces",  "edge-uuid", "database-uuid", "other-edge",
        "nul",         "raw-nul",   "utf8",         "overlong",  "surrogate",     "control",
        "name-number", "name-null", "name-missing", "id-number", "id-missing",    "edge-missing",
        "not-object",  "syntax",    "raw",          NULL};

/* One template per kind: \4 becomes the id, \5 the edge's id, \1 a zero byte, \2 the byte BF, \3
 * the bytes C0 80. */
static const char *const bad_rows[] = {
        [BAD_ROW_UUID] = "{\"id\":\"not-a-uuid\",\"name\":\"bad\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_UUID_BRACES] = "{\"id\":\"{\4}\",\"name\":\"bad\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_EDGE_UUID] = "{\"id\":\"\4\",\"name\":\"bad\",\"edgeConnectionId\":\"0b9c1c1e\"}",
        [BAD_ROW_DATABASE_UUID] =
                "{\"id\":\"\4\",\"name\":\"bad\",\"edgeConnectionId\":\"\5\",\"databaseId\":\"\"}",
        [BAD_ROW_OTHER_EDGE] = "{\"id\":\"\4\",\"name\":\"bad\",\"edgeConnectionId\":\"00000000-"
                               "0000-4000-8000-000000000bad\"}",
        [BAD_ROW_NUL] = "{\"id\":\"\4\",\"name\":\"bad\\u0000row\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_RAW_NUL] = "{\"id\":\"\4\",\"name\":\"bad\1row\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_UTF8] = "{\"id\":\"\4\",\"name\":\"bad\2row\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_OVERLONG] = "{\"id\":\"\4\",\"name\":\"bad\3row\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_SURROGATE] =
                "{\"id\":\"\4\",\"name\":\"bad\\ud800row\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_CONTROL] = "{\"id\":\"\4\",\"name\":\"bad\nrow\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_NAME_NUMBER] = "{\"id\":\"\4\",\"name\":42,\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_NAME_NULL] = "{\"id\":\"\4\",\"name\":null,\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_NAME_MISSING] = "{\"id\":\"\4\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_ID_NUMBER] = "{\"id\":7,\"name\":\"bad\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_ID_MISSING] = "{\"name\":\"bad\",\"edgeConnectionId\":\"\5\"}",
        [BAD_ROW_EDGE_MISSING] = "{\"id\":\"\4\",\"name\":\"bad\"}",
        [BAD_ROW_NOT_OBJECT] = "\"\4\"",
        [BAD_ROW_SYNTAX] = "{\"id\":\"\4\",,\"name\":\"bad\",\"edgeConnectionId\":\"\5\"}",
};

static char *put(char *out, const char *bytes, size_t size)
{
        memcpy(out, bytes, size);
        return out + size;
}
#define PUT_LITERAL(out, literal) put(out, literal, sizeof(literal) - 1)

static char *put_uuid(char *out, const Uuid *id)
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < sizeof(id->bytes); i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *out++ = '-';
                *out++ = digits[id->bytes[i] >> 4];
                *out++ = digits[id->bytes[i] & 15];
        }
        return out;
}

/* RFC 8259 section 7: quotes, backslashes and control characters are escaped; all else stays UTF-8.
 */
static char *put_escaped(char *out, const char *name, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)name[i];

                if (c < 0x20)
                        out += sprintf(out, "\\u%04x", c);
                else if (c == '"' || c == '\\') {
                        *out++ = '\\';
                        *out++ = (char)c;
                } else
                        *out++ = (char)c;
        }
        return out;
}

static char *put_row(char *out, const Row *row)
{
        out = PUT_LITERAL(out, "{\"id\":\"");
        out = put_uuid(out, &row->id);
        out = PUT_LITERAL(out, "\",\"name\":\"");
        out = row->name_escaped ? put_escaped(out, row->name, row->name_size)
                                : put(out, row->name, row->name_size);
        out = PUT_LITERAL(out, "\",\"edgeConnectionId\":\"");
        out = put_uuid(out, &row->edge->id);
        if (row->linked) {
                out = PUT_LITERAL(out, "\",\"databaseId\":\"");
                out = put_uuid(out, &row->database_id);
        }
        return PUT_LITERAL(out, "\"}");
}

static size_t row_bound(const Row *row)
{
        return ROW_FIXED_BYTES + (row->name_escaped ? NAME_WORST : 1) * (size_t)row->name_size;
}

static char *put_bad_row(char *out, const Row *row, BadRow bad)
{
        for (const char *p = bad_rows[bad]; *p; p++)
                switch (*p) {
                case '\1':
                        *out++ = '\0';
                        break;
                case '\2':
                        *out++ = (char)0xBF;
                        break;
                case '\3':
                        out = PUT_LITERAL(out, "\xC0\x80");
                        break;
                case '\4':
                        out = put_uuid(out, &row->id);
                        break;
                case '\5':
                        out = put_uuid(out, &row->edge->id);
                        break;
                default:
                        *out++ = *p;
                }
        return out;
}

static char *put_any_row(char *out, const Row *row, BadRow bad, const char *raw_row)
{
        switch (bad) {
        case BAD_ROW_NONE:
                return put_row(out, row);
        case BAD_ROW_RAW:
                return raw_row ? put(out, raw_row, strlen(raw_row)) : out;
        default:
                return put_bad_row(out, row, bad);
        }
}

int page_render(Row *const *rows, size_t n_rows, BadRow bad, size_t bad_index, const char *raw_row,
                Text *ret)
{
        size_t bound = sizeof("{\"results\":[]}") + 512 + (raw_row ? strlen(raw_row) : 0);
        char *out;

        for (size_t i = 0; i < n_rows; i++)
                bound += row_bound(rows[i]);
        if (bad_index >= n_rows && n_rows > 0)
                bad_index = n_rows - 1;
        *ret = (Text){.data = malloc(bound), .capacity = bound};
        if (!ret->data)
                return -ENOMEM;
        out = PUT_LITERAL(ret->data, "{\"results\":[");
        for (size_t i = 0; i < n_rows; i++) {
                if (i > 0)
                        *out++ = ',';
                out = put_any_row(out, rows[i], i == bad_index ? bad : BAD_ROW_NONE, raw_row);
        }
        out = PUT_LITERAL(out, "]}");
        *out = '\0';
        ret->size = (size_t)(out - ret->data);
        return 0;
}

int page_render_one(const Row *row, BadRow bad, const char *raw_row, Text *ret)
{
        size_t bound = row_bound(row) + 512 + (raw_row ? strlen(raw_row) : 0);

        *ret = (Text){.data = malloc(bound), .capacity = bound};
        if (!ret->data)
                return -ENOMEM;
        ret->size = (size_t)(put_any_row(ret->data, row, bad, raw_row) - ret->data);
        ret->data[ret->size] = '\0';
        return 0;
}
