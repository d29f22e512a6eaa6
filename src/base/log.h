/*
 * log: one line for the operator, and beside it the facts for programs.
 *
 * Only layers 3 to 6 call it: the place that decides logs, once. Where standard error is the
 * journal (systemd.exec(5), $JOURNAL_STREAM) an entry goes there with its fields; anywhere else the
 * line goes to standard error and the fields nowhere, so the line must make sense alone. Text is
 * UTF-8 without control characters, whatever is in the arguments. Failing to write is ignored: a
 * service does not end because its log is not read.
 */
#pragma once

#include "base/cleanup.h"
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel {
        LOG_LEVEL_ERROR = 3,
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7
} LogLevel;

/* How: to the journal under systemd, else as text; as text; as JSON, an object a line of at most
 * 4096 bytes with `time` (UTC), `level`, `message` and the fields, on standard error. */
typedef enum LogFormat { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMATS } LogFormat;
extern const char *const log_format_names[LOG_FORMATS];

/* What is written and how; set once at start, before the first line. */
void log_open(LogLevel most_verbose);
LogLevel log_level(void);

/* From here on a line that standard error cannot take at once (a pipe that nobody reads, a terminal
 * that is stopped) is dropped, and how many were is reported with the first that it takes again: a
 * service does not stand still because nobody reads. */
void log_never_wait(void);
/* From now on each line that does not go to the journal begins with time (UTC) and level: for a
 * service in the foreground. */
void log_set_dated(void);

/* AUTO until it is set, and again. */
void log_set_format(LogFormat format);

/* `make_way` is called before each line, so that what is drawn on the terminal can be taken away
 * first. NULL: nobody. It must not log. */
void log_set_make_way(void (*make_way)(void *userdata), void *userdata);

/* A fact that belongs to a line. The names are public, people filter by them (journalctl EDGE=…);
 * in use:
 *
 *   EDGE         name of the edge
 *   RUN_ID       sync_run.run_id
 *   JOB_ID       the catalog's job
 *   PHASE        where the run is
 *   OUTCOME      what came of the run
 *   REFRESH      what came of the refresh
 *   ERROR_CODE   code of the fault
 *   HTTP_STATUS  of the catalog's answer
 *   SQLSTATE     of PostgreSQL's answer
 *
 * A field without a value (text NULL or empty, number 0) is left out, so that a caller can list all
 * that it may have. Use the macros. */
typedef struct LogField {
        const char *name; /* capitals, digits, underscores; not beginning with an underscore */
        const char *text; /* NULL: `number` is the value */
        int64_t number;
} LogField;

#define LOG_TEXT(field, string)                                                                    \
        {                                                                                          \
                .name = (field), .text = (string), .number = 0                                     \
        }
#define LOG_NUMBER(field, value)                                                                   \
        {                                                                                          \
                .name = (field), .text = NULL, .number = (value)                                   \
        }
/* The two arguments `fields, n_fields` of log_event. */
#define LOG_FIELDS(...)                                                                            \
        (const LogField[]){__VA_ARGS__}, sizeof((const LogField[]){__VA_ARGS__}) / sizeof(LogField)
#define LOG_NO_FIELDS NULL, 0

/* A line with facts. `message_id` is one of base/message_id.h for an event that is worth an alert,
 * else NULL. Long values are cut visibly (LIMIT_LOG_VALUE_BYTES); fields beyond LIMIT_LOG_FIELDS
 * are dropped.
 *
 *     log_event(LOG_LEVEL_WARNING, MESSAGE_ID_RUN_FAILED,
 *               LOG_FIELDS(LOG_TEXT("EDGE", name), LOG_NUMBER("RUN_ID", run_id)),
 *               "%s: failed after %lld rows: %s", name, rows, fault.message);
 */
void log_event(LogLevel level, const char *message_id, const LogField *fields, size_t n_fields,
               const char *format, ...) _printf_(5, 6);

#define log_error(...)   log_event(LOG_LEVEL_ERROR, NULL, LOG_NO_FIELDS, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, NULL, LOG_NO_FIELDS, __VA_ARGS__)
#define log_info(...)    log_event(LOG_LEVEL_INFO, NULL, LOG_NO_FIELDS, __VA_ARGS__)
#define log_debug(...)   log_event(LOG_LEVEL_DEBUG, NULL, LOG_NO_FIELDS, __VA_ARGS__)

/* Each line of a text; NULL: none. */
void log_lines(LogLevel level, const char *text);
