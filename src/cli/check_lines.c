/*
 * check_lines: what the lines of `check` are made of, and those of what does not depend on edges.
 */
#include "cli/check_lines.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "base/utc.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/edge_sections.h"
#include "cli/json_out.h"
#include "config/secret.h"
#include "daemon/notify_trial.h"
#include "http/ca_file.h"
#include "http/client_certificate.h"
#include "mirror/check.h"
#include "mirror/instance.h"
#include "mirror/spool.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WHAT_COLUMNS = 32 };

#define SPOOL_BYTES_MIN  (1ULL << 30)
#define SPOOL_BYTES_NONE (16ULL << 20) /* a list that is too long for memory has no room at all */

void checks_done(Checks *c)
{
        c->discover = discover_cancel(c->discover);
        session_advise(&c->session);
        session_done(&c->session);
}

typedef enum CheckResult { CHECK_OK, CHECK_FAILED, CHECK_NOTE, CHECK_SKIPPED } CheckResult;

static void put_line(Checks *c, CheckResult result, const char *what, const char *text,
                     const char *code)
{
        static const char *const results[] = {[CHECK_OK] = "ok",
                                              [CHECK_FAILED] = "FAILED",
                                              [CHECK_NOTE] = "note",
                                              [CHECK_SKIPPED] = "--"},
                                 *const words[] = {[CHECK_OK] = "ok",
                                                   [CHECK_FAILED] = "failed",
                                                   [CHECK_NOTE] = "note",
                                                   [CHECK_SKIPPED] = "skipped"};
        uint64_t took = c->took_usec;
        char length[DURATION_STRING_SIZE];
        c->took_usec = 0;
        if (c->json) {
                cJSON *o = cJSON_CreateObject();
                json_add_text(o, "check", what);
                json_add_text(o, "result", words[result]);
                json_add_text(o, "text", text);
                json_add_text(o, "code", code);
                json_add_int(o, "durationMs", took > 0 ? (int64_t)(took / USEC_PER_MSEC) : -1);
                json_print_line(o);
                return;
        }
        printf("%-6s  ", results[result]);
        columns_put(stdout, what, WHAT_COLUMNS);
        fputs("  ", stdout);
        put_text(stdout, text);
        /* others end with what is to be done, which is to be pasted */
        if (took > 0 && result == CHECK_OK)
                printf(" (%s)", duration_format_short(took, length));
        putchar('\n');
}

void check_line(Checks *c, const char *what, const Fault *fault, const char *detail)
{
        bool passed = fault->scope == FAULT_NONE;
        put_line(c, passed ? CHECK_OK : CHECK_FAILED, what, passed ? detail : fault->message,
                 passed ? NULL : fault_code_name(fault->code));
        c->status = exit_status_worse(c->status, fault_exit_status(fault));
}

void check_note(Checks *c, const char *what, const char *text)
{
        put_line(c, CHECK_NOTE, what, text, NULL);
}

void check_skip(Checks *c, const char *what, const char *why)
{
        put_line(c, CHECK_SKIPPED, what, why, NULL);
}

/* Of the configuration, or of a file that it names. */
static void check_setting(Checks *c, const char *what, const Fault *fault, const char *detail)
{
        if (fault->scope != FAULT_NONE)
                c->status = exit_status_worse(c->status, CLI_EXIT_CONFIG);
        check_line(c, what, fault, detail);
}

/* Whoever sets them expects that they are used. Their values may hold passwords. */
void check_environment(Checks *c)
{
        static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                            "ALL_PROXY",   "no_proxy",    "NO_PROXY"};
        const ConfigCatalog *catalog = &c->session.config->catalog;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const char *value = getenv(names[i]);
                bool of_exceptions = strcasecmp(names[i], "no_proxy") == 0;
                char text[160];
                if (!value || !value[0] || catalog->plain_http ||
                    (of_exceptions && !catalog->proxy))
                        continue;
                (void)snprintf(text, sizeof(text),
                               "%s is set in the environment, and not used: the catalog is "
                               "connected to %s",
                               names[i], catalog->proxy ? "by proxy of [catalog]" : "directly");
                check_note(c, "proxy", text);
        }
}

static bool is_credential(const char *where)
{
        return where && text_starts_with(where, "credential:");
}

/* systemd has not passed on what only the service gets. */
static bool is_of_service(const char *where)
{
        return is_credential(where) && !getenv("CREDENTIALS_DIRECTORY");
}

/* A file of a secret, when nothing is opened that would read it. A credential is there only where
 * systemd has passed it on. */
static void check_secret(Checks *c, const char *what, const char *where)
{
        _cleanup_(text_wipe) Text secret = {0};
        Fault fault = {0};
        char text[300];
        if (!where)
                return;
        if (is_of_service(where)) {
                (void)snprintf(text, sizeof(text),
                               "not checked: only the service gets %.200s, from systemd", where);
                check_skip(c, what, text);
                return;
        }
        (void)secret_read(where, &secret, &fault);
        check_setting(c, what, &fault, "can be read, by this user");
}

/* Its time, which is wrong for the server alone, unless this clock is. */
static void check_certificate_time(const ClientCertificate *certificate, Fault *fault, char *detail,
                                   size_t size)
{
        time_t now = time(NULL), at = certificate->valid_until;
        bool early = now<certificate->valid_from, late = now> at;
        char when[UTC_BYTES];
        if (early)
                at = certificate->valid_from;
        (void)utc_format(at, UTC_PERSON, when);
        if (early || late)
                fault_set(fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_CERTIFICATE,
                          "the certificate %s %s; put a valid one there, or set this clock right",
                          early ? "is not valid before" : "has expired on", when);
        (void)snprintf(detail, size, "valid until %s, and the key is its own", when);
}

/* reports: what cannot be used is reported by nobody else. */
void check_certificate(Checks *c, bool reports)
{
        const ConfigCatalog *catalog = &c->session.config->catalog;
        _cleanup_(text_wipe) Text certificate = {0}, key = {0};
        ClientCertificate facts;
        Fault fault = {0};
        char detail[160] = "";
        if (!catalog->cert_file)
                return;
        if (is_of_service(catalog->cert_file) || is_of_service(catalog->key_file)) {
                check_skip(c, "catalog: cert_file, key_file",
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
        check_setting(c, "catalog: cert_file, key_file", &fault, detail);
}

static void check_ca_file(Checks *c, const char *what, const char *section, const char *path)
{
        Fault fault = {0};
        if (!path)
                return;
        (void)ca_file_check(section, path, &fault);
        check_setting(c, what, &fault, "can be read, and holds certificates");
}

void check_secrets(Checks *c)
{
        const Config *config = c->session.config;
        static const char *const names[] = {[CONFIG_AUTH_BASIC] = "catalog: password_file",
                                            [CONFIG_AUTH_BEARER] = "catalog: token_file",
                                            [CONFIG_AUTH_OAUTH2] = "catalog: client_secret_file"};
        check_secret(c, names[config->catalog.auth], config_catalog_secret(&config->catalog));
        check_ca_file(c, "catalog: ca_file", "[catalog]", config->catalog.ca_file);
        check_secret(c, "catalog: proxy_password_file", config->catalog.proxy_password_file);
        check_certificate(c, true);
        check_secret(c, "postgres: password_file", config->postgres.password_file);
}

static void check_template(Checks *c)
{
        const Config *config = c->session.config;
        NotifyForm form = {.instance = strdup(config->daemon.instance)};
        Fault fault = {0};
        (void)notify_form_open(&form, config, &fault);
        if (form.template) /* it says more of one that gives no JSON */
                (void)notify_trial(&form, &fault);
        check_setting(c, "notify: template_file", &fault,
                      "gives JSON, tried with every field filled, and empty");
        notify_form_close(&form);
}

static void check_receiver_address(Checks *c)
{
        const ConfigNotify *notify = &c->session.config->notify;
        _cleanup_(text_wipe) Text url = {0};
        bool plain_http;
        Fault fault = {0};
        if (is_of_service(notify->url_file)) {
                check_skip(c, "notify: url_file",
                           "not checked: only the service gets it, from systemd");
                return;
        }
        (void)config_read_webhook(notify, &url, &plain_http, &fault);
        check_setting(c, "notify: url_file", &fault,
                      "holds an address; whether a message arrives is not tried");
}

void check_webhook(Checks *c)
{
        const ConfigNotify *notify = &c->session.config->notify;
        if (config_notify_is_unused(notify))
                check_note(c, "notify", "url_file is not given, so nobody is told of changes");
        if (!notify->url_file)
                return;
        check_receiver_address(c);
        if (notify->template_file)
                check_template(c);
        check_ca_file(c, "notify: ca_file", "[notify]", notify->ca_file);
}

void check_spool(Checks *c)
{
        uint64_t bytes = 0;
        Fault fault = {0};
        char text[SPOOL_COMPLAINT_BYTES], size[BYTES_STRING_SIZE];
        if (spool_passes_over(text))
                check_note(c, "spool", text);
        (void)spool_find_space(&bytes, &fault);
        (void)snprintf(text, sizeof(text), "%s free for temporary files%s",
                       bytes_format(bytes, size),
                       bytes < SPOOL_BYTES_MIN ? ", which a list of some million rows fills: clear "
                                                 "some, or set TMPDIR to another directory"
                                               : "");
        if (fault.scope == FAULT_NONE && bytes < SPOOL_BYTES_NONE)
                fault_set(&fault, FAULT_PROCESS, ENOSPC, CODE_SPOOL_FAILED,
                          "%s free for temporary files: syncs of long lists fail; clear some, or "
                          "set TMPDIR to another directory",
                          size);
        if (fault.scope == FAULT_NONE && bytes < SPOOL_BYTES_MIN)
                check_note(c, "spool", text);
        else
                check_line(c, "spool", &fault, text);
}

/* Minutes, and seconds where there are few of them. */
static uint64_t whole_units(uint64_t usec)
{
        return usec - usec % (usec < 2 * USEC_PER_MINUTE ? USEC_PER_SEC : USEC_PER_MINUTE);
}

bool check_token(Checks *c)
{
        uint64_t left;
        char length[DURATION_STRING_SIZE], detail[80];
        if (!catalog_has_token(c->session.peers->catalog, &left))
                return false;
        if (left == UINT64_MAX)
                (void)snprintf(detail, sizeof(detail), "token obtained, used until it is refused");
        else
                (void)snprintf(detail, sizeof(detail), "token obtained, %s left",
                               duration_format(whole_units(left), length));
        check_line(c, "catalog: token", &fault_none, detail);
        return true;
}

static void check_on_found(const Discovered *found, void *userdata)
{
        Checks *c = userdata;
        char detail[120];
        uint64_t took = clock_monotonic_usec() - c->begun_usec;
        c->discover = NULL;
        (void)check_token(c);
        (void)snprintf(detail, sizeof(detail),
                       "address%s and credentials are right; %zu Edge connection%s",
                       c->session.config->catalog.plain_http ? "" : ", TLS", found->n_edges,
                       text_plural(found->n_edges));
        c->took_usec = took;
        check_line(c, fault_is_of_proxy(&found->fault) ? "proxy" : "catalog", &found->fault,
                   detail);
        c->status = exit_status_worse(c->status, discovered_exit_status(found));
        if (found->fault.scope == FAULT_NONE)
                discovered_note(found);
        c->on_found(found, c->userdata);
}

int check_discovery(Checks *c, DiscoverCallback on_found, void *userdata)
{
        Session *s = &c->session;
        Fault fault;
        int status = s->peers && s->peers->catalog ? CLI_EXIT_DONE
                                                   : session_try(s, SESSION_CATALOG, &fault);
        c->on_found = on_found;
        c->userdata = userdata;
        c->begun_usec = clock_monotonic_usec();
        if (status == CLI_EXIT_DONE) {
                int r = discover_start(s->peers->catalog, s->event, check_on_found, c,
                                       &c->discover);
                if (r >= 0)
                        return CLI_EXIT_DONE;
                fault_not_begun(&fault, r, "the catalog cannot be asked");
                status = CLI_EXIT_EDGE_FAILED;
        }
        check_line(c, "catalog", &fault, "");
        c->status = exit_status_worse(c->status, status);
        return status;
}

/* Is it what migrate does, or whoever grants what is missing? */
static bool check_is_to_come(Checks *c, const MirrorCheck *check)
{
        FaultCode code = check->fault.code;
        bool of_version = strcmp(check->what, "schema version") == 0 &&
                          (code == CODE_PG_SCHEMA_MISSING || code == CODE_SCHEMA_OLDER);
        bool of_grants = strcmp(check->what, "privileges") == 0 && code == CODE_PG_PRIVILEGE;
        c->to_migrate = c->to_migrate || of_version;
        c->to_grant = c->to_grant || of_grants;
        return of_version || of_grants;
}

/* What was tried here is what is on disk. */
static void check_on_instance(const MirrorInstanceStatus *instance, const Fault *fault _unused_,
                              void *userdata)
{
        Checks *c = userdata;
        if (!instance)
                (void)sd_event_exit(c->session.event, 0);
        else if (instance->alive && !c->told_of_service)
                check_note(c, "secrets", "of the service that runs: " SECRET_RENEWAL);
        c->told_of_service = c->told_of_service || (instance && instance->alive);
}

/* Whether somebody is asked who runs. */
static bool check_instances(Checks *c)
{
        const Config *config = c->session.config;
        if (!is_credential(config_catalog_secret(&config->catalog)) &&
            !is_credential(config->catalog.proxy_password_file) &&
            !is_credential(config->postgres.password_file))
                return false;
        return mirror_instances(c->session.peers->mirror, check_on_instance, c, NULL) >= 0;
}

static void check_on_mirror(const MirrorCheck *checks, size_t n_checks, void *userdata)
{
        Checks *c = userdata;
        for (size_t i = 0; i < n_checks; i++) {
                char what[64];
                (void)snprintf(what, sizeof(what), "postgres: %s", checks[i].what);
                c->took_usec = checks[i].took_usec;
                if (checks[i].is_note || (c->is_first && check_is_to_come(c, &checks[i])))
                        check_note(c, what, checks[i].detail);
                else
                        check_line(c, what, &checks[i].fault, checks[i].detail);
        }
        if (n_checks == 0 || checks[0].fault.scope != FAULT_NONE || !check_instances(c))
                (void)sd_event_exit(c->session.event, 0);
}

void check_postgres(Checks *c)
{
        Fault fault;
        int status = session_try(&c->session, SESSION_MIRROR, &fault);
        int r = status == 0 ? mirror_check(c->session.peers->mirror, check_on_mirror, c, NULL) : 0;
        if (status == 0 && r >= 0)
                return;
        if (r < 0)
                fault_not_begun(&fault, r, "PostgreSQL cannot be asked");
        check_line(c, "postgres", &fault, "");
        c->status = exit_status_worse(c->status, status);
        (void)sd_event_exit(c->session.event, 0);
}
