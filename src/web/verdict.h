/*
 * verdict: can the mirror be believed? How old its lists are, and what is in trouble, of all edges
 * or of one: what every page says of it is written here.
 */
#pragma once

#include "mirror/instance.h"
#include "web/page.h"

/* A page asks these first. */
enum {
        VERDICT_INSTANCES,
        VERDICT_SERVICE_QUESTIONS,
        VERDICT_STATES = VERDICT_SERVICE_QUESTIONS,
        VERDICT_QUESTIONS
};

/* Of edges that are enabled; and of others, whose databases are in the mirror as they were. */
typedef struct VerdictClock {
        int64_t oldest, never, oldest_disabled; /* ages in seconds, negative: of none; how many */
        const char *what;                       /* "listed" */
} VerdictClock;

typedef struct Verdict {
        const char *edge, *edge_id; /* of this one alone; NULL: of all */
        const char *state;          /* of an edge that is enabled, for people */
        int64_t edges, enabled, of_level[EDGE_LEVELS], rows, held, pending, rejected;
        VerdictClock listed, refreshed;
        int64_t n_alive;
        MirrorWait waits; /* what an instance waits for for long */
        bool refused;     /* something is, to the instance that answers */
} Verdict;

/* The questions of verdict_of, and those of verdict_put_service alone; returns how many. */
size_t verdict_ask(const char *edge, MirrorQuestion *ret); /* edge: by its name; NULL: all */
size_t verdict_ask_service(MirrorQuestion *ret);

/* What it points to is the view's. */
Verdict verdict_of(const PageView *v, const char *edge);
EdgeLevel verdict_level(const Verdict *v);

/* "1 of 2 edges is in trouble" */
void verdict_put_sentence(Html *h, const Verdict *v);
/* "9d ago at the oldest; 1 never listed" */
void verdict_put_clock(Html *h, const Verdict *v, const VerdictClock *clock);
/* For the head of a page of something else, a paragraph: how old the lists are; and the sentence,
 * with a link to the page that says more, unless all is well. */
void verdict_put(Html *h, const Verdict *v);
/* For a page that says itself how one edge is: what is in trouble of the service, as a paragraph;
 * nothing where nothing is. */
void verdict_put_service(Html *h, const PageView *v);

/* What an instance waits for: "waits for …", and what to do. */
const char *verdict_wait_meaning(MirrorWait wait);
const char *verdict_wait_advice(MirrorWait wait);
