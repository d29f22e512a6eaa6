/*
 * routes: which function answers which path. To add one: a row of the table.
 */
#pragma once

#include "web/request.h"

typedef struct WebRoute {
        const char *path;
        bool is_prefix; /* of all paths that begin so; else the whole path */
        void (*answer)(WebRequest *request, WebService *service);
        const WebPage *page; /* of pages_answer */
} WebRoute;

typedef const WebRoute *(*WebRouteFind)(const char *path, const char **ret_rest);

/* NULL: nothing is there. ret_rest: what follows a prefix. */
const WebRoute *route_find(const char *path, const char **ret_rest);
