/*
 * churn: draws the kind of change by weight, then the row. The sequence follows from the seed; when
 * each change happens follows from the clock.
 */
#include "catalogd/churn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "catalogd/names.h"
#include "catalogd/random.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BURST_MAX                                                                                  \
        10000 /* changes in one turn of the loop; what a slow turn missed beyond it is not made up \
                 for */

#define WEIGHT(index, name_, initial_)                                                             \
        {                                                                                          \
                .name = name_, .type = FIELD_INTEGER,                                              \
                .offset = offsetof(Churn, weights) + (index) * sizeof(int64_t), .max = 1000000,    \
                .initial = initial_, .help = "weight of this kind of change"                       \
        }

static const Field churn_fields[] = {
        FIELD_TEXT(Churn, edge, "identifier or name of an edge; absent: all"),
        FIELD_NUMBER(Churn, rate_per_s, 1, 1000000, 10, "changes a second"),
        FIELD_NUMBER(Churn, seed, 0, INT64_MAX, 1, "what the changes are drawn from"),
        FIELD_NUMBER(Churn, total, 0, INT64_MAX, 0, "stop after so many; 0: go on"),
        WEIGHT(0, "add", 1),
        WEIGHT(1, "remove", 1),
        WEIGHT(2, "rename", 1),
        WEIGHT(3, "link", 1),
        WEIGHT(4, "unlink", 1),
        WEIGHT(5, "move", 0),
        WEIGHT(6, "transfer", 0),
};

int churn_start(Churn *churn, const cJSON *object, const Model *model, Fault *ret_fault)
{
        int r;

        churn_stop(churn);
        fields_init(churn_fields, ARRAY_SIZE(churn_fields), churn);
        r = fields_set_json(churn_fields, ARRAY_SIZE(churn_fields), churn, object, ret_fault);
        if (r == 0 && churn->edge && !model_find_edge(model, churn->edge))
                r = fault_set(ret_fault, FAULT_REQUEST, ENOENT, CODE_NONE, "no such edge");
        if (r < 0) {
                churn_stop(churn);
                return r;
        }
        churn->random = (uint64_t)churn->seed;
        churn->next_usec = clock_monotonic_usec();
        churn->n_done = 0;
        return 0;
}

void churn_stop(Churn *churn)
{
        fields_done(churn_fields, ARRAY_SIZE(churn_fields), churn);
        churn->rate_per_s = 0;
}

static size_t draw_kind(Churn *churn)
{
        uint64_t sum = 0, drawn;
        size_t i = 0;

        for (size_t k = 0; k < ARRAY_SIZE(churn->weights); k++)
                sum += (uint64_t)churn->weights[k];
        if (sum == 0)
                return ARRAY_SIZE(churn->weights);
        drawn = random_below(&churn->random, sum);
        while (drawn >= (uint64_t)churn->weights[i])
                drawn -= (uint64_t)churn->weights[i++];
        return i;
}

static void change_rename(Churn *churn, Row *row)
{
        char name[64];

        (void)snprintf(name, sizeof(name), "renamed_%016" PRIx64, random_next(&churn->random));
        (void)model_rename_row(row, name);
}

static void change_once(Churn *churn, Model *model)
{
        size_t kind = draw_kind(churn);
        Edge *edge = churn->edge ? model_find_edge(model, churn->edge) : NULL;
        Row *row;

        if (!edge)
                edge = model->edges[random_below(&churn->random, model->n_edges)];
        if (kind == 0) {
                _cleanup_(cleanup_free) char *name =
                        names_draw_database(model->seed, edge->number, edge->next_row);

                if (name)
                        (void)model_add_row(model, edge, NULL, name, NULL,
                                            (size_t)random_below(&churn->random, edge->n_rows + 1),
                                            NULL);
                return;
        }
        if (edge->n_rows == 0)
                return;
        row = edge->rows[random_below(&churn->random, edge->n_rows)];
        if (kind == 1)
                model_remove_row(model, row);
        else if (kind == 2)
                change_rename(churn, row);
        else if (kind == 3)
                model_link_row(model, row, NULL);
        else if (kind == 4)
                model_unlink_row(row);
        else if (kind == 5)
                (void)model_move_row(row, edge, (size_t)random_below(&churn->random, edge->n_rows));
        else if (kind == 6)
                (void)model_move_row(
                        row, model->edges[random_below(&churn->random, model->n_edges)], SIZE_MAX);
}

void churn_run(Churn *churn, Model *model, uint64_t now_usec)
{
        if (churn->rate_per_s == 0 || model->n_edges == 0)
                return;
        for (int n = 0; churn->next_usec <= now_usec && n < BURST_MAX; n++) {
                change_once(churn, model);
                churn->n_done++;
                if (churn->total > 0 && churn->n_done >= churn->total) {
                        churn_stop(churn);
                        return;
                }
                churn->next_usec += USEC_PER_SEC / (uint64_t)churn->rate_per_s;
        }
        if (churn->next_usec <= now_usec)
                churn->next_usec = now_usec;
}

uint64_t churn_next_due(const Churn *churn)
{
        return churn->rate_per_s > 0 ? churn->next_usec : UINT64_MAX;
}
