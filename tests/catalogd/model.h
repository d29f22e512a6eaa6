/*
 * model: what the sample catalog knows: Edge connections and their database connections.
 *
 * Rows of an edge keep the order in which they were added. Identifiers and names are drawn from the
 * seed, the number of the edge and the number of the row alone, so that two servers with one seed
 * agree, whatever happened in between.
 */
#pragma once

#include "catalogd/idmap.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define MODEL_SCHEMA_CONNECTIONS 4 /* per edge; each row belongs to one of them */

typedef struct Edge Edge;

typedef struct Row {
        Uuid id; /* first: IdMap */
        Uuid database_id;
        Edge *edge;
        char *name; /* UTF-8, NUL-terminated, as at the source */
        uint32_t name_size;
        uint8_t schema;          /* which schema connection of the edge */
        bool linked;             /* has a databaseId */
        bool name_escaped;       /* the name holds characters that JSON escapes */
        struct Row *hidden_next; /* while it is hidden, */
        size_t hidden_at;        /* and where it was in the list */
} Row;

struct Edge {
        Uuid id; /* first: IdMap */
        char *name;
        bool unlisted;     /* the Edge API has it, but not in its list */
        bool gone;         /* nobody may see it, nor its rows */
        uint64_t number;   /* position among all edges ever made */
        uint64_t next_row; /* number that the next generated row gets */
        Uuid schemas[MODEL_SCHEMA_CONNECTIONS];
        Row **rows;
        size_t n_rows, n_rows_allocated;
        /* rows that nobody may see for now: in no list, and not there by their id; the last one
         * hidden first */
        Row *hidden;
        /* array of row operations that the next completed refresh reveals; NULL: none */
        cJSON *pending;
};

typedef struct Model {
        uint64_t seed;
        Edge **edges;
        size_t n_edges;
        IdMap edge_by_id;
        IdMap row_by_id;
} Model;

void model_done(Model *model);

/* `id` and `name` NULL: drawn from the seed. -EEXIST: the id is taken. */
int model_add_edge(Model *model, const Uuid *id, const char *name, Edge **ret);
/* NULL: there is none, or it is gone. */
Edge *model_get_edge(const Model *model, const Uuid *id);
int model_rename_edge(Edge *edge, const char *name); /* -ENOMEM */
/* also one that is gone */
Edge *model_find_edge(const Model *model, const char *id_or_name);

/* Appends rows as drawn from the seed; about two in three are linked. */
int model_generate_rows(Model *model, Edge *edge, uint64_t count);

/* Inserts before position `at` (beyond the end: appends). `id` NULL: drawn. `database_id` NULL: not
 * linked. Copies `name`. */
int model_add_row(Model *model, Edge *edge, const Uuid *id, const char *name,
                  const Uuid *database_id, size_t at, Row **ret);
void model_remove_row(Model *model, Row *row);

/* Out of sight, and (all of the edge's that are) back at their places: -ENOMEM, -EEXIST. */
void model_hide_row(Model *model, Row *row);
int model_show_rows(Model *model, Edge *edge);
int model_rename_row(Row *row, const char *name); /* -ENOMEM */
/* NULL: the one drawn for this row */
void model_link_row(const Model *model, Row *row, const Uuid *database_id);
void model_unlink_row(Row *row);

/* Takes the row out and inserts it before position `at` of `edge`, its own or another one. */
int model_move_row(Row *row, Edge *edge, size_t at);

Uuid model_draw_id(uint64_t seed, char kind, uint64_t a, uint64_t b);
