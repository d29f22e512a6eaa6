/*
 * reader: feeds a file to inih and tells its owner what is in which line.
 *
 * inih is built in many ways: whether its handler gets line numbers, sees sections without keys,
 * how long a line, a section or a key may be (200 and 50 bytes in Debian, the rest is cut without a
 * word). Nothing here depends on that. inih takes its lines from a callback, so the lines are
 * counted, checked and trimmed there, and a section's header never reaches inih; it only splits
 * lines into keys and values. A line for which its handler was not called before the next one is
 * asked for was no key. A line longer than its buffer is handed over as inih's own continuation
 * lines, cut where no character is changed by that; an inih without those finds no key there, which
 * is reported, not lost.
 */
#include "config/reader.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define READER_KEY_BYTES 64
#define TO_TEXT_(x)      #x
#define TO_TEXT(x)       TO_TEXT_(x)

typedef struct Reader {
        const ReaderHandler *handler;
        void *userdata;
        int error; /* from the owner or from memory: the reading stops */

        char *next, *end; /* the file's bytes that have not been looked at */
        char *rest;       /* of a long line, not yet handed over; NULL: none */
        size_t rest_size;
        unsigned line;     /* the line that inih has */
        bool line_pending; /* it must hold a key */
        bool has_key;      /* inih has answered for all of it that was handed over */
        bool is_continued; /* what inih has is not its first part */
        char key[READER_KEY_BYTES];
        Text value;
} Reader;

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void reader_fail_line(Reader *r, unsigned line, const char *what, const char *accepted)
{
        r->handler->on_error(r->userdata, line, what, accepted);
}

/* The line before is complete: hand it over. */
static void reader_flush(Reader *r)
{
        if (r->line_pending && !r->has_key)
                reader_fail_line(r, r->line, "neither a [section] nor a key with a value",
                                 "[section] or KEY = VALUE");
        else if (r->line_pending) {
                int e = r->handler->on_setting(r->userdata, r->line, r->key,
                                               r->value.data ? r->value.data : "");
                if (e < 0)
                        r->error = e;
        }
        r->line_pending = r->has_key = r->is_continued = false;
        r->rest = NULL;
        r->rest_size = 0;
        text_reset(&r->value);
}

/* What is wrong with the bytes of a line, NULL when nothing is. */
static const char *line_complaint(const char *line, size_t size)
{
        if (size > LIMIT_CONFIG_LINE_BYTES)
                return "the line is too long";
        if (memchr(line, '\0', size))
                return "the line holds a NUL byte";
        if (!text_utf8_valid(line, size))
                return "the line is not valid UTF-8";
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)line[i];
                /* there is a next one: it is valid UTF-8 */
                bool c1 = c == 0xC2 && (unsigned char)line[i + 1] < 0xA0;
                if ((c < 0x20 && c != '\t') || c == 0x7F || c1)
                        return "the line holds a control character";
        }
        return NULL;
}

/* Cuts an inline comment, as inih would: it must not go into a continuation. */
static size_t line_cut_comment(const char *line, size_t size)
{
        for (size_t i = 1; i < size; i++)
                if (line[i] == ';' && is_space(line[i - 1]))
                        return i;
        return size;
}

/* Takes the next line of the file; true when it is one that inih should see (in rest, rest_size).
 */
static bool reader_take_line(Reader *r)
{
        char *start = r->next;
        char *newline = memchr(start, '\n', (size_t)(r->end - start));
        char *stop = newline ? newline : r->end;

        r->next = newline ? newline + 1 : r->end;
        r->line++;
        if (stop > start && stop[-1] == '\r')
                stop--;
        while (start < stop && is_space(*start))
                start++;
        while (stop > start && is_space(stop[-1]))
                stop--;

        size_t size = (size_t)(stop - start);
        const char *complaint = line_complaint(start, size);
        if (complaint)
                reader_fail_line(r, r->line, complaint,
                                 "lines of UTF-8 text of at most " TO_TEXT(
                                         LIMIT_CONFIG_LINE_BYTES) " bytes");
        if (size == 0 || *start == ';' || *start == '#' || (complaint && *start != '['))
                return false;
        if (*start == '[') {
                *stop = '\0'; /* the buffer has one byte more than the file */
                int e = r->handler->on_section(r->userdata, r->line, complaint ? NULL : start);
                if (e < 0)
                        r->error = e;
                return false;
        }
        r->rest = start;
        r->rest_size = line_cut_comment(start, size);
        return true;
}

/* How much of the rest goes into one of inih's lines of `room` bytes; 0: it cannot be cut. */
static size_t reader_cut(const Reader *r, size_t room)
{
        if (r->rest_size <= room)
                return r->rest_size;
        for (size_t at = room; at > 0; at--) {
                unsigned char before = (unsigned char)r->rest[at - 1],
                              after = (unsigned char)r->rest[at];
                /* in some locales the bytes of a character count as space, and inih trims */
                bool inside_character = (after & 0xC0) == 0x80;
                if (!inside_character && !is_space((char)before) && !is_space((char)after) &&
                    after != ';' && after != '#')
                        return at;
        }
        return 0;
}

/* Copies a line, or its next part, into inih's buffer. A newline is always in it: some builds go on
 * reading without one. */
static char *reader_give(Reader *r, char *buffer, size_t size, bool continued)
{
        size_t n = 0;
        r->has_key = false;
        r->is_continued = continued;
        if (continued)
                buffer[n++] = ' ';
        size_t part = size > n + 2 ? reader_cut(r, size - n - 2) : 0;
        memcpy(buffer + n, r->rest, part);
        n += part;
        r->rest_size -= part;
        r->rest = r->rest_size > 0 ? r->rest + part : NULL;
        if (part == 0) /* cannot be cut: inih gets an empty line and does not answer */
                n = 0;
        buffer[n++] = '\n';
        buffer[n] = '\0';
        return buffer;
}

static char *reader_on_line(char *buffer, int size, void *stream)
{
        Reader *r = stream;

        if (size < 4) {
                r->error = -EINVAL;
                return NULL;
        }
        if (r->rest && r->has_key)
                return reader_give(r, buffer, (size_t)size, true);
        reader_flush(r);
        while (r->error == 0 && r->next < r->end)
                if (reader_take_line(r)) {
                        r->line_pending = true;
                        return reader_give(r, buffer, (size_t)size, false);
                }
        return NULL;
}

static int reader_on_key(void *userdata, const char *section _unused_, const char *name,
                         const char *value
#if INI_HANDLER_LINENO
                         ,
                         int line _unused_
#endif
)
{
        Reader *r = userdata;

        if (!name || !value || !r->line_pending)
                return 1;
        if (!r->is_continued)
                (void)snprintf(r->key, sizeof(r->key), "%s", name);
        else if (strncmp(r->key, name, sizeof(r->key) - 1) !=
                 0) /* an inih that took a continuation for a line */
                return 1;
        r->has_key = true;
        if (text_append_string(&r->value, value) < 0)
                r->error = -ENOMEM;
        return 1;
}

/* The whole file, with one spare byte after it. */
static int file_read_all(const char *path, char **ret, size_t *ret_size)
{
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        if (st.st_size > LIMIT_CONFIG_FILE_BYTES)
                return -EFBIG;

        size_t capacity = (size_t)st.st_size + 1, size = 0;
        _cleanup_(cleanup_free) char *bytes = malloc(capacity);
        if (!bytes)
                return -ENOMEM;
        int r = file_read(fd, bytes, capacity - 1, &size);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bytes);
        *ret_size = size;
        return 0;
}

int reader_read_file(const char *path, const ReaderHandler *handler, void *userdata)
{
        _cleanup_(cleanup_free) char *bytes = NULL;
        size_t size = 0;
        int e = file_read_all(path, &bytes, &size);
        if (e < 0)
                return e;

        size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        Reader r = {.handler = handler,
                    .userdata = userdata,
                    .next = bytes + mark,
                    .end = bytes + size};
        do { /* again: some builds stop at the first line that they do not like */
                if (ini_parse_stream(reader_on_line, &r, reader_on_key, &r) == -2 && r.error == 0)
                        r.error = -ENOMEM;
        } while (r.error == 0 && (r.next < r.end || (r.rest && r.has_key)));
        if (r.error == 0)
                reader_flush(&r);
        text_done(&r.value);
        return r.error;
}
