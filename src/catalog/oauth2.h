/*
 * oauth2: a method of auth.h that exchanges a client's secret for a token (RFC 6749, section 4.4).
 *
 * The client is sent by basic authentication, both parts form-urlencoded, as section 2.3.1 has it;
 * a server that refuses that is asked again with both in the body, and from then on so. When both
 * are refused, the secret is read again, and asked with once more if it is another one. Secret and
 * client go to the token's URL alone.
 */
#pragma once

#include "catalog/auth.h"
#include "http/http.h"

/* Below the url of the catalog. */
#define OAUTH2_TOKEN_PATH "/rest/oauth/v2/token"

typedef struct OAuth2 OAuth2;

typedef struct OAuth2Options {
        const char *token_url;         /* https, or http to loopback: the caller has checked it */
        const char *scope;             /* NULL: none is asked for */
        uint64_t request_timeout_usec; /* of a request that the token must outlive */
} OAuth2Options;

/* Borrows http and the scope. */
int oauth2_new(HttpClient *http, const OAuth2Options *options, OAuth2 **ret);
OAuth2 *oauth2_free(OAuth2 *o); /* after the Auth that uses it; NULL is fine; returns NULL */
DEFINE_CLEANUP(OAuth2, oauth2, oauth2_free)

/* AuthOptions: method_userdata is an OAuth2, username the client's id. */
extern const AuthMethod auth_oauth2;

/* The answer 200 (RFC 6749, section 5.1): appends the token, which may be sent as bearer; the
 * caller wipes it. Its lifetime is from when it was asked for; UINT64_MAX: not known. `error` has
 * what is wrong with the answer, without quoting it. A type other than Bearer, which would have to
 * be sent in another way, is refused. -EBADMSG; -ENOMEM. */
int oauth2_parse_token(const char *body, size_t size, Text *ret, uint64_t *ret_lifetime_usec,
                       const char **ret_error);

/* Until when a token is used, from when it was asked for: as long as a request takes that is begun
 * at the last moment, and a tenth of its lifetime, before it ends; at least half of its lifetime.
 */
uint64_t oauth2_renew_after(uint64_t lifetime_usec, uint64_t request_timeout_usec);
