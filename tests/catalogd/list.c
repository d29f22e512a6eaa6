/*
 * list: bounds, filter, order, page.
 *
 * A list of one edge in its own order is a slice of the edge's array and costs only its page. Every
 * other list (all edges, one schema connection, another order) is collected first.
 */
#include "catalogd/list.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "catalogd/page.h"
#include "catalogd/random.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct ListQuery {
        const Edge *edge;   /* NULL: all */
        const Uuid *schema; /* NULL: any */
        int64_t offset, limit;
        Order order;
} ListQuery;

int list_answer_unknown_edge(const Site *site, const char *edge, Answer *ret)
{
        return answer_set_problem(ret, (unsigned)site->settings.unknown_edge_status,
                                  "edgeConnectionNotFound", "There is no Edge connection %s.",
                                  edge);
}

/* 1: fine; 0: `answer` says what is wrong. Negative errno. */
static int parse_bound(const ApiRequest *request, const char *name, int64_t max, int64_t *ret,
                       Answer *answer)
{
        const char *text =
                MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);

        *ret = 0;
        if (!text || text_parse_int64(text, 0, max, ret) == 0)
                return 1;
        return answer_set_problem(answer, MHD_HTTP_BAD_REQUEST, NULL,
                                  "%s must be a number from 0 to %lld.", name, (long long)max);
}

static bool row_selected(const Row *row, const Uuid *schema)
{
        return !schema || uuid_equal(schema, &row->edge->schemas[row->schema]);
}

static size_t collect_edge(const Edge *edge, const Uuid *schema, Row **out, size_t n)
{
        for (size_t i = 0; i < edge->n_rows; i++)
                if (row_selected(edge->rows[i], schema))
                        out[n++] = edge->rows[i];
        return n;
}

static void reorder(Site *site, Order order, Row **rows, size_t n)
{
        uint64_t random = site->model.seed + (order == ORDER_SHUFFLE ? ++site->shuffles : 0);

        for (size_t i = 0; order == ORDER_REVERSE && i < n / 2; i++) {
                Row *row = rows[i];

                rows[i] = rows[n - 1 - i];
                rows[n - 1 - i] = row;
        }
        if (order == ORDER_TIE && n > 1 && ++site->shuffles % 2) {
                Row *row = rows[n - 1];

                rows[n - 1] = rows[n - 2];
                rows[n - 2] = row;
        }
        for (size_t i = n; order == ORDER_SHUFFLE && i > 1; i--) {
                size_t k = (size_t)random_below(&random, i);
                Row *row = rows[k];

                rows[k] = rows[i - 1];
                rows[i - 1] = row;
        }
}

/* The last rows stand twice each, one after the other. There is room for it. */
static size_t repeat(Row **rows, size_t n, size_t doubles)
{
        if (doubles > n)
                doubles = n;
        for (size_t i = n, to = n + doubles; to > i; i--) {
                rows[--to] = rows[i - 1];
                rows[--to] = rows[i - 1];
        }
        return n + doubles;
}

static int collect(Site *site, const ListQuery *query, Row ***ret_rows, size_t *ret_n)
{
        _cleanup_(cleanup_free) Row **rows =
                malloc((2 * site->model.row_by_id.n_used + 1) * sizeof(Row *));
        size_t n = 0;

        if (!rows)
                return -ENOMEM;
        if (query->edge)
                n = collect_edge(query->edge, query->schema, rows, 0);
        for (size_t i = 0; !query->edge && i < site->model.n_edges; i++)
                if (!site->model.edges[i]->gone)
                        n = collect_edge(site->model.edges[i], query->schema, rows, n);
        reorder(site, query->order, rows, n);
        *ret_n = repeat(rows, n, (size_t)site->settings.doubles);
        *ret_rows = TAKE(rows);
        return 0;
}

static int render(Site *site, const ListQuery *query, const Effect *effect, Text *ret)
{
        bool slice = query->edge && !query->schema && query->order == ORDER_INSERTION &&
                     !site->settings.doubles;
        _cleanup_(cleanup_free) Row **collected = NULL;
        Row **rows = slice ? query->edge->rows : NULL;
        size_t n = slice ? query->edge->n_rows : 0, from = (size_t)query->offset, count;
        int r = slice ? 0 : collect(site, query, &collected, &n);

        if (r < 0)
                return r;
        if (collected)
                rows = collected;
        if (from > n)
                from = n;
        count = n - from < (size_t)query->limit ? n - from : (size_t)query->limit;
        return page_render(count > 0 ? rows + from : NULL, count, (BadRow)effect->bad_row,
                           (size_t)effect->bad_row_index, effect->raw_row, ret);
}

/* A page of a list without an end: its rows follow from their places. */
static int render_endless(Site *site, const ListQuery *query, const Effect *effect, Text *ret)
{
        static Row made[LIST_LIMIT_MAX];
        static char name[200001];
        Row *rows[LIST_LIMIT_MAX];

        memset(name, 'x', (size_t)site->settings.endless_bytes);
        name[site->settings.endless_bytes] = '\0';
        for (size_t i = 0; i < (size_t)query->limit; i++) {
                made[i] = (Row){.id = model_draw_id(site->model.seed, 'e', query->edge->number,
                                                    (uint64_t)query->offset + i),
                                .edge = (Edge *)query->edge,
                                .name = name,
                                .name_size = (uint32_t)site->settings.endless_bytes};
                rows[i] = &made[i];
        }
        return page_render(rows, (size_t)query->limit, (BadRow)effect->bad_row,
                           (size_t)effect->bad_row_index, effect->raw_row, ret);
}

/* One of the numbers, drawn for this page; 0: there are none. */
static int64_t draw_cap(Site *site)
{
        int64_t caps[16], n = 0;

        for (const char *at = site->settings.page_caps; at && *at && n < 16;) {
                char *end;

                caps[n++] = strtoll(at, &end, 10);
                at = *end == ',' ? end + 1 : "";
        }
        uint64_t random = site->model.seed + ++site->shuffles;
        return n > 0 ? caps[random_below(&random, (uint64_t)n)] : 0;
}

static int64_t page_size(Site *site, int64_t limit, const Effect *effect)
{
        int64_t drawn = draw_cap(site);
        int64_t cap = effect->page_cap > 0 ? effect->page_cap
                      : drawn > 0          ? drawn
                                           : site->settings.page_cap;

        if (effect->ignore_limit)
                return INT64_MAX;
        if (limit == 0)
                limit = site->settings.default_limit;
        return cap > 0 && limit > cap ? cap : limit;
}

/* 1: fine; 0: `answer` says what is wrong. Negative errno. */
static int parse_edge(const Site *site, const ApiRequest *request, ListQuery *query, Answer *answer)
{
        if (!request->edge_text)
                return 1;
        if (!request->has_edge)
                return answer_set_problem(answer, MHD_HTTP_BAD_REQUEST, NULL,
                                          "edgeConnectionId is not a UUID.");
        query->edge = model_get_edge(&site->model, &request->edge_id);
        return query->edge ? 1 : list_answer_unknown_edge(site, request->edge_text, answer);
}

int list_answer(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret)
{
        const char *schema = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND,
                                                         "schemaConnectionId");
        ListQuery query = {
                .order = (Order)(effect->order >= 0 ? effect->order : site->settings.order)};
        Uuid schema_id;
        int r;

        r = parse_bound(request, "limit", LIST_LIMIT_MAX, &query.limit, ret);
        if (r <= 0)
                return r;
        r = parse_bound(request, "offset", INT32_MAX, &query.offset, ret);
        if (r <= 0)
                return r;
        r = parse_edge(site, request, &query, ret);
        if (r <= 0)
                return r;
        if (schema) {
                if (uuid_parse(schema, &schema_id) < 0)
                        return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                                  "schemaConnectionId is not a UUID.");
                query.schema = &schema_id;
        }
        query.limit = page_size(site, query.limit, effect);
        if (effect->ignore_offset)
                query.offset = 0;
        ret->status = MHD_HTTP_OK;
        ret->content_type = "application/json";
        if (query.edge && site->settings.endless_bytes > 0 && query.limit <= LIST_LIMIT_MAX)
                return render_endless(site, &query, effect, &ret->body);
        return render(site, &query, effect, &ret->body);
}
