/*
 * mirror: the PostgreSQL side of a sync, and a task of it; each concern has a header of its own.
 *
 * Knows no HTTP. Every function that gives out a MirrorTask is one piece of work of pg.h,
 * statements from sql/queries. PostgreSQL's clock is the only wall clock.
 *
 * Asynchronous contract, of all headers of this directory: as in http.h; callbacks get a Fault that
 * is never NULL (scope FAULT_NONE: it went well). Arguments are copied unless the header says
 * otherwise. `ret` NULL: whoever frees the mirror cancels it.
 */
#pragma once

#include "base/fault.h"
#include <stdint.h>

/* Where the pool's statements look up what they do not qualify: in nothing that others may write
 * to. */
#define MIRROR_SEARCH_PATH "pg_catalog, edgemirror, pg_temp"

typedef struct PgPool PgPool;
typedef struct Mirror Mirror;
typedef struct MirrorTask MirrorTask;

/* Borrows the pool and the instance name. */
int mirror_new(PgPool *pool, const char *instance, uint64_t lease_usec, Mirror **ret);

/* The catalog whose mirror this is, by its address; borrowed. A database that belongs to another
 * one is refused by whatever is for one catalog alone, with fault code
 * "other-catalog". Not called: any will do (tests). */
void mirror_set_catalog(Mirror *mirror, const char *url);

/* Cancels its tasks. NULL is fine. Returns NULL. */
Mirror *mirror_free(Mirror *mirror);
DEFINE_CLEANUP(Mirror, mirror, mirror_free)

/* Whether it took effect is then unknown. NULL is fine. Returns NULL. */
MirrorTask *mirror_cancel(MirrorTask *task);

typedef void (*MirrorCallback)(const Fault *fault, void *userdata);

/* Of the schema that this program needs: the number of the last of sql/migrations. */
int mirror_schema_version(void);
