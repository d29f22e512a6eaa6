/*
 * pages: see the header. A page that waits for its tables owns all that it is made of; it ends when
 * it is answered, or when its request does not wait any more.
 */
#include "web/pages.h"
#include "base/utc.h"
#include "mirror/reader.h"
#include "web/page.h"
#include "web/service.h"
#include "web/style.h"
#include <errno.h>
#include <string.h>

/* So that the page that says so is sent before the request is given up (WEB_WAIT_USEC). */
#define ANSWER_LIMIT_USEC (WEB_WAIT_USEC - USEC_PER_SEC / 2)

typedef struct PageTask {
        const WebPage *page;
        WebRequest *request;
        PageArguments arguments;
        char *name; /* of the edge; NULL: not of one */
        char scratch[32];
        int64_t now_usec; /* by PostgreSQL's clock, when it was asked for */
        char *refused;    /* as of PageView, then; NULL */
        PeersTask read;
} PageTask;

static PageTask *page_task_free(PageTask *t)
{
        peers_task_cancel(&t->read);
        page_arguments_done(&t->arguments);
        free(t->name);
        free(t->refused);
        free(t);
        return NULL;
}
DEFINE_CLEANUP(PageTask, page_task, page_task_free)

static void page_task_cancel(void *userdata)
{
        (void)page_task_free(userdata);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void answer(WebRequest *request, unsigned status, int r, Html *h)
{
        _cleanup_(text_done) Text hash = {0};
        if (r < 0 || style_append_hash(&hash) < 0)
                web_request_answer_line(request, 503, "no memory for the page");
        else
                web_request_answer(request, status, WEB_HTML, hash.data, &h->text);
}

static void answer_problem(WebRequest *request, unsigned status, const char *title,
                           const char *what, const char *advice)
{
        _cleanup_(html_done) Html h = {0};
        int r = page_write_problem(&h, PACKAGE_VERSION, title, what, advice);
        answer(request, status, r, &h);
}

static void answer_fault(WebRequest *request, const Fault *fault)
{
        bool late = fault->code == CODE_PG_STATEMENT_TIMEOUT;
        answer_problem(request, 503,
                       late ? "PostgreSQL has not answered in time"
                            : "The mirror cannot be read: PostgreSQL",
                       fault->message,
                       late ? "Load the page again; where the mirror is large, search for less."
                            : "`edgemirror check` says what is wrong. Syncs go on by themselves "
                              "once PostgreSQL answers.");
}

static void page_on_read(const MirrorTable *tables, const Fault *fault, void *userdata)
{
        _cleanup_(cleanup_page_task) PageTask *t = userdata;
        _cleanup_(html_done) Html h = {0};
        char now[UTC_BYTES];
        unsigned status = 200;
        peers_task_end(&t->read);
        if (!tables) {
                answer_fault(t->request, fault);
                return;
        }
        const PageView view = {
                .path = t->page->path,
                .name = t->name,
                .version = PACKAGE_VERSION,
                .now = utc_format(t->now_usec / (int64_t)USEC_PER_SEC, UTC_PERSON, now),
                .arguments = &t->arguments,
                .tables = tables,
                .refused = t->refused};
        int r = page_write(t->page, &view, &h, &status);
        answer(t->request, status, r, &h);
}

/* ---- questions ------------------------------------------------------------------------------ */

/* The name of an argument that is refused; NULL: none is. ret_r: -ENOMEM. */
static const char *take_arguments(PageTask *t, int *ret_r)
{
        const WebPage *page = t->page;
        t->arguments.fields = page->fields;
        t->arguments.n_fields = page->n_fields;
        for (size_t i = 0; i < page->n_fields; i++) {
                *ret_r = page_arguments_set(&t->arguments, i,
                                            web_request_argument(t->request, page->fields[i].name));
                if (*ret_r < 0)
                        return page->fields[i].name;
        }
        return NULL;
}

static int read_begin(PageTask *t, WebService *service)
{
        MirrorQuestion questions[MIRROR_QUESTIONS_MAX];
        size_t n = t->page->ask(&t->arguments, t->name, t->scratch, questions);
        int r = mirror_read(service->peers->mirror, questions, n, ANSWER_LIMIT_USEC, page_on_read,
                            t, &t->read.task);
        return peers_task_begin(&t->read, service->peers, r);
}

void pages_answer(WebRequest *request, WebService *service)
{
        char trouble[SERVICE_LINE_BYTES];
        const WebPage *page = web_request_page(request);
        ServiceSnapshot s = service->take(service->userdata);
        if (s.postgres_fault) {
                answer_fault(request, s.postgres_fault);
                return;
        }
        _cleanup_(cleanup_page_task) PageTask *t = calloc(1, sizeof(*t));
        int r = t ? 0 : -ENOMEM;
        if (t) {
                t->page = page;
                t->request = request;
                t->now_usec = s.now_usec;
                service_format_trouble(&s, trouble);
                t->refused = s.statement_fault ? strdup(trouble) : NULL;
                const char *wrong = take_arguments(t, &r);
                if (wrong && r == -EINVAL) {
                        _cleanup_(cleanup_free) char *what =
                                text_format("\"%s\" cannot be that.", wrong);
                        answer_problem(request, 400, "This page has no such view", what,
                                       "Follow the links of the pages.");
                        return;
                }
                if (r >= 0 && page->of_edge) {
                        t->name = strdup(web_request_rest(request));
                        r = t->name ? 0 : -ENOMEM;
                }
                r = r < 0 ? r : read_begin(t, service);
        }
        if (r < 0) {
                web_request_answer_line(request, 503, "no memory for the page");
                return;
        }
        web_request_wait(request, page->title, page_task_cancel, TAKE(t));
}
