#include "daemon/notify_told.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>

static ToldEdge *told_find(const ToldEdges *edges, const Uuid *edge)
{
        ToldEdge *e;
        LIST_FOREACH(e, edges, others) {
                if (uuid_equal(&e->edge, edge))
                        break;
        }
        return e;
}

NotifyState told_record(ToldEdges *edges, const Uuid *edge, const char *name, NotifyState before,
                        NotifyState state, bool whatever)
{
        ToldEdge *e = told_find(edges, edge);
        NotifyState told = before;
        if (e && e->over)
                told = NOTIFY_WELL;
        else if (e ? e->doubted : before != NOTIFY_WELL || state != NOTIFY_WELL || whatever)
                told = NOTIFY_UNKNOWN;
        if (!e) {
                e = calloc(1, sizeof(*e));
                if (!e)
                        return told;
                e->edge = *edge;
                LIST_INSERT_HEAD(edges, e, others);
        }
        (void)snprintf(e->name, sizeof(e->name), "%s", name);
        e->well = state == NOTIFY_WELL;
        e->over = e->doubted = false;
        return told;
}

void told_doubt(ToldEdges *edges, const Uuid *edge)
{
        ToldEdge *e = told_find(edges, edge);
        if (e)
                e->doubted = true;
}

void told_doubt_all(ToldEdges *edges)
{
        ToldEdge *e;
        LIST_FOREACH(e, edges, others)
                e->doubted = e->doubted || !e->well;
}

ToldEdge *told_find_over(ToldEdges *edges, const char *(*name_of)(const Uuid *edge, void *userdata),
                         void *userdata)
{
        ToldEdge *e;
        LIST_FOREACH(e, edges, others) {
                if (!e->well && !e->over && !text_equal(name_of(&e->edge, userdata), e->name))
                        break;
        }
        if (e)
                e->over = true;
        return e;
}

void told_done(ToldEdges *edges)
{
        ToldEdge *e;
        while ((e = LIST_FIRST(edges))) {
                LIST_REMOVE(e, others);
                free(e);
        }
}
