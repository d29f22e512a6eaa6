/*
 * arguments: the command line, from words to a CommandLine. Says what is wrong, and the help that
 * was asked for; runs nothing.
 */
#pragma once

#include "cli/command.h"
#include <stddef.h>
#include <stdio.h>

typedef enum ArgumentsResult {
        ARGUMENTS_RUN,   /* *ret_command is to be run */
        ARGUMENTS_DONE,  /* help or version was asked for and printed */
        ARGUMENTS_WRONG, /* said so on standard error */
} ArgumentsResult;

/* Reads "edgemirror [OPTION…] COMMAND [OPTION…] [ARGUMENT…]"; common options may stand on both
 * sides of the command. argv is permuted as getopt does, and *ret points into it. */
ArgumentsResult arguments_parse(const Command *commands, size_t n_commands, int argc, char **argv,
                                CommandLine *ret, const Command **ret_command);
