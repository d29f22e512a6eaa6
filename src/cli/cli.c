/*
 * cli: finds the command and runs it.
 */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>

int cli_main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                puts("edgemirror " EDGEMIRROR_VERSION);
                return CLI_EXIT_DONE;
        }
        fputs("usage: edgemirror --version\n", stderr);
        return CLI_EXIT_USAGE;
}
