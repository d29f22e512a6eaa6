/*
 * prepared: statements that the server keeps for a connection, so that it parses and plans them
 * once.
 *
 * Only those that ask for it, and the settings of each transaction, and only where the session is
 * the connection's own. A pooler that hands sessions out by transaction gives each client a process
 * id of its own making: so each transaction asks for the one that it runs in (settings_sql of
 * flight.c), and as soon as that is not the one that libpq was given, nothing is prepared any more
 * on this connection. Where that could not be seen, the server answers that it does not know the
 * statement, or has one of that name: then the work, of which nothing was done, begins again
 * without. The name is made of the text, so that no other statement can have it.
 */
#pragma once

#include "pg/task_private.h"

/* The answer to the settings has come. */
void prepared_check_session(PgConnection *c, const PGresult *settings);

/* Sends a statement of that stage, prepared where that may be: then an answer of the preparation
 * may come before its own (task_private.h, `preparing`). False: libpq refuses it. */
bool prepared_send(PgConnection *c, const PgStep *step, WorkStage stage);

/* True: the work can begin again, and nothing is prepared on this connection any more. */
bool prepared_on_error(PgConnection *c, const char *sqlstate);
