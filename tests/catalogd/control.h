/*
 * control: /control/…, for tests and scripts that look into the catalog or change it while it runs.
 * No credentials; README.md lists it.
 */
#pragma once

#include "catalogd/answer.h"
#include "catalogd/site.h"

int control_answer(Site *site, struct MHD_Connection *connection, const char *method,
                   const char *path, const Text *body, Answer *ret); /* -ENOMEM */
