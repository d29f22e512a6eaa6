/*
 * config: what is in effect, and where each value comes from.
 */
#include "config/show.h"
#include "unit/config_files.h"

/* Appends "[section] edge key=value (source)\n" to a Text. */
static void note(const ShownValue *v, void *userdata)
{
        assert_int_equal(text_printf(userdata, "%s %s %s=%s (%s)\n",
                                     option_section_name(v->section), v->edge ? v->edge : "-",
                                     v->key, v->value, v->source),
                         0);
}

static void assert_shown(const Text *shown, const char *line)
{
        if (!strstr(shown->data, line))
                fail_msg("not shown: %s in\n%s", line, shown->data);
}

static void each_value_has_its_source(void **state _unused_)
{
        _cleanup_(text_done) Text shown = {0}, errors = {0};
        files_write("t.conf", CATALOG POSTGRES
                    "[daemon]\nlease = 3m\n[defaults]\nschedule = hourly\n" EDGE
                    "timezone = Europe/Paris\n[edge \"b\"]\nid = " UUID_B "\nenabled = no\n");
        files_write("t.conf.d/1.conf", "[catalog]\nmax_requests = 3\n\n[daemon]\nmax_syncs = 5\n");
        setenv("EDGEMIRROR_CATALOG_MAX_REQUESTS", "7", 1);
        assert_int_equal(config_show("t.conf", note, &shown, &errors), 0);
        static const char *const lines[] = {
                "[catalog] - url=https://c.example (t.conf:2)\n",
                "[catalog] - auth=basic (default)\n",
                "[catalog] - password_file=/p (t.conf:4)\n",
                "[catalog] - max_requests=7 (EDGEMIRROR_CATALOG_MAX_REQUESTS)\n",
                "[daemon] - lease=3m (t.conf:8)\n",
                "[daemon] - max_syncs=5 (t.conf.d/1.conf:5)\n",
                "[defaults] - schedule=hourly (t.conf:10)\n",
                "[defaults] - timezone=UTC (default)\n",
        };
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                assert_shown(&shown, lines[i]);
        /* an edge: its own keys, then what it overrides, and nothing else */
        assert_shown(&shown, "[edge \"NAME\"] a id=" UUID_A " (t.conf:12)\n"
                             "[edge \"NAME\"] a enabled=yes (default)\n"
                             "[edge \"NAME\"] a timezone=Europe/Paris (t.conf:13)\n"
                             "[edge \"NAME\"] b id=" UUID_B " (t.conf:15)\n"
                             "[edge \"NAME\"] b enabled=no (t.conf:16)\n");
        assert_null(strstr(shown.data, "max_requests=3"));
        assert_null(strstr(shown.data, "ca_file"));
}

static void what_is_not_valid_is_not_shown(void **state _unused_)
{
        static const char *const secrets[] = {
                "[catalog]\npassword = hunter2\n",
                "[catalog]\nusername = u:hunter2\n",
                "[catalog]\npassword_file = hunter2\n",
                "[catalog]\nurl = https://u:hunter2@c.example\n",
                "[catalog]\nproxy = http://u:hunter2@p.example:1\n",
                "[postgres]\nconninfo = dbname=x password=hunter2\n",
                "[postgres]\nconninfo = postgresql://u:hunter2@/x\n",
                "[postgres]\nconninfo = dbname=x sslpassword=hunter2\n",
                "[notify]\nurl = https://h.example/hunter2\n",
                "[notify]\nproxy = http://u:hunter2@p.example:1\n",
        };
        files_write("t.conf", VALID);
        for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
                _cleanup_(text_done) Text shown = {0}, errors = {0};
                files_write("t.conf.d/1.conf", secrets[i]);
                assert_int_equal(config_show("t.conf", note, &shown, &errors), -EINVAL);
                assert_null(shown.data);
                assert_non_null(errors.data);
                assert_null(strstr(errors.data, "hunter2"));
        }
}

static void every_default_is_shown(void **state _unused_)
{
        _cleanup_(text_done) Text shown = {0}, errors = {0};
        size_t n;
        const Option *table = option_table(&n);
        files_write("t.conf", VALID);
        assert_int_equal(config_show("t.conf", note, &shown, &errors), 0);
        for (size_t i = 0; i < n; i++) {
                char line[256];
                if (!table[i].default_text)
                        continue;
                (void)snprintf(line, sizeof(line), "%s=%s (default)\n", table[i].key,
                               table[i].default_text);
                assert_shown(&shown, line);
        }
}

static int unset(void **state)
{
        (void)unsetenv("EDGEMIRROR_CATALOG_MAX_REQUESTS");
        return files_teardown(state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(each_value_has_its_source, files_setup, unset),
                cmocka_unit_test_setup_teardown(what_is_not_valid_is_not_shown, files_setup, unset),
                cmocka_unit_test_setup_teardown(every_default_is_shown, files_setup, unset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
