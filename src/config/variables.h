/*
 * variables: those of the environment that decide what a command works with.
 */
#pragma once

#include "base/text.h"

/* Appends each that is set and not empty, as a word of a shell's command, NAME=VALUE, with `before`
 * before it: those of libpq, and those that stand in for keys of the configuration, which has been
 * loaded with them: then none of those that are appended holds a secret. -ENOMEM. */
int variables_append(Text *t, const char *before);

/* Before there is a thread: takes them all out of the environment, secrets, too, and has libpq look
 * for no file of passwords. Appends the names of those that were set, with `before` before each.
 * -ENOMEM. */
int variables_forget(Text *t, const char *before);
