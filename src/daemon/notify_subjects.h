/*
 * notify_subjects: what a receiver is told of, each by the labels under which it is told: an edge
 * by its name, a peer by its kind, and the catalog. Of each, what is so now, and what the receiver
 * is known to believe: what there is to tell is the difference. So whatever becomes of a message,
 * and however much changes meanwhile, what is told last is what is so.
 *
 * Pure. Times are monotonic, but that of a change.
 */
#pragma once

#include "base/fault_code.h"
#include "base/limits.h"
#include "base/uuid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

enum { NOTIFY_TEXT_BYTES = LIMIT_FAULT_MESSAGE_BYTES + LIMIT_EDGE_NAME_MAX_BYTES + 64 };

typedef enum NotifyKind { NOTIFY_EDGE, NOTIFY_CATALOG, NOTIFY_POSTGRES, NOTIFY_KINDS } NotifyKind;

/* What is worse is behind. */
typedef enum NotifyState {
        NOTIFY_WELL,
        NOTIFY_HELD,
        NOTIFY_UNSTABLE,
        NOTIFY_DEGRADED, /* something is refused that no sync needs */
        NOTIFY_FAILED,
        NOTIFY_AWAY,
        NOTIFY_REFUSED, /* the credentials */
        NOTIFY_STATES,
        NOTIFY_UNKNOWN = NOTIFY_STATES, /* differs from every other */
} NotifyState;

typedef struct NotifySubject {
        TAILQ_ENTRY(NotifySubject) others;
        NotifyKind kind;
        char *name, *catalog;
        Uuid edge;       /* that is called so */
        int64_t run_id;  /* of it, the last that was seen; what is older is no news */
        bool unrecorded; /* that one: nobody else can take back what was told of it */
        bool over;       /* nothing is, any more: it is well, and kept until that was told */

        NotifyState now;
        FaultCode code; /* of now; CODE_NONE when well */
        char *text;     /* one line about it; NULL: there was no memory for it */
        time_t time;    /* since when it is so */

        NotifyState told;    /* what the receiver believes; NOTIFY_UNKNOWN: it is not known */
        NotifyState sent;    /* with the message that is under way; NOTIFY_UNKNOWN: it is in none */
        bool late;           /* what is so now was not told at the first attempt */
        bool again;          /* it was told, or declined */
        bool asked;          /* whether it is so still, and nothing was seen of it since */
        bool goes;           /* it was chosen when that was asked, or was seen since */
        uint64_t told_usec;  /* when it was told last; 0: this receiver was not told */
        uint64_t pause_usec; /* until when it is not told again, because it was refused; 0: now */
        size_t most; /* so many go with it at most, because more were declined; 0: any number */
} NotifySubject;

/* In the order of their changes; what was told or declined since is behind. */
typedef TAILQ_HEAD(NotifySubjects, NotifySubject) NotifySubjects;

void subjects_init(NotifySubjects *subjects);
void subjects_done(NotifySubjects *subjects);

/* NULL: there is none. */
NotifySubject *subjects_find(const NotifySubjects *subjects, NotifyKind kind, const char *name,
                             const char *catalog);

/* A new one, which is well. NULL: no memory. */
NotifySubject *subjects_add(NotifySubjects *subjects, NotifyKind kind, const char *name,
                            const char *catalog, NotifyState told);

/* What is so of it now. */
void subject_set(NotifySubjects *subjects, NotifySubject *s, NotifyState now, FaultCode code,
                 const char *text, time_t time);

/* Stores the edges among the chosen, and marks them as asked about, and all of them, and no others,
 * as what goes; returns how many edges. */
size_t subjects_ask(NotifySubjects *subjects, NotifySubject *const *chosen, size_t n, Uuid *ret);

/* The one of that edge which is still asked about, and is not from now on; NULL: there is none. */
NotifySubject *subjects_answered(const NotifySubjects *subjects, const Uuid *edge);

/* Nothing is called so any more. It is released when there is nothing to tell of it. */
void subject_end(NotifySubjects *subjects, NotifySubject *s, const char *text, time_t time);

/* How many there are to tell of. */
size_t subjects_count_to_tell(const NotifySubjects *subjects, uint64_t now_usec);

/* Stores those that go together in the next message, at most so many, what is worse first; returns
 * how many. answered: none but what goes since subjects_ask. */
size_t subjects_choose(const NotifySubjects *subjects, uint64_t now_usec, bool answered,
                       NotifySubject **ret, size_t most);

typedef enum NotifyFate {
        NOTIFY_TAKEN,
        NOTIFY_IN_DOUBT, /* no answer, or one that does not say whether it was taken */
        NOTIFY_UNFIT,    /* for what is in it: of several changes half as many may go */
        NOTIFY_DECLINED, /* the same again would be declined again; some of it may have been taken:
                            Alertmanager keeps what it finds right */
} NotifyFate;

/* Of the answer's status, which is all that matters of it; 0: none came. */
NotifyFate notify_fate(int status);

/* What became of the message of so many that was under way. What was declined, and is still so, has
 * a pause, and its turn after all others. */
void subjects_settle(NotifySubjects *subjects, size_t n_sent, NotifyFate fate, uint64_t now_usec);

/* How many are in the message that is under way, or would be in one without pauses. */
size_t subjects_count_untold(const NotifySubjects *subjects);

/* The configuration was read again, no message is under way: pauses are over. another: the receiver
 * is another one, which was told nothing of what there is nothing to tell of any more. */
void subjects_start_again(NotifySubjects *subjects, bool another);
