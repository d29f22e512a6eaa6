/*
 * fault_code: what a fault is called, for programs, and whose it is.
 *
 * The words are public: they stand in JSON, in edgemirror.sync_run and in the journal, and do not
 * change. Nothing else in the program compares words; it compares these.
 */
#pragma once

/* On whose side it is. */
typedef enum FaultOrigin {
        ORIGIN_NONE = 0,
        ORIGIN_PROCESS,  /* this process: memory, disk, descriptors */
        ORIGIN_CONFIG,   /* the configuration, or a secret of it */
        ORIGIN_GATEWAY,  /* the way to the catalog: nothing came, or what stands between said so */
        ORIGIN_PROXY,    /* the proxy of the configuration: no way through it */
        ORIGIN_CATALOG,  /* what the catalog has answered */
        ORIGIN_POSTGRES, /* PostgreSQL, or what is in the database */
        ORIGIN_RUN,      /* the course of a run: its lease, a stop, the guard */
} FaultOrigin;

/* Enumerator, word, origin unless the place that makes the fault sets another. */
#define FAULT_CODES(X)                                                                             \
        X(NO_MEMORY, "no-memory", PROCESS)                                                         \
        X(NO_RESOURCES, "no-resources", PROCESS)                                                   \
        X(LOOP, "loop", PROCESS)                                                                   \
        X(SPOOL_FAILED, "spool-failed", PROCESS)                                                   \
        X(PLAN_FAILED, "plan-failed", PROCESS)                                                     \
        X(CONFIG_CA_FILE, "config-ca-file", CONFIG)                                                \
        X(CONFIG_CERTIFICATE, "config-certificate", CONFIG)                                        \
        X(CONFIG_TIMEZONE, "config-timezone", CONFIG)                                              \
        X(SECRET_DENIED, "secret-denied", CONFIG)                                                  \
        X(SECRET_EMPTY, "secret-empty", CONFIG)                                                    \
        X(SECRET_EXPOSED, "secret-exposed", CONFIG)                                                \
        X(SECRET_MALFORMED, "secret-malformed", CONFIG)                                            \
        X(SECRET_MISSING, "secret-missing", CONFIG)                                                \
        X(SECRET_NAME, "secret-name", CONFIG)                                                      \
        X(SECRET_NO_CREDENTIALS, "secret-no-credentials", CONFIG)                                  \
        X(SECRET_NOT_A_FILE, "secret-not-a-file", CONFIG)                                          \
        X(SECRET_TOO_LARGE, "secret-too-large", CONFIG)                                            \
        X(SECRET_UNREADABLE, "secret-unreadable", CONFIG)                                          \
        X(HTTP_CA_FILE, "http-ca-file", GATEWAY)                                                   \
        X(HTTP_CERTIFICATE_REFUSED, "http-certificate-refused", GATEWAY)                           \
        X(HTTP_CERTIFICATE_WANTED, "http-certificate-wanted", GATEWAY)                             \
        X(HTTP_CONNECT, "http-connect", GATEWAY)                                                   \
        X(HTTP_ENCODING, "http-encoding", GATEWAY)                                                 \
        X(HTTP_FAILED, "http-failed", GATEWAY)                                                     \
        X(HTTP_HEADERS_TOO_LARGE, "http-headers-too-large", GATEWAY)                               \
        X(HTTP_LOOP, "http-loop", GATEWAY)                                                         \
        X(HTTP_MEMORY, "http-memory", GATEWAY)                                                     \
        X(HTTP_PROTOCOL, "http-protocol", GATEWAY)                                                 \
        X(HTTP_RESET, "http-reset", GATEWAY)                                                       \
        X(HTTP_RESOLVE, "http-resolve", GATEWAY)                                                   \
        X(HTTP_SLOW, "http-slow", GATEWAY)                                                         \
        X(HTTP_SOCKETS, "http-sockets", GATEWAY)                                                   \
        X(HTTP_TIMEOUT, "http-timeout", GATEWAY)                                                   \
        X(HTTP_TLS, "http-tls", GATEWAY)                                                           \
        X(HTTP_TOO_LARGE, "http-too-large", GATEWAY)                                               \
        X(HTTP_TRUNCATED, "http-truncated", GATEWAY)                                               \
        X(PROXY_CONNECT, "proxy-connect", PROXY)                                                   \
        X(PROXY_FORBIDDEN, "proxy-forbidden", PROXY)                                               \
        X(PROXY_NOT_A_PROXY, "proxy-not-a-proxy", PROXY)                                           \
        X(PROXY_NO_WAY, "proxy-no-way", PROXY)                                                     \
        X(PROXY_RESOLVE, "proxy-resolve", PROXY)                                                   \
        X(PROXY_TIMEOUT, "proxy-timeout", PROXY)                                                   \
        X(PROXY_TLS, "proxy-tls", PROXY)                                                           \
        X(PROXY_UNAUTHORIZED, "proxy-unauthorized", PROXY)                                         \
        X(TOKEN_BAD_ANSWER, "token-bad-answer", CATALOG)                                           \
        X(TOKEN_REFUSED, "token-refused", CATALOG)                                                 \
        X(CATALOG_BAD_JSON, "catalog-bad-json", CATALOG)                                           \
        X(CATALOG_BAD_REQUEST, "catalog-bad-request", CATALOG)                                     \
        X(CATALOG_BUSY, "catalog-busy", CATALOG)                                                   \
        X(CATALOG_CONFLICT, "catalog-conflict", CATALOG)                                           \
        X(CATALOG_ERROR, "catalog-error", CATALOG)                                                 \
        X(CATALOG_FORBIDDEN, "catalog-forbidden", CATALOG)                                         \
        X(CATALOG_NOT_FOUND, "catalog-not-found", CATALOG)                                         \
        X(CATALOG_NOT_JSON, "catalog-not-json", CATALOG)                                           \
        X(CATALOG_DENIES_LISTED, "catalog-denies-listed", CATALOG)                                 \
        X(CATALOG_OTHER_ROW, "catalog-other-row", CATALOG)                                         \
        X(CATALOG_REDIRECT, "catalog-redirect", CATALOG)                                           \
        X(CATALOG_UNAUTHORIZED, "catalog-unauthorized", CATALOG)                                   \
        X(CATALOG_UNEXPECTED_STATUS, "catalog-unexpected-status", CATALOG)                         \
        X(JOB_BAD_DOCUMENT, "job-bad-document", CATALOG)                                           \
        X(JOB_FAILED, "job-failed", CATALOG)                                                       \
        X(JOB_FOREIGN, "job-foreign", CATALOG)                                                     \
        X(JOB_TIMEOUT, "job-timeout", CATALOG)                                                     \
        X(JOB_WAIT_TIMEOUT, "job-wait-timeout", CATALOG)                                           \
        X(PAGE_BAD_ROW, "page-bad-row", CATALOG)                                                   \
        X(PAGE_FOREIGN_ROW, "page-foreign-row", CATALOG)                                           \
        X(PAGE_NO_RESULTS, "page-no-results", CATALOG)                                             \
        X(PAGE_TOO_LONG, "page-too-long", CATALOG)                                                 \
        X(LIST_ALL_REJECTED, "list-all-rejected", CATALOG)                                         \
        X(LIST_NO_PROGRESS, "list-no-progress", CATALOG)                                           \
        X(LIST_TIMEOUT, "list-timeout", CATALOG)                                                   \
        X(LIST_TOO_LONG, "list-too-long", CATALOG)                                                 \
        X(LIST_UNREADABLE_ROWS, "list-unreadable-rows", CATALOG)                                   \
        X(LIST_UNSTABLE, "list-unstable", CATALOG)                                                 \
        X(REMOVALS_HELD, "removals-held", RUN)                                                     \
        X(REMOVALS_UNPROVEN, "removals-unproven", RUN)                                             \
        X(LEASE_HELD, "lease-held", RUN)                                                           \
        X(LEASE_LOST, "lease-lost", RUN)                                                           \
        X(RUN_OVER, "run-over", RUN)                                                               \
        X(BROKEN_OFF, "broken-off", RUN)                                                           \
        X(STOPPED, "stopped", RUN)                                                                 \
        X(SYNC_MACHINE, "sync-machine", RUN)                                                       \
        X(EDGE_NOT_REGISTERED, "edge-not-registered", POSTGRES)                                    \
        X(EDGE_WANTED, "edge-wanted", POSTGRES)                                                    \
        X(OTHER_CATALOG, "other-catalog", POSTGRES)                                                \
        X(PG_CONNINFO, "pg-conninfo", POSTGRES)                                                    \
        X(PG_DATA, "pg-data", POSTGRES)                                                            \
        X(PG_ENCODING, "pg-encoding", POSTGRES)                                                    \
        X(PG_ERROR, "pg-error", POSTGRES)                                                          \
        X(PG_LOCK_TIMEOUT, "pg-lock-timeout", POSTGRES)                                            \
        X(PG_LOCK_WAIT, "pg-lock-wait", POSTGRES)                                                  \
        X(PG_NO_DATABASE, "pg-no-database", POSTGRES)                                              \
        X(PG_NO_ROLE, "pg-no-role", POSTGRES)                                                      \
        X(PG_PASSWORD, "pg-password", POSTGRES)                                                    \
        X(PG_PRIVILEGE, "pg-privilege", POSTGRES)                                                  \
        X(PG_READ_ONLY, "pg-read-only", POSTGRES)                                                  \
        X(PG_REFUSED, "pg-refused", POSTGRES)                                                      \
        X(PG_RESOURCES, "pg-resources", POSTGRES)                                                  \
        X(PG_ROLLED_BACK, "pg-rolled-back", POSTGRES)                                              \
        X(PG_SCHEMA_MISSING, "pg-schema-missing", POSTGRES)                                        \
        X(PG_SERIALIZATION, "pg-serialization", POSTGRES)                                          \
        X(PG_STATEMENT_TIMEOUT, "pg-statement-timeout", POSTGRES)                                  \
        X(PG_SUBSCRIBER, "pg-subscriber", POSTGRES)                                                \
        X(PG_TOO_OLD, "pg-too-old", POSTGRES)                                                      \
        X(PG_UNREACHABLE, "pg-unreachable", POSTGRES)                                              \
        X(SCHEMA_CHECKSUM, "schema-checksum", POSTGRES)                                            \
        X(SCHEMA_FOREIGN, "schema-foreign", POSTGRES)                                              \
        X(SCHEMA_GAP, "schema-gap", POSTGRES)                                                      \
        X(SCHEMA_NEWER, "schema-newer", POSTGRES)                                                  \
        X(SCHEMA_OLDER, "schema-older", POSTGRES)

typedef enum FaultCode {
        CODE_NONE = 0,
#define CODE_ENUMERATOR(name, word, origin) CODE_##name,
        FAULT_CODES(CODE_ENUMERATOR)
#undef CODE_ENUMERATOR
                FAULT_CODE_COUNT,
} FaultCode;

/* "catalog-unauthorized"; "" for CODE_NONE. */
const char *fault_code_name(FaultCode code);

/* CODE_NONE: NULL, or a word of another version. */
FaultCode fault_code_parse(const char *word);

FaultOrigin fault_code_origin(FaultCode code);
