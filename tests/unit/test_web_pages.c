/*
 * What the pages for people take from a query string, and the advice they give.
 */
#include "web/edge_state.h"
#include "web/page.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t field(const WebPage *page, const char *name)
{
        size_t i = 0;
        while (i < page->n_fields && strcmp(page->fields[i].name, name) != 0)
                i++;
        assert_true(i < page->n_fields);
        return i;
}

static void an_argument_is_one_of_its_values_or_refused(void **state)
{
        (void)state;
        char long_text[PAGE_TEXT_MAX_BYTES + 2];
        memset(long_text, 'x', sizeof(long_text) - 1);
        long_text[sizeof(long_text) - 1] = '\0';
        const struct {
                const WebPage *page;
                const char *name, *value;
                int result;
        } cases[] = {
                {&page_home, "state", "trouble", 0},
                {&page_home, "state", "Trouble", -EINVAL},
                {&page_home, "state", "trouble' OR 1=1", -EINVAL},
                {&page_home, "sort", "listed", 0},
                {&page_home, "sort", "; DROP TABLE edge", -EINVAL},
                {&page_home, "order", "desc", 0},
                {&page_home, "order", "down", -EINVAL},
                {&page_home, "page", "1", 0},
                {&page_home, "page", "100000", 0},
                {&page_home, "page", "100001", -EINVAL},
                {&page_home, "page", "0", -EINVAL},
                {&page_home, "page", "-1", -EINVAL},
                {&page_home, "page", "1 ", -EINVAL},
                {&page_home, "page", "99999999999999999999", -EINVAL},
                {&page_home, "q", "anything ' goes \u202e", 0},
                {&page_home, "q", long_text + 1, 0},
                {&page_home, "q", long_text, -EINVAL},
                {&page_home, "q", "bad \xff", -EINVAL},
                {&page_changes, "day", "2026-11-29", 0},
                {&page_changes, "day", "2024-02-29", 0},
                {&page_changes, "day", "2026-02-29", -EINVAL},
                {&page_changes, "day", "2026-04-31", -EINVAL},
                {&page_changes, "day", "2026-13-01", -EINVAL},
                {&page_changes, "day", "2026-1-1", -EINVAL},
                {&page_changes, "day", "2026-11-29x", -EINVAL},
                {&page_changes, "day", "yesterday", -EINVAL},
                {&page_changes, "day", "0001-01-01", -EINVAL},
                {&page_changes, "kind", "moved_in", 0},
                {&page_changes, "kind", "moved_out", -EINVAL},
                {&page_inventory, "show", "unregistered", 0},
                {&page_inventory, "show", "none", -EINVAL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                PageArguments a = {.fields = cases[i].page->fields,
                                   .n_fields = cases[i].page->n_fields};
                int r = page_arguments_set(&a, field(cases[i].page, cases[i].name), cases[i].value);
                if (r != cases[i].result)
                        fail_msg("%s=%s: %d", cases[i].name, cases[i].value, r);
                if (r == 0)
                        assert_string_equal(page_argument(&a, cases[i].name), cases[i].value);
                page_arguments_done(&a);
        }
}

static void what_is_not_given_has_its_first_value(void **state)
{
        (void)state;
        PageArguments a = {.fields = page_home.fields, .n_fields = page_home.n_fields};
        assert_int_equal(page_arguments_set(&a, field(&page_home, "q"), ""), 0);
        assert_int_equal(page_arguments_set(&a, field(&page_home, "state"), NULL), 0);
        assert_string_equal(page_argument(&a, "state"), "all");
        assert_string_equal(page_argument(&a, "sort"), "name");
        assert_null(page_argument(&a, "q"));
        assert_int_equal(page_offset(&a), 0);
}

static void links_keep_what_was_given_and_begin_at_the_first_page(void **state)
{
        (void)state;
        PageArguments a = {.fields = page_home.fields, .n_fields = page_home.n_fields};
        const PageView view = {.path = "/", .arguments = &a};
        assert_int_equal(page_arguments_set(&a, field(&page_home, "q"), "a&b"), 0);
        assert_int_equal(page_arguments_set(&a, field(&page_home, "state"), "well"), 0);
        assert_int_equal(page_arguments_set(&a, field(&page_home, "page"), "3"), 0);
        static const struct {
                const char *field, *value, *url;
        } cases[] = {
                {"page", "4", "/?state=well&q=a%26b&page=4"},
                {"page", "1", "/?state=well&q=a%26b"},
                {"sort", "rows", "/?state=well&sort=rows&q=a%26b"},
                {"state", "all", "/?q=a%26b"},
                {"q", NULL, "/?state=well"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(text_done) Text url = {0};
                assert_int_equal(page_append_url(&url, &view, cases[i].field, cases[i].value), 0);
                assert_string_equal(url.data, cases[i].url);
        }
        page_arguments_done(&a);
}

static void each_state_has_its_level_and_advice(void **state)
{
        (void)state;
        static const struct {
                const char *word, *refresh;
                EdgeLevel level;
                const char *advice;
        } cases[] = {
                {"failing", NULL, EDGE_TROUBLE, "<code>edgemirror sync e1</code>"},
                {"overdue", "clean", EDGE_TROUBLE, "<code>edgemirror sync e1</code>"},
                {"held", "clean", EDGE_TROUBLE, "edgemirror sync --accept-removals e1"},
                {"held", "skipped", EDGE_TROUBLE, "--accept-removals"},
                {"held", "failed", EDGE_TROUBLE, "the next clean refresh decides"},
                {"unstable", "clean", EDGE_TROUBLE, "edgemirror sync -v e1"},
                {"unlisted", NULL, EDGE_ATTENTION, "<code>edgemirror sync e1</code>"},
                {"unrefreshed", "timeout", EDGE_ATTENTION, "<code>edgemirror sync e1</code>"},
                {"rejected", "clean", EDGE_ATTENTION, "Correct these rows"},
                {"well", "clean", EDGE_WELL, "Nothing to do"},
                {"disabled", NULL, EDGE_OFF, "edgemirror retire e1"},
                {"another", NULL, EDGE_TROUBLE, "Update the program"},
                {NULL, NULL, EDGE_TROUBLE, "Update the program"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(html_done) Html h = {0};
                const EdgeState *found = edge_state_find(cases[i].word, cases[i].refresh);
                assert_int_equal(found->level, cases[i].level);
                page_put_advice(&h, found->advice, "e1");
                if (!strstr(h.text.data, cases[i].advice))
                        fail_msg("%s: %s", cases[i].word, h.text.data);
                assert_null(strchr(h.text.data, '`'));
                if (cases[i].word && found->word[0])
                        assert_non_null(strstr(edge_states_of(found->level), cases[i].word));
        }
}

static void a_command_can_be_pasted_whatever_the_edge_is_called(void **state)
{
        (void)state;
        static const struct {
                const char *edge, *quoted;
        } cases[] = {
                {"snowflake-prod", "snowflake-prod"},
                {"a b", "'a b'"},
                {"a/b", "a/b"},
                {"$(reboot)", "'$(reboot)'"},
                {"it's", "'it'\\''s'"},
                {"-v", "-- '-v'"},
                {"--full", "-- '--full'"},
                {"é", "'é'"},
                {"", "''"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(text_done) Text t = {0};
                assert_int_equal(edge_append_quoted(&t, cases[i].edge), 0);
                assert_string_equal(t.data, cases[i].quoted);
        }
}

/* Who takes the buffer and who takes the result see the same. */
static void an_age_is_in_the_buffer_and_the_result(void **state)
{
        (void)state;
        static const struct {
                int64_t seconds;
                const char *shown;
        } cases[] = {{-1, "never"}, {0, "0s"}, {1, "1.0s"}, {90, "1m30s"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char out[64] = "as before";
                assert_string_equal(page_age(cases[i].seconds, "never", out), cases[i].shown);
                assert_string_equal(out, cases[i].shown);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_age_is_in_the_buffer_and_the_result),
                cmocka_unit_test(an_argument_is_one_of_its_values_or_refused),
                cmocka_unit_test(what_is_not_given_has_its_first_value),
                cmocka_unit_test(links_keep_what_was_given_and_begin_at_the_first_page),
                cmocka_unit_test(each_state_has_its_level_and_advice),
                cmocka_unit_test(a_command_can_be_pasted_whatever_the_edge_is_called),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
