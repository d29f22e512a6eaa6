/*
 * Closing the connection alone leaves the server's process at work, or waiting for a lock. The
 * request goes by a connection of its own, which this version of libpq opens only by blocking: so
 * in a thread.
 */
#include "pg/cancel_private.h"
#include <errno.h>
#include <stdbool.h>

static void cancel_run(void *data)
{
        char message[256];
        (void)PQcancel(data, message, sizeof(message));
}

static void cancel_release(void *data)
{
        PQfreeCancel(data);
}

int cancel_start(sd_event *event, PGconn *conn, CancelHandler asked, void *userdata,
                 Background **ret)
{
        const BackgroundJob job = {.run = cancel_run, .done = asked, .release = cancel_release};
        PGcancel *request = PQgetCancel(conn);
        if (!request)
                return -ENOMEM;
        /* A loop that has ended takes nothing new. */
        bool ended = sd_event_get_state(event) == SD_EVENT_FINISHED;
        int r = background_start(ended ? NULL : event, &job, request, userdata, ret);
        if (r < 0)
                PQfreeCancel(request);
        return r;
}
