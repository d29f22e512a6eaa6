/*
 * Answers of the catalog: what each status means, that its own words reach the person whole or in
 * part, and that our credentials do not, should it echo them.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "catalog/answer.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Answered {
        CatalogAnswer answer;
        AnswerText text;
} Answered;

static void answer(int status, const char *type, const char *body, const Redact *redact,
                   Answered *ret)
{
        HttpResponse response = {.sent = true,
                                 .status = status,
                                 .content_type = type,
                                 .location = status / 100 == 3 ? body : "",
                                 .body = body,
                                 .body_size = strlen(body)};
        *ret = (Answered){0};
        answer_classify(&response, 200, true, &(AnswerAuth){.redact = redact}, &ret->answer,
                        &ret->text);
}

static void every_status_has_its_scope(void **state)
{
        (void)state;
        static const struct {
                int status;
                const char *code;
                FaultScope scope;
                bool retryable, refused;
        } cases[] = {
                {200, "", FAULT_NONE, false, false},
                {201, "catalog-unexpected-status", FAULT_RUN, false, false},
                {204, "catalog-unexpected-status", FAULT_RUN, false, false},
                {206, "catalog-unexpected-status", FAULT_RUN, false, false},
                {301, "catalog-redirect", FAULT_PEER, false, false},
                {302, "catalog-redirect", FAULT_PEER, false, false},
                {304, "catalog-redirect", FAULT_RUN, false, false},
                {307, "catalog-redirect", FAULT_PEER, false, false},
                {400, "catalog-bad-request", FAULT_RUN, false, false},
                {401, "catalog-unauthorized", FAULT_PEER, false, true},
                {403, "catalog-forbidden", FAULT_RUN, false, false},
                {404, "catalog-not-found", FAULT_RUN, false, false},
                {405, "catalog-unexpected-status", FAULT_RUN, false, false},
                {408, "catalog-busy", FAULT_REQUEST, true, false},
                {409, "catalog-conflict", FAULT_RUN, false, false},
                {410, "catalog-unexpected-status", FAULT_RUN, false, false},
                {418, "catalog-unexpected-status", FAULT_RUN, false, false},
                {425, "catalog-busy", FAULT_REQUEST, true, false},
                {429, "catalog-busy", FAULT_REQUEST, true, false},
                {500, "catalog-error", FAULT_REQUEST, true, false},
                {501, "catalog-unexpected-status", FAULT_RUN, true, false},
                {502, "catalog-error", FAULT_REQUEST, true, false},
                {503, "catalog-busy", FAULT_REQUEST, true, false},
                {504, "catalog-error", FAULT_REQUEST, true, false},
                {599, "catalog-unexpected-status", FAULT_RUN, true, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(cases[i].status, "application/json", "{}", NULL, &a);
                const Fault *f = &a.answer.fault;
                if (f->scope != cases[i].scope ||
                    strcmp(fault_code_name(f->code), cases[i].code) != 0)
                        fail_msg("%d: %s", cases[i].status, fault_code_name(f->code));
                assert_int_equal(f->retryable, cases[i].retryable);
                assert_int_equal(f->refused, cases[i].refused);
                assert_int_equal(f->http_status, f->scope == FAULT_NONE ? 0 : cases[i].status);
                assert_int_equal(a.answer.status, cases[i].status);
                answer_text_done(&a.text);
        }
}

static void the_catalogs_words_are_carried_as_far_as_they_go(void **state)
{
        (void)state;
        static const struct {
                const char *body, *words;
                bool problem;
        } cases[] = {
                {"{\"statusCode\":403,\"titleMessage\":\"Title\",\"userMessage\":\"User\","
                 "\"helpMessage\":\"Help\","
                 "\"errorCode\":\"noAccess\"}",
                 "It says: 403 Title User Help [noAccess]", true},
                {"{\"errorCode\":\"noAccess\"}", "It says: [noAccess]", true},
                {"{\"userMessage\":\"User\",\"titleMessage\":null,\"helpMessage\":7}",
                 "It says: User", true},
                {"{\"statusCode\":\"403\",\"userMessage\":\"User\"}", "It says: User", true},
                {"{\"statusCode\":1e400,\"userMessage\":\"User\"}", "It says: User", true},
                {"{\"userMessage\":\"\\u001b[31mred\\nline\\u009b\"}",
                 "It says: \\x1b[31mred line\\x9b", true},
                {"{\"error\":\"other shape\"}", "It says: {\"error\":\"other shape\"}", true},
                {"{}", "It says: {}", true},
                {"[1,2]", "It says: [1,2]", false},
                {"null", "It says: null", false},
                {"plain words", "It says: plain words", false},
                {"<html><head><TITLE>Sign\nin</TITLE>", "It says: a web page titled \"Sign in\"",
                 false},
                {"<!doctype html><HTML><body>x", "It says: a web page", false},
                {"<title>never ends", "It says: a web page titled \"never ends\"", false},
                {"{\"userMessage\":\"cut", "It says: {\"userMessage\":\"cut", false},
                {"{\"userMessage\":\"\\u0000\"}", "It says: {\"userMessage\"", false},
                {"\xff\xfe\x01", "It says: ??", false},
                {"", "(HTTP 403)", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(403, "application/json", cases[i].body, NULL, &a);
                if (!strstr(a.answer.fault.message, cases[i].words))
                        fail_msg("%s: %s", cases[i].body, a.answer.fault.message);
                assert_int_equal(a.answer.problem != NULL, cases[i].problem);
                for (const char *c = a.answer.fault.message; *c; c++)
                        assert_true((unsigned char)*c >= 0x20);
                answer_text_done(&a.text);
        }
}

/* 150 letters of two bytes each, so that a cut in the wrong place would show. */
static void long_words_leave_room_for_the_code(void **state)
{
        (void)state;
        char letters[301] = "", body[2048];
        for (size_t i = 0; i < 150; i++)
                memcpy(letters + 2 * i, "\u00e9", 2);
        (void)snprintf(body, sizeof(body),
                       "{\"statusCode\":403,\"titleMessage\":\"T%s\",\"userMessage\":\"U%s\","
                       "\"helpMessage\":\"H%s\","
                       "\"errorCode\":\"noAccess\"}",
                       letters, letters, letters);
        Answered a;
        answer(403, "application/json", body, NULL, &a);
        static const char *const words[] = {"403 T\u00e9", "\u2026 U\u00e9", "\u2026 H\u00e9",
                                            "\u00e9\u2026 [noAccess]"};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                assert_non_null(strstr(a.answer.fault.message, words[i]));
        assert_null(strchr(a.answer.fault.message, '?'));
        answer_text_done(&a.text);
}

static void an_error_body_beyond_the_cap_is_not_kept(void **state)
{
        (void)state;
        static char body[LIMIT_PROBLEM_MAX_BYTES + 64];
        (void)strcpy(body, "{\"userMessage\":\"");
        memset(body + strlen(body), 'x', LIMIT_PROBLEM_MAX_BYTES);
        (void)strcat(body, "\"}");
        Answered a;
        answer(500, "application/json", body, NULL, &a);
        assert_null(a.answer.problem);
        assert_non_null(strstr(a.answer.fault.message, "xxxx"));
        answer_text_done(&a.text);
}

static void what_is_not_json_is_refused_by_its_type(void **state)
{
        (void)state;
        static const struct {
                const char *type;
                bool json;
        } cases[] = {
                {"application/json", true},
                {"application/json;charset=UTF-8", true},
                {"Application/JSON ; charset=utf-8", true},
                {"application/problem+json", true},
                {"", true},
                {"text/html", false},
                {"text/html; charset=utf-8", false},
                {"text/plain", false},
                {"application/jsonp", false},
                {"application/xml", false},
                {"application/json-seq", false},
                {"+json", false},
                {"text/html;application/json", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(200, cases[i].type, "<html><title>Sign in</title>", NULL, &a);
                if ((a.answer.fault.scope == FAULT_NONE) != cases[i].json)
                        fail_msg("%s: %s", cases[i].type, a.answer.fault.message);
                if (!cases[i].json) {
                        assert_string_equal(fault_code_name(a.answer.fault.code),
                                            "catalog-not-json");
                        assert_non_null(strstr(a.answer.fault.message, "titled \"Sign in\""));
                }
                answer_text_done(&a.text);
        }
}

static void an_answer_that_did_not_arrive_whole_has_no_say(void **state)
{
        (void)state;
        HttpResponse response = {
                .error = -ECONNRESET, .sent = true, .status = 404, .location = "", .body = ""};
        fault_set(&response.fault, FAULT_REQUEST, ECONNRESET, CODE_HTTP_RESET, "reset");
        CatalogAnswer a;
        AnswerText text = {0};
        answer_classify(&response, 200, true, &(AnswerAuth){0}, &a, &text);
        assert_int_equal(a.status, 0);
        assert_string_equal(fault_code_name(a.fault.code), "http-reset");
}

/* ---- credentials that are echoed ------------------------------------------------------------ */

#define SECRET  "pa\"ss\\wo rd"
#define IN_JSON "pa\\\"ss\\\\wo rd"
#define BASIC   "c3ZjOnBhInNzXHdvIHJk" /* of svc:SECRET */

static void assert_clean(const char *what, const char *text)
{
        static const char *const spellings[] = {SECRET,   IN_JSON,    BASIC,
                                                "pa\"ss", "pa\\\"ss", "c3ZjOn"};
        for (size_t i = 0; text && i < ARRAY_SIZE(spellings); i++)
                if (strstr(text, spellings[i]))
                        fail_msg("%s: %s", what, text);
}

static void echoed_credentials_are_redacted(void **state)
{
        (void)state;
        static char far[700]; /* the words are cut to length in the middle of the secret */
        (void)snprintf(far, sizeof(far), "{\"userMessage\":\"%0290d%s\"}", 0, IN_JSON);
        static char farther[700];
        (void)snprintf(farther, sizeof(farther), "%0190d%s", 0, SECRET);
        const struct {
                int status;
                const char *type, *body;
        } cases[] = {
                {403, "application/json", "{\"userMessage\":\"you sent " IN_JSON "!\"}"},
                {403, "application/json", "{\"userMessage\":\"Authorization: Basic " BASIC "\"}"},
                {403, "application/json",
                 "{\"headers\":{\"authorization\":\"" BASIC "\",\"p\":\"" IN_JSON "\"}}"},
                {403, "application/json", far},
                {500, "text/plain", farther},
                {500, "text/plain", SECRET " and " BASIC " and " SECRET},
                {200, "text/html", "<title>" SECRET "</title>"},
                {200, "text/html", farther},
                {302, "text/html", "https://login.example/?password=" SECRET "&basic=" BASIC},
                {302, "text/html", farther},
                {200, "text/html;u=" SECRET, "x"}, /* S5 */
                {200, "text/plain; basic=" BASIC, ""},
        };
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, "svc", SECRET), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(cases[i].status, cases[i].type, cases[i].body, &redact, &a);
                assert_int_not_equal(a.answer.fault.scope, FAULT_NONE);
                assert_clean("message", a.answer.fault.message);
                assert_clean("problem", a.answer.problem);
                answer_text_done(&a.text);
        }
        redact_done(&redact);
}

/* S5: libcurl's own words quote what it received. */
static void an_echo_in_the_words_of_the_transfer_is_redacted(void **state)
{
        (void)state;
        Redact redact = {0};
        HttpResponse response = {.error = -EPROTO, .content_type = "", .location = "", .body = ""};
        fault_set(&response.fault, FAULT_REQUEST, EPROTO, CODE_HTTP_PROTOCOL, "bad header \"%s\"",
                  SECRET);
        assert_int_equal(redact_add(&redact, "svc", SECRET), 0);
        Answered a = {0};
        answer_classify(&response, 200, true, &(AnswerAuth){.redact = &redact}, &a.answer, &a.text);
        assert_clean("message", a.answer.fault.message);
        redact_done(&redact);
}

/* What a redirect carries in its query opens doors, ours or others'. */
static void a_redirect_is_shown_without_its_query(void **state)
{
        (void)state;
        Answered a;
        answer(302, "", "https://idp.example/login;jsessionid=17?SAMLRequest=abc#x", NULL, &a);
        assert_non_null(strstr(a.answer.fault.message, "https://idp.example/login,"));
        assert_null(strstr(a.answer.fault.message, "SAML"));
        assert_null(strstr(a.answer.fault.message, "jsessionid"));
        answer_text_done(&a.text);
}

/* C4: For every request alike, so it is no failure of an edge. */
static void a_sign_in_page_is_the_matter_of_the_whole_catalog(void **state)
{
        (void)state;
        static const struct {
                int status;
                const char *type, *body;
                FaultScope scope;
        } cases[] = {
                {200, "text/html", "<title>Sign in</title>", FAULT_PEER},
                {200, "text/html; charset=utf-8", "", FAULT_PEER},
                {200, "application/xhtml+xml", "<html/>", FAULT_PEER},
                {200, "text/plain", " \n<!DOCTYPE html>", FAULT_PEER},
                {202, "text/html", "<html>", FAULT_PEER},
                {302, "text/html", "https://idp.example/login", FAULT_PEER},
                {200, "text/plain", "come back", FAULT_RUN},
                {202, "application/json", "{}", FAULT_RUN},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(cases[i].status, cases[i].type, cases[i].body, NULL, &a);
                assert_int_equal(a.answer.fault.scope, cases[i].scope);
                assert_false(a.answer.fault.retryable);
                assert_int_equal(a.answer.fault.http_status, cases[i].status);
                if (cases[i].scope == FAULT_PEER)
                        assert_non_null(strstr(a.answer.fault.message, "a sign-in page"));
                answer_text_done(&a.text);
        }
}

/* C2: A gateway's words are told from the catalog's. */
static void an_answer_in_other_words_than_the_catalogs_is_foreign(void **state)
{
        (void)state;
        static const struct {
                int status;
                const char *type, *body;
                bool foreign;
        } cases[] = {
                {401, "application/json", "{\"userMessage\":\"no\"}", false},
                {401, "application/json", "{\"message\":\"no Route matched\"}", true},
                {403, "text/html", "<html>", true},
                {404, "", "", true},
                {403, "application/json", "{\"errorCode\":\"noAccess\"}", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Answered a;
                answer(cases[i].status, cases[i].type, cases[i].body, NULL, &a);
                assert_int_equal(a.answer.foreign, cases[i].foreign);
                assert_int_equal(
                        strstr(a.answer.fault.message, "not in the catalog's error format") != NULL,
                        cases[i].foreign);
                answer_text_done(&a.text);
        }
}

/* O13 */
static void a_refusal_names_what_this_method_uses(void **state)
{
        (void)state;
        const struct {
                const char *advice, *words, *not_words;
        } cases[] = {
                {auth_basic.advice, "check username and password_file", "token"},
                {auth_bearer.advice, "check token_file", "password"},
                {NULL, "refuses the credentials", "check "},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                HttpResponse response = {.sent = true,
                                         .status = 401,
                                         .content_type = "application/json",
                                         .location = "",
                                         .body = "{\"userMessage\":\"no\"}",
                                         .body_size = 20};
                Answered a = {0};
                answer_classify(&response, 200, true, &(AnswerAuth){.advice = cases[i].advice},
                                &a.answer, &a.text);
                assert_non_null(strstr(a.answer.fault.message, cases[i].words));
                assert_null(strstr(a.answer.fault.message, cases[i].not_words));
                answer_text_done(&a.text);
        }
}

/* S6: As it is printed, which may be six times what arrived. */
static void an_error_body_that_grows_beyond_the_cap_is_not_kept(void **state)
{
        (void)state;
        static char body[LIMIT_PROBLEM_MAX_BYTES];
        size_t used = (size_t)sprintf(body, "{\"userMessage\":\"");
        memset(body + used, 1, sizeof(body) - used - 3);
        (void)strcpy(body + sizeof(body) - 3, "\"}");
        Answered a;
        answer(403, "application/json", body, NULL, &a);
        assert_null(a.answer.problem);
        answer_text_done(&a.text);
}

#define TOKEN "eyJhbGciOi/J9.c2lnbmF0dXJl+x=="

/* Other writers of JSON escape more than ours does: the solidus, what HTML gives a meaning, or
 * anything. */
static void an_echo_is_redacted_however_json_spells_it(void **state)
{
        (void)state;
        static const char *const spelled[] = {
                "eyJhbGciOi\\/J9.c2lnbmF0dXJl\\u002bx\\u003d\\u003D",
                "eyJhbGciOi\\u002fJ9.c2lnbmF0dXJl+x\\u003d\\u003d",
                "\\u0065yJhbGciOi/J9.c2lnbmF0dXJl+x==",
        };
        static const struct {
                int status;
                const char *type, *before;
                int zeros; /* so many before it: the words are cut in the middle of it */
                const char *after;
        } cases[] = {
                {403, "application/json", "{\"userMessage\":\"you sent ", 1, "\"}"},
                {403, "application/json", "{\"errorCode\":\"", 170, "\"}"},
                {403, "application/json", "{\"headers\":{\"authorization\":\"", 1, "\"}}"},
                {403, "application/json", "{\"", 1, "\":1}"},
                {403, "application/json", "{\"headers\":[\"", 170, "\"]}"},
                {403, "application/json", "[\"", 1, "\"]"},
                {403, "text/plain", "\"", 1, "\""},
                {200, "text/plain", "{\"authorization\":\"Bearer ", 1, "\"}"},
                {200, "text/plain", "{\"authorization\":\"", 170, "\"}"},
        };
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, TOKEN), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                for (size_t k = 0; k < ARRAY_SIZE(spelled); k++) {
                        char body[512];
                        (void)snprintf(body, sizeof(body), "%s%0*d%s%s", cases[i].before,
                                       cases[i].zeros, 0, spelled[k], cases[i].after);
                        Answered a;
                        answer(cases[i].status, cases[i].type, body, &redact, &a);
                        const char *problem = a.answer.problem ? a.answer.problem : "";
                        if (strstr(a.answer.fault.message, "yJhbG") || strstr(problem, "yJhbG"))
                                fail_msg("%s: %s, %s", body, a.answer.fault.message, problem);
                        assert_non_null(strstr(a.answer.fault.message, "0****"));
                        answer_text_done(&a.text);
                }
        }
        redact_done(&redact);
}

/* Where nothing is parsed: a text, a web page, a form. */
static void an_escaped_echo_is_redacted_in_any_text(void **state)
{
        (void)state;
        static const char *const spelled[] = {
                "pa\"s&/<\xc3\xa9'=x\xf0\x9f\x98\x80",
                "pa%22s%26%2f%3c%c3%a9%27%3dx%f0%9f%98%80",
                "pa%22s%26%2F%3C%C3%a9'=x%F0%9F%98%80",
                "%70%61%22%73%26%2f%3c%c3%a9%27%3d%78%f0%9f%98%80",
                "pa\\\"s&\\/<\xc3\xa9'=x\xf0\x9f\x98\x80",
                "pa\\\"s\\u0026/\\u003c\\u00e9\\u0027\\u003Dx\\ud83d\\uDE00",
                "pa&quot;s&amp;/&lt;\xc3\xa9&apos;=x\xf0\x9f\x98\x80",
                "pa&#34;s&#38;&#x2F;&lt;&#233;&#39;&#61;x&#x1f600;",
        };
        static const char *const others[] = {
                "pa%22s%26%2f%3c%c3%a9%27%3dx%f0%9f%98%8",
                "pa\\\"s&\\/<\\u00e",
                "pa&quot;s&#38",
                "%",
                "\\",
                "&#",
                "pa\\",
                "pa&quot;s&amp;/&lt;&#233;'=x&#x1f600",
        };
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, "svc", spelled[0]), 0);
        for (size_t i = 0; i < ARRAY_SIZE(spelled); i++) {
                char text[256], expected[256];
                int length = (int)strlen(spelled[i]);
                (void)snprintf(text, sizeof(text), "<%s%%\\&%s>", spelled[i], spelled[i]);
                (void)memset(expected, '*', sizeof(expected));
                expected[0] = '<';
                (void)memcpy(expected + 1 + length, "%\\&", 3);
                (void)strcpy(expected + 4 + 2 * length, ">");
                assert_true(redact_text(&redact, text));
                assert_string_equal(text, expected);
        }
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                char text[256];
                (void)snprintf(text, sizeof(text), "%s", others[i]);
                assert_false(redact_text(&redact, text));
                assert_string_equal(text, others[i]);
        }
        redact_done(&redact);
}

/* In a query and in a form a space may be a "+", which may also be itself. */
static void a_space_is_redacted_as_forms_have_it(void **state)
{
        (void)state;
        static const char *const spelled[] = {
                "one+two+three+x", "one%20two%20three%2Bx", "one+two%20three+x",
                "one two three+x", "on%65+two+three%2bx",
        };
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, "one two three+x"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(spelled); i++) {
                char text[64];
                (void)snprintf(text, sizeof(text), "a+%s+b", spelled[i]);
                assert_true(redact_text(&redact, text));
                assert_int_equal(strspn(text + 2, "*"), strlen(spelled[i]));
        }
        char other[] = "one+two+three x";
        assert_false(redact_text(&redact, other));
        assert_string_equal(other, "one+two+three x");
        redact_done(&redact);
}

static void every_length_is_redacted_as_basic_sends_it(void **state)
{
        (void)state;
        static const struct {
                const char *username, *secret, *sent;
        } cases[] = {
                {"svc", "abcd", "c3ZjOmFiY2Q="},
                {"svc", "abcde", "c3ZjOmFiY2Rl"},
                {"svc", "abcdef", "c3ZjOmFiY2RlZg=="},
                {"svc", "abcdef", "c3ZjOmFiY2RlZg"}, /* by who takes the padding for a mark */
                {"", "abcd", "OmFiY2Q="},
                {"svc", "\xc3\xa9\xc3\xa9", "c3ZjOsOpw6k="},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Redact redact = {0};
                char text[64], expected[64];
                assert_int_equal(redact_add(&redact, cases[i].username, cases[i].secret), 0);
                (void)snprintf(text, sizeof(text), "<%s>", cases[i].sent);
                int shown = (int)strcspn(cases[i].sent, "=");
                (void)snprintf(expected, sizeof(expected), "<%.*s%s>", shown,
                               "********************", cases[i].sent + shown);
                redact_text(&redact, text);
                assert_string_equal(text, expected);
                redact_done(&redact);
        }
}

/* The asterisks that are written are no new occurrence. */
static void a_secret_of_asterisks_is_redacted_once(void **state)
{
        (void)state;
        Redact redact = {0};
        char text[] = "you sent ********, and ************";
        assert_int_equal(redact_add(&redact, NULL, "********"), 0);
        redact_text(&redact, text);
        assert_string_equal(text, "you sent ********, and ************");
        redact_done(&redact);
}

static void what_is_no_secret_stays(void **state)
{
        (void)state;
        static const struct {
                const char *username, *secret;
        } cases[] = {{NULL, NULL}, {NULL, ""}, {"svc", "abc"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Redact redact = {0};
                char text[] = "abc and svc:abc and c3ZjOmFiYw==";
                assert_int_equal(redact_add(&redact, cases[i].username, cases[i].secret), 0);
                redact_text(&redact, text);
                redact_text(&redact, NULL);
                assert_string_equal(text, "abc and svc:abc and c3ZjOmFiYw==");
                redact_done(&redact);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_status_has_its_scope),
                cmocka_unit_test(the_catalogs_words_are_carried_as_far_as_they_go),
                cmocka_unit_test(long_words_leave_room_for_the_code),
                cmocka_unit_test(an_error_body_beyond_the_cap_is_not_kept),
                cmocka_unit_test(what_is_not_json_is_refused_by_its_type),
                cmocka_unit_test(an_answer_that_did_not_arrive_whole_has_no_say),
                cmocka_unit_test(echoed_credentials_are_redacted),
                cmocka_unit_test(an_echo_is_redacted_however_json_spells_it),
                cmocka_unit_test(an_echo_in_the_words_of_the_transfer_is_redacted),
                cmocka_unit_test(a_redirect_is_shown_without_its_query),
                cmocka_unit_test(a_sign_in_page_is_the_matter_of_the_whole_catalog),
                cmocka_unit_test(an_answer_in_other_words_than_the_catalogs_is_foreign),
                cmocka_unit_test(a_refusal_names_what_this_method_uses),
                cmocka_unit_test(an_error_body_that_grows_beyond_the_cap_is_not_kept),
                cmocka_unit_test(an_escaped_echo_is_redacted_in_any_text),
                cmocka_unit_test(a_space_is_redacted_as_forms_have_it),
                cmocka_unit_test(every_length_is_redacted_as_basic_sends_it),
                cmocka_unit_test(a_secret_of_asterisks_is_redacted_once),
                cmocka_unit_test(what_is_no_secret_stays),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
