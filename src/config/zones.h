/*
 * zones: the time zones that a configuration uses. Each is loaded once and shared.
 */
#pragma once

#include "schedule/zone.h"
#include <stddef.h>

typedef struct ConfigZones {
        Zone **items;
        size_t n;
} ConfigZones;

int config_zones_get(ConfigZones *zones, const char *name, const Zone **ret); /* as zone_load */
void config_zones_done(ConfigZones *zones);
