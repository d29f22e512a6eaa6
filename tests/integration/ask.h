/*
 * ask: questions to the sample catalog, as its own tests put them.
 *
 * Every function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "base/uuid.h"
#include "harness/catalogd.h"

#define ASK_ACCOUNT    "svc:s3cret:with colon"
#define ASK_API        "/rest/catalogDatabase/v1/databaseConnections"
#define ASK_ROWS       1230 /* of the edge that is asked for */
#define ASK_WAIT_TURNS 2000 /* of 10 ms: only a broken server needs them all */

typedef struct Ask {
        HarnessCatalogd catalogd;    /* three edges, of 0, ASK_ROWS and 7 rows; no page cap */
        char edge[UUID_STRING_SIZE]; /* the second one */
} Ask;

/* For cmocka: *state is the Ask. */
int ask_start(void **state);
int ask_stop(void **state);
/* before a test: nothing is broken, settings are as at the start, the log is empty */
int ask_restore(void **state);

void ask_settings(const Ask *ask, const char *json);
void ask_rule(const Ask *ask, const char *json);
void ask_get(const Ask *ask, const char *path, HarnessReply *ret);
void ask_list(const Ask *ask, const char *query, HarnessReply *ret); /* of the edge */
void ask_refresh(const Ask *ask, HarnessReply *ret);                 /* of the edge */
int ask_count(const Ask *ask, const char *query);                    /* rows of the page */
/* the page as printed; the caller frees */
char *ask_list_text(const Ask *ask, const char *query);
/* rows of a page; the caller deletes */
cJSON *ask_rows(const HarnessReply *reply);
cJSON *ask_job(const Ask *ask, const char *path);
/* polls until the job is in this state */
cJSON *ask_wait_job(const Ask *ask, const char *path, const char *state);
/* NULL: not there, not text */
const char *ask_text(const cJSON *object, const char *member);

/* A StandardErrorResponse with all five members. `error_code` NULL: any. */
void assert_problem(const HarnessReply *reply, long status, const char *error_code);
