#include "cli/progress.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include "base/timer.h"
#include "cli/columns.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>

#define DRAW_EVERY_USEC (150 * USEC_PER_MSEC)
enum {
        COLUMNS_MAX = 200,
        COLUMNS_MIN = 20, /* a terminal that is smaller is left alone */
        ROWS_MIN = 4,
        LINES_MAX = 20,
        NAME_WIDTH = 24,
};

struct ProgressLine {
        ProgressView *view;
        TAILQ_ENTRY(ProgressLine) entry;
        char name[64];
        char text[COLUMNS_MAX];
};

struct ProgressView {
        TAILQ_HEAD(, ProgressLine) lines;
        sd_event *event;
        Timer timer;
        unsigned drawn; /* lines on the screen */
        unsigned columns, rows;
};

static void view_on_timer(void *userdata);

static void view_draw_later(ProgressView *v)
{
        if (!timer_is_armed(&v->timer))
                (void)timer_start(&v->timer, v->event, DRAW_EVERY_USEC, 0, view_on_timer, v);
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

/* Never the whole screen: some terminals keep what is erased when all of it is, and their history
 * would fill with our lines. */
static bool view_measure(ProgressView *v)
{
        struct winsize size = {0};
        (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
        v->columns = size.ws_col > 0 ? size.ws_col : 80;
        if (v->columns > COLUMNS_MAX)
                v->columns = COLUMNS_MAX;
        unsigned rows = size.ws_row > 0 ? size.ws_row : 24;
        v->rows = rows - 2 < LINES_MAX ? rows - 2 : LINES_MAX;
        return v->columns >= COLUMNS_MIN && rows >= ROWS_MIN;
}

static void frame_add_line(Text *frame, const ProgressView *v, const ProgressLine *l)
{
        char name[sizeof(l->name)];
        char text[COLUMNS_MAX];
        unsigned width = v->columns > 3 * NAME_WIDTH ? NAME_WIDTH : v->columns / 3;
        text_printable(l->name, strlen(l->name), name, width + 1);
        text_printable(l->text, strlen(l->text), text, v->columns - width - 1);
        size_t taken = columns_of(name);
        (void)text_printf(frame, "%s%*s %s\033[K\n", name, taken < width ? (int)(width - taken) : 0,
                          "", text);
}

/* The new lines over the old ones, in one write: nothing flickers. */
static void view_on_timer(void *userdata)
{
        ProgressView *v = userdata;
        _cleanup_(text_done) Text frame = {0};
        if (!view_measure(v))
                return;
        if (v->drawn > 0)
                (void)text_printf(&frame, "\r\033[%uA", v->drawn);
        unsigned lines = 0, drawn = 0;
        const ProgressLine *l;
        TAILQ_FOREACH(l, &v->lines, entry)
                lines++;
        unsigned shown = lines > v->rows ? v->rows - 1 : lines;
        for (l = TAILQ_FIRST(&v->lines); drawn < shown; l = TAILQ_NEXT(l, entry), drawn++)
                frame_add_line(&frame, v, l);
        if (lines > shown) {
                (void)text_printf(&frame, "and %u more\033[K\n", lines - shown);
                drawn++;
        }
        if (text_append_string(&frame, "\033[J") < 0)
                return;
        (void)fwrite(frame.data, 1, frame.size, stderr);
        (void)fflush(stderr);
        v->drawn = drawn;
}

int progress_view_new(sd_event *event, ProgressView **ret)
{
        *ret = NULL;
        if (!isatty(STDERR_FILENO) || !getenv("TERM") || text_equal(getenv("TERM"), "dumb"))
                return 0;
        _cleanup_(cleanup_progress_view) ProgressView *v = calloc(1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        TAILQ_INIT(&v->lines);
        v->event = event;
        log_set_make_way(view_make_way, v);
        *ret = TAKE(v);
        return 0;
}

ProgressView *progress_view_free(ProgressView *v)
{
        if (!v)
                return NULL;
        log_set_make_way(NULL, NULL);
        progress_view_clear(v);
        while (!TAILQ_EMPTY(&v->lines))
                (void)progress_line_remove(TAILQ_FIRST(&v->lines));
        timer_cancel(&v->timer);
        free(v);
        return NULL;
}

ProgressLine *progress_line_add(ProgressView *v, const char *name)
{
        ProgressLine *l = v ? calloc(1, sizeof(*l)) : NULL;
        if (!l)
                return NULL;
        l->view = v;
        text_show(name, l->name);
        TAILQ_INSERT_TAIL(&v->lines, l, entry);
        view_draw_later(v);
        return l;
}

void progress_line_set(ProgressLine *l, const SyncProgress *p)
{
        if (!l)
                return;
        /* Waiting and asking alternate many times a second: what the job says stands still, and
         * fits a narrow terminal. */
        if (p->has_job && p->phase == SYNC_PHASE_POLL && p->job.progress >= 0)
                (void)snprintf(l->text, sizeof(l->text), "job %s %.0f %%", p->job.state,
                               p->job.progress);
        else if (p->has_job && p->phase == SYNC_PHASE_POLL)
                (void)snprintf(l->text, sizeof(l->text), "job %s", p->job.state);
        else if (p->listed > 0)
                (void)snprintf(l->text, sizeof(l->text), "%s: %" PRId64 " row%s", p->words,
                               p->listed, text_plural(p->listed));
        else
                (void)snprintf(l->text, sizeof(l->text), "%s", p->words);
        view_draw_later(l->view);
}

ProgressLine *progress_line_remove(ProgressLine *l)
{
        if (!l)
                return NULL;
        TAILQ_REMOVE(&l->view->lines, l, entry);
        view_draw_later(l->view);
        free(l);
        return NULL;
}
