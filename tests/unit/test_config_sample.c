/*
 * The sample file is the option table's, and it works.
 *
 * With the argument --print it writes the sample, for `make update-sample`.
 */
#include "config/option.h"
#include "config/sample.h"
#include "unit/config_files.h"

static char *sample_print(void)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_int_equal(config_print_sample(f), 0);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void the_shipped_sample_is_what_the_table_says(void **state _unused_)
{
        const char *top = getenv("top_srcdir");
        char path[4096], shipped[32768] = "";
        _cleanup_(cleanup_free) char *text = sample_print();

        (void)snprintf(path, sizeof(path), "%s/etc/edgemirror.conf", top ? top : ".");
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        shipped[fread(shipped, 1, sizeof(shipped) - 1, f)] = '\0';
        assert_int_equal(fclose(f), 0);
        assert_string_equal(shipped, text); /* differs: run "make update-sample" */
}

/* As it is installed it names no catalog, so that nothing is sent to one that is not the reader's.
 */
static void the_sample_loads_once_it_has_a_url(void **state _unused_)
{
        _cleanup_(cleanup_free) char *text = sample_print();
        char *url = strstr(text, "\n;url = ");

        files_write("t.conf", text);
        assert_refused(
                "t.conf", -EINVAL,
                "t.conf:13: url is missing in [catalog]; accepted: url = https://HOST, or http "
                "to a loopback address (127.0.0.0/8, [::1], localhost)\n");
        url[1] = ' ';
        files_write("t.conf", text);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->n_edges, 1);
        assert_string_equal(c->edges[0].timezone, "Europe/Brussels");
        assert_string_equal(c->catalog.password_file, "credential:catalog");
}

/* A default that is shown must be the one that holds: the sample's [defaults] change nothing. */
static void every_key_is_in_the_sample_and_in_the_help(void **state _unused_)
{
        _cleanup_(cleanup_free) char *sample = sample_print();
        char *help = NULL;
        size_t size = 0, n;
        FILE *f = open_memstream(&help, &size);
        const Option *table = option_table(&n);

        assert_non_null(f);
        assert_int_equal(config_print_help(f), 0);
        assert_int_equal(fclose(f), 0);
        /* as the C library writes a text that is none: the file and the table would agree on it */
        assert_null(strstr(sample, "(null)"));
        assert_null(strstr(help, "(null)"));
        for (size_t i = 0; i < n; i++) {
                if (table[i].kind == &option_kind_misplaced_secret)
                        continue;
                char in_sample[256], in_help[256];
                assert_true(table[i].sample || table[i].default_text);
                (void)snprintf(in_sample, sizeof(in_sample), "\n%s%s = %s\n",
                               table[i].sample_is_off ? ";" : "", table[i].key,
                               table[i].sample ? table[i].sample : table[i].default_text);
                (void)snprintf(in_help, sizeof(in_help), "\n  %s = ", table[i].key);
                assert_non_null(strstr(sample, in_sample));
                assert_non_null(strstr(help, in_help));
        }
        free(help);
}

static void what_cannot_be_written_is_an_error(void **state)
{
        (void)state;
        FILE *full = fopen("/dev/full", "we");
        assert_non_null(full);
        assert_int_equal(config_print_sample(full), -EIO);
        (void)fclose(full);
        full = fopen("/dev/full", "we");
        assert_non_null(full);
        assert_int_equal(config_print_help(full), -EIO);
        (void)fclose(full);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_shipped_sample_is_what_the_table_says),
                cmocka_unit_test_setup_teardown(the_sample_loads_once_it_has_a_url, files_setup,
                                                files_teardown),
                cmocka_unit_test(what_cannot_be_written_is_an_error),
                cmocka_unit_test(every_key_is_in_the_sample_and_in_the_help),
        };
        if (argc == 2 && strcmp(argv[1], "--print") == 0)
                return config_print_sample(stdout) < 0;
        return cmocka_run_group_tests_name("config_sample", tests, NULL, NULL);
}
