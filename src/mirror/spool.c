/*
 * spool: rows as COPY text, in memory while they are few and in an unlinked file when they are
 * many.
 *
 * What always holds: `memory` holds the rows that have not gone to the file; once there is a file,
 * memory is only a small buffer in front of it. A row that could not be added has left no trace.
 */
#include "mirror/spool.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { READ_CHUNK_BYTES = 64 * 1024, WRITE_BYTES = 64 * 1024 };

struct Spool {
        Text memory;
        int fd; /* -1: everything is in memory */
        int64_t file_bytes;
        int64_t rows;
        int64_t rejected; /* of them, so many cannot be mirrored */
        DigestList list;
        int64_t read_at;
        char chunk[READ_CHUNK_BYTES]; /* not zeroed: of a small sync that would be most of it */
};

int spool_new(Spool **ret)
{
        Spool *s = malloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        memset(s, 0, offsetof(Spool, chunk));
        s->fd = -1;
        *ret = s;
        return 0;
}

Spool *spool_free(Spool *s)
{
        if (!s)
                return NULL;
        cleanup_close(&s->fd);
        text_done(&s->memory);
        free(s);
        return NULL;
}

static int spool_fault(Fault *ret_fault, int error, const char *what)
{
        fault_set(ret_fault, FAULT_RUN, error, CODE_SPOOL_FAILED,
                  "the rows cannot be spooled to a temporary file (%s: %s); %s", what,
                  strerrordesc_np(error),
                  error == EMFILE   ? "raise the limit of open files (ulimit -n, LimitNOFILE= of "
                                      "the unit), or lower max_syncs"
                  : error == ENFILE ? "this machine has no file descriptor left"
                                    : "check the space in $TMPDIR or /var/tmp");
        if (ret_fault)
                ret_fault->retryable = true;
        return -error;
}

/* A file without a name goes away with the process, however that ends. Not every file system has
 * O_TMPFILE (overlay and network ones): there the name is taken away at once. */
static int spool_open_in(const char *directory)
{
        char path[PATH_MAX];
        int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
                return fd;
        int n = snprintf(path, sizeof(path), "%s/edgemirror-XXXXXX", directory);
        if (n < 0 || (size_t)n >= sizeof(path))
                return -ENAMETOOLONG;
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void)unlink(path);
        return fd;
}

static int spool_open_file(void)
{
        const char *const directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
        int r = -ENOENT;
        for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
                if (!directories[i] || !directories[i][0])
                        continue;
                r = spool_open_in(directories[i]);
                if (r >= 0)
                        return r;
        }
        return r;
}

bool spool_passes_over(char ret[static SPOOL_COMPLAINT_BYTES])
{
        char printable[256];
        const char *directory = getenv("TMPDIR");
        if (!directory || !directory[0])
                return false;
        _cleanup_(cleanup_close) int fd = spool_open_in(directory);
        if (fd >= 0 || error_is_shortage(-fd))
                return false;
        (void)snprintf(ret, SPOOL_COMPLAINT_BYTES,
                       "TMPDIR is %s, where no temporary file can be made (%s): /var/tmp is used, "
                       "or else /tmp; let this user write to it, or set TMPDIR to another "
                       "directory",
                       text_show(directory, printable), strerrordesc_np(-fd));
        return true;
}

int spool_find_space(uint64_t *ret_bytes, Fault *ret_fault)
{
        struct statvfs space;
        _cleanup_(cleanup_close) int fd = spool_open_file();
        if (fd < 0)
                return spool_fault(ret_fault, -fd, "opening a temporary file");
        if (fstatvfs(fd, &space) < 0)
                return spool_fault(ret_fault, errno, "looking for space");
        *ret_bytes = (uint64_t)space.f_bavail * space.f_frsize;
        return 0;
}

static int spool_spill(Spool *s, Fault *ret_fault)
{
        if (s->fd < 0) {
                int fd = spool_open_file();
                if (fd < 0)
                        return spool_fault(ret_fault, -fd, "opening a temporary file");
                s->fd = fd;
        }
        for (size_t done = 0; done < s->memory.size;) {
                ssize_t n = pwrite(s->fd, s->memory.data + done, s->memory.size - done,
                                   s->file_bytes + (off_t)done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return spool_fault(ret_fault, n < 0 ? errno : EIO, "writing");
                done += (size_t)n;
        }
        /* Counted only when all of it is there: what a full disk cut short is written over by the
         * next attempt. */
        s->file_bytes += (int64_t)s->memory.size;
        if (s->memory.capacity > LIMIT_SPOOL_MEMORY_BYTES)
                text_done(&s->memory);
        text_reset(&s->memory);
        return 0;
}

/* COPY's text format: backslash, tab, newline and carriage return are escaped; everything else goes
 * as it is. */
static int spool_append_escaped(Text *t, const char *bytes, size_t size)
{
        static const char special[] = "\\\t\n\r", letters[] = "\\tnr";
        size_t plain = 0; /* from here on nothing needed an escape */
        for (size_t i = text_span_plain(bytes, size); i < size;
             i += 1 + text_span_plain(bytes + i + 1, size - i - 1)) {
                const char *found = memchr(special, bytes[i], sizeof(special) - 1);
                if (!found)
                        continue;
                const char escaped[] = {'\\', letters[found - special]};
                int r = text_append(t, bytes + plain, i - plain);
                if (r >= 0)
                        r = text_append(t, escaped, sizeof(escaped));
                if (r < 0)
                        return r;
                plain = i + 1;
        }
        return text_append(t, bytes + plain, size - plain);
}

/* Name and database. */
static int spool_append_name(Spool *s, const DatabaseConnection *row)
{
        char database[1 + UUID_STRING_SIZE] = "\t\\N";
        int r = spool_append_escaped(&s->memory, row->name, row->name_size);
        if (row->has_database)
                (void)uuid_format(&row->database_id, database + 1);
        return r < 0 ? r : text_append_string(&s->memory, database);
}

/* Its last digit ends at `end`. Returns the first. */
static char *number_format(int64_t number, char *end)
{
        do
                *--end = (char)('0' + number % 10);
        while ((number /= 10) > 0);
        return end;
}

static int spool_append_row(Spool *s, const DatabaseConnection *row, uint64_t asked_usec)
{
        enum { NUMBER_BYTES = 20, ID = 2 * (NUMBER_BYTES + 1) };
        char line[ID + UUID_STRING_SIZE];
        char *asked = number_format((int64_t)asked_usec, line + ID - 1);
        asked[-1] = '\t';
        char *number = number_format(s->rows, asked - 1);
        line[ID - 1] = '\t';
        (void)uuid_format(&row->id, line + ID);
        line[sizeof(line) - 1] = '\t'; /* instead of the NUL */
        int r = text_append(&s->memory, number, (size_t)(line + sizeof(line) - number));
        if (r >= 0)
                r = spool_append_name(s, row);
        if (r < 0)
                return r;
        return row->rejected ? text_printf(&s->memory, "\t%s\t%s\n", row->rejected,
                                           row->anonymous ? "t" : "f")
                             : text_append_string(&s->memory, "\t\\N\tf\n");
}

static int spool_append_verdict(Spool *s, const SpoolVerdict *v)
{
        char id[UUID_STRING_SIZE], edge[UUID_STRING_SIZE];
        const char *gone = v->gone ? "t" : v->moved ? "f" : "\\N";
        int r = text_printf(&s->memory, "%" PRIu64 "\t%s\t%s\t", v->asked_usec,
                            uuid_format(&v->id, id), gone);
        if (r >= 0)
                r = v->http_status ? text_printf(&s->memory, "%d\t", v->http_status)
                                   : text_append_string(&s->memory, "\\N\t");
        if (r < 0)
                return r;
        if (!v->moved)
                return text_append_string(&s->memory, "\\N\t\\N\t\\N\n");
        r = text_printf(&s->memory, "%s\t", uuid_format(&v->moved->edge_connection_id, edge));
        if (r >= 0)
                r = spool_append_name(s, v->moved);
        return r < 0 ? r : text_append_string(&s->memory, "\n");
}

/* Before a row is added, so that one for which there is no space leaves no trace. */
static int spool_make_room(Spool *s, Fault *ret_fault)
{
        size_t most = s->fd < 0 ? LIMIT_SPOOL_MEMORY_BYTES : WRITE_BYTES;
        return s->memory.size > most ? spool_spill(s, ret_fault) : 0;
}

/* What was appended to `memory` since `before` is a row, or (r < 0) part of one. */
static int spool_added(Spool *s, size_t before, int r, Fault *ret_fault)
{
        if (r < 0) {
                s->memory.size = before;
                return spool_fault(ret_fault, -r, "memory");
        }
        s->rows++;
        return 0;
}

int spool_add(Spool *s, const DatabaseConnection *row, uint64_t asked_usec, Fault *ret_fault)
{
        DatabaseConnection kept = *row;
        if (row->rejected && s->rejected >= LIMIT_REJECTED_KEPT) {
                kept.name = "";
                kept.name_size = 0;
        }
        int r = spool_make_room(s, ret_fault);
        if (r < 0)
                return r;
        size_t before = s->memory.size;
        r = spool_added(s, before, spool_append_row(s, &kept, asked_usec), ret_fault);
        if (r < 0)
                return r;
        if (!digest_add(&s->list, &kept)) { /* it is there already */
                s->memory.size = before;
                s->rows--;
                return 0;
        }
        s->rejected += row->rejected != NULL;
        return 0;
}

int spool_add_id(Spool *s, const Uuid *id, Fault *ret_fault)
{
        char text[UUID_STRING_SIZE];
        int r = spool_make_room(s, ret_fault);
        size_t before = s->memory.size;
        return r < 0 ? r
                     : spool_added(s, before,
                                   text_printf(&s->memory, "%s\n", uuid_format(id, text)),
                                   ret_fault);
}

int spool_add_verdict(Spool *s, const SpoolVerdict *verdict, Fault *ret_fault)
{
        int r = spool_make_room(s, ret_fault);
        size_t before = s->memory.size;
        return r < 0 ? r : spool_added(s, before, spool_append_verdict(s, verdict), ret_fault);
}

/* Every line has the length of an id and its newline, which is also the size of its text with the
 * NUL. */
int spool_get_id(Spool *s, int64_t number, Uuid *ret, Fault *ret_fault)
{
        char text[UUID_STRING_SIZE];
        int64_t at = number * UUID_STRING_SIZE;
        if (number < 0 || number >= s->rows)
                return spool_fault(ret_fault, ENOENT, "reading beyond the end");
        if (at >= s->file_bytes) {
                memcpy(text, s->memory.data + (at - s->file_bytes), sizeof(text));
        } else {
                ssize_t n;
                do
                        n = pread(s->fd, text, sizeof(text), at);
                while (n < 0 && errno == EINTR);
                if (n != (ssize_t)sizeof(text))
                        return spool_fault(ret_fault, n < 0 ? errno : EIO, "reading");
        }
        text[UUID_STRING_SIZE - 1] = '\0';
        return uuid_parse(text, ret) < 0 ? spool_fault(ret_fault, EBADMSG, "reading an id") : 0;
}

void spool_reset(Spool *s)
{
        text_reset(&s->memory);
        cleanup_close(&s->fd); /* gives the space back */
        s->fd = -1;
        s->file_bytes = 0;
        s->rows = s->rejected = 0;
        digest_reset(&s->list);
        s->read_at = 0;
}

int64_t spool_rows(const Spool *s)
{
        return s->rows;
}

const Digest *spool_digest(const Spool *s)
{
        return &s->list.digest;
}

void spool_rewind(Spool *s)
{
        s->read_at = 0;
}

int spool_read(Spool *s, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        if (s->read_at < s->file_bytes) {
                int64_t left = s->file_bytes - s->read_at;
                ssize_t n;
                do
                        n = pread(s->fd, s->chunk,
                                  left < READ_CHUNK_BYTES ? (size_t)left : READ_CHUNK_BYTES,
                                  s->read_at);
                while (n < 0 && errno == EINTR);
                if (n <= 0)
                        return spool_fault(ret_fault, n < 0 ? errno : EIO, "reading");
                s->read_at += n;
                *ret_data = s->chunk;
                *ret_size = (size_t)n;
                return 0;
        }
        size_t offset = (size_t)(s->read_at - s->file_bytes);
        *ret_data = s->memory.data ? s->memory.data + offset : "";
        *ret_size = s->memory.size - offset;
        s->read_at += (int64_t)*ret_size;
        return 0;
}
