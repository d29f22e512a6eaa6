/*
 * progress: a line per running edge on a terminal, redrawn in place.
 *
 * At most a screenful; drawn at most a few times a second, whatever happens in between.
 */
#pragma once

#include "base/cleanup.h"
#include "sync/sync.h"
#include <systemd/sd-event.h>

typedef struct ProgressView ProgressView;

/* *ret is NULL when standard error is no terminal that can be drawn on: every function below takes
 * NULL and does nothing. Lines of the log make the drawing go away first; one view at a time. */
int progress_view_new(sd_event *event, ProgressView **ret);
ProgressView *progress_view_free(ProgressView *v);
DEFINE_CLEANUP(ProgressView, progress_view, progress_view_free)

typedef struct ProgressLine ProgressLine;
ProgressLine *progress_line_add(ProgressView *v, const char *name);
void progress_line_set(ProgressLine *l, const SyncProgress *progress);
ProgressLine *progress_line_remove(ProgressLine *l); /* returns NULL */

/* Wipes the lines before something else is written to the terminal; they are drawn again soon. */
void progress_view_clear(ProgressView *v);
