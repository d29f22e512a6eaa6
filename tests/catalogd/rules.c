/*
 * rules: parsed by table, counted here, carried out where each answer is made (api.c, page.c,
 * jobs.c, answer.c).
 *
 * Rules are counted by references, because an answer that is being delayed or dribbled still needs
 * its rule after the script was cleared.
 */
#include "catalogd/rules.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "catalogd/page.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const request_kind_names[] = {"any",        "refresh", "list",  "one",
                                          "job",        "jobs",    "token", "connections",
                                          "connection", "sites",   "other", NULL};
static const char *const framing_names[] = {"length", "chunked", "close", NULL};

const Effect effect_none = {
        .cut_at = RULE_UNSET,
        .retry_after_date_s = RULE_UNSET,
        .date_s = RULE_UNSET,
        .order = -1,
        .dribble_bytes = 1,
        .job_wait_ms = -1,
        .job_run_ms = -1,
        .bad_row = BAD_ROW_NONE,
};

#define MAX_BYTES (1LL << 40)
#define MAX_TIMES (1LL << 53)

static const Field rule_fields[] = {
        FIELD_TEXT(Rule, name, "a label for the log"),
        FIELD_ONE_OF(Rule, kind, request_kind_names,
                     "any, refresh, list, one, job, jobs, token, connections, connection, sites or "
                     "other"),
        FIELD_TEXT(Rule, edge, "identifier or name of an edge"),
        FIELD_TEXT(Rule, id, "identifier of a job or row"),
        FIELD_NUMBER(Rule, offset_min, 0, INT32_MAX, 0, "lists from this offset"),
        FIELD_NUMBER(Rule, offset_max, 0, INT32_MAX, INT32_MAX, "lists up to this offset"),
        FIELD_NUMBER(Rule, skip, 0, MAX_TIMES, 0, "matching requests that pass first"),
        FIELD_NUMBER(Rule, count, 0, MAX_TIMES, 0, "requests that are struck then; 0: all"),
        FIELD_NUMBER(Rule, every, 1, MAX_TIMES, 1, "only every n-th of them"),
#define EFFECT_FIELD(m) .name = #m, .offset = offsetof(Rule, effect.m)
#define EFFECT_BOOL(m, h)                                                                          \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_BOOL, .help = h                                     \
        }
#define EFFECT_TEXT(m, h)                                                                          \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_STRING, .help = h                                   \
        }
#define EFFECT_JSON(m, h)                                                                          \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_JSON, .help = h                                     \
        }
#define EFFECT_NUMBER(m, lo, hi, i, h)                                                             \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_INTEGER, .min = lo, .max = hi, .initial = i,        \
                                 .help = h                                                         \
        }
#define EFFECT_MSEC(m, i, h)                                                                       \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_MSEC, .max = 1000LL * 86400, .initial = i,          \
                                 .help = h                                                         \
        }
#define EFFECT_CHOICE(m, c, i, h)                                                                  \
        {                                                                                          \
                EFFECT_FIELD(m), .type = FIELD_CHOICE, .choices = c, .initial = i, .help = h       \
        }
        EFFECT_MSEC(delay_ms, 0, "time before the answer"),
        EFFECT_BOOL(close, "the connection is closed without an answer"),
        EFFECT_NUMBER(cut_at, -MAX_BYTES, MAX_BYTES, RULE_UNSET,
                      "bytes of the body that arrive; negative: from the end"),
        EFFECT_CHOICE(framing, framing_names, FRAMING_LENGTH, "length, chunked or close"),
        EFFECT_MSEC(dribble_ms, 0, "pause before each piece of the body"),
        EFFECT_NUMBER(dribble_bytes, 1, MAX_BYTES, 1, "size of a piece"),
        EFFECT_NUMBER(large_bytes, 0, MAX_BYTES, 0, "white space appended to the body"),
        EFFECT_NUMBER(header_bytes, 0, 200000, 0, "size of an extra header"),
        EFFECT_NUMBER(status, 200, 599, 0, "HTTP status instead of the answer"),
        EFFECT_TEXT(error_code, "errorCode of the error body"),
        EFFECT_TEXT(title_message, "titleMessage of the error body"),
        EFFECT_TEXT(user_message, "userMessage of the error body"),
        EFFECT_TEXT(help_message, "helpMessage of the error body"),
        EFFECT_JSON(retry_after, "Retry-After: seconds, or text as it is"),
        EFFECT_NUMBER(date_s, -86400 * 365, 86400 * 365, RULE_UNSET,
                      "Date so many seconds from now"),
        EFFECT_NUMBER(age_s, 0, 86400 * 365, 0, "Age, as of a cache in between"),
        EFFECT_NUMBER(retry_after_date_s, -86400 * 365, 86400 * 365, RULE_UNSET,
                      "Retry-After as a date in so many seconds"),
        EFFECT_TEXT(body, "text instead of the body"),
        EFFECT_TEXT(body_hex, "bytes instead of the body, in hexadecimal"),
        EFFECT_BOOL(empty_body, "no body"),
        EFFECT_BOOL(html, "a login page instead of the body"),
        EFFECT_TEXT(content_type, "another Content-Type; empty: none"),
        EFFECT_TEXT(redirect, "Location of a redirect; status 302 unless status says otherwise"),
        EFFECT_NUMBER(page_cap, 0, 500, 0, "rows of this page at most"),
        EFFECT_CHOICE(order, order_names, -1, "insertion, reverse or shuffle"),
        EFFECT_BOOL(ignore_offset, "always the first page"),
        EFFECT_BOOL(ignore_limit, "all rows, whatever the limit"),
        EFFECT_JSON(before, "row operations before the answer is made"),
        EFFECT_JSON(after, "row operations after the answer was made"),
        EFFECT_CHOICE(bad_row, page_bad_row_names, BAD_ROW_NONE,
                      "what is wrong with one row of the page"),
        EFFECT_NUMBER(bad_row_index, 0, INT32_MAX, 0, "which row of the page is bad"),
        EFFECT_TEXT(raw_row, "text instead of the bad row"),
        EFFECT_BOOL(no_location, "202 without Location"),
        EFFECT_TEXT(location, "Location as it is"),
        EFFECT_BOOL(no_job, "no job is started"),
        EFFECT_TEXT(end_state, "state in which the job ends"),
        EFFECT_TEXT(result, "result of the job"),
        EFFECT_TEXT(message, "message of the job"),
        EFFECT_BOOL(never_ends, "the job stays RUNNING"),
        EFFECT_BOOL(stays_waiting, "the job stays WAITING"),
        EFFECT_NUMBER(hidden_polls, 0, MAX_TIMES, 0, "the first polls answer 404"),
        EFFECT_NUMBER(vanish_after, 0, MAX_TIMES, 0, "404 for ever after so many polls; 0: never"),
        EFFECT_MSEC(job_wait_ms, -1, "time in WAITING"),
        EFFECT_MSEC(job_run_ms, -1, "time in RUNNING"),
};

static Rule *rule_free(Rule *rule)
{
        if (rule)
                fields_done(rule_fields, ARRAY_SIZE(rule_fields), rule);
        free(rule);
        return NULL;
}
DEFINE_CLEANUP(Rule, rule, rule_free)

Rule *rule_unref(Rule *rule)
{
        if (rule && --rule->n_refs == 0)
                rule_free(rule);
        return NULL;
}

void rules_done(Rules *rules)
{
        for (size_t i = 0; i < rules->n_rules; i++)
                rule_unref(rules->rules[i]);
        free(rules->rules);
        *rules = (Rules){0};
}

static int append_one(Rules *rules, const cJSON *object, Fault *ret_fault)
{
        _cleanup_(cleanup_rule) Rule *rule = calloc(1, sizeof(*rule));
        Rule **grown = reallocarray(rules->rules, rules->n_rules + 1, sizeof(Rule *));
        int r;

        if (grown)
                rules->rules = grown;
        if (!rule || !grown)
                return fault_set(ret_fault, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY,
                                 "no memory for a rule");
        fields_init(rule_fields, ARRAY_SIZE(rule_fields), rule);
        r = fields_set_json(rule_fields, ARRAY_SIZE(rule_fields), rule, object, ret_fault);
        if (r < 0)
                return r;
        rule->n_refs = 1;
        rules->rules[rules->n_rules++] = TAKE(rule);
        return 0;
}

int rules_append(Rules *rules, const cJSON *rule, Fault *ret_fault)
{
        const cJSON *each;
        int n = 0;

        if (!cJSON_IsArray(rule))
                return append_one(rules, rule, ret_fault);
        cJSON_ArrayForEach(each, rule)
        {
                int r = append_one(rules, each, ret_fault);

                if (r < 0) {
                        fault_prefix(ret_fault, "rule %d: ", n);
                        return r;
                }
                n++;
        }
        return 0;
}

static bool names_uuid(const char *text, const Uuid *id)
{
        Uuid parsed;

        return id && uuid_parse(text, &parsed) == 0 && uuid_equal(&parsed, id);
}

static bool rule_matches(const Rule *rule, const RuleSubject *subject)
{
        if (rule->kind != KIND_ANY && rule->kind != (int)subject->kind)
                return false;
        if (rule->edge && !names_uuid(rule->edge, subject->edge) &&
            !text_equal(rule->edge, subject->edge_name))
                return false;
        if (rule->id && !names_uuid(rule->id, subject->id))
                return false;
        return subject->offset >= rule->offset_min && subject->offset <= rule->offset_max;
}

/* Counts a matching request; true when it is struck. */
static bool rule_counts(Rule *rule)
{
        int64_t turn = rule->n_seen++ - rule->skip;

        if (turn < 0 || turn % rule->every != 0)
                return false;
        return rule->count == 0 || rule->n_struck < rule->count;
}

Rule *rules_strike(Rules *rules, const RuleSubject *subject)
{
        Rule *found = NULL;

        for (size_t i = 0; i < rules->n_rules; i++) {
                Rule *rule = rules->rules[i];

                if (rule_matches(rule, subject) && rule_counts(rule) && !found)
                        found = rule;
        }
        if (found) {
                found->n_struck++;
                found->n_refs++;
        }
        return found;
}

cJSON *rules_describe(const Rules *rules)
{
        cJSON *list = cJSON_CreateArray();

        for (size_t i = 0; list && i < rules->n_rules; i++) {
                const Rule *rule = rules->rules[i];
                cJSON *object = cJSON_CreateObject();

                if (rule->name)
                        cJSON_AddStringToObject(object, "name", rule->name);
                cJSON_AddStringToObject(object, "kind", request_kind_names[rule->kind]);
                cJSON_AddNumberToObject(object, "seen", (double)rule->n_seen);
                cJSON_AddNumberToObject(object, "struck", (double)rule->n_struck);
                cJSON_AddItemToArray(list, object);
        }
        return list;
}
