/*
 * cancel: the server ends a statement that nobody waits for any more.
 */
#pragma once

#include "base/background.h"
#include <libpq-fe.h>

typedef void (*CancelHandler)(void *request, void *userdata);

/* Asks the server, in a thread, to end what runs on this connection; `asked` is called from the
 * loop when it has answered that, unless the thread was abandoned before. */
int cancel_start(sd_event *event, PGconn *conn, CancelHandler asked, void *userdata,
                 Background **ret);
