/*
 * The command line: what a person may write, where, and what is said to what may not be.
 */
#include "base/cleanup.h"
#include "cli/arguments.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int run_nothing(const CommandLine *line)
{
        (void)line;
        return 0;
}

static int print_nest(FILE *out)
{
        return fputs("Nests are soft.\n", out) < 0;
}

static const Command commands[] = {
        {"fly", "[BIRD…]", "flies", "jcf", "With wings.\n", true, run_nothing, NULL},
        {"sit", "", "sits", "o", "", false, run_nothing, print_nest},
};

enum { WORDS_MAX = 12 };

typedef struct Parsed {
        ArgumentsResult result;
        CommandLine line;
        const Command *command;
        char copies[WORDS_MAX][64];
        char *argv[WORDS_MAX + 1];
        char said[8192]; /* on standard output and standard error */
} Parsed;

/* Parses "edgemirror" and the words, separated by single blanks. */
static void parse(const char *words, Parsed *p)
{
        char name[] = "/tmp/edgemirror-arguments-XXXXXX";
        int argc = 0;
        memset(p, 0, sizeof(*p));
        (void)snprintf(p->copies[argc], sizeof(p->copies[0]), "edgemirror");
        p->argv[argc] = p->copies[argc];
        argc++;
        while (*words) {
                assert_in_range(argc, 1, WORDS_MAX - 1);
                int size = (int)strcspn(words, " ");
                (void)snprintf(p->copies[argc], sizeof(p->copies[0]), "%.*s", size, words);
                p->argv[argc] = p->copies[argc];
                argc++;
                words += size;
                words += *words == ' ';
        }

        int file = mkostemp(name, O_CLOEXEC);
        assert_true(file >= 0);
        assert_int_equal(unlink(name), 0);
        (void)fflush(stdout);
        int out = dup(STDOUT_FILENO);
        int err = dup(STDERR_FILENO);
        (void)dup2(file, STDOUT_FILENO);
        (void)dup2(file, STDERR_FILENO);
        p->result = arguments_parse(commands, ARRAY_SIZE(commands), argc, p->argv, &p->line,
                                    &p->command);
        (void)fflush(stdout);
        (void)dup2(out, STDOUT_FILENO);
        (void)dup2(err, STDERR_FILENO);
        (void)close(out);
        (void)close(err);
        assert_true(pread(file, p->said, sizeof(p->said) - 1, 0) >= 0);
        (void)close(file);
}

static void what_may_be_written(void **state)
{
        (void)state;
        static const struct {
                const char *words, *command, *config, *count, *from, *first, *second;
                LogLevel level;
                bool json, offline;
        } cases[] = {
                {.words = "fly", .command = "fly", .level = LOG_LEVEL_INFO},
                {.words = "fly kite owl",
                 .command = "fly",
                 .first = "kite",
                 .second = "owl",
                 .level = LOG_LEVEL_INFO},
                {.words = "fly --json kite",
                 .command = "fly",
                 .json = true,
                 .first = "kite",
                 .level = LOG_LEVEL_INFO},
                {.words = "fly kite --json owl",
                 .command = "fly",
                 .json = true,
                 .first = "kite",
                 .second = "owl",
                 .level = LOG_LEVEL_INFO},
                {.words = "-c a fly", .command = "fly", .config = "a", .level = LOG_LEVEL_INFO},
                {.words = "fly -c a", .command = "fly", .config = "a", .level = LOG_LEVEL_INFO},
                {.words = "--config=a fly",
                 .command = "fly",
                 .config = "a",
                 .level = LOG_LEVEL_INFO},
                {.words = "-c a fly --config b",
                 .command = "fly",
                 .config = "b",
                 .level = LOG_LEVEL_INFO},
                {.words = "-v fly", .command = "fly", .level = LOG_LEVEL_DEBUG},
                {.words = "fly -q", .command = "fly", .level = LOG_LEVEL_ERROR},
                {.words = "fly --count 3 --from=x",
                 .command = "fly",
                 .count = "3",
                 .from = "x",
                 .level = LOG_LEVEL_INFO},
                {.words = "fly -- --json -q",
                 .command = "fly",
                 .first = "--json",
                 .second = "-q",
                 .level = LOG_LEVEL_INFO},
                {.words = "-- fly kite",
                 .command = "fly",
                 .first = "kite",
                 .level = LOG_LEVEL_INFO},
                {.words = "fly fly", .command = "fly", .first = "fly", .level = LOG_LEVEL_INFO},
                {.words = "sit --offline",
                 .command = "sit",
                 .offline = true,
                 .level = LOG_LEVEL_INFO},
                {.words = "sit --off", .command = "sit", .offline = true, .level = LOG_LEVEL_INFO},
                {.words = "sit --", .command = "sit", .level = LOG_LEVEL_INFO},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Parsed p;
                parse(cases[i].words, &p);
                assert_string_equal(p.said, "");
                assert_int_equal(p.result, ARGUMENTS_RUN);
                assert_string_equal(p.command->name, cases[i].command);
                assert_int_equal(p.line.level, cases[i].level);
                assert_int_equal(p.line.json, cases[i].json);
                assert_int_equal(p.line.offline, cases[i].offline);
                const char *got[] = {p.line.config_file, p.line.count, p.line.from, p.line.names[0],
                                     p.line.names[0] ? p.line.names[1] : NULL};
                const char *expected[] = {cases[i].config, cases[i].count, cases[i].from,
                                          cases[i].first, cases[i].second};
                for (size_t k = 0; k < ARRAY_SIZE(got); k++) {
                        assert_int_equal(got[k] != NULL, expected[k] != NULL);
                        if (got[k])
                                assert_string_equal(got[k], expected[k]);
                }
        }
}

static void what_is_wrong_is_said(void **state)
{
        (void)state;
        static const struct {
                const char *words, *said;
        } cases[] = {
                {"", "Usage: edgemirror [OPTION…] COMMAND"},
                {"--", "Usage: edgemirror [OPTION…] COMMAND"},
                {"swim", "edgemirror: no command \"swim\"\nTry: edgemirror --help\n"},
                {"fl", "no command \"fl\""},
                /* N14 */
                {"flyy", "edgemirror: no command \"flyy\"; did you mean \"fly\"?\nTry: "},
                {"--json fly", "unrecognized option '--json'\nTry: edgemirror --help\n"},
                {"--frob", "edgemirror: unrecognized option '--frob'"},
                {"fly --offline",
                 "edgemirror: unrecognized option '--offline'\nTry: edgemirror fly --help\n"},
                {"sit --json",
                 "edgemirror: unrecognized option '--json'\nTry: edgemirror sit --help\n"},
                {"fly --json=yes", "doesn't allow an argument"},
                {"fly --count", "requires an argument"},
                {"fly -c", "requires an argument"},
                {"fly -x", "invalid option -- 'x'"},
                {"sit down", "edgemirror sit takes no arguments, and there is \"down\"\nTry: "
                             "edgemirror sit --help\n"},
                {"sit --offline down", "takes no arguments"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Parsed p;
                parse(cases[i].words, &p);
                assert_int_equal(p.result, ARGUMENTS_WRONG);
                if (!strstr(p.said, cases[i].said))
                        fail_msg("\"%s\" says: %s", cases[i].words, p.said);
        }
}

static void help_and_version_are_given_anywhere(void **state)
{
        (void)state;
        static const struct {
                const char *words, *said, *not_said;
        } cases[] = {
                {"-h", "  sit        sits\n", "With wings"},
                {"--help", "Exit status: 0 done", "With wings"},
                {"-h fly", "  fly        flies\n", "With wings"},
                {"fly -h", "Usage: edgemirror fly [OPTION…] [BIRD…]\n", "--offline"},
                {"sit --help", "\n\nNests are soft.\n", "With wings"},
                {"fly --help", "With wings.\n", "Nests"},
                {"fly kite --help", "      --count N ", "--offline"},
                {"fly --help", "With wings.\n", "Commands:"},
                {"fly --help", "  -c, --config FILE", "Commands:"},
                {"sit --help", "Usage: edgemirror sit [OPTION…]\n", "--json"},
                {"sit down --help", "      --offline ", "takes no"},
                {"-V", "edgemirror " EDGEMIRROR_VERSION "\n", "Usage"},
                {"fly --version", "edgemirror " EDGEMIRROR_VERSION "\n", "Usage"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Parsed p;
                parse(cases[i].words, &p);
                assert_int_equal(p.result, ARGUMENTS_DONE);
                if (!strstr(p.said, cases[i].said) || strstr(p.said, cases[i].not_said))
                        fail_msg("\"%s\" says: %s", cases[i].words, p.said);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_may_be_written),
                cmocka_unit_test(what_is_wrong_is_said),
                cmocka_unit_test(help_and_version_are_given_anywhere),
        };
        return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
