/*
 * spool: see the header. Now and then there is no room for what is added.
 */
#include "sim/spool.h"
#include "sim/event.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct Spool {
        size_t n, room;
        void *lines; /* of one kind: Shown, Verdict, or the row's number */
        DigestList list;
};

int spool_new(Spool **ret)
{
        Spool *s = malloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->lines = NULL;
        s->n = s->room = 0;
        digest_reset(&s->list);
        *ret = s;
        return 0;
}

Spool *spool_free(Spool *s)
{
        if (s)
                free(s->lines);
        free(s);
        return NULL;
}

static int spool_append(Spool *s, const void *line, size_t size, Fault *ret_fault)
{
        if (world_chance(sim_world, sim_world->settings.local_faults)) {
                fault_set(ret_fault, FAULT_RUN, ENOSPC, CODE_SPOOL_FAILED, "simulated");
                ret_fault->retryable = true;
                return -ENOSPC;
        }
        if (s->n == s->room) {
                s->room = s->room ? 2 * s->room : 64;
                s->lines = realloc(s->lines, s->room * size);
        }
        memcpy((char *)s->lines + s->n++ * size, line, size);
        return 0;
}

int spool_add(Spool *s, const DatabaseConnection *row, uint64_t asked_usec, Fault *ret_fault)
{
        Shown shown = site_shown(row);
        shown.asked_usec = asked_usec;
        int r = spool_append(s, &shown, sizeof(shown), ret_fault);
        if (r >= 0 && !digest_add(&s->list, row))
                s->n--; /* it is there already */
        return r;
}

int spool_add_id(Spool *s, const Uuid *id, Fault *ret_fault)
{
        uint16_t row = (uint16_t)truth_row_of(id);
        return spool_append(s, &row, sizeof(row), ret_fault);
}

int spool_get_id(Spool *s, int64_t number, Uuid *ret, Fault *ret_fault)
{
        if (number < 0 || number >= (int64_t)s->n)
                return fault_set(ret_fault, FAULT_RUN, ENOENT, CODE_SPOOL_FAILED, "simulated");
        *ret = truth_row_id(((const uint16_t *)s->lines)[number]);
        return 0;
}

int spool_add_verdict(Spool *s, const SpoolVerdict *verdict, Fault *ret_fault)
{
        Verdict v = {.row = (uint16_t)truth_row_of(&verdict->id),
                     .gone = verdict->gone,
                     .moved = verdict->moved != NULL,
                     .asked_usec = verdict->asked_usec};
        return spool_append(s, &v, sizeof(v), ret_fault);
}

void spool_reset(Spool *s)
{
        s->n = 0;
        digest_reset(&s->list);
}

const Digest *spool_digest(const Spool *s)
{
        return &s->list.digest;
}

const Shown *spool_shown(const Spool *s, size_t *ret_n)
{
        *ret_n = s->n;
        return s->lines;
}

const Verdict *spool_verdicts(const Spool *s, size_t *ret_n)
{
        *ret_n = s->n;
        return s->lines;
}
