/*
 * Log lines: one line each, fit for a terminal, with the journal's priority when systemd reads them, and no harm when nobody does.
 */
#include "base/log.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

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
                {"\x1b[2Jclear", "[2Jclear\n"},
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

/* The journal is meant only when JOURNAL_STREAM names the very file that standard error is: a service's child may have it redirected. */
static void the_journal_gets_priorities_and_others_do_not(void **state)
{
        (void)state;
        static const struct {
                bool same_file;
                const char *out;
        } cases[] = {{true, "<3>e\n<6>i\n"}, {false, "e\ni\n"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Capture c;
                struct stat s;
                char stream[64];
                capture_begin(&c);
                assert_int_equal(fstat(STDERR_FILENO, &s), 0);
                (void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)s.st_dev,
                               (unsigned long long)s.st_ino + (cases[i].same_file ? 0 : 1));
                assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
                log_open(LOG_LEVEL_INFO);
                log_error("e");
                log_info("i");
                assert_string_equal(capture_end(&c), cases[i].out);
        }
        assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(levels_beyond_the_chosen_one_are_silent),
                cmocka_unit_test(whatever_is_in_the_arguments_is_one_clean_line),
                cmocka_unit_test(a_long_line_is_cut_visibly),
                cmocka_unit_test(the_journal_gets_priorities_and_others_do_not),
                cmocka_unit_test(a_lost_reader_is_ignored_and_errno_stays),
        };
        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
