/*
 * health: for whoever restarts the service, and for whoever sends it traffic or waits for it.
 */
#pragma once

#include "web/request.h"

/* /healthz: 200 while the loop answers, 503 when the service stops. Nothing that a restart would
 * not help makes it fail. */
void health_answer_alive(WebRequest *request, WebService *service);

/* /readyz: 200 when the edges are registered and PostgreSQL can be used; else 503 with the reason.
 * A catalog that is away is said, with 200: the mirror can be read, and a restart does not bring it
 * back. */
void health_answer_ready(WebRequest *request, WebService *service);
