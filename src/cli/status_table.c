/* Texts that come from the database are foreign: they are shown escaped. */
#include "cli/status_table.h"
#include "base/duration.h"
#include "base/outcome.h"
#include "base/text.h"
#include "cli/columns.h"
#include "mirror/lease.h"
#include <inttypes.h>
#include <string.h>

/* 79 columns all in all, so that a line fits where nothing is wider than a terminal of old. */
enum { NAME_COLUMNS = 19, STATE_COLUMNS = 8, OUTCOME_COLUMNS = 8 };

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define PLAIN  "\033[0m"

static const char *age(int64_t seconds, char out[DURATION_STRING_SIZE])
{
        if (seconds < 0)
                return "never";
        if (seconds == 0)
                return "now";
        return duration_format_short((uint64_t)seconds * USEC_PER_SEC, out);
}

bool status_is_trouble(const MirrorStatus *s)
{
        static const char *const well[] = {"well", "rejected", "unlisted", "disabled"};
        return text_find(well, ARRAY_SIZE(well), s->state) == ARRAY_SIZE(well);
}

static const char *row_colour(const MirrorStatus *s)
{
        if (s->overdue || text_equal(s->state, "failing"))
                return RED;
        if (status_is_trouble(s))
                return YELLOW;
        return s->phase ? GREEN : "";
}

void status_table_head(FILE *out)
{
        fprintf(out, "%-*s %-*s %6s %9s %7s %-*s %-*s %7s\n", NAME_COLUMNS, "EDGE", STATE_COLUMNS,
                "STATE", "LISTED", "REFRESHED", "ROWS", OUTCOME_COLUMNS, "OUTCOME", OUTCOME_COLUMNS,
                "REFRESH", "NEXT IN");
}

/* A sign of life comes at least every third of a lease. */
static void put_holder(FILE *out, const MirrorStatus *s)
{
        char holder[160], signs[MIRROR_SIGNS_BYTES];
        fprintf(out, ", held by %s", text_show(s->holder, holder));
        if (6 * s->holder_seen_sec > s->lease_sec)
                fprintf(out, ": %s",
                        mirror_format_signs(s->holder_seen_sec, s->free_in_sec, s->lease_sec,
                                            signs));
}

static void put_running(FILE *out, const MirrorStatus *s)
{
        char since[DURATION_STRING_SIZE], text[64];
        fprintf(out, "    running for %s",
                s->running_sec > 0 ? age(s->running_sec, since) : "less than a second");
        if (s->job_state && sync_phase_parse(s->phase) == SYNC_PHASE_POLL)
                fprintf(out, ", job %s", text_show(s->job_state, text));
        if (s->job_progress >= 0 && sync_phase_parse(s->phase) == SYNC_PHASE_POLL)
                fprintf(out, " %.0f %%", s->job_progress);
        if (s->listed > 0)
                fprintf(out, ", %" PRId64 " row%s listed", s->listed, text_plural(s->listed));
        if (s->holder)
                put_holder(out, s);
        fputc('\n', out);
}

/* One that is longer than its column has a line of its own. */
static void put_name(FILE *out, const char *name)
{
        char text[LIMIT_FAULT_MESSAGE_BYTES];
        bool fits = columns_of(text_show(name, text)) <= NAME_COLUMNS;
        if (!fits) {
                put_text(out, name);
                fputc('\n', out);
        }
        columns_put(out, fits ? name : "", NAME_COLUMNS);
        fputc(' ', out);
}

void status_table_row(FILE *out, const MirrorStatus *s, const char *unscheduled, bool colour)
{
        char code[64], text[LIMIT_FAULT_MESSAGE_BYTES], rows[32] = "-";
        char listed[DURATION_STRING_SIZE], refreshed[DURATION_STRING_SIZE];
        char next[DURATION_STRING_SIZE];
        const char *state = s->phase      ? s->phase
                            : !s->enabled ? "disabled"
                            : s->overdue  ? "OVERDUE"
                                          : "idle";
        if (s->row_count >= 0)
                (void)snprintf(rows, sizeof(rows), "%" PRId64, s->row_count);
        if (colour)
                fputs(unscheduled ? RED : row_colour(s), out);
        put_name(out, s->name);
        columns_put(out, state, STATE_COLUMNS);
        fprintf(out, " %6s %9s %7s ", age(s->listed_age_sec, listed),
                age(s->refreshed_age_sec, refreshed), rows);
        columns_put(out, s->outcome ? s->outcome : "-", OUTCOME_COLUMNS);
        fputc(' ', out);
        columns_put(out, s->refresh ? s->refresh : "-", OUTCOME_COLUMNS);
        fprintf(out, " %7s%s\n",
                s->next_run_at ? age(s->next_in_sec > 0 ? s->next_in_sec : 0, next) : "-",
                colour ? PLAIN : "");
        if (text_equal(s->origin, "discovered"))
                fputs("    discovered\n", out);
        if (s->phase)
                put_running(out, s);
        if (unscheduled)
                fprintf(out, "    %s\n", unscheduled);
        /* the last run of one that is disabled asks nothing of anybody any more */
        if (s->error_message && s->enabled)
                fprintf(out, "    %s: %s\n",
                        s->error_code ? text_show(s->error_code, code) : "error",
                        text_show(s->error_message, text));
        if (s->held + s->pending > 0)
                fprintf(out,
                        "    missing from the list, and kept: %" PRId64 " held, %" PRId64
                        " pending\n",
                        s->held, s->pending);
        if (s->rejected > 0)
                fprintf(out,
                        "    %" PRId64
                        " listed row%s cannot be mirrored; see the view edgemirror.rejected\n",
                        s->rejected, text_plural(s->rejected));
        if (s->consecutive_failures > 1)
                fprintf(out, "    %" PRId64 " failures in a row\n", s->consecutive_failures);
}
