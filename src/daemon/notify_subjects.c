#include "daemon/notify_subjects.h"
#include "base/duration.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define DECLINED_PAUSE_USEC (20 * USEC_PER_MINUTE)

static void subject_free(NotifySubjects *subjects, NotifySubject *s)
{
        TAILQ_REMOVE(subjects, s, others);
        free(s->name);
        free(s->catalog);
        free(s->text);
        free(s);
}

void subjects_init(NotifySubjects *subjects)
{
        TAILQ_INIT(subjects);
}

void subjects_done(NotifySubjects *subjects)
{
        while (!TAILQ_EMPTY(subjects))
                subject_free(subjects, TAILQ_FIRST(subjects));
}

NotifySubject *subjects_find(const NotifySubjects *subjects, NotifyKind kind, const char *name,
                             const char *catalog)
{
        NotifySubject *s;
        TAILQ_FOREACH(s, subjects, others) {
                if (s->kind == kind && text_equal(s->name, name) && text_equal(s->catalog, catalog))
                        break;
        }
        return s;
}

NotifySubject *subjects_add(NotifySubjects *subjects, NotifyKind kind, const char *name,
                            const char *catalog, NotifyState told)
{
        NotifySubject *s = calloc(1, sizeof(*s));
        if (!s)
                return NULL;
        *s = (NotifySubject){.kind = kind,
                             .name = strdup(name),
                             .catalog = strdup(catalog),
                             .told = told,
                             .sent = NOTIFY_UNKNOWN};
        TAILQ_INSERT_TAIL(subjects, s, others);
        if (s->name && s->catalog)
                return s;
        subject_free(subjects, s);
        return NULL;
}

static void subject_move_behind(NotifySubjects *subjects, NotifySubject *s)
{
        TAILQ_REMOVE(subjects, s, others);
        TAILQ_INSERT_TAIL(subjects, s, others);
}

void subject_set(NotifySubjects *subjects, NotifySubject *s, NotifyState now, FaultCode code,
                 const char *text, time_t time)
{
        if (now != s->now || s->time == 0) {
                s->now = now;
                s->time = time;
                s->late = false;
                s->again = false;
                s->pause_usec = 0;
                s->most = 0;
                subject_move_behind(subjects, s);
        }
        s->asked = false;
        s->goes = true;
        s->code = code;
        char shown[NOTIFY_TEXT_BYTES];
        (void)text_show(text, shown);
        if (text_equal(s->text, shown))
                return;
        free(s->text);
        s->text = strdup(shown);
}

static bool subject_is_done(const NotifySubject *s)
{
        return s->over && s->told == s->now && s->sent == NOTIFY_UNKNOWN;
}

void subject_end(NotifySubjects *subjects, NotifySubject *s, const char *text, time_t time)
{
        subject_set(subjects, s, NOTIFY_WELL, CODE_NONE, text, time);
        s->over = true;
        if (subject_is_done(s))
                subject_free(subjects, s);
}

static bool subject_is_to_tell(const NotifySubject *s, uint64_t now_usec)
{
        return s->sent == NOTIFY_UNKNOWN && s->told != s->now && s->pause_usec <= now_usec;
}

size_t subjects_count_to_tell(const NotifySubjects *subjects, uint64_t now_usec)
{
        const NotifySubject *s;
        size_t n = 0;
        TAILQ_FOREACH(s, subjects, others)
                n += subject_is_to_tell(s, now_usec);
        return n;
}

/* What is worse has its turn first. What was told or declined before comes after all others, and
 * those one after the other: they would hold up for ever what has no place beside them. */
static unsigned subject_turn(const NotifySubject *s)
{
        return s->again ? NOTIFY_STATES : NOTIFY_STATES - 1 - s->now;
}

size_t subjects_choose(const NotifySubjects *subjects, uint64_t now_usec, bool answered,
                       NotifySubject **ret, size_t most)
{
        NotifySubject *s;
        size_t n = 0;
        for (unsigned turn = 0; turn <= NOTIFY_STATES; turn++) {
                TAILQ_FOREACH(s, subjects, others) {
                        size_t limit = s->most > 0 && s->most < most ? s->most : most;
                        if (n >= limit || subject_turn(s) != turn || (answered && !s->goes) ||
                            !subject_is_to_tell(s, now_usec))
                                continue;
                        ret[n++] = s;
                        most = limit;
                }
        }
        return n;
}

size_t subjects_ask(NotifySubjects *subjects, NotifySubject *const *chosen, size_t n, Uuid *ret)
{
        NotifySubject *s;
        size_t n_edges = 0;
        TAILQ_FOREACH(s, subjects, others)
                s->asked = s->goes = false;
        for (size_t i = 0; i < n; i++) {
                chosen[i]->goes = true;
                chosen[i]->asked = chosen[i]->kind == NOTIFY_EDGE && !chosen[i]->over;
                if (chosen[i]->asked)
                        ret[n_edges++] = chosen[i]->edge;
        }
        return n_edges;
}

NotifySubject *subjects_answered(const NotifySubjects *subjects, const Uuid *edge)
{
        NotifySubject *s;
        TAILQ_FOREACH(s, subjects, others) {
                if (s->asked && uuid_equal(&s->edge, edge))
                        break;
        }
        if (s)
                s->asked = false;
        return s;
}

size_t subjects_count_untold(const NotifySubjects *subjects)
{
        const NotifySubject *s;
        size_t n = 0;
        TAILQ_FOREACH(s, subjects, others)
                n += s->sent != NOTIFY_UNKNOWN || s->told != s->now;
        return n;
}

static void subject_taken(NotifySubjects *subjects, NotifySubject *s)
{
        s->again = s->sent == s->now;
        s->most = 0;
        subject_move_behind(subjects, s);
}

/* It is still so, and is to be told again. */
static void subject_not_taken(NotifySubjects *subjects, NotifySubject *s, size_t n_sent,
                              NotifyFate fate, uint64_t now_usec)
{
        s->late = true;
        if (fate == NOTIFY_IN_DOUBT)
                return;
        if (fate == NOTIFY_UNFIT && n_sent > 1) {
                s->most = n_sent / 2;
                return;
        }
        s->again = true;
        s->pause_usec = now_usec + DECLINED_PAUSE_USEC;
        subject_move_behind(subjects, s);
}

NotifyFate notify_fate(int status)
{
        if (status >= 200 && status <= 299)
                return NOTIFY_TAKEN;
        if (status == 400 || status == 413 || status == 422)
                return NOTIFY_UNFIT;
        return status == 0 || status == 408 || status == 429 || status >= 500 ? NOTIFY_IN_DOUBT
                                                                              : NOTIFY_DECLINED;
}

void subjects_settle(NotifySubjects *subjects, size_t n_sent, NotifyFate fate, uint64_t now_usec)
{
        NotifySubject *next;
        for (NotifySubject *s = TAILQ_FIRST(subjects); s; s = next) {
                next = TAILQ_NEXT(s, others);
                if (s->sent == NOTIFY_UNKNOWN) {
                        s->most *= fate == NOTIFY_TAKEN ? 2 : 1; /* it takes messages, then */
                        continue;
                }
                if (fate == NOTIFY_TAKEN)
                        subject_taken(subjects, s);
                else if (s->sent == s->now)
                        subject_not_taken(subjects, s, n_sent, fate, now_usec);
                s->told = fate == NOTIFY_TAKEN ? s->sent : NOTIFY_UNKNOWN;
                s->told_usec = now_usec;
                s->sent = NOTIFY_UNKNOWN;
                if (subject_is_done(s))
                        subject_free(subjects, s);
        }
}

void subjects_start_again(NotifySubjects *subjects, bool another)
{
        NotifySubject *s;
        TAILQ_FOREACH(s, subjects, others) {
                s->again = false;
                s->pause_usec = 0;
                s->most = 0;
                if (another && s->told == s->now)
                        s->told_usec = 0;
                else if (another)
                        s->told = NOTIFY_UNKNOWN;
        }
}
