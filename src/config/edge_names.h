/*
 * edge_names: names for Edge connections that no section names, and which of them are mirrored.
 *
 * The catalog's name, made such as a section may have. Where several have the same, or a section
 * has it, the first digits of the id are added to each of them that has no section: what a name is
 * does not depend on the order in which they are listed, so all instances give the same.
 */
#pragma once

#include "base/limits.h"
#include "config/config.h"

typedef struct EdgeName {
        Uuid id;
        const char *wanted; /* as text_printable has it; "": none */
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1];
} EdgeName;

/* Whether [discover] wants an Edge connection of that name. One whose name is not known ("") is
 * wanted when every name is: where patterns choose, nobody knows whether it is one of them. */
bool edge_name_is_wanted(const ConfigDiscover *discover, const char *name);

/* Whether an Edge connection of that name ("": not known) is to be discovered: that is enabled, it
 * has no section, and its name is wanted. */
bool edge_is_wanted(const Config *config, const Uuid *id, const char *name);

/* Fills `name` of each. None of the ids is that of a section. -ENOMEM. */
int edge_names_make(const Config *config, EdgeName *edges, size_t n);
