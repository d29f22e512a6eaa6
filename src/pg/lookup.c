/*
 * lookup: the addresses of the conninfo's host names, found in a thread.
 *
 * What always holds: one lookup at a time. A resolver that hangs keeps that one thread; connections
 * that come meanwhile wait for it together, each until its own deadline, and then take the
 * addresses that were found before, if any.
 */
#include "pg/pg_private.h"
#include <errno.h>
#include <string.h>

typedef struct Lookup {
        PgEndpoints *names, *found;
        int error;
} Lookup;

static void lookup_run(void *data)
{
        Lookup *l = data;
        l->error = pg_endpoints_resolve(l->names, &l->found);
}

static void lookup_release(void *data)
{
        Lookup *l = data;
        (void)pg_endpoints_unref(l->names);
        (void)pg_endpoints_unref(l->found);
        free(l);
}

static void lookup_done(void *data, void *userdata)
{
        Lookup *l = data;
        PgPool *pool = userdata;
        Fault fault = {0};
        pool->lookup = NULL;
        if (l->found && l->found->n > 0) {
                (void)pg_endpoints_unref(pool->endpoints);
                pool->endpoints =
                        TAKE_PTR(l->found); /* its references are the loop's from now on */
        } else {
                fault_set(&fault, FAULT_PEER, EHOSTUNREACH, CODE_PG_UNREACHABLE,
                          "no connection to PostgreSQL: %s",
                          l->found && l->found->error ? l->found->error
                                                      : strerrordesc_np(-l->error));
                fault.retryable = true;
        }
        for (PgConnection *c = pool->connections; c; c = c->next)
                if (c->state == PG_CONNECTION_CONNECTING && !c->endpoints)
                        connection_on_lookup(c, fault.scope == FAULT_NONE ? NULL : &fault);
}

int lookup_start(PgPool *pool, const char *conninfo)
{
        static const BackgroundJob job = {
                .run = lookup_run, .done = lookup_done, .release = lookup_release};
        if (pool->lookup)
                return 0;
        Lookup *l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        int r = pg_endpoints_parse(conninfo, &l->names);
        if (r >= 0)
                r = background_start(pool->event, &job, l, pool, &pool->lookup);
        if (r < 0)
                lookup_release(l);
        return r;
}
