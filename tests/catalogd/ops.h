/*
 * ops: changes to the rows of an edge, as JSON: the body of POST /control/edges/{id}/rows, and what
 * rules do before or after an answer.
 *
 *   {"op":"add","name":"sales"[,"id":UUID][,"databaseId":UUID|true][,"at":POSITION]}
 * {"op":"add","count":N}: generated
 *   {"op":"rename",WHICH,"name":"…"}   {"op":"link",WHICH[,"databaseId":UUID]}
 * {"op":"unlink",WHICH}
 *   {"op":"remove",WHICH[,"count":N]}  {"op":"move",WHICH[,"at":POSITION][,"to":EDGE]}
 *
 * WHICH is "id":UUID, "name":"…" (the first of that name) or "index":N (negative: from the end).
 * With "pending":true the change is kept at the source: the next refresh of the edge that completes
 * brings it.
 */
#pragma once

#include "base/fault.h"
#include "catalogd/model.h"

/* One operation or an array of them. Stops at the first that cannot be done: those before it stay
 * done. Identifiers of rows that were added or changed are appended to `ids` (a JSON array; may be
 * NULL). -EINVAL with a Fault that names the operation. */
int ops_apply(Model *model, Edge *edge, const cJSON *ops, cJSON *ids, Fault *ret_fault);

/* What was pending at the source of this edge is in the catalog afterwards. An operation that has
 * become impossible is dropped. */
void ops_reveal(Model *model, Edge *edge);
