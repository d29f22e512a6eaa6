/*
 * Log lines: one line each, fit for a terminal, with facts where the journal takes them, and no
 * harm when nobody does.
 */
#include "base/limits.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/text.h"
#include "catalog/json.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cmocka.h>

/* The journal, as the program sees it: whether its socket is there, what it answers, what it was
 * given. */
static struct {
        bool has_socket;
        int answer;
        int entries;
        char entry[32768]; /* the last one, a field a line */
} journal;

int __wrap_access(const char *path, int mode);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
        if (strcmp(path, "/run/systemd/journal/socket") != 0)
                return __real_access(path, mode);
        errno = ENOENT;
        return journal.has_socket ? 0 : -1;
}

int __wrap_sd_journal_sendv(const struct iovec *parts, int n);
int __wrap_sd_journal_sendv(const struct iovec *parts, int n)
{
        size_t used = 0;
        for (int i = 0; i < n; i++) {
                assert_true(used + parts[i].iov_len + 2 < sizeof(journal.entry));
                memcpy(journal.entry + used, parts[i].iov_base, parts[i].iov_len);
                used += parts[i].iov_len;
                journal.entry[used++] = '\n';
        }
        journal.entry[used] = '\0';
        journal.entries++;
        errno = EBADF;
        return journal.answer;
}

static const char *member(const cJSON *object, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

typedef struct Capture {
        int saved; /* the real standard error */
        int file;
        char text[16384];
} Capture;

static void capture_begin(Capture *c)
{
        char name[] = "/tmp/edgemirror-log-XXXXXX";
        c->file = mkostemp(name, O_CLOEXEC);
        assert_true(c->file >= 0);
        assert_int_equal(unlink(name), 0);
        c->saved = dup(STDERR_FILENO);
        assert_true(c->saved >= 0);
        assert_true(dup2(c->file, STDERR_FILENO) >= 0);
}

static const char *capture_end(Capture *c)
{
        (void)dup2(c->saved, STDERR_FILENO);
        (void)close(c->saved);
        ssize_t n = pread(c->file, c->text, sizeof(c->text) - 1, 0);
        (void)close(c->file);
        assert_true(n >= 0);
        c->text[n] = '\0';
        return c->text;
}

static void levels_beyond_the_chosen_one_are_silent(void **state)
{
        (void)state;
        static const struct {
                LogLevel most_verbose;
                const char *out;
        } cases[] = {
                {LOG_LEVEL_ERROR, "e 1\n"},
                {LOG_LEVEL_WARNING, "e 1\nw 2\n"},
                {LOG_LEVEL_INFO, "e 1\nw 2\ni 3\n"},
                {LOG_LEVEL_DEBUG, "e 1\nw 2\ni 3\nd 4\n"},
        };
        assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Capture c;
                log_open(cases[i].most_verbose);
                assert_int_equal(log_level(), cases[i].most_verbose);
                capture_begin(&c);
                log_error("e %d", 1);
                log_warning("w %d", 2);
                log_info("i %d", 3);
                log_debug("d %d", 4);
                assert_string_equal(capture_end(&c), cases[i].out);
        }
}

static void whatever_is_in_the_arguments_is_one_clean_line(void **state)
{
        (void)state;
        static const struct {
                const char *in, *out;
        } cases[] = {
                {"two\nlines\r\n", "two lines\n"},
                {"\x1b[2Jclear", "\\x1b[2Jclear\n"},
                {"<3>forged", "<3>forged\n"},
                {"bad \xff utf", "bad ? utf\n"},
                {"%s%n", "%s%n\n"},
                {"", "\n"},
        };
        assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
        log_open(LOG_LEVEL_INFO);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Capture c;
                capture_begin(&c);
                log_info("%s", cases[i].in);
                assert_string_equal(capture_end(&c), cases[i].out);
        }
}

static void a_long_line_is_cut_visibly(void **state)
{
        (void)state;
        Capture c;
        Text t = {0};
        for (unsigned i = 0; i < 5000; i++)
                assert_int_equal(text_append_string(&t, "€"), 0);
        log_open(LOG_LEVEL_INFO);
        capture_begin(&c);
        log_info("%s", t.data);
        const char *line = capture_end(&c);
        size_t size = strlen(line);
        assert_in_range(size, 3000, 4100);
        assert_string_equal(line + size - strlen("…\n"), "…\n");
        assert_true(text_utf8_valid(line, size));
        assert_ptr_equal(strchr(line, '\n'), line + size - 1);
        text_done(&t);
}

/* From here to capture_end, standard error is what JOURNAL_STREAM names, or, inherited from a
 * parent, another file. */
static void capture_journal(Capture *c, bool same_file)
{
        struct stat s;
        char stream[64];
        capture_begin(c);
        assert_int_equal(fstat(STDERR_FILENO, &s), 0);
        (void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)s.st_dev,
                       (unsigned long long)s.st_ino + (same_file ? 0 : 1));
        assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
        log_open(LOG_LEVEL_INFO);
        assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

/* The journal is meant only when JOURNAL_STREAM names the very file that standard error is: a
 * service's child may have it redirected. Where entries do not reach it, lines with priorities do.
 */
static void lines_go_to_the_journal_only_where_it_listens(void **state)
{
        (void)state;
        static const struct {
                bool same_file, has_socket;
                int answer, entries;
                const char *out;
        } cases[] = {
                {.same_file = true, .has_socket = true, .answer = 0, .entries = 2, .out = ""},
                {.same_file = true,
                 .has_socket = true,
                 .answer = -ENOBUFS,
                 .entries = 2,
                 .out = "<3>e\n<6>i\n"},
                {.same_file = true,
                 .has_socket = false,
                 .answer = 0,
                 .entries = 0,
                 .out = "<3>e\n<6>i\n"},
                {.same_file = false,
                 .has_socket = true,
                 .answer = 0,
                 .entries = 0,
                 .out = "e\ni\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Capture c;
                journal.has_socket = cases[i].has_socket;
                journal.answer = cases[i].answer;
                journal.entries = 0;
                capture_journal(&c, cases[i].same_file);
                errno = ENOENT;
                log_error("e");
                int after = errno;
                log_info("i");
                log_debug("too verbose");
                assert_string_equal(capture_end(&c), cases[i].out);
                assert_int_equal(journal.entries, cases[i].entries);
                assert_int_equal(after, ENOENT);
        }
}

static void an_entry_has_the_fields_that_have_a_value(void **state)
{
        (void)state;
        Capture c;
        journal.has_socket = true;
        journal.answer = 0;
        capture_journal(&c, true);

        log_warning("plain %d", 1);
        assert_string_equal(journal.entry,
                            "MESSAGE=plain 1\nPRIORITY=4\nSYSLOG_IDENTIFIER=edgemirror\n");

        log_event(LOG_LEVEL_ERROR, MESSAGE_ID_RUN_FAILED,
                  LOG_FIELDS(LOG_TEXT("EDGE", "prod"), LOG_NUMBER("RUN_ID", INT64_MAX),
                             LOG_TEXT("JOB_ID", NULL), LOG_TEXT("PHASE", ""),
                             LOG_NUMBER("HTTP_STATUS", 0), LOG_NUMBER("DELTA", -1)),
                  "%s: failed", "prod");
        assert_string_equal(journal.entry,
                            "MESSAGE=prod: failed\nPRIORITY=3\nSYSLOG_IDENTIFIER=edgemirror\n"
                            "MESSAGE_ID=" MESSAGE_ID_RUN_FAILED
                            "\nEDGE=prod\nRUN_ID=9223372036854775807\nDELTA=-1\n");
        assert_string_equal(capture_end(&c), "");
}

/* A value with a line break would otherwise begin a field of its own: whoever names a database
 * could forge entries. */
static void foreign_values_cannot_forge_fields_or_flood(void **state)
{
        (void)state;
        Capture c;
        char long_value[3 * LIMIT_LOG_VALUE_BYTES];
        memset(long_value, 'x', sizeof(long_value) - 1);
        long_value[sizeof(long_value) - 1] = '\0';
        journal.has_socket = true;
        journal.answer = 0;
        capture_journal(&c, true);

        log_event(LOG_LEVEL_INFO, NULL, LOG_FIELDS(LOG_TEXT("EDGE", "a\nMESSAGE_ID=0\x1b[2J\xff")),
                  "b\nPRIORITY=0");
        assert_string_equal(
                journal.entry,
                "MESSAGE=b PRIORITY=0\nPRIORITY=6\nSYSLOG_IDENTIFIER=edgemirror\nEDGE=a "
                "MESSAGE_ID=0\\x1b[2J?\n");

        LogField fields[LIMIT_LOG_FIELDS + 3];
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                fields[i] = (LogField)LOG_TEXT("F", long_value);
        log_event(LOG_LEVEL_INFO, NULL, fields, ARRAY_SIZE(fields), "many");
        size_t lines = 0, longest = 0;
        for (const char *p = journal.entry; *p; p = strchr(p, '\n') + 1, lines++) {
                size_t size = (size_t)(strchr(p, '\n') - p);
                longest = size > longest ? size : longest;
        }
        assert_int_equal(lines, 3 + LIMIT_LOG_FIELDS);
        assert_in_range(longest, LIMIT_LOG_VALUE_BYTES - 8, LIMIT_LOG_VALUE_BYTES + 8);
        assert_non_null(strstr(journal.entry, "x…\n"));
        assert_string_equal(capture_end(&c), "");
}

static void a_lost_reader_is_ignored_and_errno_stays(void **state)
{
        (void)state;
        int pipe_fds[2];
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_int_equal(close(pipe_fds[0]), 0);
        (void)signal(SIGPIPE, SIG_IGN);
        log_open(LOG_LEVEL_INFO);

        int saved = dup(STDERR_FILENO);
        assert_true(saved >= 0);
        assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
        errno = ENOENT;
        log_info("to nobody");
        int after = errno;
        assert_int_equal(close(STDERR_FILENO), 0);
        log_info("to nothing");
        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        (void)close(saved);
        (void)close(pipe_fds[1]);
        assert_int_equal(after, ENOENT);
}

/* O12: A pipe that nobody reads. Without log_never_wait, and with it where a line is longer than
 * what the pipe takes, this test would never end. */
static void a_full_pipe_is_not_waited_for_and_what_was_dropped_is_counted(void **state)
{
        (void)state;
        enum { LINES = 1000, LONG = 3000 };
        static char words[LONG + 1], read_back[2 * 1024 * 1024];
        int pipe_fds[2];
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        int saved = dup(STDERR_FILENO);
        assert_true(saved >= 0 && dup2(pipe_fds[1], STDERR_FILENO) >= 0);
        memset(words, 'x', LONG);
        log_open(LOG_LEVEL_INFO);
        log_never_wait();
        for (int i = 0; i < LINES; i++)
                log_info("%d %s", i, i % 2 ? words : "short");
        ssize_t size = read(pipe_fds[0], read_back, sizeof(read_back) - 1);
        log_info("read again");
        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        (void)close(saved);
        (void)close(pipe_fds[1]);
        assert_true(size > 0);
        ssize_t more = read(pipe_fds[0], read_back + size, sizeof(read_back) - 1 - (size_t)size);
        (void)close(pipe_fds[0]);
        assert_true(more > 0);
        int lines = 0;
        for (const char *c = read_back; *c; c++)
                lines += *c == '\n';
        char last[128];
        (void)snprintf(last, sizeof(last),
                       "\n%d lines were dropped: standard error was not read\nread again\n",
                       LINES - (lines - 2));
        const char *end = strstr(read_back, last);
        assert_non_null(end);
        assert_string_equal(end, last);
}

/* Whatever is in it: an object a line, which a reader of JSON takes, and no longer than a pipe
 * takes at once. */
static void as_json_a_line_is_an_object(void **state)
{
        (void)state;
        char longest[8000];
        memset(longest, '"', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        Capture c;
        journal.has_socket = true;
        capture_journal(&c, true);
        log_set_format(LOG_FORMAT_JSON);
        int before = journal.entries;
        log_event(LOG_LEVEL_WARNING, MESSAGE_ID_RUN_FAILED,
                  LOG_FIELDS(LOG_TEXT("EDGE", "a \"quoted\" back\\slash"), LOG_NUMBER("RUN_ID", 7),
                             LOG_TEXT("PHASE", ""), LOG_NUMBER("HTTP_STATUS", 0)),
                  "zürich: \"failed\"\nafter \\ \x1b[31m");
        log_event(LOG_LEVEL_ERROR, NULL,
                  LOG_FIELDS(LOG_TEXT("EDGE", longest), LOG_TEXT("PHASE", longest),
                             LOG_TEXT("OUTCOME", longest), LOG_NUMBER("RUN_ID", 8)),
                  "%s", longest);
        log_set_format(LOG_FORMAT_TEXT);
        log_info("text");
        log_set_format(LOG_FORMAT_AUTO);
        const char *text = capture_end(&c);
        assert_int_equal(journal.entries, before);
        const char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1;
        cJSON *first = cJSON_ParseWithLength(text, (size_t)(second - text));
        assert_non_null(first);
        assert_string_equal(member(first, "level"), "warning");
        assert_int_equal(strlen(member(first, "time")), strlen("2026-11-28T12:00:00Z"));
        assert_string_equal(member(first, "MESSAGE_ID"), MESSAGE_ID_RUN_FAILED);
        assert_string_equal(member(first, "EDGE"), "a \"quoted\" back\\slash");
        assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(first, "RUN_ID")), 7);
        assert_string_equal(member(first, "message"), "zürich: \"failed\" after \\ \\x1b[31m");
        assert_null(cJSON_GetObjectItem(first, "PHASE"));
        assert_null(cJSON_GetObjectItem(first, "HTTP_STATUS"));
        cJSON_Delete(first);
        assert_true(third - second <= 4096);
        cJSON *large = cJSON_ParseWithLength(second, (size_t)(third - second));
        assert_non_null(large);
        assert_string_equal(member(large, "level"), "error");
        assert_int_equal(strncmp(member(large, "message"), "\"\"\"\"", 4), 0);
        assert_non_null(strstr(member(large, "message"), "…"));
        assert_non_null(member(large, "EDGE"));
        cJSON_Delete(large);
        assert_string_equal(third, "<6>text\n");
}

/* A byte from anywhere, more often one that means something to JSON, UTF-8 or a terminal. */
static char hostile_byte(uint64_t *random)
{
        static const char often[] =
                "\"\\\n\r\t\x1b{}:,\xe2\x80\xae\xc2\x9b\xed\xa0\x80\xf0\x9f\x98\x80/u0";
        *random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
        uint64_t r = *random >> 33;
        char c = r % 2 ? often[r / 2 % (sizeof(often) - 1)] : (char)(r / 2 % 255 + 1);
        return c ? c : ' ';
}

static void whatever_foreign_text_is_in_it_as_json_a_line_is_an_object(void **state)
{
        (void)state;
        enum { LINES = 3000 };
        uint64_t random = 20260229;
        for (int i = 0; i < LINES; i++) {
                char texts[3][5000];
                for (size_t t = 0; t < 3; t++) {
                        /* short ones, and those around what fits */
                        size_t size = (size_t)(i % 3 == 0 ? 3 + i % 40 : 400 + i * 7 % 4500);
                        for (size_t b = 0; b < size; b++)
                                texts[t][b] = hostile_byte(&random);
                        texts[t][size] = '\0';
                }
                Capture c;
                capture_journal(&c, false);
                log_set_format(LOG_FORMAT_JSON);
                log_event(LOG_LEVEL_WARNING, MESSAGE_ID_RUN_FAILED,
                          LOG_FIELDS(LOG_TEXT("EDGE", texts[0]), LOG_NUMBER("RUN_ID", i + 1),
                                     LOG_TEXT("PHASE", texts[1])),
                          "%s", texts[2]);
                log_set_format(LOG_FORMAT_AUTO);
                const char *text = capture_end(&c), *end = strchr(text, '\n');
                assert_true(end && end[1] == '\0' && end - text < 4096);
                char line[4097] = "";
                memcpy(line, text, (size_t)(end - text));
                cJSON *json = NULL;
                assert_int_equal(json_parse(line, (size_t)(end - text), &json), 0);
                assert_string_equal(member(json, "level"), "warning");
                assert_non_null(member(json, "message"));
                assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(json, "RUN_ID")), i + 1);
                for (const char *b = line; *b; b++)
                        assert_true((unsigned char)*b >= ' ' && *b != 0x7f);
                cJSON_Delete(json);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(levels_beyond_the_chosen_one_are_silent),
                cmocka_unit_test(whatever_is_in_the_arguments_is_one_clean_line),
                cmocka_unit_test(a_long_line_is_cut_visibly),
                cmocka_unit_test(lines_go_to_the_journal_only_where_it_listens),
                cmocka_unit_test(an_entry_has_the_fields_that_have_a_value),
                cmocka_unit_test(foreign_values_cannot_forge_fields_or_flood),
                cmocka_unit_test(a_full_pipe_is_not_waited_for_and_what_was_dropped_is_counted),
                cmocka_unit_test(a_lost_reader_is_ignored_and_errno_stays),
                cmocka_unit_test(as_json_a_line_is_an_object),
                cmocka_unit_test(whatever_foreign_text_is_in_it_as_json_a_line_is_an_object),
        };
        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
