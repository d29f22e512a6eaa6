/*
 * copy: the data of a COPY … FROM STDIN, from its source to the socket.
 */
#pragma once

#include "pg/task_private.h"

/* The server waits for data. */
void copy_begin(PgConnection *c);

/* Sends as much as the socket takes. */
void copy_feed(PgConnection *c);
