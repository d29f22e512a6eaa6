/*
 * edge_api: the Edge connections, one of them, and the sites that they are on.
 */
#pragma once

#include "catalogd/api.h"

#define EDGE_CONNECTIONS_PATH "/edge/api/rest/v2/connections"
#define EDGE_SITES_PATH       "/edge/api/rest/v2/sites"

int edge_api_answer(const Site *site, const ApiRequest *request, Answer *ret);
