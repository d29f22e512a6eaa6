/*
 * config: the configuration, from files to a validated structure (types.h).
 *
 * One option table (options.c) gives parsing, validation, the sample file and the help. Every error
 * is collected with file, line and the accepted form; a configuration with an error is not used at
 * all. A Config is immutable once loaded; release with config_free.
 */
#pragma once

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/text.h"
#include "config/types.h"
#include <stdbool.h>

#define CONFIG_DEFAULT_FILE SYSCONFDIR "/edgemirror/edgemirror.conf"

/* Reads `file` (NULL: the default) and FILE.d/ *.conf (for the default: edgemirror.conf.d) in name
 * order, then the environment: EDGEMIRROR_CATALOG_URL is `url` of [catalog], and so for every
 * key of the sections without a name. On error returns -EINVAL (or the errno of a file that cannot
 * be read), and `errors` holds one line for each error, "FILE:LINE: what is wrong; accepted:
 * form\n", in the order of files and lines; without ":LINE" when it concerns the whole file, and
 * with the name of a variable in place of both. -ENOMEM: `errors` may be empty. The files of
 * secrets are not opened: secret_read does. */
int config_load(const char *file, Config **ret, Text *errors);
/* The same, and fine without a section of an edge. */
int config_load_for_discover(const char *file, Config **ret, Text *errors);
Config *config_ref(Config *config);
Config *config_free(Config *config); /* gives up one reference; the last one releases */
DEFINE_CLEANUP(Config, config, config_free)

/* Whether both speak to the same catalog and PostgreSQL in the same way and under the same name. */
bool config_same_peers(const Config *a, const Config *b);

/* The file of the secret that this way to authenticate uses, as written. */
const char *config_catalog_secret(const ConfigCatalog *catalog);

/* Reads cert_file and key_file, which are given, as secret.h has it; the Fault names the one that
 * cannot be read. */
int config_read_certificate(const ConfigCatalog *catalog, Text *ret_certificate, Text *ret_key,
                            Fault *ret_fault);

/* Something is set of messages, and there is nobody to send them to. */
bool config_notify_is_unused(const ConfigNotify *notify);

/* Reads url_file, which is given; nothing of what it holds is in the Fault. `ret_url` must be
 * empty; the caller releases it with text_wipe. */
int config_read_webhook(const ConfigNotify *notify, Text *ret_url, bool *ret_plain_http,
                        Fault *ret_fault);

const ConfigEdge *config_find_edge_by_id(const Config *config, const Uuid *id);

/* One without a section: like [defaults], whose texts it borrows, as it takes `name`. */
ConfigEdge config_edge_discovered(const Config *config, const Uuid *id, char *name);

/* Whether this instance syncs the edge on its schedule: it is enabled, and its time zone is known
 * here. A zone that the system lacks is a fact of the host (older names left tzdata for a package
 * of their own), so it keeps one edge from its schedule rather than all edges from everything: that
 * one is enabled in the mirror, and overdue unless another host knows the zone. `check` fails. */
bool config_edge_is_due(const ConfigEdge *edge);

/* How many syncs may run at once: max_syncs; fewer, and at least one, where this process may not
 * open so many files: each sync may keep its rows in one, beside requests and connections. */
unsigned config_syncs_at_once(const Config *config);

/* Edge by name, or by its UUID in text form; NULL when there is none. */
const ConfigEdge *config_find_edge(const Config *config, const char *name);
