/*
 * auth: who we are to the catalog.
 *
 * Owns the secret, from its loader until it is wiped; the value of the Authorization header that is
 * made of it; what an answer 401 means for both; and what of them must not be shown. How the header
 * comes from the secret is a method, a small table of functions. A method may need time (a token
 * that is acquired from an endpoint): one acquisition at a time, and requests wait for it.
 *
 * Each value of the header has a generation, a number that rises. A request keeps the one that it
 * was sent with; what is heard of another than that in force changes nothing: a late answer to the
 * secret of before neither refuses the one of now nor ends its refusal.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include "catalog/doubt.h"
#include "catalog/redact.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Auth Auth;
typedef struct AuthMethod AuthMethod;

/* Reads the secret. Filled Fault and negative errno when it cannot. */
typedef int (*AuthSecretLoader)(void *userdata, Text *ret, Fault *ret_fault);

/* Strings are borrowed until the Auth is freed. */
typedef struct AuthOptions {
        const AuthMethod *method; /* NULL: none, no header is sent; the rest does not matter */
        void *method_userdata;
        const char *username; /* for basic, without ":" (RFC 7617, section 2) */
        AuthSecretLoader load_secret;
        void *load_secret_userdata;
        const Redact *redact_also; /* other secrets that must not be shown; outlives it; or NULL */
} AuthOptions;

/* `ready`: what auth_prepare began has ended, well or not; who waits calls it again. It is called
 * from the loop or from auth_reload and auth_on_401, and may arm things, no more. -EINVAL: a
 * username that cannot be sent; -ENOMEM. */
int auth_new(const AuthOptions *options, void (*ready)(void *userdata), void *userdata, Auth **ret);
Auth *auth_free(Auth *a); /* cancels what is being acquired; NULL is fine; returns NULL */
DEFINE_CLEANUP(Auth, auth, auth_free)

/* Reads the secret anew. 1: it is another one than before, and is used from now on; 0: it is the
 * same. Negative errno and a filled Fault when it cannot be read, or could not be sent (a token
 * with a space): the one before stays. */
int auth_reload(Auth *a, Fault *ret_fault);

/* The same without a Fault: whether another one is used from now on. */
bool auth_reread(Auth *a);

/* Before each request. 1: auth_header may be sent now. 0: it is being acquired, `ready` will be
 * called. Negative errno and a filled Fault: it could not be acquired; that is the answer for a
 * while, without another attempt. The first call reads the secret. */
int auth_prepare(Auth *a, Fault *ret_fault);

/* The value of the Authorization header; NULL: none is sent. Borrowed, until the next call. */
const char *auth_header(const Auth *a);
uint64_t auth_generation(const Auth *a);
uint64_t auth_secret_number(const Auth *a); /* rises with every other secret */

/* A request that was sent with that generation was answered 401. `c` as doubt.h has it, but for
 * other_secret: that is true when another header is in force by now, or, because the secret is
 * another one on disk or the method can renew its header, will be when auth_prepare says 1. */
DoubtStep auth_on_401(Auth *a, uint64_t generation, const DoubtCase *c);

/* Any other answer. False: it is none to the header in force, and is ignored. */
bool auth_on_answer(Auth *a, uint64_t generation);

Doubt *auth_doubt(Auth *a); /* of the header in force */

/* Whether there is a header that was acquired, and for how long still; UINT64_MAX: not known. */
bool auth_is_acquired(const Auth *a, uint64_t *ret_left_usec);

/* Of all secrets and headers, those of before as well; a method adds other spellings of them. */
Redact *auth_redact(Auth *a);
/* "; check …": the settings that a refusal is about; and why the secret could not be read again, if
 * the last attempt failed: then the one that is refused is not the one on disk. */
const char *auth_advice(const Auth *a);

/* ---- methods -------------------------------------------------------------------------------- */

struct AuthMethod {
        const char *secret_key; /* the setting that names the secret's file */
        const char *advice;
        /* Whether the secret can be sent; negative errno and a Fault that does not quote it. NULL:
         * every one can. */
        int (*check)(const char *secret, Fault *ret_fault);
        /* Makes the header from the secret, and calls auth_acquired at once or, from the loop,
         * auth_acquired or auth_failed. Negative errno: neither will be called. */
        int (*acquire)(Auth *a, const char *username, const char *secret, void *userdata);
        /* NULL: acquire completes at once. Else a header can be renewed: a 401 drops it, once until
         * one is accepted again. */
        void (*cancel)(void *userdata);
};

extern const AuthMethod auth_basic, auth_bearer; /* and auth_oauth2, see oauth2.h */

/* Whether a token may be sent as bearer: not empty, no space and no control character, which would
 * tear the header. */
bool auth_token_is_valid(const char *token);

/* The header "scheme value" is in force from now on. By CLOCK_BOOTTIME: from renew_usec on another
 * is acquired before the next request, from expires_usec on this one is not sent any more;
 * UINT64_MAX: never. -ENOMEM: it is not; an acquisition that completes later ends by auth_failed.
 */
int auth_acquired(Auth *a, const char *scheme, const char *value, uint64_t renew_usec,
                  uint64_t expires_usec);

/* What an acquisition failed for may be over: the next one need not wait. */
void auth_forget_failure(Auth *a);

/* Requests fail with `fault` until the next attempt, which is not made before delay_usec. */
void auth_failed(Auth *a, const Fault *fault, uint64_t delay_usec);
