/*
 * answer: classification of answers and the wording of the catalog's errors.
 */
#include "catalog/answer.h"
#include "catalog/json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct StatusMeaning {
        int status;
        FaultScope scope;
        bool retryable, refused;
        const char *code;
        const char *words;
} StatusMeaning;

/* What the catalog says, as far as it is shown: its status, three texts and a code fit. */
enum { FIELD_BYTES = 190, WORDS_BYTES = 800 };
_Static_assert(3 + 4 * (FIELD_BYTES - 1) + 4 + 2 < WORDS_BYTES, "no field is pushed out by the others");

#define EDGE_HINT "; the id must be that of an Edge connection, not of an Edge site"

static const StatusMeaning meanings[] = {
        {400, FAULT_RUN, false, false, "catalog-bad-request", "the catalog refuses the request as invalid" EDGE_HINT},
        {401, FAULT_PEER, false, true, "catalog-unauthorized",
         "the catalog refuses the credentials; check username and secret file"},
        {403, FAULT_RUN, false, false, "catalog-forbidden",
         "the catalog forbids this to our user; give it the permission to refresh and view this Edge connection"},
        {404, FAULT_RUN, false, false, "catalog-not-found", "the catalog does not know this" EDGE_HINT},
        {408, FAULT_REQUEST, true, false, "catalog-busy", "the catalog gave up waiting"},
        {409, FAULT_RUN, false, false, "catalog-conflict", "the catalog says that an operation is already in progress"},
        {425, FAULT_REQUEST, true, false, "catalog-busy", "the catalog wants the request again later"},
        {429, FAULT_REQUEST, true, false, "catalog-busy", "the catalog limits the rate of requests"},
        {500, FAULT_REQUEST, true, false, "catalog-error", "the catalog failed inside"},
        {502, FAULT_REQUEST, true, false, "catalog-error", "a gateway before the catalog got no proper answer"},
        {503, FAULT_REQUEST, true, false, "catalog-busy", "the catalog is not available now"},
        {504, FAULT_REQUEST, true, false, "catalog-error", "a gateway before the catalog got no answer in time"},
};

void answer_text_done(AnswerText *t)
{
        free(t->problem);
        t->problem = NULL;
}

bool answer_type_is_json(const char *content_type)
{
        size_t size = strcspn(content_type, "; \t");
        if (size == 0)
                return true;
        return (size == strlen("application/json") && strncasecmp(content_type, "application/json", size) == 0) ||
               (size > 5 && strncasecmp(content_type + size - 5, "+json", 5) == 0);
}

/* The five fields of StandardErrorResponse in one sentence, as far as they are there. Each is cut by itself, so that a long one leaves room for the code,
 * which is what a person searches for; and blotted before that, as parsed: how the catalog had spelled it does not matter then. */
static bool problem_words(const cJSON *body, const Blot *blot, char out[WORDS_BYTES])
{
        static const char *const fields[] = {"titleMessage", "userMessage", "helpMessage", "errorCode"};
        size_t used = 0;
        double status;
        if (json_get_number(body, "statusCode", 100, 999, &status) == 0)
                used += (size_t)snprintf(out, WORDS_BYTES, "%d", (int)status);
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                const char *value;
                if (json_get_string(body, fields[i], &value) < 0 || value[0] == '\0')
                        continue;
                _cleanup_(cleanup_free) char *clean = strdup(value);
                if (!clean)
                        continue;
                char field[FIELD_BYTES];
                bool is_code = strcmp(fields[i], "errorCode") == 0;
                blot_text(blot, clean);
                text_printable(clean, strlen(clean), field, sizeof(field));
                used += (size_t)snprintf(out + used, WORDS_BYTES - used, "%s%s%s%s", used ? " " : "",
                                         is_code ? "[" : "", field, is_code ? "]" : "");
        }
        return used > 0;
}

bool answer_is_standard_error(const HttpResponse *response)
{
        /* Without statusCode, which gateways use as well. */
        static const char *const members[] = {"titleMessage", "userMessage", "helpMessage", "errorCode"};
        _cleanup_(cleanup_json) cJSON *body = NULL;
        if (response->body_size == 0 || !answer_type_is_json(response->content_type) ||
            json_parse(response->body, response->body_size, &body) < 0 || !cJSON_IsObject(body))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                const char *value;
                if (json_get_string(body, members[i], &value) == 0 && value[0])
                        return true;
        }
        return false;
}

/* JSON in our spelling, in which the blot knows the credentials. NULL: it is no JSON. */
static char *body_print(const HttpResponse *response, const Blot *blot)
{
        _cleanup_(cleanup_json) cJSON *body = NULL;
        if (json_parse(response->body, response->body_size, &body) < 0)
                return NULL;
        char *printed = cJSON_PrintUnformatted(body);
        blot_text(blot, printed);
        return printed;
}

/* What a body without the fields of an error says at a glance: the title of a web page, or the start of the text. */
static void body_words(const HttpResponse *response, const Blot *blot, char *out, size_t size)
{
        char *json = body_print(response, blot);
        const char *title = strcasestr(response->body, "<title>");
        char text[200];
        if (json) {
                text_printable(json, strlen(json), text, sizeof(text));
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
        cJSON_free(json);
}

static void answer_words(const HttpResponse *response, const Blot *blot, char out[WORDS_BYTES], AnswerText *text)
{
        _cleanup_(cleanup_json) cJSON *body = NULL;
        out[0] = '\0';
        if (response->body_size == 0)
                return;
        if (json_parse(response->body, response->body_size, &body) < 0 || !cJSON_IsObject(body)) {
                body_words(response, blot, out, WORDS_BYTES);
                return;
        }
        if (response->body_size <= LIMIT_PROBLEM_MAX_BYTES) {
                char *printed = cJSON_PrintUnformatted(body);
                text->problem = printed && text_utf8_valid(printed, strlen(printed)) ? strdup(printed) : NULL;
                cJSON_free(printed);
        }
        if (!problem_words(body, blot, out))
                body_words(response, blot, out, WORDS_BYTES);
}

static void answer_fault(const HttpResponse *response, int expected, const Blot *blot, Fault *ret, AnswerText *text)
{
        char words[WORDS_BYTES];
        answer_words(response, blot, words, text);
        blot_text(blot, words);
        const char *says = words[0] ? ". It says: " : "";

        for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
                const StatusMeaning *m = &meanings[i];
                if (m->status != response->status)
                        continue;
                fault_set(ret, m->scope, EIO, m->code, "%s (HTTP %d)%s%s", m->words, response->status, says, words);
                ret->retryable = m->retryable;
                ret->refused = m->refused;
                return;
        }
        if (response->status >= 300 && response->status < 400) {
                char location[200];
                text_printable(response->location, strlen(response->location), location, sizeof(location));
                blot_text(blot, location);
                fault_set(ret, FAULT_RUN, EIO, "catalog-redirect",
                          "the catalog answers HTTP %d with a redirect to %s, which is not followed; check the url",
                          response->status, location[0] ? location : "nowhere");
                return;
        }
        fault_set(ret, FAULT_RUN, EIO, "catalog-unexpected-status",
                  "the catalog answers HTTP %d where %d was expected%s%s", response->status, expected, says, words);
        ret->retryable = response->status >= 500;
}

/* The part of an answer that people are shown, without our credentials: blotted before anything is cut to length, so that no half of them stays. */
typedef struct Shown {
        HttpResponse response;
        char *body, *location;
} Shown;

static void shown_done(Shown *s)
{
        free(s->body);
        free(s->location);
}

static void shown_init(Shown *s, const HttpResponse *response, const Blot *blot)
{
        *s = (Shown){.response = *response};
        s->body = malloc(response->body_size + 1);
        s->location = strdup(response->location);
        if (s->body) {
                memcpy(s->body, response->body, response->body_size);
                s->body[response->body_size] = '\0';
                blot_bytes(blot, s->body, response->body_size);
        }
        blot_text(blot, s->location);
        s->response.body = s->body ? s->body : "";
        s->response.body_size = s->body ? response->body_size : 0;
        s->response.location = s->location ? s->location : "";
}

void answer_classify(const HttpResponse *response, int expected, bool body_needed, const Blot *blot, CatalogAnswer *ret,
                     AnswerText *text)
{
        *ret = (CatalogAnswer){
                .status = response->status,
                .sent = response->sent,
                .retry_after_usec = response->retry_after_usec,
                .elapsed_usec = response->elapsed_usec,
        };
        if (response->error < 0) {
                ret->fault = response->fault;
                ret->status = 0; /* an answer that did not arrive whole has no say */
                return;
        }
        if (response->status != expected) {
                _cleanup_(shown_done) Shown shown;
                shown_init(&shown, response, blot);
                answer_fault(&shown.response, expected, blot, &ret->fault, text);
                blot_text(blot, text->problem);
        } else if (body_needed && !answer_type_is_json(response->content_type)) {
                _cleanup_(shown_done) Shown shown;
                shown_init(&shown, response, blot);
                char words[300], type[100];
                body_words(&shown.response, blot, words, sizeof(words));
                blot_text(blot, words);
                text_printable(response->content_type, strlen(response->content_type), type, sizeof(type));
                fault_set(&ret->fault, FAULT_RUN, EBADMSG, "catalog-not-json",
                          "the catalog answers with %s instead of JSON (is a proxy or a login page in between?): %s",
                          type, words);
        }
        if (ret->fault.scope != FAULT_NONE)
                ret->fault.http_status = response->status;
        ret->problem = text->problem;
}
