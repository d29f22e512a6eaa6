/*
 * grants: what another role than the migrating one needs to be the service's.
 */
#pragma once

#include "mirror/mirror.h"

/* Called once for each statement that grants `role` what the service needs, then once with NULL (or
 * a fault). */
typedef void (*MirrorGrantsCallback)(const char *statement, const Fault *fault, void *userdata);
int mirror_grants(Mirror *m, const char *role, MirrorGrantsCallback callback, void *userdata,
                  MirrorTask **ret);
