/*
 * server: the addresses of the conninfo's host names, found in a thread, and which of them served.
 *
 * What always holds: one lookup at a time. A resolver that hangs keeps that one thread; connections
 * that come meanwhile wait for it together, each until its own deadline, and then take the
 * addresses that were found before, if any.
 */
#include "base/duration.h"
#include "pg/server_private.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_DEFAULT_USEC  (10 * USEC_PER_SEC)
#define IDLE_DEFAULT_USEC    USEC_PER_MINUTE
#define MAX_AGE_DEFAULT_USEC USEC_PER_HOUR

enum { SEARCH_PATH_BYTES = 500 };

int server_init(PgServer *server, sd_event *event, const PgPoolOptions *options,
                PgServerLookedUp on_looked_up, void *userdata)
{
        PgPoolOptions *o = &server->options;
        if (options->max_connections == 0 || !options->search_path ||
            strlen(options->search_path) > SEARCH_PATH_BYTES)
                return -EINVAL;
        server->event = sd_event_ref(event);
        server->on_looked_up = on_looked_up;
        server->userdata = userdata;
        *o = *options;
        o->answer_usec = o->answer_usec ? o->answer_usec : ANSWER_DEFAULT_USEC;
        o->idle_usec = o->idle_usec ? o->idle_usec : IDLE_DEFAULT_USEC;
        o->max_age_usec = o->max_age_usec ? o->max_age_usec : MAX_AGE_DEFAULT_USEC;
        o->conninfo = strdup(options->conninfo);
        o->application_name = strdup(options->application_name);
        o->search_path = strdup(options->search_path);
        return o->conninfo && o->application_name && o->search_path ? 0 : -ENOMEM;
}

void server_done(PgServer *server)
{
        if (!server->event)
                return;
        (void)background_abandon(server->lookup);
        (void)pg_endpoints_unref(server->endpoints);
        (void)pg_endpoints_unref(server->served);
        free((char *)server->options.conninfo);
        free((char *)server->options.application_name);
        free((char *)server->options.search_path);
        sd_event_unref(server->event);
}

/* ---- the lookup ----------------------------------------------------------------------------- */

typedef struct Lookup {
        PgEndpoints *names, *found;
        int error;
} Lookup;

static void lookup_run(void *data)
{
        Lookup *l = data;
        l->error = pg_endpoints_resolve(l->names, true, &l->found);
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
        PgServer *server = userdata;
        server->lookup = NULL;
        if (l->found && l->found->n > 0) {
                (void)pg_endpoints_unref(server->endpoints);
                /* its references are the loop's from now on */
                server->endpoints = TAKE(l->found);
                server->on_looked_up(NULL, server->userdata);
                return;
        }
        Fault fault;
        fault_set(&fault, FAULT_PEER, EHOSTUNREACH, CODE_PG_UNREACHABLE,
                  "no connection to PostgreSQL: %s",
                  l->found && l->found->error ? l->found->error : strerrordesc_np(-l->error));
        fault.retryable = true;
        server->on_looked_up(&fault, server->userdata);
}

int server_look_up(PgServer *server)
{
        static const BackgroundJob job = {
                .run = lookup_run, .done = lookup_done, .release = lookup_release};
        if (server->lookup)
                return 0;
        Lookup *l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        int r = pg_endpoints_parse(server->options.conninfo, &l->names);
        if (r >= 0)
                r = background_start(server->event, &job, l, server, &server->lookup);
        if (r < 0)
                lookup_release(l);
        return r;
}

/* ---- what served last ----------------------------------------------------------------------- */

size_t server_first(const PgServer *server, const PgEndpoints *list)
{
        for (size_t i = 0; server->served && i < list->n; i++)
                if (pg_endpoint_equal(&list->items[i],
                                      &server->served->items[server->served_index]))
                        return i;
        return 0;
}

void server_remember(PgServer *server, PgEndpoints *list, size_t index)
{
        PgEndpoints *kept = pg_endpoints_ref(list);
        (void)pg_endpoints_unref(server->served);
        server->served = kept;
        server->served_index = index;
}
