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

static const JobState states[] = {OPEN_STATES(STATE) TERMINAL_STATES(STATE)};
static const char *const terminal[] = {TERMINAL_STATES(WORD) NULL};

const JobState *job_state_find(const char *word)
{
        static const JobState other;
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                if (strcmp(word, states[i].word) == 0)
                        return &states[i];
        return &other;
}

const char *const *job_states_terminal(void)
{
        return terminal;
}

bool job_result_is_good(const char *result)
{
        return result[0] == '\0' || strcmp(result, "NOT_SET") == 0 ||
               strcmp(result, "SUCCESS") == 0;
}
