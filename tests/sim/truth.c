/*
 * truth: see the header.
 */
#include "sim/truth.h"
#include <string.h>

enum { NAMES = 64 };

/* ---- ids and records ------------------------------------------------------------------------ */

static const char letters[NAMES + 1] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static Uuid make_id(uint8_t kind, unsigned number)
{
        Uuid id = {0};
        id.bytes[0] = kind;
        id.bytes[1] = (uint8_t)(number >> 8);
        id.bytes[15] = (uint8_t)number;
        return id;
}

Uuid truth_row_id(unsigned row)
{
        return make_id(0xAA, row);
}

Uuid truth_edge_id(unsigned edge)
{
        return make_id(0xED, edge);
}

unsigned truth_row_of(const Uuid *id)
{
        return (unsigned)id->bytes[1] << 8 | id->bytes[15];
}

unsigned truth_edge_of(const Uuid *id)
{
        return truth_row_of(id);
}

unsigned truth_name_of(const DatabaseConnection *record)
{
        return (unsigned)(strchr(letters, record->name[0]) - letters);
}

unsigned truth_database_of(const DatabaseConnection *record)
{
        return record->has_database ? truth_row_of(&record->database_id) : 0;
}

void truth_record(const World *w, unsigned row, unsigned edge, unsigned name, unsigned database,
                  DatabaseConnection *ret)
{
        (void)w;
        *ret = (DatabaseConnection){
                .id = truth_row_id(row),
                .edge_connection_id = truth_edge_id(edge),
                .name = &letters[name % NAMES],
                .name_size = 1,
                .has_database = database != 0,
        };
        if (database)
                ret->database_id = make_id(0xDB, database);
}

void truth_spoil(unsigned row, bool anonymous, DatabaseConnection *record)
{
        record->rejected = "it is spoiled";
        record->anonymous = anonymous;
        record->has_database = false;
        if (anonymous)
                record->id = make_id(0xAF, row);
}

/* ---- history -------------------------------------------------------------------------------- */

uint32_t truth_look(Truth *t)
{
        return ++t->tick;
}

const TruthVersion *truth_now(const Truth *t, unsigned row)
{
        return &t->versions[t->current[row]];
}

static const TruthVersion *version_before(const Truth *t, const TruthVersion *v)
{
        return v->before < 0 ? NULL : &t->versions[v->before];
}

static void truth_change(World *w, unsigned row, TruthVersion to)
{
        Truth *t = w->truth;
        to.from = ++t->tick;
        to.before = t->current[row];
        const TruthVersion *was = to.before < 0 ? NULL : &t->versions[to.before];
        bool stays = was && was->edge == to.edge && was->visible == to.visible;
        if (!stays && to.edge >= 0)
                t->regrouped[to.edge] = to.from;
        if (!stays && was && was->edge >= 0)
                t->regrouped[was->edge] = t->shortened[was->edge] = to.from;
        t->versions[t->n_versions] = to;
        t->current[row] = (int32_t)t->n_versions++;
        TELL(w, "catalog: row %u: %s %d, name %u, database %u%s", row,
             to.edge < 0 ? "gone, edge" : "edge", to.edge, to.name, to.database,
             to.anonymous ? ", spoiled, without id"
             : to.spoiled ? ", spoiled"
             : to.visible ? ""
                          : ", hidden");
}

bool truth_throughout(const Truth *t, unsigned row, unsigned edge, uint32_t from, uint32_t to)
{
        const TruthVersion *v = truth_now(t, row);
        while (v && v->from > to)
                v = version_before(t, v);
        for (; v; v = version_before(t, v)) {
                if (v->edge != (int8_t)edge || !v->visible)
                        return false;
                if (v->from <= from)
                        return true;
        }
        return false;
}

bool truth_ever_absent(const Truth *t, unsigned row, uint32_t from, uint32_t to)
{
        const TruthVersion *v = truth_now(t, row);
        while (v && v->from > to)
                v = version_before(t, v);
        for (; v; v = version_before(t, v)) {
                if (v->edge < 0 || v->denied)
                        return true;
                if (v->from <= from)
                        return false;
        }
        return true;
}

bool truth_had(const Truth *t, unsigned row, unsigned edge, unsigned name, unsigned database,
               uint32_t from, uint32_t to)
{
        const TruthVersion *v = truth_now(t, row);
        while (v && v->from > to)
                v = version_before(t, v);
        for (; v; v = version_before(t, v)) {
                if (v->edge == (int8_t)edge && v->name == name && v->database == database)
                        return true;
                if (v->from <= from)
                        return false;
        }
        return false;
}

/* ---- changes -------------------------------------------------------------------------------- */

static bool has_room(const Truth *t)
{
        return t->n_versions + 2 * ROWS_MAX < VERSIONS_MAX;
}

static void list_insert(TruthList *l, size_t at, unsigned row)
{
        memmove(&l->rows[at + 1], &l->rows[at], (l->n - at) * sizeof(l->rows[0]));
        l->rows[at] = (uint16_t)row;
        l->n++;
}

static void list_remove(TruthList *l, size_t at)
{
        l->n--;
        memmove(&l->rows[at], &l->rows[at + 1], (l->n - at) * sizeof(l->rows[0]));
}

static size_t some_place(World *w, const TruthList *l)
{
        return world_below(w, 3) == 0 ? (size_t)world_below(w, l->n + 1) : l->n;
}

static uint16_t some_database(World *w)
{
        return world_below(w, 2) == 0 ? 0 : (uint16_t)world_between(w, 1, 9);
}

static void add_row(World *w, unsigned edge)
{
        Truth *t = w->truth;
        if (t->n_rows == ROWS_MAX)
                return;
        unsigned row = (unsigned)t->n_rows++;
        t->current[row] = -1;
        list_insert(&t->lists[edge], some_place(w, &t->lists[edge]), row);
        truth_change(w, row,
                     (TruthVersion){.edge = (int8_t)edge,
                                    .visible = true,
                                    .name = (uint16_t)world_below(w, NAMES),
                                    .database = some_database(w)});
}

/* The same id once more, after it was removed. */
static void revive_row(World *w, unsigned edge)
{
        Truth *t = w->truth;
        if (t->n_rows == 0)
                return;
        unsigned row = (unsigned)world_below(w, t->n_rows);
        TruthVersion v = *truth_now(t, row);
        if (v.edge >= 0)
                return;
        v.edge = (int8_t)edge;
        v.visible = true;
        v.denied = false;
        t->reordered[edge] = t->tick + 1; /* it may have stood elsewhere */
        list_insert(&t->lists[edge], some_place(w, &t->lists[edge]), row);
        truth_change(w, row, v);
}

static void remove_at(World *w, unsigned edge, size_t at)
{
        Truth *t = w->truth;
        unsigned row = t->lists[edge].rows[at];
        TruthVersion v = *truth_now(t, row);
        list_remove(&t->lists[edge], at);
        v.edge = NO_EDGE;
        truth_change(w, row, v);
}

static void change_at(World *w, unsigned edge, size_t at)
{
        unsigned row = w->truth->lists[edge].rows[at];
        TruthVersion v = *truth_now(w->truth, row);
        if (world_below(w, 2) == 0)
                v.name = (uint16_t)((v.name + 1 + world_below(w, NAMES - 1)) % NAMES);
        else
                v.database = v.database ? 0 : (uint16_t)world_between(w, 1, 9);
        truth_change(w, row, v);
}

static void move_at(World *w, unsigned edge, size_t at)
{
        Truth *t = w->truth;
        unsigned other = (edge + 1) % w->settings.n_edges;
        unsigned row = t->lists[edge].rows[at];
        TruthVersion v = *truth_now(t, row);
        list_remove(&t->lists[edge], at);
        t->reordered[other] = t->tick + 1; /* it may have been there before, elsewhere */
        list_insert(&t->lists[other], some_place(w, &t->lists[other]), row);
        v.edge = (int8_t)other;
        truth_change(w, row, v);
}

/* One row takes another place: the others keep their order. */
static void jump_at(World *w, unsigned edge, size_t at)
{
        TruthList *l = &w->truth->lists[edge];
        unsigned row = l->rows[at];
        list_remove(l, at);
        size_t to = (size_t)world_below(w, l->n + 1);
        list_insert(l, to, row);
        w->truth->reordered[edge] = ++w->truth->tick;
        TELL(w, "catalog: row %u jumps from place %zu to %zu", row, at, to);
}

static void hide_at(World *w, unsigned edge, size_t at)
{
        unsigned row = w->truth->lists[edge].rows[at];
        TruthVersion v = *truth_now(w->truth, row);
        v.visible = !v.visible;
        v.denied = !v.visible && world_below(w, 2) == 0;
        truth_change(w, row, v);
}

static void spoil_at(World *w, unsigned edge, size_t at)
{
        unsigned row = w->truth->lists[edge].rows[at];
        TruthVersion v = *truth_now(w->truth, row);
        v.spoiled = !v.spoiled;
        v.anonymous = v.spoiled && world_below(w, 4) == 0;
        truth_change(w, row, v);
}

static void burst(World *w, unsigned edge)
{
        TruthList *l = &w->truth->lists[edge];
        size_t n = (size_t)world_below(w, l->n + 1);
        TELL(w, "catalog: a burst of %zu", n);
        if (world_below(w, 3) == 0)
                while (n-- > 0)
                        add_row(w, edge);
        else
                while (n-- > 0)
                        remove_at(w, edge,
                                  world_below(w, 4) == 0 ? (size_t)world_below(w, l->n) : 0);
}

static void hide_many(World *w, unsigned edge)
{
        TruthList *l = &w->truth->lists[edge];
        bool hide = world_below(w, 2) == 0;
        for (size_t i = 0; i < l->n; i++)
                if (truth_now(w->truth, l->rows[i])->visible == hide)
                        hide_at(w, edge, i);
}

void truth_churn(World *w, unsigned edge)
{
        TruthList *l = &w->truth->lists[edge];
        const Settings *s = &w->settings;
        if (!has_room(w->truth))
                return;
        COVER(w, churned);
        if (world_chance(w, s->bursts))
                burst(w, edge);
        else if (world_chance(w, s->hiding))
                hide_many(w, edge);
        else if (l->n == 0)
                add_row(w, edge);
        else if (world_chance(w, s->spoils))
                spoil_at(w, edge, (size_t)world_below(w, l->n));
        else if (world_chance(w, s->jumps))
                jump_at(w, edge, (size_t)world_below(w, l->n));
        else if (world_chance(w, s->moves))
                move_at(w, edge, (size_t)world_below(w, l->n));
        else
                switch (world_below(w, 8)) {
                case 0:
                        revive_row(w, edge);
                        break;
                case 1:
                case 2:
                        add_row(w, edge);
                        break;
                case 3:
                case 4:
                        remove_at(w, edge, (size_t)world_below(w, l->n));
                        break;
                default:
                        change_at(w, edge, (size_t)world_below(w, l->n));
                        break;
                }
}

void truth_discover(World *w, unsigned edge)
{
        if (has_room(w->truth) && world_below(w, 3) == 0)
                add_row(w, edge);
}

void truth_unhide(World *w)
{
        for (unsigned e = 0; e < w->settings.n_edges; e++)
                for (size_t i = 0; i < w->truth->lists[e].n; i++) {
                        if (!truth_now(w->truth, w->truth->lists[e].rows[i])->visible)
                                hide_at(w, e, i);
                        if (truth_now(w->truth, w->truth->lists[e].rows[i])->spoiled)
                                spoil_at(w, e, i);
                }
}

void truth_init(World *w)
{
        Truth *t = w->truth;
        t->tick = 0;
        t->n_rows = 0;
        t->n_versions = 0;
        for (unsigned e = 0; e < EDGES_MAX; e++) {
                t->lists[e].n = 0;
                t->reordered[e] = t->regrouped[e] = t->shortened[e] = 0;
        }
        for (unsigned e = 0; e < w->settings.n_edges; e++)
                for (unsigned i = 0; i < w->settings.rows && t->n_rows < ROWS_MAX / 2; i++)
                        add_row(w, e);
}
