/*
 * answer: one HTTP answer: what it says, and in which broken way it is delivered.
 */
#pragma once

#include "base/text.h"
#include "catalogd/pauses.h"
#include "catalogd/rules.h"
#include <cjson/cJSON.h>
#include <microhttpd.h>

typedef struct Answer {
        unsigned status;
        Text body;
        const char *content_type; /* NULL: none */
        char *location;           /* NULL: none */
        char retry_after[64];     /* "": none */
        const char *allow;        /* NULL: none */
        bool challenge;           /* WWW-Authenticate */
        bool gzip;                /* Content-Encoding */
} Answer;

void answer_done(Answer *answer);

int answer_set_json(Answer *answer, unsigned status, cJSON *json); /* owns json from here on */

/* A StandardErrorResponse with all five members. */
int answer_set_problem(Answer *answer, unsigned status, const char *error_code, const char *format,
                       ...) _printf_(4, 5);

/* The answer that a rule wants instead of any other; effect->status or effect->redirect is set. */
int answer_set_status(Answer *answer, const Effect *effect);

/* Replaces body, content type and headers as the effect says. */
int answer_spoil(Answer *answer, const Effect *effect);

/* As gzip. */
int answer_compress(Answer *answer);

/* Hands the answer to the connection. `rule` (may be NULL) gets a reference of its own. MHD_NO: the
 * connection closes. */
enum MHD_Result answer_queue(Answer *answer, struct MHD_Connection *connection,
                             const Effect *effect, Rule *rule, Pauses *pauses);
