/*
 * cancel: the server ends a statement that nobody waits for any more.
 *
 * Closing the connection alone leaves the server's process at work, or waiting for a lock. The
 * request goes by a connection of its own, which this version of libpq opens only by blocking: so
 * in a thread.
 */
#include "pg/pg_private.h"
#include <errno.h>

static void cancel_run(void *data)
{
        char words[256];
        (void)PQcancel(data, words, sizeof(words));
}

static void cancel_done(void *data, void *userdata)
{
        (void)data;
        ((PgConnection *)userdata)->cancel = NULL;
}

static void cancel_release(void *data)
{
        PQfreeCancel(data);
}

int cancel_start(PgConnection *c)
{
        static const BackgroundJob job = {
                .run = cancel_run, .done = cancel_done, .release = cancel_release};
        PGcancel *request = PQgetCancel(c->conn);
        if (!request)
                return -ENOMEM;
        /* A loop that has ended takes nothing new. */
        sd_event *event =
                sd_event_get_state(c->pool->event) == SD_EVENT_FINISHED ? NULL : c->pool->event;
        int r = background_start(event, &job, request, c, &c->cancel);
        if (r < 0)
                PQfreeCancel(request);
        return r;
}
