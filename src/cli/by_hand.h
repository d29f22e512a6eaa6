/*
 * by_hand: how a command by hand gets the secrets that systemd passes to the service.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"

/* Appends the command that root gives: with the credentials that the configuration names, those of
 * the instance NAME for SYSCONFDIR/edgemirror/NAME.conf, that file, and with `variables` those of
 * the environment. `config_file` NULL: the default. -ENOMEM. */
int by_hand_command(Text *command, const Config *config, const char *config_file, bool variables);
