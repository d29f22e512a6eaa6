/*
 * The completions, as a person uses them: a real shell on a terminal, a few letters, Tab. What was
 * completed is then run, and only the whole line has that answer.
 */
#include "harness/program.h"
#include "harness/terminal.h"
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/edgemirror-completion-XXXXXX";
static HarnessTerminal terminal;

/* The second name is only there to be told from the first; its own needs quotes in every shell. */
static const char configuration[] =
        "[catalog]\nurl = http://127.0.0.1:9\nauth = basic\nusername = svc\npassword_file = /none\n"
        "[postgres]\nconninfo = host=/none\n"
        "[edge \"oracle (the 1st) $HOME prod\"]\nid = 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11\n"
        "[edge \"oracle-other\"]\nid = 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c12\n"
        "[edge \"db:one\"]\nid = 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c13\n"
        "[edge \"db:two: (b)\"]\nid = 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c14\n";

static bool is_there(const char *shell)
{
        char command[64];
        (void)snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
        return system(command) == 0; /* NOLINT(cert-env33-c): a word of this file */
}

static const char *source_of(const char *name, char out[PATH_MAX])
{
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/completions/%s", getenv("top_srcdir"), name);
        assert_non_null(realpath(path, out));
        return out;
}

static void start(const char *shell, const char *const *arguments)
{
        char program[512], path[PATH_MAX];
        harness_built("edgemirror", program);
        (void)snprintf(path, sizeof(path), "%s:%s", dirname(program), getenv("PATH"));
        const char *const environment[] = {
                "PATH",          path,   "HOME", folder, "XDG_CONFIG_HOME", folder,
                "XDG_DATA_HOME", folder, NULL};
        harness_terminal_start_other(&terminal, shell, 24, environment, arguments);
}

static size_t type(size_t from, const char *keys, const char *then)
{
        harness_terminal_type(&terminal, keys);
        return harness_terminal_await(&terminal, from, then);
}

/* Each line is right only if everything in it was completed: the command, its option, the edge of
 * the configuration that was named, a method, a file. */
static void complete(size_t at)
{
        char keys[PATH_MAX];
        (void)snprintf(keys, sizeof(keys), "cd %s\r", folder);
        harness_terminal_type(&terminal, keys);
        at = type(at, "edgemirror --conf\tedges.c\t sched\t--js\toracle\\ \t\r",
                  "{\"edge\":\"oracle (the 1st) $HOME prod\",\"schedule\":");
        at = type(at, "edgemirror -c edges.conf sched\t--js\toracle-\t--cou\t 1\r",
                  "{\"edge\":\"oracle-other\",\"schedule\":");
        at = type(at, "edgemirror --config=edges.c\t sched\t --js\toracle-\t\r",
                  "{\"edge\":\"oracle-other\",\"schedule\":");
        at = type(at, "edgemirror -cedges.conf sched\t --js\toracle-\t --cou\t 1\r",
                  "{\"edge\":\"oracle-other\",\"schedule\":");
        at = type(at,
                  "edgemirror init --out\t new.conf --au\tbea\t--secret-f\t edges.c\t--ur\t x "
                  "--postgres x </dev/null\r",
                  "token_file: not the name of a file");
        harness_terminal_type(&terminal, "exit\r");
        (void)harness_terminal_wait(&terminal);
}

static int teardown(void **state)
{
        (void)state;
        harness_terminal_done(&terminal);
        return 0;
}

static void bash_completes(void **state)
{
        (void)state;
        char path[PATH_MAX], keys[PATH_MAX + 32];
        start("bash", (const char *const[]){"--norc", "--noprofile", "-i", NULL});
        (void)snprintf(keys, sizeof(keys), ". %s; echo rea\"\"dy\r", source_of("edgemirror", path));
        size_t at = type(0, keys, "ready");
        /* where bash ends words */
        (void)snprintf(keys, sizeof(keys), "cd %s\r", folder);
        harness_terminal_type(&terminal, keys);
        at = type(at, "edgemirror --config=edges.c\t sched\t --js\tdb:tw\t\r",
                  "{\"edge\":\"db:two: (b)\",\"schedule\":");
        at = type(at, "edgemirror --config=edges.conf sched\t --js\tdb:two:\t\r",
                  "{\"edge\":\"db:two: (b)\",\"schedule\":");
        /* what the shell would make of a file's name */
        static const char *const names[] = {
                "~/edges.conf",          "$HOME/edges.conf",
                "${HOME}/edges.conf",    "\"$HOME/edges.conf\"",
                "'edges.conf'",          "'of two words.conf'",
                "of\\ two\\ words.conf", "--config=\"of two words.conf\"",
                "-c$HOME/edges.conf"};
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)snprintf(keys, sizeof(keys),
                               "edgemirror %s%s schedule --js\toracle-\t --cou\t 1\r",
                               names[i][0] == '-' ? "" : "-c ", names[i]);
                at = type(at, keys, "{\"edge\":\"oracle-other\",\"schedule\":");
        }
        /* nothing in it is run */
        at = type(at, "edgemirror -c \"$(touch ran)\" schedule oracle-\t\025ls ran\r",
                  "cannot access");
        complete(at);
}

static void fish_completes(void **state)
{
        (void)state;
        char path[PATH_MAX], keys[PATH_MAX + 32];
        start("fish", (const char *const[]){"--no-config", "-i", NULL});
        (void)snprintf(keys, sizeof(keys), "source %s; echo rea\"\"dy\r",
                       source_of("edgemirror.fish", path));
        complete(type(0, keys, "ready"));
}

static void zsh_completes(void **state)
{
        (void)state;
        char path[PATH_MAX], keys[PATH_MAX + 128];
        start("zsh", (const char *const[]){"-f", "-i", NULL});
        (void)source_of("_edgemirror", path);
        (void)snprintf(keys, sizeof(keys),
                       "fpath=(%s $fpath); autoload -Uz compinit; compinit -u -D; echo rea\"\"dy\r",
                       dirname(path));
        complete(type(0, keys, "ready"));
}

static int setup_group(void **state)
{
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        harness_write(folder, "edges.conf", configuration);
        harness_write(folder, "of two words.conf", configuration);
        return 0;
}

static int teardown_group(void **state)
{
        char command[PATH_MAX];
        (void)state;
        (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
        return system(command); /* NOLINT(cert-env33-c) */
}

int main(void)
{
        const struct CMUnitTest all[] = {
                cmocka_unit_test_teardown(bash_completes, teardown),
                cmocka_unit_test_teardown(fish_completes, teardown),
                cmocka_unit_test_teardown(zsh_completes, teardown),
        };
        static const char *const shells[] = {"bash", "fish", "zsh"};
        struct CMUnitTest tests[3];
        size_t n = 0;
        for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
                if (is_there(shells[i]))
                        tests[n++] = all[i];
                else
                        print_message("# not tried: %s is not installed\n", shells[i]);
        }
        return n == 0 ? harness_skip_all("no bash, fish or zsh here")
                      : _cmocka_run_group_tests("completion", tests, n, setup_group,
                                                teardown_group);
}
