/*
 * The lines that a person sees while syncs run, on a terminal of a given size.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/progress.h"
#include "mirror/lease.h"
#include <locale.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

enum { ROWS = 8, COLUMNS = 40, EDGES = 20 };

typedef struct Screen {
        int terminal, saved_stderr;
        sd_event *event;
        ProgressView *view;
        ProgressLine *lines[EDGES];
        char frame[16384]; /* what the last drawing wrote */
} Screen;

static void screen_open(Screen *s, unsigned short rows, unsigned short columns)
{
        *s = (Screen){0};
        int side;
        struct winsize size = {.ws_row = rows, .ws_col = columns};
        struct termios raw = {0};
        cfmakeraw(&raw);
        assert_int_equal(openpty(&s->terminal, &side, NULL, &raw, &size), 0);
        assert_int_equal(setenv("TERM", "xterm", 1), 0);
        s->saved_stderr = dup(STDERR_FILENO);
        assert_true(s->saved_stderr >= 0 && dup2(side, STDERR_FILENO) == STDERR_FILENO);
        (void)close(side);
        assert_true(sd_event_new(&s->event) >= 0);
        assert_int_equal(progress_view_new(s->event, &s->view), 0);
        assert_non_null(s->view);
}

static void screen_close(Screen *s)
{
        progress_view_free(s->view);
        sd_event_unref(s->event);
        assert_int_equal(dup2(s->saved_stderr, STDERR_FILENO), STDERR_FILENO);
        (void)close(s->saved_stderr);
        (void)close(s->terminal);
}

static void screen_add(Screen *s, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++) {
                char numbered[64];
                (void)snprintf(numbered, sizeof(numbered), "%s-%zu", name, i);
                s->lines[i] = progress_line_add(s->view, numbered);
                assert_non_null(s->lines[i]);
        }
}

static void screen_set(Screen *s, size_t line, SyncPhase phase, const char *words, double progress)
{
        SyncProgress p = {.phase = phase, .words = words, .has_job = true};
        (void)snprintf(p.job.state, sizeof(p.job.state), "RUNNING");
        p.job.progress = progress;
        progress_line_set(s->lines[line], &p);
}

/* Runs until something was drawn, or was found to be not worth it. What was written before arrives
 * before the mark. */
static const char *screen_draw(Screen *s)
{
        static const char mark = '\005';
        size_t size = 0;
        assert_true(sd_event_run(s->event, UINT64_MAX) > 0);
        assert_int_equal(write(STDERR_FILENO, &mark, 1), 1);
        do {
                ssize_t n = read(s->terminal, s->frame + size, sizeof(s->frame) - 1 - size);
                assert_true(n > 0);
                size += (size_t)n;
        } while (s->frame[size - 1] != mark);
        s->frame[size - 1] = '\0';
        return s->frame;
}

static size_t count(const char *text, const char *piece)
{
        size_t n = 0;
        for (const char *p = text; (p = strstr(p, piece)); p++)
                n++;
        return n;
}

/* On the screen, as the C library knows it. */
static int columns(const char *text)
{
        wchar_t wide[256];
        assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
        size_t n = mbstowcs(wide, text, ARRAY_SIZE(wide));
        assert_true(n < ARRAY_SIZE(wide));
        return wcswidth(wide, n);
}

static void two_rows_of_the_screen_are_left_free_however_many_edges_run(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, ROWS, COLUMNS);
        screen_add(&s, EDGES, "edge");
        const char *frame = screen_draw(&s);
        assert_int_equal(count(frame, "\n"), ROWS - 2);
        assert_non_null(strstr(frame, "edge-4 "));
        assert_null(strstr(frame, "edge-5 "));
        assert_non_null(strstr(frame, "and 15 more"));
        screen_close(&s);
}

static void as_many_edges_as_fit_need_no_word_about_more(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, ROWS, COLUMNS);
        screen_add(&s, ROWS - 2, "edge");
        const char *frame = screen_draw(&s);
        assert_int_equal(count(frame, "\n"), ROWS - 2);
        assert_null(strstr(frame, "more"));
        screen_close(&s);
}

static void new_lines_are_drawn_over_the_old_ones_and_nothing_is_erased_before(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, ROWS, COLUMNS);
        screen_add(&s, 3, "edge");
        assert_int_equal(count(screen_draw(&s), "\033[J"), 1);
        s.lines[0] = progress_line_remove(s.lines[0]);
        const char *frame = screen_draw(&s);
        assert_true(text_starts_with(frame, "\r\033[3Aedge-1"));
        assert_int_equal(count(frame, "\033[J"), 1);
        /* what is left of the old lines, at the very end */
        assert_true(text_equal(strstr(frame, "\033[J"), "\033[J"));
        screen_close(&s);
}

static void lines_stand_in_columns_and_none_is_as_wide_as_the_screen(void **state)
{
        (void)state;
        static const char *const names[] = {"a-name-that-is-much-longer-than-there-is-room-for",
                                            "édition-äöü-ñandú", "東京-データベース"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                Screen s;
                screen_open(&s, ROWS, COLUMNS);
                screen_add(&s, 1, names[i]);
                screen_set(&s, 0, SYNC_PHASE_LIST,
                           "words that go on and on, longer than there is room for, too", 0);
                char *frame = strdup(screen_draw(&s));
                assert_non_null(frame);
                *strstr(frame, "\033[K") = '\0';
                assert_non_null(strstr(frame, "…"));
                assert_non_null(strstr(frame, " words that"));
                assert_in_range(columns(frame), COLUMNS / 2, COLUMNS - 1);
                *strstr(frame, "words that") = '\0';
                assert_int_equal(columns(frame), COLUMNS / 3 + 1);
                free(frame);
                screen_close(&s);
        }
}

static void what_a_job_says_stands_still_while_it_is_asked_and_waited_for(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, ROWS, COLUMNS);
        screen_add(&s, 1, "edge");
        screen_set(&s, 0, SYNC_PHASE_POLL, "waiting for the job", 41.7);
        assert_non_null(strstr(screen_draw(&s), " job RUNNING 42 %"));
        screen_set(&s, 0, SYNC_PHASE_POLL, "asking how the job is", 41.7);
        assert_non_null(strstr(screen_draw(&s), " job RUNNING 42 %"));
        screen_set(&s, 0, SYNC_PHASE_POLL, "waiting for the job", -1);
        assert_non_null(strstr(screen_draw(&s), " job RUNNING\033[K"));
        screen_close(&s);
}

static void clearing_takes_the_lines_away_and_they_come_again(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, ROWS, COLUMNS);
        screen_add(&s, 2, "edge");
        (void)screen_draw(&s);
        progress_view_clear(s.view);
        const char *frame = screen_draw(&s);

        /* the clearing, then a drawing that goes up no more */
        assert_true(text_starts_with(frame, "\r\033[2A\033[Jedge-0"));
        screen_close(&s);
}

static void a_terminal_that_is_too_small_is_left_alone(void **state)
{
        (void)state;
        Screen s;
        screen_open(&s, 3, COLUMNS);
        screen_add(&s, 1, "edge");
        assert_string_equal(screen_draw(&s), "");
        screen_close(&s);
        screen_open(&s, ROWS, 12);
        screen_add(&s, 1, "edge");
        assert_string_equal(screen_draw(&s), "");
        screen_close(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_rows_of_the_screen_are_left_free_however_many_edges_run),
                cmocka_unit_test(as_many_edges_as_fit_need_no_word_about_more),
                cmocka_unit_test(
                        new_lines_are_drawn_over_the_old_ones_and_nothing_is_erased_before),
                cmocka_unit_test(lines_stand_in_columns_and_none_is_as_wide_as_the_screen),
                cmocka_unit_test(what_a_job_says_stands_still_while_it_is_asked_and_waited_for),
                cmocka_unit_test(clearing_takes_the_lines_away_and_they_come_again),
                cmocka_unit_test(a_terminal_that_is_too_small_is_left_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
