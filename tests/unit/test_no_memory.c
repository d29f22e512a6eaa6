/*
 * Memory that runs out: of each operation, the first allocation fails, then the second, and so on
 * until none does. It is refused every time, or goes without what may be left out, and leaves
 * nothing behind (the sanitizers look).
 *
 * Counted are the allocations of our own code (the linker wraps them), of cJSON and of libcurl.
 */
#include "catalog/answer.h"
#include "catalog/edge_items.h"
#include "catalog/job.h"
#include "catalog/oauth2.h"
#include "catalog/page.h"
#include "catalog/url.h"
#include "config/secret.h"
#include "mirror/spool.h"
#include "peers/peers.h"
#include "report/status_json.h"
#include "schedule/zone.h"
#include "sync/listing.h"
#include "sync/snapshot.h"
#include "unit/config_files.h"
#include "web/page.h"
#include <cjson/cJSON.h>
#include <curl/curl.h>

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t size);
int __wrap_vasprintf(char **ret, const char *format, va_list arguments);
int __wrap_asprintf(char **ret, const char *format, ...);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list arguments);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
int __real_vasprintf(char **ret, const char *format, va_list arguments);

static unsigned n_allocations, failing; /* the how manieth fails, from 1; 0: none */

static bool fails(void)
{
        bool now = ++n_allocations == failing;
        if (now)
                errno = ENOMEM;
        return now;
}

void *__wrap_malloc(size_t size)
{
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
        return fails() ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strdup(const char *string)
{
        return fails() ? NULL : __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t size)
{
        return fails() ? NULL : __real_strndup(string, size);
}

int __wrap_vasprintf(char **ret, const char *format, va_list arguments)
{
        return fails() ? -1 : __real_vasprintf(ret, format, arguments);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        int n = __wrap_vasprintf(ret, format, arguments);
        va_end(arguments);
        return n;
}

/* What the two above are called with _FORTIFY_SOURCE. */
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list arguments)
{
        (void)flag;
        return __wrap_vasprintf(ret, format, arguments);
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
        (void)flag;
        va_list arguments;
        va_start(arguments, format);
        int n = __wrap_vasprintf(ret, format, arguments);
        va_end(arguments);
        return n;
}

/* What an operation makes of it: it must fail, or it may go without something. */
typedef enum Need { MUST_FAIL, MAY_GO_ON } Need;

static void each_allocation_fails_once(int (*operation)(void), Need need)
{
        enum { ALLOCATIONS_MAX = 20000 };
        for (failing = 1; failing < ALLOCATIONS_MAX; failing++) {
                n_allocations = 0;
                unsigned number = failing;
                int r = operation();
                failing = 0;
                if (n_allocations < number) {
                        assert_int_equal(r, 0);
                        assert_true(number > 1); /* there was something to fail */
                        return;
                }
                if (need == MUST_FAIL && r >= 0)
                        fail_msg("allocation %u fails, and nobody says so", number);
                failing = number;
        }
        fail_msg("it never ends");
}

#define ID UUID_A
#define ROW                                                                                        \
        "{\"id\":\"" ID "\",\"edgeConnectionId\":\"" ID "\",\"name\":\"x\",\"databaseId\":\"" ID   \
        "\"}"
#define PAGE "{\"results\":[" ROW "," ROW "]}"

static Uuid id_of(const char *text)
{
        Uuid id;
        assert_int_equal(uuid_parse(text, &id), 0);
        return id;
}

/* ---- the catalog ---------------------------------------------------------------------------- */

static int read_page(void)
{
        Uuid edge = id_of(ID);
        Page page = {0};
        Fault fault = {0};
        int r = page_parse(PAGE, strlen(PAGE), &edge, 500, NULL, &page, &fault);
        assert_true((r < 0) == (fault.scope != FAULT_NONE));
        page_done(&page);
        return r;
}

static int read_edges(void)
{
        static const char text[] = "[{\"id\":\"" ID "\",\"name\":\"x\"}]";
        EdgeItems items = {0};
        Fault fault = {0};
        int r = edge_items_parse(text, strlen(text), NULL, &items, &fault);
        assert_true((r < 0) == (fault.scope != FAULT_NONE));
        assert_true(r < 0 || items.n_items == 1);
        edge_items_done(&items);
        return r;
}

static int read_row(void)
{
        Page page = {0};
        Fault fault = {0};
        int r = page_parse_one(ROW, strlen(ROW), NULL, &page, &fault);
        page_done(&page);
        return r;
}

static int read_job(void)
{
        static const char text[] =
                "{\"id\":\"" ID "\",\"state\":\"RUNNING\",\"message\":\"hunter2 \\u0001\"}";
        JobDocument job = {0};
        Redact redact = {0};
        int r = redact_add(&redact, "user", "hunter2");
        if (r == 0)
                r = job_parse(text, strlen(text), NULL, &redact, &job);
        assert_true(r < 0 || !strstr(job.job.message, "hunter2"));
        job_document_done(&job);
        redact_done(&redact);
        return r;
}

/* The catalog's words are left out, and the credentials with them; that it is an error stays. */
static int read_error(void)
{
        static const HttpResponse responses[] = {
                {.status = 404,
                 .content_type = "application/json",
                 .location = "",
                 .body = "{\"statusCode\":404,\"titleMessage\":\"hunter2\",\"userMessage\":\"u\","
                         "\"errorCode\":\"e\"}"},
                {.status = 404,
                 .content_type = "application/json",
                 .location = "",
                 .body = "{\"detail\":\"hunter2\"}"},
                {.status = 500,
                 .content_type = "text/html",
                 .location = "",
                 .body = "<title>hunter2</title>"},
                {.status = 302, .content_type = "", .location = "/login?hunter2", .body = ""},
                {.status = 200, .content_type = "text/plain", .location = "", .body = "hunter2"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
                HttpResponse response = responses[i];
                CatalogAnswer answer;
                AnswerText text = {0};
                Redact redact = {0};
                response.body_size = strlen(response.body);
                int r = redact_add(&redact, NULL, "hunter2");
                if (r < 0)
                        return r;
                answer_classify(&response, 200, true, &(AnswerAuth){.redact = &redact}, &answer,
                                &text);
                assert_true(answer.fault.scope != FAULT_NONE);
                assert_null(strstr(answer.fault.message, "hunter2"));
                assert_true(!answer.problem || !strstr(answer.problem, "hunter2"));
                answer_text_done(&text);
                redact_done(&redact);
        }
        return 0;
}

static int resolve_location(void)
{
        char *url = NULL;
        int r = url_resolve("https://c.example:8443/rest/x", "/rest/jobs/v1/jobs/" ID "#x", &url);
        assert_true(r != -EXDEV);
        if (r == 0)
                assert_string_equal(url, "https://c.example:8443/rest/jobs/v1/jobs/" ID);
        free(url);
        return r;
}

static int load_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        (void)userdata;
        return text_append_string(ret, "hunter2") < 0
                       ? fault_set(ret_fault, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY, "no memory")
                       : 0;
}

static void on_job(const CatalogJobAnswer *answer, void *userdata)
{
        (void)answer;
        (void)userdata;
}

static int read_proxy_password(void)
{
        static const HttpClientOptions options = {.user_agent = "x",
                                                  .ca_file = "/c",
                                                  .proxy = "http://127.0.0.1:1",
                                                  .proxy_username = "u",
                                                  .load_proxy_password = load_secret,
                                                  .max_in_flight = 1,
                                                  .connect_timeout_usec = 1,
                                                  .request_timeout_usec = 1};
        sd_event *event = NULL;
        HttpClient *http = NULL;
        Fault fault;
        assert_true(sd_event_new(&event) >= 0);
        int r = http_client_new(event, &options, &http);
        if (r == 0)
                r = http_client_reload(http, &fault);
        (void)http_client_free(http);
        (void)sd_event_unref(event);
        return r < 0 ? r : 0;
}

/* Up to the request: nothing is sent before the loop runs. */
static int ask_catalog(void)
{
        static const HttpClientOptions http_options = {.user_agent = "x",
                                                       .max_in_flight = 1,
                                                       .connect_timeout_usec = 1,
                                                       .request_timeout_usec = 1};
        static const CatalogOptions options = {
                .base_url = "https://c.example",
                .auth = {.method = &auth_basic, .username = "u", .load_secret = load_secret}};
        sd_event *event = NULL;
        HttpClient *http = NULL;
        Catalog *catalog = NULL;
        CatalogCall *call;
        Uuid id = id_of(ID);
        assert_true(sd_event_new(&event) >= 0);
        int r = http_client_new(event, &http_options, &http);
        if (r == 0)
                r = catalog_new(http, &options, &catalog);
        if (r == 0)
                r = catalog_get_job(catalog, &id, JOB_ADDRESS_V1, NULL, on_job, NULL, &call);
        (void)catalog_free(catalog);
        (void)http_client_free(http);
        (void)sd_event_unref(event);
        return r;
}

static int read_token(void)
{
        static const char body[] =
                "{\"access_token\":\"hunter2\",\"token_type\":\"Bearer\",\"expires_in\":60}";
        _cleanup_(text_wipe) Text token = {0};
        uint64_t lifetime_usec = 0;
        const char *error;
        int r = oauth2_parse_token(body, strlen(body), &token, &lifetime_usec, &error);
        return r;
}

/* Up to the request for a token; the call waits. */
static int ask_by_token(void)
{
        static const HttpClientOptions http_options = {.user_agent = "x",
                                                       .max_in_flight = 1,
                                                       .connect_timeout_usec = 1,
                                                       .request_timeout_usec = 1};
        static const OAuth2Options oauth2_options = {.token_url = "https://c.example/token",
                                                     .scope = "a b"};
        CatalogOptions options = {
                .base_url = "https://c.example",
                .auth = {.method = &auth_oauth2, .username = "u:1", .load_secret = load_secret}};
        sd_event *event = NULL;
        HttpClient *http = NULL;
        OAuth2 *oauth2 = NULL;
        Catalog *catalog = NULL;
        CatalogCall *call;
        Uuid id = id_of(ID);
        assert_true(sd_event_new(&event) >= 0);
        int r = http_client_new(event, &http_options, &http);
        if (r == 0)
                r = oauth2_new(http, &oauth2_options, &oauth2);
        options.auth.method_userdata = oauth2;
        if (r == 0)
                r = catalog_new(http, &options, &catalog);
        if (r == 0)
                r = catalog_get_job(catalog, &id, JOB_ADDRESS_V1, NULL, on_job, NULL, &call);
        (void)catalog_free(catalog);
        (void)oauth2_free(oauth2);
        (void)http_client_free(http);
        (void)sd_event_unref(event);
        return r;
}

static Config *peers_config;

/* Both are opened; nothing is connected before the loop runs. */
static int open_peers(void)
{
        sd_event *event = NULL;
        Peers *peers = NULL;
        Fault fault = {0};
        assert_true(sd_event_new(&event) >= 0);
        int r = peers_new(event, peers_config, &peers);
        if (r == 0)
                r = peers_open_mirror(peers, false, &fault);
        if (r == 0)
                r = peers_open_catalog(peers, &fault);
        (void)peers_unref(peers);
        (void)sd_event_unref(event);
        return r;
}

/* ---- the list ------------------------------------------------------------------------------- */

static int keep_rows(void)
{
        DatabaseConnection row = {
                .id = id_of(ID), .name = "a\tb", .name_size = 3, .has_database = true};
        CatalogPageAnswer page = {.rows = &row, .n_rows = 1};
        CatalogOneAnswer one = {.row = row};
        Snapshot s = {0};
        Fault fault;
        Uuid id;
        int r = snapshot_begin(&s);
        if (r == 0)
                r = snapshot_add_page(&s, &page, &fault);
        if (r == 0)
                r = snapshot_complete(&s);
        if (r == 0)
                r = snapshot_add_verdict(&s, PROOF_GONE, &row.id, &one, &fault);
        if (r == 0)
                r = snapshot_add_verdict(&s, PROOF_MOVED, &row.id, &one, &fault);
        if (r == 0)
                r = spool_add_id(s.found, &row.id, &fault);
        if (r == 0)
                r = spool_get_id(s.found, 0, &id, &fault);
        snapshot_done(&s);
        return r;
}

static int read_list(void)
{
        static DatabaseConnection rows[500];
        Listing l;
        Fault fault = {0};
        ListingStep step = LISTING_MORE;
        for (uint32_t i = 0; i < 500; i++)
                memcpy(rows[i].id.bytes, &i, sizeof(i));
        listing_init(&l, 500, 1);
        for (size_t n = 500; step == LISTING_MORE; n = l.offset < 500 ? 500 - (size_t)l.offset : 0)
                step = listing_page(&l, rows + (500 - n), n, &fault);
        listing_done(&l);
        return step == LISTING_END ? 0 : -ENOMEM;
}

/* ---- what programs read --------------------------------------------------------------------- */

static int write_status(void)
{
        const MirrorStatus s = {.edge = id_of(ID),
                                .name = "e",
                                .state = "failing",
                                .job_id = "j",
                                .job_state = "RUNNING",
                                .job_progress = 12.5,
                                .observed_at = "2026-11-29T01:02:03Z",
                                .listed_at = "2026-11-28T22:37:09Z",
                                .error_scope = "run",
                                .error_code = "not-found",
                                .error_message = "m"};
        Text line = {0};
        cJSON *o = status_json(&s);
        int r = json_append(&line, o, 0);
        cJSON_Delete(o);
        if (r == 0) { /* with all of its members */
                cJSON *read = cJSON_Parse(line.data);
                assert_true(!read || cJSON_GetArraySize(read) == 21);
                assert_true(!read || cJSON_GetArraySize(cJSON_GetObjectItem(read, "job")) == 3);
                assert_true(!read || cJSON_GetArraySize(cJSON_GetObjectItem(read, "error")) == 5);
                r = read ? 0 : -ENOMEM;
                cJSON_Delete(read);
        }
        text_done(&line);
        return r;
}

/* ---- what people read ----------------------------------------------------------------------- */

#define TABLE(n_columns, columns, cells)                                                           \
        {                                                                                          \
                ARRAY_SIZE(cells) / (n_columns), n_columns, columns, cells                         \
        }

static int write_page(void)
{
        static const char *const day_columns[] = {"day",   "added",   "restored",  "changed",
                                                  "moved", "removed", "first_load"};
        static const char *const day_cells[] = {"2026-11-29", "1", "0", "1000", "0", "0", "0"};
        static const char *const columns[] = {"day",
                                              "time",
                                              "kind",
                                              "edge",
                                              "edge_connection_id",
                                              "edge_before",
                                              "name_before",
                                              "name_after",
                                              "renamed",
                                              "relinked",
                                              "registered_before",
                                              "registered_after"};
        static const char *const cells[] = {"2026-11-29", "10:00", "moved_in", "a b", ID,  "<c>",
                                            "d",          "e\tf",  "t",        "t",   "f", "t"};
        static const char *const instance_columns[] = {"alive", "waiting_for"};
        static const char *const instance_cells[] = {"t", "credentials"};
        static const char *const state_columns[] = {"state", "edges", "oldest_listed",
                                                    "never_listed"};
        static const char *const state_cells[] = {"well", "1", "60", "0"};
        const MirrorTable tables[] = {
                TABLE(ARRAY_SIZE(instance_columns), instance_columns, instance_cells),
                TABLE(ARRAY_SIZE(state_columns), state_columns, state_cells),
                TABLE(ARRAY_SIZE(day_columns), day_columns, day_cells),
                TABLE(ARRAY_SIZE(columns), columns, cells)};
        PageArguments arguments = {.fields = page_changes.fields,
                                   .n_fields = page_changes.n_fields};
        const PageView view = {.path = "/changes",
                               .version = "1",
                               .now = "now",
                               .arguments = &arguments,
                               .tables = tables};
        Html h = {0};
        unsigned status;
        int r = page_arguments_set(&arguments, 2, "a b");
        r = r < 0 ? r : page_write(&page_changes, &view, &h, &status);
        html_done(&h);
        r = r < 0 ? r : page_write_problem(&h, "1", "title", "one\ntwo", "`edgemirror check`");
        html_done(&h);
        page_arguments_done(&arguments);
        return r;
}

/* ---- the configuration ---------------------------------------------------------------------- */

static int read_zone(void)
{
        Zone *zone = NULL;
        int r = zone_load("Europe/Brussels", &zone);
        (void)zone_free(zone);
        if (r == 0)
                r = zone_load("UTC", &zone);
        (void)zone_free(r == 0 ? zone : NULL);
        return r;
}

static const char *file;

static int load_config(void)
{
        Config *config = NULL;
        Text errors = {0};
        int r = config_load(file, &config, &errors);
        assert_true((r == 0) == (config != NULL));
        if (config) /* with all of its parts: a password goes there */
                assert_string_equal(config->catalog.url, "https://c.example:8443/x");
        (void)config_free(config);
        text_done(&errors);
        return r;
}

/* It is refused either way; here 0 stands for the errors being listed. */
static int load_bad_config(void)
{
        Config *config = NULL;
        Text errors = {0};
        int r = config_load(file, &config, &errors);
        assert_true(r < 0 && !config);
        text_done(&errors);
        return r == -EINVAL || r == -ENOTDIR ? 0 : r;
}

static int read_secret_file(void)
{
        Text secret = {0};
        Fault fault = {0};
        int r = secret_read(file, &secret, &fault);
        text_wipe(&secret);
        return r;
}

#define TEST(name, operation, need)                                                                \
        static void name(void **state)                                                             \
        {                                                                                          \
                (void)state;                                                                       \
                each_allocation_fails_once(operation, need);                                       \
        }

TEST(a_page_is_refused, read_page, MUST_FAIL)
TEST(a_list_of_edges_is_refused, read_edges, MUST_FAIL)
TEST(a_row_is_refused, read_row, MUST_FAIL)
TEST(a_job_may_lose_its_document, read_job, MAY_GO_ON)
TEST(an_error_may_lose_its_words, read_error, MAY_GO_ON)
TEST(a_location_is_refused, resolve_location, MUST_FAIL)
TEST(a_call_is_refused, ask_catalog, MUST_FAIL)
TEST(a_password_of_a_proxy_is_refused, read_proxy_password, MUST_FAIL)
TEST(a_token_is_refused, read_token, MUST_FAIL)
TEST(a_call_by_token_is_refused, ask_by_token, MUST_FAIL)
TEST(rows_are_refused, keep_rows, MUST_FAIL)
TEST(a_list_is_refused, read_list, MUST_FAIL)
TEST(a_zone_is_refused, read_zone, MUST_FAIL)
TEST(a_status_is_refused, write_status, MUST_FAIL)
TEST(a_page_for_people_is_refused, write_page, MUST_FAIL)

static void a_configuration_is_refused(void **state)
{
        (void)state;
        files_write(
                "t.conf",
                "[catalog]\nurl = https://C.example:8443/x/\nusername = u\npassword_file = /p\n"
                "max_requests = 3\n" POSTGRES
                "password_file = /p\n[daemon]\ninstance = i\nlease = 2m\n"
                "[defaults]\nschedule = daily\ntimezone = Europe/Brussels\nmax_removals = 5%\n" EDGE
                "schedule = every 2h\n");
        files_write("t.conf.d/a.conf",
                    "[edge \"b\"]\nid = " UUID_B "\nschema_connection = " UUID_A "\n");
        files_write("t.conf.d/b.conf", "[daemon]\nmax_syncs = 3\n");
        file = "t.conf";
        each_allocation_fails_once(load_config, MUST_FAIL);
}

static void errors_of_a_configuration_may_not_be_listed(void **state)
{
        (void)state;
        files_write("t.conf",
                    "[catalog]\nurl = nonsense\nusername = \"u\nwhat = 1\n[postgres]\nconninfo = "
                    "=\n[edge \"a\"]\nid = x\n"
                    "schedule = cron 1\ntimezone = Nowhere/At_all\n[edge \"a\"]\n[edge\n");
        files_write("t.conf.d/a.conf",
                    "[edge \"b\"]\nid = " UUID_B "\nmax_removals = 200%\npassword = p\n");
        file = "t.conf";
        each_allocation_fails_once(load_bad_config, MAY_GO_ON);

        /* The one error may not be lost, and the configuration taken for a good one. */
        assert_int_equal(unlink("t.conf.d/a.conf"), 0);
        files_write("t.conf", VALID "junk\n");
        each_allocation_fails_once(load_bad_config, MAY_GO_ON);

        assert_int_equal(rmdir("t.conf.d"), 0);
        files_write("t.conf.d", "");
        each_allocation_fails_once(load_bad_config, MAY_GO_ON);
        assert_int_equal(unlink("t.conf.d"), 0);
        assert_int_equal(mkdir("t.conf.d", 0700), 0);
}

static void a_secret_is_refused(void **state)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/secret", (const char *)*state);
        files_write(path, "hunter2\n");
        assert_int_equal(chmod(path, 0600), 0);
        file = path;
        each_allocation_fails_once(read_secret_file, MUST_FAIL);
}

static void peers_are_refused(void **state)
{
        char text[512];
        files_write("secret", "hunter2\n");
        assert_int_equal(chmod("secret", 0600), 0);
        for (int oauth2 = 0; oauth2 < 2; oauth2++) {
                (void)snprintf(text, sizeof(text),
                               "[catalog]\nurl = https://c.example\n%s = %s/secret\n"
                               "[postgres]\nconninfo = dbname=x\npassword_file = %s/secret\n" EDGE,
                               oauth2 ? "auth = oauth2\nclient_id = u\nclient_secret_file"
                                      : "username = u\npassword_file",
                               (const char *)*state, (const char *)*state);
                files_write("t.conf", text);
                peers_config = assert_loaded("t.conf");
                each_allocation_fails_once(open_peers, MUST_FAIL);
                peers_config = config_free(peers_config);
        }
}

static void *json_malloc(size_t size)
{
        return __wrap_malloc(size);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_is_refused),
                cmocka_unit_test(a_list_of_edges_is_refused),
                cmocka_unit_test(a_row_is_refused),
                cmocka_unit_test(a_job_may_lose_its_document),
                cmocka_unit_test(an_error_may_lose_its_words),
                cmocka_unit_test(a_location_is_refused),
                cmocka_unit_test(a_call_is_refused),
                cmocka_unit_test(a_password_of_a_proxy_is_refused),
                cmocka_unit_test(a_token_is_refused),
                cmocka_unit_test(a_call_by_token_is_refused),
                cmocka_unit_test(rows_are_refused),
                cmocka_unit_test(a_list_is_refused),
                cmocka_unit_test(a_zone_is_refused),
                cmocka_unit_test(a_status_is_refused),
                cmocka_unit_test(a_page_for_people_is_refused),
                cmocka_unit_test_setup_teardown(a_configuration_is_refused, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(errors_of_a_configuration_may_not_be_listed,
                                                files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(a_secret_is_refused, files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(peers_are_refused, files_setup, files_teardown),
        };
        cJSON_Hooks hooks = {.malloc_fn = json_malloc, .free_fn = free};
        cJSON_InitHooks(&hooks);
        if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc,
                                 __wrap_strdup, __wrap_calloc) != 0)
                return 99;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
