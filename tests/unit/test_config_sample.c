/*
 * The sample file is the option table's, and it works.
 *
 * With the argument --print it writes the sample, for `make update-sample`.
 */
#include "config/option.h"
#include "config/sample.h"
#include "unit/config_files.h"

static const char SAMPLE_HEAD[] =
        "# edgemirror: configuration\n"
        "#\n"
        "# After this file, edgemirror.conf.d/*.conf beside it are read in the order of their "
        "names; a later file overrides a key of an\n"
        "# earlier one. Lines that begin with \"#\" or \";\" are comments, as is what follows \" "
        ";\" in a line. Values are shown with their\n"
        "# defaults or as examples. After the files, a variable EDGEMIRROR_CATALOG_URL of the "
        "environment stands in for url of [catalog], and so\n"
        "# for every key of the sections without a name. `edgemirror check --offline` tells "
        "everything that is wrong, "
        "all at once.\n"
        "#\n"
        "# Secrets do not stand here but in files that only their owner may read. credential:NAME "
        "is the file NAME in\n"
        "# $CREDENTIALS_DIRECTORY, where systemd puts what LoadCredential=NAME:PATH of the unit "
        "names.\n";

/* A schedule of its own in the sample's edge, to show that an edge overrides the defaults. */
static const char SAMPLE_EDGE_TAIL[] = "\n"
                                       "# Any key of [defaults], for this edge only.\n"
                                       "schedule = cron */15 6-20 * * mon-fri\n"
                                       "timezone = Europe/Brussels\n";

/* The commented sample configuration: what etc/edgemirror.conf holds. */
static bool print_sample(FILE *out)
{
        size_t n;
        const Option *table = option_table(&n);
        (void)fputs(SAMPLE_HEAD, out);
        for (OptionSection s = OPTION_CATALOG; s < OPTION_SECTIONS; s++) {
                const char *name =
                        s == OPTION_EDGE ? "[edge \"snowflake-prod\"]" : option_section_name(s);
                (void)fprintf(out, "\n\n# %s\n%s\n", config_section_notes[s], name);
                for (size_t i = 0; i < n; i++)
                        if (table[i].section == s && table[i].kind != &option_kind_misplaced_secret)
                                config_print_option(
                                        out, &table[i], table[i].sample_is_off ? ";" : "",
                                        table[i].sample ? table[i].sample : table[i].default_text);
        }
        (void)fputs(SAMPLE_EDGE_TAIL, out);
        return fflush(out) == 0 && !ferror(out);
}

static char *sample_print(void)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_true(print_sample(f));
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
                return !print_sample(stdout);
        return cmocka_run_group_tests_name("config_sample", tests, NULL, NULL);
}
