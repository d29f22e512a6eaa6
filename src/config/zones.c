#include "config/zones.h"
#include "base/cleanup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* There are some hundred zones in the world, and a configuration uses a few of them. */
int config_zones_get(ConfigZones *zones, const char *name, const Zone **ret)
{
        for (size_t i = 0; i < zones->n; i++)
                if (strcmp(zone_name(zones->items[i]), name) == 0) {
                        *ret = zones->items[i];
                        return 0;
                }

        _cleanup_(cleanup_zone) Zone *zone = NULL;
        int r = zone_load(name, &zone);
        if (r < 0)
                return r;
        Zone **items = reallocarray(zones->items, zones->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        zones->items = items;
        *ret = zone;
        zones->items[zones->n++] = TAKE_PTR(zone);
        return 0;
}

void config_zones_done(ConfigZones *zones)
{
        for (size_t i = 0; i < zones->n; i++)
                (void)zone_free(zones->items[i]);
        free(zones->items);
        *zones = (ConfigZones){0};
}
