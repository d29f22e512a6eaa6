/*
 * What always holds: secret and header are in one piece of memory each, that is wiped; they leave
 * this file as what auth_header gives, as what a method is given, and in no message. While
 * `acquiring`, the method will call auth_acquired or auth_failed.
 */
#include "catalog/auth.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/duration.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How long at least a header is used, and a failed acquisition is not repeated: those who waited
 * for it all get the same result. */
#define USE_MIN_USEC   (100 * USEC_PER_MSEC)
#define RETRY_MIN_USEC (1 * USEC_PER_SEC)

struct Auth {
        AuthOptions options;
        void (*ready)(void *userdata);
        void *ready_userdata;

        Text secret;
        uint64_t secret_number;
        Text header; /* empty: there is none */
        uint64_t generation;
        uint64_t renew_usec, expires_usec;
        Redact redact;
        Doubt doubt;      /* of the header */
        bool renewed;     /* because of a 401, and none was accepted since */
        bool acquiring;   /* it was begun, and has not ended */
        bool beginning;   /* and its method has not returned yet */
        Fault fault;      /* of the last acquisition */
        char unread[800]; /* the advice while the secret cannot be read again; "": it can */
        uint64_t retry_usec;
};

int auth_new(const AuthOptions *options, void (*ready)(void *userdata), void *userdata, Auth **ret)
{
        if (options->method == &auth_basic &&
            (!options->username || strchr(options->username, ':')))
                return -EINVAL;
        _cleanup_(cleanup_auth) Auth *a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        a->options = *options;
        a->redact.also = options->redact_also;
        a->ready = ready;
        a->ready_userdata = userdata;
        *ret = TAKE(a);
        return 0;
}

static void auth_cancel(Auth *a)
{
        if (a->acquiring)
                a->options.method->cancel(a->options.method_userdata);
        a->acquiring = false;
}

Auth *auth_free(Auth *a)
{
        if (!a)
                return NULL;
        auth_cancel(a);
        text_wipe(&a->secret);
        text_wipe(&a->header);
        redact_done(&a->redact);
        free(a);
        return NULL;
}

/* Nothing that was heard of it counts for the next one. */
static void auth_drop_header(Auth *a)
{
        text_wipe(&a->header);
        a->generation++;
        a->doubt.refused = false;
        a->retry_usec = 0;
}

/* ---- the secret ----------------------------------------------------------------------------- */

int auth_reload(Auth *a, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text fresh = {0};
        if (!a->options.method)
                return 0;
        a->unread[0] = '\0';
        int r = a->options.load_secret(a->options.load_secret_userdata, &fresh, ret_fault);
        if (r >= 0 && a->options.method->check)
                r = a->options.method->check(fresh.data, ret_fault);
        if (r < 0)
                return r;
        if (a->secret.data && text_equal(a->secret.data, fresh.data))
                return 0;
        r = redact_add(&a->redact, a->options.username, fresh.data);
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_NO_MEMORY,
                                 "out of memory for the secret");
        text_wipe(&a->secret);
        a->secret = TAKE(fresh);
        a->secret_number++;
        bool waited_for = a->acquiring;
        auth_cancel(a);
        auth_drop_header(a);
        a->renewed = false;
        if (waited_for)
                a->ready(a->ready_userdata);
        return 1;
}

bool auth_reread(Auth *a)
{
        Fault fault;
        int r = auth_reload(a, &fault);
        if (r < 0) /* what cannot be used has not changed */
                (void)snprintf(a->unread, sizeof(a->unread),
                               "%s; the secret that is on disk now cannot be used and was not "
                               "sent: %.400s",
                               a->options.method->advice, fault.message);
        return r > 0;
}

/* ---- the header ----------------------------------------------------------------------------- */

static int auth_acquire(Auth *a, Fault *ret_fault)
{
        a->acquiring = a->beginning = true;
        int r = a->options.method->acquire(a, a->options.username, a->secret.data,
                                           a->options.method_userdata);
        a->beginning = false;
        if (r >= 0)
                return 0;
        a->acquiring = false;
        return fault_set(ret_fault, FAULT_PROCESS, -r,
                         r == -ENOMEM ? CODE_NO_MEMORY : CODE_NO_RESOURCES,
                         "the credentials cannot be prepared: %s", strerrordesc_np(-r));
}

int auth_prepare(Auth *a, Fault *ret_fault)
{
        int r = 0;
        if (!a->options.method)
                return 1;
        if (!a->secret.data)
                r = auth_reload(a, ret_fault);
        uint64_t now = clock_boottime_usec();
        if (r >= 0 && a->header.size > 0 && now < a->renew_usec)
                return 1;
        if (r >= 0 && !a->acquiring && now >= a->retry_usec)
                r = auth_acquire(a, ret_fault);
        if (r < 0 || a->acquiring)
                return r < 0 ? r : 0;
        if (a->header.size > 0 && now < a->expires_usec)
                return 1;
        *ret_fault = a->fault;
        if (a->fault.retryable && now < a->retry_usec) /* in whole seconds, to be shown */
                ret_fault->retry_after_usec =
                        (a->retry_usec - now + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC;
        return -EIO;
}

/* The acquisition has ended. */
static void auth_end(Auth *a)
{
        a->acquiring = false;
        if (!a->beginning)
                a->ready(a->ready_userdata);
}

int auth_acquired(Auth *a, const char *scheme, const char *value, uint64_t renew_usec,
                  uint64_t expires_usec)
{
        _cleanup_(text_wipe) Text header = {0};
        int r = text_printf(&header, "%s %s", scheme, value);
        if (r >= 0 && a->options.method->cancel) /* no part of the secret */
                r = redact_add(&a->redact, NULL, value);
        if (r >= 0)
                r = redact_add(&a->redact, a->options.username, a->secret.data);
        if (r < 0)
                return r;
        auth_drop_header(a);
        a->header = TAKE(header);
        uint64_t earliest = clock_boottime_usec() + USE_MIN_USEC;
        a->renew_usec = renew_usec > earliest ? renew_usec : earliest;
        a->expires_usec = expires_usec > earliest ? expires_usec : earliest;
        auth_end(a);
        return 0;
}

void auth_failed(Auth *a, const Fault *fault, uint64_t delay_usec)
{
        a->fault = *fault;
        a->retry_usec =
                clock_boottime_usec() + (delay_usec > RETRY_MIN_USEC ? delay_usec : RETRY_MIN_USEC);
        auth_end(a);
}

void auth_forget_failure(Auth *a)
{
        a->retry_usec = 0;
}

const char *auth_header(const Auth *a)
{
        return a->header.data;
}

uint64_t auth_generation(const Auth *a)
{
        return a->generation;
}

uint64_t auth_secret_number(const Auth *a)
{
        return a->secret_number;
}

bool auth_is_acquired(const Auth *a, uint64_t *ret_left_usec)
{
        uint64_t now = clock_boottime_usec();
        if (!a->options.method || !a->options.method->cancel || a->header.size == 0 ||
            now >= a->expires_usec)
                return false;
        *ret_left_usec = a->expires_usec == UINT64_MAX ? UINT64_MAX : a->expires_usec - now;
        return true;
}

Redact *auth_redact(Auth *a)
{
        return &a->redact;
}

const char *auth_advice(const Auth *a)
{
        return a->unread[0] ? a->unread : a->options.method ? a->options.method->advice : "";
}

/* ---- what is heard of it -------------------------------------------------------------------- */

/* Once, until another one is accepted: a catalog that refuses every token is not asked for more. */
static bool auth_renew(Auth *a)
{
        if (!a->options.method->cancel || a->renewed)
                return false;
        a->renewed = true;
        auth_drop_header(a);
        return true;
}

DoubtStep auth_on_401(Auth *a, uint64_t generation, const DoubtCase *c)
{
        DoubtCase known = *c;
        if (!a->options.method)
                return DOUBT_OVER;
        known.other_secret =
                generation != a->generation || auth_reread(a) || (!c->not_ours && auth_renew(a));
        DoubtStep step = doubt_on_401(&a->doubt, &known);
        if (a->doubt.refused && a->options.method->cancel)
                a->renew_usec = 0; /* whoever asks after a while does so with another one */
        return step;
}

bool auth_on_answer(Auth *a, uint64_t generation)
{
        if (generation != a->generation)
                return false;
        a->renewed = false;
        doubt_on_answer(&a->doubt);
        return true;
}

Doubt *auth_doubt(Auth *a)
{
        return &a->doubt;
}

/* ---- basic and bearer ----------------------------------------------------------------------- */

/* RFC 7617 */
static int basic_acquire(Auth *a, const char *username, const char *secret, void *userdata _unused_)
{
        _cleanup_(text_wipe) Text value = {0};
        int r = base64_credentials(username, secret, &value);
        return r < 0 ? r : auth_acquired(a, "Basic", value.data, UINT64_MAX, UINT64_MAX);
}

bool auth_token_is_valid(const char *token)
{
        for (const char *p = token; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f)
                        return false;
        return token[0] != '\0';
}

static int bearer_check(const char *secret, Fault *ret_fault)
{
        return auth_token_is_valid(secret)
                       ? 0
                       : fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                   "the token holds a space or a control character; write the "
                                   "token alone into the file, without \"Bearer\"");
}

/* RFC 6750, section 2.1 */
static int bearer_acquire(Auth *a, const char *username _unused_, const char *secret,
                          void *userdata _unused_)
{
        return auth_acquired(a, "Bearer", secret, UINT64_MAX, UINT64_MAX);
}

const AuthMethod auth_basic = {
        .secret_key = "password_file",
        .advice = "; check username and password_file; " SECRET_RENEWAL,
        .acquire = basic_acquire,
};

const AuthMethod auth_bearer = {
        .secret_key = "token_file",
        .advice = "; check token_file (has the token expired?); " SECRET_RENEWAL,
        .check = bearer_check,
        .acquire = bearer_acquire,
};
