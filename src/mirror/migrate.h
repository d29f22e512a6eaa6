/*
 * migrate: brings the schema to the version that this program was built with.
 *
 * Migrations are the numbered files of sql/migrations, embedded at build. Each is applied in a
 * transaction of its own under a transaction-level advisory lock, and recorded in
 * edgemirror.schema_version with its SHA-256 (computed by PostgreSQL). All leases end with it, so
 * that a run of the version before publishes nothing any more. A recorded checksum that
 * differs, a gap, or a version newer than this program's is refused; so is a schema in which
 * something belongs to somebody else ("schema-foreign"): it is named, and nothing of it was read,
 * written or called. The publication and the role for readers are made where the role may; the
 * report says what is left to an administrator.
 */
#pragma once

#include "mirror/mirror.h"
#include <stdio.h>

/* Texts are borrowed during the callback. */
typedef struct MigrateReport {
        const char *database;
        const char *server; /* its address; "": on this host */
        int from_version;   /* 0: there was no schema */
        int to_version;
        /* what an administrator still has to do, a paragraph each, or "" */
        const char *notes;
} MigrateReport;

typedef void (*MigrateCallback)(const MigrateReport *report, const Fault *fault, void *userdata);

int mirror_migrate(Mirror *m, MigrateCallback callback, void *userdata, MirrorTask **ret);

/* SQL that does in one transaction what mirror_migrate would: each migration where it is not
 * recorded. -EIO: the stream failed. */
int mirror_migrate_print(FILE *out);
