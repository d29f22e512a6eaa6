/*
 * flight: what is sent in one go.
 */
#pragma once

#include "pg/task_private.h"

/* Sends the next steps, as far as no decision is needed; COMMIT after the last. -ENOMEM: nothing
 * was sent. A connection that takes it not is broken. */
int flight_send(PgConnection *c);
void flight_send_rollback(PgConnection *c);

/* How long the answers to so many statements may take. */
uint64_t flight_limit(const PgConnection *c, size_t n_statements);
