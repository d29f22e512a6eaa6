/*
 * check: what a single value cannot tell: keys that are missing, that do not fit together, and
 * edges that collide.
 *
 * An edge that takes a bad value from [defaults] is not reported again. Duplicates are found by
 * sorting, for a hundred thousand edges load too.
 */
#include "base/duration.h"
#include "base/listen_address.h"
#include "config/draft.h"
#include <errno.h>
#include <string.h>

static Place section_place(const Draft *d, OptionSection section)
{
        return d->sections[section].line > 0 ? d->sections[section] : (Place){.file = 0, .line = 1};
}

void draft_check_required(Draft *d, OptionSection section, const bool *present)
{
        char accepted[OPTION_ACCEPTED_BYTES];
        size_t n;
        const Option *table = option_table(&n);
        for (size_t i = 0; i < n; i++)
                if (table[i].section == section && table[i].required && !present[i])
                        problems_add(&d->problems, section_place(d, section),
                                     "%s is missing in %s; accepted: %s = %s", table[i].key,
                                     option_section_name(section), table[i].key,
                                     option_accepted(&table[i], accepted));
}

/* The last place where a key is given outside of edges; line 0: nowhere. */
static Place key_place(const Draft *d, OptionSection section, const char *key)
{
        const Option *o = option_find(section, key);
        for (size_t i = d->n_settings; i > 0; i--)
                if (d->settings[i - 1].option == o)
                        return d->settings[i - 1].place;
        return (Place){0};
}

/* Which keys an authentication method needs; any other of them is an error rather than ignored, so
 * that nobody believes it to be in force. */
void draft_check_catalog(Draft *d, const Config *config)
{
        char accepted[OPTION_ACCEPTED_BYTES];
        size_t n;
        const Option *table = option_table(&n), *auth = option_find(OPTION_CATALOG, "auth");
        const char *selected = option_auth_names[config->catalog.auth];
        Place auth_place = key_place(d, OPTION_CATALOG, "auth");
        if (auth_place.line == 0)
                auth_place = section_place(d, OPTION_CATALOG);
        /* an auth that was refused: what it needs is not known */
        for (size_t i = 0; i < d->n_settings; i++)
                if (d->settings[i].option == auth &&
                    text_find(option_auth_names, CONFIG_AUTHS, d->settings[i].value) ==
                            CONFIG_AUTHS)
                        return;
        for (const Option *o = table; o < table + n; o++) {
                Place place = o->auth ? key_place(d, OPTION_CATALOG, o->key) : (Place){0};
                bool selects = o->auth && strcmp(o->auth, selected) == 0;
                if (selects && o->auth_needs && place.line == 0)
                        problems_add(&d->problems, auth_place,
                                     "auth = %s needs %s; accepted: %s = %s", selected, o->key,
                                     o->key, option_accepted(o, accepted));
                else if (!selects && place.line > 0)
                        problems_add(
                                &d->problems, place,
                                "%s has no effect with auth = %s; accepted: only with auth = %s",
                                o->key, selected, o->auth);
        }
}

/* Keys that mean nothing without another one; and a proxy sees what goes through it as it is,
 * unless that is https. */
void draft_check_way(Draft *d, const Config *config)
{
        static const struct {
                const char *key, *needs;
        } pairs[] = {
                {"cert_file", "key_file"},
                {"key_file", "cert_file"},
                {"proxy_username", "proxy"},
                {"proxy_username", "proxy_password_file"},
                {"proxy_password_file", "proxy_username"},
        };
        const ConfigCatalog *catalog = &config->catalog;
        char accepted[OPTION_ACCEPTED_BYTES];
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                Place place = key_place(d, OPTION_CATALOG, pairs[i].key);
                if (place.line > 0 && key_place(d, OPTION_CATALOG, pairs[i].needs).line == 0)
                        problems_add(&d->problems, place, "%s needs %s; accepted: %s = %s",
                                     pairs[i].key, pairs[i].needs, pairs[i].needs,
                                     option_accepted(option_find(OPTION_CATALOG, pairs[i].needs),
                                                     accepted));
        }
        if (catalog->proxy && (catalog->plain_http || catalog->token_plain_http))
                problems_add(&d->problems, key_place(d, OPTION_CATALOG, "proxy"),
                             "proxy: %s is http, so it would see the credentials; accepted: a "
                             "proxy where both url and token_url are https",
                             catalog->plain_http ? "url" : "token_url");
}

void draft_check_monitor(Draft *d, const Config *config)
{
        const ConfigMonitor *m = &config->monitor;
        ListenAddress a;
        if (!m->listen || m->allow_remote || listen_address_parse(m->listen, &a) < 0 ||
            listen_address_is_local(&a))
                return;
        problems_add(&d->problems, key_place(d, OPTION_MONITOR, "listen"),
                     "listen = %s: other machines reach it, and nobody is asked for a password; "
                     "accepted: a loopback address like 127.0.0.1:9743, the path of a unix socket, "
                     "or allow_remote = yes beside it",
                     m->listen);
}

/* libpq would encrypt where the server offers it, and send the password in the clear where it does
 * not, or where somebody in between says so. */
void draft_check_postgres(Draft *d, const Config *config)
{
        const ConfigPostgres *postgres = &config->postgres;
        if (!postgres->conninfo || !conninfo_leaves_encryption_open(postgres->conninfo))
                return;
        problems_add(&d->problems, key_place(d, OPTION_POSTGRES, "conninfo"),
                     "conninfo: without sslmode a password may go to another machine in the clear; "
                     "accepted: sslmode=verify-full sslrootcert=FILE, with the certificate of the "
                     "server's issuer, or another sslmode, set explicitly");
}

void draft_check_polling(Draft *d, const PollingLimits *polling, Place place)
{
        char low[DURATION_STRING_SIZE], high[DURATION_STRING_SIZE];
        if (polling->poll_min_usec > polling->poll_max_usec)
                problems_add(
                        &d->problems, place,
                        "poll_min (%s) is above poll_max (%s); accepted: poll_min up to poll_max",
                        duration_format(polling->poll_min_usec, low),
                        duration_format(polling->poll_max_usec, high));
}

/* Equal ones come together, in the order in which they stand in the files: draft and configuration
 * have the same order here. */
static int compare_names(const void *a, const void *b)
{
        const ConfigEdge *const *x = a, *const *y = b;
        int c = strcmp((*x)->name, (*y)->name);
        return c != 0 ? c : (*x > *y) - (*x < *y);
}

static int compare_ids(const void *a, const void *b)
{
        const ConfigEdge *const *x = a, *const *y = b;
        int c = uuid_compare(&(*x)->id, &(*y)->id);
        return c != 0 ? c : (*x > *y) - (*x < *y);
}

static void check_duplicates(Draft *d, const Config *config, const ConfigEdge **order, bool by_id)
{
        static const Uuid NONE = {{0}};
        size_t first = 0;
        qsort(order, config->n_edges, sizeof(*order), by_id ? compare_ids : compare_names);
        for (size_t i = 1; i < config->n_edges; i++) {
                bool same = by_id ? uuid_equal(&order[i]->id, &order[first]->id)
                                  : strcmp(order[i]->name, order[first]->name) == 0;
                /* no id: reported as such */
                if (!same || (by_id && uuid_equal(&order[i]->id, &NONE))) {
                        first = i;
                        continue;
                }
                const ConfigEdge *earlier = order[first];
                Place place = d->edges[order[i] - config->edges].place;
                if (by_id)
                        problems_add(&d->problems, place,
                                     "edge \"%s\" has the id of edge \"%s\" (%s:%u); accepted: one "
                                     "edge for each Edge connection",
                                     order[i]->name, earlier->name, earlier->file, earlier->line);
                else
                        problems_add(
                                &d->problems, place,
                                "edge \"%s\" is there already (%s:%u); accepted: each name once",
                                order[i]->name, earlier->file, earlier->line);
        }
}

/* A name in the form of a UUID would make "sync UUID" ambiguous, unless it is the edge's own. */
static void check_name_is_no_id(Draft *d, const Config *config)
{
        Uuid id;
        for (size_t i = 0; i < config->n_edges; i++)
                if (uuid_parse(config->edges[i].name, &id) == 0 &&
                    !uuid_equal(&id, &config->edges[i].id))
                        problems_add(&d->problems, d->edges[i].place,
                                     "the edge's name is a UUID other than its id; accepted: a "
                                     "name that is no UUID, or the id");
}

int draft_check_edges_unique(Draft *d, const Config *config)
{
        _cleanup_(cleanup_free) const ConfigEdge **order =
                calloc(config->n_edges, sizeof(const ConfigEdge *));
        if (!order)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_edges; i++)
                order[i] = &config->edges[i];
        check_duplicates(d, config, order, false);
        check_duplicates(d, config, order, true);
        check_name_is_no_id(d, config);
        return 0;
}
