/*
 * command: one entry of the table of commands, and what the command line gave it.
 */
#pragma once

#include <getopt.h>
#include <stdbool.h>

typedef struct CommandLine {
        const char *config_file; /* NULL: the default */
        bool json, offline, print, no_refresh, dry_run, accept_removals, watch;
        const char *count, *from;
        char **names; /* the rest, NULL-terminated */
} CommandLine;

typedef struct Command {
        const char *name;
        const char *arguments;
        const char *summary;
        const char *options; /* letters of the long options below that it takes */
        const char *help;
        bool takes_names;
        int (*run)(const CommandLine *line);
} Command;

int command_check(const CommandLine *line);
int command_migrate(const CommandLine *line);
int command_schedule(const CommandLine *line);
int command_status(const CommandLine *line);
int command_sync(const CommandLine *line);
