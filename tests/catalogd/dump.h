/*
 * dump: the truth that a mirror is compared with.
 */
#pragma once

#include "base/text.h"
#include "catalogd/model.h"

/* One row a line, as the API would show it. `edge` NULL: all. -ENOMEM. */
int dump_json(const Model *model, const Edge *edge, Text *ret);

/* id, name, databaseId in PostgreSQL's COPY text format, so that it equals `COPY (SELECT id, name,
 * database_id …) TO STDOUT` byte for byte. */
int dump_copy(const Model *model, const Edge *edge, Text *ret);
