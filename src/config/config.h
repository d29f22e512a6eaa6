/*
 * config: the configuration, from files to a validated structure.
 *
 * One option table (options.c) gives parsing, validation, the sample file and the help. Every error
 * is collected with file, line and the accepted form; a configuration with an error is not used at
 * all. A Config is immutable once loaded; release with config_free.
 */
#pragma once

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/text.h"
#include "base/uuid.h"
#include "config/sync_settings.h"
#include "schedule/schedule.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum ConfigAuth { CONFIG_AUTH_BASIC, CONFIG_AUTH_BEARER, CONFIG_AUTH_OAUTH2 } ConfigAuth;

typedef struct ConfigCatalog {
        char *url;       /* without trailing slash, scheme and host lower case */
        bool plain_http; /* http to a loopback address */
        ConfigAuth auth;
        char *username;
        char *password_file, *token_file, *client_id,
                *client_secret_file; /* as written: a path or credential:NAME; NULL when absent */
        char *ca_file;
        unsigned max_requests;
        uint64_t request_timeout_usec;
} ConfigCatalog;

typedef struct ConfigPostgres {
        char *conninfo;
        char *password_file;
        unsigned max_connections;
} ConfigPostgres;

typedef struct ConfigDaemon {
        char *instance; /* default: host name and pid */
        unsigned max_syncs;
        uint64_t lease_usec;
        uint64_t stop_timeout_usec;
        uint64_t history_keep_usec, run_keep_usec; /* USEC_FOREVER: never pruned */
} ConfigDaemon;

typedef struct ConfigEdge {
        char *name; /* from [edge "name"] */
        Uuid id;
        bool enabled;
        char *schedule_text;
        Schedule schedule;
        char *timezone;
        /* shared, owned by the Config; NULL: this system does not have it, see config_edge_is_due
         */
        const Zone *zone;
        uint64_t spread_usec;
        SyncSettings settings;
        char *file; /* where it stands, for messages */
        unsigned line;
} ConfigEdge;

typedef struct Config {
        ConfigCatalog catalog;
        ConfigPostgres postgres;
        ConfigDaemon daemon;
        ConfigEdge *edges; /* in order of name */
        size_t n_edges;
        /* what keeps an edge from its schedule on this system, in lines as errors have them; NULL:
         * nothing */
        char *warnings;
        struct ConfigZones *zones; /* private */
        unsigned references;       /* private */
} Config;

#define CONFIG_DEFAULT_FILE SYSCONFDIR "/edgemirror/edgemirror.conf"

/* Reads `file` (NULL: the default) and FILE.d/ *.conf (for the default: edgemirror.conf.d) in name
 * order. On error returns -EINVAL (or the errno of a file that cannot be read), and `errors` holds
 * one line for each error, "FILE:LINE: what is wrong; accepted: form\n", in the order of files and
 * lines; without ":LINE" when it concerns the whole file. -ENOMEM: `errors` may be empty. The files
 * of secrets are not opened: secret_read does. */
int config_load(const char *file, Config **ret, Text *errors);
Config *config_ref(Config *config);
Config *config_free(Config *config); /* gives up one reference; the last one releases */
DEFINE_CLEANUP(Config, config, config_free)

/* Whether both speak to the same catalog and PostgreSQL in the same way and under the same name. */
bool config_same_peers(const Config *a, const Config *b);

const ConfigEdge *config_find_edge_by_id(const Config *config, const Uuid *id);

/* Whether the service syncs the edge on its schedule: it is enabled, and its time zone is known
 * here. A zone that the system lacks is a fact of the host (older names left tzdata for a package
 * of their own), so it keeps one edge from its schedule rather than all edges from everything.
 * `check` fails for it. */
bool config_edge_is_due(const ConfigEdge *edge);

/* Edge by name, or by its UUID in text form; NULL when there is none. */
const ConfigEdge *config_find_edge(const Config *config, const char *name);

/* The commented sample configuration: what etc/edgemirror.conf holds. */
int config_print_sample(FILE *out);

/* Every key with its section, accepted form, default and purpose: for people, on a terminal. Both
 * return -EIO when writing fails. */
int config_print_help(FILE *out);
