/*
 * list: GET /databaseConnections.
 */
#pragma once

#include "catalogd/api.h"

#define LIST_LIMIT_MAX 500 /* API reference: maximum of `limit` */

int list_answer(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret);
int list_answer_unknown_edge(const Site *site, const char *edge, Answer *ret);
