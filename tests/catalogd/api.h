/*
 * api: the paths that the reference names, and the job APIs.
 */
#pragma once

#include "catalogd/answer.h"
#include "catalogd/site.h"

typedef struct ApiRequest {
        struct MHD_Connection *connection;
        const char *method, *path; /* without the prefix */
        const Text *body;
        bool unrouted; /* it lacks the prefix */
        RequestKind kind;
        const char *edge_text; /* edgeConnectionId as sent; NULL: absent */
        Uuid edge_id;
        bool has_edge; /* edge_id is a UUID, sent or known by the job or row */
        Uuid id;       /* of the job or row in the path */
        bool has_id;
        int64_t offset; /* for rules; 0 when absent or not a number */
} ApiRequest;

/* Sorts the request; nothing is refused yet. */
void api_parse(const Site *site, struct MHD_Connection *connection, const char *method,
               const char *path, ApiRequest *ret);

/* The rule that strikes this request; NULL: none. */
Rule *api_strike(Site *site, const ApiRequest *request);

/* Credentials, rate, effect, and the answer. -ENOMEM. */
int api_answer(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret);
