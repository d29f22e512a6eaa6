/*
 * options: the table of every key, and how to look things up in it.
 *
 * The order is that of the sample file. What is not in this table is an error in a configuration
 * file.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/config.h"
#include "config/option.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOG(field)                                                                             \
        .section = OPTION_CATALOG, .of_peers = true, .offset = offsetof(Config, catalog.field)
#define POSTGRES(field)                                                                            \
        .section = OPTION_POSTGRES, .of_peers = true, .offset = offsetof(Config, postgres.field)
#define ONLY(auth_)         .auth = (auth_)
#define NEEDED(auth_)       .auth = (auth_), .auth_needs = true
#define DISCOVER(field)     .section = OPTION_DISCOVER, .offset = offsetof(Config, discover.field)
#define MONITOR(field)      .section = OPTION_MONITOR, .offset = offsetof(Config, monitor.field)
#define NOTIFY(field)       .section = OPTION_NOTIFY, .offset = offsetof(Config, notify.field)
#define DAEMON(field)       .section = OPTION_DAEMON, .offset = offsetof(Config, daemon.field)
#define DEFAULTS(field)     .section = OPTION_DEFAULTS, .offset = offsetof(ConfigEdge, field)
#define EDGE(field)         .section = OPTION_EDGE, .offset = offsetof(ConfigEdge, field)
#define COUNT(low, high)    .kind = &option_kind_count, .min = (low), .max = (high)
#define DURATION(low, high) .kind = &option_kind_duration, .min = (low), .max = (high)
#define KEEP(low, high)     .kind = &option_kind_keep, .min = (low), .max = (high)

/* clang-format off */
static const Option OPTIONS[] = {
        /* [catalog] */
        { CATALOG(url), .key = "url", .kind = &option_kind_url, .required = true,
          .sample = "https://acme.collibra.com", .sample_is_off = true,
          .help = "Address of the catalog, as in the browser's address bar, without the path of a "
                  "page." },
        { CATALOG(auth), .key = "auth", .kind = &option_kind_auth, .default_text = "basic",
          .help = "Authentication method. A key that belongs to another method is an error, comment it out." },
        { CATALOG(username), .key = "username", NEEDED("basic"), .kind = &option_kind_username,
          .sample = "svc-edgemirror",
          .help = "auth = basic: the user." },
        { CATALOG(password_file), .key = "password_file", NEEDED("basic"), .kind = &option_kind_secret_file,
          .sample = "credential:catalog",
          .help = "auth = basic: the file that holds the password; only its owner may read it." },
        { CATALOG(token_file), .key = "token_file", NEEDED("bearer"), .kind = &option_kind_secret_file,
          .sample = "credential:token", .sample_is_off = true,
          .help = "auth = bearer: the file that holds the token; it is read again when the "
                  "catalog answers 401." },
        { CATALOG(client_id), .key = "client_id", NEEDED("oauth2"), .kind = &option_kind_string,
          .sample = "edgemirror", .sample_is_off = true,
          .help = "auth = oauth2: the client." },
        { CATALOG(client_secret_file), .key = "client_secret_file", NEEDED("oauth2"),
          .kind = &option_kind_secret_file,
          .sample = "credential:client-secret", .sample_is_off = true,
          .help = "auth = oauth2: the file that holds the client's secret; it is exchanged for "
                  "tokens." },
        { CATALOG(token_url), .key = "token_url", ONLY("oauth2"), .kind = &option_kind_token_url,
          .sample = "https://acme.collibra.com/rest/oauth/v2/token", .sample_is_off = true,
          .help = "auth = oauth2: where tokens are asked for, if not at the catalog; the secret "
                  "goes there alone." },
        { CATALOG(scope), .key = "scope", ONLY("oauth2"), .kind = &option_kind_string,
          .sample = "catalog", .sample_is_off = true,
          .help = "auth = oauth2: the scope that is asked for, if the endpoint wants one." },
        { CATALOG(ca_file), .key = "ca_file", .kind = &option_kind_file,
          .sample = "/etc/ssl/certs/acme.pem", .sample_is_off = true,
          .help = "Certificates (PEM) that are trusted instead of the system's." },
        { CATALOG(cert_file), .key = "cert_file", .kind = &option_kind_secret_file,
          .sample = "/etc/edgemirror/client.pem", .sample_is_off = true,
          .help = "The client's certificate (PEM, its chain after it), where the server wants one; "
                  "a renewed one is picked up." },
        { CATALOG(key_file), .key = "key_file", .kind = &option_kind_secret_file,
          .sample = "/etc/edgemirror/client.key", .sample_is_off = true,
          .help = "Its private key (PEM, without a passphrase); only its owner may read it." },
        { CATALOG(proxy), .key = "proxy", .kind = &option_kind_proxy,
          .sample = "http://proxy.example.com:3128", .sample_is_off = true,
          .help = "The proxy on the way to the catalog and to token_url; those of the environment "
                  "are not used." },
        { CATALOG(proxy_username), .key = "proxy_username", .kind = &option_kind_username,
          .sample = "svc-edgemirror", .sample_is_off = true,
          .help = "The user, where the proxy wants one (basic authentication)." },
        { CATALOG(proxy_password_file), .key = "proxy_password_file",
          .kind = &option_kind_secret_file,
          .sample = "credential:proxy", .sample_is_off = true,
          .help = "The file that holds its password; only its owner may read it." },
        { CATALOG(max_requests), .key = "max_requests", COUNT(1, 1000), .default_text = "8",
          .help = "Requests in flight to the catalog, all edges together." },
        { CATALOG(request_timeout_usec),
          .key = "request_timeout", DURATION(USEC_PER_SEC, 10 * USEC_PER_MINUTE),
          .default_text = "30s",
          .help = "How long one request may take." },
        { CATALOG(password_file), .key = "password", .kind = &option_kind_misplaced_secret,
          .sample = "password_file" },
        { CATALOG(token_file), .key = "token", .kind = &option_kind_misplaced_secret,
          .sample = "token_file" },
        { CATALOG(client_secret_file), .key = "client_secret",
          .kind = &option_kind_misplaced_secret, .sample = "client_secret_file" },
        { CATALOG(proxy_password_file), .key = "proxy_password",
          .kind = &option_kind_misplaced_secret, .sample = "proxy_password_file" },

        /* [postgres] */
        { POSTGRES(conninfo), .key = "conninfo", .kind = &option_kind_conninfo, .required = true,
          .sample = "host=/run/postgresql dbname=reporting user=edgemirror",
          .help = "The database that holds the mirror. For a host that is another machine, "
                  "sslmode must be set here, best verify-full." },
        { POSTGRES(password_file), .key = "password_file", .kind = &option_kind_secret_file,
          .sample = "credential:postgres",
          .sample_is_off = true,
          .help = "The file that holds the password, if the server asks for one; only its owner "
                  "may read it." },
        { POSTGRES(max_connections), .key = "max_connections", COUNT(2, 100), .default_text = "4",
          .help = "Connections to PostgreSQL. One is kept for leases and the queue beside applies "
                  "that take long." },
        { POSTGRES(password_file), .key = "password", .kind = &option_kind_misplaced_secret,
          .sample = "password_file" },

        /* [discover] */
        { DISCOVER(enabled), .key = "enabled", .kind = &option_kind_yesno, .default_text = "no",
          .help = "yes: Edge connections that no section names are mirrored too, with [defaults]." },
        { DISCOVER(every_usec), .key = "every", DURATION(USEC_PER_SEC, USEC_PER_WEEK),
          .default_text = "1h",
          .help = "How often the catalog is asked for its Edge connections." },
        { DISCOVER(include), .key = "include", .kind = &option_kind_patterns, .default_text = "*",
          .help = "Names of those that are mirrored, as in a shell, separated by commas." },
        { DISCOVER(exclude), .key = "exclude", .kind = &option_kind_patterns,
          .sample = "*-test, sandbox*", .sample_is_off = true,
          .help = "Names of those that are not, although include has them." },

        /* [monitor] */
        { MONITOR(listen), .key = "listen", .kind = &option_kind_listen,
          .sample = "127.0.0.1:9743", .sample_is_off = true,
          .help = "Where `run` answers over HTTP, for probes, Prometheus and people: /healthz, "
                  "/readyz, /status.json, /metrics. Not given: nowhere." },
        { MONITOR(allow_remote), .key = "allow_remote", .kind = &option_kind_yesno, .default_text = "no",
          .help = "yes: listen may be an address that other machines reach. Nobody is asked for a "
                  "password, and nothing is encrypted: best behind a proxy." },
        { MONITOR(host_names), .key = "host_names", .kind = &option_kind_string,
          .sample = "mirror.example.com", .sample_is_off = true,
          .help = "Names by which the monitor is asked, beside localhost and addresses, separated "
                  "by commas; requests for any other are refused." },
        { MONITOR(edge_metrics), .key = "edge_metrics", COUNT(0, LIMIT_CONFIG_EDGES_MAX), .default_text = "1000",
          .help = "Series of each edge in /metrics, unless there are more edges than this." },

        /* [notify] */
        { NOTIFY(url_file), .key = "url_file", .kind = &option_kind_secret_file,
          .sample = "credential:notify", .sample_is_off = true,
          .help = "The file that holds the address to which `run` posts what has changed of an edge, "
                  "the catalog or PostgreSQL; only its owner may read it. Not given: nobody is told." },
        { NOTIFY(format), .key = "format", .kind = &option_kind_notify_format, .default_text = "json",
          .help = "What the receiver takes." },
        { NOTIFY(template_file), .key = "template_file", .kind = &option_kind_file,
          .sample = "/etc/edgemirror/notify.json", .sample_is_off = true,
          .help = "JSON with {{names}} of fields, for a receiver that takes none of these formats; "
                  "see docs/monitoring.md." },
        { NOTIFY(every_usec), .key = "every", DURATION(USEC_PER_SEC, USEC_PER_HOUR), .default_text = "1m",
          .help = "At most one message in this time; what changes meanwhile goes together." },
        { NOTIFY(ca_file), .key = "ca_file", .kind = &option_kind_file,
          .sample = "/etc/ssl/certs/acme.pem", .sample_is_off = true,
          .help = "Certificates (PEM) that are trusted instead of the system's." },
        { NOTIFY(proxy), .key = "proxy", .kind = &option_kind_proxy,
          .sample = "http://proxy.example.com:3128", .sample_is_off = true,
          .help = "The proxy on the way to the receiver; one that wants a password cannot be used." },
        { NOTIFY(url_file), .key = "url", .kind = &option_kind_misplaced_secret,
          .sample = "url_file" },

        /* [daemon] */
        { DAEMON(instance), .key = "instance", .kind = &option_kind_string, .of_peers = true,
          .sample = "mirror-1", .sample_is_off = true,
          .help = "Name of this instance in leases and runs. Default: host name and process id." },
        { DAEMON(log_format), .key = "log_format", .kind = &option_kind_log_format,
          .default_text = "auto",
          .help = "How `run` logs: to the journal under systemd, else as text; as text; or as JSON, "
                  "an object a line, for containers." },
        { DAEMON(max_syncs), .key = "max_syncs", COUNT(1, 10000), .default_text = "64",
          .help = "Edges in progress at once." },
        { DAEMON(lease_usec), .key = "lease", DURATION(2 * USEC_PER_SEC, LIMIT_LEASE_MAX_USEC),
          .default_text = "60s", .of_peers = true,
          .help = "How long an edge stays claimed by an instance that gives no sign of life." },
        { DAEMON(stop_timeout_usec),
          .key = "stop_timeout", DURATION(USEC_PER_SEC, 10 * USEC_PER_MINUTE),
          .default_text = "20s",
          .help = "How long a stop may take." },
        { DAEMON(history_keep_usec),
          .key = "history_keep", KEEP(USEC_PER_DAY, 520 * USEC_PER_WEEK), .default_text = "forever",
          .help = "How long versions of rows are kept after they ended: how far as_of and change "
                  "reach back." },
        { DAEMON(run_keep_usec), .key = "run_keep", KEEP(USEC_PER_DAY, 520 * USEC_PER_WEEK),
          .default_text = "90d",
          .help = "How long the journal keeps runs that ended; the last run of an edge is always "
                  "kept." },

        /* [defaults], and any [edge] */
        { DEFAULTS(schedule_text), .key = "schedule", .kind = &option_kind_schedule,
          .default_text = "every 1h",
          .help = "When the edge is synced." },
        { DEFAULTS(timezone), .key = "timezone", .kind = &option_kind_timezone,
          .default_text = "UTC",
          .help = "The zone in which the schedule is civil time." },
        { DEFAULTS(spread_usec), .key = "spread", DURATION(0, USEC_PER_DAY), .default_text = "5m",
          .help = "Each edge starts at its own fixed offset within this time, so that they do not all start at once." },
        { DEFAULTS(settings.refresh), .key = "refresh", .kind = &option_kind_yesno, .default_text = "yes",
          .help = "Ask the catalog to read the data source before listing; no: list what the "
                  "catalog knows." },
        { DEFAULTS(settings.polling.poll_min_usec), .key = "poll_min", DURATION(10 * USEC_PER_MSEC, USEC_PER_HOUR),
          .default_text = "1s",
          .help = "First delay between two polls of a job." },
        { DEFAULTS(settings.polling.poll_max_usec), .key = "poll_max", DURATION(10 * USEC_PER_MSEC, USEC_PER_HOUR),
          .default_text = "30s",
          .help = "Longest delay between two polls of a job; not below poll_min." },
        { DEFAULTS(settings.polling.wait_timeout_usec),
          .key = "wait_timeout", DURATION(USEC_PER_SEC, USEC_PER_WEEK), .default_text = "15m",
          .help = "How long a job may wait to be started." },
        { DEFAULTS(settings.polling.job_timeout_usec), .key = "job_timeout", DURATION(USEC_PER_SEC, USEC_PER_WEEK),
          .default_text = "1h",
          .help = "How long a job may run." },
        { DEFAULTS(settings.settle_usec), .key = "settle", DURATION(0, USEC_PER_HOUR), .default_text = "30s",
          .help = "How long to wait before listing when it is not known whether a refresh runs." },
        { DEFAULTS(settings.page_size), .key = "page_size", COUNT(2, LIMIT_PAGE_SIZE_MAX),
          .default_text = "500",
          .help = "Rows asked for in one request; pages overlap, so one row is not enough." },
        { DEFAULTS(settings.list_timeout_usec),
          .key = "list_timeout", DURATION(USEC_PER_SEC, USEC_PER_WEEK), .default_text = "1h",
          .help = "How long reading a list may take; then what was seen is applied, and the run "
                  "ends as unstable, or failed where nothing was." },
        { DEFAULTS(settings.max_removals), .key = "max_removals", .kind = &option_kind_removals,
          .default_text = "20%",
          .help = "More missing rows than this are held until a person agrees." },
        { DEFAULTS(settings.confirm_removals), .key = "confirm_removals", COUNT(1, 1000),
          .default_text = "2",
          .help = "A missing row is removed when so many syncs in a row have proven it gone, and "
                  "removal_delay is over." },
        { DEFAULTS(settings.removal_delay_usec), .key = "removal_delay", DURATION(0, USEC_PER_WEEK),
          .default_text = "30m",
          .help = "How long a missing row stays after the first of these proofs, however often an "
                  "edge is synced; 0s: until the last of them." },

        /* [edge "NAME"] */
        { EDGE(id), .key = "id", .kind = &option_kind_id, .required = true,
          .sample = "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
          .help = "The id of the Edge connection (not of the Edge site)." },
        { EDGE(enabled), .key = "enabled", .kind = &option_kind_yesno, .default_text = "yes",
          .sample = "no", .sample_is_off = true,
          .help = "no: the edge keeps its rows and is not synced." },
        { EDGE(settings.schema_connection), .key = "schema_connection",
          .kind = &option_kind_schema_connection,
          .sample = "5f3b1e0a-7c55-4d0e-8d53-2f6f2f0c9d10", .sample_is_off = true,
          .help = "List only what belongs to this schema connection." },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(OPTIONS) <= OPTIONS_MAX, "raise OPTIONS_MAX in option.h");

static const char *const SECTION_NAMES[OPTION_SECTIONS] = {
        [OPTION_CATALOG] = "[catalog]",   [OPTION_POSTGRES] = "[postgres]",
        [OPTION_DISCOVER] = "[discover]", [OPTION_MONITOR] = "[monitor]",
        [OPTION_NOTIFY] = "[notify]",     [OPTION_DAEMON] = "[daemon]",
        [OPTION_DEFAULTS] = "[defaults]", [OPTION_EDGE] = "[edge \"NAME\"]",
};

const Option *option_table(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(OPTIONS);
        return OPTIONS;
}

const char *option_section_name(OptionSection section)
{
        return SECTION_NAMES[section];
}

bool option_belongs(const Option *o, OptionSection section)
{
        return o->section == section || (section == OPTION_EDGE && o->section == OPTION_DEFAULTS);
}

const Option *option_find(OptionSection section, const char *key)
{
        for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++)
                if (option_belongs(&OPTIONS[i], section) && strcmp(OPTIONS[i].key, key) == 0)
                        return &OPTIONS[i];
        return NULL;
}

bool option_is_of_edge(const Option *o)
{
        return o->section == OPTION_DEFAULTS || o->section == OPTION_EDGE;
}

static char **string_of(const Option *o, void *object)
{
        return (char **)(void *)((char *)object + o->offset);
}

int options_own_strings(ConfigEdge *edge)
{
        int r = 0;
        for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
                if (!OPTIONS[i].kind->is_string || !option_is_of_edge(&OPTIONS[i]))
                        continue;
                char **field = string_of(&OPTIONS[i], edge);
                const char *borrowed = *field;
                *field = borrowed ? strdup(borrowed) : NULL;
                if (borrowed && !*field)
                        r = -ENOMEM;
        }
        return r;
}

void options_free_strings(void *object, bool of_edge)
{
        for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++)
                if (OPTIONS[i].kind->is_string && option_is_of_edge(&OPTIONS[i]) == of_edge)
                        free(*string_of(&OPTIONS[i], object));
}

bool config_same_peers(const Config *a, const Config *b)
{
        for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
                const Option *o = &OPTIONS[i];
                const void *x = (const char *)a + o->offset, *y = (const char *)b + o->offset;
                if (!o->of_peers)
                        continue;
                if (o->kind->is_string ? !text_equal(*(char *const *)x, *(char *const *)y)
                                       : memcmp(x, y, o->kind->size) != 0)
                        return false;
        }
        return true;
}

const Option *option_suggest(OptionSection section, const char *key)
{
        const Option *best = NULL;
        unsigned best_distance = text_distance_max(key);
        for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
                const Option *o = &OPTIONS[i];
                if (!option_belongs(o, section) || o->kind == &option_kind_misplaced_secret)
                        continue;
                unsigned distance = text_distance(key, o->key);
                if (distance <= best_distance && (!best || distance < best_distance)) {
                        best = o;
                        best_distance = distance;
                }
        }
        return best;
}

const char *option_accepted(const Option *o, char out[OPTION_ACCEPTED_BYTES])
{
        char low[DURATION_STRING_SIZE], high[DURATION_STRING_SIZE];
        if (o->kind == &option_kind_count)
                (void)snprintf(out, OPTION_ACCEPTED_BYTES, "a whole number from %llu to %llu",
                               (unsigned long long)o->min, (unsigned long long)o->max);
        else if (o->kind == &option_kind_duration)
                (void)snprintf(out, OPTION_ACCEPTED_BYTES,
                               "a duration like 90s, 15m or 1h30m, from %s to %s",
                               duration_format(o->min, low), duration_format(o->max, high));
        else if (o->kind == &option_kind_keep)
                (void)snprintf(out, OPTION_ACCEPTED_BYTES,
                               "forever, or a duration like 90d or 52w, from %s to %s",
                               duration_format(o->min, low), duration_format(o->max, high));
        else if (o->kind == &option_kind_misplaced_secret)
                (void)snprintf(out, OPTION_ACCEPTED_BYTES, "%s = /absolute/path or credential:NAME",
                               o->sample);
        else
                (void)snprintf(out, OPTION_ACCEPTED_BYTES, "%s", o->kind->accepted);
        return out;
}
