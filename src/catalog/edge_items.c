/*
 * edge_items: see the header.
 *
 * What always holds: each element is parsed by itself (slices.h) and released before the next, so
 * that memory is what the answer takes and little more, however much the parameters hold.
 */
#include "catalog/edge_items.h"
#include "base/text.h"
#include "catalog/json.h"
#include "catalog/slices.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void edge_items_done(EdgeItems *e)
{
        free(e->items);
        *e = (EdgeItems){0};
}

static int items_no_memory(Fault *f)
{
        return fault_set(f, FAULT_RUN, ENOMEM, CODE_NO_MEMORY,
                         "out of memory for a list of Edge connections");
}

/* A member for people; "" when there is none. -ENOMEM. */
static int item_get_text(const cJSON *object, const char *name, const Redact *redact, char *out,
                         size_t size)
{
        const char *value;
        if (json_get_string(object, name, &value) < 0)
                value = "";
        return redact_printable(redact, value, out, size);
}

/* 1: read; 0: it has no readable id, or the one of nothing. -ENOMEM. */
static int item_parse(const Slice *slice, const Redact *redact, EdgeItem *ret)
{
        static const Uuid nil;
        _cleanup_(cleanup_json) cJSON *object = NULL;
        _cleanup_(text_wipe) Text text = {0};
        EdgeItem item = {0};
        if (json_repair(slice->text, slice->size, &text) < 0)
                return -ENOMEM;
        if (json_parse(text.data, text.size, &object) < 0 ||
            json_get_uuid(object, "id", &item.id) < 0 || uuid_equal(&item.id, &nil))
                return 0;
        item.has_site = json_get_uuid(object, "edgeSiteId", &item.site) == 0;
        if (item_get_text(object, "name", redact, item.name, sizeof(item.name)) < 0 ||
            item_get_text(object, "status", redact, item.status, sizeof(item.status)) < 0)
                return -ENOMEM;
        *ret = item;
        return 1;
}

static void items_sort(EdgeItems *e)
{
        size_t n = 0;
        qsort(e->items, e->n_items, sizeof(*e->items), uuid_order);
        for (size_t i = 0; i < e->n_items; i++)
                if (n == 0 || !uuid_equal(&e->items[i].id, &e->items[n - 1].id))
                        e->items[n++] = e->items[i];
        e->n_items = n;
}

static int items_add(EdgeItems *e, const Slice *slices, size_t n, const Redact *redact)
{
        e->items = calloc(n ? n : 1, sizeof(*e->items));
        if (!e->items)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int r = item_parse(&slices[i], redact, &e->items[e->n_items]);
                if (r < 0)
                        return r;
                e->n_items += r > 0;
                e->n_unreadable += r == 0;
        }
        items_sort(e);
        return 0;
}

int edge_items_parse(const char *body, size_t size, const Redact *redact, EdgeItems *ret,
                     Fault *ret_fault)
{
        _cleanup_(edge_items_done) EdgeItems items = {0};
        _cleanup_(cleanup_free) Slice *slices = calloc(LIMIT_EDGE_ITEMS_MAX, sizeof(*slices));
        const char *member = body[strspn(body, " \t\r\n")] == '{' ? "results" : NULL;
        size_t n = 0;
        int r = slices ? slices_take_list(body, size, member, slices, LIMIT_EDGE_ITEMS_MAX, &n)
                       : -ENOMEM;
        if (r == -ENOMEM)
                return items_no_memory(ret_fault);
        if (r == -ENODATA)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_NO_RESULTS,
                                 "the catalog's answer is JSON, but no list of Edge connections");
        if (r < 0)
                return fault_set(ret_fault, FAULT_RUN, -r, CODE_CATALOG_BAD_JSON,
                                 "the catalog's list of Edge connections cannot be read: %s",
                                 json_error_text(r));
        if (n > LIMIT_EDGE_ITEMS_MAX)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_TOO_LONG,
                                 "the catalog lists %zu Edge connections, and at most %d are taken",
                                 n, LIMIT_EDGE_ITEMS_MAX);
        r = items_add(&items, slices, n, redact);
        if (r < 0)
                return items_no_memory(ret_fault);
        if (n > 0 && items.n_items == 0)
                return fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_PAGE_BAD_ROW,
                                 "none of the Edge connections that the catalog lists (%zu) has a "
                                 "readable id",
                                 n);
        *ret = TAKE(items);
        return 0;
}
