/*
 * forty_days: the history of a mirror, told through mirror.h: what reports are asked about happens
 * in it, on known days.
 *
 * Every edge is synced once a day, from forty days ago until now; forty_days.c has the table of
 * what changed in the catalog and what went wrong. After each day all times in the schema are moved
 * back by one. It is noon in the time zone of the database, so that "today" and "a week ago" mean
 * the same whenever the test is run. Nothing happens a day, a week, 30 or 90 days ago: these are
 * the bounds that reports ask for.
 */
#pragma once

#include "integration/mirror_bench.h"

/* Like mirror_bench_start, but with edges of its own. Ended by bench_stop. */
void forty_days_start(MirrorBench *b);

/* The rows that a query gives, joined by "|", their columns by a space, as `user`. Times and dates
 * are written as days ago ("3d"), intervals as whole days, ids by their number, nothing for null:
 * so that they can be compared with a text. Owned by the
 * caller. */
char *forty_days_ask(const MirrorBench *b, const char *user, const char *sql);

/* A statement that gives no rows. */
void forty_days_run(const MirrorBench *b, const char *user, const char *sql);
