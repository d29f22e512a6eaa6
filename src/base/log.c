/*
 * log: writes lines to standard error, and to nowhere when that is gone.
 *
 * The one piece of process-wide state in the program: where and how verbosely it speaks. It is set once, before the first line;
 * what has drawn on the same terminal may ask to hear of each line first.
 */
#include "base/log.h"
#include "base/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct {
        LogLevel most_verbose;
        bool with_priority; /* systemd reads standard error: "<N>" in front gives the level */
        void (*make_way)(void *userdata);
        void *make_way_userdata;
} output = {.most_verbose = LOG_LEVEL_INFO};

/* JOURNAL_STREAM is "device:inode" of the socket to the journal. It is inherited by children whose standard error goes elsewhere, so compare. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat s;
        char ours[64];
        if (!stream || fstat(STDERR_FILENO, &s) < 0)
                return false;
        (void)snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)s.st_dev, (unsigned long long)s.st_ino);
        return text_equal(stream, ours);
}

void log_open(LogLevel most_verbose)
{
        output.most_verbose = most_verbose;
        output.with_priority = stderr_is_journal();
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

void log_write(LogLevel level, const char *format, ...)
{
        if (level > output.most_verbose)
                return;

        int saved = errno;
        if (output.make_way)
                output.make_way(output.make_way_userdata);
        char raw[2 * 4096]; /* more than fits, so that the cut is seen and marked */
        char line[4096];
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(raw, sizeof(raw), format, arguments);
        va_end(arguments);
        text_printable(raw, n < 0 ? 0 : strlen(raw), line, sizeof(line));

        char whole[sizeof(line) + 8];
        int size = output.with_priority ? snprintf(whole, sizeof(whole), "<%d>%s\n", (int)level, line)
                                        : snprintf(whole, sizeof(whole), "%s\n", line);
        if (size > 0) {
                ssize_t ignored _unused_ = write(STDERR_FILENO, whole, (size_t)size);
        }
        errno = saved;
}
