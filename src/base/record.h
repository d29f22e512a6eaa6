/*
 * record: the row that the catalog lists and the mirror keeps.
 *
 * In the lowest layer because the catalog and the mirror both use it and neither knows the other.
 * Shape: schema DatabaseConnection of the Catalog Database Registration API 1.6.0.
 */
#pragma once

#include "base/uuid.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct DatabaseConnection {
        Uuid id;
        Uuid edge_connection_id;
        const char *name; /* borrowed; valid UTF-8 without NUL, at most LIMIT_NAME_MAX_BYTES */
        size_t name_size;
        bool has_database; /* a Database asset is linked: the database is registered */
        Uuid database_id;  /* meaningful when has_database */
        /* why it cannot be mirrored, a constant; NULL: it can. Then `name` is the row as it was
         * received, at most LIMIT_REJECTED_BYTES of it */
        const char *rejected;
        /* rejected, and its id cannot be read: `id` is made from what was received */
        bool anonymous;
} DatabaseConnection;

/* A job as far as the program decides by it. */
#define JOB_WORD_BYTES 32
typedef struct JobStatus {
        Uuid id;
        char state[JOB_WORD_BYTES];  /* as sent: WAITING, RUNNING, COMPLETED, …; "" when absent */
        char result[JOB_WORD_BYTES]; /* SUCCESS, FAILURE, …; "" when absent */
        double progress;             /* percent; negative: unknown */
} JobStatus;

/* What the jobs of our refreshes have in common, as text_printable has it; "": not told. */
#define JOB_KIND_BYTES 96
typedef struct JobKind {
        char type[JOB_KIND_BYTES];
        char user[JOB_KIND_BYTES]; /* who began it */
} JobKind;
