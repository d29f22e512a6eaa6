/*
 * by_hand: how a command by hand gets the secrets that systemd passes to the service.
 */
#pragma once

#include "base/fault.h"
#include "config/config.h"

/* Where the fault says that there is no credential, because systemd did not start this program:
 * puts after its message the command that does, with the credentials that the configuration names,
 * those of the instance NAME for SYSCONFDIR/edgemirror/NAME.conf, that file, and the variables of
 * the environment that stand in for its keys. `config_file` NULL: the default. Other faults are
 * left as they are. */
void by_hand_advise(Fault *fault, const Config *config, const char *config_file);
