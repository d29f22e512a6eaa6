/*
 * ops: a table of verbs over model.c.
 */
#include "catalogd/ops.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

typedef struct Operation {
        Model *model;
        Edge *edge;
        const cJSON *json;
        cJSON *ids;
} Operation;

typedef int (*Verb)(const Operation *op, Fault *ret_fault);

static int refuse(Fault *f, const char *why)
{
        return fault_set(f, FAULT_REQUEST, EINVAL, CODE_NONE, "%s", why);
}

static const char *member_text(const cJSON *json, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

/* `fallback` when the member is absent; -EINVAL when it is not an integer. */
static int member_integer(const cJSON *json, const char *name, int64_t fallback, int64_t *ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

        if (!item) {
                *ret = fallback;
                return 0;
        }
        if (!cJSON_IsNumber(item) || item->valuedouble < -1e15 || item->valuedouble > 1e15 ||
            (double)(int64_t)item->valuedouble != item->valuedouble)
                return -EINVAL;
        *ret = (int64_t)item->valuedouble;
        return 0;
}

static void report(const Operation *op, const Row *row)
{
        char id[UUID_STRING_SIZE];

        if (op->ids)
                cJSON_AddItemToArray(op->ids, cJSON_CreateString(uuid_format(&row->id, id)));
}

static Row *row_at(const Edge *edge, int64_t index)
{
        if (index < 0)
                index += (int64_t)edge->n_rows;
        return index >= 0 && index < (int64_t)edge->n_rows ? edge->rows[index] : NULL;
}

static Row *row_named(const Edge *edge, const char *name)
{
        for (size_t i = 0; i < edge->n_rows; i++)
                if (strcmp(edge->rows[i]->name, name) == 0)
                        return edge->rows[i];
        return NULL;
}

static int find_row(const Operation *op, Row **ret, Fault *ret_fault)
{
        const char *id = member_text(op->json, "id"), *name = member_text(op->json, "name");
        const cJSON *index = cJSON_GetObjectItemCaseSensitive(op->json, "index");
        int64_t position;
        Row *row = NULL;
        Uuid uuid;

        if (id && uuid_parse(id, &uuid) == 0) {
                row = idmap_get(&op->model->row_by_id, &uuid);
                if (row && row->edge != op->edge)
                        row = NULL;
        } else if (index && member_integer(op->json, "index", 0, &position) == 0)
                row = row_at(op->edge, position);
        else if (!id && !index && name)
                row = row_named(op->edge, name);
        if (!row)
                return refuse(ret_fault, "no such row in this edge (say id, index or name)");
        *ret = row;
        return 0;
}

static int op_add(const Operation *op, Fault *ret_fault)
{
        const char *name = member_text(op->json, "name"), *id = member_text(op->json, "id");
        const cJSON *database = cJSON_GetObjectItemCaseSensitive(op->json, "databaseId");
        Uuid row_id, database_id;
        int64_t count, at;
        Row *row = NULL;
        int r;

        if (member_integer(op->json, "count", -1, &count) < 0 ||
            member_integer(op->json, "at", INT64_MAX, &at) < 0 || at < 0)
                return refuse(ret_fault, "count and at are numbers");
        if (!name && count < 0)
                return refuse(ret_fault, "add takes a name or a count");
        if (!name)
                return model_generate_rows(op->model, op->edge, (uint64_t)count);
        if (id && uuid_parse(id, &row_id) < 0)
                return refuse(ret_fault, "id is not a UUID");
        if (cJSON_IsString(database) && uuid_parse(database->valuestring, &database_id) < 0)
                return refuse(ret_fault, "databaseId is not a UUID");
        r = model_add_row(op->model, op->edge, id ? &row_id : NULL, name,
                          cJSON_IsString(database) ? &database_id : NULL, (size_t)at, &row);
        if (r == -EEXIST)
                return refuse(ret_fault, "that id is taken");
        if (r < 0)
                return r;
        if (cJSON_IsTrue(database))
                model_link_row(op->model, row, NULL);
        report(op, row);
        return 0;
}

static int take_rows(const Operation *op, void (*take)(Model *model, Row *row), Fault *ret_fault)
{
        int64_t count, index;
        Row *row;
        int r;

        if (member_integer(op->json, "count", 1, &count) < 0 || count < 1)
                return refuse(ret_fault, "count is a number from 1");
        r = find_row(op, &row, ret_fault);
        if (r < 0)
                return r;
        for (index = 0; op->edge->rows[index] != row;)
                index++;
        for (; count > 0 && index < (int64_t)op->edge->n_rows; count--) {
                report(op, op->edge->rows[index]);
                take(op->model, op->edge->rows[index]);
        }
        return 0;
}

static int op_remove(const Operation *op, Fault *ret_fault)
{
        return take_rows(op, model_remove_row, ret_fault);
}

static int op_hide(const Operation *op, Fault *ret_fault)
{
        return take_rows(op, model_hide_row, ret_fault);
}

static int op_show(const Operation *op, Fault *ret_fault)
{
        (void)ret_fault;
        return model_show_rows(op->model, op->edge);
}

static int op_rename(const Operation *op, Fault *ret_fault)
{
        const char *name = member_text(op->json, "name");
        Row *row;
        int r;

        if (!name || (!member_text(op->json, "id") && !cJSON_HasObjectItem(op->json, "index")))
                return refuse(ret_fault, "rename takes a name, and the row by id or index");
        r = find_row(op, &row, ret_fault);
        if (r < 0)
                return r;
        report(op, row);
        return model_rename_row(row, name);
}

static int op_link(const Operation *op, Fault *ret_fault)
{
        const char *database = member_text(op->json, "databaseId");
        Uuid id;
        Row *row;
        int r;

        if (database && uuid_parse(database, &id) < 0)
                return refuse(ret_fault, "databaseId is not a UUID");
        r = find_row(op, &row, ret_fault);
        if (r < 0)
                return r;
        model_link_row(op->model, row, database ? &id : NULL);
        report(op, row);
        return 0;
}

static int op_unlink(const Operation *op, Fault *ret_fault)
{
        Row *row;
        int r = find_row(op, &row, ret_fault);

        if (r < 0)
                return r;
        model_unlink_row(row);
        report(op, row);
        return 0;
}

static int op_move(const Operation *op, Fault *ret_fault)
{
        const char *to = member_text(op->json, "to");
        Edge *edge = to ? model_find_edge(op->model, to) : op->edge;
        int64_t at;
        Row *row;
        int r;

        if (!edge)
                return refuse(ret_fault, "no such edge to move to");
        if (member_integer(op->json, "at", INT64_MAX, &at) < 0 || at < 0)
                return refuse(ret_fault, "at is a position from 0");
        r = find_row(op, &row, ret_fault);
        if (r < 0)
                return r;
        report(op, row);
        return model_move_row(row, edge, (size_t)at);
}

static const struct {
        const char *name;
        Verb verb;
} verbs[] = {
        {"add", op_add},       {"remove", op_remove}, {"rename", op_rename}, {"link", op_link},
        {"unlink", op_unlink}, {"move", op_move},     {"hide", op_hide},     {"show", op_show},
};

static Verb find_verb(const char *name)
{
        for (size_t i = 0; name && i < ARRAY_SIZE(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return verbs[i].verb;
        return NULL;
}

static int keep_pending(Edge *edge, const cJSON *json)
{
        cJSON *copy = cJSON_Duplicate(json, true);

        if (!edge->pending)
                edge->pending = cJSON_CreateArray();
        if (!copy || !edge->pending) {
                cJSON_Delete(copy);
                return -ENOMEM;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "pending");
        cJSON_AddItemToArray(edge->pending, copy);
        return 0;
}

static int apply_one(Model *model, Edge *edge, const cJSON *json, cJSON *ids, Fault *ret_fault)
{
        Verb verb = find_verb(member_text(json, "op"));

        if (!verb)
                return refuse(ret_fault, "op is one of add, remove, rename, link, unlink, move");
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "pending")))
                return keep_pending(edge, json);
        return verb(&(Operation){.model = model, .edge = edge, .json = json, .ids = ids},
                    ret_fault);
}

int ops_apply(Model *model, Edge *edge, const cJSON *ops, cJSON *ids, Fault *ret_fault)
{
        const cJSON *each;
        int n = 0;

        if (!cJSON_IsArray(ops))
                return apply_one(model, edge, ops, ids, ret_fault);
        cJSON_ArrayForEach(each, ops)
        {
                int r = apply_one(model, edge, each, ids, ret_fault);

                if (r < 0) {
                        fault_prefix(ret_fault, "operation %d: ", n);
                        return r;
                }
                n++;
        }
        return 0;
}

void ops_reveal(Model *model, Edge *edge)
{
        cJSON *pending = TAKE(edge->pending);
        const cJSON *each;

        cJSON_ArrayForEach(each, pending)(void) apply_one(model, edge, each, NULL, NULL);
        cJSON_Delete(pending);
}
