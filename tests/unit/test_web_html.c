/*
 * What is foreign in a page is text, whatever is in it; and what a page is made of is well-formed.
 */
#include "base/base64.h"
#include "harness/markup.h"
#include "web/chart.h"
#include "web/html.h"
#include "web/style.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void text_is_escaped_and_shown(void **state)
{
        (void)state;
        static const struct {
                const char *text, *html;
        } cases[] = {
                {"plain", "plain"},
                {"<script>alert('1')</script>", "&lt;script&gt;alert('1')&lt;/script&gt;"},
                {"a & b \"c\"", "a &amp; b &quot;c&quot;"},
                {"&lt;", "&amp;lt;"},
                {"two  blanks", "two  blanks"},
                {"Ünïcode 日本 🎉", "Ünïcode 日本 🎉"},
                {"a\u202eb", "a<span class=\"esc\">\\u202e</span>b"},
                {"a\u200bb", "a<span class=\"esc\">\\u200b</span>b"},
                {"a\x1b[31m", "a<span class=\"esc\">\\x1b</span>[31m"},
                {"a\tb\nc", "a<span class=\"esc\">\\x09</span>b<span class=\"esc\">\\x0a</span>c"},
                {"a\x7f", "a<span class=\"esc\">\\x7f</span>"},
                {"bad \xff byte", "bad <span class=\"esc\">?</span> byte"},
                {"cut \xe2\x80", "cut <span class=\"esc\">?</span><span class=\"esc\">?</span>"},
                {"", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(html_done) Html h = {0};
                html_text(&h, cases[i].text);
                assert_string_equal(h.text.data ? h.text.data : "", cases[i].html);
                assert_false(h.failed);
        }
}

static void values_of_attributes_cannot_end_them(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        html_open(&h, "a", {"href", "/x?a=1&b=\"><script>"}, {"class", NULL},
                  {"title", "a\u202e\n'"});
        html_close(&h);
        assert_string_equal(h.text.data, "<a href=\"/x?a=1&amp;b=&quot;&gt;&lt;script&gt;\" "
                                         "title=\"a\\u202e\\x0a'\"></a>");
}

static void what_is_formatted_is_escaped_too(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        html_printf(&h, "%s of %d", "<b>", 3);
        assert_string_equal(h.text.data, "&lt;b&gt; of 3");
}

static void lines_of_a_message_stay_lines(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        html_message(&h, "one\ntwo <2>\n\nfour\n");
        assert_string_equal(h.text.data, "one<br/>two &lt;2&gt;<br/><br/>four");
}

static void parts_of_a_url_are_encoded(void **state)
{
        (void)state;
        static const struct {
                const char *part, *encoded;
        } cases[] = {
                {"snowflake-prod_1.~", "snowflake-prod_1.~"},
                {"a/b?c#d&e=f", "a%2Fb%3Fc%23d%26e%3Df"},
                {"<script>", "%3Cscript%3E"},
                {"é ", "%C3%A9%20"},
                {"", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(text_done) Text t = {0};
                assert_int_equal(text_append_string(&t, ""), 0);
                assert_int_equal(text_append_url(&t, cases[i].part), 0);
                assert_string_equal(t.data, cases[i].encoded);
        }
}

static void html_end_closes_what_is_open(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        html_begin(&h);
        html_open(&h, "body");
        html_open(&h, "main");
        html_put(&h, "h1", "It");
        assert_int_equal(html_end(&h), 0);
        assert_null(markup_problem(h.text.data));
}

/* ---- the check of pages itself -------------------------------------------------------------- */

#define PAGE(inner) "<!DOCTYPE html>\n<html><body><main><h1>x</h1>" inner "</main></body></html>"

static void the_check_finds_what_is_wrong(void **state)
{
        (void)state;
        static const struct {
                const char *page, *problem;
        } cases[] = {
                {PAGE("<p>fine &amp; <a href=\"/x\">y</a><br/></p>"), NULL},
                {PAGE("<p>a</b>"), "closed out of turn"},
                {PAGE("<p>a & b</p>"), "a bare character"},
                {PAGE("<script>x</script>"), "not ours: script"},
                {PAGE("<img src=\"/x\"/>"), "not ours: img"},
                {PAGE("<p onclick=\"x\">y</p>"), "not ours: onclick"},
                {PAGE("<p style=\"x\">y</p>"), "not ours: style"},
                {PAGE("<p class=x>y</p>"), "without quotes"},
                {PAGE("<p class=\"a\" class=\"b\">y</p>"), "twice: class"},
                {PAGE("<a href=\"javascript:x\">y</a>"), "leads elsewhere"},
                {PAGE("<a href=\"https://example.com\">y</a>"), "leads elsewhere"},
                {PAGE("<table><tr><td>x</td></tr></table>"), "without a caption"},
                {PAGE("<table><caption>c</caption><tr><th>x</th></tr></table>"), "without a scope"},
                {PAGE("<input id=\"a\"/>"), "without a label"},
                {PAGE("<svg></svg>"), "without a text"},
                {PAGE("<p id=\"a\"></p><p id=\"a\"></p>"), "an id twice"},
                {PAGE("<h1>y</h1>"), "one h1"},
                {PAGE("<p>\x01</p>"), "a control character"},
                {PAGE("<p>\xff</p>"), "not UTF-8"},
                {"<!DOCTYPE html>\n<html><main><h2>x</h2>", "a level of headings"},
                {"<!DOCTYPE html>\n<html><main><h1>x</h1>", "not closed: main"},
                {"<html></html>", "no DOCTYPE"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *found = markup_problem(cases[i].page);
                if (!cases[i].problem)
                        assert_null(found);
                else if (!found || !strstr(found, cases[i].problem))
                        fail_msg("%s: %s", cases[i].page, found ? found : "nothing is found");
        }
}

/* ---- pictures, and the stylesheet ----------------------------------------------------------- */

static void bars_are_as_high_as_their_values(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        const ChartBar bars[] = {
                {4, "a", NULL}, {2, "b", "half <"}, {0, "c", NULL}, {-1, "d", NULL}};
        chart_bars(&h, bars, ARRAY_SIZE(bars), "runs");
        assert_non_null(strstr(h.text.data, "viewBox=\"0 0 40 80\""));
        assert_non_null(strstr(h.text.data, "class=\"a\" x=\"1.0\" y=\"0.0\" width=\"8\" "
                                            "height=\"80.0\""));
        assert_non_null(strstr(h.text.data, "class=\"b\" x=\"11.0\" y=\"40.0\" width=\"8\" "
                                            "height=\"40.0\"><title>half &lt;</title>"));
        /* the shortest is seen; what is not known is nothing */
        assert_non_null(strstr(h.text.data, "class=\"c\" x=\"21.0\" y=\"77.0\" width=\"8\" "
                                            "height=\"3.0\""));
        assert_non_null(strstr(h.text.data, "class=\"d\" x=\"31.0\" y=\"80.0\" width=\"8\" "
                                            "height=\"0.0\""));
}

static void lines_go_from_the_first_day_to_the_last(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        const double all[] = {0, 5, 10}, some[] = {0, 0, 5};
        chart_lines(&h, all, some, 3, "growth");
        assert_non_null(strstr(h.text.data, "class=\"area\" points=\"0.0,179.0 360.0,179.0 "
                                            "720.0,91.0 720,180 0,180\""));
        assert_non_null(
                strstr(h.text.data, "class=\"line\" points=\"0.0,179.0 360.0,91.0 720.0,3.0\""));
}

static void no_line_divides_by_nothing(void **state)
{
        (void)state;
        _cleanup_(html_done) Html h = {0};
        const double none[] = {0, 0};
        chart_lines(&h, none, none, 2, "growth");
        chart_lines(&h, none, none, 0, "growth");
        chart_bars(&h, NULL, 0, "runs");
        chart_share(&h, 7);
        assert_null(strstr(h.text.data, "nan"));
        assert_null(strstr(h.text.data, "inf"));
        assert_non_null(strstr(h.text.data, "class=\"part\" width=\"100.0\""));
}

static void the_stylesheet_is_known_by_its_hash(void **state)
{
        (void)state;
        _cleanup_(text_done) Text hash = {0}, style = {0};
        assert_int_equal(base64_sha256("abc", 3, &hash), 0);
        assert_string_equal(hash.data, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_int_equal(style_append_hash(&style), 0);
        assert_true(text_starts_with(style.data, "sha256-"));
        assert_int_equal(style.size, strlen("sha256-") + 44);
        assert_null(strpbrk(style_sheet, "<&"));
        assert_null(strstr(style_sheet, "url("));
        assert_null(strstr(style_sheet, "@import"));
}

/* The page of A4 is narrower than 46rem: what a telephone is spared must stand on paper. */
static void columns_are_hidden_on_screens_alone(void **state)
{
        (void)state;
        assert_non_null(strstr(style_sheet, "@media screen and (max-width:46rem){"));
        assert_null(strstr(style_sheet, "@media (max-width"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_is_escaped_and_shown),
                cmocka_unit_test(values_of_attributes_cannot_end_them),
                cmocka_unit_test(what_is_formatted_is_escaped_too),
                cmocka_unit_test(lines_of_a_message_stay_lines),
                cmocka_unit_test(parts_of_a_url_are_encoded),
                cmocka_unit_test(html_end_closes_what_is_open),
                cmocka_unit_test(the_check_finds_what_is_wrong),
                cmocka_unit_test(bars_are_as_high_as_their_values),
                cmocka_unit_test(lines_go_from_the_first_day_to_the_last),
                cmocka_unit_test(no_line_divides_by_nothing),
                cmocka_unit_test(the_stylesheet_is_known_by_its_hash),
                cmocka_unit_test(columns_are_hidden_on_screens_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
