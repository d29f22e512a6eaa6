#include "daemon/notify_queue.h"
#include <string.h>

/* q->n: from there on there is none of that edge or peer. */
static size_t queue_find(const NotifyQueue *q, size_t from, const NotifyEvent *event)
{
        size_t i = from;
        while (i < q->n &&
               (q->events[i].kind != event->kind || !uuid_equal(&q->events[i].edge, &event->edge)))
                i++;
        return i;
}

static void queue_remove(NotifyQueue *q, size_t i, size_t count)
{
        q->n -= count;
        memmove(q->events + i, q->events + i + count, (q->n - i) * sizeof(*q->events));
}

/* Of two changes of the same, the later one is told; false: all is as it was before. What has come
 * into doubt meanwhile, because it was refused, stays in doubt. */
static bool event_replace(NotifyEvent *e, const NotifyEvent *later)
{
        NotifyState before = later->before == NOTIFY_UNKNOWN ? NOTIFY_UNKNOWN : e->before;
        *e = *later;
        e->before = before;
        return e->state != before;
}

void notify_queue_put(NotifyQueue *q, const NotifyEvent *event)
{
        size_t i = queue_find(q, q->n_sent, event);
        if (i == q->n && q->n < q->most)
                q->events[q->n++] = *event;
        else if (i == q->n)
                q->n_more++;
        else if (!event_replace(&q->events[i], event))
                queue_remove(q, i, 1);
}

void notify_queue_drop_sent(NotifyQueue *q)
{
        queue_remove(q, 0, q->n_sent);
        q->n_more -= q->n_more_sent;
        q->n_sent = q->n_more_sent = 0;
}

void notify_queue_keep_sent(NotifyQueue *q)
{
        for (size_t i = 0; i < q->n_sent; i++) {
                size_t later = queue_find(q, q->n_sent, &q->events[i]);
                q->events[i].before = NOTIFY_UNKNOWN;
                if (later == q->n)
                        continue;
                (void)event_replace(&q->events[i], &q->events[later]);
                queue_remove(q, later, 1);
        }
        q->n_sent = q->n_more_sent = 0;
}
