/*
 * status_json: one edge as `status --json` and the monitor's /status.json show it.
 */
#pragma once

#include "mirror/status.h"
#include "report/json.h"

/* The object of the contract, owned by the caller. Where memory lacked it is NULL, or one that
 * json_append refuses. */
cJSON *status_json(const MirrorStatus *s);
