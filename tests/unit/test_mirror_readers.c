/*
 * Who reads the mirror, where what stands between answers in another form than PostgreSQL would:
 * rows without columns, cells that are NULL, more rows than were asked for. Nothing ends by it.
 */
#include "base/duration.h"
#include "cli/command.h"
#include "mirror/reader.h"
#include "mirror/sql_embedded.h"
#include "pg/pg.h"
#include "unit/config_files.h"
#include "unit/pg_server.h"
#include "web/page.h"
#include <fcntl.h>

enum { ROWS = 120, COLUMNS = 40 };

/* Bytes that begin no character, more than a page shows. */
static char headless[LIMIT_WEB_TEXT_BYTES + 1000];
static const char *headless_words[COLUMNS];
static const char *const nothing[ROWS * COLUMNS];
static const char *const word[] = {"t"};
/* Of one statement, in place of its answer. */
static const Answer forms[] = {
        {.rows = 1, .columns = 0, .values = nothing, .count = 1},
        {.rows = 1, .columns = 1, .values = nothing, .count = 1},
        {.rows = 1, .columns = 1, .values = word, .count = 1},
        {.rows = ROWS, .columns = COLUMNS, .values = nothing, .count = 1},
        {.rows = 1, .columns = COLUMNS, .values = headless_words, .count = 1},
};

static Answer form_of(size_t i, const char *statement)
{
        Answer answer = forms[i];
        answer.words = statement;
        return answer;
}

/* ---- commands ------------------------------------------------------------------------------- */

static int standard_output = -1;

/* What the commands print is shown to nobody. */
static int begin(void **state)
{
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)fflush(stdout);
        standard_output = dup(STDOUT_FILENO);
        int r = dup2(nowhere, STDOUT_FILENO) < 0 ? -1 : files_setup(state);
        (void)close(nowhere);
        return r;
}

static int end(void **state)
{
        (void)fflush(stdout);
        int r = dup2(standard_output, STDOUT_FILENO) < 0 ? -1 : files_teardown(state);
        (void)close(standard_output);
        return r;
}

static int run(int (*command)(const CommandLine *line), CommandLine line, Answer *script)
{
        char config[400];
        PgServer *server = pg_server_start(script);
        (void)snprintf(config, sizeof(config),
                       CATALOG EDGE "[postgres]\nconninfo = host=127.0.0.1 port=%d user=em "
                                    "dbname=test sslmode=disable gssencmode=disable\n",
                       server->port);
        files_write("t.conf", config);
        line.config_file = "t.conf";
        int status = command(&line);
        pg_server_stop(server);
        return status;
}

static void a_command_says_what_there_is_of_an_answer(void **state)
{
        (void)state;
        char *none[] = {NULL}, *one[] = {(char *)"t", NULL};
        static const struct {
                int (*command)(const CommandLine *line);
                const char *statement;
                CommandLine line;
                bool names;
        } cases[] = {
                {command_status, sql_instance_list, {.check = true}, false},
                {command_status, sql_instance_list, {0}, false},
                {command_status, sql_status_fetch, {.check = true}, false},
                {command_status, sql_status_fetch, {.json = true}, false},
                {command_status, sql_status_fetch, {0}, false},
                {command_status, sql_status_fetch, {0}, true},
                {command_verify, sql_verify_fetch, {.json = true}, false},
                {command_verify, sql_verify_fetch, {0}, true},
                {command_retire, sql_retire_find, {.yes = true}, true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
                        static const char *const version[] = {"1", "f", NULL};
                        Answer script[] = {{.words = sql_schema_version,
                                            .rows = 1,
                                            .columns = 3,
                                            .values = version},
                                           form_of(k, cases[i].statement),
                                           {0}};
                        CommandLine line = cases[i].line;
                        line.names = cases[i].names ? one : none;
                        int status = run(cases[i].command, line, script);
                        assert_int_equal(script[1].n_seen > 0, true);
                        assert_in_range(status, 0, 78);
                }
        }
}

/* ---- pages ---------------------------------------------------------------------------------- */

typedef struct Shown {
        const WebPage *page;
        PageView view;
        PageArguments arguments;
        bool done;
        size_t shown;
} Shown;

static void on_read(const MirrorTable *tables, const Fault *fault, void *userdata)
{
        Shown *s = userdata;
        _cleanup_(html_done) Html html = {0};
        unsigned status;
        s->view.tables = tables;
        s->done = true;
        assert_string_equal(fault->message, "");
        assert_int_equal(page_write(s->page, &s->view, &html, &status), 0);
        s->shown = html.text.size;
}

static void show(const WebPage *page, size_t form)
{
        MirrorQuestion questions[MIRROR_QUESTIONS_MAX];
        Answer script[MIRROR_QUESTIONS_MAX + 1] = {{0}};
        char scratch[32];
        Shown s = {.page = page, .arguments = {page->fields, page->n_fields, {NULL}}};
        const char *name = page->of_edge ? "a" : NULL;
        s.view = (PageView){.path = page->path,
                            .name = name,
                            .version = "1",
                            .now = "now",
                            .arguments = &s.arguments};
        size_t n = page->ask(&s.arguments, name, scratch, questions);
        for (size_t i = 0; i < n; i++)
                script[i] = form_of(form, questions[i].sql);
        PgServer *server = pg_server_start(script);
        sd_event *event;
        PgPool *pool;
        Mirror *mirror;
        assert_int_equal(sd_event_new(&event), 0);
        pg_server_open_mirror(server, event, &pool, &mirror);
        assert_int_equal(mirror_read(mirror, questions, n, 5 * USEC_PER_SEC, on_read, &s, NULL), 0);
        while (!s.done)
                assert_true(sd_event_run(event, 30 * USEC_PER_SEC) > 0);
        assert_true(s.shown > 0);
        (void)mirror_free(mirror);
        (void)pg_pool_free(pool);
        pg_server_stop(server);
        sd_event_unref(event);
}

static void a_page_shows_what_there_is_of_an_answer(void **state)
{
        (void)state;
        static const WebPage *const pages[] = {&page_home, &page_edge, &page_inventory,
                                               &page_changes};
        for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
                for (size_t form = 0; form < ARRAY_SIZE(forms); form++)
                        show(pages[i], form);
}

int main(void)
{
        memset(headless, 0x80, sizeof(headless) - 1);
        for (size_t i = 0; i < COLUMNS; i++)
                headless_words[i] = i + 1 < COLUMNS ? headless : "t";
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_command_says_what_there_is_of_an_answer, begin,
                                                end),
                cmocka_unit_test(a_page_shows_what_there_is_of_an_answer),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
