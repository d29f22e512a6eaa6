/*
 * reload: reads the configuration again, and opens its peers where it needs others than those in
 * force.
 */
#pragma once

#include "config/config.h"
#include "peers/peers.h"

/* What is wrong is logged. Negative errno: nothing is given out. */
int reload_open(sd_event *event, const char *config_file, Peers *in_force, Config **ret,
                Peers **ret_peers);

/* A configuration is in force, the first or what reload_open gave out: counts it. */
void reload_succeeded(void);
