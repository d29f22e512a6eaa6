/*
 * cancel: the server ends a statement that nobody waits for any more.
 */
#pragma once

#include "base/background.h"
#include <libpq-fe.h>

/* Asks the server, in a thread, to end what runs on this connection. `slot` is NULL again when it
 * has been asked; it outlives the thread, or is abandoned. */
int cancel_start(sd_event *event, PGconn *conn, Background **slot);
