/*
 * work: one piece of work on one connection, from BEGIN to COMMIT or ROLLBACK.
 */
#pragma once

#include "pg/task_private.h"

/* c->task is set. */
void work_start(PgConnection *c);

/* Handlers of the connection. */
void work_on_ready(PgConnection *c);
void work_on_lost(PgConnection *c, const Fault *fault);

/* Whether what runs may be stopped on the server. */
bool work_can_be_cancelled(const PgConnection *c);
