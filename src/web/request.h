/*
 * request: one request to the monitor, as a route sees it, and its answer.
 *
 * What reaches a route is a GET or HEAD of an allowed host, whose path and arguments are decoded:
 * UTF-8 without control characters. A route answers each request once: before it returns, or later,
 * from the loop, after web_request_wait. Nothing else of the service stands still meanwhile; nobody
 * is to wait for longer than WEB_WAIT_USEC.
 *
 *     static void page_answer(WebRequest *request, WebService *service)
 *     {
 *             …
 *             web_request_wait(request, "the list of edges", page_cancel, page);
 *     }
 *
 *     static void page_on_rows(…, void *userdata)
 *     {
 *             …
 *             web_request_answer(page->request, 200, WEB_HTML, hash.data, &body);
 *     }
 */
#pragma once

#include "base/duration.h"
#include "base/text.h"
#include <stdbool.h>

#define WEB_WAIT_USEC (5 * USEC_PER_SEC)

#define WEB_TEXT    "text/plain; charset=utf-8"
#define WEB_HTML    "text/html; charset=utf-8"
#define WEB_JSONL   "application/x-ndjson"
#define WEB_METRICS "text/plain; version=0.0.4; charset=utf-8"

typedef struct WebService WebService;
typedef struct WebRequest WebRequest;
typedef struct WebPage WebPage;

/* An answer that any number of requests may be given. */
typedef struct WebAnswer WebAnswer;

/* Takes the body and leaves it empty, also when it fails. content_type: one of the above.
 * style_hash: of the page's only <style>, as "sha256-" and its digest in base64, or NULL: it has
 * none. NULL: no memory. */
WebAnswer *web_answer_new(unsigned status, const char *content_type, const char *style_hash,
                          Text *body);

/* NULL is fine. Returns NULL. Requests that were given it are served. */
WebAnswer *web_answer_free(WebAnswer *a);
DEFINE_CLEANUP(WebAnswer, web_answer, web_answer_free)

/* The page of its route. */
const WebPage *web_request_page(const WebRequest *r);

/* What follows the prefix of its route; "" where the route is a path. */
const char *web_request_rest(const WebRequest *r);

/* The argument of that name behind the "?", the first if there are several; NULL: none. */
const char *web_request_argument(const WebRequest *r, const char *name);

/* The answer will come later. When it has not come within WEB_WAIT_USEC, the request is answered
 * with 503, which names what it `waits_for` (borrowed), and `cancel` is called: the request is not
 * to be used any more. So too when the monitor ends. */
void web_request_wait(WebRequest *r, const char *waits_for, void (*cancel)(void *userdata),
                      void *userdata);

/* Answers it. The answer may be freed at once. NULL is taken for want of memory, and closes the
 * connection. */
void web_request_give(WebRequest *r, const WebAnswer *a);

/* The same with an answer of its own; see web_answer_new. */
void web_request_answer(WebRequest *r, unsigned status, const char *content_type,
                        const char *style_hash, Text *body);

/* One line of text, without its end; what a terminal must not see is escaped. 503 says when to try
 * again. */
void web_request_answer_line(WebRequest *r, unsigned status, const char *format, ...)
        _printf_(3, 4);
