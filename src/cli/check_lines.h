/*
 * check_lines: the lines of `edgemirror check`: what is right or not, and what to do about it. For
 * each command that prints such.
 */
#pragma once

#include "cli/session.h"
#include "sync/discover.h"

typedef struct Checks {
        Session session;
        int status;         /* the gravest of the lines so far; an exit status */
        bool json;          /* an object a line, else for people */
        uint64_t took_usec; /* what the next line is about; 0: not known. Forgotten by it */
        bool is_first;      /* nobody has migrated or granted yet: what that does is a note */
        bool to_migrate, to_grant; /* it was noted */

        /* private */
        Discover *discover;
        DiscoverCallback on_found;
        void *userdata;
        uint64_t begun_usec;
        bool told_of_service;
} Checks;

/* Leaves the status. */
void checks_done(Checks *c);

/* "ok" with a detail, or, unless the fault has no scope, "FAILED" with what to do. */
void check_line(Checks *c, const char *what, const Fault *fault, const char *detail);

/* Not certainly wrong, but of use to whoever looks for a fault. */
void check_note(Checks *c, const char *what, const char *text);

/* It cannot be looked at, or need not be. */
void check_skip(Checks *c, const char *what, const char *why);

/* Proxies that are set in the environment, which are not used. */
void check_environment(Checks *c);

/* How much fits into temporary files: lists that are long wait there. */
void check_spool(Checks *c);

/* The files of the secrets, when nothing is opened that would read them; the client's certificate
 * among them. */
void check_secrets(Checks *c);

/* The address of a receiver, which nothing else opens. */
void check_webhook(Checks *c);

/* The client's certificate alone; reports: what cannot be used is reported by nobody else. */
void check_certificate(Checks *c, bool reports);

/* The token, if the catalog's side has one; whether it does. */
bool check_token(Checks *c);

/* Opens the catalog's side, unless it is open, and asks which Edge connections it shows: a line for
 * that, and on_found after it, when this has returned 0. Else an exit status, when nothing was
 * begun; it is said. */
int check_discovery(Checks *c, DiscoverCallback on_found, void *userdata);

/* Opens the mirror's side and asks PostgreSQL; ends the loop with the last line. */
void check_postgres(Checks *c);
