/*
 * database_private: what database.c and database_queries.c share.
 */
#pragma once

#include "sim/database.h"

const Fault *database_fault_lease_lost(void);
const Fault *database_fault_run_over(void);
const Fault *database_fault_overtaken(void);
int transaction_open(World *w, unsigned edge);
DbTransaction *transaction_find(Database *d, int number); /* NULL: it is over */
void transaction_watch(World *w, int number);

/* Carries the statement out, now and as a whole. */
DbEnd database_query(World *w, DbStatement *s, const Fault **ret_fault);
