/*
 * types: the configuration as data. The option table (options.c) parses into it.
 */
#pragma once

#include "base/log.h"
#include "base/uuid.h"
#include "config/sync_settings.h"
#include "schedule/schedule.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ConfigAuth {
        CONFIG_AUTH_BASIC,
        CONFIG_AUTH_BEARER,
        CONFIG_AUTH_OAUTH2,
        CONFIG_AUTHS,
} ConfigAuth;

typedef struct ConfigCatalog {
        char *url;       /* without trailing slash, scheme and host lower case */
        bool plain_http; /* http to a loopback address */
        ConfigAuth auth;
        char *username;
        /* as written: a path or credential:NAME; NULL when absent */
        char *password_file, *token_file, *client_secret_file;
        char *client_id, *scope;
        char *token_url; /* NULL: of the catalog */
        bool token_plain_http;
        char *ca_file;
        char *cert_file, *key_file; /* as password_file; both or none */
        char *proxy_username, *proxy_password_file;
        char *proxy; /* NULL: none; scheme, host and port */
        unsigned max_requests;
        uint64_t request_timeout_usec;
} ConfigCatalog;

typedef struct ConfigPostgres {
        char *conninfo;
        char *password_file;
        unsigned max_connections;
} ConfigPostgres;

/* Edge connections that no section names. */
typedef struct ConfigDiscover {
        bool enabled;
        uint64_t every_usec;
        /* patterns of names, see edge_name_is_wanted; exclude: NULL: none */
        char *include, *exclude;
} ConfigDiscover;

/* The HTTP server of the service. */
typedef struct ConfigMonitor {
        char *listen; /* of listen_address_parse; NULL: there is none */
        bool allow_remote;
        char *host_names; /* separated by commas; NULL: none */
        unsigned edge_metrics;
} ConfigMonitor;

/* The bodies that receivers take. */
typedef enum ConfigNotifyFormat {
        CONFIG_NOTIFY_JSON,
        CONFIG_NOTIFY_SLACK,
        CONFIG_NOTIFY_TEAMS,
        CONFIG_NOTIFY_ALERTMANAGER,
        CONFIG_NOTIFY_FORMATS,
} ConfigNotifyFormat;

/* Who is told by HTTP what has changed. */
typedef struct ConfigNotify {
        char *url_file; /* as password_file; NULL: nobody */
        ConfigNotifyFormat format;
        char *template_file; /* in place of a format; NULL: none */
        char *ca_file, *proxy;
        uint64_t every_usec;
} ConfigNotify;

typedef struct ConfigDaemon {
        char *instance; /* default: host name and pid */
        unsigned max_syncs;
        LogFormat log_format;
        uint64_t lease_usec;
        uint64_t stop_timeout_usec;
        uint64_t history_keep_usec, run_keep_usec; /* USEC_FOREVER: never pruned */
} ConfigDaemon;

typedef struct ConfigEdge {
        Uuid id;    /* first, for uuid_order */
        char *name; /* from [edge "name"] */
        /* of one that no section names, in the catalog; NULL: not known */
        char *catalog_name;
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
        ConfigDiscover discover;
        ConfigMonitor monitor;
        ConfigNotify notify;
        ConfigDaemon daemon;
        ConfigEdge defaults; /* what an edge without a section is synced with; no name, no id */
        ConfigEdge *edges;   /* in order of name */
        size_t n_edges;
        const ConfigEdge **by_id; /* private: the same, in order of id */
        /* what keeps an edge from its schedule on this system, in lines as errors have them; NULL:
         * nothing */
        char *warnings;
        Zone **zones; /* private, those that are used; the next too */
        size_t n_zones;
        unsigned references; /* private */
} Config;
