/*
 * auth: basic, bearer, and tokens for a client (RFC 6749, section 4.4).
 */
#include "catalogd/auth.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASIC  "basic:"
#define BEARER "bearer:"
#define OAUTH2 "oauth2:"
#define TOKEN  "Bearer catalogd-token-"

static void cleanup_mhd(char **p)
{
        if (*p)
                MHD_free(*p);
}

bool auth_valid(const char *auth)
{
        if (!auth || text_equal(auth, "none"))
                return true;
        if (text_starts_with(auth, BASIC))
                return strchr(auth + strlen(BASIC), ':') != NULL;
        if (text_starts_with(auth, OAUTH2))
                return strchr(auth + strlen(OAUTH2), ':') != NULL;
        return text_starts_with(auth, BEARER) && auth[strlen(BEARER)];
}

static bool basic_equals(const char *auth, struct MHD_Connection *connection)
{
        _cleanup_(cleanup_mhd) char *password = NULL;
        _cleanup_(cleanup_mhd) char *user =
                MHD_basic_auth_get_username_password(connection, &password);
        const char *wanted = auth + strlen(BASIC), *colon = strchr(wanted, ':');
        size_t size = (size_t)(colon - wanted);

        return user && password && strlen(user) == size && strncmp(user, wanted, size) == 0 &&
               strcmp(password, colon + 1) == 0;
}

static bool bearer_equals(const char *auth, struct MHD_Connection *connection)
{
        const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_AUTHORIZATION);

        return header && text_starts_with(header, "Bearer ") &&
               strcmp(header + strlen("Bearer "), auth + strlen(BEARER)) == 0;
}

/* Of this series, and not expired. */
static bool token_is_good(const Site *site, struct MHD_Connection *connection)
{
        const Settings *settings = &site->settings;
        const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_AUTHORIZATION);
        int64_t number;

        if (!header || !text_starts_with(header, TOKEN) ||
            text_parse_int64(header + strlen(TOKEN), 1, (int64_t)site->n_tokens, &number) < 0 ||
            (uint64_t)number + CATALOGD_TOKENS <= site->n_tokens ||
            site->tokens[number % CATALOGD_TOKENS].series != settings->token_series)
                return false;
        uint64_t life = settings->token_real_ms > 0
                                ? (uint64_t)settings->token_real_ms * USEC_PER_MSEC
                                : (uint64_t)settings->token_lifetime_s * USEC_PER_SEC;
        return life == 0 ||
               clock_monotonic_usec() < site->tokens[number % CATALOGD_TOKENS].issued_usec + life;
}

bool auth_check(const Site *site, struct MHD_Connection *connection, Answer *answer)
{
        const char *auth = site->settings.auth;

        if (!auth || text_equal(auth, "none"))
                return true;
        if (text_starts_with(auth, BASIC)    ? basic_equals(auth, connection)
            : text_starts_with(auth, OAUTH2) ? token_is_good(site, connection)
                                             : bearer_equals(auth, connection))
                return true;
        if (site->previous_auth && text_starts_with(site->previous_auth, BEARER) &&
            bearer_equals(site->previous_auth, connection))
                (void)answer_set_problem(answer, MHD_HTTP_UNAUTHORIZED, "expiredToken",
                                         "The token has expired.");
        else
                (void)answer_set_problem(answer, MHD_HTTP_UNAUTHORIZED, NULL,
                                         "The credentials are not valid.");
        return false;
}

/* ---- tokens --------------------------------------------------------------------------------- */

/* Of application/x-www-form-urlencoded. */
static bool decoded_equals(const char *text, size_t size, const char *wanted, size_t wanted_size)
{
        char plain[1024];
        size_t n = 0;

        for (size_t i = 0; i < size && n < sizeof(plain); i++) {
                unsigned value;
                if (text[i] == '%' && i + 2 < size && sscanf(text + i + 1, "%2x", &value) == 1) {
                        plain[n++] = (char)value;
                        i += 2;
                } else {
                        plain[n++] = text[i] == '+' ? ' ' : text[i];
                }
        }
        return n == wanted_size && memcmp(plain, wanted, n) == 0;
}

static bool form_has(const Text *form, const char *name, const char *wanted, size_t wanted_size)
{
        for (const char *at = form->data; at && *at;) {
                size_t size = strcspn(at, "&"), key = strlen(name);
                if (size > key && strncmp(at, name, key) == 0 && at[key] == '=' &&
                    decoded_equals(at + key + 1, size - key - 1, wanted, wanted_size))
                        return true;
                at += size + (at[size] == '&');
        }
        return false;
}

static bool client_is_good(const Site *site, struct MHD_Connection *connection, const Text *form)
{
        _cleanup_(cleanup_mhd) char *password = NULL;
        _cleanup_(cleanup_mhd) char *user =
                MHD_basic_auth_get_username_password(connection, &password);
        const char *id = site->settings.auth + strlen(OAUTH2), *secret = strrchr(id, ':') + 1;
        size_t id_size = (size_t)(secret - 1 - id);
        bool basic = user && password && decoded_equals(user, strlen(user), id, id_size) &&
                     decoded_equals(password, strlen(password), secret, strlen(secret));
        bool body = !user && form_has(form, "client_id", id, id_size) &&
                    form_has(form, "client_secret", secret, strlen(secret));

        return (basic && site->settings.token_client != TOKEN_CLIENT_BODY) ||
               (body && site->settings.token_client != TOKEN_CLIENT_BASIC);
}

static int answer_error(Answer *answer, unsigned status, const char *error)
{
        cJSON *body = cJSON_CreateObject();

        cJSON_AddStringToObject(body, "error", error);
        cJSON_AddStringToObject(body, "error_description", "so says the sample catalog");
        return answer_set_json(answer, status, body);
}

int auth_answer_token(Site *site, struct MHD_Connection *connection, const Text *form,
                      Answer *answer)
{
        const Settings *settings = &site->settings;
        char token[64];

        if (!settings->auth || !text_starts_with(settings->auth, OAUTH2))
                return answer_set_problem(answer, MHD_HTTP_NOT_FOUND, NULL, "There are no tokens.");
        if (!client_is_good(site, connection, form))
                return answer_error(answer, MHD_HTTP_UNAUTHORIZED, "invalid_client");
        if (!form_has(form, "grant_type", "client_credentials", strlen("client_credentials")))
                return answer_error(answer, MHD_HTTP_BAD_REQUEST, "unsupported_grant_type");
        site->n_tokens++;
        site->tokens[site->n_tokens % CATALOGD_TOKENS].issued_usec = clock_monotonic_usec();
        site->tokens[site->n_tokens % CATALOGD_TOKENS].series = settings->token_series;
        (void)snprintf(token, sizeof(token), "%s%llu", &TOKEN[strlen("Bearer ")],
                       (unsigned long long)site->n_tokens);
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "access_token", token);
        cJSON_AddStringToObject(
                body, "token_type",
                settings->token_type && settings->token_type[0] ? settings->token_type : "Bearer");
        if (settings->token_lifetime_s > 0)
                cJSON_AddNumberToObject(body, "expires_in", (double)settings->token_lifetime_s);
        return answer_set_json(answer, MHD_HTTP_OK, body);
}
