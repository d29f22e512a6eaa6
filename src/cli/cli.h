/*
 * cli: the commands that a person or systemd starts.
 *
 * Exit status: 0 done; 1 at least one edge failed or was unstable; 2 wrong usage; 4 removals held;
 * 69 catalog or database unreachable; 77 credentials or privileges refused; 78 configuration
 * invalid.
 */
#pragma once

enum {
        CLI_EXIT_DONE = 0,
        CLI_EXIT_EDGE_FAILED = 1,
        CLI_EXIT_USAGE = 2,
        CLI_EXIT_HELD = 4,
        CLI_EXIT_UNREACHABLE = 69,
        CLI_EXIT_REFUSED = 77,
        CLI_EXIT_CONFIG = 78,
};

/* Says, as log_error does, what is wrong with the call of a command; gives that exit status. */
#define cli_wrong_usage(...) (log_error(__VA_ARGS__), CLI_EXIT_USAGE)

int cli_main(int argc, char **argv);
