/*
 * session: what a command works with: the configuration, the loop, the catalog, PostgreSQL.
 *
 * A session is opened as far as a command needs it. Whatever fails is reported on standard error,
 * and the exit status comes back.
 */
#pragma once

#include "cli/asked_names.h"
#include "cli/command.h"
#include "cli/discovered_edges.h"
#include "peers/peers.h"
#include <systemd/sd-event.h>

typedef struct Session {
        const char *command; /* before its messages; NULL: nothing */
        /* set before the mirror is opened: a server that takes no writes will do */
        bool only_reads;
        /* set before it is loaded: a configuration without a section of an edge will do */
        bool edges_optional;
        /* set before it is loaded: the environment is a unit's, not of who reads the messages */
        bool is_service;
        /* set before it is opened: the configuration is of answers, not of files and variables */
        bool from_answers;
        bool lacks_credential; /* systemd has passed none of a name that was needed */
        Config *config;
        const char *config_file; /* of session_load */
        sd_event *event;
        Peers *peers;
        AskedNames asked; /* of a command that reads the mirror */
        int status;       /* what the loop was ended with */
} Session;

/* Loads and validates the configuration (NULL: the default file); prints every error. 0 or
 * CLI_EXIT_CONFIG; CLI_EXIT_EDGE_FAILED where the system is short of memory or descriptors: the
 * configuration may be right. */
int session_load(Session *s, const char *config_file);

/* The same from what config_load has returned. */
int session_loaded(int r, const Text *errors);

/* Logs, for a command that spools rows, where they are not kept where $TMPDIR says. */
void session_log_spool(void);

typedef enum SessionPeer { SESSION_MIRROR, SESSION_CATALOG } SessionPeer;

/* Opens the loop, and this side; where both are needed, PostgreSQL's is first. 0 or an exit status.
 * Secrets are read here. */
int session_open(Session *s, SessionPeer peer);

/* The same, without a message: the fault has the reason. */
int session_try(Session *s, SessionPeer peer, Fault *ret_fault);

/* Where a credential was lacking, tells after the faults how a command by hand gets it. */
void session_advise(const Session *s);

/* session_load, unless that was done, and session_open, for a command that reads the mirror,
 * with the edges that it was asked about. */
int session_open_reading(Session *s, const CommandLine *line);

/* Ends the loop, with the exit status of the command; with that of a fault, which is said. */
void session_end(Session *s, int status);
void session_fail(Session *s, const Fault *fault);

/* `r`: of what was to be begun. 0, or says why it was not (a negative errno) and gives the exit
 * status. */
int session_begun(const Session *s, int r);

/* With 0, runs the loop until a callback ends it. Releases the session. The exit status: that, or
 * what the loop was ended with; 1, and a message, when the loop itself failed: nothing of what was
 * asked is known then. */
int session_finish(Session *s, int status);
int session_loop(Session *s); /* the same, and releases nothing */

/* Says the fault, and gives the exit status: 78 for a file that the configuration names and that
 * cannot be used. */
int session_failed(const Fault *fault);

void session_done(Session *s);

/* Of a mirror without edges: which command registers some. */
void session_say_no_edges(const Session *s);

/* The edges that the arguments name (by name or id; all enabled ones without arguments), of the
 * configuration and of `discovered`, NULL-terminated. Unknown names are printed: CLI_EXIT_USAGE.
 * The caller frees the array, which borrows from both. */
int session_pick_edges(const Session *s, const DiscoveredEdges *discovered, char *const *names,
                       const ConfigEdge ***ret, size_t *ret_n);

/* 69 or 77 for a fault of a peer, 1 for others, 0 for none. */
int fault_exit_status(const Fault *fault);

/* The graver of two exit statuses: 78, 2, 77, 69, 1, 4, 0. */
int exit_status_worse(int a, int b);
