/*
 * job_state: what the states and results of the catalog's jobs mean (see docs/failures.md), those
 * of the job API and of the Edge job system. Jobs are kept as text, as they were sent; nothing else
 * compares that text. A state that is not known is under way.
 */
#pragma once

#include "base/record.h"
#include <stdbool.h>

bool job_is_waiting(const JobStatus *job); /* not started yet, or without a state */
bool job_is_terminal(const JobStatus *job);
/* Done, and the result contradicts nothing: "" (none), NOT_SET or SUCCESS. */
bool job_is_clean(const JobStatus *job);

/* In a document without an id it says by itself that this is about a job. */
bool job_state_is_of_edge(const char *state);

/* The states that are terminal; NULL-terminated. */
const char *const *job_states_terminal(void);
