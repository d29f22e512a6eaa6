#include "catalog/answer.h"
#include "base/duration.h"
#include "catalog/json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct StatusMeaning {
        int status;
        FaultScope scope;
        bool retryable, refused;
        FaultCode code;
        const char *message;
} StatusMeaning;

/* What is shown of an error of the catalog: its status, three texts and a code fit. */
enum { FIELD_BYTES = 190, DETAIL_BYTES = 800 };
_Static_assert(3 + 4 * (FIELD_BYTES - 1) + 4 + 2 < DETAIL_BYTES,
               "no field is pushed out by the others");

static const StatusMeaning meanings[] = {
        {400, FAULT_RUN, false, false, CODE_CATALOG_BAD_REQUEST,
         "the catalog refuses the request as invalid"},
        {401, FAULT_PEER, false, true, CODE_CATALOG_UNAUTHORIZED,
         "the catalog refuses the credentials"},
        {403, FAULT_RUN, false, false, CODE_CATALOG_FORBIDDEN,
         "the catalog forbids this to our user; give it the permission to refresh and view this "
         "Edge connection"},
        {404, FAULT_RUN, false, false, CODE_CATALOG_NOT_FOUND, "the catalog does not know this"},
        {408, FAULT_REQUEST, true, false, CODE_CATALOG_BUSY,
         "the catalog timed out while it waited for the request"},
        {409, FAULT_RUN, false, false, CODE_CATALOG_CONFLICT,
         "the catalog says that an operation is already in progress"},
        {425, FAULT_REQUEST, true, false, CODE_CATALOG_BUSY,
         "the catalog asks to repeat the request later"},
        {429, FAULT_REQUEST, true, false, CODE_CATALOG_BUSY,
         "the catalog limits the rate of requests"},
        {500, FAULT_REQUEST, true, false, CODE_CATALOG_ERROR,
         "the catalog has an internal error; its own log, which its administrators can read, has "
         "the reason"},
        {502, FAULT_REQUEST, true, false, CODE_CATALOG_ERROR,
         "a gateway before the catalog got no proper answer"},
        {503, FAULT_REQUEST, true, false, CODE_CATALOG_BUSY, "the catalog is not available now"},
        {504, FAULT_REQUEST, true, false, CODE_CATALOG_ERROR,
         "a gateway before the catalog got no answer in time"},
};

/* The same statuses when the body is not the catalog's: then they are not about us, or
 * about an edge. */
static const StatusMeaning foreign_meanings[] = {
        {401, FAULT_PEER, false, true, CODE_CATALOG_UNAUTHORIZED,
         "the credentials are refused; the answer is not in the catalog's error format"},
        {403, FAULT_RUN, false, false, CODE_CATALOG_FORBIDDEN,
         "this address is forbidden; the answer is not in the catalog's error format; check the "
         "path of the url, and the gateway in between"},
        {404, FAULT_RUN, false, false, CODE_CATALOG_NOT_FOUND,
         "there is nothing at this address; the answer is not in the catalog's error format; check "
         "the path of the url, and the gateway in between"},
};

/* A 401 when the credentials were accepted for another request meanwhile. */
static const StatusMeaning alone = {
        401,
        FAULT_RUN,
        false,
        false,
        CODE_CATALOG_UNAUTHORIZED,
        "the catalog refuses this request, and accepts the same credentials for others; give our "
        "user the permission to refresh and view this Edge connection"};

/* nginx ends TLS all the same, and answers with a page of the status 400. */
static const struct {
        const char *words;
        StatusMeaning meaning;
} certificate_pages[] = {
        {"No required SSL certificate was sent",
         {400, FAULT_PEER, false, true, CODE_HTTP_CERTIFICATE_WANTED,
          "the server wants a certificate of the client; set cert_file and key_file"}},
        {"The SSL certificate error",
         {400, FAULT_PEER, false, true, CODE_HTTP_CERTIFICATE_REFUSED,
          "the server refuses the certificate of cert_file; has it expired, or is its issuer not "
          "trusted there? Here, " SECRET_RENEWAL}},
};

static const StatusMeaning *certificate_page_find(const HttpResponse *response)
{
        for (size_t i = 0; response->status == 400 && i < ARRAY_SIZE(certificate_pages); i++)
                if (strstr(response->body, certificate_pages[i].words))
                        return &certificate_pages[i].meaning;
        return NULL;
}

/* What of the configuration a refusal may be about. */
static const char *advice(const StatusMeaning *m, bool foreign, const AnswerAuth *auth)
{
        if (auth->of_edge && !m->refused && (m->status == 400 || (m->status == 404 && !foreign)))
                return "; the id must be that of an Edge connection, not of an Edge site";
        return m->refused && m->status == 401 && auth->advice ? auth->advice : "";
}

void answer_text_done(AnswerText *t)
{
        free(t->problem);
        t->problem = NULL;
}

/* Without its parameters. */
static bool type_is(const char *content_type, const char *type)
{
        size_t size = strcspn(content_type, "; \t");
        return size == strlen(type) && strncasecmp(content_type, type, size) == 0;
}

bool answer_type_is_json(const char *content_type)
{
        size_t size = strcspn(content_type, "; \t");
        return size == 0 || type_is(content_type, "application/json") ||
               (size > 5 && strncasecmp(content_type + size - 5, "+json", 5) == 0);
}

/* Of StandardErrorResponse; without statusCode, which gateways use as well. */
static const char *const error_texts[] = {"titleMessage", "userMessage", "helpMessage",
                                          "errorCode"};

/* The five fields of it in one sentence, as far as they are there. Each is cut
 * by itself, so that a long one leaves space for the code, which is what a person searches for. */
static bool problem_detail(const cJSON *body, char out[DETAIL_BYTES])
{
        size_t used = 0;
        double status;
        if (json_get_number(body, "statusCode", 100, 999, &status) == 0)
                used += (size_t)snprintf(out, DETAIL_BYTES, "%d", (int)status);
        for (size_t i = 0; i < ARRAY_SIZE(error_texts); i++) {
                const char *value;
                if (json_get_string(body, error_texts[i], &value) < 0 || value[0] == '\0')
                        continue;
                char field[FIELD_BYTES];
                bool is_code = strcmp(error_texts[i], "errorCode") == 0;
                text_show(value, field);
                used += (size_t)snprintf(out + used, DETAIL_BYTES - used, "%s%s%s%s",
                                         used ? " " : "", is_code ? "[" : "", field,
                                         is_code ? "]" : "");
        }
        return used > 0;
}

static bool json_is_standard_error(const cJSON *body)
{
        for (size_t i = 0; cJSON_IsObject(body) && i < ARRAY_SIZE(error_texts); i++) {
                const char *value;
                if (json_get_string(body, error_texts[i], &value) == 0 && value[0])
                        return true;
        }
        return false;
}

static bool standard_error_parse(const HttpResponse *response, cJSON **ret)
{
        return answer_type_is_json(response->content_type) &&
               json_parse(response->body, response->body_size, ret) == 0 &&
               json_is_standard_error(*ret);
}

bool answer_is_standard_error(const HttpResponse *response)
{
        _cleanup_(cleanup_json) cJSON *body = NULL;
        return standard_error_parse(response, &body);
}

bool answer_is_absence(const HttpResponse *response)
{
        _cleanup_(cleanup_json) cJSON *body = NULL;
        double said;
        if (response->error < 0 || response->age_sec > 0 ||
            (response->status != 404 && response->status != 410) ||
            !standard_error_parse(response, &body))
                return false;
        int r = json_get_number(body, "statusCode", 100, 999, &said);
        return r == -ENOENT || (r == 0 && (said == 404 || said == 410));
}

/* The part of an answer that people are shown, without our credentials: redacted before anything is
 * cut to length, so that no half of them stays. Of a Location the query is left out: it may carry
 * what lets others in. */
typedef struct Shown {
        HttpResponse response;
        bool secret_body;
        char *body, *location, *content_type;
        cJSON *json;   /* the body, where it is JSON */
        char *printed; /* the same, in our spelling; NULL: none that may be shown */
} Shown;

static void shown_done(Shown *s)
{
        free(s->body);
        free(s->location);
        free(s->content_type);
        cJSON_Delete(s->json);
        cJSON_free(s->printed);
}

static void shown_init(Shown *s, const HttpResponse *response, const AnswerAuth *auth)
{
        const Redact *redact = auth->redact;
        *s = (Shown){.response = *response, .secret_body = auth->secret_body};
        s->body = malloc(response->body_size + 1);
        s->location = strdup(response->location);
        s->content_type = strdup(response->content_type);
        if (s->body) {
                memcpy(s->body, response->body, response->body_size);
                s->body[response->body_size] = '\0';
                redact_bytes(redact, s->body, response->body_size);
        }
        if (json_parse(response->body, response->body_size, &s->json) == 0) {
                redact_json(redact, s->json);
                s->printed = redact_print(redact, s->json);
        }
        redact_url(redact, s->location);
        redact_text(redact, s->content_type);
        s->response.body = s->body ? s->body : "";
        s->response.body_size = s->body ? response->body_size : 0;
        s->response.location = s->location ? s->location : "";
        s->response.content_type = s->content_type ? s->content_type : "";
}

/* What a body without the fields of an error has in brief: the title of a web page, or the
 * start of the text. */
static void body_summary(const Shown *shown, char *out, size_t size)
{
        const HttpResponse *response = &shown->response;
        const char *title = strcasestr(response->body, "<title>");
        char text[200];
        out[0] = '\0';
        if (shown->secret_body)
                return;
        if (shown->json) {
                const char *printed = shown->printed ? shown->printed : "";
                text_show(printed, text);
                (void)snprintf(out, size, "%s", text);
        } else if (title) {
                title += strlen("<title>");
                text_printable(title, strcspn(title, "<"), text, sizeof(text));
                (void)snprintf(out, size, "a web page titled \"%s\"", text);
        } else if (strcasestr(response->body, "<html")) {
                (void)snprintf(out, size, "a web page");
        } else {
                text_printable(response->body, response->body_size, text, sizeof(text));
                (void)snprintf(out, size, "%s", text);
        }
}

static void answer_detail(const Shown *shown, char out[DETAIL_BYTES], AnswerText *text)
{
        if (cJSON_IsObject(shown->json) && !shown->secret_body) {
                /* As printed: raw control characters become six bytes each. */
                if (shown->printed && strlen(shown->printed) <= LIMIT_PROBLEM_MAX_BYTES)
                        text->problem = strdup(shown->printed);
                if (problem_detail(shown->json, out))
                        return;
        }
        body_summary(shown, out, DETAIL_BYTES);
}

/* Where a page is, or a sign-in leads, JSON of the API will not come. */
static bool answer_is_web_page(const HttpResponse *response)
{
        return type_is(response->content_type, "text/html") ||
               type_is(response->content_type, "application/xhtml+xml") ||
               response->body[strspn(response->body, " \t\r\n")] == '<';
}

static bool answer_is_redirect(const HttpResponse *response)
{
        int s = response->status;
        return s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
}

static const StatusMeaning *meaning_find(int status, bool foreign)
{
        for (size_t i = 0; foreign && i < ARRAY_SIZE(foreign_meanings); i++)
                if (foreign_meanings[i].status == status)
                        return &foreign_meanings[i];
        for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
                if (meanings[i].status == status)
                        return &meanings[i];
        return NULL;
}

static void fault_redirect(const HttpResponse *response, Fault *ret)
{
        char location[200];
        text_show(response->location, location);
        fault_set(ret, FAULT_PEER, EIO, CODE_CATALOG_REDIRECT,
                  "the catalog answers HTTP %d with a redirect to %s, which is not followed: a "
                  "sign-in page, or another address? check the url, and whether a proxy in between "
                  "wants a sign-in",
                  response->status, location[0] ? location : "nowhere");
}

/* A page where JSON was to come, for this request as for every other. */
static void fault_web_page(const Shown *shown, Fault *ret)
{
        const HttpResponse *response = &shown->response;
        char detail[300], type[100];
        size_t type_size = strcspn(response->content_type, "; \t");
        body_summary(shown, detail, sizeof(detail));
        text_printable(response->content_type, type_size, type, sizeof(type));
        bool page = answer_is_web_page(response);
        fault_set(ret, page ? FAULT_PEER : FAULT_RUN, EBADMSG, CODE_CATALOG_NOT_JSON,
                  "the catalog answers with %s instead of JSON (%s)%s%s",
                  type[0] ? type : "a web page",
                  page ? "a sign-in page? check the url, and whether a proxy in between wants a "
                         "sign-in"
                       : "is a proxy in between?",
                  detail[0] ? ": " : "", detail);
}

enum { CACHE_BYTES = 160 };

/* Whether it is that of a cache, which proves nothing of what is. */
static void answer_kept(const HttpResponse *response, char out[static CACHE_BYTES])
{
        char age[DURATION_STRING_SIZE];
        out[0] = '\0';
        if (response->age_sec > 0)
                (void)snprintf(
                        out, CACHE_BYTES,
                        ", %s old: a cache in between has kept it, and must not keep what "
                        "the catalog answers",
                        duration_format_short((uint64_t)response->age_sec * USEC_PER_SEC, age));
}

static void answer_fault(const Shown *shown, int expected, const AnswerAuth *auth, bool foreign,
                         Fault *ret, AnswerText *text)
{
        const HttpResponse *response = &shown->response;
        const StatusMeaning *m = auth->alone && response->status == 401
                                         ? &alone
                                         : meaning_find(response->status, foreign);
        const StatusMeaning *page = foreign ? certificate_page_find(response) : NULL;
        m = page ? page : m;
        char detail[DETAIL_BYTES], kept[CACHE_BYTES];
        answer_detail(shown, detail, text);
        answer_kept(response, kept);
        const char *label = detail[0] ? ". It says: " : "";
        if (m) {
                fault_set(ret, m->scope, EIO, m->code, "%s%s (HTTP %d%s)%s%s", m->message,
                          advice(m, foreign, auth), response->status, kept, label, detail);
                ret->retryable = m->retryable;
                ret->refused = m->refused;
        } else if (answer_is_redirect(response)) {
                fault_redirect(response, ret);
        } else if (response->status / 100 == 2 && answer_is_web_page(response)) {
                fault_web_page(shown, ret);
        } else {
                fault_set(ret, FAULT_RUN, EIO,
                          response->status / 100 == 3 ? CODE_CATALOG_REDIRECT
                                                      : CODE_CATALOG_UNEXPECTED_STATUS,
                          "the catalog answers HTTP %d where %d was expected%s%s", response->status,
                          expected, label, detail);
                ret->retryable = response->status >= 500;
        }
}

void answer_classify(const HttpResponse *response, int expected, bool body_needed,
                     const AnswerAuth *auth, CatalogAnswer *ret, AnswerText *text)
{
        *ret = (CatalogAnswer){
                .status = response->status,
                .sent = response->sent,
                .retry_after_usec = response->retry_after_usec,
                .clock_known = response->has_date,
                .clock_ahead_sec = response->has_date ? response->clock_ahead_sec : 0,
                .elapsed_usec = response->elapsed_usec,
        };
        bool good = response->status == expected &&
                    (!body_needed || answer_type_is_json(response->content_type));
        if (response->error < 0) {
                ret->fault = response->fault;
                ret->status = 0; /* an answer that did not arrive whole is none */
        } else if (!good) {
                _cleanup_(shown_done) Shown shown;
                shown_init(&shown, response, auth);
                ret->foreign = !answer_type_is_json(response->content_type) ||
                               !json_is_standard_error(shown.json);
                if (response->status == expected)
                        fault_web_page(&shown, &ret->fault);
                else
                        answer_fault(&shown, expected, auth, ret->foreign, &ret->fault, text);
                fault_set_http_status(&ret->fault, response->status);
        }
        redact_text(auth->redact, ret->fault.message);
        ret->problem = text->problem;
}
