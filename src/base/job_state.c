#include "base/job_state.h"
#include "base/cleanup.h"
#include <string.h>

#define OPEN_STATES(X)                                                                             \
        X("WAITING", .waiting = true)                                                              \
        X("SUBMITTED", .waiting = true, .of_edge = true)                                           \
        X("RUNNING", .of_edge = true)

#define TERMINAL_STATES(X)                                                                         \
        X("COMPLETED", .terminal = true, .good = true)                                             \
        X("SUCCEEDED", .terminal = true, .good = true, .of_edge = true)                            \
        X("CAPABILITY_SUCCEEDED", .terminal = true, .good = true, .of_edge = true)                 \
        X("CANCELED", .terminal = true)                                                            \
        X("CANCELLED", .terminal = true, .of_edge = true)                                          \
        X("ERROR", .terminal = true)                                                               \
        X("FAILED", .terminal = true, .of_edge = true)                                             \
        X("CAPABILITY_FAILED", .terminal = true, .of_edge = true)                                  \
        X("DELETED", .terminal = true)

#define STATE(text, ...) {.word = text, __VA_ARGS__},
#define WORD(text, ...)  text,

static const struct JobState {
        const char *word;
        bool waiting, terminal, good, of_edge;
} states[] = {OPEN_STATES(STATE) TERMINAL_STATES(STATE)};
static const char *const terminal[] = {TERMINAL_STATES(WORD) NULL};

static const struct JobState *state_find(const char *word)
{
        static const struct JobState other;
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                if (strcmp(word, states[i].word) == 0)
                        return &states[i];
        return &other;
}

bool job_is_waiting(const JobStatus *job)
{
        return job->state[0] == '\0' || state_find(job->state)->waiting;
}

bool job_is_terminal(const JobStatus *job)
{
        return state_find(job->state)->terminal;
}

bool job_is_clean(const JobStatus *job)
{
        return state_find(job->state)->good &&
               (job->result[0] == '\0' || strcmp(job->result, "NOT_SET") == 0 ||
                strcmp(job->result, "SUCCESS") == 0);
}

bool job_state_is_of_edge(const char *state)
{
        return state_find(state)->of_edge;
}

const char *const *job_states_terminal(void)
{
        return terminal;
}
