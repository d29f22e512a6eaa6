/*
 * doubt: what a 401 means. Pure.
 *
 * A 401 alone says little: a secret was changed on disk, a session was ended for a moment, a
 * gateway failed. With another secret the request is repeated at once. With the same one,
 * the first call that was refused asks again after a short wait; the others, new ones too, wait for
 * what it hears: a wrong password goes out twice, however many calls there are. The second 401 in a
 * row counts; from then on one is enough, until the secret changes or is accepted.
 *
 * A catalog may also answer 401 to one request alone: to all that names one edge, to one row, to
 * one job. So, where there is another request to ask with, that one goes out first, as the control:
 * its 401 is the second in a row, and when it is accepted, the call that asks again and is refused
 * is so alone.
 */
#pragma once

#include <stdbool.h>

/* Zero-initialise. */
typedef struct Doubt {
        bool open;    /* a call is asking again */
        bool refused; /* the secret: twice in a row, and not accepted since */
        bool heard;   /* the control was accepted while the doubt is open */
} Doubt;

typedef enum DoubtStep {
        DOUBT_NOW,   /* ask again at once, with the other secret */
        DOUBT_LATER, /* ask again after a short wait; the doubt is open until doubt_end */
        DOUBT_JOIN,  /* wait for the call that does */
        DOUBT_OVER,  /* the credentials are refused */
        DOUBT_ALONE, /* this request is refused, with credentials that are accepted for others */
} DoubtStep;

typedef struct DoubtCase {
        bool other_secret; /* than was sent is known now */
        /* the answer may be that of another server, at an address that is a guess */
        bool not_ours;
        bool repeated; /* the call has asked again already */
        bool control;  /* the call was sent to hear what becomes of another request */
} DoubtCase;

DoubtStep doubt_on_401(Doubt *d, const DoubtCase *c);

/* Any other answer. */
void doubt_on_answer(Doubt *d);

/* The control has been accepted. */
void doubt_on_control(Doubt *d);

/* The call that asked again is over, in whatever way. */
void doubt_end(Doubt *d);
