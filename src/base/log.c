/*
 * log: writes lines to the journal or to standard error, and drops them when both are gone.
 *
 * The one piece of process-wide state in the program: where it writes and how verbosely. It is set
 * once, before the first line; what has drawn on the same terminal may ask to hear of each line
 * first.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION /* they would be those of this file, in every entry */
#include "base/log.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/text.h"
#include "base/utc.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>

/* With its priority and the end of the line it is no more than PIPE_BUF: where poll(2) finds a pipe
 * writable, so much fits without waiting. */
#define LINE_BYTES     4000
#define DATE_BYTES     64
#define JSON_BYTES     4096 /* with its end, PIPE_BUF */
#define JSON_SPARE     1024 /* of which fields leave so much to the message */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

const char *const log_format_names[LOG_FORMATS] = {
        [LOG_FORMAT_AUTO] = "auto", [LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json"};

static const char *const level_names[] = {[LOG_LEVEL_ERROR] = "error",
                                          [LOG_LEVEL_WARNING] = "warning",
                                          [LOG_LEVEL_INFO] = "info",
                                          [LOG_LEVEL_DEBUG] = "debug"};

static struct {
        LogLevel most_verbose;
        bool with_priority; /* systemd reads standard error: "<N>" in front gives the level */
        bool with_fields;   /* and the journal takes entries, too */
        bool never_wait;
        /* lines that standard error did not take, since the last that it took */
        unsigned n_dropped;
        bool dated; /* time and level at the start of each line */
        LogFormat format;
        void (*make_way)(void *userdata);
        void *make_way_userdata;
} output = {.most_verbose = LOG_LEVEL_INFO};

/* JOURNAL_STREAM is "device:inode" of the socket to the journal. It is inherited by children whose
 * standard error goes elsewhere, so compare. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat s;
        char ours[64];
        if (!stream || fstat(STDERR_FILENO, &s) < 0)
                return false;
        (void)snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)s.st_dev,
                       (unsigned long long)s.st_ino);
        return text_equal(stream, ours);
}

/* Without its socket (a service in a root directory of its own) sd_journal_sendv drops the entry
 * and answers success. */
void log_open(LogLevel most_verbose)
{
        output.most_verbose = most_verbose;
        output.never_wait = false;
        output.with_priority = stderr_is_journal();
        output.with_fields = output.with_priority && access(JOURNAL_SOCKET, W_OK) == 0;
}

void log_never_wait(void)
{
        output.never_wait = true;
}

void log_set_dated(void)
{
        output.dated = true;
}

void log_set_format(LogFormat format)
{
        output.format = format;
}

LogLevel log_level(void)
{
        return output.most_verbose;
}

void log_set_make_way(void (*make_way)(void *userdata), void *userdata)
{
        output.make_way = make_way;
        output.make_way_userdata = userdata;
}

/* An entry of the journal under construction: "NAME=value" each. */
typedef struct Entry {
        struct iovec parts[4 + LIMIT_LOG_FIELDS];
        char text[LIMIT_LOG_FIELDS][LIMIT_LOG_VALUE_BYTES + 64];
        size_t n_parts, n_texts;
} Entry;

static void entry_add(Entry *e, char *whole)
{
        e->parts[e->n_parts++] = (struct iovec){.iov_base = whole, .iov_len = strlen(whole)};
}

static void entry_add_field(Entry *e, const LogField *f)
{
        if (e->n_texts == LIMIT_LOG_FIELDS || (f->text ? !*f->text : f->number == 0))
                return;
        char *out = e->text[e->n_texts], value[LIMIT_LOG_VALUE_BYTES];
        if (f->text)
                text_show(f->text, value);
        else
                (void)snprintf(value, sizeof(value), "%lld", (long long)f->number);
        int n = snprintf(out, sizeof(e->text[0]), "%s=%s", f->name, value);
        if (n < 0 || (size_t)n >= sizeof(e->text[0]))
                return; /* a name that is too long */
        e->n_texts++;
        entry_add(e, out);
}

static bool send_to_journal(LogLevel level, const char *message_id, const LogField *fields,
                            size_t n_fields, const char *line)
{
        Entry e;
        char message[LINE_BYTES + 16], priority[16], identifier[] = "SYSLOG_IDENTIFIER=edgemirror",
                                                     id[64];
        e.n_parts = e.n_texts = 0;
        (void)snprintf(message, sizeof(message), "MESSAGE=%s", line);
        (void)snprintf(priority, sizeof(priority), "PRIORITY=%d", (int)level);
        entry_add(&e, message);
        entry_add(&e, priority);
        entry_add(&e, identifier);
        if (message_id) {
                (void)snprintf(id, sizeof(id), "MESSAGE_ID=%s", message_id);
                entry_add(&e, id);
        }
        for (size_t i = 0; i < n_fields; i++)
                entry_add_field(&e, &fields[i]);
        return sd_journal_sendv(e.parts, (int)e.n_parts) >= 0;
}

/* Not O_NONBLOCK: that would hold for everybody who has the same pipe or terminal. */
static bool stderr_takes_more(void)
{
        struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
        return !output.never_wait || poll(&p, 1, 0) > 0;
}

/* "2026-11-28T12:00:00Z warning: " */
static void format_date(LogLevel level, char out[static DATE_BYTES])
{
        char now[UTC_BYTES];
        (void)snprintf(out, DATE_BYTES, "%s %s: ", utc_format(time(NULL), UTC_ISO, now),
                       level_names[level]);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* One object, in place. What is added fits as a whole or is left out. */
typedef struct Object {
        char bytes[JSON_BYTES];
        size_t size, limit;
} Object;

/* The text is printable: quotation marks and backslashes are all that JSON has to escape. What does
 * not fit is cut at a character and ends in "…". */
static void object_add_string(Object *o, const char *text)
{
        static const char cut[] = "…";
        const size_t end = o->limit - sizeof(cut);
        for (; *text; text++) {
                bool escaped = *text == '"' || *text == '\\';
                bool begins = ((unsigned char)*text & 0xc0) != 0x80;
                if (begins && o->size + 5 > end) {
                        memcpy(o->bytes + o->size, cut, sizeof(cut) - 1);
                        o->size += sizeof(cut) - 1;
                        return;
                }
                if (escaped)
                        o->bytes[o->size++] = '\\';
                o->bytes[o->size++] = *text;
        }
}

static void object_add_raw(Object *o, const char *text)
{
        size_t size = strlen(text);
        memcpy(o->bytes + o->size, text, size);
        o->size += size;
}

static void object_add_text(Object *o, const char *name, const char *value)
{
        object_add_raw(o, o->size > 1 ? ",\"" : "\"");
        object_add_raw(o, name);
        object_add_raw(o, "\":\"");
        object_add_string(o, value);
        object_add_raw(o, "\"");
}

static void object_add_field(Object *o, const LogField *f)
{
        char value[LIMIT_LOG_VALUE_BYTES], number[64];
        if (f->text ? !*f->text : f->number == 0)
                return;
        /* with the escapes of a value that is nothing else */
        if (o->size + strlen(f->name) + 2 * sizeof(value) + 8 > o->limit)
                return;
        if (f->text) {
                object_add_text(o, f->name, text_show(f->text, value));
                return;
        }
        (void)snprintf(number, sizeof(number), "\":%lld", (long long)f->number);
        object_add_raw(o, ",\"");
        object_add_raw(o, f->name);
        object_add_raw(o, number);
}

static void write_json(LogLevel level, const char *message_id, const LogField *fields,
                       size_t n_fields, const char *line)
{
        Object o = {.bytes = "{", .size = 1, .limit = JSON_BYTES - JSON_SPARE};
        char now[UTC_BYTES];
        object_add_text(&o, "time", utc_format(time(NULL), UTC_ISO, now));
        object_add_text(&o, "level", level_names[level]);
        if (message_id)
                object_add_text(&o, "MESSAGE_ID", message_id);
        for (size_t i = 0; i < n_fields; i++)
                object_add_field(&o, &fields[i]);
        o.limit = JSON_BYTES - 8; /* the end of it */
        object_add_text(&o, "message", line);
        object_add_raw(&o, "}\n");
        ssize_t ignored _unused_ = write(STDERR_FILENO, o.bytes, o.size);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void write_line(LogLevel level, const char *line)
{
        char whole[LINE_BYTES + DATE_BYTES], front[DATE_BYTES] = "";
        if (output.with_priority)
                (void)snprintf(front, sizeof(front), "<%d>", (int)level);
        else if (output.dated)
                format_date(level, front);
        int size = snprintf(whole, sizeof(whole), "%s%s\n", front, line);
        if (size > 0) {
                ssize_t ignored _unused_ = write(STDERR_FILENO, whole, (size_t)size);
        }
}

static void write_entry(LogLevel level, const char *message_id, const LogField *fields,
                        size_t n_fields, const char *line)
{
        if (output.format == LOG_FORMAT_JSON)
                write_json(level, message_id, fields, n_fields, line);
        else
                write_line(level, line);
}

static void send_to_stderr(LogLevel level, const char *message_id, const LogField *fields,
                           size_t n_fields, const char *line)
{
        if (output.n_dropped > 0 && stderr_takes_more()) {
                char words[80];
                (void)snprintf(words, sizeof(words),
                               "%u line%s %s dropped: standard error was not read",
                               output.n_dropped, text_plural(output.n_dropped),
                               output.n_dropped == 1 ? "was" : "were");
                output.n_dropped = 0;
                write_entry(LOG_LEVEL_WARNING, NULL, LOG_NO_FIELDS, words);
        }
        if (stderr_takes_more())
                write_entry(level, message_id, fields, n_fields, line);
        else
                output.n_dropped++;
}

void log_event(LogLevel level, const char *message_id, const LogField *fields, size_t n_fields,
               const char *format, ...)
{
        if (level > output.most_verbose)
                return;

        metric_add(METRIC_LOG_MESSAGES, level, 1);
        int saved = errno;
        if (output.make_way)
                output.make_way(output.make_way_userdata);
        char raw[2 * LINE_BYTES]; /* more than fits, so that the cut is seen and marked */
        char line[LINE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(raw, sizeof(raw), format, arguments);
        va_end(arguments);
        text_printable(raw, n < 0 ? 0 : strlen(raw), line, sizeof(line));

        bool to_journal = output.with_fields && output.format == LOG_FORMAT_AUTO;
        if (!to_journal || !send_to_journal(level, message_id, fields, n_fields, line))
                send_to_stderr(level, message_id, fields, n_fields, line);
        errno = saved;
}

void log_lines(LogLevel level, const char *text)
{
        for (const char *at = text; at && *at;) {
                int length = (int)strcspn(at, "\n");
                log_event(level, NULL, LOG_NO_FIELDS, "%.*s", length, at);
                at += length + (at[length] == '\n');
        }
}
