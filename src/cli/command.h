/*
 * command: one entry of the table of commands, and what the command line gave it.
 */
#pragma once

#include "base/log.h"
#include <stdbool.h>
#include <stdio.h>

typedef struct CommandLine {
        const char *config_file; /* NULL: the default */
        LogLevel level;
        bool json, offline, print, no_refresh, full, dry_run, accept_removals, watch, check, wait,
                yes, forget, show;
        const char *count, *from, *grants; /* NULL: not given */
        /* of init */
        const char *url, *auth, *username, *client_id, *secret_file, *token_url, *scope, *ca_file,
                *cert_file, *key_file, *proxy, *proxy_username, *proxy_password_file, *postgres,
                *postgres_password_file, *output;
        char **names; /* the rest, NULL-terminated */
} CommandLine;

typedef struct Command {
        const char *name;
        const char *arguments;
        const char *summary;
        const char *options; /* letters of the long options that it takes: table in arguments.c */
        const char *help;
        bool takes_names;
        int (*run)(const CommandLine *line); /* returns the exit status */
        int (*print_more_help)(FILE *out);   /* NULL: the help above is all */
} Command;

int command_check(const CommandLine *line);
int command_discover(const CommandLine *line);
int command_init(const CommandLine *line);
int command_migrate(const CommandLine *line);
int command_retire(const CommandLine *line);
int command_run(const CommandLine *line);
int command_schedule(const CommandLine *line);
int command_status(const CommandLine *line);
int command_sync(const CommandLine *line);
int command_verify(const CommandLine *line);
