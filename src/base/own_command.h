/*
 * own_command: how a command that is advised calls this program.
 *
 * A host may have several configurations, each of another catalog: without its own, a command would
 * act on another one.
 */
#pragma once

#define OWN_COMMAND_BYTES 128

/* At the start: the configuration, when it is not the default one; NULL: it is. */
void own_command_set(const char *config_file);

/* "edgemirror", or "edgemirror -c /etc/edgemirror/acme.conf"; "… -c FILE", where the name is too
 * long for a message. */
const char *own_command(void);
