/*
 * catalogd: the sample catalog as a process of a test.
 *
 * The program is $top_builddir/tests/catalogd/catalogd, on a free loopback port. It ends with the
 * test, however the test ends. Its options and the paths of its control API are in
 * tests/catalogd/README.md. Every function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "base/text.h"
#include <cjson/cJSON.h>
#include <sys/types.h>

typedef struct HarnessCatalogd {
        pid_t pid;     /* 0: not running */
        char url[128]; /* http://127.0.0.1:PORT */
} HarnessCatalogd;

/* Starts it and waits until it listens. `arguments` ends in NULL; the program, the port and
 * --die-with-parent are added. */
void harness_catalogd_start(HarnessCatalogd *catalogd, const char *const *arguments);

/* SIGTERM, and SIGKILL after a while. Returns the exit status; 128 + the signal that ended it. Fine
 * when it is not running (0). */
int harness_catalogd_stop(HarnessCatalogd *catalogd);

/* What came back: curl is 0 or a CURLcode (18: cut short; 52: closed without an answer). */
typedef struct HarnessReply {
        int curl;
        long status;
        Text body; /* data may be NULL */
        char content_type[64];
        char location[256];
        char retry_after[64];
} HarnessReply;

void harness_reply_done(HarnessReply *reply); /* usable with _cleanup_ */

/* One request on a fresh connection, at most 30 s. `credentials`: "user:password", "Bearer token"
 * or NULL. `body`: NULL: none. */
void harness_catalogd_request(const HarnessCatalogd *catalogd, const char *method, const char *path,
                              const char *credentials, const char *body, HarnessReply *ret);

/* A request to the control API, which must answer 200; the answer as JSON, owned by the caller. */
cJSON *harness_catalogd_control(const HarnessCatalogd *catalogd, const char *method,
                                const char *path, const char *body);

/* The same, where nothing is wanted back. */
void harness_catalogd_tell(const HarnessCatalogd *catalogd, const char *method, const char *path,
                           const char *body);

/* Identifier of the n-th edge, in the order in which they were made. */
void harness_catalogd_edge_id(const HarnessCatalogd *catalogd, int n, char out[37]);
