/*
 * status_service: what status shows of the service before the edges, and the verdict of
 * status --check.
 */
#pragma once

#include "base/own_command.h"
#include "config/config.h"
#include "mirror/instance.h"
#include "mirror/status.h"
#include <stdio.h>

enum { SERVICE_TROUBLE_BYTES = 512 + 3 * OWN_COMMAND_BYTES };

typedef struct ServiceStatus {
        size_t n_known, n_alive, n_stopped;
        char last[160];                      /* none is alive: what is known of the last one */
        char trouble[SERVICE_TROUBLE_BYTES]; /* of one that waits, "" none */
        MirrorBlocked blocked;
} ServiceStatus;

/* Counts it, and prints its line, unless it is one of the dead that interest nobody any more. out:
 * NULL prints nothing. */
void service_status_take(ServiceStatus *s, const MirrorInstanceStatus *instance, FILE *out);

/* After the last instance: a line where none is alive. */
void service_status_end(const ServiceStatus *s, FILE *out);

/* After the last instance: none is alive, and something keeps all of them away. A standby of a
 * mirror that is synced by hand is one to read. */
bool service_is_blocked(const ServiceStatus *s);

/* Edges, as --check judges them. */
typedef struct EdgesStatus {
        size_t n_enabled, n_scheduled, n_unwell;
        char unwell[SERVICE_TROUBLE_BYTES]; /* the first few, with the reason */
} EdgesStatus;

/* Why nothing syncs an edge that the configuration enables: the mirror has it disabled, an instance
 * is alive and none has scheduled it, or it is overdue and its time zone not known here. An edge
 * that nobody has scheduled is synced by hand, or where this database subscribes to: then, that its
 * list is older than its schedule in the mirror allows. NULL: none of these. configured: NULL when
 * it is not in the configuration. */
const char *edge_status_unscheduled(const ServiceStatus *service, const MirrorStatus *s,
                                    const ConfigEdge *configured);

/* unscheduled: of edge_status_unscheduled. */
void edges_status_take(EdgesStatus *e, const MirrorStatus *s, const char *unscheduled);

/* An edge of the configuration that the mirror does not know, and that is to be synced. */
void edges_status_take_unknown(EdgesStatus *e, const char *name);

/* Prints one line; true: all is well. */
bool status_check_print(const ServiceStatus *s, const EdgesStatus *e);
