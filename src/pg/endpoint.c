#include "pg/endpoint.h"
#include "base/array.h"
#include "base/text.h"
#include <errno.h>
#include <libpq-fe.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static char *copy_or_null(const char *s)
{
        return s && s[0] ? strdup(s) : NULL;
}

static PgEndpoints *endpoints_new(void)
{
        PgEndpoints *list = calloc(1, sizeof(*list));
        if (list)
                list->references = 1;
        return list;
}

static int endpoints_add(PgEndpoints *list, const char *host, const char *hostaddr,
                         const char *port)
{
        if (ARRAY_GROW(list->items, list->n) < 0)
                return -ENOMEM;
        PgEndpoint *e = &list->items[list->n++];
        *e = (PgEndpoint){.host = copy_or_null(host),
                          .hostaddr = copy_or_null(hostaddr),
                          .port = copy_or_null(port)};
        bool lost = (host && host[0] && !e->host) || (hostaddr && hostaddr[0] && !e->hostaddr) ||
                    (port && port[0] && !e->port);
        return lost ? -ENOMEM : 0;
}

PgEndpoints *pg_endpoints_ref(PgEndpoints *list)
{
        list->references++;
        return list;
}

PgEndpoints *pg_endpoints_unref(PgEndpoints *list)
{
        if (!list || --list->references > 0)
                return NULL;
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].host);
                free(list->items[i].hostaddr);
                free(list->items[i].port);
        }
        free(list->items);
        free(list->error);
        free(list);
        return NULL;
}

bool pg_endpoint_equal(const PgEndpoint *a, const PgEndpoint *b)
{
        return text_equal(a->host, b->host) && text_equal(a->hostaddr, b->hostaddr) &&
               text_equal(a->port, b->port);
}

/* ---- the conninfo --------------------------------------------------------------------------- */

/* All that libpq would use, with the environment, the service file and its defaults. libpq tells it
 * of a connection only, so this begins one that it refuses for its last keyword, before it looks up
 * or connects anything. NULL: not understood, or no memory. */
static PQconninfoOption *effective_options(const char *conninfo)
{
        const char *const keywords[] = {"dbname", "channel_binding", NULL};
        const char *const values[] = {conninfo, "none of them", NULL};
        PGconn *refused = PQconnectStartParams(keywords, values, 1);
        PQconninfoOption *options = refused ? PQconninfo(refused) : NULL;
        PQfinish(refused);
        return options;
}

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
        for (const PQconninfoOption *o = options; o->keyword; o++)
                if (strcmp(o->keyword, keyword) == 0)
                        return o->val ? o->val : "";
        return "";
}

static size_t count_words(const char *list)
{
        size_t n = 1;
        for (const char *p = list; (p = strchr(p, ',')); p++)
                n++;
        return n;
}

static bool is_address(const char *host)
{
        const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        bool numeric = getaddrinfo(host, NULL, &hints, &found) == 0;
        if (found)
                freeaddrinfo(found);
        return numeric;
}

static bool needs_lookup(const PgEndpoint *e)
{
        return e->host && !e->hostaddr && e->host[0] != '/' && e->host[0] != '@' &&
               !is_address(e->host);
}

/* As libpq pairs them: as many addresses as hosts, and one port for all or one for each. */
static int endpoints_pair(PgEndpoints *list, char *hosts, char *addresses, char *ports)
{
        size_t n = count_words(hosts[0] ? hosts : addresses);
        size_t n_ports = count_words(ports);
        if ((hosts[0] && addresses[0] && count_words(addresses) != n) ||
            (n_ports != 1 && n_ports != n))
                return -EINVAL;
        const char *only_port = n_ports == 1 ? ports : NULL;
        for (size_t i = 0; i < n; i++) {
                const char *host = strsep(&hosts, ","), *address = strsep(&addresses, ",");
                int r = endpoints_add(list, host, address,
                                      only_port ? only_port : strsep(&ports, ","));
                if (r < 0)
                        return r;
                list->unresolved = list->unresolved || needs_lookup(&list->items[i]);
        }
        return 0;
}

int pg_endpoints_parse(const char *conninfo, PgEndpoints **ret)
{
        PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);
        if (!parsed)
                return -EINVAL;
        PQconninfoFree(parsed);
        _cleanup_(cleanup_pg_endpoints) PgEndpoints *list = endpoints_new();
        PQconninfoOption *options = effective_options(conninfo);
        if (!list || !options) {
                PQconninfoFree(options);
                return -ENOMEM;
        }
        _cleanup_(cleanup_free) char *hosts = strdup(option_value(options, "host"));
        _cleanup_(cleanup_free) char *addresses = strdup(option_value(options, "hostaddr"));
        _cleanup_(cleanup_free) char *ports = strdup(option_value(options, "port"));
        PQconninfoFree(options);
        int r = hosts && addresses && ports ? endpoints_pair(list, hosts, addresses, ports)
                                            : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE(list);
        return 0;
}

/* ---- the lookup ----------------------------------------------------------------------------- */

static int endpoints_add_error(PgEndpoints *list, const char *host, int code)
{
        if (!list->error)
                list->error = text_format("the host name \"%s\" has no address: %s", host,
                                          gai_strerror(code));
        return list->error ? 0 : -ENOMEM;
}

static int endpoints_look_up(PgEndpoints *list, const PgEndpoint *e)
{
        const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        int code = getaddrinfo(e->host, NULL, &hints, &found);
        if (code != 0)
                return endpoints_add_error(list, e->host, code);
        int r = 0;
        for (const struct addrinfo *a = found; a && r >= 0; a = a->ai_next) {
                char address[INET6_ADDRSTRLEN + IF_NAMESIZE];
                if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0,
                                NI_NUMERICHOST) == 0)
                        r = endpoints_add(list, e->host, address, e->port);
        }
        freeaddrinfo(found);
        return r;
}

int pg_endpoints_resolve(const PgEndpoints *unresolved, bool look_up, PgEndpoints **ret)
{
        _cleanup_(cleanup_pg_endpoints) PgEndpoints *list = endpoints_new();
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < unresolved->n; i++) {
                const PgEndpoint *e = &unresolved->items[i];
                int r = 0;
                if (!needs_lookup(e))
                        r = endpoints_add(list, e->host, e->hostaddr, e->port);
                else if (look_up)
                        r = endpoints_look_up(list, e);
                if (r < 0)
                        return r;
        }
        *ret = TAKE(list);
        return 0;
}
