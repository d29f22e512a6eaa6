/*
 * cli: the table of commands; finds the one that is meant, reads its options, runs it.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "config/config.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const Command commands[] = {
        {"sync", "[EDGE…]", "one sync now of the named edges (all enabled ones without names), then exit", "jnda",
         "Triggers a refresh of each Edge connection, waits for its job, lists its database connections and applies the\n"
         "difference to the mirror. Edges run concurrently, at most max_syncs at a time.\n",
         true, command_sync},
        {"check", "", "validates the configuration, then the catalog, then PostgreSQL; a line each with what to do",
         "o", "Nothing is changed, in the catalog or in PostgreSQL.\n", false, command_check},
        {"migrate", "", "creates or upgrades the schema in PostgreSQL; safe to run again, and twice at once", "p",
         "The role needs CREATE on the database.\n", false, command_migrate},
        {"status", "[EDGE…]", "per edge: state, age of the mirror, rows, last outcome, next run", "j",
         "Reads the mirror only; the catalog is not asked.\n", true, command_status},
        {"schedule", "[EDGE…]", "the next firing times of each edge's schedule", "jcf",
         "Needs neither catalog nor database.\n", true, command_schedule},
};

static const struct {
        char letter;
        const char *name;
        bool has_argument;
        const char *help;
} options[] = {
        {'j', "json", false, "    --json             one JSON object per edge and line\n"},
        {'n', "no-refresh", false, "    --no-refresh       list only; trigger no refresh\n"},
        {'d', "dry-run", false, "    --dry-run          not yet: print what would change, write nothing\n"},
        {'a', "accept-removals", false,
         "    --accept-removals  not yet: let held removals through, each still proven\n"},
        {'o', "offline", false, "    --offline          stop after the configuration\n"},
        {'p', "print", false, "    --print            print the SQL instead of running it\n"},
        {'c', "count", true, "    --count N          how many firing times (default 5)\n"},
        {'f', "from", true, "    --from TIME        after this moment, ISO 8601 (default now)\n"},
};

static const char common_help[] = "  -c, --config FILE      the configuration (default " CONFIG_DEFAULT_FILE ")\n"
                                  "  -v, --verbose          more words on standard error\n"
                                  "  -q, --quiet            errors only\n"
                                  "  -h, --help             this text; after a command: that command's\n"
                                  "  -V, --version          the version\n";

static void print_help(FILE *out, const Command *command)
{
        if (!command) {
                fputs("edgemirror keeps a PostgreSQL mirror of the database connections that a Collibra catalog knows.\n\n"
                      "Usage: edgemirror [OPTION…] COMMAND [ARGUMENT…]\n\nCommands:\n",
                      out);
                for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
                fprintf(out,
                        "\nOptions:\n%s\nExit status: 0 done, 1 an edge failed, 2 wrong usage, 4 removals held, 69 catalog or database\n"
                        "unreachable, 77 credentials or privileges refused, 78 configuration invalid.\n",
                        common_help);
                return;
        }
        fprintf(out, "Usage: edgemirror %s [OPTION…] %s\n\n%s.\n%s\nOptions:\n", command->name, command->arguments,
                command->summary, command->help);
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (strchr(command->options, options[i].letter))
                        fputs(options[i].help, out);
        fputs(common_help, out);
}

static const Command *find_command(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (strcmp(commands[i].name, name) == 0)
                        return &commands[i];
        return NULL;
}

enum { LONG_FIRST = 256 };

/* Common options have their letter as value, the others LONG_FIRST and their index above. */
static size_t long_options(const Command *command, struct option out[])
{
        size_t n = 0;
        out[n++] = (struct option){"config", required_argument, NULL, 'c'};
        out[n++] = (struct option){"verbose", no_argument, NULL, 'v'};
        out[n++] = (struct option){"quiet", no_argument, NULL, 'q'};
        out[n++] = (struct option){"help", no_argument, NULL, 'h'};
        out[n++] = (struct option){"version", no_argument, NULL, 'V'};
        for (size_t i = 0; command && i < ARRAY_SIZE(options); i++)
                if (strchr(command->options, options[i].letter))
                        out[n++] = (struct option){options[i].name,
                                                   options[i].has_argument ? required_argument : no_argument, NULL,
                                                   LONG_FIRST + (int)i};
        out[n] = (struct option){0};
        return n;
}

static void set_option(CommandLine *line, char letter, const char *argument)
{
        switch (letter) {
        case 'j':
                line->json = true;
                break;
        case 'n':
                line->no_refresh = true;
                break;
        case 'd':
                line->dry_run = true;
                break;
        case 'a':
                line->accept_removals = true;
                break;
        case 'o':
                line->offline = true;
                break;
        case 'p':
                line->print = true;
                break;
        case 'c':
                line->count = argument;
                break;
        case 'f':
                line->from = argument;
                break;
        default:
                break;
        }
}

/* 0: go on; 1: said what was asked for, done; negative: wrong usage, said so. */
static int parse_options(const Command *command, int argc, char **argv, CommandLine *line, LogLevel *level)
{
        struct option known[ARRAY_SIZE(options) + 6];
        long_options(command, known);
        int c;
        /* "+": before the command, options end at it. */
        while ((c = getopt_long(argc, argv, command ? "c:vqhV" : "+c:vqhV", known, NULL)) != -1) {
                switch (c) {
                case 'c':
                        line->config_file = optarg;
                        break;
                case 'v':
                        *level = LOG_LEVEL_DEBUG;
                        break;
                case 'q':
                        *level = LOG_LEVEL_ERROR;
                        break;
                case 'h':
                        print_help(stdout, command);
                        return 1;
                case 'V':
                        puts("edgemirror " EDGEMIRROR_VERSION);
                        return 1;
                case '?':
                        fprintf(stderr, "Try: edgemirror %s%s--help\n", command ? command->name : "",
                                command ? " " : "");
                        return -EINVAL;
                default:
                        set_option(line, options[c - LONG_FIRST].letter, optarg);
                }
        }
        return 0;
}

/* No core with secrets in it, no debugger, no descriptor that others can read, no death by a closed pipe. */
static void harden_process(void)
{
        (void)umask(0077);
        (void)signal(SIGPIPE, SIG_IGN);
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
#ifndef EDGEMIRROR_SANITIZERS /* the leak check attaches to the process */
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int cli_main(int argc, char **argv)
{
        CommandLine line = {0};
        LogLevel level = LOG_LEVEL_INFO;
        harden_process();

        int r = parse_options(NULL, argc, argv, &line, &level);
        if (r != 0)
                return r > 0 ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
        if (optind >= argc) {
                print_help(stderr, NULL);
                return CLI_EXIT_USAGE;
        }
        const Command *command = find_command(argv[optind]);
        if (!command) {
                fprintf(stderr, "edgemirror: no command \"%s\"\nTry: edgemirror --help\n", argv[optind]);
                return CLI_EXIT_USAGE;
        }
        argc -= optind;
        argv += optind;
        optind = 0; /* start over behind the command; glibc re-initialises with 0 */
        r = parse_options(command, argc, argv, &line, &level);
        if (r != 0)
                return r > 0 ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
        line.names = argv + optind;
        if (line.names[0] && !command->takes_names) {
                fprintf(stderr, "edgemirror %s takes no arguments\n", command->name);
                return CLI_EXIT_USAGE;
        }
        log_open(level);
        r = command->run(&line);
        if (fflush(stdout) != 0 && r == CLI_EXIT_DONE && errno != EPIPE) {
                log_error("standard output could not be written: %s", strerrordesc_np(errno));
                r = CLI_EXIT_EDGE_FAILED;
        }
        return r;
}
