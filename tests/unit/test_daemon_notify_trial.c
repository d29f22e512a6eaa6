/*
 * A template is tried before anything has happened: with all that a field may hold, and with
 * nothing in it.
 */
#include "daemon/notify_trial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_template_gives_json_whatever_its_fields_hold(void **state)
{
        (void)state;
        static const struct {
                const char *template, *complaint; /* NULL: it is taken */
        } cases[] = {
                {"{\"a\": \"{{text}} {{text_escaped}} {{more}} {{instance}} {{catalog}} "
                 "{{status}}\", \"b\": [{{#events}}{\"c\": \"{{kind}}{{name}}{{catalog}}{{status}}"
                 "{{state}}{{code}}{{text}}{{time}}{{ends}}{{peer_instance}}\"}{{/events}}]}",
                 NULL},
                {"{}", NULL},
                {"{\"a\": 1{{more}}}", "with every field filled, what it gives is no JSON"},
                {"[{{#events}}1{{code}}{{/events}}]", "with every field filled"},
                {"[{{#events}}1{{peer_instance}}{{/events}}]", "with every field filled"},
                {"{\"a\": {{name}}}", "{{name}} is no field, or one of events outside"},
                {"[{{#events}}{{name}}{{/events}}]", "with every field filled"},
                {"{\"{{more}}\": 1, \"a\": {{text}}}", "with every field filled"},
                {"{{#events}}{}{{/events}}", "with two changes, what it gives is no JSON"},
                {"{\"a\": \"{{txt}}\"}", "{{txt}} is no field"},
                {"{\"a\": \"{{#events}}\"}", "{{#events}} has no {{/events}}"},
                {"\xef\xbb\xbf{\"a\": 1}", "begins with a byte order mark (UTF-8); save it as"},
                {"\xff\xfe", "is not UTF-8; save it as that"},
                {"{\"a\": \"\xe4\"}", "is not UTF-8; save it as that"},
                {"{\"a\": {{instance}}}", "with every field filled"},
                {"", "what it gives is no JSON"},
                {"{\"a\": [-0.5e+3, 0, 10, 1E9, -1, 1.25, true],\r\n\t\"b\": \"\\n-01\\\\\"}",
                 NULL},
                {"{\"a\": \"two\nlines\"}", "holds a control character"},
                {"{\"a\": \"\\\\\t\"}", "holds a control character"},
                {"{\"a\":\v1}", "holds a control character"},
                {"{\"a\": 01}", "a number in another form"},
                {"{\"a\": [1.]}", "a number in another form"},
                {"{\"a\": -}", "no JSON"},
                {"{\"a\": 1.e1}", "a number in another form"},
                {"{\"a\": -01}", "a number in another form"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const NotifyForm form = {.instance = (char *)"i",
                                         .catalog = (char *)"c",
                                         .template = (char *)cases[i].template};
                Fault fault = {0};
                int r = notify_trial(&form, &fault);
                if ((r < 0) != (cases[i].complaint != NULL) ||
                    (r < 0 && !strstr(fault.message, cases[i].complaint)))
                        fail_msg("%s: %s", cases[i].template, fault.message);
                if (r < 0)
                        assert_int_equal(fault.code, CODE_SECRET_MALFORMED);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_template_gives_json_whatever_its_fields_hold),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
