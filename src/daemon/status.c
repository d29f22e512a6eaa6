#include "daemon/status.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utc.h"
#include <ctype.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#define STATUS_PAUSE_USEC (250 * USEC_PER_MSEC)

static void status_format(const ServiceSnapshot *s, char *out, size_t size)
{
        char next[UTC_BYTES] = "nothing is scheduled", trouble[SERVICE_LINE_BYTES];
        service_format_trouble(s, trouble);
        if (s->next_usec != INT64_MAX && s->next_usec <= s->now_usec)
                (void)snprintf(next, sizeof(next), "more are due");
        else if (s->next_usec != INT64_MAX)
                (void)utc_format(s->next_usec / (int64_t)USEC_PER_SEC, UTC_PERSON, next);
        if (s->stopping)
                (void)snprintf(out, size, "Stopping; %u sync%s to be ended", s->n_running,
                               text_plural(s->n_running));
        else if (s->postgres_fault)
                (void)snprintf(out, size, "%s: %s", service_postgres_words(s),
                               s->postgres_fault->message);
        else if (trouble[0])
                (void)snprintf(out, size, "%c%s", toupper((unsigned char)trouble[0]), trouble + 1);
        else if (s->registering)
                (void)snprintf(out, size, "Registering %zu edge%s", s->n_edges,
                               text_plural(s->n_edges));
        else
                (void)snprintf(out, size,
                               "Syncing %u of %zu edge%s; next: %s; %llu run%s since the start",
                               s->n_running, s->n_edges, text_plural(s->n_edges), next,
                               (unsigned long long)s->n_ended, text_plural(s->n_ended));
}

static void status_notify(void *userdata)
{
        const Status *s = userdata;
        char text[SERVICE_LINE_BYTES];
        ServiceSnapshot snapshot = s->take(s->userdata);
        status_format(&snapshot, text, sizeof(text));
        (void)sd_notifyf(0, "STATUS=%s", text);
        log_debug("%s", text);
}

void status_init(Status *s, sd_event *event, ServiceSnapshotTake take, void *userdata)
{
        *s = (Status){.event = event, .take = take, .userdata = userdata};
}

void status_changed(Status *s)
{
        if (!timer_is_armed(&s->timer) && timer_start(&s->timer, s->event, STATUS_PAUSE_USEC,
                                                      STATUS_PAUSE_USEC, status_notify, s) < 0)
                status_notify(s);
}

void status_done(Status *s)
{
        timer_cancel(&s->timer);
}
