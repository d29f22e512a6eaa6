/*
 * pauses: connections that wait for a moment before they go on.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Pause Pause;
struct Pause {
        struct MHD_Connection *connection; /* NULL: not pausing */
        uint64_t due_usec;
        Pause *previous, *next;
};

typedef struct Pauses {
        Pause *first;
        bool closed; /* nothing pauses any more: the server stops */
} Pauses;

/* Suspends the connection until `due_usec` (monotonic); `pause` stays in place until then. False:
 * it does not pause, go on. */
bool pauses_add(Pauses *pauses, Pause *pause, struct MHD_Connection *connection, uint64_t due_usec);

/* Resumes what is due; the server must run the daemon afterwards. */
void pauses_resume_due(Pauses *pauses, uint64_t now_usec);
/* All of them are due now. */
void pauses_release(Pauses *pauses);

uint64_t pauses_next_due(const Pauses *pauses); /* UINT64_MAX: none */
