/*
 * model: an array of rows per edge, and two tables by identifier.
 *
 * A row is in exactly one edge's array and in row_by_id. Removing one shifts the pointers behind
 * it: the order of the others never changes, which is what the lists promise.
 */
#include "catalogd/model.h"

#include "base/cleanup.h"
#include "catalogd/names.h"
#include "catalogd/random.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Uuid model_draw_id(uint64_t seed, char kind, uint64_t a, uint64_t b)
{
        uint64_t state = seed ^ ((uint64_t)(unsigned char)kind << 56), words[2];
        Uuid id;

        state = random_next(&state) ^ a;
        state = random_next(&state) ^ b;
        words[0] = random_next(&state);
        words[1] = random_next(&state);
        memcpy(id.bytes, words, sizeof(id.bytes));
        id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x40); /* RFC 9562: version 4 */
        id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
        return id;
}

static Row *row_free(Row *row)
{
        if (row)
                free(row->name);
        free(row);
        return NULL;
}
DEFINE_CLEANUP(Row, row, row_free)

static Edge *edge_free(Edge *edge)
{
        if (!edge)
                return NULL;
        for (size_t i = 0; i < edge->n_rows; i++)
                row_free(edge->rows[i]);
        for (Row *row = edge->hidden, *next; row; row = next) {
                next = row->hidden_next;
                row_free(row);
        }
        free(edge->rows);
        free(edge->name);
        cJSON_Delete(edge->pending);
        free(edge);
        return NULL;
}
DEFINE_CLEANUP(Edge, edge, edge_free)

void model_done(Model *model)
{
        for (size_t i = 0; i < model->n_edges; i++)
                edge_free(model->edges[i]);
        free(model->edges);
        idmap_done(&model->edge_by_id);
        idmap_done(&model->row_by_id);
        *model = (Model){0};
}

int model_add_edge(Model *model, const Uuid *id, const char *name, Edge **ret)
{
        _cleanup_(cleanup_edge) Edge *edge = calloc(1, sizeof(*edge));
        Edge **edges;
        int r;

        if (!edge)
                return -ENOMEM;
        edge->number = model->n_edges;
        edge->id = id ? *id : model_draw_id(model->seed, 'e', edge->number, 0);
        edge->name = name ? strdup(name) : names_draw_edge(model->seed, edge->number);
        if (!edge->name)
                return -ENOMEM;
        for (uint64_t i = 0; i < MODEL_SCHEMA_CONNECTIONS; i++)
                edge->schemas[i] = model_draw_id(model->seed, 's', edge->number, i);
        edges = reallocarray(model->edges, model->n_edges + 1, sizeof(Edge *));
        if (!edges)
                return -ENOMEM;
        model->edges = edges;
        r = idmap_put(&model->edge_by_id, edge);
        if (r < 0)
                return r;
        if (ret)
                *ret = edge;
        model->edges[model->n_edges++] = TAKE(edge);
        return 0;
}

Edge *model_get_edge(const Model *model, const Uuid *id)
{
        Edge *edge = idmap_get(&model->edge_by_id, id);

        return edge && !edge->gone ? edge : NULL;
}

int model_rename_edge(Edge *edge, const char *name)
{
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(edge->name);
        edge->name = copy;
        return 0;
}

Edge *model_find_edge(const Model *model, const char *id_or_name)
{
        Uuid id;

        if (uuid_parse(id_or_name, &id) == 0)
                return idmap_get(&model->edge_by_id, &id);
        for (size_t i = 0; i < model->n_edges; i++)
                if (strcmp(model->edges[i]->name, id_or_name) == 0)
                        return model->edges[i];
        return NULL;
}

static bool name_needs_escape(const char *name)
{
        for (const char *p = name; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\')
                        return true;
        return false;
}

static int row_set_name(Row *row, const char *name)
{
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(row->name);
        row->name = copy;
        row->name_size = (uint32_t)strlen(copy);
        row->name_escaped = name_needs_escape(copy);
        return 0;
}

static int edge_insert(Edge *edge, Row *row, size_t at)
{
        if (edge->n_rows == edge->n_rows_allocated) {
                size_t n = edge->n_rows_allocated ? edge->n_rows_allocated * 2 : 16;
                Row **rows = reallocarray(edge->rows, n, sizeof(Row *));

                if (!rows)
                        return -ENOMEM;
                edge->rows = rows;
                edge->n_rows_allocated = n;
        }
        if (at > edge->n_rows)
                at = edge->n_rows;
        memmove(edge->rows + at + 1, edge->rows + at, (edge->n_rows - at) * sizeof(Row *));
        edge->rows[at] = row;
        edge->n_rows++;
        row->edge = edge;
        return 0;
}

static void edge_take(Edge *edge, const Row *row)
{
        for (size_t i = 0; i < edge->n_rows; i++)
                if (edge->rows[i] == row) {
                        edge->n_rows--;
                        memmove(edge->rows + i, edge->rows + i + 1,
                                (edge->n_rows - i) * sizeof(Row *));
                        return;
                }
}

int model_add_row(Model *model, Edge *edge, const Uuid *id, const char *name,
                  const Uuid *database_id, size_t at, Row **ret)
{
        _cleanup_(cleanup_row) Row *row = calloc(1, sizeof(*row));
        uint64_t number = edge->next_row;
        int r;

        if (!row)
                return -ENOMEM;
        row->id = id ? *id : model_draw_id(model->seed, 'r', edge->number, number);
        row->schema = (uint8_t)(number % MODEL_SCHEMA_CONNECTIONS);
        if (database_id) {
                row->database_id = *database_id;
                row->linked = true;
        }
        r = row_set_name(row, name);
        if (r < 0)
                return r;
        r = idmap_put(&model->row_by_id, row);
        if (r < 0)
                return r;
        r = edge_insert(edge, row, at);
        if (r < 0) {
                (void)idmap_take(&model->row_by_id, &row->id);
                return r;
        }
        edge->next_row++;
        if (ret)
                *ret = row;
        (void)TAKE(row);
        return 0;
}

int model_generate_rows(Model *model, Edge *edge, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++) {
                _cleanup_(cleanup_free) char *name =
                        names_draw_database(model->seed, edge->number, edge->next_row);
                Row *row = NULL;
                int r;

                if (!name)
                        return -ENOMEM;
                r = model_add_row(model, edge, NULL, name, NULL, SIZE_MAX, &row);
                if (r < 0)
                        return r;
                if (row->id.bytes[15] % 3 != 0)
                        model_link_row(model, row, NULL);
        }
        return 0;
}

void model_remove_row(Model *model, Row *row)
{
        (void)idmap_take(&model->row_by_id, &row->id);
        edge_take(row->edge, row);
        row_free(row);
}

void model_hide_row(Model *model, Row *row)
{
        Edge *edge = row->edge;

        row->hidden_at = 0;
        while (edge->rows[row->hidden_at] != row)
                row->hidden_at++;
        (void)idmap_take(&model->row_by_id, &row->id);
        edge_take(edge, row);
        row->hidden_next = edge->hidden;
        edge->hidden = row;
}

int model_show_rows(Model *model, Edge *edge)
{
        while (edge->hidden) {
                Row *row = edge->hidden;
                int r = idmap_put(&model->row_by_id, row);

                if (r < 0)
                        return r;
                r = edge_insert(edge, row, row->hidden_at);
                if (r < 0) {
                        (void)idmap_take(&model->row_by_id, &row->id);
                        return r;
                }
                edge->hidden = row->hidden_next;
        }
        return 0;
}

int model_rename_row(Row *row, const char *name)
{
        return row_set_name(row, name);
}

void model_link_row(const Model *model, Row *row, const Uuid *database_id)
{
        uint64_t low;

        memcpy(&low, row->id.bytes + 8, sizeof(low));
        row->database_id = database_id ? *database_id : model_draw_id(model->seed, 'd', low, 0);
        row->linked = true;
}

void model_unlink_row(Row *row)
{
        row->linked = false;
}

int model_move_row(Row *row, Edge *edge, size_t at)
{
        Edge *from = row->edge;
        int r;

        if (from == edge) {
                edge_take(from, row);
                return edge_insert(edge, row, at); /* the place that was just freed: cannot fail */
        }
        r = edge_insert(edge, row, at);
        if (r < 0)
                return r;
        edge_take(from, row);
        return 0;
}
