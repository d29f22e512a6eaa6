#include "catalog/doubt.h"

DoubtStep doubt_on_401(Doubt *d, const DoubtCase *c)
{
        if (c->other_secret)
                return DOUBT_NOW;
        if (c->not_ours)
                return DOUBT_OVER;
        if (c->repeated && d->heard)
                return DOUBT_ALONE;
        if (d->refused || c->repeated || (c->control && d->open)) {
                d->refused = true;
                return DOUBT_OVER;
        }
        if (d->open)
                return DOUBT_JOIN;
        d->open = true;
        return DOUBT_LATER;
}

void doubt_on_answer(Doubt *d)
{
        d->refused = false;
}

void doubt_on_control(Doubt *d)
{
        d->heard = d->open;
}

void doubt_end(Doubt *d)
{
        d->open = d->heard = false;
}
