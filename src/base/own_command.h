/*
 * own_command: how a command that is advised calls this program.
 *
 * A host may have several configurations, each of another catalog, and a variable may stand in for
 * a key: without them a command would act on another catalog, or on another database.
 */
#pragma once

#include "base/uuid.h"

#define OWN_COMMAND_BYTES 256

/* At the start: the configuration, when it is not the default one; NULL: it is. */
void own_command_set(const char *config_file);

/* Once it has been loaded: the variables of the environment that decide, as words of a shell with a
 * blank before each. */
void own_command_add_variables(const char *words);

/* "edgemirror", or "edgemirror -c /etc/edgemirror/acme.conf"; "… -c FILE", where the name is too
 * long for a message. With variables "env NAME=VALUE edgemirror": behind "env" an alias does not
 * count, which would lose them. Too many for a message are "… edgemirror", which no shell runs. */
const char *own_command(void);

/* An edge in such a command: its name (NULL: none) where a shell takes that as it is, else its id.
 */
const char *own_edge_argument(const char *name, const Uuid *edge, char id[static UUID_STRING_SIZE]);
