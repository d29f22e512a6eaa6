/*
 * What always holds: a delay never reaches beyond the deadline in force, so that a deadline is
 * noticed when it passes and not a poll later.
 */
#include "sync/polling.h"
#include "base/duration.h"
#include "base/job_state.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* rounds of all addresses in a row without the job, until it counts as vanished */
enum { NOT_FOUND_MAX = 5 };

void polling_init(Polling *p, const PollingLimits *limits, bool has_location, bool has_below,
                  uint64_t now_usec)
{
        *p = (Polling){
                .limits = *limits,
                .address = has_location ? JOB_ADDRESS_LOCATION : JOB_ADDRESS_V1,
                .started_usec = now_usec,
                .delay_usec = limits->poll_min_usec,
                .progress = -1,
                .has_below = has_below,
                .peer_only = true,
        };
        p->first_address = p->address;
        retry_init(&p->retry, RETRY_ATTEMPTS);
}

uint64_t polling_first_delay(const Polling *p)
{
        return p->limits.poll_min_usec;
}

static uint64_t polling_deadline(const Polling *p)
{
        return p->running_usec ? p->running_usec + p->limits.job_timeout_usec
                               : p->started_usec + p->limits.wait_timeout_usec;
}

static PollingStep polling_timeout(const Polling *p, Fault *ret_fault)
{
        char limit[DURATION_STRING_SIZE];
        bool running = p->running_usec > 0;
        duration_format(running ? p->limits.job_timeout_usec : p->limits.wait_timeout_usec, limit);
        fault_set(ret_fault, FAULT_RUN, ETIMEDOUT,
                  running ? CODE_JOB_TIMEOUT : CODE_JOB_WAIT_TIMEOUT,
                  running ? "the refresh job was still %s after %s (job_timeout)"
                          : "the refresh job was still %s after %s (wait_timeout): is the Edge "
                            "site online?",
                  p->state[0] ? p->state : "not visible", limit);
        return POLLING_TIMEOUT;
}

/* What polling_answer was given, and what it gives. */
typedef struct Polled {
        const CatalogJobAnswer *answer;
        uint64_t now_usec, random;
        uint64_t *ret_delay_usec;
        Fault *ret_fault;
} Polled;

/* Grows by half each time, with a tenth of jitter, and starts over when the job moves. */
static PollingStep polling_wait(Polling *p, const Polled *a)
{
        uint64_t deadline = polling_deadline(p);
        if (a->now_usec >= deadline)
                return polling_timeout(p, a->ret_fault);
        uint64_t left = deadline - a->now_usec;
        uint64_t delay =
                p->delay_usec + (p->delay_usec >= 10 ? a->random % (p->delay_usec / 10) : 0);
        p->delay_usec += p->delay_usec / 2;
        if (p->delay_usec > p->limits.poll_max_usec)
                p->delay_usec = p->limits.poll_max_usec;
        *a->ret_delay_usec = delay < left ? delay : left;
        return POLLING_WAIT;
}

static void polling_seen(Polling *p, const JobStatus *job, uint64_t now_usec)
{
        if (job->progress > p->progress || strcmp(p->state, job->state) != 0)
                p->delay_usec = p->limits.poll_min_usec;
        p->progress = job->progress;
        (void)snprintf(p->state, sizeof(p->state), "%s", job->state);
        if (!p->running_usec && !job_is_waiting(job))
                p->running_usec = now_usec;
        p->not_found = 0;
        p->peer_only = true;
        retry_reset(&p->retry);
}

static PollingStep polling_ended(const CatalogJob *job, Fault *ret_fault)
{
        if (job_is_clean(&job->status))
                return POLLING_CLEAN;
        char message[512];
        text_show(job->message, message);
        fault_set(ret_fault, FAULT_RUN, EIO, CODE_JOB_FAILED, "the refresh job ended as %s%s%s%s%s",
                  job->status.state, job->status.result[0] ? ", result " : "", job->status.result,
                  message[0] ? ": " : "", message);
        return POLLING_BAD;
}

/* What answers here is not the job, which may be at another address. Not so: what passes (a busy
 * catalog, a lost connection), and what holds for every address (no connection, credentials that
 * the catalog itself refuses). */
static bool polling_not_here(const CatalogAnswer *a)
{
        const Fault *fault = &a->fault;
        if (fault->scope == FAULT_NONE || a->status == 0)
                return false;
        if (fault->refused)
                return a->foreign;
        return a->status == 200 || !fault->retryable;
}

static bool polling_next_address(Polling *p)
{
        if (p->address == JOB_ADDRESS_EDGE)
                return false;
        p->address++;
        if (p->address == JOB_ADDRESS_LOCATION_BELOW && !p->has_below)
                p->address++;
        return true;
}

static PollingStep polling_try_address(Polling *p, const Polled *a)
{
        const Fault *fault = &a->answer->answer.fault;
        if (p->address == p->first_address)
                p->fault = *fault;
        p->peer_only = p->peer_only && fault->scope == FAULT_PEER;
        if (polling_next_address(p))
                return POLLING_OTHER_ADDRESS;
        /* Where nothing but sign-in pages or refusals answer, the list will meet them, too. */
        bool over = p->peer_only || ++p->not_found >= NOT_FOUND_MAX;
        p->address = p->first_address;
        p->peer_only = true;
        if (!over)
                return polling_wait(p, a);
        *a->ret_fault = p->fault;
        a->ret_fault->scope = FAULT_RUN;
        a->ret_fault->refused = false;
        fault_prefix(a->ret_fault, p->fault.http_status == 404
                                           ? "the catalog does not know the refresh job: "
                                           : "how the refresh job ended is not known: ");
        return POLLING_VANISHED;
}

/* A fault while asking: transient ones are retried, those of the catalog as a whole end the run,
 * others make the job's end unknown. */
static PollingStep polling_fault(Polling *p, const Polled *a)
{
        const Fault *fault = &a->answer->answer.fault;
        uint64_t requested = a->answer->answer.retry_after_usec;
        uint64_t deadline = polling_deadline(p);
        /* whether attempts are left or not: the last one may be made right then */
        if (fault->retryable && a->now_usec >= deadline)
                return polling_timeout(p, a->ret_fault);
        if (!retry_again(&p->retry, fault, requested, a->random, a->ret_delay_usec)) {
                *a->ret_fault = *fault;
                return fault->retryable || fault->scope == FAULT_PEER ? POLLING_FAILED
                                                                      : POLLING_VANISHED;
        }
        /* Rather late than before the catalog wants to be asked. */
        uint64_t left = deadline - a->now_usec;
        if (*a->ret_delay_usec > left && requested < *a->ret_delay_usec)
                *a->ret_delay_usec = left > requested ? left : requested;
        return POLLING_WAIT;
}

PollingStep polling_answer(Polling *p, const CatalogJobAnswer *answer, uint64_t now_usec,
                           uint64_t random, uint64_t *ret_delay_usec, Fault *ret_fault)
{
        const Polled a = {answer, now_usec, random, ret_delay_usec, ret_fault};
        if (polling_not_here(&answer->answer))
                return polling_try_address(p, &a);
        if (answer->answer.fault.scope != FAULT_NONE)
                return polling_fault(p, &a);
        polling_seen(p, &answer->job.status, now_usec);
        return job_is_terminal(&answer->job.status) ? polling_ended(&answer->job, ret_fault)
                                                    : polling_wait(p, &a);
}
