/*
 * observe: the mirror in figures, for whoever watches it. Equal on all instances.
 */
#pragma once

#include "mirror/mirror.h"

/* One figure of the mirror as a whole, by the names of base/metric.h; NAN: there is none. */
typedef struct MirrorFigure {
        const char *metric, *label;
        double value;
} MirrorFigure;

/* Of an enabled edge. Seconds since 1970 by PostgreSQL's clock, or NAN: never; rows: NAN: never
 * listed. */
typedef struct MirrorEdgeFigures {
        const char *name;
        double listed_sec, refreshed_sec, rows, failures;
} MirrorEdgeFigures;

/* Texts are borrowed during the call. `edge` is called in order of name, and for no edge at all
 * when there are more than `edges_max`. `done` comes last: with a fault, what was given before is
 * not whole. */
typedef struct MirrorObserver {
        void (*figure)(const MirrorFigure *figure, void *userdata);
        void (*edge)(const MirrorEdgeFigures *edge, void *userdata);
        void (*done)(const Fault *fault, void *userdata);
} MirrorObserver;

/* One transaction that only reads. It counts all present rows that are not registered: of two
 * million rows that is some tenths of a second for PostgreSQL. */
int mirror_observe(Mirror *m, int64_t edges_max, const MirrorObserver *observer, void *userdata,
                   MirrorTask **ret);
