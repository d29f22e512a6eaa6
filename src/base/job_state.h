/*
 * job_state: what the states and results of the catalog's jobs mean, those of the job API and of
 * the Edge job system. Jobs are kept as text, as they were sent; nothing else compares that text.
 */
#pragma once

#include <stdbool.h>

typedef struct JobState {
        const char *word;
        bool waiting;  /* not started yet */
        bool terminal; /* over */
        bool good;     /* … and done, unless the result says otherwise */
        bool of_edge;  /* in a document without an id it says by itself that this is about a job */
} JobState;

/* Never NULL: what is not known is under way. */
const JobState *job_state_find(const char *word);

/* The words of those that are terminal; NULL-terminated. */
const char *const *job_states_terminal(void);

/* The result of a job that is done contradicts nothing: "" (none), NOT_SET or SUCCESS. */
bool job_result_is_good(const char *result);
