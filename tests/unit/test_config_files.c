/*
 * The files: sections and keys, what is missing or there twice, order and overriding, odd bytes,
 * many edges.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "base/own_command.h"
#include "config/option.h"
#include "unit/config_files.h"
#include <errno.h>
#include <sys/resource.h>

#define SECTIONS                                                                                   \
        "[catalog], [postgres], [discover], [monitor], [notify], [daemon], [defaults] or [edge "   \
        "\"NAME\"]"
#define EDGE_FORM     "accepted: [edge \"NAME\"], NAME of 1 to 128 bytes\n"
#define LINE_FORM     "accepted: lines of UTF-8 text of at most 4096 bytes\n"
#define CATALOG_LINES "[catalog]\nurl = https://c.example\n"

/* Whole files and what is said of them. */
static const struct {
        const char *text, *report;
} REFUSED[] = {
        /* sections */
        {VALID "[edges \"b\"]\nx = 1\n",
         "t.conf:9: unknown section [edges \"b\"]; accepted: " SECTIONS "\n"},
        {VALID "[Daemon]\n", "t.conf:9: unknown section [Daemon]; accepted: " SECTIONS "\n"},
        {VALID "[daemon\nlease = 20s\n",
         "t.conf:9: a section's header that does not end in \"]\"; accepted: " SECTIONS "\n"},
        {VALID "[daemon] lease = 20s\n",
         "t.conf:9: a section's header that does not end in \"]\"; accepted: " SECTIONS "\n"},
        {VALID "[edge b]\nid = " UUID_B "\n",
         "t.conf:9: an edge's name stands in quotation marks; " EDGE_FORM},
        {VALID "[edge]\nid = " UUID_B "\n",
         "t.conf:9: an edge's name stands in quotation marks; " EDGE_FORM},
        {VALID "[edge \"\"]\nid = " UUID_B "\n",
         "t.conf:9: the edge has an empty name; " EDGE_FORM},
        {VALID "[edge \"b \"]\nid = " UUID_B "\n",
         "t.conf:9: the edge's name begins or ends with a space, or holds a tab or a "
         "backslash; " EDGE_FORM},
        {VALID "[edge \" b\"]\nid = " UUID_B "\n",
         "t.conf:9: the edge's name begins or ends with a space, or holds a tab or a "
         "backslash; " EDGE_FORM},
        {VALID "[edge \"b\\c\"]\nid = " UUID_B "\n",
         "t.conf:9: the edge's name begins or ends with a space, or holds a tab or a "
         "backslash; " EDGE_FORM},
        {VALID "[edge \"b\u202ec\"]\nid = " UUID_B "\n",
         "t.conf:9: the edge's name holds an invisible character, or one that turns the order of "
         "text; " EDGE_FORM},
        {VALID "[edge \"b\" c]\nid = " UUID_B "\n",
         "t.conf:9: an edge's name stands in quotation marks; " EDGE_FORM},
        {VALID "[edge \"b]\nid = " UUID_B "\n",
         "t.conf:9: an edge's name stands in quotation marks; " EDGE_FORM},
        {VALID "[daemon];lease = 20s\n",
         "t.conf:9: a section's header that does not end in \"]\"; accepted: " SECTIONS "\n"},
        {VALID "[edge \"b\x07\"]\nid = " UUID_B "\n",
         "t.conf:9: the line holds a control character; " LINE_FORM},
        {"lease = 20s\n" VALID,
         "t.conf:1: \"lease\" stands before any section; accepted: below " SECTIONS "\n"},
        /* keys */
        {VALID "shedule = daily\n",
         "t.conf:9: unknown key \"shedule\" in [edge \"NAME\"]; did you mean \"schedule\"?\n"},
        {VALID "[daemon]\nmax_sync = 3\n",
         "t.conf:10: unknown key \"max_sync\" in [daemon]; did you mean \"max_syncs\"?\n"},
        {VALID "poll_mix = 3s\n", /* as near to poll_max: the first of the two */
         "t.conf:9: unknown key \"poll_mix\" in [edge \"NAME\"]; did you mean \"poll_min\"?\n"},
        {VALID "lease = 20s\n",
         "t.conf:9: \"lease\" does not stand in [edge \"NAME\"]; accepted: in [daemon]\n"},
        {VALID "[defaults]\nid = " UUID_B "\n",
         "t.conf:10: \"id\" does not stand in [defaults]; accepted: in [edge \"NAME\"]\n"},
        {VALID "id = " UUID_B "\n",
         "t.conf:9: id is given twice, first in line 8; accepted: one id in a section\n"},
        {VALID "[catalog]\nusername = v\n", "t.conf:10: username is given twice, first in line 3; "
                                            "accepted: one username in a section\n"},
        {VALID "page_size\n", "t.conf:9: neither a [section] nor a key with a value; accepted: "
                              "[section] or KEY = VALUE\n"},
        {VALID "page_size ; = 3\n", "t.conf:9: neither a [section] nor a key with a value; "
                                    "accepted: [section] or KEY = VALUE\n"},
        /* what is missing */
        {"[catalog]\nusername = u\npassword_file = /p\n" POSTGRES EDGE,
         "t.conf:1: url is missing in [catalog]; accepted: url = https://HOST, or http to a "
         "loopback address (127.0.0.0/8, [::1], "
         "localhost)\n"},
        {CATALOG EDGE, "t.conf:1: conninfo is missing in [postgres]; accepted: conninfo = "
                       "KEYWORD=VALUE … or postgresql://… as libpq "
                       "takes it, without a password\n"},
        {CATALOG POSTGRES, "t.conf:1: there is no edge to mirror; accepted: at least one section "
                           "[edge \"NAME\"], or enabled = yes in [discover]\n"},
        {VALID "[edge \"b\"]\n",
         "t.conf:9: edge \"b\" has no id; accepted: id = UUID of the Edge connection\n"},
        {CATALOG_LINES POSTGRES EDGE, "t.conf:1: auth = basic needs username; accepted: username = "
                                      "a text of at most 255 bytes without a colon\n"
                                      "t.conf:1: auth = basic needs password_file; accepted: "
                                      "password_file = /absolute/path or credential:NAME\n"},
        {CATALOG_LINES "auth = bearer\n" POSTGRES EDGE,
         "t.conf:3: auth = bearer needs token_file; accepted: token_file = /absolute/path or "
         "credential:NAME\n"},
        {CATALOG_LINES "auth = oauth2\nclient_id = x\n" POSTGRES EDGE,
         "t.conf:3: auth = oauth2 needs client_secret_file; accepted: client_secret_file = "
         "/absolute/path or credential:NAME\n"},
        {CATALOG_LINES "auth = oauth2\nclient_id = x\nclient_secret_file = /s\ntoken_url = "
                       "http://idp.example/token\n" POSTGRES EDGE,
         "t.conf:6: token_url: http would send the password in the clear to another machine; "
         "accepted: https://HOST/PATH, or http to a loopback address (127.0.0.0/8, [::1], "
         "localhost)\n"},
        {CATALOG "scope = s\n" POSTGRES EDGE, "t.conf:5: scope has no effect with auth = basic; "
                                              "accepted: only with auth = oauth2\n"},
        {CATALOG "cert_file = /c\n" POSTGRES EDGE,
         "t.conf:5: cert_file needs key_file; accepted: key_file = /absolute/path or "
         "credential:NAME\n"},
        {CATALOG "key_file = /c\n" POSTGRES EDGE,
         "t.conf:5: key_file needs cert_file; accepted: cert_file = /absolute/path or "
         "credential:NAME\n"},
        {CATALOG "proxy_password_file = /c\n" POSTGRES EDGE,
         "t.conf:5: proxy_password_file needs proxy_username; accepted: proxy_username = a text of "
         "at most 255 bytes without a colon\n"},
        {CATALOG "proxy = http://p:1\nproxy_username = u\n" POSTGRES EDGE,
         "t.conf:6: proxy_username needs proxy_password_file; accepted: proxy_password_file = "
         "/absolute/path or credential:NAME\n"},
        {CATALOG "proxy_username = u\nproxy_password_file = /p\n" POSTGRES EDGE,
         "t.conf:5: proxy_username needs proxy; accepted: proxy = http://HOST:PORT or "
         "https://HOST:PORT\n"},
        {"[catalog]\nurl = http://127.0.0.1\nusername = u\npassword_file = /p\n"
         "proxy = http://p:1\n" POSTGRES EDGE,
         "t.conf:5: proxy: url is http, so it would see the credentials; accepted: a proxy where "
         "both url and token_url are https\n"},
        {CATALOG "token_file = /t\n" POSTGRES EDGE, "t.conf:5: token_file has no effect with auth "
                                                    "= basic; accepted: only with auth = bearer\n"},
        {CATALOG_LINES "auth = bearer\ntoken_file = /t\nusername = u\n" POSTGRES EDGE,
         "t.conf:5: username has no effect with auth = bearer; accepted: only with auth = basic\n"},
        /* what is there twice */
        {VALID "[edge \"a\"]\nid = " UUID_B "\n",
         "t.conf:9: edge \"a\" is there already (t.conf:7); accepted: each name once\n"},
        {VALID "[edge \"b\"]\nid = 0B9C1C1E-3D0A-4D55-9D2B-6B8F0F0A1C11\n",
         "t.conf:9: edge \"b\" has the id of edge \"a\" (t.conf:7); accepted: one edge for each "
         "Edge connection\n"},
        {VALID "[edge \"" UUID_A "\"]\nid = " UUID_B "\n",
         "t.conf:9: the edge's name is a UUID other than its id; accepted: a name that is no UUID, "
         "or the id\n"},
        /* bytes */
        {VALID "timezone = \xC3\x28\n", "t.conf:9: the line is not valid UTF-8; " LINE_FORM},
        {VALID "timezone = \xC2\x85\n", "t.conf:9: the line holds a control character; " LINE_FORM},
};

static void a_bad_file_is_refused_with_its_line_and_the_accepted_form(void **state _unused_)
{
        for (size_t i = 0; i < ARRAY_SIZE(REFUSED); i++) {
                files_write("t.conf", REFUSED[i].text);
                assert_refused("t.conf", -EINVAL, REFUSED[i].report);
        }
}

/* In the order of the sample file; a key that says where a secret belongs is none of them. */
static void an_unknown_key_that_is_like_no_other_is_told_all_of_its_section(void **state _unused_)
{
        size_t n;
        const Option *table = option_table(&n);
        for (OptionSection s = OPTION_CATALOG; s < OPTION_EDGE; s++) {
                char text[512], report[2048];
                const char *name = option_section_name(s), *gap = "";
                (void)snprintf(text, sizeof(text), "%s%s\nfrobnicate = 3\n", VALID, name);
                int used =
                        snprintf(report, sizeof(report),
                                 "t.conf:10: unknown key \"frobnicate\" in %s; accepted: ", name);
                for (size_t i = 0; i < n; i++) {
                        if (table[i].section != s || table[i].kind == &option_kind_misplaced_secret)
                                continue;
                        used += snprintf(report + used, sizeof(report) - (size_t)used, "%s%s", gap,
                                         table[i].key);
                        gap = ", ";
                }
                (void)snprintf(report + used, sizeof(report) - (size_t)used, "\n");
                files_write("t.conf", text);
                assert_refused("t.conf", -EINVAL, report);
        }
}

static void all_errors_are_reported_in_the_order_of_the_lines(void **state _unused_)
{
        files_write("t.conf", "stray = 1\n"           /* 1 */
                              "[catalog]\n"           /* 2: url, username missing */
                              "password = x\n"        /* 3 */
                              "max_requests = none\n" /* 4 */
                              "[postgres]\n"          /* 5: conninfo missing */
                              "[typo]\n"              /* 6 */
                              "[defaults]\n"          /* 7 */
                              "page_size = 9999\n"    /* 8 */
                              "poll_min = 5\n"        /* 9 */
                              "junk\n"                /* 10 */
                              "[edge \"a\"]\n"        /* 11: no id */
                              "refresh = perhaps\n"); /* 12 */
        static const unsigned LINES[] = {1, 2, 2, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12};
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;

        assert_int_equal(config_load("t.conf", &config, &errors), -EINVAL);
        char *line = errors.data;
        for (size_t i = 0; i < ARRAY_SIZE(LINES); i++) {
                char begin[32];
                (void)snprintf(begin, sizeof(begin), "t.conf:%u: ", LINES[i]);
                assert_true(text_starts_with(line, begin));
                line = strchr(line, '\n') + 1;
        }
        assert_int_equal(*line, '\0');
}

static void no_secret_is_repeated_in_an_error(void **state _unused_)
{
        files_write("t.conf",
                    "[catalog]\nurl = https://u:hunter2@c\nusername = u\npassword = "
                    "hunter2\npassword_file = hunter2\n"
                    "token_file = hunter2\nclient_secret = hunter2\nhunter2\n[postgres]\n"
                    "conninfo = dbname=x password=a hunter2\npassword_file = hunter2\n" EDGE);
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;

        assert_int_equal(config_load("t.conf", &config, &errors), -EINVAL);
        assert_non_null(strstr(errors.data, "t.conf:10: conninfo: "));
        assert_null(strstr(errors.data, "hunter2"));
}

static void later_files_override_in_the_order_of_their_names(void **state _unused_)
{
        files_write("t.conf",
                    VALID "[daemon]\nmax_syncs = 1\nlease = 11s\n[defaults]\npage_size = 10\n");
        files_write("t.conf.d/20-b.conf", "[daemon]\nmax_syncs = 3\n[defaults]\npage_size = 30\n");
        files_write("t.conf.d/10-a.conf",
                    "[daemon]\nmax_syncs = 2\nstop_timeout = 7s\n[edge \"b\"]\nid = " UUID_B "\n");
        files_write("t.conf.d/30-c.conf.bak", "nonsense");
        files_write("t.conf.d/.40-d.conf", "nonsense");

        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");

        assert_int_equal(c->daemon.max_syncs, 3);
        assert_int_equal(c->daemon.lease_usec, 11 * USEC_PER_SEC);
        assert_int_equal(c->daemon.stop_timeout_usec, 7 * USEC_PER_SEC);
        assert_int_equal(c->n_edges, 2);
        assert_int_equal(c->edges[0].settings.page_size, 30);
        assert_int_equal(c->edges[1].settings.page_size, 30);
        assert_string_equal(c->edges[1].file, "t.conf.d/10-a.conf");
        assert_int_equal(c->edges[1].line, 4);
}

static void an_edge_overrides_the_defaults_wherever_they_stand(void **state _unused_)
{
        files_write("t.conf", VALID
                    "page_size = 7\nschedule = daily\nenabled = no\nschema_connection = " UUID_B
                    "\n"
                    "[edge \"b\"]\nid = " UUID_B
                    "\n[defaults]\npage_size = 20\ntimezone = Europe/Brussels\n");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        const ConfigEdge *a = config_find_edge(c, "a"), *b = config_find_edge(c, "b");

        assert_int_equal(a->settings.page_size, 7);
        assert_int_equal(b->settings.page_size, 20);
        assert_false(a->enabled);
        assert_true(b->enabled);
        assert_true(a->settings.has_schema_connection);
        assert_false(b->settings.has_schema_connection);
        assert_false(a->schedule.is_interval);
        assert_true(b->schedule.is_interval);
        assert_string_equal(a->timezone, "Europe/Brussels");
        assert_ptr_equal(a->zone, b->zone);
}

static void duplicates_are_found_across_files(void **state _unused_)
{
        files_write("t.conf", VALID);
        files_write("t.conf.d/x.conf", EDGE);
        assert_refused("t.conf", -EINVAL,
                       "t.conf.d/x.conf:1: edge \"a\" is there already (t.conf:7); accepted: each "
                       "name once\n"
                       "t.conf.d/x.conf:1: edge \"a\" has the id of edge \"a\" (t.conf:7); "
                       "accepted: one edge for each Edge connection\n");
}

static void files_from_other_systems_are_read(void **state _unused_)
{
        files_write("t.conf", "\xEF\xBB\xBF# mark and CRLF\r\n[catalog]   ; comment\r\n  url : "
                              "https://c.example ; comment\r\n"
                              "\tusername=u;v\r\npassword_file = /p\r\n\r\n[ postgres "
                              "]\r\nconninfo = dbname=x\r\n"
                              "[edge \"Zürich ] ; 1\"] ; comment\r\n    id = " UUID_A
                              "\r\n    page_size = 9");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");

        assert_string_equal(c->catalog.url, "https://c.example");
        assert_string_equal(c->catalog.username, "u;v");
        assert_string_equal(c->edges[0].name, "Zürich ] ; 1");
        assert_int_equal(c->edges[0].settings.page_size, 9);
        assert_int_equal(c->edges[0].line, 9);
}

static void a_nul_byte_is_an_error_and_not_an_end(void **state _unused_)
{
        static const char TEXT[] = VALID "page_size = 9\0\n";
        files_write_bytes("t.conf", TEXT, sizeof(TEXT) - 1);
        assert_refused("t.conf", -EINVAL, "t.conf:9: the line holds a NUL byte; " LINE_FORM);
}

/* Each of them may need a file, beside 5 requests, 6 connections and what else the program has. */
static void fewer_syncs_run_at_once_where_files_are_few(void **state _unused_)
{
        static const struct {
                rlim_t files;
                unsigned most;
        } cases[] = {{1000, 64}, {112, 64}, {111, 63}, {69, 21}, {49, 1}, {48, 1}, {20, 1}};
        files_write("t.conf", CATALOG "max_requests = 5\n[postgres]\nconninfo = dbname=x\n"
                                      "max_connections = 6\n[daemon]\nmax_syncs = 64\n" EDGE);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        struct rlimit old;
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct rlimit few = {.rlim_cur = cases[i].files, .rlim_max = old.rlim_max};
                assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
                assert_int_equal(config_syncs_at_once(c), cases[i].most);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

/* Whatever stands in it: what looks like a comment, a section or another key. */
static void a_long_line_arrives_whole(void **state _unused_)
{
        for (size_t size = 150; size <= 4000; size += size < 420 ? 1 : 597) {
                char value[4096] = "dbname=x application_name='", text[8192];
                size_t n = strlen(value);
                for (; n < size; n++)
                        value[n] = "abc;d#[ =e f:"[(n + size) % 13];
                (void)snprintf(value + n, sizeof(value) - n, "'");
                (void)snprintf(text, sizeof(text), CATALOG "[postgres]\nconninfo = %s\n" EDGE,
                               value);
                files_write("t.conf", text);
                _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
                assert_string_equal(c->postgres.conninfo, value);
        }
}

static void long_characters_are_not_cut(void **state _unused_)
{
        char value[1500] = "dbname=", text[4096];

        for (size_t i = 0; i < 300; i++)
                strcat(value, i % 3 == 0 ? "é" : "😀");
        (void)snprintf(text, sizeof(text), CATALOG "[postgres]\nconninfo = %s ; %s\n" EDGE, value,
                       value);
        files_write("t.conf", text);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_string_equal(c->postgres.conninfo, value);
}

static void a_line_that_cannot_be_read_whole_is_an_error(void **state _unused_)
{
        char text[12000] = VALID "[daemon]\ninstance = ";
        size_t n = strlen(text);

        memset(text + n, 'x', LIMIT_CONFIG_LINE_BYTES);
        (void)snprintf(text + n + LIMIT_CONFIG_LINE_BYTES, 100, "\nlease = 20s\n");
        files_write("t.conf", text);
        assert_refused("t.conf", -EINVAL, "t.conf:10: the line is too long; " LINE_FORM);

        memset(text + n, ' ', 400);
        text[n] = 'a';
        (void)snprintf(text + n + 400, 100, "b\nlease = 20s\n");
        files_write("t.conf", text);
        assert_refused("t.conf", -EINVAL,
                       "t.conf:10: instance = a b: longer than 255 bytes; accepted: a text of at "
                       "most 255 bytes\n");
}

static void a_long_edge_name_is_kept_or_refused_never_cut(void **state _unused_)
{
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 2], text[1024];

        memset(name, 'n', sizeof(name));
        name[LIMIT_EDGE_NAME_MAX_BYTES] = '\0';
        (void)snprintf(text, sizeof(text), CATALOG POSTGRES "[edge \"%s\"]\nid = " UUID_A "\n",
                       name);
        files_write("t.conf", text);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_string_equal(c->edges[0].name, name);

        (void)snprintf(text, sizeof(text), VALID "[edge \"%sn\"]\nid = " UUID_B "\n", name);
        files_write("t.conf", text);
        assert_refused("t.conf", -EINVAL,
                       "t.conf:9: the edge's name is longer than 128 bytes; " EDGE_FORM);
}

static void a_file_that_cannot_be_read_stops_the_load_and_says_why(void **state _unused_)
{
        assert_refused("t.conf", -ENOENT,
                       "t.conf: no such file; create it (edgemirror init does), or name another "
                       "with --config\n");
        own_command_set("/srv/t.conf"); /* that one is made, not the default */
        assert_refused("t.conf", -ENOENT,
                       "t.conf: no such file; create it (edgemirror -c /srv/t.conf init does), or "
                       "name another with --config\n");
        own_command_set(NULL);

        files_write("t.conf", VALID);
        assert_int_equal(mkdir("t.conf.d/x.conf", 0700), 0);
        assert_refused("t.conf", -EISDIR,
                       "t.conf.d/x.conf: a directory; accepted: a regular file\n");

        assert_int_equal(rmdir("t.conf.d/x.conf"), 0);
        assert_int_equal(mkfifo("t.conf.d/x.conf", 0600), 0);
        assert_refused("t.conf", -EINVAL,
                       "t.conf.d/x.conf: not a regular file; accepted: a regular file\n");

        assert_int_equal(unlink("t.conf.d/x.conf"), 0);
        assert_int_equal(symlink("nowhere", "t.conf.d/x.conf"), 0);
        assert_refused("t.conf", -ENOENT,
                       "t.conf.d/x.conf: no such file; create it (edgemirror init does), or name "
                       "another with --config\n");

        /* Both are named; the status is the first one's. */
        assert_int_equal(mkdir("t.conf.d/y.conf", 0700), 0);
        assert_refused("t.conf", -ENOENT,
                       "t.conf.d/x.conf: no such file; create it (edgemirror init does), or name "
                       "another with --config\n"
                       "t.conf.d/y.conf: a directory; accepted: a regular file\n");
}

static void a_file_or_its_directory_that_belongs_to_somebody_else_is_told_apart(void **state)
{
        if (geteuid() != 0) { /* nobody else may become somebody else */
                print_message("# not tried: only root may become somebody else\n");
                return;
        }
        files_write("t.conf", VALID);
        assert_int_equal(chmod("t.conf", 0600), 0);
        assert_int_equal(seteuid(4711), 0);
        assert_refused("t.conf", -EACCES,
                       "t.conf: its directory may not be entered; accepted: one that the user of "
                       "edgemirror can enter (mode 0755)\n"
                       "t.conf.d: its directory may not be entered; accepted: one that the user of "
                       "edgemirror can enter (mode 0755)\n");
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(chmod(*state, 0755), 0);
        assert_int_equal(chmod("t.conf.d", 0755), 0);
        assert_int_equal(seteuid(4711), 0);
        assert_refused("t.conf", -EACCES,
                       "t.conf: it may not be read; accepted: a file that the user of edgemirror "
                       "can read\n");
        assert_int_equal(seteuid(0), 0);
}

/* What an editor, a package manager or a backup leaves there. */
static void only_visible_files_that_end_in_conf_count(void **state _unused_)
{
        static const char *const OTHERS[] = {".hidden.conf", ".conf",  "a.conf~", "a.conf.dpkg-old",
                                             "conf",         "README", "a.co"};
        files_write("t.conf", VALID);
        for (size_t i = 0; i < ARRAY_SIZE(OTHERS); i++) {
                char path[64];
                (void)snprintf(path, sizeof(path), "t.conf.d/%s", OTHERS[i]);
                files_write(path, "junk\n");
        }
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->n_edges, 1);
}

static void blanks_of_every_kind_count_as_blanks(void **state _unused_)
{
        files_write("t.conf", CATALOG POSTGRES "\t [edge \"a\"] \t; comment\n \t id\t=\t" UUID_A
                                               " \t; comment\n"
                                               "[edge \"" UUID_B "\"]\nid = " UUID_B "\n");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->n_edges, 2);
        assert_ptr_equal(config_find_edge(c, UUID_B), &c->edges[0]);
}

static void what_is_no_folder_or_no_text_of_a_sane_size_is_refused(void **state _unused_)
{
        files_write("t.conf", VALID);
        assert_int_equal(truncate("t.conf", LIMIT_CONFIG_FILE_BYTES + 1LL), 0);
        assert_refused("t.conf", -EFBIG, "t.conf: too large; accepted: a file of at most 64 MiB\n");

        files_write("t.conf", VALID);
        assert_int_equal(rmdir("t.conf.d"), 0);
        files_write("t.conf.d", VALID);
        assert_refused("t.conf", -ENOTDIR, "t.conf.d: cannot be read: Not a directory\n");
        assert_int_equal(unlink("t.conf.d"), 0);
        assert_int_equal(mkdir("t.conf.d", 0700), 0); /* as the teardown wants it */
}

static void without_a_name_it_is_the_file_of_the_system(void **state _unused_)
{
        _cleanup_(text_done) Text errors = {0};
        _cleanup_(cleanup_config) Config *config = NULL;
        bool there =
                /* of a program that is installed; what is in it is not known */
                access(CONFIG_DEFAULT_FILE, F_OK) == 0;
        int r = config_load(NULL, &config, &errors);
        assert_int_equal(r == -ENOENT, !there);
        if (!there)
                assert_true(text_starts_with(errors.data, CONFIG_DEFAULT_FILE ": no such file"));
}

/* Each of these means another connection, or another name for ours. */
static void peers_are_the_same_while_nothing_of_them_differs(void **state _unused_)
{
        static const char *const OTHERS[] = {
                "[catalog]\nurl = https://other.example\n",
                "[catalog]\nusername = other\n",
                "[catalog]\npassword_file = /other\n",
                "[catalog]\nca_file = /other\n",
                "[catalog]\nmax_requests = 9\n",
                "[catalog]\nrequest_timeout = 31s\n",
                "[postgres]\nconninfo = dbname=other\n",
                "[postgres]\npassword_file = /other\n",
                "[postgres]\nmax_connections = 5\n",
                "[daemon]\ninstance = other\n",
                "[daemon]\nlease = 61s\n",
        };
        static const char *const SAME[] = {"[daemon]\nmax_syncs = 3\nstop_timeout = 3s\n",
                                           "[defaults]\npage_size = 7\n",
                                           "[edge \"b\"]\nid = " UUID_B "\n"};
        files_write("t.conf", VALID);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        for (size_t i = 0; i < ARRAY_SIZE(OTHERS) + ARRAY_SIZE(SAME); i++) {
                bool same = i >= ARRAY_SIZE(OTHERS);
                files_write("t.conf.d/1.conf", same ? SAME[i - ARRAY_SIZE(OTHERS)] : OTHERS[i]);
                _cleanup_(cleanup_config) Config *other = assert_loaded("t.conf");
                assert_int_equal(config_same_peers(c, other), same);
        }
        files_write("t.conf",
                    "[catalog]\nurl = https://c.example\nauth = bearer\ntoken_file = /t\n" POSTGRES
                            EDGE);
        _cleanup_(cleanup_config) Config *bearer = assert_loaded("t.conf");
        assert_false(config_same_peers(c, bearer));
#define CLIENT                                                                                     \
        "[catalog]\nurl = https://c.example\nauth = oauth2\nclient_id = x\n"                       \
        "client_secret_file = /s\n"
        static const char *const CLIENTS[] = {
                CLIENT POSTGRES EDGE, CLIENT "scope = s\n" POSTGRES EDGE,
                CLIENT "token_url = https://idp.example/t\n" POSTGRES EDGE};
        for (size_t i = 0; i < ARRAY_SIZE(CLIENTS); i++) {
                files_write("t.conf", CLIENTS[0]);
                _cleanup_(cleanup_config) Config *first = assert_loaded("t.conf");
                files_write("t.conf", CLIENTS[i]);
                _cleanup_(cleanup_config) Config *other = assert_loaded("t.conf");
                assert_int_equal(config_same_peers(first, other), i == 0);
        }
}

static void only_the_folder_beside_the_named_file_counts(void **state _unused_)
{
        files_write("t.conf", VALID);
        files_write("other.conf", VALID);
        files_write("t.conf.d/x.conf", "[daemon]\nmax_syncs = 2\n");

        _cleanup_(cleanup_config) Config *with = assert_loaded("t.conf");
        _cleanup_(cleanup_config) Config *without = assert_loaded("other.conf");
        assert_int_equal(with->daemon.max_syncs, 2);
        assert_int_equal(without->daemon.max_syncs, 64);
}

static void edges_are_sorted_and_found_by_name_and_id(void **state _unused_)
{
        files_write("t.conf", CATALOG POSTGRES "[edge \"z\"]\nid = " UUID_A
                                               "\n[edge \"B\"]\nid = " UUID_B "\n");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");

        assert_string_equal(c->edges[0].name, "B");
        assert_string_equal(c->edges[1].name, "z");
        assert_ptr_equal(config_find_edge(c, "z"), &c->edges[1]);
        assert_ptr_equal(config_find_edge(c, UUID_B), &c->edges[0]);
        assert_ptr_equal(config_find_edge(c, "0B9C1C1E-3D0A-4D55-9D2B-6B8F0F0A1C11"), &c->edges[1]);
        assert_null(config_find_edge(c, "b"));
        assert_null(config_find_edge(c, "5f3b1e0a-7c55-4d0e-8d53-2f6f2f0c9d11"));
}

static void as_many_edges_as_are_allowed_load_and_one_more_does_not(void **state _unused_)
{
        files_write("t.conf", CATALOG POSTGRES);
        FILE *f = fopen("t.conf.d/edges.conf", "we");
        assert_non_null(f);
        for (unsigned i = 0; i < LIMIT_CONFIG_EDGES_MAX; i++)
                (void)fprintf(f, "[edge \"edge-%06u\"]\nid = %08x-0000-4000-8000-000000000000\n",
                              i * 7919u % LIMIT_CONFIG_EDGES_MAX, i + 1);
        assert_int_equal(fclose(f), 0);

        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->n_edges, LIMIT_CONFIG_EDGES_MAX);
        assert_string_equal(c->edges[99999].name, "edge-099999");

        files_write("t.conf.d/one-more.conf", EDGE);
        assert_refused("t.conf", -EINVAL,
                       "t.conf.d/one-more.conf:1: too many edges; accepted: at most 100000\n");
}

static void a_flood_of_errors_is_counted(void **state _unused_)
{
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;
        FILE *f = fopen("t.conf", "we");
        assert_non_null(f);
        (void)fputs(VALID, f);
        for (unsigned i = 0; i < LIMIT_CONFIG_ERRORS_MAX + 5; i++)
                (void)fputs("junk\n", f);
        assert_int_equal(fclose(f), 0);

        assert_int_equal(config_load("t.conf", &config, &errors), -EINVAL);
        assert_non_null(strstr(errors.data, "\nand 5 more errors\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, files_setup, files_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_bad_file_is_refused_with_its_line_and_the_accepted_form),
                TEST(an_unknown_key_that_is_like_no_other_is_told_all_of_its_section),
                TEST(all_errors_are_reported_in_the_order_of_the_lines),
                TEST(no_secret_is_repeated_in_an_error),
                TEST(later_files_override_in_the_order_of_their_names),
                TEST(an_edge_overrides_the_defaults_wherever_they_stand),
                TEST(duplicates_are_found_across_files),
                TEST(files_from_other_systems_are_read),
                TEST(a_nul_byte_is_an_error_and_not_an_end),
                TEST(fewer_syncs_run_at_once_where_files_are_few),
                TEST(a_long_line_arrives_whole),
                TEST(long_characters_are_not_cut),
                TEST(a_line_that_cannot_be_read_whole_is_an_error),
                TEST(a_long_edge_name_is_kept_or_refused_never_cut),
                TEST(a_file_that_cannot_be_read_stops_the_load_and_says_why),
                TEST(a_file_or_its_directory_that_belongs_to_somebody_else_is_told_apart),
                TEST(only_visible_files_that_end_in_conf_count),
                TEST(blanks_of_every_kind_count_as_blanks),
                TEST(what_is_no_folder_or_no_text_of_a_sane_size_is_refused),
                TEST(without_a_name_it_is_the_file_of_the_system),
                TEST(peers_are_the_same_while_nothing_of_them_differs),
                TEST(only_the_folder_beside_the_named_file_counts),
                TEST(edges_are_sorted_and_found_by_name_and_id),
                TEST(as_many_edges_as_are_allowed_load_and_one_more_does_not),
                TEST(a_flood_of_errors_is_counted),
        };
        return cmocka_run_group_tests_name("config_files", tests, NULL, NULL);
}
