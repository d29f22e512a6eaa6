/*
 * progress: see the header.
 */
#include "cli/progress.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define DRAW_EVERY_USEC (150 * USEC_PER_MSEC)
enum { COLUMNS_MAX = 200, LINES_MAX = 20, NAME_WIDTH = 24 };

struct ProgressLine {
        ProgressView *view;
        ProgressLine *next, **link;
        char name[64];
        char text[COLUMNS_MAX];
};

struct ProgressView {
        ProgressLine *first, **last;
        sd_event_source *timer;
        unsigned drawn; /* lines on the screen */
        unsigned columns, rows;
};

static void view_draw_later(ProgressView *v)
{
        int enabled = SD_EVENT_OFF;
        (void)sd_event_source_get_enabled(v->timer, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        (void)sd_event_source_set_time_relative(v->timer, DRAW_EVERY_USEC);
        (void)sd_event_source_set_enabled(v->timer, SD_EVENT_ONESHOT);
}

static void view_make_way(void *userdata)
{
        progress_view_clear(userdata);
}

/* Back to the first of our lines, and everything from there down erased. */
void progress_view_clear(ProgressView *v)
{
        if (!v || v->drawn == 0)
                return;
        fprintf(stderr, "\r\033[%uA\033[J", v->drawn);
        v->drawn = 0;
        view_draw_later(v);
}

static void view_measure(ProgressView *v)
{
        struct winsize size = {0};
        (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
        v->columns = size.ws_col >= 20 ? size.ws_col : 80;
        if (v->columns > COLUMNS_MAX)
                v->columns = COLUMNS_MAX;
        v->rows = size.ws_row >= 4 ? size.ws_row - 2u : 10;
        if (v->rows > LINES_MAX)
                v->rows = LINES_MAX;
}

static void view_draw_line(const ProgressView *v, const ProgressLine *l)
{
        char name[sizeof(l->name)];
        char text[COLUMNS_MAX];
        unsigned width = v->columns > 3 * NAME_WIDTH ? NAME_WIDTH : v->columns / 3;
        text_printable(l->name, strlen(l->name), name, width + 1);
        text_printable(l->text, strlen(l->text), text, v->columns - width - 1);
        fprintf(stderr, "%-*s %s\n", (int)width, name, text);
}

static int view_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        ProgressView *v = userdata;
        progress_view_clear(v);
        (void)sd_event_source_set_enabled(v->timer, SD_EVENT_OFF);
        view_measure(v);
        unsigned more = 0;
        for (const ProgressLine *l = v->first; l; l = l->next) {
                if (v->drawn >= v->rows) {
                        more++;
                        continue;
                }
                view_draw_line(v, l);
                v->drawn++;
        }
        if (more > 0) {
                fprintf(stderr, "and %u more\n", more);
                v->drawn++;
        }
        (void)fflush(stderr);
        return 0;
}

int progress_view_new(sd_event *event, ProgressView **ret)
{
        *ret = NULL;
        if (!isatty(STDERR_FILENO) || !getenv("TERM") || text_equal(getenv("TERM"), "dumb"))
                return 0;
        _cleanup_(cleanup_progress_view) ProgressView *v = calloc(1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        v->last = &v->first;
        int r = sd_event_add_time_relative(event, &v->timer, CLOCK_MONOTONIC, DRAW_EVERY_USEC, 0, view_on_timer, v);
        if (r < 0)
                return r;
        log_set_make_way(view_make_way, v);
        *ret = TAKE_PTR(v);
        return 0;
}

ProgressView *progress_view_free(ProgressView *v)
{
        if (!v)
                return NULL;
        log_set_make_way(NULL, NULL);
        progress_view_clear(v);
        while (v->first)
                (void)progress_line_remove(v->first);
        sd_event_source_disable_unref(v->timer);
        free(v);
        return NULL;
}

ProgressLine *progress_line_add(ProgressView *v, const char *name)
{
        ProgressLine *l = v ? calloc(1, sizeof(*l)) : NULL;
        if (!l)
                return NULL;
        l->view = v;
        text_printable(name, strlen(name), l->name, sizeof(l->name));
        l->link = v->last;
        *v->last = l;
        v->last = &l->next;
        view_draw_later(v);
        return l;
}

void progress_line_set(ProgressLine *l, const SyncProgress *p)
{
        if (!l)
                return;
        if (p->has_job && p->phase == SYNC_PHASE_POLL && p->job.progress >= 0)
                (void)snprintf(l->text, sizeof(l->text), "%s: %s %.0f %%", p->words, p->job.state, p->job.progress);
        else if (p->has_job && p->phase == SYNC_PHASE_POLL)
                (void)snprintf(l->text, sizeof(l->text), "%s: %s", p->words, p->job.state);
        else if (p->listed > 0)
                (void)snprintf(l->text, sizeof(l->text), "%s: %" PRId64 " rows", p->words, p->listed);
        else
                (void)snprintf(l->text, sizeof(l->text), "%s", p->words);
        view_draw_later(l->view);
}

ProgressLine *progress_line_remove(ProgressLine *l)
{
        if (!l)
                return NULL;
        *l->link = l->next;
        if (l->next)
                l->next->link = l->link;
        else
                l->view->last = l->link;
        view_draw_later(l->view);
        free(l);
        return NULL;
}
