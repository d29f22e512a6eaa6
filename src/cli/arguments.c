/*
 * arguments: one table of options; each command names the letters of those that it takes. Parsing
 * and help come from it.
 */
#include "cli/arguments.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "config/config.h"
#include <getopt.h>
#include <string.h>

typedef struct OptionRow {
        char letter; /* in Command.options */
        const char *name;
        const char *value; /* what --help calls it; NULL: it takes none */
        size_t offset;     /* in CommandLine: a bool, or a const char * when it takes a value */
        const char *help;
} OptionRow;

enum { OPTION_LABEL_BYTES = 48 };

#define FIELD(name) offsetof(CommandLine, name)

static const OptionRow options[] = {
        {'j', "json", NULL, FIELD(json), "one JSON object per edge and line"},
        {'n', "no-refresh", NULL, FIELD(no_refresh), "list only; trigger no refresh"},
        {'u', "full", NULL, FIELD(full), "compare row by row; repairs what was altered by hand"},
        {'d', "dry-run", NULL, FIELD(dry_run),
         "print what would change; write nothing, refresh nothing"},
        {'a', "accept-removals", NULL, FIELD(accept_removals),
         "let held removals through, each still proven"},
        {'w', "watch", NULL, FIELD(watch),
         "on a terminal: again every two seconds, what needs a look first"},
        {'k', "check", NULL, FIELD(check),
         "one line for monitoring; exit status 0 only when all is well"},
        {'W', "wait", NULL, FIELD(wait),
         "wait for a sync of the edge that is under way, then begin"},
        {'o', "offline", NULL, FIELD(offline),
         "stop after the configuration and its files of secrets"},
        {'H', "show", NULL, FIELD(show),
         "print the configuration in effect, and where each value comes from; check nothing else"},
        {'p', "print", NULL, FIELD(print), "print the SQL instead of running it"},
        {'y', "yes", NULL, FIELD(yes), "do not ask"},
        {'F', "forget", NULL, FIELD(forget),
         "delete the edges, their rows, their history and their runs"},
        {'g', "grants", "ROLE", FIELD(grants),
         "print what to grant to ROLE so that it can be the service's; runs nothing"},
        {'c', "count", "N", FIELD(count), "how many firing times (default 5)"},
        {'f', "from", "TIME", FIELD(from), "those after this time, ISO 8601 (default now)"},
        {'O', "output", "FILE", FIELD(output),
         "the file to write (default: that of --config); never one that is there"},
        {'U', "url", "URL", FIELD(url), "address of the catalog"},
        {'A', "auth", "METHOD", FIELD(auth), "basic, bearer or oauth2"},
        {'N', "username", "NAME", FIELD(username), "basic: the user"},
        {'C', "client-id", "ID", FIELD(client_id), "oauth2: the client"},
        {'S', "secret-file", "FILE", FIELD(secret_file),
         "what holds the password, the token or the client's secret"},
        {'T', "token-url", "URL", FIELD(token_url), "oauth2: where tokens are asked for"},
        {'s', "scope", "SCOPE", FIELD(scope), "oauth2: the scope that is asked for"},
        {'b', "ca-file", "FILE", FIELD(ca_file), "certificates that are trusted (PEM)"},
        {'e', "cert-file", "FILE", FIELD(cert_file), "the client's certificate"},
        {'K', "key-file", "FILE", FIELD(key_file), "its private key"},
        {'x', "proxy", "URL", FIELD(proxy), "the proxy on the way to the catalog"},
        {'X', "proxy-username", "NAME", FIELD(proxy_username), "the proxy's user"},
        {'Y', "proxy-password-file", "FILE", FIELD(proxy_password_file),
         "what holds the password of that user"},
        {'P', "postgres", "CONNINFO", FIELD(postgres), "the database that holds the mirror"},
        {'Q', "postgres-password-file", "FILE", FIELD(postgres_password_file),
         "what holds the password for it, if it asks for one"},
};

static const char common_help[] =
        "  -c, --config FILE      the configuration (default " CONFIG_DEFAULT_FILE ")\n"
        "  -v, --verbose          more messages on standard error\n"
        "  -q, --quiet            errors only\n"
        "  -h, --help             this text; after a command: that command's\n"
        "  -V, --version          the version\n";

static void option_format(const OptionRow *option, char out[static OPTION_LABEL_BYTES])
{
        (void)snprintf(out, OPTION_LABEL_BYTES, "--%s%s%s", option->name, option->value ? " " : "",
                       option->value ? option->value : "");
}

static void print_options(FILE *out, const Command *command)
{
        char label[OPTION_LABEL_BYTES];
        size_t width = 18; /* of the common ones below */
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                option_format(&options[i], label);
                if (strchr(command->options, options[i].letter) && strlen(label) > width)
                        width = strlen(label);
        }
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                option_format(&options[i], label);
                if (strchr(command->options, options[i].letter))
                        fprintf(out, "      %-*s %s\n", (int)width, label, options[i].help);
        }
}

/* `command` NULL: the list of commands. */
static void print_help(FILE *out, const Command *commands, size_t n_commands,
                       const Command *command)
{
        if (!command) {
                fputs("edgemirror keeps a PostgreSQL mirror of the database connections that a "
                      "Collibra catalog knows.\n\n"
                      "Usage: edgemirror [OPTION…] COMMAND [ARGUMENT…]\n\nCommands:\n",
                      out);
                for (size_t i = 0; i < n_commands; i++)
                        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
                fprintf(out,
                        "\nOptions:\n%s\nExit status: 0 done, 1 an edge failed or was unstable, 2 "
                        "wrong usage, 4 removals held, 69 catalog\n"
                        "or database unreachable, 77 credentials or privileges refused, 78 "
                        "configuration invalid.\n"
                        "Manual: man edgemirror; of the configuration: man edgemirror.conf; for "
                        "reports: man edgemirror-sql\n",
                        common_help);
                return;
        }
        fprintf(out, "Usage: edgemirror %s [OPTION…]%s%s\n\n%s.\n%s\nOptions:\n", command->name,
                command->arguments[0] ? " " : "", command->arguments, command->summary,
                command->help);
        print_options(out, command);
        fprintf(out, "%s\nManual: man edgemirror-%s\n", common_help, command->name);
        if (command->print_more_help) {
                fputc('\n', out);
                (void)command->print_more_help(out);
        }
}

enum { LONG_FIRST = 256, COMMON_OPTIONS = 5 };

/* Common options have their letter as value, the others LONG_FIRST and their index above. */
static void long_options(const Command *command,
                         struct option out[static ARRAY_SIZE(options) + COMMON_OPTIONS + 1])
{
        size_t n = 0;
        out[n++] = (struct option){"config", required_argument, NULL, 'c'};
        out[n++] = (struct option){"verbose", no_argument, NULL, 'v'};
        out[n++] = (struct option){"quiet", no_argument, NULL, 'q'};
        out[n++] = (struct option){"help", no_argument, NULL, 'h'};
        out[n++] = (struct option){"version", no_argument, NULL, 'V'};
        for (size_t i = 0; command && i < ARRAY_SIZE(options); i++)
                if (strchr(command->options, options[i].letter))
                        out[n++] = (struct option){
                                options[i].name, options[i].value ? required_argument : no_argument,
                                NULL, LONG_FIRST + (int)i};
        out[n] = (struct option){0};
}

static void set_option(CommandLine *line, const OptionRow *option, const char *value)
{
        char *field = (char *)line + option->offset;
        if (option->value)
                memcpy(field, &value, sizeof(value));
        else
                memcpy(field, &(bool){true}, sizeof(bool));
}

/* The options before the command (`command` NULL), or those after it. */
static ArgumentsResult parse_options(const Command *commands, size_t n_commands,
                                     const Command *command, int argc, char **argv,
                                     CommandLine *line)
{
        struct option known[ARRAY_SIZE(options) + COMMON_OPTIONS + 1];
        int c;
        long_options(command, known);
        optind = 0; /* glibc: start over */
        /* "+": before the command, options end at it. */
        while ((c = getopt_long(argc, argv, command ? "c:vqhV" : "+c:vqhV", known, NULL)) != -1) {
                switch (c) {
                case 'c':
                        line->config_file = optarg;
                        break;
                case 'v':
                        line->level = LOG_LEVEL_DEBUG;
                        break;
                case 'q':
                        line->level = LOG_LEVEL_ERROR;
                        break;
                case 'h':
                        print_help(stdout, commands, n_commands, command);
                        return ARGUMENTS_DONE;
                case 'V':
                        puts("edgemirror " EDGEMIRROR_VERSION);
                        return ARGUMENTS_DONE;
                case '?':
                        fprintf(stderr, "Try: edgemirror %s%s--help\n",
                                command ? command->name : "", command ? " " : "");
                        return ARGUMENTS_WRONG;
                default:
                        set_option(line, &options[c - LONG_FIRST], optarg);
                }
        }
        return ARGUMENTS_RUN;
}

static const Command *find_command(const Command *commands, size_t n_commands, const char *name)
{
        for (size_t i = 0; i < n_commands; i++)
                if (strcmp(commands[i].name, name) == 0)
                        return &commands[i];
        return NULL;
}

/* The command that was most likely meant; NULL: none is close. */
static const char *suggest_command(const Command *commands, size_t n_commands, const char *word)
{
        /* they are short, and differ in little */
        unsigned best = (unsigned)(strlen(word) + 1) / 3 + 1;
        const char *name = NULL;
        for (size_t i = 0; i < n_commands; i++) {
                unsigned distance = text_distance(word, commands[i].name);
                if (distance < best) {
                        best = distance;
                        name = commands[i].name;
                }
        }
        return name;
}

ArgumentsResult arguments_parse(const Command *commands, size_t n_commands, int argc, char **argv,
                                CommandLine *ret, const Command **ret_command)
{
        CommandLine line = {.level = LOG_LEVEL_INFO};
        ArgumentsResult r = parse_options(commands, n_commands, NULL, argc, argv, &line);
        if (r != ARGUMENTS_RUN)
                return r;
        if (optind >= argc) {
                print_help(stderr, commands, n_commands, NULL);
                return ARGUMENTS_WRONG;
        }
        const Command *command = find_command(commands, n_commands, argv[optind]);
        if (!command) {
                const char *meant = suggest_command(commands, n_commands, argv[optind]);
                fprintf(stderr, "edgemirror: no command \"%s\"%s%s%s\nTry: edgemirror --help\n",
                        argv[optind], meant ? "; did you mean \"" : "", meant ? meant : "",
                        meant ? "\"?" : "");
                return ARGUMENTS_WRONG;
        }
        argv[optind] = argv[0]; /* getopt's messages begin with it */
        argc -= optind;
        argv += optind;
        r = parse_options(commands, n_commands, command, argc, argv, &line);
        if (r != ARGUMENTS_RUN)
                return r;
        line.names = argv + optind;
        if (line.names[0] && !command->takes_names) {
                fprintf(stderr,
                        "edgemirror %s takes no arguments, and there is \"%s\"\nTry: edgemirror %s "
                        "--help\n",
                        command->name, line.names[0], command->name);
                return ARGUMENTS_WRONG;
        }
        *ret = line;
        *ret_command = command;
        return ARGUMENTS_RUN;
}
