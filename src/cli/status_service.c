/* Texts that come from the database are foreign: they are shown escaped. */
#include "cli/status_service.h"
#include "base/duration.h"
#include "base/outcome.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/status_table.h"
#include "mirror/instance.h"
#include "mirror/status.h"
#include <stdarg.h>
#include <string.h>
#include <time.h>

/* Beside instances that are alive: before that somebody may ask where one has gone. Of those that
 * were stopped the last one: each restart leaves one. */
#define DEAD_SHOWN_SEC 3600
#define WAIT_SEC       60 /* what passes within a minute raises no alert */

static const char *ago(int64_t seconds, char out[static DURATION_STRING_SIZE])
{
        return duration_format_short((uint64_t)(seconds > 0 ? seconds : 0) * USEC_PER_SEC, out);
}

static const char *const waits_for[MIRROR_WAITS + 1] = {
        [MIRROR_WAIT_NONE] = "nothing",
        [MIRROR_WAIT_CATALOG] = "the catalog, which cannot be reached",
        [MIRROR_WAIT_PAUSE] = "the catalog, which asks for a pause",
        [MIRROR_WAIT_CREDENTIALS] = "the catalog, which refuses the credentials",
        [MIRROR_WAIT_LOCK] = "a lock in PostgreSQL",
        [MIRROR_WAIT_POSTGRES] = "PostgreSQL, which refuses a statement",
        [MIRROR_WAIT_DISCOVERY] = "Edge connections to be discovered",
        [MIRROR_WAITS] = "what this version does not know",
};

static void line_of_the_dead(const MirrorInstanceStatus *i, const char *name, char *out,
                             size_t size)
{
        char seen[DURATION_STRING_SIZE];
        (void)snprintf(out, size,
                       i->stopped ? "%s was stopped %s ago" : "%s has given no sign of life for %s",
                       name, ago(i->seen_sec, seen));
}

static void print_alive(const MirrorInstanceStatus *i, const char *name, FILE *out)
{
        char seen[DURATION_STRING_SIZE], since[DURATION_STRING_SIZE];
        if (3 * i->seen_sec > i->silence_sec) /* one is missing */
                fprintf(out,
                        "service: %s has given no sign of life for %s\n"
                        "         and counts as dead in %s\n",
                        name, ago(i->seen_sec, seen), ago(i->silence_sec - i->seen_sec, since));
        else
                fprintf(out, "service: %s is alive, last sign of life %s ago\n", name,
                        ago(i->seen_sec, seen));
        fprintf(out, "         up for %s, %lld edge%s", ago(i->up_sec, since),
                (long long)i->n_edges, text_plural((uint64_t)i->n_edges));
        if (i->waiting_for == MIRROR_WAIT_NONE) {
                fputs("; waits for nothing\n", out);
                return;
        }
        fprintf(out, "\n         has waited %s for %s:\n         ", ago(i->waiting_sec, since),
                waits_for[i->waiting_for]);
        put_text(out, i->waiting_message ? i->waiting_message : "");
        fputc('\n', out);
}

void service_status_take(ServiceStatus *s, const MirrorInstanceStatus *i, FILE *out)
{
        char name[96], dead[160];
        text_show(i->name, name);
        s->n_known++;
        s->n_alive += i->alive;
        if (i->alive && i->waiting_for != MIRROR_WAIT_NONE && !s->trouble[0] &&
            (i->waiting_sec >= WAIT_SEC || i->waiting_for == MIRROR_WAIT_CREDENTIALS))
                (void)snprintf(s->trouble, sizeof(s->trouble), "%s waits for %s", name,
                               waits_for[i->waiting_for]);
        if (!i->alive)
                line_of_the_dead(i, name, dead, sizeof(dead));
        if (!i->alive && s->n_known == 1)
                (void)snprintf(s->last, sizeof(s->last), "%s", dead);
        bool shown = i->alive || s->n_known == 1 ||
                     (s->n_alive > 0 && i->seen_sec < DEAD_SHOWN_SEC &&
                      !(i->stopped && s->n_stopped++ > 0));
        if (!out || !shown)
                return;
        if (i->alive)
                print_alive(i, name, out);
        else
                fprintf(out, "service: %s\n", dead);
}

bool service_is_blocked(const ServiceStatus *s)
{
        return s->n_alive == 0 && s->blocked.fault.scope != FAULT_NONE &&
               (s->n_known > 0 || !s->blocked.is_standby);
}

/* Nothing need be wrong with a standby: an instance is alive elsewhere, or replay is behind. */
static bool is_of_another(const ServiceStatus *s)
{
        return service_is_blocked(s) && s->blocked.is_standby &&
               s->blocked.fault.code == CODE_PG_READ_ONLY;
}

void service_status_end(const ServiceStatus *s, FILE *out)
{
        if (is_of_another(s)) {
                fputs("service: NO INSTANCE GIVES A SIGN OF LIFE in this database, a standby: ask\n"
                      "         status of the primary whether one does there. Replay is behind by\n"
                      "         SELECT now() - pg_last_xact_replay_timestamp(). A service whose\n"
                      "         conninfo leads here needs that of the primary\n",
                      out);
        } else if (service_is_blocked(s)) {
                fputs("service: NO INSTANCE CAN SYNC INTO THIS DATABASE, nor say that it is "
                      "alive:\n"
                      "         ",
                      out);
                put_text(out, s->blocked.fault.message);
                fputc('\n', out);
        } else if (s->n_alive == 0 && s->blocked.subscribes) {
                fputs("service: none writes to this database, which subscribes to another mirror:\n"
                      "         what syncs the edges is with that one\n",
                      out);
        } else if (s->n_known == 0) {
                fputs("service: no instance has ever run on this database; edges are synced by "
                      "hand\n",
                      out);
        } else if (s->n_alive == 0) {
                fputs("service: NO INSTANCE GIVES A SIGN OF LIFE in this database; nothing syncs\n"
                      "         the edges when they are due. Start one (systemctl start\n"
                      "         edgemirror, or edgemirror@NAME); of one that runs, its log\n"
                      "         (journalctl -u) says what it waits for\n",
                      out);
        }
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static void append(char *out, size_t size, const char *format, ...) _printf_(3, 4);
static void append(char *out, size_t size, const char *format, ...)
{
        va_list arguments;
        size_t used = strlen(out);
        va_start(arguments, format);
        (void)vsnprintf(out + used, size - used, format, arguments);
        va_end(arguments);
}

/* False: there is none. What is held or was not whole is said also where it is hidden behind
 * overdue. */
static bool edge_trouble(const MirrorStatus *s, char *out, size_t size)
{
        char age[DURATION_STRING_SIZE];
        SyncOutcome outcome = sync_outcome_parse(s->outcome);
        bool failing = text_equal(s->state, "failing");
        bool unrefreshed = text_equal(s->state, "unrefreshed");
        bool unlisted = text_equal(s->state, "unlisted");
        bool unstable = outcome == OUTCOME_UNSTABLE;
        bool hidden = (unstable || outcome == OUTCOME_HELD) && text_equal(s->state, "overdue");
        const char *code = failing || unstable || unrefreshed ? s->error_code : NULL;
        if (!status_is_trouble(s) && !unlisted)
                return false;
        (void)snprintf(out, size, "%s",
                       failing       ? "failed"
                       : unlisted    ? "never listed"
                       : unrefreshed ? "not refreshed"
                       : hidden      ? s->outcome
                                     : s->state);
        if (code)
                append(out, size, ": %s", code);
        if (s->overdue && strcmp(out, "overdue") != 0)
                append(out, size, " and overdue");
        if (s->consecutive_failures > 1)
                append(out, size, ", %lld failures in a row", (long long)s->consecutive_failures);
        if (unrefreshed && s->refreshed_age_sec < 0)
                append(out, size, ", never before");
        else if (unrefreshed)
                append(out, size, ", refreshed %s ago", ago(s->refreshed_age_sec, age));
        if (s->listed_age_sec >= 0)
                append(out, size, ", listed %s ago", ago(s->listed_age_sec, age));
        return true;
}

static void edges_status_add_problem(EdgesStatus *e, const char *name, const char *why)
{
        enum { NAMED = 3 };
        char printable[LIMIT_EDGE_NAME_MAX_BYTES + 1];
        size_t used = strlen(e->unwell);
        if (e->n_unwell++ < NAMED)
                (void)snprintf(e->unwell + used, sizeof(e->unwell) - used, "%s%s (%s)",
                               used ? ", " : "", text_show(name, printable), why);
}

static int time_after_turns(const MirrorStatus *s, int64_t *usec)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Schedule schedule;
        char error[256];
        int r = schedule_parse(s->schedule, &schedule, error, sizeof(error));
        if (r >= 0 && zone_load(s->timezone, &zone) < 0)
                r = zone_load("UTC", &zone); /* hours make no difference */
        for (int turn = 0; r >= 0 && turn < 3; turn++)
                r = schedule_next(&schedule, zone, 0, 0, *usec, usec);
        return r;
}

/* Where no queue says that an edge is overdue, its list does: NULL unless three turns of the
 * schedule have passed since. Whoever syncs it need not do so at its very times. */
static const char *edge_status_stale(const MirrorStatus *s)
{
        static char text[400];
        char age[DURATION_STRING_SIZE], schedule[200];
        int64_t now_usec = (int64_t)time(NULL) * (int64_t)USEC_PER_SEC;
        int64_t at_usec = now_usec - s->listed_age_sec * (int64_t)USEC_PER_SEC;
        if (s->listed_age_sec < 0)
                return NULL;
        int r = time_after_turns(s, &at_usec);
        if (r >= 0 && at_usec >= now_usec)
                return NULL;
        (void)snprintf(text, sizeof(text), "listed %s ago, which its schedule (%s) %s",
                       ago(s->listed_age_sec, age), text_show(s->schedule, schedule),
                       r < 0 ? "does not tell this version whether to allow" : "does not allow");
        return text;
}

const char *edge_status_unscheduled(const ServiceStatus *service, const MirrorStatus *s,
                                    const ConfigEdge *configured)
{
        bool wanted = configured && configured->enabled;
        if (!s->enabled && wanted)
                return "disabled in the mirror, although configured: no instance that is alive "
                       "syncs it";
        if (service->n_alive > 0 && !s->next_run_at && wanted)
                return "not scheduled, although configured: no instance that is alive syncs it";
        if (!s->next_run_at && s->enabled)
                return edge_status_stale(s);
        if (!s->overdue || !wanted || configured->zone)
                return NULL;
        static char zone[80 + OWN_COMMAND_BYTES];
        (void)snprintf(zone, sizeof(zone),
                       "its time zone is not known on this host, and nobody syncs it: see %s check",
                       own_command());
        return zone;
}

void edges_status_take(EdgesStatus *e, const MirrorStatus *s, const char *unscheduled)
{
        char why[320 + OWN_COMMAND_BYTES];
        if (!s->enabled && !unscheduled)
                return;
        e->n_enabled++;
        e->n_scheduled += s->next_run_at != NULL;
        bool trouble = edge_trouble(s, why, sizeof(why));
        if (trouble && unscheduled && status_is_trouble(s)) {
                append(why, sizeof(why), "; %s", unscheduled);
                edges_status_add_problem(e, s->name, why);
        } else if (unscheduled || trouble) {
                edges_status_add_problem(e, s->name, unscheduled ? unscheduled : why);
        }
}

void edges_status_take_unknown(EdgesStatus *e, const char *name)
{
        if (e->n_enabled == 0) /* the mirror knows none: that is said */
                return;
        e->n_enabled++;
        edges_status_add_problem(e, name, "not known to the mirror yet");
}

bool status_check_print(const ServiceStatus *s, const EdgesStatus *e)
{
        bool blocked = service_is_blocked(s);
        bool nobody = s->n_alive == 0 && (e->n_scheduled > 0 || blocked);
        bool well = !nobody && !s->trouble[0] && e->n_unwell == 0 && e->n_enabled > 0;
        if (well) {
                printf("OK: %zu edge%s fresh and well, %zu instance%s alive\n", e->n_enabled,
                       text_plural(e->n_enabled), s->n_alive, text_plural(s->n_alive));
                return true;
        }
        printf("NOT OK: ");
        const char *gap = "";
        if (nobody) {
                printf("no instance of the service %s", is_of_another(s) ? "is seen on this standby"
                                                        : blocked        ? "can sync: "
                                                                         : "is alive");
                if (blocked && !is_of_another(s))
                        put_text(stdout, s->blocked.fault.message);
                else
                        printf("%s%s", s->last[0] ? ": " : "", s->last);
                gap = "; ";
        }
        if (s->trouble[0]) {
                fputs(gap, stdout);
                put_text(stdout, s->trouble);
                gap = "; ";
        }
        if (e->n_enabled == 0)
                printf("%sno edge is enabled", gap);
        if (e->n_unwell > 0) {
                printf("%s%zu of %zu edge%s not well: ", gap, e->n_unwell, e->n_enabled,
                       text_plural(e->n_enabled));
                put_text(stdout, e->unwell);
                fputs(e->n_unwell > 3 ? ", …" : "", stdout);
        }
        putchar('\n');
        return false;
}
