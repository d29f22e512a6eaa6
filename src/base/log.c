/*
 * log: writes lines to standard error, and to nowhere when that is gone.
 *
 * The one piece of process-wide state in the program: where and how verbosely it speaks. It is set once, before the first line.
 */
#include "base/log.h"
#include "base/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
        LogLevel most_verbose;
        bool with_priority; /* systemd reads standard error: "<N>" in front gives the level */
} output = {.most_verbose = LOG_LEVEL_INFO};

void log_open(LogLevel most_verbose)
{
        output.most_verbose = most_verbose;
        output.with_priority = getenv("JOURNAL_STREAM") != NULL;
}

LogLevel log_level(void)
{
        return output.most_verbose;
}

void log_write(LogLevel level, const char *format, ...)
{
        if (level > output.most_verbose)
                return;

        int saved = errno;
        char raw[4096];
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
