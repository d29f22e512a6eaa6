/*
 * Lines are counted, checked and trimmed; a section's header goes to the owner as it is, any other
 * line is split at its first "=" or ":".
 */
#include "config/reader.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define TO_TEXT_(x) #x
#define TO_TEXT(x)  TO_TEXT_(x)

typedef struct Reader {
        const ReaderHandler *handler;
        void *userdata;
        char *next, *end; /* the file's bytes that have not been looked at */
        unsigned line;
} Reader;

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
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

/* Moves both to what is between them without the space at either end. */
static void trim(char **start, char **stop)
{
        while (*start < *stop && is_space(**start))
                (*start)++;
        while (*stop > *start && is_space((*stop)[-1]))
                (*stop)--;
}

/* Where an inline comment begins: a ";" after space. */
static char *find_comment(char *start, char *stop)
{
        for (char *c = start + 1; c < stop; c++)
                if (*c == ';' && is_space(c[-1]))
                        return c;
        return stop;
}

/* The byte at `stop` is overwritten: the buffer has one more than the file. */
static int reader_on_setting(Reader *r, char *start, char *stop)
{
        stop = find_comment(start, stop);
        char *equals = start;
        while (equals < stop && *equals != '=' && *equals != ':')
                equals++;
        if (equals == stop) {
                r->handler->on_error(r->userdata, r->line,
                                     "neither a [section] nor a key with a value",
                                     "[section] or KEY = VALUE");
                return 0;
        }
        char *key_stop = equals, *value = equals + 1;
        trim(&start, &key_stop);
        trim(&value, &stop);
        *key_stop = *stop = '\0';
        return r->handler->on_setting(r->userdata, r->line, start, value);
}

static int reader_on_line(Reader *r, char *start, char *stop)
{
        trim(&start, &stop);
        const char *complaint = line_complaint(start, (size_t)(stop - start));
        if (complaint)
                r->handler->on_error(r->userdata, r->line, complaint,
                                     "lines of UTF-8 text of at most " TO_TEXT(
                                             LIMIT_CONFIG_LINE_BYTES) " bytes");
        if (start == stop || *start == ';' || *start == '#')
                return 0;
        if (*start == '[') {
                *stop = '\0';
                return r->handler->on_section(r->userdata, r->line, complaint ? NULL : start);
        }
        return complaint ? 0 : reader_on_setting(r, start, stop);
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
        *ret = TAKE(bytes);
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
        while (e >= 0 && r.next < r.end) {
                char *newline = memchr(r.next, '\n', (size_t)(r.end - r.next));
                char *start = r.next, *stop = newline ? newline : r.end;
                r.next = newline ? newline + 1 : r.end;
                r.line++;
                e = reader_on_line(&r, start, stop);
        }
        return e < 0 ? e : 0;
}
