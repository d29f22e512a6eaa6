/*
 * pauses: a list; a server has few connections, so each turn of the loop looks at all that wait.
 */
#include "catalogd/pauses.h"

#include <stddef.h>

bool pauses_add(Pauses *pauses, Pause *pause, struct MHD_Connection *connection, uint64_t due_usec)
{
        if (pauses->closed)
                return false;
        *pause = (Pause){.connection = connection, .due_usec = due_usec, .next = pauses->first};
        if (pauses->first)
                pauses->first->previous = pause;
        pauses->first = pause;
        MHD_suspend_connection(connection);
        return true;
}

static void pause_end(Pauses *pauses, Pause *pause)
{
        struct MHD_Connection *connection = pause->connection;

        if (pause->previous)
                pause->previous->next = pause->next;
        else
                pauses->first = pause->next;
        if (pause->next)
                pause->next->previous = pause->previous;
        *pause = (Pause){0};
        MHD_resume_connection(connection);
}

void pauses_resume_due(Pauses *pauses, uint64_t now_usec)
{
        for (Pause *pause = pauses->first, *next; pause; pause = next) {
                next = pause->next;
                if (pause->due_usec <= now_usec)
                        pause_end(pauses, pause);
        }
}

void pauses_release(Pauses *pauses)
{
        for (Pause *pause = pauses->first; pause; pause = pause->next)
                pause->due_usec = 0;
}

uint64_t pauses_next_due(const Pauses *pauses)
{
        uint64_t next_usec = UINT64_MAX;

        for (const Pause *pause = pauses->first; pause; pause = pause->next)
                if (pause->due_usec < next_usec)
                        next_usec = pause->due_usec;
        return next_usec;
}
