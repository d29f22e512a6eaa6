#include "peers/peers.h"
#include "base/duration.h"
#include "base/metric.h"
#include "config/secret.h"
#include "http/ca_file.h"
#include "pg/pg.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_USEC   (10 * USEC_PER_SEC)
#define STATEMENT_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define LOCK_TIMEOUT_USEC      (20 * USEC_PER_SEC)

static void peers_free(Peers *p)
{
        (void)catalog_free(p->catalog);
        (void)oauth2_free(p->oauth2);
        (void)http_client_free(p->http);
        redact_done(&p->proxy_redact);
        (void)mirror_free(p->mirror);
        (void)pg_pool_free(p->pool);
        (void)config_free(p->config);
        sd_event_source_disable_unref(p->release);
        sd_event_source_disable_unref(p->release_at_exit);
        sd_event_unref(p->event);
        free(p);
}

static int peers_on_release(sd_event_source *source _unused_, void *userdata)
{
        peers_free(userdata);
        return 0;
}

/* What releases them from the loop is made here, so that a release cannot fail. */
int peers_new(sd_event *event, Config *config, Peers **ret)
{
        Peers *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->references = 1;
        p->event = sd_event_ref(event);
        p->config = config_ref(config);
        limiter_init(&p->limiter, config->catalog.max_requests);
        int r = sd_event_add_defer(event, &p->release, peers_on_release, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->release, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_exit(p->event, &p->release_at_exit, peers_on_release, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->release_at_exit, SD_EVENT_OFF);
        if (r < 0) {
                peers_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

bool peers_same_database(const Peers *a, const Peers *b)
{
        return a && b && text_equal(a->config->postgres.conninfo, b->config->postgres.conninfo);
}

bool peers_same_mirror(const Peers *a, const Peers *b)
{
        return peers_same_database(a, b) &&
               text_equal(a->config->catalog.url, b->config->catalog.url);
}

Peers *peers_ref(Peers *p)
{
        p->references++;
        return p;
}

Peers *peers_unref(Peers *p)
{
        if (!p || --p->references > 0)
                return NULL;
        int state = sd_event_get_state(p->event);
        if (state != SD_EVENT_RUNNING && state != SD_EVENT_EXITING) {
                peers_free(p);
                return NULL;
        }
        /* the loop may end before it comes to what is deferred */
        (void)sd_event_source_set_enabled(p->release, SD_EVENT_ONESHOT);
        (void)sd_event_source_set_enabled(p->release_at_exit, SD_EVENT_ONESHOT);
        return NULL;
}

MirrorEdge peers_edge(const ConfigEdge *edge)
{
        return (MirrorEdge){
                .id = edge->id,
                .name = edge->name,
                .catalog_name = edge->catalog_name,
                .enabled = edge->enabled,
                .schedule = edge->schedule_text,
                .timezone = edge->timezone,
        };
}

int peers_task_begin(PeersTask *t, Peers *peers, int r)
{
        if (r >= 0)
                t->peers = peers_ref(peers);
        return r;
}

void peers_task_end(PeersTask *t)
{
        t->task = NULL;
        t->peers = peers_unref(t->peers);
}

void peers_task_cancel(PeersTask *t)
{
        (void)mirror_cancel(t->task);
        peers_task_end(t);
}

static int load_password(void *userdata, Text *ret, Fault *ret_fault)
{
        const ConfigPostgres *c = userdata;
        return secret_read(c->password_file, ret, ret_fault);
}

/* Reads the password to see that it can be read. */
static int try_password(ConfigPostgres *c, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text secret = {0};
        int r = c->password_file ? load_password(c, &secret, ret_fault) : 0;
        if (r < 0)
                fault_prefix(ret_fault, "password_file of [postgres]: ");
        return r;
}

int peers_open_mirror(Peers *p, bool only_reads, Fault *ret_fault)
{
        ConfigPostgres *c = &p->config->postgres;
        char name[64]; /* what the server keeps of it, less the phase */
        (void)snprintf(name, sizeof(name), "edgemirror/%.40s", p->config->daemon.instance);
        int r = try_password(c, ret_fault);
        if (r < 0)
                return r;
        PgPoolOptions options = {
                .conninfo = c->conninfo,
                .load_password = c->password_file ? load_password : NULL,
                .load_password_userdata = c,
                .application_name = name,
                .max_connections = c->max_connections,
                .only_reads = only_reads,
                .search_path = MIRROR_SEARCH_PATH,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .statement_timeout_usec = STATEMENT_TIMEOUT_USEC,
                .lock_timeout_usec = LOCK_TIMEOUT_USEC,
        };
        r = pg_pool_new(p->event, &options, &p->pool);
        if (r >= 0)
                r = mirror_new(p->pool, p->config->daemon.instance, p->config->daemon.lease_usec,
                               &p->mirror);
        if (r >= 0)
                mirror_set_catalog(p->mirror, p->config->catalog.url);
        return r < 0 ? fault_not_begun(ret_fault, r, "PostgreSQL's side cannot be opened") : 0;
}

static int load_catalog_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        const ConfigCatalog *c = userdata;
        return secret_read(config_catalog_secret(c), ret, ret_fault);
}

static int load_proxy_password(void *userdata, Text *ret, Fault *ret_fault)
{
        Peers *p = userdata;
        const ConfigCatalog *c = &p->config->catalog;
        int r = secret_read(c->proxy_password_file, ret, ret_fault);
        if (r >= 0 && redact_add(&p->proxy_redact, c->proxy_username, ret->data) < 0)
                r = fault_no_memory(ret_fault);
        if (r < 0)
                fault_prefix(ret_fault, "proxy_password_file of [catalog]: ");
        return r;
}

static int load_certificate(void *userdata, Text *ret_certificate, Text *ret_key, Fault *ret_fault)
{
        const Peers *p = userdata;
        return config_read_certificate(&p->config->catalog, ret_certificate, ret_key, ret_fault);
}

static int open_oauth2(Peers *p, const ConfigCatalog *c)
{
        _cleanup_(cleanup_free) char *own = text_format("%s" OAUTH2_TOKEN_PATH, c->url);
        if (!own)
                return -ENOMEM;
        const OAuth2Options options = {
                .token_url = c->token_url ? c->token_url : own,
                .scope = c->scope,
                .request_timeout_usec = c->request_timeout_usec,
        };
        return oauth2_new(p->http, &options, &p->oauth2);
}

int peers_open_catalog(Peers *p, Fault *ret_fault)
{
        static const AuthMethod *const methods[CONFIG_AUTHS] = {
                [CONFIG_AUTH_BASIC] = &auth_basic,
                [CONFIG_AUTH_BEARER] = &auth_bearer,
                [CONFIG_AUTH_OAUTH2] = &auth_oauth2,
        };
        ConfigCatalog *c = &p->config->catalog;
        HttpClientOptions http = {
                .user_agent = "edgemirror/" EDGEMIRROR_VERSION,
                .ca_file = c->ca_file,
                .proxy = c->proxy,
                .proxy_username = c->proxy_username,
                .load_proxy_password = load_proxy_password,
                .load_certificate = c->cert_file ? load_certificate : NULL,
                .load_userdata = p,
                .max_in_flight = c->max_requests,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .request_timeout_usec = c->request_timeout_usec,
                .allow_http = c->plain_http || c->token_plain_http,
        };
        CatalogOptions catalog = {
                .base_url = c->url,
                .auth = {.method = methods[c->auth],
                         .username = c->auth == CONFIG_AUTH_OAUTH2 ? c->client_id : c->username,
                         .load_secret = load_catalog_secret,
                         .load_secret_userdata = c,
                         .redact_also = &p->proxy_redact},
        };
        int r = ca_file_check("[catalog]", c->ca_file, ret_fault);
        if (r < 0)
                return r;
        r = http_client_new(p->event, &http, &p->http);
        if (r >= 0 && c->auth == CONFIG_AUTH_OAUTH2)
                r = open_oauth2(p, c);
        catalog.auth.method_userdata = p->oauth2;
        if (r >= 0)
                r = catalog_new(p->http, &catalog, &p->catalog);
        if (r < 0)
                return fault_not_begun(ret_fault, r, "the catalog's side cannot be opened");
        r = http_client_reload(p->http, ret_fault);
        if (r < 0)
                return r;
        r = catalog_load_secret(p->catalog, ret_fault);
        if (r < 0)
                fault_prefix(ret_fault, "%s of [catalog]: ", catalog.auth.method->secret_key);
        return r < 0 ? r : 0;
}

int peers_open(sd_event *event, Config *config, Peers *in_force, Peers **ret, Fault *ret_fault)
{
        _cleanup_(cleanup_peers) Peers *peers = NULL;
        if (in_force && config_same_peers(in_force->config, config)) {
                *ret = peers_ref(in_force);
                return 0;
        }
        if (peers_new(event, config, &peers) < 0)
                return fault_no_memory(ret_fault);
        int r = peers_open_mirror(peers, false, ret_fault);
        if (r >= 0)
                r = peers_open_catalog(peers, ret_fault);
        if (r >= 0)
                *ret = TAKE(peers);
        return r;
}
