/*
 * apply: a list into the mirror of one edge, in one transaction; or the plan of it.
 */
#pragma once

#include "mirror/lease.h"
#include "mirror/spool.h"

/* What becomes of rows of the mirror that the list does not hold. */
typedef enum MirrorMissing {
        /* the list is not whole, and they are not asked for: that it does not hold them means
           nothing */
        MIRROR_MISSING_IGNORE,
        /* they stay, and are counted as held: the refresh was not clean */
        MIRROR_MISSING_HOLD,
        /* the same: there are too many of them */
        MIRROR_MISSING_GUARD,
        /* if there are any, nothing is applied: their ids are handed out, to be proven */
        MIRROR_MISSING_FIND,
        /* those that are proven gone, in as many syncs in a row and for as long as it takes, are
         * removed; until then, they stay and are pending; those that have moved to another edge are
         * left to the sync of that edge, or moved there when it has none; the others stay and are
         * held */
        MIRROR_MISSING_REMOVE,
} MirrorMissing;

/* What is to be applied. The spools are borrowed until the callback. */
typedef struct MirrorSnapshot {
        /* the list */
        Spool *rows;
        /* row by row, also when the digest says that nothing changed */
        bool compare;
        /* every row of the list was seen: one that could not be mirrored before and is not in it
         * has gone */
        bool to_the_end;
        MirrorMissing missing;
        Spool *found;    /* FIND: filled with the ids */
        Spool *verdicts; /* REMOVE: read */
        /* REMOVE: syncs in a row, this one included, that must have proven a row gone; 0 and 1:
         * this one is enough */
        unsigned confirm_removals;
        uint64_t removal_delay_usec; /* … the first of them so long before */
} MirrorSnapshot;

#define MIRROR_NAMES_BYTES 512
typedef struct MirrorApplied {
        int64_t listed; /* distinct rows, those that cannot be mirrored included */
        int64_t added, changed, removed, restored, unchanged;
        /* rows of the mirror that are missing from a complete list and stay */
        int64_t held;
        /* … and are proven gone, but not in enough syncs in a row or for long enough yet */
        int64_t pending;
        /* of those listed: rows that cannot be mirrored */
        int64_t rejected;
        /* present rows of the edge afterwards; 0 for a plan */
        int64_t row_count;
        /* of the changed: missing rows that went to an edge that nobody mirrors */
        int64_t moved;

        /* FIND: so many rows are missing, and nothing was applied; the counts above are 0 */
        int64_t found;
        int64_t present;                /* … of so many that the edge has */
        char names[MIRROR_NAMES_BYTES]; /* … a few of them, for a person */
} MirrorApplied;

typedef void (*MirrorApplyCallback)(const MirrorApplied *applied, const Fault *fault,
                                    void *userdata);

/* First one statement: a whole list whose digest is that of the mirror ends the run there, with
 * nothing written but the clocks and the journal; otherwise it notes phase `apply` and renews the
 * lease. Then one transaction: COPY the spool into a temporary table, apply the difference, move
 * the versions that ended into the past, lock the claim row and check the epoch, write edge and
 * run, release the lease, notify when something changed. The lease has to be renewed meanwhile. The
 * ending's outcome `synced` becomes `held` when rows are held. A result lost at COMMIT is read back
 * before the callback (so: no fault means committed, or rows found). Fault code "lease-lost" as
 * above. */
int mirror_apply(Mirror *m, const MirrorRun *run, const MirrorSnapshot *snapshot,
                 const MirrorEnding *ending, MirrorApplyCallback callback, void *userdata,
                 MirrorTask **ret);

/* One row of a plan. Texts are borrowed during the call; ids as text; NULL: there is none. */
/* In the order in which rows come. */
typedef enum MirrorPlanKind {
        MIRROR_PLAN_ADDED,
        MIRROR_PLAN_RESTORED,
        MIRROR_PLAN_CHANGED,
        MIRROR_PLAN_REMOVED,
        MIRROR_PLAN_PENDING,
        MIRROR_PLAN_HELD,
        MIRROR_PLAN_KINDS,
} MirrorPlanKind;

/* "added"; the words are those of the query. */
const char *mirror_plan_kind_name(MirrorPlanKind kind);

typedef struct MirrorPlanRow {
        MirrorPlanKind kind;
        const char *id;
        const char *name, *database_id; /* to be; NULL for removed, pending and held */
        const char *name_before, *database_id_before, *edge_before;
        /* another Edge connection, which nobody mirrors, that has it now; NULL: this one */
        const char *edge;
} MirrorPlanRow;

/* Called for each row; with NULL at the beginning, and again when the plan is made anew after a
 * fault: what was given before is to be forgotten. */
typedef void (*MirrorPlanCallback)(const MirrorPlanRow *row, void *userdata);

/* What mirror_apply would do, row by row, in a transaction that is read only and rolled back. Needs
 * no lease. The rows go to `plan`, the counts to `callback`. */
int mirror_plan(Mirror *m, const Uuid *edge, const MirrorSnapshot *snapshot,
                MirrorPlanCallback plan, MirrorApplyCallback callback, void *userdata,
                MirrorTask **ret);
