/*
 * daemon: the service. Syncs each edge of the configuration when it is due, until it is told to
 * stop.
 *
 * The queue is in PostgreSQL (mirror/queue.h), so that any number of instances share the work;
 * the service sleeps until the next edge is due, keeps the number of syncs within `max_syncs`,
 * waits for a catalog or a PostgreSQL that is away, and answers to systemd.
 *
 * Signals: SIGHUP reads the configuration again (all or nothing: with an error the old one stays in
 * force; running syncs finish with what they began with); SIGTERM and SIGINT stop: no new work,
 * requests aborted, transactions rolled back, leases released, within `stop_timeout`; a second one
 * leaves at once.
 */
#pragma once

#include "base/fault.h"
#include "config/config.h"

/* Runs until it is stopped. `config_file` is what SIGHUP reads (NULL: the default); `config` is its
 * content, of which a reference is taken. 0 after an orderly stop; negative errno and a filled
 * Fault when it could not begin. */
int daemon_run(const char *config_file, Config *config, Fault *ret_fault);
