/*
 * check: is PostgreSQL what the service needs it to be?
 */
#pragma once

#include "base/limits.h"
#include "mirror/mirror.h"

#define MIRROR_CHECKS_MAX 24 /* two more than there are at once */
typedef struct MirrorCheck {
        const char *what;   /* "connection", "schema version", "privileges" … */
        bool is_note;       /* nothing is wrong, and somebody should read it */
        uint64_t took_usec; /* the question; 0: none was asked */
        char detail[LIMIT_FAULT_MESSAGE_BYTES]; /* what was found, or what to do */
        Fault fault; /* scope FAULT_NONE: it passed; else it decides the exit status */
} MirrorCheck;

typedef void (*MirrorCheckCallback)(const MirrorCheck *checks, size_t n_checks, void *userdata);

/* Connection (server version 13 or newer, encoding), every privilege that the service needs, schema
 * version, what is foreign in the schema, the catalog that it belongs to, how far its clock is from
 * this machine's, what is not there but not needed (passed, with a detail), and replication slots
 * that hold much of the write-ahead log back. */
int mirror_check(Mirror *m, MirrorCheckCallback callback, void *userdata, MirrorTask **ret);
