#include "daemon/outage.h"
#include "base/duration.h"
#include <string.h>

#define LOG_GAP_FIRST_USEC USEC_PER_MINUTE
#define LOG_GAP_MOST_USEC  (6 * USEC_PER_HOUR)
#define LOG_GAP_GROWTH     4

#define REFUSED_PAUSE_FIRST_USEC (30 * USEC_PER_SEC)
#define REFUSED_PAUSE_MOST_USEC  (10 * USEC_PER_MINUTE)

void outage_init(Outage *o, uint64_t floor_usec, uint64_t ceiling_usec)
{
        *o = (Outage){.backoff = {.floor_usec = floor_usec, .ceiling_usec = ceiling_usec}};
}

bool outage_failed(Outage *o, const Fault *fault, uint64_t now_usec, uint64_t random,
                   uint64_t *ret_delay_usec)
{
        bool first = !o->down;
        if (first)
                memset(o->met, 0, sizeof(o->met));
        /* those that take turns are said once a minute at most */
        bool other = !o->met[fault->code] || (fault->code != o->logged_code &&
                                              now_usec >= o->logged_usec + LOG_GAP_FIRST_USEC);
        bool log_it = other || now_usec >= o->log_usec;
        o->met[fault->code] = true;
        if (first) {
                o->since_usec = now_usec;
                o->attempts = 0;
                o->log_gap_usec = 0;
                backoff_reset(&o->backoff);
        }
        if (log_it) {
                uint64_t gap = o->log_gap_usec * LOG_GAP_GROWTH;
                o->log_gap_usec = other                     ? LOG_GAP_FIRST_USEC
                                  : gap < LOG_GAP_MOST_USEC ? gap
                                                            : LOG_GAP_MOST_USEC;
                o->log_usec = now_usec + o->log_gap_usec;
                o->logged_usec = now_usec;
                o->logged_code = fault->code;
        }
        o->down = true;
        o->fault = *fault;
        o->attempts++;
        if (ret_delay_usec)
                *ret_delay_usec = backoff_next(&o->backoff, random);
        return log_it;
}

const Fault *outage_fault(const Outage *o)
{
        return o->down ? &o->fault : NULL;
}

void outage_log_next(Outage *o)
{
        o->log_usec = 0;
        o->log_gap_usec = LOG_GAP_FIRST_USEC / LOG_GAP_GROWTH;
}

bool outage_over(Outage *o, uint64_t now_usec, uint64_t *ret_lasted_usec)
{
        if (!o->down)
                return false;
        *ret_lasted_usec = now_usec - o->since_usec;
        o->down = false;
        backoff_reset(&o->backoff);
        return true;
}

uint64_t outage_refused_pause(uint64_t before_usec)
{
        uint64_t pause = before_usec ? 2 * before_usec : REFUSED_PAUSE_FIRST_USEC;
        return pause < REFUSED_PAUSE_MOST_USEC ? pause : REFUSED_PAUSE_MOST_USEC;
}
