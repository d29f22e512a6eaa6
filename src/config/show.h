/*
 * show: the configuration in effect, value by value, and where each comes from.
 */
#pragma once

#include "base/text.h"
#include "config/option.h"

typedef struct ShownValue {
        OptionSection section;
        const char *edge; /* the name of its section; NULL: not of an edge */
        const char *key, *value;
        const char *source; /* "FILE:LINE", the name of a variable, "default" */
} ShownValue;

typedef void (*ShowHandler)(const ShownValue *value, void *userdata);

/* Reads as config_load does, and gives what is in effect in the order of the sample, the edges in
 * that of their sections: of an edge what its section says, for the rest is that of [defaults].
 * Keys that are not given and have no default are left out. No value is a secret, since one that
 * might hold a secret is not valid; and what is not valid is not shown: the errors of config_load
 * then. */
int config_show(const char *file, ShowHandler on_value, void *userdata, Text *errors);
