/*
 * peers: see the header.
 */
#include "peers/peers.h"
#include "base/duration.h"
#include "pg/pg.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECT_TIMEOUT_USEC   (10 * USEC_PER_SEC)
#define STATEMENT_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define LOCK_TIMEOUT_USEC      (20 * USEC_PER_SEC)

static int failed(const char *what, int r, Fault *ret_fault)
{
        return fault_set(ret_fault, FAULT_PROCESS, -r, "no-resources", "%s cannot be opened: %s",
                         what, strerrordesc_np(-r));
}

static void peers_take_config(Peers *w, Config *config)
{
        if (!w->config)
                w->config = config_ref(config);
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

int peers_open_mirror(Peers *w, sd_event *event, Config *config, Fault *ret_fault)
{
        ConfigPostgres *c = &config->postgres;
        peers_take_config(w, config);
        int r = try_password(c, ret_fault);
        if (r < 0)
                return r;
        PgPoolOptions options = {
                .conninfo = c->conninfo,
                .load_password = c->password_file ? load_password : NULL,
                .load_password_userdata = c,
                .application_name = "edgemirror",
                .max_connections = c->max_connections,
                .only_reads = w->only_reads,
                .search_path = MIRROR_SEARCH_PATH,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .statement_timeout_usec = STATEMENT_TIMEOUT_USEC,
                .lock_timeout_usec = LOCK_TIMEOUT_USEC,
        };
        r = pg_pool_new(event, &options, &w->pool);
        if (r >= 0)
                r = mirror_new(w->pool, config->daemon.instance, config->daemon.lease_usec,
                               &w->mirror);
        if (r >= 0)
                r = mirror_set_catalog(w->mirror, config->catalog.url);
        return r < 0 ? failed("PostgreSQL's side", r, ret_fault) : 0;
}

static int load_catalog_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        const ConfigCatalog *c = userdata;
        return secret_read(c->auth == CONFIG_AUTH_BASIC ? c->password_file : c->token_file, ret,
                           ret_fault);
}

/* libcurl would say it of each request. */
static int try_ca_file(const char *path, Fault *ret_fault)
{
        struct stat st;
        if (!path)
                return 0;
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int error = fd < 0 || fstat(fd, &st) < 0 ? errno : 0;
        if (error == 0 && S_ISDIR(st.st_mode))
                error = EISDIR;
        if (error == 0)
                return 0;
        return fault_set(ret_fault, FAULT_PROCESS, error,
                         error_is_shortage(error) ? "no-resources" : "config-ca-file",
                         "ca_file of [catalog]: %s cannot be read: %s", path,
                         strerrordesc_np(error));
}

int peers_open_catalog(Peers *w, sd_event *event, Config *config, Fault *ret_fault)
{
        ConfigCatalog *c = &config->catalog;
        peers_take_config(w, config);
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
                .load_secret = load_catalog_secret,
                .load_secret_userdata = c,
        };
        int r = try_ca_file(c->ca_file, ret_fault);
        if (r < 0)
                return r;
        r = http_client_new(event, &http, &w->http);
        if (r >= 0)
                r = catalog_new(w->http, &catalog, &w->catalog);
        if (r < 0)
                return failed("the catalog's side", r, ret_fault);
        r = catalog_load_secret(w->catalog, ret_fault);
        if (r < 0)
                fault_prefix(ret_fault, "%s of [catalog]: ",
                             c->auth == CONFIG_AUTH_BASIC ? "password_file" : "token_file");
        return r < 0 ? r : 0;
}

void peers_close(Peers *w)
{
        (void)catalog_free(w->catalog);
        (void)http_client_free(w->http);
        (void)mirror_free(w->mirror);
        (void)pg_pool_free(w->pool);
        (void)config_free(w->config);
        *w = (Peers){0};
}
