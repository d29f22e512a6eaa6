#include "web/edge_state.h"
#include "base/outcome.h"
#include <stdbool.h>
#include <string.h>

const char *const edge_level_names[EDGE_LEVELS] = {"well", "attention", "trouble", "disabled"};

/* Removals that a person accepts are not the answer to a refresh that was not clean. */
static const EdgeState held_unrefreshed = {
        "held", "rows held", EDGE_TROUBLE,
        "Rows are missing from the catalog's list, and stay because the refresh was not clean.",
        "Read the job's message on the page of the edge, look at its Edge site in the catalog, "
        "then run `edgemirror sync %s`: the next clean refresh decides."};

enum {
        FAILING,
        OVERDUE,
        HELD,
        UNSTABLE,
        UNLISTED,
        UNREFRESHED,
        REJECTED,
        WELL,
        DISABLED,
        UNKNOWN,
        STATES
};

static const EdgeState states[STATES] = {
        [FAILING] = {"failing", "failing", EDGE_TROUBLE,
                     "The last run failed; nothing was applied, and the mirror is as the run "
                     "before left it.",
                     "Correct what the error names (`edgemirror check` tries catalog, credentials "
                     "and PostgreSQL), then run `edgemirror sync %s`, or wait for the next run."},
        [OVERDUE] = {"overdue", "overdue", EDGE_TROUBLE,
                     "It has been due for more than a minute, and nobody is syncing it.",
                     "See what the service waits for (`edgemirror status`), and whether its time "
                     "zone is known (`edgemirror check`); `edgemirror sync %s` syncs it by hand."},
        [HELD] = {"held", "rows held", EDGE_TROUBLE,
                  "Rows are missing from the catalog's list, and it is not proven that they are "
                  "gone: they stay.",
                  "Look at the held rows of the edge. If they are gone indeed: `edgemirror sync "
                  "--accept-removals %s`. If not, give the service's account back its permissions "
                  "in "
                  "the catalog."},
        [UNSTABLE] = {"unstable", "list not whole", EDGE_TROUBLE,
                      "The list could not be read whole; what was seen of it was applied, and "
                      "nothing that was not seen was removed.",
                      "The next run reads it again. If that goes on, look at the rejected rows of "
                      "the edge, and at `edgemirror sync -v %s`."},
        [UNLISTED] = {"unlisted", "not listed yet", EDGE_ATTENTION,
                      "Its list was never read whole.",
                      "It is listed with its first run; `edgemirror sync %s` begins one now."},
        [UNREFRESHED] = {"unrefreshed", "not refreshed", EDGE_ATTENTION,
                         "The list was applied, but the refresh before it was not clean: what "
                         "changed at the data source since may be missing.",
                         "Read the job's message on the page of the edge, look at its Edge site in "
                         "the catalog, then run `edgemirror sync %s`."},
        [REJECTED] = {"rejected", "rows rejected", EDGE_ATTENTION,
                      "Rows of the last list cannot be mirrored; all others are.",
                      "Correct these rows in the catalog: the page of the edge shows them, with "
                      "the reason."},
        [WELL] = {"well", "well", EDGE_WELL, "The last list was applied whole.", "Nothing to do."},
        [DISABLED] =
                {"disabled", "disabled", EDGE_OFF,
                 "The configuration does not want it synced; what rows it has stay as they were.",
                 "Enable it in the configuration; or take its rows out, if it has any: `edgemirror "
                 "retire %s`."},
        [UNKNOWN] = {"", "unknown", EDGE_TROUBLE,
                     "This version of the program does not know its state.", "Update the program."},
};

const EdgeState *edge_state_find(const char *word, const char *refresh)
{
        SyncRefresh last = sync_refresh_parse(refresh);
        size_t i = 0;
        while (i < UNKNOWN && !text_equal(states[i].word, word))
                i++;
        bool clean = last == REFRESH_NONE || last == REFRESH_CLEAN || last == REFRESH_SKIPPED;
        return i == HELD && !clean ? &held_unrefreshed : &states[i];
}

const EdgeState *edge_state_hidden(const char *word, bool overdue)
{
        return overdue && !text_equal(word, states[OVERDUE].word) ? &states[OVERDUE] : NULL;
}

const char *edge_states_of(EdgeLevel level)
{
        switch (level) {
        case EDGE_WELL:
                return "{well}";
        case EDGE_ATTENTION:
                return "{unlisted,unrefreshed,rejected}";
        case EDGE_TROUBLE:
                return "{failing,overdue,held,unstable}";
        case EDGE_OFF:
                return "{disabled}";
        default:
                return "{failing,overdue,held,unstable,unlisted,unrefreshed,rejected,well,"
                       "disabled}";
        }
}

int edge_append_quoted(Text *t, const char *edge)
{
        int r = edge[0] == '-' ? text_append_string(t, "-- ") : 0;
        return r < 0 ? r : text_append_quoted(t, edge);
}
