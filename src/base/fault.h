/*
 * fault: what went wrong, in the form in which it travels.
 *
 * A function that can fail for reasons that must be reported takes a Fault and fills it before
 * it returns a negative errno. A Fault owns nothing: it is copied by assignment. The scope decides
 * the reaction, see docs/failures.md.
 */
#pragma once

#include "base/cleanup.h"
#include "base/fault_code.h"
#include "base/limits.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum FaultScope {
        FAULT_NONE = 0, /* nothing went wrong */
        FAULT_REQUEST,  /* this request; the same one may succeed later */
        FAULT_RUN,      /* this run of this edge; others are not concerned */
        FAULT_PEER,     /* the catalog or PostgreSQL as a whole */
        FAULT_PROCESS,  /* this process: configuration, memory */
} FaultScope;

typedef struct Fault {
        FaultScope scope;
        bool retryable; /* the same thing may be tried again, after a wait */
        /* the peer said no to our credentials or privileges (exit status 77 rather than 69) */
        bool refused;
        int http_status; /* 0: none */
        /* the peer asks for this pause before the next request; 0: for none */
        uint64_t retry_after_usec;
        char sqlstate[6]; /* "": none */
        FaultCode code;
        FaultOrigin origin;
        /* for people: what, and what to do; UTF-8, one line, no control characters */
        char message[LIMIT_FAULT_MESSAGE_BYTES];
} Fault;

/* When a secret that was corrected is taken: for every message about one that is refused. */
#define SECRET_RENEWAL                                                                             \
        "a file that has changed is read by itself, credential:NAME when the service starts: "     \
        "systemctl restart edgemirror, or edgemirror@NAME"

/* Fills `f` (NULL: nowhere) and returns -error, so that a caller can `return fault_set(…)`. `error`
 * is a positive errno. Text beyond the buffer is cut at a character, with "…". Control characters
 * are replaced. Not retryable, not refused, and of the origin that the code has; set those fields
 * after. */
int fault_set(Fault *f, FaultScope scope, int error, FaultCode code, const char *format, ...)
        _printf_(5, 6);

/* For an allocation that failed; returns -ENOMEM. */
int fault_no_memory(Fault *f);

/* For what could not be begun, a sentence, with a negative errno; returns that. */
int fault_not_begun(Fault *f, int error, const char *what);

/* Puts words before the message that is there ("page 3: …"). */
void fault_prefix(Fault *f, const char *format, ...) _printf_(2, 3);
/* … behind it. */
void fault_suffix(Fault *f, const char *format, ...) _printf_(2, 3);

void fault_clear(Fault *f);

extern const Fault fault_none; /* for whoever is told that nothing went wrong */

/* The status that came with it (0: none did), and so whose it is: 502 to 504 are a gateway's. */
void fault_set_http_status(Fault *f, int status);

/* Of one request, and of the way to the catalog: nothing came, or a gateway's answer (502 to 504).
 * Whether the catalog as a whole is away, another request tells. */
bool fault_is_of_gateway(const Fault *f);

/* No way through the proxy of the configuration: nothing is known of the catalog. */
bool fault_is_of_proxy(const Fault *f);

/* What one statement misses (a privilege, a table, room on the disk), others do not come across;
 * and PostgreSQL, which answers, refuses this one, for that or for another reason. */
bool fault_is_of_statement(const Fault *f);
bool fault_is_refusal(const Fault *f);

/* The same as one of a statement alone: PostgreSQL as a whole can be used, and its credentials are
 * right. None stays none. */
Fault fault_of_statement(const Fault *f);

/* What a fault of PostgreSQL means for the service, to go before its message: it cannot be used; or
 * it can, and refuses what every sync needs, or the database is another catalog's. */
const char *fault_postgres_words(const Fault *f);

/* Whether an errno says that the system is short of something now, and nothing of what was asked
 * for: ENOMEM, EMFILE, ENFILE, EIO. */
bool error_is_shortage(int error);

/* "request", "run", "peer", "process", "none". */
const char *fault_scope_name(FaultScope scope);
