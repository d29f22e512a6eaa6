/*
 * log: one line for the operator.
 *
 * Only floors 3 and 4 call it: the place that decides logs, once. Lines go to standard error; under systemd (SD_DAEMON levels) with the "<N>"
 * priority prefix that the journal reads. A line is UTF-8 without control characters, whatever is in the arguments. Failing to write is ignored:
 * a service does not end because nobody listens.
 */
#pragma once

#include "base/cleanup.h"

typedef enum LogLevel { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 } LogLevel;

/* What is written and how; set once at start, before the first line. */
void log_open(LogLevel most_verbose);
LogLevel log_level(void);

/* `make_way` is called before each line, so that what is drawn on the terminal can be taken away first. NULL: nobody. It must not log. */
void log_set_make_way(void (*make_way)(void *userdata), void *userdata);

void log_write(LogLevel level, const char *format, ...) _printf_(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
