/*
 * migrate: brings the schema to the version that this program was built with.
 *
 * Migrations are the numbered files of sql/migrations, embedded at build. Each is applied in a transaction of its own under a transaction-level advisory
 * lock, and recorded in edgemirror.schema_version with its SHA-256 (computed by PostgreSQL). A recorded checksum that differs, a gap, or a version newer
 * than this program's is refused.
 */
#pragma once

#include "mirror/mirror.h"
#include <stdio.h>

#define MIRROR_SCHEMA_VERSION mirror_schema_version()
int mirror_schema_version(void);

typedef struct MigrateReport {
        int from_version; /* 0: there was no schema */
        int to_version;
        const char *notes; /* what an administrator still has to do, one line each, or "" */
} MigrateReport;

typedef void (*MigrateCallback)(const MigrateReport *report, const Fault *fault, void *userdata);

int mirror_migrate(Mirror *m, MigrateCallback callback, void *userdata, MirrorTask **ret);

/* The SQL of all migrations, in order, for psql in an empty database; it records them as mirror_migrate would. -EIO: the stream failed. */
int mirror_migrate_print(FILE *out);
