/*
 * edge_state: the states of an edge (freshness.state), and what a person does about each.
 */
#pragma once

#include "base/text.h"

typedef enum EdgeLevel { EDGE_WELL, EDGE_ATTENTION, EDGE_TROUBLE, EDGE_OFF, EDGE_LEVELS } EdgeLevel;

/* "well", "attention", "trouble", "disabled": what a page filters by and the stylesheet calls it.
 */
extern const char *const edge_level_names[EDGE_LEVELS];

typedef struct EdgeState {
        const char *word;  /* as the view has it */
        const char *label; /* for people */
        EdgeLevel level;
        const char *meaning; /* a sentence */
        /* What to do; what stands in backquotes is a command, "%s" in it the edge. */
        const char *advice;
} EdgeState;

/* By the state and the last refresh, which may be NULL. Another word than the view's is taken for
 * trouble. */
const EdgeState *edge_state_find(const char *word, const char *refresh);

/* That it is overdue, where the state is another: what nobody tries again is still to be seen as
 * failing. NULL: nothing is hidden. */
const EdgeState *edge_state_hidden(const char *word, bool overdue);

/* The states of a level as a text array of PostgreSQL; EDGE_LEVELS: all, the worst first. */
const char *edge_states_of(EdgeLevel level);

/* Appends the name as the last word of a shell's command, after "--" where it begins as an option
 * does: it is no option whatever its quotes. -ENOMEM. */
int edge_append_quoted(Text *t, const char *edge);
