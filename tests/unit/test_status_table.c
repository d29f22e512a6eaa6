/*
 * What `edgemirror status` says of one edge, as a person reads it.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "cli/columns.h"
#include "cli/status_table.h"
#include "mirror/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define PLAIN  "\033[0m"

/* What most edges have in common. AGED: listed a minute and a half ago. */
#define EDGE   .name = "snowflake-prod", .enabled = true
#define SYNCED .state = "well", .outcome = "synced", .refresh = "clean"
#define FAILED .state = "failing", .outcome = "failed", .refresh = "clean"
#define AGED   .row_count = 1234, .listed_age_sec = 90, .refreshed_age_sec = 7200, NEXT
#define NEVER                                                                                      \
        .state = "unlisted", .row_count = -1, .listed_age_sec = -1, .refreshed_age_sec = -1, NEXT
#define NEXT .next_run_at = "2026-03-28T02:30:00Z", .next_in_sec = 1140

static char *row(const MirrorStatus *s, bool colour)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        status_table_row(out, s, NULL, colour);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void assert_row(const MirrorStatus *s, const char *expected)
{
        char *text = row(s, false);
        assert_string_equal(text, expected);
        free(text);
}

/* ---- the line of an edge -------------------------------------------------------------------- */

static void the_line_of_an_edge_has_its_state_ages_rows_outcome_and_next_run(void **state)
{
        (void)state;
        static const struct {
                MirrorStatus status;
                const char *line;
        } cases[] = {
                {{EDGE, SYNCED, AGED},
                 "snowflake-prod      idle      1m30s        2h    1234 synced   clean        "
                 "19m\n"},
                {{EDGE, NEVER},
                 "snowflake-prod      idle      never     never       - -        -            "
                 "19m\n"},
                {{EDGE, SYNCED, .row_count = 0, .refreshed_age_sec = -1},
                 "snowflake-prod      idle        now     never       0 synced   clean          "
                 "-\n"},
                {{EDGE, SYNCED, .row_count = 1234, .listed_age_sec = 90, .refreshed_age_sec = 7200,
                  .next_run_at = "2026-03-28T02:30:00Z", .overdue = true, .next_in_sec = -300},
                 "snowflake-prod      OVERDUE   1m30s        2h    1234 synced   clean        "
                 "now\n"},
                {{.name = "gone", SYNCED, AGED, .overdue = true},
                 "gone                disabled  1m30s        2h    1234 synced   clean        "
                 "19m\n"},
                {{EDGE, FAILED, AGED, .phase = "apply", .overdue = true},
                 "snowflake-prod      apply     1m30s        2h    1234 failed   clean        "
                 "19m\n    running for less than a second\n"},
                {{EDGE, SYNCED, AGED, .origin = "discovered"},
                 "snowflake-prod      idle      1m30s        2h    1234 synced   clean        "
                 "19m\n    discovered\n"},
                {{.name = "東京", .enabled = true, SYNCED, AGED},
                 "東京                idle      1m30s        2h    1234 synced   clean        "
                 "19m\n"},
                {{.name = "an-edge-whose-name-is-longer-than-its-column",
                  .enabled = true,
                  SYNCED,
                  AGED},
                 "an-edge-whose-name-is-longer-than-its-column\n                    idle      "
                 "1m30s        2h    1234 synced   clean        19m\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_row(&cases[i].status, cases[i].line);
}

/* N6: With every column at its longest. */
static void a_line_fits_a_terminal_of_80_columns(void **state)
{
        (void)state;
        static const MirrorStatus s = {.name = "a-name-of-19-columns",
                                       .enabled = false,
                                       .outcome = "unstable",
                                       .refresh = "rejected",
                                       .row_count = 1234567,
                                       .listed_age_sec = 86399,
                                       .refreshed_age_sec = 8639999,
                                       .next_run_at = "2026-03-28T02:30:00Z",
                                       .next_in_sec = 604799};
        char *text = row(&s, false), *head = NULL;
        size_t size;
        FILE *out = open_memstream(&head, &size);
        assert_non_null(out);
        status_table_head(out);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(strcspn(head, "\n"), 79);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                assert_in_range(strlen(line), 1, 79);
        free(text);
        free(head);
}

static void the_head_stands_above_its_columns(void **state)
{
        (void)state;
        static const struct {
                const char *head, *value;
                bool right; /* they end together; else they begin together */
        } columns[] = {
                {"EDGE", "snowflake-prod", false},
                {"STATE", "idle", false},
                {"LISTED", "1m30s", true},
                {"REFRESHED", " 2h", true},
                {"ROWS", "1234", true},
                {"OUTCOME", "synced", false},
                {"REFRESH ", "clean ", false},
                {"NEXT IN", "19m", true},
        };
        char *head = NULL;
        size_t size;
        FILE *out = open_memstream(&head, &size);
        assert_non_null(out);
        status_table_head(out);
        assert_int_equal(fclose(out), 0);
        char *line = row(&(MirrorStatus){EDGE, SYNCED, AGED}, false);
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
                const char *above = strstr(head, columns[i].head),
                           *below = strstr(line, columns[i].value);
                print_message("# %s\n", columns[i].head);
                assert_non_null(above);
                assert_non_null(below);
                assert_int_equal(
                        above - head + (columns[i].right ? (long)strlen(columns[i].head) : 0),
                        below - line + (columns[i].right ? (long)strlen(columns[i].value) : 0));
        }
        free(head);
        free(line);
}

/* ---- the lines below it --------------------------------------------------------------------- */

/* What stands below the first line. */
static void assert_below(const MirrorStatus *s, const char *expected)
{
        char *text = row(s, false);
        assert_string_equal(strchr(text, '\n') + 1, expected);
        free(text);
}

static void a_sync_under_way_says_since_when_how_far_and_who_holds_it(void **state)
{
        (void)state;
        static const struct {
                MirrorStatus status;
                const char *below;
        } cases[] = {
                {{EDGE, NEVER, .phase = "refresh", .running_sec = 0, .holder = "host-1"},
                 "    running for less than a second, held by host-1\n"},
                {{EDGE, SYNCED, AGED, .phase = "poll", .running_sec = 125, .holder = "host-1",
                  .job_state = "RUNNING", .job_progress = 41.7},
                 "    running for 2m5s, job RUNNING 42 %, held by host-1\n"},
                {{EDGE, SYNCED, AGED, .phase = "poll", .running_sec = 125, .holder = "host-1",
                  .job_state = "WAITING", .job_progress = -1},
                 "    running for 2m5s, job WAITING, held by host-1\n"},
                {{EDGE, SYNCED, AGED, .phase = "list", .running_sec = 3600, .holder = "host-1",
                  .job_state = "COMPLETED", .job_progress = 100, .listed = 50000},
                 "    running for 1h, 50000 rows listed, held by host-1\n"},
                {{EDGE, SYNCED, AGED, .phase = "apply", .running_sec = 7},
                 "    running for 7.0s\n"},
                {{EDGE, SYNCED, AGED, .job_state = "COMPLETED", .job_progress = 100,
                  .listed = 1234},
                 ""}, /* of the last run */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_below(&cases[i].status, cases[i].below);
}

static void what_went_wrong_is_said_in_words_and_how_often(void **state)
{
        (void)state;
        static const struct {
                MirrorStatus status;
                const char *below;
        } cases[] = {
                {{EDGE, FAILED, AGED, .error_code = "http-403",
                  .error_message = "the catalog forbids this", .consecutive_failures = 1},
                 "    http-403: the catalog forbids this\n"},
                {{EDGE, FAILED, AGED, .error_code = "http-403",
                  .error_message = "the catalog forbids this", .consecutive_failures = 12},
                 "    http-403: the catalog forbids this\n    12 failures in a row\n"},
                {{EDGE, FAILED, AGED, .error_message = "no code is known",
                  .consecutive_failures = 1},
                 "    error: no code is known\n"},
                {{EDGE, FAILED, AGED, .phase = "list", .running_sec = 5, .error_code = "http-500",
                  .error_message = "the last one", .consecutive_failures = 2},
                 "    running for 5.0s\n    http-500: the last one\n    2 failures in a row\n"},
                {{.name = "retired",
                  FAILED,
                  AGED,
                  .error_code = "removals-held",
                  .error_message = "sync --accept-removals removes those"},
                 ""}, /* nobody can, or is to */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_below(&cases[i].status, cases[i].below);
}

static void what_comes_from_outside_cannot_move_the_cursor(void **state)
{
        (void)state;
        const MirrorStatus s = {.name = "a\033[2Jb",
                                .enabled = true,
                                AGED,
                                .phase = "list",
                                .holder = "h\ro\nst",
                                .running_sec = 1,
                                .error_code = "x",
                                .error_message = "red \033[31m\nline"};
        char *text = row(&s, false);
        size_t lines = 0;
        for (const char *at = text; *at; at++) {
                lines += *at == '\n';
                assert_true(*at == '\n' || (unsigned char)*at >= ' ');
        }
        assert_int_equal(lines, 3);
        free(text);
}

/* What it ends with is the advice. */
static void a_message_of_the_longest_kind_is_shown_to_its_end(void **state)
{
        (void)state;
        char message[LIMIT_FAULT_MESSAGE_BYTES], *text = NULL;
        size_t size;
        memset(message, 'x', sizeof(message) - 1);
        message[sizeof(message) - 1] = '\0';
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        put_text(out, message);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, message);
        free(text);
}

/* ---- who needs a look ----------------------------------------------------------------------- */

typedef struct Look {
        MirrorStatus status;
        bool trouble;
        const char *colour;
} Look;

static const Look looks[] = {
        {{EDGE, SYNCED, AGED}, false, ""},
        {{EDGE, NEVER}, false, ""},
        {{EDGE, SYNCED, AGED, .phase = "poll"}, false, GREEN},
        {{EDGE, AGED, .state = "well", .outcome = "aborted"}, false, ""},
        {{EDGE, AGED, .state = "held", .outcome = "held"}, true, YELLOW},
        {{EDGE, AGED, .state = "held", .outcome = "aborted"}, true, YELLOW},
        {{EDGE, AGED, .state = "unstable", .outcome = "unstable", .consecutive_failures = 2},
         true,
         YELLOW},
        {{EDGE, AGED, .state = "unrefreshed", .outcome = "synced", .refresh = "failed"},
         true,
         YELLOW},
        {{EDGE, AGED, .state = "rejected", .outcome = "synced", .rejected = 1}, false, ""},
        {{EDGE, AGED, .state = "held", .outcome = "held", .phase = "poll"}, true, YELLOW},
        {{EDGE, AGED, .state = "overdue", .outcome = "synced", .overdue = true}, true, RED},
        {{EDGE, FAILED, AGED, .consecutive_failures = 1}, true, RED},
        {{EDGE, FAILED, AGED, .consecutive_failures = 3, .phase = "list"}, true, RED},
        {{.name = "gone",
          AGED,
          .state = "disabled",
          .outcome = "failed",
          .consecutive_failures = 1},
         false,
         ""},
};

static void an_edge_needs_a_look_when_it_is_late_failing_or_waits_for_a_person(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
                assert_int_equal(status_is_trouble(&looks[i].status), looks[i].trouble);
}

static void colour_is_around_the_line_and_nowhere_without_being_asked_for(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
                char *plain = row(&looks[i].status, false), *coloured = row(&looks[i].status, true);
                char expected[512];
                int length = (int)strcspn(plain, "\n");
                (void)snprintf(expected, sizeof(expected), "%s%.*s" PLAIN "%s", looks[i].colour,
                               length, plain, plain + length);
                assert_string_equal(coloured, expected);
                assert_null(strchr(plain, '\033'));
                free(plain);
                free(coloured);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_line_of_an_edge_has_its_state_ages_rows_outcome_and_next_run),
                cmocka_unit_test(a_line_fits_a_terminal_of_80_columns),
                cmocka_unit_test(the_head_stands_above_its_columns),
                cmocka_unit_test(a_sync_under_way_says_since_when_how_far_and_who_holds_it),
                cmocka_unit_test(what_went_wrong_is_said_in_words_and_how_often),
                cmocka_unit_test(what_comes_from_outside_cannot_move_the_cursor),
                cmocka_unit_test(a_message_of_the_longest_kind_is_shown_to_its_end),
                cmocka_unit_test(
                        an_edge_needs_a_look_when_it_is_late_failing_or_waits_for_a_person),
                cmocka_unit_test(colour_is_around_the_line_and_nowhere_without_being_asked_for),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
