/*
 * session: opening and closing of what commands share.
 */
#include "cli/session.h"
#include "base/duration.h"
#include "base/log.h"
#include "cli/cli.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define CONNECT_TIMEOUT_USEC   (10 * USEC_PER_SEC)
#define STATEMENT_TIMEOUT_USEC (60 * USEC_PER_SEC)
#define LOCK_TIMEOUT_USEC      (20 * USEC_PER_SEC)

int session_load(Session *s, const char *config_file)
{
        _cleanup_(text_done) Text errors = {0};
        int r = config_load(config_file, &s->config, &errors);
        if (r >= 0)
                return CLI_EXIT_DONE;
        if (errors.size > 0)
                fputs(errors.data, stderr);
        else
                log_error("the configuration cannot be read: %s", strerrordesc_np(-r));
        return CLI_EXIT_CONFIG;
}

static int session_failed(const char *what, int r)
{
        log_error("%s cannot be opened: %s", what, strerrordesc_np(-r));
        return CLI_EXIT_EDGE_FAILED;
}

static int session_open_event(Session *s)
{
        if (s->event)
                return 0;
        return sd_event_new(&s->event);
}

int session_open_mirror(Session *s)
{
        _cleanup_(text_wipe) Text password = {0};
        const ConfigPostgres *c = &s->config->postgres;
        Fault fault;
        if (c->password_file && secret_read(c->password_file, &password, &fault) < 0) {
                log_error("postgres password_file: %s", fault.message);
                return CLI_EXIT_CONFIG;
        }
        PgPoolOptions options = {
                .conninfo = c->conninfo,
                .password = password.data,
                .application_name = "edgemirror",
                .max_connections = c->max_connections,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .statement_timeout_usec = STATEMENT_TIMEOUT_USEC,
                .lock_timeout_usec = LOCK_TIMEOUT_USEC,
        };
        int r = session_open_event(s);
        if (r >= 0)
                r = pg_pool_new(s->event, &options, &s->pool);
        if (r >= 0)
                r = mirror_new(s->pool, s->config->daemon.instance, s->config->daemon.lease_usec, &s->mirror);
        return r < 0 ? session_failed("PostgreSQL's side", r) : CLI_EXIT_DONE;
}

static const char *session_secret_file(const ConfigCatalog *c)
{
        return c->auth == CONFIG_AUTH_BASIC ? c->password_file : c->token_file;
}

static int session_load_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        return secret_read(session_secret_file(userdata), ret, ret_fault);
}

int session_open_catalog(Session *s)
{
        _cleanup_(text_wipe) Text secret = {0};
        ConfigCatalog *c = &s->config->catalog;
        Fault fault;
        /* Read once here, so that a person hears what is wrong with the file; the catalog reads it again when it needs it. */
        if (session_load_secret(c, &secret, &fault) < 0) {
                log_error("catalog secret: %s", fault.message);
                return CLI_EXIT_CONFIG;
        }
        HttpClientOptions http = {
                .user_agent = "edgemirror/" EDGEMIRROR_VERSION,
                .ca_file = c->ca_file,
                .max_in_flight = c->max_requests,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .request_timeout_usec = c->request_timeout_usec,
                .allow_http = c->plain_http,
        };
        CatalogOptions catalog = {
                .base_url = c->url,
                .auth = c->auth == CONFIG_AUTH_BASIC ? HTTP_AUTH_BASIC : HTTP_AUTH_BEARER,
                .username = c->username,
                .load_secret = session_load_secret,
                .load_secret_userdata = c,
        };
        int r = session_open_event(s);
        if (r >= 0)
                r = http_client_new(s->event, &http, &s->http);
        if (r >= 0)
                r = catalog_new(s->http, &catalog, &s->catalog);
        return r < 0 ? session_failed("the catalog's side", r) : CLI_EXIT_DONE;
}

void session_done(Session *s)
{
        (void)catalog_free(s->catalog);
        (void)http_client_free(s->http);
        (void)mirror_free(s->mirror);
        (void)pg_pool_free(s->pool);
        sd_event_unref(s->event);
        (void)config_free(s->config);
        *s = (Session){0};
}

int session_pick_edges(const Session *s, char **names, const ConfigEdge ***ret, size_t *ret_n)
{
        size_t n_names = 0;
        while (names[n_names])
                n_names++;
        size_t most = n_names ? n_names : s->config->n_edges;
        const ConfigEdge **picked = calloc(most + 1, sizeof(*picked));
        if (!picked)
                return session_failed("the list of edges", -ENOMEM);

        size_t n = 0;
        bool unknown = false;
        for (size_t i = 0; i < most; i++) {
                const ConfigEdge *edge = n_names ? config_find_edge(s->config, names[i]) : &s->config->edges[i];
                bool known_already = false;
                for (size_t k = 0; n_names && k < n; k++)
                        known_already = known_already || picked[k] == edge;
                if (!edge) {
                        log_error("no edge \"%s\" in the configuration", names[i]);
                        unknown = true;
                } else if (!known_already && (n_names || edge->enabled)) {
                        picked[n++] = edge;
                }
        }
        if (unknown) {
                free(picked);
                return CLI_EXIT_USAGE;
        }
        *ret = picked;
        *ret_n = n;
        return CLI_EXIT_DONE;
}

int fault_exit_status(const Fault *fault)
{
        if (fault->scope == FAULT_NONE)
                return CLI_EXIT_DONE;
        if (fault->refused)
                return CLI_EXIT_REFUSED;
        return fault->scope == FAULT_PEER ? CLI_EXIT_UNREACHABLE : CLI_EXIT_EDGE_FAILED;
}

int exit_status_worse(int a, int b)
{
        static const int gravest_first[] = {CLI_EXIT_CONFIG, CLI_EXIT_REFUSED, CLI_EXIT_UNREACHABLE,
                                            CLI_EXIT_EDGE_FAILED, CLI_EXIT_HELD};
        for (size_t i = 0; i < ARRAY_SIZE(gravest_first); i++)
                if (a == gravest_first[i] || b == gravest_first[i])
                        return gravest_first[i];
        return CLI_EXIT_DONE;
}
