/*
 * cmd_check: the command. One line for each thing that must be right, and what to do where it is
 * not.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/session.h"
#include "config/secret.h"
#include "http/client_certificate.h"
#include "mirror/check.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WHAT_COLUMNS = 32, CLOCK_TOLERANCE_SEC = 60 };

typedef struct Check {
        Session session;
        int status;
        size_t next_edge;      /* in the configuration */
        size_t n_open;         /* catalog questions under way */
        bool catalog_down;     /* printed once, not once per edge */
        bool catalog_reported; /* its own line is printed */
        bool asked;            /* about one edge at least */
        bool clock_reported;
        bool token_reported;
        bool proxy_reported;
} Check;

typedef struct EdgeCheck {
        Check *check;
        const ConfigEdge *edge;
        CatalogCall *call;
} EdgeCheck;

static void check_line(Check *c, const char *what, const Fault *fault, const char *detail)
{
        bool passed = fault->scope == FAULT_NONE;
        printf("%-6s  ", passed ? "ok" : "FAILED");
        columns_put(stdout, what, WHAT_COLUMNS);
        fputs("  ", stdout);
        put_text(stdout, passed ? detail : fault->message);
        putchar('\n');
        c->status = exit_status_worse(c->status, fault_exit_status(fault));
}

/* Not certainly wrong, but of use to whoever looks for a fault. */
static void check_note(const char *what, const char *text)
{
        printf("note    ");
        columns_put(stdout, what, WHAT_COLUMNS);
        printf("  %s\n", text);
}

/* Whoever sets them expects that they are used. Their values may hold passwords. */
static void check_environment(const Config *config)
{
        static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                            "ALL_PROXY",   "no_proxy",    "NO_PROXY"};
        const ConfigCatalog *c = &config->catalog;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const char *value = getenv(names[i]);
                bool of_exceptions = strcasecmp(names[i], "no_proxy") == 0;
                char text[160];
                if (!value || !value[0] || c->plain_http || (of_exceptions && !c->proxy))
                        continue;
                (void)snprintf(text, sizeof(text),
                               "%s is set in the environment, and not used: the catalog is "
                               "connected to %s",
                               names[i], c->proxy ? "by proxy of [catalog]" : "directly");
                check_note("proxy", text);
        }
}

/* Tokens, certificates and Retry-After depend on it. */
static void check_clock(Check *c, const CatalogAnswer *answer)
{
        int64_t ahead = answer->clock_ahead_sec;
        uint64_t off = (uint64_t)(ahead < 0 ? -ahead : ahead);
        char length[DURATION_STRING_SIZE], text[160];
        if (c->clock_reported || off <= CLOCK_TOLERANCE_SEC)
                return;
        c->clock_reported = true;
        (void)snprintf(text, sizeof(text),
                       "this machine's clock is %s %s that of the catalog (its Date header); is it "
                       "synchronised?",
                       duration_format(off * USEC_PER_SEC, length),
                       ahead > 0 ? "ahead of" : "behind");
        check_note("clock", text);
}

/* What keeps edges from their schedules, a line each. */
static void check_warnings(Check *c)
{
        for (const char *at = c->session.config->warnings; at && *at;) {
                Fault fault;
                size_t length = strcspn(at, "\n");
                fault_set(&fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_TIMEZONE, "%.*s", (int)length,
                          at);
                check_line(c, "configuration", &fault, "");
                c->status = exit_status_worse(c->status, CLI_EXIT_CONFIG);
                at += length + (at[length] == '\n');
        }
}

static void check_skip(const char *what, const char *why)
{
        printf("--      ");
        columns_put(stdout, what, WHAT_COLUMNS);
        printf("  %s\n", why);
}

/* systemd has not passed on what only the service gets. */
static bool is_of_service(const char *where)
{
        return text_starts_with(where, "credential:") && !getenv("CREDENTIALS_DIRECTORY");
}

/* A file of a secret, when nothing is opened that would read it. A credential is there only where
 * systemd has passed it on. */
static void check_secret(Check *c, const char *what, const char *where)
{
        static const Fault none;
        _cleanup_(text_wipe) Text secret = {0};
        Fault fault = none;
        char text[300];
        if (!where)
                return;
        if (is_of_service(where)) {
                (void)snprintf(text, sizeof(text),
                               "not checked: only the service gets %.200s, from systemd", where);
                check_skip(what, text);
                return;
        }
        if (secret_read(where, &secret, &fault) < 0)
                c->status = exit_status_worse(c->status, CLI_EXIT_CONFIG);
        check_line(c, what, &fault, "can be read, by this user");
}

/* Its time, which is wrong for the server alone, unless this clock is. */
static void check_certificate_time(const ClientCertificate *certificate, Fault *fault, char *detail,
                                   size_t size)
{
        time_t now = time(NULL), at = certificate->valid_until;
        bool early = now<certificate->valid_from, late = now> at;
        char when[64] = "";
        struct tm tm;
        if (early)
                at = certificate->valid_from;
        if (gmtime_r(&at, &tm))
                (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
        if (early || late)
                fault_set(fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_CERTIFICATE,
                          "the certificate %s %s; put a valid one there, or set this clock right",
                          early ? "is not valid before" : "has expired on", when);
        (void)snprintf(detail, size, "valid until %s, and the key is its own", when);
}

/* reports: what cannot be used is reported by nobody else. */
static void check_certificate(Check *c, bool reports)
{
        static const Fault none;
        const ConfigCatalog *catalog = &c->session.config->catalog;
        _cleanup_(text_wipe) Text certificate = {0}, key = {0};
        ClientCertificate facts;
        Fault fault = none;
        char detail[160] = "";
        if (!catalog->cert_file)
                return;
        if (is_of_service(catalog->cert_file) || is_of_service(catalog->key_file)) {
                check_skip("catalog: cert_file, key_file",
                           "not checked: only the service gets them, from systemd");
                return;
        }
        int r = config_read_certificate(catalog, &certificate, &key, &fault);
        if (r >= 0)
                r = client_certificate_check(certificate.data, key.data, &facts, &fault);
        if (r >= 0)
                check_certificate_time(&facts, &fault, detail, sizeof(detail));
        if (r < 0 && !reports)
                return;
        if (fault.scope != FAULT_NONE)
                c->status = exit_status_worse(c->status, CLI_EXIT_CONFIG);
        check_line(c, "catalog: cert_file, key_file", &fault, detail);
}

static void check_secrets(Check *c)
{
        const Config *config = c->session.config;
        static const char *const names[] = {[CONFIG_AUTH_BASIC] = "catalog: password_file",
                                            [CONFIG_AUTH_BEARER] = "catalog: token_file",
                                            [CONFIG_AUTH_OAUTH2] = "catalog: client_secret_file"};
        check_secret(c, names[config->catalog.auth], config_catalog_secret(&config->catalog));
        check_secret(c, "catalog: proxy_password_file", config->catalog.proxy_password_file);
        check_certificate(c, true);
        check_secret(c, "postgres: password_file", config->postgres.password_file);
}

static void check_on_mirror(const MirrorCheck *checks, size_t n_checks, void *userdata)
{
        Check *c = userdata;
        for (size_t i = 0; i < n_checks; i++) {
                char what[64];
                (void)snprintf(what, sizeof(what), "postgres: %s", checks[i].what);
                check_line(c, what, &checks[i].fault, checks[i].detail);
        }
        (void)sd_event_exit(c->session.event, 0);
}

static void check_mirror(Check *c)
{
        Fault fault;
        MirrorTask *task;
        int status = session_try_mirror(&c->session, &fault);
        int r = status == 0 ? mirror_check(c->session.peers->mirror, check_on_mirror, c, &task) : 0;
        if (status == 0 && r >= 0)
                return;
        if (r < 0)
                fault_set(&fault, FAULT_PROCESS, -r, CODE_NO_RESOURCES,
                          "PostgreSQL cannot be asked: %s", strerrordesc_np(-r));
        check_line(c, "postgres", &fault, "");
        c->status = exit_status_worse(c->status, status);
        (void)sd_event_exit(c->session.event, 0);
}

static void check_next_edges(Check *c);

/* Minutes, and seconds where there are few of them. */
static uint64_t whole_units(uint64_t usec)
{
        return usec - usec % (usec < 2 * USEC_PER_MINUTE ? USEC_PER_SEC : USEC_PER_MINUTE);
}

/* auth = oauth2, once, whatever the catalog says of the token after. */
static void check_token(Check *c)
{
        static const Fault none;
        uint64_t left;
        char length[DURATION_STRING_SIZE], detail[80];
        if (c->token_reported || !catalog_has_token(c->session.peers->catalog, &left))
                return;
        c->token_reported = true;
        if (left == UINT64_MAX)
                (void)snprintf(detail, sizeof(detail), "token obtained, used until it is refused");
        else
                (void)snprintf(detail, sizeof(detail), "token obtained, %s left",
                               duration_format(whole_units(left), length));
        check_line(c, "catalog: token", &none, detail);
}

/* Once: whatever is wrong behind it, the proxy lets us through when anything has come from there.
 */
static void check_proxy(Check *c, const CatalogAnswer *answer)
{
        static const Fault none;
        const char *proxy = c->session.config->catalog.proxy;
        char detail[LIMIT_URL_MAX_BYTES];
        if (!proxy || c->proxy_reported || (answer->status == 0 && !answer->sent))
                return;
        c->proxy_reported = true;
        (void)snprintf(detail, sizeof(detail), "%s lets us through", proxy);
        check_line(c, "proxy", &none, detail);
}

/* The catalog as a whole, once. That it is the right server, and that it lets us in, is known from
 * a good answer or an error of the API's own form; an error in another form is of something else
 * that answers at this address, for all edges. */
static void check_catalog(Check *c, const CatalogAnswer *answer)
{
        static const Fault none;
        bool down = answer->fault.scope == FAULT_PEER || answer->fault.scope == FAULT_REQUEST ||
                    answer->foreign;
        bool known = answer->fault.scope == FAULT_NONE || answer->problem;
        check_clock(c, answer);
        check_proxy(c, answer);
        check_token(c);
        if (down && !c->catalog_down)
                check_line(c,
                           fault_is_of_proxy(&answer->fault) ? "proxy"
                           : c->catalog_reported             ? "catalog, later answer"
                                                             : "catalog",
                           &answer->fault, "");
        else if (!down && known && !c->catalog_reported)
                check_line(c, "catalog", &none,
                           c->session.config->catalog.plain_http
                                   ? "address and credentials are right"
                                   : "address, TLS and credentials are right");
        c->catalog_reported = c->catalog_reported || down || known;
        c->catalog_down = c->catalog_down || down;
        /* a retry might help, but check reports the present state */
        if (answer->fault.scope == FAULT_REQUEST)
                c->status = exit_status_worse(c->status, CLI_EXIT_UNREACHABLE);
}

static void check_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        EdgeCheck *e = userdata;
        Check *c = e->check;
        const Fault *fault = &answer->answer.fault;
        char what[LIMIT_EDGE_NAME_MAX_BYTES + 32];
        c->n_open--;
        check_catalog(c, &answer->answer);
        if (fault->scope != FAULT_PEER && fault->scope != FAULT_REQUEST &&
            !answer->answer.foreign) {
                (void)snprintf(what, sizeof(what), "catalog: edge %s", e->edge->name);
                check_line(c, what, fault,
                           answer->n_rows ? "the list can be read"
                                          : "the list can be read; it is empty");
        }
        free(e);
        check_next_edges(c);
}

static void check_edge(Check *c, const ConfigEdge *edge)
{
        const Uuid *schema =
                edge->settings.has_schema_connection ? &edge->settings.schema_connection : NULL;
        EdgeCheck *e = calloc(1, sizeof(*e));
        int r = -ENOMEM;
        c->asked = true;
        if (e) {
                *e = (EdgeCheck){.check = c, .edge = edge};
                r = catalog_list(c->session.peers->catalog, &edge->id, schema, 0, 1, check_on_page,
                                 e, &e->call);
        }
        if (r >= 0) {
                c->n_open++;
                return;
        }
        Fault fault;
        char what[LIMIT_EDGE_NAME_MAX_BYTES + 32];
        fault_set(&fault, FAULT_PROCESS, -r, CODE_NO_RESOURCES, "the catalog cannot be asked: %s",
                  strerrordesc_np(-r));
        (void)snprintf(what, sizeof(what), "catalog: edge %s", edge->name);
        check_line(c, what, &fault, "");
        free(e);
}

/* As many at a time as syncs would be; none any more once the catalog as a whole has refused. */
static void check_next_edges(Check *c)
{
        const Config *config = c->session.config;
        while (!c->catalog_down && c->next_edge < config->n_edges &&
               c->n_open < config->catalog.max_requests) {
                const ConfigEdge *edge = &config->edges[c->next_edge++];
                if (edge->enabled)
                        check_edge(c, edge);
        }
        if (c->n_open > 0)
                return;
        if (!c->asked)
                printf("--      catalog                           not asked: no edge is enabled\n");
        check_mirror(c);
}

int command_check(const CommandLine *line)
{
        static const Fault none;
        Check c = {0};
        char detail[64];
        int status = session_load(&c.session, line->config_file);
        if (status == 0) {
                (void)snprintf(detail, sizeof(detail), "valid, %zu edge%s",
                               c.session.config->n_edges,
                               c.session.config->n_edges == 1 ? "" : "s");
                check_line(&c, "configuration", &none, detail);
                check_warnings(&c);
                check_environment(c.session.config);
        }
        if (status == 0 && line->offline)
                check_secrets(&c);
        if (status == 0 && !line->offline) {
                /* What is wrong with one side is no reason to keep quiet about the other. */
                Fault fault;
                check_certificate(&c, false);
                int catalog_status = session_try_catalog(&c.session, &fault);
                if (catalog_status == 0) {
                        check_next_edges(&c);
                } else {
                        check_line(&c, "catalog", &fault, "");
                        c.status = exit_status_worse(c.status, catalog_status);
                        check_mirror(&c);
                }
                if (c.session.event)
                        status = session_loop(&c.session);
        }
        session_done(&c.session);
        return status ? status : c.status;
}
