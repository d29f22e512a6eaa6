/*
 * world: see the header. The queue is a binary heap of due times; equal ones keep the order in
 * which they were asked for.
 */
#include "sim/world.h"
#include "catalogd/random.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- chance --------------------------------------------------------------------------------- */

uint64_t world_random(World *w)
{
        return random_next(&w->random);
}

uint64_t world_below(World *w, uint64_t n)
{
        return random_below(&w->random, n);
}

uint64_t world_between(World *w, uint64_t a, uint64_t b)
{
        return a + world_below(w, b - a + 1);
}

bool world_chance(World *w, unsigned of_10000)
{
        return of_10000 > 0 && !w->quiet && world_below(w, 10000) < of_10000;
}

static unsigned pick(World *w, const unsigned *choices, size_t n)
{
        return choices[world_below(w, n)];
}

#define PICK(w, ...)                                                                               \
        pick(w, (const unsigned[]){__VA_ARGS__},                                                   \
             sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

/* Small lists and pages meet the borders more often than large ones; some worlds are large enough
 * for every overlap. */
static void draw_sizes(World *w, Settings *s)
{
        bool large = world_below(w, 150) == 0;
        s->page_size = large ? PICK(w, 100, 300, 500) : PICK(w, 2, 3, 4, 5, 7, 10, 16, 25);
        s->rows = large ? (unsigned)world_below(w, 1200)
                        : (unsigned)world_below(w, PICK(w, 1, 5, 12, 30, 60));
        s->cap_max =
                world_below(w, 3) == 0 ? (unsigned)world_between(w, 2, s->page_size) : s->page_size;
        s->cap_min = s->cap_max > 8 && world_below(w, 3) == 0
                             ? (unsigned)world_between(w, 8, s->cap_max)
                             : s->cap_max;
}

/* Most worlds have a few kinds of trouble; some have none, some have all. */
static void draw_trouble(World *w, Settings *s)
{
        s->churn = PICK(w, 0, 500, 2000, 5000, 9000);
        s->bursts = PICK(w, 0, 0, 0, 50, 300);
        s->jumps = PICK(w, 0, 0, 200, 2000);
        s->moves = s->n_edges > 1 ? PICK(w, 0, 0, 500, 2000) : 0;
        s->hiding = PICK(w, 0, 0, 0, 50, 300);
        s->spoils = PICK(w, 0, 0, 0, 100, 1000);
        s->lies = PICK(w, 0, 0, 0, 100, 1000);
        s->http_faults = PICK(w, 0, 0, 100, 500, 2000);
        s->pg_faults = PICK(w, 0, 0, 50, 300, 1500);
        s->bad_jobs = PICK(w, 0, 500, 2500);
        s->slow = PICK(w, 0, 0, 0, 100, 2500);
        s->pushed_back = PICK(w, 0, 0, 0, 0, 5000);
        s->kills = PICK(w, 0, 0, 0, 100, 400);
        s->pauses = PICK(w, 0, 0, 0, 50, 200);
        s->stops = PICK(w, 0, 0, 0, 50, 200, 1500);
        s->forgets = PICK(w, 0, 0, 0, 0, 0, 1000);
        s->restarts = PICK(w, 0, 0, 0, 20, 100);
        s->local_faults = PICK(w, 0, 0, 0, 0, 0, 20, 500);
        s->ignores_offset = world_below(w, 300) == 0;
        s->no_path = world_below(w, 30) == 0;
        s->shuffles = world_below(w, 25) == 0;
        s->ties = world_below(w, 15) == 0;
        /* A list without end that shows one row for ever ends at a cap, after a million pages. */
        s->doubles = world_below(w, 20) == 0 && !s->ignores_offset;
        s->job_search = PICK(w, 0, 3, 3, 1);
        s->strange_jobs = PICK(w, 0, 0, 500, 3000);
        s->behind_usec = world_below(w, 12) == 0 ? world_between(w, 1, 5) * SEC : 0;
}

static void draw_settings(World *w)
{
        Settings *s = &w->settings;
        *s = (Settings){0};
        s->n_edges = (unsigned)world_between(w, 1, EDGES_MAX - 1) + (world_below(w, 8) == 0);
        s->n_instances = (unsigned)world_between(w, 1, INSTANCES_MAX);
        s->syncs = (unsigned)world_between(w, 2, 7);
        s->lease_usec =
                (world_below(w, 3) == 0 ? world_between(w, 5, 20) : world_between(w, 20, 60)) * SEC;
        s->latency_usec = PICK(w, 5, 50, 300) * MSEC;
        s->ahead = PICK(w, 1, 1, 2, 4, 8);
        s->own_names = world_below(w, 2) == 0;
        s->other_origin = world_below(w, 12) == 0;
        s->confirm_removals = PICK(w, 1, 2, 2, 3);
        s->removal_delay_usec = PICK(w, 0, 0, 20, 200) * SEC;
        draw_sizes(w, s);
        draw_trouble(w, s);
}

void world_init(World *w, uint64_t seed)
{
        w->seed = seed;
        w->random = seed * 0x9E3779B97F4A7C15ULL + 0x1234567;
        w->now = 1000 * SEC;
        w->quiet = w->failed = w->killed = false;
        w->running = NOBODY;
        w->failure[0] = '\0';
        w->order = 0;
        w->n_heap = 0;
        w->n_free = EVENTS_MAX;
        for (uint32_t i = 0; i < EVENTS_MAX; i++) {
                w->free_slots[i] = EVENTS_MAX - 1 - i;
                w->events[i].serial = 0;
        }
        memset(w->instances, 0, sizeof(w->instances));
        draw_settings(w);
}

/* ---- time ----------------------------------------------------------------------------------- */

static bool before(const struct WorldDue *a, const struct WorldDue *b)
{
        return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_push(World *w, uint64_t at, uint32_t slot)
{
        struct WorldDue due = {.at = at, .order = w->order++, .slot = slot};
        size_t i = w->n_heap++;
        for (; i > 0 && before(&due, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
                w->heap[i] = w->heap[(i - 1) / 2];
        w->heap[i] = due;
}

static struct WorldDue heap_pop(World *w)
{
        struct WorldDue top = w->heap[0], last = w->heap[--w->n_heap];
        size_t i = 0;
        for (;;) {
                size_t child = 2 * i + 1;
                if (child >= w->n_heap)
                        break;
                if (child + 1 < w->n_heap && before(&w->heap[child + 1], &w->heap[child]))
                        child++;
                if (!before(&w->heap[child], &last))
                        break;
                w->heap[i] = w->heap[child];
                i = child;
        }
        w->heap[i] = last;
        return top;
}

WorldTimer world_after(World *w, int instance, uint64_t delay_usec, WorldFire fire, void *who,
                       uint32_t detail)
{
        if (w->n_free == 0) {
                world_fail(w, "the simulation has no room for another event");
                return (WorldTimer){0};
        }
        uint32_t slot = w->free_slots[--w->n_free];
        if (++w->serial == 0)
                w->serial = 1;
        w->events[slot] = (WorldEvent){
                .fire = fire,
                .who = who,
                .detail = detail,
                .serial = w->serial,
                .instance = instance,
                .life = instance == NOBODY ? 0 : w->instances[instance].life,
        };
        heap_push(w, w->now + delay_usec, slot);
        return (WorldTimer){.slot = slot, .serial = w->serial};
}

void world_cancel(World *w, WorldTimer *timer)
{
        if (timer->serial != 0 && w->events[timer->slot].serial == timer->serial)
                w->events[timer->slot].serial = 0; /* the slot is freed when its time comes */
        *timer = (WorldTimer){0};
}

bool world_step(World *w)
{
        if (w->n_heap == 0 || w->failed)
                return false;
        struct WorldDue due = heap_pop(w);
        WorldEvent e = w->events[due.slot];
        w->now = due.at;
        const Instance *i = e.instance == NOBODY ? NULL : &w->instances[e.instance];
        bool gone = e.serial == 0 || (i && (i->dead || i->life != e.life));
        if (!gone && i && i->paused_until > w->now) {
                heap_push(w, i->paused_until, due.slot);
                return true;
        }
        w->events[due.slot].serial = 0;
        w->free_slots[w->n_free++] = due.slot;
        if (!gone) {
                COVER(w, events);
                w->running = e.instance;
                e.fire(w, e.who, e.detail);
        }
        return !w->failed;
}

/* ---- log ------------------------------------------------------------------------------------ */

void world_fail(World *w, const char *format, ...)
{
        if (w->failed)
                return;
        w->failed = true;
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(w->failure, sizeof(w->failure), format, arguments);
        va_end(arguments);
        TELL(w, "FAILED: %s", w->failure);
}

void world_tell(World *w, const char *format, ...)
{
        va_list arguments;
        printf("%11.6f  ", (double)(w->now - 1000 * SEC) / 1e6);
        va_start(arguments, format);
        (void)vprintf(format, arguments);
        va_end(arguments);
        (void)putchar('\n');
}
