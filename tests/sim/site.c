/*
 * site: see the header. Statuses are turned into faults by the real table of the program
 * (answer.c); broken connections carry what http_fault.c says of them.
 */
#include "sim/site.h"
#include "catalog/answer.h"
#include "sim/check.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- faults --------------------------------------------------------------------------------- */

typedef enum NetFault {
        NET_GOOD,
        NET_NO_CONNECTION, /* not sent */
        NET_LOST_BEFORE,   /* sent, and never seen */
        NET_LOST_AFTER,    /* seen, and the answer was lost */
        NET_CUT,
        NET_TIMEOUT,
        NET_TLS,
        /* an answer that is not understood: HTML, a row without a name, a row of another edge */
        NET_INVALID,
        NET_STATUS,
        NET_LATE, /* not sent, because whoever asked for it would not have it any more */
        NET_FAULTS,
} NetFault;

static const Fault *net_fault(NetFault net)
{
        static Fault faults[NET_FAULTS];
        static const struct {
                FaultScope scope;
                bool retryable;
                FaultCode code;
        } meanings[NET_FAULTS] = {
                [NET_NO_CONNECTION] = {FAULT_PEER, true, CODE_HTTP_CONNECT},
                [NET_LOST_BEFORE] = {FAULT_REQUEST, true, CODE_HTTP_RESET},
                [NET_LOST_AFTER] = {FAULT_REQUEST, true, CODE_HTTP_RESET},
                [NET_CUT] = {FAULT_REQUEST, true, CODE_HTTP_TRUNCATED},
                [NET_TIMEOUT] = {FAULT_REQUEST, true, CODE_HTTP_TIMEOUT},
                [NET_LATE] = {FAULT_REQUEST, true, CODE_HTTP_FAILED},
                [NET_TLS] = {FAULT_PEER, false, CODE_HTTP_TLS},
                [NET_INVALID] = {FAULT_RUN, false, CODE_PAGE_BAD_ROW},
        };
        if (meanings[net].code && faults[net].scope == FAULT_NONE) {
                fault_set(&faults[net], meanings[net].scope, EIO, meanings[net].code, "simulated");
                faults[net].retryable = meanings[net].retryable;
        }
        return &faults[net];
}

static const int statuses[] = {302, 400, 401, 403, 404, 408, 409, 410,
                               418, 425, 429, 500, 502, 503, 504};

static const Fault *status_fault(int status)
{
        static Fault faults[ARRAY_SIZE(statuses)];
        size_t i = 0;
        while (statuses[i] != status)
                i++;
        if (faults[i].scope == FAULT_NONE) {
                HttpResponse response = {.sent = true,
                                         .status = status,
                                         .content_type = "",
                                         .location = "",
                                         .body = ""};
                AnswerText text = {0};
                CatalogAnswer answer;
                answer_classify(&response, 200, true, &(AnswerAuth){0}, &answer, &text);
                answer_text_done(&text);
                faults[i] = answer.fault;
        }
        return &faults[i];
}

static NetFault draw_net_fault(World *w)
{
        if (!world_chance(w, w->settings.http_faults))
                return NET_GOOD;
        COVER(w, http_faults);
        switch (world_below(w, 16)) {
        case 0:
        case 1:
                return NET_NO_CONNECTION;
        case 2:
                return NET_LOST_BEFORE;
        case 3:
        case 4:
                return NET_LOST_AFTER;
        case 5:
                return NET_CUT;
        case 6:
                return NET_TIMEOUT;
        case 7:
                return world_below(w, 4) == 0 ? NET_TLS : NET_NO_CONNECTION;
        case 8:
                return world_below(w, 2) == 0 ? NET_INVALID : NET_LOST_AFTER;
        default:
                return NET_STATUS;
        }
}

/* Those that end a run are rarer than those that are tried again. */
static int draw_status(World *w)
{
        return world_below(w, 3) == 0 ? statuses[world_below(w, ARRAY_SIZE(statuses))]
                                      : statuses[10 + world_below(w, 5)];
}

/* ---- jobs ----------------------------------------------------------------------------------- */

Uuid site_job_id(int job)
{
        Uuid id = {.bytes = {0x0B, (uint8_t)(job >> 8)}};
        id.bytes[15] = (uint8_t)job;
        return id;
}

Uuid site_foreign_job_id(int job)
{
        Uuid id = site_job_id(job);
        id.bytes[0] = 0x0C;
        return id;
}

bool site_job_is_foreign(const Uuid *id)
{
        return id->bytes[0] == 0x0C;
}

int site_job_of(const Uuid *id)
{
        return id->bytes[1] << 8 | id->bytes[15];
}

static void job_draw_end(World *w, Job *job)
{
        static const char *const good[] = {"", "NOT_SET", "SUCCESS"};
        static const struct {
                const char *state, *result;
        } bad[] = {
                {"COMPLETED", "COMPLETED_WITH_ERROR"},
                {"COMPLETED", "FAILURE"},
                {"COMPLETED", "ABORTED"},
                {"CANCELED", ""},
                {"CANCELLED", ""},
                {"ERROR", ""},
                {"FAILED", "FAILURE"},
                {"DELETED", ""},
        };
        job->clean = !world_chance(w, w->settings.bad_jobs);
        size_t i = (size_t)world_below(w, job->clean ? ARRAY_SIZE(good) : ARRAY_SIZE(bad));
        job->state = job->clean ? "COMPLETED" : bad[i].state;
        job->result = job->clean ? good[i] : bad[i].result;
}

static int job_start(World *w, const CallRequest *r)
{
        Site *s = w->site;
        if (s->n_jobs == JOBS_MAX) {
                world_fail(w, "more refreshes than any world should need");
                return -1;
        }
        for (size_t i = 0; i < s->n_jobs; i++)
                if (s->jobs[i].edge == r->edge && s->jobs[i].epoch == r->epoch)
                        world_fail(w, "edge %u: epoch %lld has begun two refreshes", r->edge,
                                   (long long)r->epoch);
        if (r->resumed)
                world_fail(w,
                           "edge %u: epoch %lld began a refresh although it took up the job of "
                           "another run",
                           r->edge, (long long)r->epoch);
        int number = (int)s->n_jobs++;
        Job *job = &s->jobs[number];
        *job = (Job){.edge = r->edge, .epoch = r->epoch, .vanishes_at = UINT64_MAX};
        job->created_at = w->now;
        job->visible_at = w->now + (world_chance(w, 1000) ? world_between(w, 0, 4) * SEC : 0);
        job->starts_at = w->now + world_between(w, 0, 3000) * MSEC;
        job->ends_at =
                job->starts_at + (world_below(w, 4) == 0 ? world_between(w, 0, 60) * SEC : SEC);
        if (world_chance(w, w->settings.bad_jobs / 8))
                job->starts_at = job->ends_at = UINT64_MAX;
        else if (world_chance(w, w->settings.bad_jobs / 8))
                job->ends_at = UINT64_MAX;
        if (world_chance(w, w->settings.bad_jobs / 4))
                job->vanishes_at = w->now + world_between(w, 0, 30) * SEC;
        job_draw_end(w, job);
        COVER(w, refreshes);
        TELL(w, "catalog: edge %u: job %d begins, for epoch %lld", r->edge, number,
             (long long)r->epoch);
        return number;
}

static bool job_visible(const World *w, const Job *job)
{
        return w->now >= job->visible_at && w->now < job->vanishes_at;
}

static JobStatus job_status(World *w, int number)
{
        Job *job = &w->site->jobs[number];
        JobStatus status = {.id = site_job_id(number), .progress = -1};
        bool ended = w->now >= job->ends_at;
        const char *state = ended ? job->state : w->now >= job->starts_at ? "RUNNING" : "WAITING";
        (void)snprintf(status.state, sizeof(status.state), "%s", state);
        if (ended)
                (void)snprintf(status.result, sizeof(status.result), "%s", job->result);
        else if (w->now >= job->starts_at)
                status.progress = (double)((w->now - job->starts_at) / SEC % 100);
        if (ended && !job->discovered && !w->quiet)
                truth_discover(w, job->edge);
        job->discovered = job->discovered || ended;
        return status;
}

bool site_job_goes_on(const World *w, int number)
{
        const Job *job = &w->site->jobs[number];
        return w->now < job->ends_at && w->now < job->vanishes_at;
}

uint64_t site_job_ends_at(const World *w, int number)
{
        return w->site->jobs[number].ends_at;
}

bool site_job_ended_clean(const World *w, int number)
{
        const Job *job = &w->site->jobs[number];
        return job->clean && w->now >= job->ends_at;
}

/* ---- what the catalog does with each request ------------------------------------------------ */

static void look_at_refresh(World *w, CatalogCall *c)
{
        if (world_chance(w, w->settings.pushed_back)) {
                COVER(w, pushed_back);
                c->status = 503;
                c->fault = status_fault(503);
                c->retry_after_usec = world_between(w, 1, 29) * SEC;
                return;
        }
        c->status = 202;
        c->job = job_start(w, &c->request);
        if (c->job < 0)
                return;
        c->location = world_below(w, 3) > 0;
        c->job_status = job_status(w, c->job);
        if (world_chance(w, w->settings.bad_jobs / 4)) { /* accepted, and nothing said of a job */
                c->job = -1;
                c->location = false;
        }
}

static void look_at_job(World *w, CatalogCall *c)
{
        const Job *job = &w->site->jobs[c->request.job];
        bool wrong_api = w->site->only_old_job_api && c->request.address == JOB_ADDRESS_V1;
        /* Before the catalog stands a gateway that the Location does not know. */
        if (w->site->gateway && c->request.address == JOB_ADDRESS_LOCATION) {
                COVER(w, gateways);
                c->status = world_below(w, 2) == 0 ? 401 : 403;
                c->fault = status_fault(c->status);
                c->foreign = true;
                return;
        }
        if (!job_visible(w, job) || wrong_api) {
                c->status = 404;
                c->fault = status_fault(404);
                return;
        }
        c->status = 200;
        c->job_status = job_status(w, c->request.job);
}

/* As the job API shows it; now and then as one that is not to be taken for it. */
static CatalogFoundJob found_job(World *w, int number, unsigned edge)
{
        const Job *job = &w->site->jobs[number];
        CatalogFoundJob found = {.id = site_job_id(number),
                                 .kind = {"DATABASE_CONNECTIONS_SYNCHRONIZATION", "us"},
                                 .names_edge = job->edge == edge,
                                 .has_created = !world_chance(w, 300),
                                 .created_msec = (int64_t)(job->created_at / MSEC)};
        if (!world_chance(w, w->settings.strange_jobs))
                return found;
        COVER(w, strange_jobs);
        found.id = site_foreign_job_id(number);
        found.has_created = true;
        found.created_msec = (int64_t)(w->now / MSEC - world_below(w, 20000));
        found.names_edge = true;
        switch (world_below(w, 3)) {
        case 0:
                (void)snprintf(found.kind.user, sizeof(found.kind.user), "them");
                break;
        case 1:
                (void)snprintf(found.kind.type, sizeof(found.kind.type), "ANOTHER");
                break;
        default:
                found.names_edge = false;
        }
        return found;
}

static void look_at_jobs(World *w, CatalogCall *c)
{
        Site *s = w->site;
        int number = (int)c->request.offset;
        if (world_below(w, 3) >= w->settings.job_search) {
                c->status = world_below(w, 2) == 0 ? 403 : 404;
                c->fault = status_fault(c->status);
                return;
        }
        COVER(w, job_searches);
        c->status = 200;
        for (; number < (int)s->n_jobs && c->n < JOBS_PAGE; number++)
                if (job_visible(w, &s->jobs[number]))
                        c->jobs[c->n++] = found_job(w, number, c->request.edge);
        c->more_jobs = number < (int)s->n_jobs;
        c->request.offset = number;
}

static Shown shown(const World *w, unsigned row)
{
        const TruthVersion *v = truth_now(w->truth, row);
        return (Shown){.row = (uint16_t)row,
                       .name = v->name,
                       .database = v->database,
                       .edge = (uint8_t)v->edge,
                       .spoiled = v->spoiled,
                       .anonymous = v->anonymous};
}

void site_record(const World *w, const Shown *s, DatabaseConnection *ret)
{
        truth_record(w, s->row, s->edge, s->name, s->database, ret);
        if (s->spoiled)
                truth_spoil(s->row, s->anonymous, ret);
}

Shown site_shown(const DatabaseConnection *record)
{
        return (Shown){.row = (uint16_t)truth_row_of(&record->id),
                       .edge = (uint8_t)truth_edge_of(&record->edge_connection_id),
                       .name = (uint16_t)truth_name_of(record),
                       .database = (uint16_t)truth_database_of(record),
                       .spoiled = record->rejected != NULL,
                       .anonymous = record->anonymous};
}

/* No id in it can be read: page.c does not take it for an answer. */
static void refuse_unreadable(World *w, CatalogCall *c)
{
        size_t anonymous = 0;
        for (size_t i = 0; i < c->n; i++)
                anonymous += c->rows[i].anonymous;
        COVER_MANY(w, unreadable, anonymous);
        if (c->n == 0 || anonymous < c->n)
                return;
        c->n = 0;
        c->fault = net_fault(NET_INVALID);
}

/* Everything that an edge's list shows now, place by place. */
static size_t list_copy(World *w, unsigned edge, Shown *ret)
{
        const TruthList *l = &w->truth->lists[edge];
        size_t n = 0;
        for (size_t i = 0; i < l->n; i++) {
                if (!truth_now(w->truth, l->rows[i])->visible)
                        continue;
                ret[n++] = shown(w, l->rows[i]);
                if (!w->settings.doubles || w->quiet || l->rows[i] % 5 != 2)
                        continue;
                COVER(w, rows_twice);
                ret[n] = ret[n - 1];
                n++;
        }
        return n;
}

static void swap_places(Shown *rows, size_t a, size_t b)
{
        Shown row = rows[a];
        rows[a] = rows[b];
        rows[b] = row;
}

/* Another order at each request: of all rows, or of neighbours that the server takes for equal. */
static void list_reorder(World *w, unsigned edge, Shown *rows, size_t n)
{
        if (w->quiet || (!w->settings.shuffles && !w->settings.ties))
                return;
        for (size_t i = n; w->settings.shuffles && i > 1; i--)
                swap_places(rows, i - 1, (size_t)world_below(w, i));
        for (size_t i = 0; w->settings.ties && i + 1 < n; i += 2)
                if (world_below(w, 2))
                        swap_places(rows, i, i + 1);
        w->truth->reordered[edge] = w->truth->tick;
        COVER(w, reordered_pages);
}

/* A node that is some time behind; a page of it is as of then. */
static const Shown *list_behind(World *w, CatalogCall *c, size_t *ret_n)
{
        unsigned e = c->request.edge;
        if (w->site->behind[e].at == 0 ||
            w->now - w->site->behind[e].at > w->settings.behind_usec) {
                w->site->behind[e].at = w->now;
                w->site->behind[e].tick = c->tick;
                w->site->behind[e].n = list_copy(w, e, w->site->behind[e].rows);
        }
        COVER(w, pages_behind);
        c->tick = w->site->behind[e].tick;
        *ret_n = w->site->behind[e].n;
        return w->site->behind[e].rows;
}

static size_t page_copy(World *w, CatalogCall *c, size_t cap, int64_t offset, bool twice,
                        Shown *ret)
{
        static Shown now[2 * ROWS_MAX];
        const Shown *rows = now;
        size_t total, n = 0;
        if (w->settings.behind_usec > 0 && !w->quiet && world_below(w, 2) == 0) {
                rows = list_behind(w, c, &total);
        } else {
                total = list_copy(w, c->request.edge, now);
                list_reorder(w, c->request.edge, now, total);
        }
        for (size_t i = (size_t)offset; i < total && n < cap; i++) {
                ret[n++] = rows[i];
                if (twice && n < cap)
                        ret[n++] = rows[i];
        }
        return n;
}

/* A page from a cache: one that this catalog has given since the list was begun. */
static bool page_again(World *w, CatalogCall *c)
{
        const Site *s = w->site;
        unsigned e = c->request.edge;
        if (c->request.list_from == 0 || s->last_tick[e] < c->request.list_from ||
            s->n_last[e] > c->request.limit)
                return false;
        c->n = s->n_last[e];
        memcpy(c->rows, s->last[e], c->n * sizeof(c->rows[0]));
        return true;
}

static void look_at_list(World *w, CatalogCall *c)
{
        const Settings *set = &w->settings;
        unsigned e = c->request.edge;
        size_t cap = (size_t)world_between(w, set->cap_min, set->cap_max);
        if (cap > c->request.limit)
                cap = c->request.limit;
        int64_t offset = set->ignores_offset && !w->quiet ? 0 : c->request.offset;
        bool twice = false;
        c->status = 200;
        if (world_chance(w, set->lies)) {
                COVER(w, lies);
                c->lie = true;
                uint64_t lie = world_below(w, 3);
                TELL(w, "catalog: lie %d in this page", (int)lie);
                if (lie == 0 && page_again(w, c))
                        return;
                if (lie == 1)
                        offset = 0;
                twice = lie == 2;
        }
        c->n = page_copy(w, c, cap, offset, twice, c->rows);
        w->site->n_last[e] = c->n;
        w->site->last_tick[e] = c->tick;
        memcpy(w->site->last[e], c->rows, c->n * sizeof(c->rows[0]));
        refuse_unreadable(w, c);
}

static void look_at_one(World *w, CatalogCall *c)
{
        const TruthVersion *v = truth_now(w->truth, c->request.row);
        if (w->settings.no_path && !w->quiet) {
                c->absent = true;
                c->status = 404;
                c->fault = status_fault(c->status);
                return;
        }
        if (v->edge < 0 || !v->visible) {
                c->absent = v->edge < 0 || v->denied;
                c->status = world_below(w, 2) == 0                ? 404
                            : c->absent || world_below(w, 2) == 0 ? 410
                                                                  : 403;
                c->fault = status_fault(c->status);
                return;
        }
        c->status = 200;
        c->n = 1;
        c->rows[0] = shown(w, c->request.row);
        refuse_unreadable(w, c);
}

static void look(World *w, CatalogCall *c)
{
        static void (*const looks[])(World *, CatalogCall *) = {
                [CALL_REFRESH] = look_at_refresh, [CALL_JOBS] = look_at_jobs,
                [CALL_JOB] = look_at_job,         [CALL_LIST] = look_at_list,
                [CALL_ONE] = look_at_one,
        };
        c->tick = truth_look(w->truth);
        looks[c->request.kind](w, c);
}

/* Nothing of what the catalog saw reaches us. */
static void lose_answer(CatalogCall *c, const Fault *fault)
{
        c->status = 0;
        c->fault = fault;
        c->absent = false;
        c->n = 0;
        c->job = -1;
}

static void status_answer(World *w, CatalogCall *c)
{
        int status = draw_status(w);
        bool begun = status == 500 || status == 502 || status == 504 || status == 409;
        if (c->request.kind == CALL_REFRESH && begun && world_below(w, 2) == 0)
                look(w, c);
        lose_answer(c, status_fault(status));
        c->status = status;
        c->foreign = world_below(w, 2) == 0;
        if ((status == 429 || status == 503) && world_below(w, 2) == 0)
                c->retry_after_usec =
                        world_below(w, 4) == 0 ? 300 * SEC : world_between(w, 1, 20) * SEC;
}

static void meet_net_fault(World *w, CatalogCall *c, NetFault net)
{
        switch (net) {
        case NET_NO_CONNECTION:
        case NET_TLS:
                c->sent = false;
                lose_answer(c, net_fault(net));
                return;
        case NET_LOST_BEFORE:
                lose_answer(c, net_fault(net));
                return;
        case NET_TIMEOUT:
                if (world_below(w, 2) == 0)
                        look(w, c);
                lose_answer(c, net_fault(net));
                return;
        case NET_STATUS:
                status_answer(w, c);
                return;
        default:
                look(w, c);
                if (net != NET_GOOD)
                        lose_answer(c, net_fault(net));
                if (net == NET_INVALID)
                        c->status = c->request.kind == CALL_REFRESH ? 202 : 200;
                return;
        }
}

/* ---- the way there and back ----------------------------------------------------------------- */

static void call_free(World *w, CatalogCall *c)
{
        c->state = CALL_FREE;
        w->site->free_calls[w->site->n_free++] = (uint16_t)(c - w->site->calls);
}

static void call_send(World *w, CatalogCall *c, uint64_t delay_usec);

static void call_end_doubt(World *w, CatalogCall *c)
{
        if (c->doubting)
                doubt_end(&w->instances[c->request.instance].doubt);
        c->doubting = false;
}

/* As call.c does. True: the call is under way again. One 401, of credentials that are good, must
 * reach no run. */
static bool call_again(World *w, CatalogCall *c)
{
        Instance *i = &w->instances[c->request.instance];
        const DoubtCase doubt = {
                .not_ours =
                        (c->request.kind == CALL_JOB || c->request.kind == CALL_JOBS) && c->foreign,
                .repeated = c->repeated};
        bool known = i->refused_twice;
        COVER(w, refusals);
        DoubtStep step = doubt_on_401(&i->doubt, &doubt);
        i->refused_twice = i->refused_twice || (c->repeated && !doubt.not_ours);
        if (step == DOUBT_OVER) {
                if (!doubt.not_ours && !c->repeated && !known)
                        world_fail(w, "one 401 has ended a request, and the credentials were good "
                                      "before and after");
                return false;
        }
        if (step == DOUBT_LATER)
                c->doubting = c->repeated = true;
        c->fault = NULL;
        c->foreign = false;
        c->retry_after_usec = 0;
        call_send(w, c, world_between(w, 1000, 2000) * MSEC);
        return true;
}

static void call_deliver(World *w, void *who, uint32_t detail)
{
        CatalogCall *c = who;
        Instance *i = &w->instances[c->request.instance];
        (void)detail;
        c->timer = (WorldTimer){0};
        if (c->status == 401 && call_again(w, c))
                return;
        COVER_MANY(w, refusals_passed, c->repeated && c->status != 401);
        if (c->status != 0 && c->status != 401) {
                doubt_on_answer(&i->doubt);
                i->refused_twice = false;
        }
        call_end_doubt(w, c);
        if (c->retry_after_usec > 0)
                w->site->requested[c->request.instance][c->request.edge] =
                        (Requested){.kind = c->request.kind,
                                    .epoch = c->request.epoch,
                                    .began = c->request.began,
                                    .row = c->request.row,
                                    .until = w->now + c->retry_after_usec};
        c->state = CALL_DELIVERED;
        c->request.done(w, c);
        call_free(w, c);
}

static void churn_around(World *w, const CatalogCall *c)
{
        for (unsigned most = 4; most > 0 && world_chance(w, w->settings.churn); most--)
                truth_churn(w, world_below(w, 8) == 0
                                       ? (unsigned)world_below(w, w->settings.n_edges)
                                       : c->request.edge);
}

static void call_arrive(World *w, void *who, uint32_t detail)
{
        CatalogCall *c = who;
        (void)detail;
        NetFault net = draw_net_fault(w);
        churn_around(w, c);
        meet_net_fault(w, c, net);
        if (c->orphan) {
                call_free(w, c);
                return;
        }
        uint64_t delay = world_between(w, 1, w->settings.latency_usec);
        if (net == NET_TIMEOUT)
                delay = 30 * SEC;
        c->state = CALL_ANSWERED;
        c->timer = world_after(w, c->request.instance, delay, call_deliver, c, 0);
}

/* The connection stands, and nobody answers for how long that took. */
static void call_connected(World *w, void *who, uint32_t detail)
{
        CatalogCall *c = who;
        if (!c->request.may_send(c->request.userdata)) {
                COVER(w, late_refreshes);
                c->sent = false;
                lose_answer(c, net_fault(NET_LATE));
                c->state = CALL_ANSWERED;
                c->timer = world_after(w, c->request.instance, 1, call_deliver, c, 0);
                return;
        }
        check_refresh_sent(w, c->request.run);
        c->state = CALL_SENT;
        c->timer = world_after(w, NOBODY, detail, call_arrive, c, 0);
}

/* Some of the time goes by before it leaves, where somebody asks for that moment. */
static void call_send(World *w, CatalogCall *c, uint64_t delay_usec)
{
        if (c->request.may_send) {
                uint64_t connects = world_below(w, delay_usec);
                c->state = CALL_CONNECTS;
                c->timer = world_after(w, c->request.instance, connects, call_connected, c,
                                       (uint32_t)(delay_usec - connects));
                return;
        }
        c->state = CALL_SENT;
        c->timer = world_after(w, NOBODY, delay_usec, call_arrive, c, 0);
}

CatalogCall *site_start(World *w, const CallRequest *request)
{
        Site *s = w->site;
        if (s->n_free == 0) {
                world_fail(w, "the simulation has no room for another request");
                return NULL;
        }
        const Requested *last = &s->requested[request->instance][request->edge];
        bool may_be_another = request->kind == CALL_LIST; /* pages are asked for ahead */
        if (!may_be_another && last->kind == request->kind && last->epoch == request->epoch &&
            last->began == request->began && last->row == request->row && w->now < last->until)
                world_fail(w, "the catalog is asked again before it wants to be");
        CatalogCall *c = &s->calls[s->free_calls[--s->n_free]];
        c->request = *request;
        c->doubting = c->repeated = false;
        c->orphan = c->absent = c->location = c->foreign = c->lie = false;
        c->sent = true;
        c->tick = 0;
        c->status = 0;
        c->fault = NULL;
        c->retry_after_usec = 0;
        c->job = -1;
        c->n = 0;
        call_send(w, c, world_between(w, 1, w->settings.latency_usec));
        return c;
}

CatalogCall *site_cancel(World *w, CatalogCall *c)
{
        if (!c)
                return NULL;
        call_end_doubt(w, c);
        if (c->state == CALL_SENT && world_below(w, 3) > 0) {
                c->orphan = true;
                return NULL;
        }
        world_cancel(w, &c->timer);
        call_free(w, c);
        return NULL;
}

void site_answer(const CatalogCall *c, CatalogAnswer *ret)
{
        *ret = (CatalogAnswer){
                .status = c->status,
                .sent = c->sent,
                .foreign = c->foreign,
                .requests = c->sent ? 1 : 0,
                .retry_after_usec = c->retry_after_usec,
        };
        if (c->fault) {
                ret->fault = *c->fault;
                ret->fault.http_status = c->status;
        }
}

void site_init(World *w)
{
        Site *s = w->site;
        s->n_jobs = 0;
        s->only_old_job_api = world_below(w, 10) == 0;
        s->gateway = world_below(w, 10) == 0;
        s->n_free = CALLS_MAX;
        for (size_t i = 0; i < CALLS_MAX; i++) {
                s->free_calls[i] = (uint16_t)i;
                s->calls[i].state = CALL_FREE;
        }
        memset(s->requested, 0, sizeof(s->requested));
        memset(s->last_tick, 0, sizeof(s->last_tick));
        for (size_t e = 0; e < EDGES_MAX; e++)
                s->behind[e].at = 0;
        memset(s->n_last, 0, sizeof(s->n_last));
}
