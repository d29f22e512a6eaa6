/*
 * request_private: the life of a request, for monitor.c.
 */
#pragma once

#include "web/routes.h"
#include "web/service.h"
#include <microhttpd.h>

/* NULL: no memory. */
WebRequest *web_request_new(WebService *service, struct MHD_Connection *connection,
                            const char *method, const char *path);

/* Refuses it, or hands it to the route that `find` knows. MHD_NO: the connection is to be closed.
 */
enum MHD_Result web_request_handle(WebRequest *r, WebRouteFind find);

/* A method that is not served is refused before its body is read. */
bool web_request_is_served(const WebRequest *r);

/* It was served, or its connection is gone. NULL is fine. Returns NULL. */
WebRequest *web_request_free(WebRequest *r);

/* Answers all that wait, and at once whoever would wait later, until service->closing is reset. */
void web_requests_stop(WebService *service);
