/*
 * asked_names: the edges that a person names to a command which reads the mirror, and which of them
 * it knew.
 */
#pragma once

#include "base/uuid.h"
#include <stdbool.h>

/* Zero-initialise. */
typedef struct AskedNames {
        const char **names; /* or ids, NULL-terminated; NULL: none was given, all are meant */
        bool *seen;         /* one for each name */
} AskedNames;

/* Names or ids: the mirror knows an edge by both, whether the configuration has it or not. Borrows
 * `given`. -ENOMEM. */
int asked_names_take(AskedNames *a, char *const *given);

void asked_names_mark(AskedNames *a, const char *name, const Uuid *id); /* the mirror knows it */

/* Says which the mirror does not know, with an advice, a command of this program; true when there
 * are any. */
bool asked_names_missing(const AskedNames *a, const char *command, const char *advice);
#define ASKED_NAMES_SYNC "sync registers it if it is configured"

void asked_names_done(AskedNames *a);
