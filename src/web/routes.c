/* Paths are compared as they are decoded, byte by byte; there are no files behind them. */
#include "web/routes.h"
#include "web/health.h"
#include "web/metrics.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/status.h"
#include <string.h>

static const WebRoute ROUTES[] = {
        {.path = "/", .answer = pages_answer, .page = &page_home},
        {.path = "/edges/", .is_prefix = true, .answer = pages_answer, .page = &page_edge},
        {.path = "/inventory", .answer = pages_answer, .page = &page_inventory},
        {.path = "/changes", .answer = pages_answer, .page = &page_changes},
        {.path = "/healthz", .answer = health_answer_alive},
        {.path = "/readyz", .answer = health_answer_ready},
        {.path = "/status.json", .answer = status_observation_answer},
        {.path = "/metrics", .answer = metrics_answer},
};

const WebRoute *route_find(const char *path, const char **ret_rest)
{
        for (size_t i = 0; i < ARRAY_SIZE(ROUTES); i++) {
                const WebRoute *route = &ROUTES[i];
                size_t length = strlen(route->path);
                if (strncmp(path, route->path, length) == 0 &&
                    (route->is_prefix || path[length] == '\0')) {
                        *ret_rest = path + length;
                        return route;
                }
        }
        return NULL;
}
