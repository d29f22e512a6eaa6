/*
 * variables: those of the environment that decide what a command works with.
 */
#pragma once

#include "base/text.h"
#include <stdbool.h>

/* Appends each that is set and not empty, as a word of a shell's command, NAME=VALUE, with `before`
 * before it: those of libpq and, with `stand_in`, those that stand in for keys of a configuration,
 * which has been loaded with them: then none of those that are appended holds a secret. -ENOMEM. */
int variables_append(Text *t, const char *before, bool stand_in);
