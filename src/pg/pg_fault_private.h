/*
 * pg_fault: what PostgreSQL's errors mean.
 */
#pragma once

#include "pg/pg.h"

/* FATAL or PANIC, or what a pooler sends for it */
bool pg_result_ends_session(const PGresult *result);
void pg_fault_from_result(const PGresult *result, Fault *ret);
/* For a connection: counts as PostgreSQL's, as the scope says. -ENOMEM. */
int pg_fault_no_memory(Fault *ret);
void pg_fault_from_connection(PGconn *conn, bool connecting, Fault *ret);
