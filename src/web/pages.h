/*
 * pages: the pages for people, as routes.
 *
 * What a page shows is read for it, by the service's own role, in a transaction that cannot write;
 * when PostgreSQL does not answer in time, or not at all, the page says so, with 503. Arguments
 * that are none are 400, an edge that is none 404.
 */
#pragma once

#include "web/request.h"

void pages_answer(WebRequest *request, WebService *service);
