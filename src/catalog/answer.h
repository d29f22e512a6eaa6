/*
 * answer: what an HTTP answer of the catalog means.
 *
 * One table from status to scope, retry and code; the catalog's own texts
 * (StandardErrorResponse: statusCode, titleMessage, userMessage, helpMessage, errorCode) are
 * carried to the person.
 */
#pragma once

#include "catalog/catalog.h"
#include "catalog/redact.h"

/* Owns the problem text that an answer points to. */
typedef struct AnswerText {
        char *problem;
} AnswerText;

void answer_text_done(AnswerText *t);

/* How we ask: which settings a refusal is about (NULL: none), and what must not be shown (NULL:
 * nothing); and whether the request names an Edge connection, whose id may be why it is refused. */
typedef struct AnswerAuth {
        const char *advice;
        const Redact *redact;
        bool of_edge;
        bool secret_body; /* nothing of the body is shown: it may hold a credential unknown here */
        bool alone;       /* refused, while our credentials were accepted for another request */
} AnswerAuth;

/* Fills *ret from the response: a fault unless the status is `expected`, and unless a body that
 * must be there is JSON by its content type. A web page where JSON was to come, and a redirect, are
 * the matter of all requests: FAULT_PEER. All that comes from outside and is kept or shown (body,
 * Location, Content-Type, libcurl's messages) passes here, and loses our credentials before it is
 * cut.
 */
void answer_classify(const HttpResponse *response, int expected, bool body_needed,
                     const AnswerAuth *auth, CatalogAnswer *ret, AnswerText *text);

/* "application/json", with parameters, or a "+json" type; an absent type counts as JSON. */
bool answer_type_is_json(const char *content_type);

/* Whether the body is an error in the catalog's own form: a JSON object, sent as such, with at
 * least one of the texts of StandardErrorResponse. Gateways answer in HTML, in text, or in JSON of
 * their own. */
bool answer_is_standard_error(const HttpResponse *response);

/* 404 or 410 in the catalog's own form, whose statusCode, if it is there, says the same: there is
 * no such thing. */
bool answer_is_absence(const HttpResponse *response);
