/* 1 <= allowed <= most always holds. */
#include "base/limiter.h"

enum {
        BEGIN_WITH = 2,
        SLOW_FACTOR = 3,  /* slower than the quick ones by this: there is a queue */
        FORGET_SHIFT = 9, /* the quick one is believed a five-hundredth less with each answer */
        SMOOTH_SHIFT = 3,
        SLOW_LEAST_USEC = 2000, /* differences below are the noise of any machine */
};

void limiter_init(Limiter *p, unsigned most)
{
        *p = (Limiter){.most = most, .allowed = most < BEGIN_WITH ? most : BEGIN_WITH};
}

void limiter_list_begins(Limiter *p)
{
        p->lists++;
}

void limiter_list_ends(Limiter *p)
{
        p->lists--;
}

unsigned limiter_share(const Limiter *p)
{
        unsigned share = p->lists > 0 ? p->allowed / p->lists : p->allowed;
        return share > 0 ? share : 1;
}

static void limiter_measure(Limiter *p, uint64_t elapsed_usec)
{
        p->quick_usec += (p->quick_usec >> FORGET_SHIFT) + 1;
        if (p->usual_usec == 0 || elapsed_usec < p->quick_usec)
                p->quick_usec = elapsed_usec;
        if (p->usual_usec == 0)
                p->usual_usec = elapsed_usec;
        else
                p->usual_usec = p->usual_usec - (p->usual_usec >> SMOOTH_SHIFT) +
                                (elapsed_usec >> SMOOTH_SHIFT);
}

static void limiter_set(Limiter *p, unsigned allowed)
{
        p->allowed = allowed < 1 ? 1 : allowed > p->most ? p->most : allowed;
        p->good = 0;
}

void limiter_answered(Limiter *p, uint64_t elapsed_usec, bool pushed_back)
{
        if (pushed_back) {
                limiter_set(p, p->allowed / 2);
                return;
        }
        limiter_measure(p, elapsed_usec);
        if (++p->good < p->allowed)
                return;
        bool slow = p->usual_usec > SLOW_FACTOR * p->quick_usec + SLOW_LEAST_USEC;
        limiter_set(p, slow ? p->allowed - 1 : p->allowed + 1);
}
