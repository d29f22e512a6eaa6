/*
 * What always holds: while an acquisition is under way, its one request is. Of what the endpoint
 * answers, only the members error and error_description are shown, after the credentials were
 * redacted out of them: the rest may be a token.
 */
#include "catalog/oauth2.h"
#include "base/backoff.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/metric.h"
#include "catalog/answer.h"
#include "catalog/json.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define SPARE_USEC         (30 * USEC_PER_SEC)
#define RETRY_FLOOR_USEC   (1 * USEC_PER_SEC)
#define RETRY_CEILING_USEC (30 * USEC_PER_SEC)
#define REFUSED_USEC       (30 * USEC_PER_SEC)
#define LIFETIME_MAX_SEC   (10.0 * 365 * 24 * 3600)

struct OAuth2 {
        HttpClient *http;
        char *token_url;
        const char *scope;
        uint64_t request_timeout_usec;
        Backoff backoff;
        HttpTransfer *transfer; /* NULL: none is under way */
        Auth *auth;             /* for whom it is */
        char *id;               /* of the client, urlencoded */
        Text secret;            /* urlencoded */
        bool in_body;           /* client and secret, when they were accepted last */
        bool tried_both;        /* in this acquisition: it is sent in the other way */
        Fault first;            /* what was said of the first way */
        uint64_t sent_usec;     /* CLOCK_BOOTTIME */
        double expires_sec;     /* of the last token, as METRIC_TOKEN_EXPIRY has it */
};

int oauth2_new(HttpClient *http, const OAuth2Options *options, OAuth2 **ret)
{
        _cleanup_(cleanup_oauth2) OAuth2 *o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        o->http = http;
        o->request_timeout_usec = options->request_timeout_usec;
        /* a longer one would be taken for a pause that the endpoint asks for */
        o->backoff = (Backoff){.floor_usec = RETRY_FLOOR_USEC,
                               .ceiling_usec = o->request_timeout_usec < RETRY_CEILING_USEC
                                                       ? o->request_timeout_usec
                                                       : RETRY_CEILING_USEC};
        o->token_url = strdup(options->token_url);
        if (!o->token_url)
                return -ENOMEM;
        o->scope = options->scope;
        *ret = TAKE(o);
        return 0;
}

/* The acquisition is over, in whatever way. */
static void oauth2_reset(OAuth2 *o)
{
        o->transfer = http_cancel(o->transfer);
        free(TAKE(o->id));
        text_wipe(&o->secret);
        o->tried_both = false;
}

OAuth2 *oauth2_free(OAuth2 *o)
{
        if (!o)
                return NULL;
        oauth2_reset(o);
        if (o->expires_sec == metric_value(METRIC_TOKEN_EXPIRY, 0))
                metric_set(METRIC_TOKEN_EXPIRY, 0, NAN);
        free(o->token_url);
        free(o);
        return NULL;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void json_wipe(cJSON *document)
{
        for (cJSON *item = document; item; item = item->next) {
                if (item->valuestring)
                        explicit_bzero(item->valuestring, strlen(item->valuestring));
                json_wipe(item->child);
        }
}

static void cleanup_json_wiped(cJSON **document)
{
        json_wipe(*document);
        cJSON_Delete(*document);
}

/* Seconds, as a number or, as some write it, as a text. Without, or when it makes no sense, the
 * token is used until it is refused. */
static uint64_t token_lifetime(const cJSON *body)
{
        double sec;
        int64_t whole;
        const char *text;
        if (json_get_number(body, "expires_in", 1, LIFETIME_MAX_SEC, &sec) == 0)
                return (uint64_t)(sec * (double)USEC_PER_SEC);
        if (json_get_string(body, "expires_in", &text) == 0 &&
            text_parse_int64(text, 1, (int64_t)LIFETIME_MAX_SEC, &whole) == 0)
                return (uint64_t)whole * USEC_PER_SEC;
        return UINT64_MAX;
}

int oauth2_parse_token(const char *body, size_t size, Text *ret, uint64_t *ret_lifetime_usec,
                       const char **ret_error)
{
        _cleanup_(cleanup_json_wiped) cJSON *document = NULL;
        const char *token, *type;
        int r = json_parse(body, size, &document);
        *ret_error = r < 0 ? json_error_text(r) : "it is not a JSON object";
        if (r < 0 || !cJSON_IsObject(document))
                return -EBADMSG;
        *ret_error = "it holds no access_token";
        if (json_get_string(document, "access_token", &token) < 0 || token[0] == '\0')
                return -EBADMSG;
        *ret_error = "its access_token is longer than 32 KiB";
        if (strlen(token) > LIMIT_TOKEN_MAX_BYTES)
                return -EBADMSG;
        *ret_error = "its access_token holds a space or a control character";
        if (!auth_token_is_valid(token))
                return -EBADMSG;
        *ret_error = "its token_type is not Bearer";
        r = json_get_string(document, "token_type", &type);
        if (r == -EINVAL || (r == 0 && strcasecmp(type, "Bearer") != 0))
                return -EBADMSG;
        *ret_lifetime_usec = token_lifetime(document);
        return text_append_string(ret, token);
}

uint64_t oauth2_renew_after(uint64_t lifetime_usec, uint64_t request_timeout_usec)
{
        uint64_t margin = request_timeout_usec + SPARE_USEC;
        if (lifetime_usec == UINT64_MAX)
                return UINT64_MAX;
        if (margin < lifetime_usec / 10)
                margin = lifetime_usec / 10;
        return lifetime_usec - (margin < lifetime_usec / 2 ? margin : lifetime_usec / 2);
}

/* RFC 6749, section 5.2 */
typedef struct ErrorMeaning {
        const char *error;
        bool refused;
        const char *words;
} ErrorMeaning;

static const ErrorMeaning error_meanings[] = {
        {"invalid_client", true,
         "the client is not accepted; check client_id and client_secret_file; " SECRET_RENEWAL},
        {"unauthorized_client", true,
         "the client may not use client credentials; allow it that where it is registered"},
        {"invalid_grant", true, "client credentials are not accepted; check token_url"},
        {"invalid_scope", true, "the scope is not granted to this client; check scope"},
        {"unsupported_grant_type", false, "client credentials are not supported; check token_url"},
        {"invalid_request", false, "the request is refused as invalid; check token_url and scope"},
};

static const ErrorMeaning *error_find(const char *error)
{
        for (size_t i = 0; i < ARRAY_SIZE(error_meanings); i++)
                if (text_equal(error_meanings[i].error, error))
                        return &error_meanings[i];
        return NULL;
}

/* Whether the client as it was sent is refused. Some say so with the status alone. */
static bool answer_is_invalid_client(const HttpResponse *response, const char *error)
{
        return response->status == 401 || text_equal(error, "invalid_client");
}

static void fault_set_error(const HttpResponse *response, const cJSON *body, const char *error,
                            Fault *ret)
{
        const char *description = "";
        const ErrorMeaning *m =
                error_find(answer_is_invalid_client(response, error) ? "invalid_client" : error);
        char shown[64], text[300];
        (void)json_get_string(body, "error_description", &description);
        text_printable(error ? error : "", error ? strlen(error) : 0, shown, sizeof(shown));
        text_show(description, text);
        fault_set(ret, FAULT_PEER, EIO, CODE_TOKEN_REFUSED, "%s (HTTP %d)%s%s%s%s",
                  m ? m->words : "the endpoint refuses", response->status,
                  shown[0] ? ". It says: " : "", shown, text[0] ? ": " : "", text);
        ret->refused = m && m->refused;
}

/* What came instead of a token; true: the client is refused as it was sent. What is not in the
 * words of RFC 6749 means the same as it does when the catalog is asked, but that it is the matter
 * of all requests. */
static bool oauth2_fault(const OAuth2 *o, const HttpResponse *response, Fault *ret)
{
        _cleanup_(cleanup_json_wiped) cJSON *body = NULL;
        const char *error = NULL;
        const Redact *redact = auth_redact(o->auth);
        if (response->error == 0 && response->status / 100 == 4 && response->status != 429 &&
            json_parse(response->body, response->body_size, &body) == 0) {
                (void)redact_json(redact, body);
                (void)json_get_string(body, "error", &error);
        }
        bool refuses = error && (error_find(error) || response->status == 400);
        bool client = response->error == 0 && answer_is_invalid_client(response, error);
        if (refuses || client) {
                fault_set_error(response, body, error, ret);
                ret->http_status = response->status;
        } else {
                _cleanup_(answer_text_done) AnswerText text = {0};
                CatalogAnswer answer;
                answer_classify(response, 200, true,
                                &(AnswerAuth){.redact = redact, .secret_body = true}, &answer,
                                &text);
                *ret = answer.fault;
                if (ret->scope == FAULT_RUN)
                        ret->scope = FAULT_PEER;
        }
        if (!fault_is_of_proxy(ret))
                fault_prefix(ret, "no token from %s: ", o->token_url);
        redact_text(redact, ret->message);
        return client;
}

/* ---- asking --------------------------------------------------------------------------------- */

static int form_encode(const char *text, Text *ret)
{
        /* at once: growing would leave copies behind */
        int r = text_reserve(ret, 3 * strlen(text));
        return r < 0 ? r : text_append_form(ret, text);
}

static bool oauth2_in_body(const OAuth2 *o)
{
        return o->in_body != o->tried_both;
}

static int oauth2_form(const OAuth2 *o, Text *ret)
{
        int r = text_append_string(ret, "grant_type=client_credentials");
        if (r >= 0 && o->scope)
                r = text_append_string(ret, "&scope=");
        if (r >= 0 && o->scope)
                r = text_append_form(ret, o->scope);
        if (r >= 0 && oauth2_in_body(o))
                r = text_printf(ret, "&client_id=%s&client_secret=%s", o->id, o->secret.data);
        return r;
}

static void oauth2_on_response(const HttpResponse *response, void *userdata);

static int oauth2_send(OAuth2 *o)
{
        _cleanup_(text_wipe) Text form = {0}, basic = {0};
        int r = oauth2_form(o, &form);
        if (r >= 0 && !oauth2_in_body(o))
                r = text_append_string(&basic, "Basic ");
        if (r >= 0 && !oauth2_in_body(o))
                r = base64_credentials(o->id, o->secret.data, &basic);
        if (r < 0)
                return r;
        const HttpRequest request = {
                .method = HTTP_POST,
                .url = o->token_url,
                .authorization = basic.data,
                .form = form.data,
                .body_max_bytes = LIMIT_TOKEN_ANSWER_MAX_BYTES,
        };
        metric_add(METRIC_TOKEN_REQUESTS, 0, 1);
        o->sent_usec = clock_boottime_usec();
        return http_start(o->http, &request, oauth2_on_response, o, &o->transfer);
}

static int oauth2_acquire(Auth *a, const char *username, const char *secret, void *userdata)
{
        OAuth2 *o = userdata;
        Text id = {0};
        o->auth = a;
        int r = form_encode(username, &id);
        o->id = id.data;
        if (r >= 0)
                r = form_encode(secret, &o->secret);
        if (r >= 0)
                r = redact_add(auth_redact(a), o->id, o->secret.data);
        if (r >= 0)
                r = oauth2_send(o);
        if (r < 0)
                oauth2_reset(o);
        return r;
}

static void oauth2_cancel(void *userdata)
{
        oauth2_reset(userdata);
}

/* ---- what came ------------------------------------------------------------------------------ */

/* Who meets a fault that is not retried has delays of its own. */
static void oauth2_fail(OAuth2 *o, const Fault *fault, uint64_t requested_usec)
{
        uint64_t delay = fault->refused     ? REFUSED_USEC
                         : fault->retryable ? backoff_next(&o->backoff, clock_random())
                                            : 0;
        oauth2_reset(o);
        auth_failed(o->auth, fault, delay > requested_usec ? delay : requested_usec);
}

/* The client is refused as it was sent: in the other way, or with the secret as it is now. True:
 * that is under way. */
static bool oauth2_again(OAuth2 *o, const Fault *fault)
{
        if (!o->tried_both) {
                o->tried_both = true;
                o->first = *fault;
                if (oauth2_send(o) >= 0)
                        return true;
        }
        o->in_body = false;
        return auth_reread(o->auth); /* which cancels this, and begins anew */
}

static void oauth2_show_expiry(OAuth2 *o, uint64_t expires_usec)
{
        double left = ((double)expires_usec - (double)clock_boottime_usec()) / USEC_PER_SEC;
        if (expires_usec == UINT64_MAX)
                metric_set(METRIC_TOKEN_EXPIRY, 0, NAN);
        else
                o->expires_sec = metric_set_time(METRIC_TOKEN_EXPIRY, left);
}

static void oauth2_take(OAuth2 *o, const HttpResponse *response)
{
        _cleanup_(text_wipe) Text token = {0};
        uint64_t life;
        const char *error;
        Fault fault;
        int r = oauth2_parse_token(response->body, response->body_size, &token, &life, &error);
        if (r >= 0) {
                uint64_t sent = o->sent_usec;
                uint64_t renew = oauth2_renew_after(life, o->request_timeout_usec);
                backoff_reset(&o->backoff);
                o->in_body = oauth2_in_body(o);
                oauth2_reset(o);
                oauth2_show_expiry(o, life == UINT64_MAX ? life : sent + life);
                r = auth_acquired(o->auth, "Bearer", token.data,
                                  renew == UINT64_MAX ? renew : sent + renew,
                                  life == UINT64_MAX ? life : sent + life);
                if (r >= 0)
                        return;
        }
        metric_add(METRIC_TOKEN_REQUESTS_FAILED, 0, 1);
        if (r == -ENOMEM)
                fault_set(&fault, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY, "no memory for the token");
        else
                fault_set(&fault, FAULT_PEER, EBADMSG, CODE_TOKEN_BAD_ANSWER,
                          "no token from %s: its answer cannot be used: %s", o->token_url, error);
        oauth2_fail(o, &fault, 0);
}

static void oauth2_on_response(const HttpResponse *response, void *userdata)
{
        OAuth2 *o = userdata;
        Fault fault;
        o->transfer = NULL;
        if (response->error == 0 && response->status == 200 &&
            answer_type_is_json(response->content_type)) {
                oauth2_take(o, response);
                return;
        }
        metric_add(METRIC_TOKEN_REQUESTS_FAILED, 0, 1);
        bool client = oauth2_fault(o, response, &fault);
        if (o->tried_both && fault.code == CODE_TOKEN_REFUSED) {
                client = true; /* who knows one way only may call the other one invalid */
                fault = o->first;
        }
        if (client && oauth2_again(o, &fault))
                return;
        oauth2_fail(o, &fault, response->retry_after_usec);
}

const AuthMethod auth_oauth2 = {
        .secret_key = "client_secret_file",
        .advice = "; a token was acquired and is not accepted: check the permissions of client_id",
        .acquire = oauth2_acquire,
        .cancel = oauth2_cancel,
};
