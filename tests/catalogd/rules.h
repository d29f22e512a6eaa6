/*
 * rules: the script of faults: which requests go wrong, and how.
 *
 * A rule matches requests by kind, edge, id and offset. Of the requests that match, the first
 * `skip` pass, then `count` are struck (0: all from then on), only every `every`-th of them if that
 * is set. Rules are tried in the order in which they were added; the first that strikes decides the
 * whole answer. README.md has the grammar.
 */
#pragma once

#include "base/uuid.h"
#include "catalogd/fields.h"
#include "catalogd/settings.h"
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum RequestKind {
        KIND_ANY,
        KIND_REFRESH,
        KIND_LIST,
        KIND_ONE,
        KIND_JOB,
        KIND_JOBS,
        KIND_TOKEN,
        KIND_CONNECTIONS,
        KIND_CONNECTION,
        KIND_SITES,
        KIND_OTHER
} RequestKind;
typedef enum Framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE } Framing;

#define RULE_UNSET INT64_MIN

/* What happens to a request that is struck. RULE_UNSET, NULL, false or -1: nothing of that kind. */
typedef struct Effect {
        /* delivery */
        int64_t delay_ms;
        bool close;
        int64_t cut_at; /* bytes of the body that are sent; negative: all but that many */
        int framing;
        int64_t dribble_ms;
        int64_t dribble_bytes;
        int64_t large_bytes;
        int64_t header_bytes;
        /* the answer */
        int64_t status;
        char *error_code, *title_message, *user_message, *help_message;
        cJSON *retry_after; /* number: seconds; text: as it is */
        int64_t retry_after_date_s;
        int64_t date_s;
        int64_t age_s;
        char *body, *body_hex;
        bool empty_body;
        bool html;
        char *content_type;
        char *redirect;
        /* lists */
        int64_t page_cap;
        int order;
        bool ignore_offset, ignore_limit;
        cJSON *before, *after; /* row operations */
        int bad_row;
        int64_t bad_row_index;
        char *raw_row;
        /* refresh: the answer, and the job that it starts */
        bool no_location;
        char *location;
        bool no_job;
        char *end_state, *result, *message;
        bool never_ends, stays_waiting;
        int64_t hidden_polls, vanish_after;
        int64_t job_wait_ms, job_run_ms;
} Effect;

typedef struct Rule Rule;
struct Rule {
        unsigned n_refs;
        char *name;
        int kind;
        char *edge; /* identifier or name */
        char *id;   /* of a job or a row */
        int64_t offset_min, offset_max;
        int64_t skip, count, every;
        Effect effect;
        int64_t n_seen, n_struck;
};

typedef struct Rules {
        Rule **rules;
        size_t n_rules;
} Rules;

typedef struct RuleSubject {
        RequestKind kind;
        const Uuid *edge; /* NULL: not known */
        const char *edge_name;
        const Uuid *id; /* NULL: none */
        int64_t offset;
} RuleSubject;

void rules_done(Rules *rules);
/* one rule, or an array of them */
int rules_append(Rules *rules, const cJSON *rule, Fault *ret_fault);

/* The rule that strikes this request, with a reference for the caller; NULL: none. Counts. */
Rule *rules_strike(Rules *rules, const RuleSubject *subject);
cJSON *rules_describe(const Rules *rules); /* name, kind, seen, struck of each */

Rule *rule_unref(Rule *rule); /* NULL is fine; returns NULL */

extern const Effect effect_none;
extern const char *const request_kind_names[];
