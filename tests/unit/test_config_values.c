/*
 * Every value: what is accepted and what becomes of it, what is refused and in which words.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "unit/config_files.h"

#define DURATION(range) "accepted: a duration like 90s, 15m or 1h30m, from " range "\n"
#define KEEP_FORM       "accepted: forever, or a duration like 90d or 52w, from 1d to 520w\n"
#define DROP            " and all behind it: the paths of the API are added by this program; "
#define LISTEN_FORM                                                                                \
        "accepted: an address and a port like 127.0.0.1:9743 or [::1]:9743 (no names but "         \
        "localhost), or the absolute path of a unix socket\n"
#define URL_FORM                                                                                   \
        "accepted: https://HOST, or http to a loopback address (127.0.0.0/8, [::1], localhost)\n"
#define CONNINFO_FORM                                                                              \
        "accepted: KEYWORD=VALUE … or postgresql://… as libpq takes it, without a password\n"
#define CONNINFO_BAD                                                                               \
        "1:2: conninfo: libpq does not understand it (a word without \"=\", an unknown keyword, "  \
        "an open quote?); " CONNINFO_FORM
#define DBNAME_BAD                                                                                 \
        "1:2: conninfo: dbname is the name of a database, and a connection string stands there; "  \
        "write its words into conninfo itself; " CONNINFO_FORM
#define STANDBY_BAD                                                                                \
        "1:2: conninfo: its target_session_attrs looks for a server that takes no writes, and a "  \
        "sync must write; leave it out: then the primary among the hosts is found, and status "    \
        "and "                                                                                     \
        "verify read a standby where none is there; " CONNINFO_FORM
#define PROXY_FORM "accepted: http://HOST:PORT or https://HOST:PORT\n"
#define FILE_FORM  "accepted: /absolute/path or credential:NAME\n"
#define UUID_FORM  "accepted: a UUID like 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11\n"

#define REMOVALS_BAD(text)                                                                         \
        "1:2: max_removals = " text ": neither a number of rows nor a share; accepted: a number "  \
        "of rows, or a share from 0% to 100%\n"
#define PATTERNS_FORM                                                                              \
        "accepted: names or patterns of the shell (* ? [a-z]), separated by commas, of at most "   \
        "255 bytes\n"
#define NO_PATTERN "a comma has no pattern beside it; " PATTERNS_FORM
#define NO_BRACKET "\"[\" without a \"]\" in the same pattern; " PATTERNS_FORM
#define LONG       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* 64 */

typedef struct Case {
        const char *section, *line;
        const char *report; /* "1:" stands for the name of the file */
} Case;

static const Case REFUSED[] = {
        {"[catalog]", "url = http://c.example",
         "1:2: url: http would send the password in the clear to another machine; " URL_FORM},
        {"[catalog]", "url = http://128.0.0.1",
         "1:2: url: http would send the password in the clear to another machine; " URL_FORM},
        {"[catalog]", "url = http://localhost.example",
         "1:2: url: http would send the password in the clear to another machine; " URL_FORM},
        {"[catalog]", "url = http://[::2]",
         "1:2: url: http would send the password in the clear to another machine; " URL_FORM},
        {"[catalog]", "url = https://u:hunter2@c.example",
         "1:2: url: the address holds a user name; use username and password_file; " URL_FORM},
        {"[catalog]", "url = https://c.example/?a=b",
         "1:2: url: the address holds a query or a fragment; " URL_FORM},
        {"[catalog]", "url = https://c.example/#x",
         "1:2: url: the address holds a query or a fragment; " URL_FORM},
        /* C5 */
        {"[catalog]", "url = https://c.example/rest/2.0",
         "1:2: url: drop \"/rest/2.0\"" DROP URL_FORM},
        {"[catalog]", "url = https://c.example/rest", "1:2: url: drop \"/rest\"" DROP URL_FORM},
        {"[catalog]", "url = https://c.example/rest/", "1:2: url: drop \"/rest\"" DROP URL_FORM},
        {"[catalog]", "url = https://c.example/gw/rest/catalogDatabase/v1/databaseConnections",
         "1:2: url: drop \"/rest/catalogDatabase\"" DROP URL_FORM},
        {"[catalog]", "url = https://c.example/rest/jobs/v1/",
         "1:2: url: drop \"/rest/jobs\"" DROP URL_FORM},
        {"[catalog]", "url = https://c.example/edge/api/rest/v2",
         "1:2: url: drop \"/edge/api\"" DROP URL_FORM},
        {"[catalog]", "url = c.example", "1:2: url: the address lacks https://; " URL_FORM},
        {"[catalog]", "url = ftp://c.example", "1:2: url: neither https nor http; " URL_FORM},
        {"[catalog]", "url = https://c.example:99999", "1:2: url: not a URL; " URL_FORM},
        {"[catalog]", "url = https://c example", "1:2: url: not a URL; " URL_FORM},
        {"[catalog]", "url = https://[fe80::1%25eth0]:8443",
         "1:2: url: the address holds a zone (%), which is not supported; " URL_FORM},
        {"[catalog]", "url = https://[fe80::1%eth0]",
         "1:2: url: the address holds a zone (%), which is not supported; " URL_FORM},
        {"[catalog]", "url =", "1:2: url: the value is missing; " URL_FORM},
        {"[monitor]", "listen = 9743",
         "1:2: listen = 9743: neither an address with a port nor a path; " LISTEN_FORM},
        {"[monitor]", "listen = example.com:9743",
         "1:2: listen = example.com:9743: neither an address with a port nor a path; " LISTEN_FORM},
        {"[monitor]", "listen = 0.0.0.0:9743",
         "1:2: listen = 0.0.0.0:9743: other machines reach it, and nobody is asked for a password; "
         "accepted: a loopback address like 127.0.0.1:9743, the path of a unix socket, or "
         "allow_remote = yes beside it\n"},
        {"[catalog]", "auth = Basic",
         "1:2: auth = Basic: no such authentication method; accepted: basic, bearer or oauth2\n"},
        {"[catalog]", "username = svc:hunter2",
         "1:2: username: a user name has no colon; accepted: a text of at most 255 bytes without a "
         "colon\n"},
        {"[catalog]", "username = \"bob\"",
         "1:2: username: values are written without quotation marks; "
         "accepted: a text of at most 255 bytes without a colon\n"},
        {"[catalog]", "username = bob # the builder",
         "1:2: username: \"#\" does not begin a comment here, \" ;\" does; "
         "accepted: a text of at most 255 bytes without a colon\n"},
        {"[catalog]", "password_file = hunter2",
         "1:2: password_file: not the name of a file (the secret itself does not belong "
         "here); " FILE_FORM},
        {"[catalog]", "password_file = credential:",
         "1:2: password_file: the credential's name is empty or holds a slash; " FILE_FORM},
        {"[catalog]", "password_file = credential:../x",
         "1:2: password_file: the credential's name is empty or holds a slash; " FILE_FORM},
        {"[catalog]", "password = hunter2",
         "1:2: password: a secret does not belong here; write it to a file of its own "
         "and name that with password_file; "
         "accepted: password_file = /absolute/path or credential:NAME\n"},
        {"[catalog]", "token = hunter2",
         "1:2: token: a secret does not belong here; write it to a file of its own and "
         "name that with token_file; "
         "accepted: token_file = /absolute/path or credential:NAME\n"},
        {"[catalog]", "ca_file = acme.pem",
         "1:2: ca_file = acme.pem: not an absolute path; accepted: /absolute/path\n"},
        {"[catalog]", "proxy = proxy.example:3128",
         "1:2: proxy: the address lacks http:// or https://; " PROXY_FORM},
        {"[catalog]", "proxy = socks5://proxy.example:1080",
         "1:2: proxy: neither https nor http; " PROXY_FORM},
        {"[catalog]", "proxy = http://proxy.example",
         "1:2: proxy: the port is missing; " PROXY_FORM},
        {"[catalog]", "proxy = http://proxy.example:3128/x",
         "1:2: proxy: a proxy has no path; " PROXY_FORM},
        {"[catalog]", "proxy = http://user:hunter2@proxy.example:3128",
         "1:2: proxy: the address holds a user name; use proxy_username and "
         "proxy_password_file; " PROXY_FORM},
        {"[notify]", "proxy = http://user:hunter2@proxy.example:3128",
         "1:2: proxy: the address holds a user name; a proxy that wants a password cannot be used "
         "for messages; " PROXY_FORM},
        {"[catalog]", "proxy_password = hunter2",
         "1:2: proxy_password: a secret does not belong here; write it to a file of its "
         "own and name that with proxy_password_file; "
         "accepted: proxy_password_file = /absolute/path or credential:NAME\n"},
        {"[catalog]", "max_requests = 0",
         "1:2: max_requests = 0: out of range; accepted: a whole number from 1 to 1000\n"},
        {"[catalog]", "max_requests = eight",
         "1:2: max_requests = eight: not a whole number; accepted: a whole number from 1 to "
         "1000\n"},
        {"[catalog]", "request_timeout = 30",
         "1:2: request_timeout = 30: not a duration (a number without a unit is none); " DURATION(
                 "1s to 10m")},
        {"[catalog]", "request_timeout = 999ms",
         "1:2: request_timeout = 999ms: out of range; " DURATION("1s to 10m")},
        {"[postgres]", "conninfo = dbname", CONNINFO_BAD},
        {"[postgres]", "conninfo = frob=1 dbname=x", CONNINFO_BAD},
        {"[postgres]", "conninfo = dbname=x target_session_attrs=standby", STANDBY_BAD},
        {"[postgres]", "conninfo = dbname=x target_session_attrs=prefer-standby", STANDBY_BAD},
        {"[postgres]", "conninfo = postgresql:///x?target_session_attrs=read-only", STANDBY_BAD},
        {"[postgres]", "conninfo = dbname=x password=hunter2",
         "1:2: conninfo: it holds a password; write that to a file and name it with "
         "password_file; " CONNINFO_FORM},
        {"[postgres]", "conninfo = postgresql://u:hunter2@h/x",
         "1:2: conninfo: it holds a password; write that to a file and name it with "
         "password_file; " CONNINFO_FORM},
        /* O4: libpq does not read it again, and its error would show the password. */
        {"[postgres]", "conninfo = dbname='postgresql://u:hunter2@h/d'", DBNAME_BAD},
        {"[postgres]", "conninfo = host=h dbname=postgres://u:hunter2@h/d", DBNAME_BAD},
        {"[postgres]", "conninfo = dbname='host=h password=hunter2'", DBNAME_BAD},
        {"[postgres]", "conninfo = postgresql://h/postgresql%3A%2F%2Fu%3Ahunter2%40h%2Fd",
         DBNAME_BAD},
        {"[postgres]", "conninfo = dbname=x sslpassword=hunter2",
         "1:2: conninfo: it holds a secret (the passphrase of a key); use a key without one that "
         "only the service can read; " CONNINFO_FORM},
        {"[postgres]", "max_connections = 101",
         "1:2: max_connections = 101: out of range; accepted: a whole number from 2 to 100\n"},
        {"[daemon]", "lease = 1999ms", "1:2: lease = 1999ms: out of range; " DURATION("2s to 1h")},
        {"[discover]", "include = ,", "1:2: include = ,: " NO_PATTERN},
        {"[discover]", "include = a,", "1:2: include = a,: " NO_PATTERN},
        {"[discover]", "exclude = a, ,b", "1:2: exclude = a, ,b: " NO_PATTERN},
        {"[discover]", "exclude = prod, [a-", "1:2: exclude = prod, [a-: " NO_BRACKET},
        {"[discover]", "include = [", "1:2: include = [: " NO_BRACKET},
        {"[discover]", "include = []", "1:2: include = []: " NO_BRACKET},
        {"[discover]", "include = [!]", "1:2: include = [!]: " NO_BRACKET},
        {"[discover]", "include = [a\\]", "1:2: include = [a\\]: " NO_BRACKET},
        {"[discover]", "include = [a,b]", "1:2: include = [a,b]: " NO_BRACKET},
        {"[discover]", "include = a\\",
         "1:2: include = a\\: a pattern ends with a backslash, which is for the next "
         "character; " PATTERNS_FORM},
        {"[daemon]", "log_format = xml",
         "1:2: log_format = xml: no such format; accepted: auto, text or json\n"},
        {"[daemon]", "max_syncs = -1",
         "1:2: max_syncs = -1: out of range; accepted: a whole number from 1 to 10000\n"},
        {"[daemon]", "history_keep = 23h", "1:2: history_keep = 23h: out of range; " KEEP_FORM},
        {"[daemon]", "history_keep = 521w", "1:2: history_keep = 521w: out of range; " KEEP_FORM},
        {"[daemon]", "history_keep = 99999w",
         "1:2: history_keep = 99999w: out of range; " KEEP_FORM},
        {"[daemon]", "run_keep = Forever",
         "1:2: run_keep = Forever: not a duration (a number without a unit is none); " KEEP_FORM},
        {"[daemon]", "run_keep = 90",
         "1:2: run_keep = 90: not a duration (a number without a unit is none); " KEEP_FORM},
        {"[defaults]", "timezone = ../etc/passwd",
         "1:2: timezone = ../etc/passwd: not the name of a time zone; accepted: an IANA name like "
         "UTC or Europe/Brussels\n"},
        {"[defaults]", "refresh = maybe",
         "1:2: refresh = maybe: neither yes nor no; accepted: yes or no\n"},
        {"[defaults]", "page_size = 1",
         "1:2: page_size = 1: out of range; accepted: a whole number from 2 to 500\n"},
        {"[defaults]", "page_size = 501",
         "1:2: page_size = 501: out of range; accepted: a whole number from 2 to 500\n"},
        {"[defaults]", "poll_min = 31s",
         "1:2: poll_min (31s) is above poll_max (30s); accepted: poll_min up to poll_max\n"},
        {"[edge \"b\"]\nid = " UUID_B, "poll_max = 500ms",
         "1:3: poll_min (1s) is above poll_max (500ms); accepted: poll_min up to poll_max\n"},
        {"[defaults]", "max_removals = 101%",
         "1:2: max_removals = 101%: out of range; accepted: a number of rows, or a share from 0% "
         "to 100%\n"},
        {"[defaults]", "max_removals = %",
         "1:2: max_removals = %: neither a number of rows nor a share; accepted: a number of rows, "
         "or a share from 0% to 100%\n"},
        {"[defaults]", "max_removals = 1.5",
         "1:2: max_removals = 1.5: neither a number of rows nor a share; accepted: a number of "
         "rows, or a share from 0% to 100%\n"},
        {"[defaults]", "max_removals = 1.234%", REMOVALS_BAD("1.234%")},
        {"[defaults]", "max_removals = 1.%", REMOVALS_BAD("1.%")},
        {"[defaults]", "max_removals = .5%", REMOVALS_BAD(".5%")},
        {"[defaults]", "max_removals = 1.2.3%", REMOVALS_BAD("1.2.3%")},
        {"[defaults]", "max_removals = 000000001%", REMOVALS_BAD("000000001%")},
        {"[defaults]", "max_removals = 1x%", REMOVALS_BAD("1x%")},
        {"[catalog]", "max_requests =",
         "1:2: max_requests: the value is missing; accepted: a whole number from 1 to 1000\n"},
        {"[catalog]", "username = bob\t# the builder",
         "1:2: username: \"#\" does not begin a comment here, \" ;\" does; "
         "accepted: a text of at most 255 bytes without a colon\n"},
        {"[catalog]", "username = " LONG LONG LONG LONG,
         "1:2: username: longer than 255 bytes; accepted: a text of at most 255 bytes without a "
         "colon\n"},
        {"[catalog]", "url = https://c.example:0",
         "1:2: url: port 0 cannot be connected to; " URL_FORM},
        {"[catalog]", "url = https://", "1:2: url: not a URL; " URL_FORM},
        {"[edge \"b\"]", "id = 00000000-0000-0000-0000-000000000000",
         "1:2: id = 00000000-0000-0000-0000-000000000000: the nil UUID, which is the id of "
         "nothing; " UUID_FORM},
        {"[edge \"b\"]", "id = {" UUID_B "}", "1:2: id = {" UUID_B "}: not a UUID; " UUID_FORM},
        {"[edge \"b\"]\nid = " UUID_B, "schema_connection = x",
         "1:3: schema_connection = x: not a UUID; " UUID_FORM},
};

/* The report with the file's name in place of "1:". */
static void report_expand(const char *report, char *out, size_t size)
{
        assert_true(strncmp(report, "1:", 2) == 0);
        assert_true((size_t)snprintf(out, size, "t.conf.d/1.conf%s", report + 1) < size);
}

static void a_bad_value_is_refused_with_its_line_and_the_accepted_form(void **state _unused_)
{
        for (size_t i = 0; i < ARRAY_SIZE(REFUSED); i++) {
                char text[512], report[1024];

                (void)snprintf(text, sizeof(text), "%s\n%s\n", REFUSED[i].section, REFUSED[i].line);
                report_expand(REFUSED[i].report, report, sizeof(report));
                files_write("t.conf", VALID);
                files_write("t.conf.d/1.conf", text);
                assert_refused("t.conf", -EINVAL, report);
        }
}

/* What the parser of schedules says is its own matter; that it is said, and where, is ours. */
static void a_bad_schedule_is_refused_with_the_reason(void **state _unused_)
{
        static const char *const BAD[] = {"every 10", "sometimes", "cron 61 * * * *",
                                          "cron 0 0 30 feb *"};

        for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
                char text[128], begin[128];
                _cleanup_(text_done) Text errors = {0};
                Config *config = NULL;

                (void)snprintf(text, sizeof(text), "[defaults]\nschedule = %s\n", BAD[i]);
                (void)snprintf(begin, sizeof(begin), "t.conf.d/1.conf:2: schedule = %s: ", BAD[i]);
                files_write("t.conf", VALID);
                files_write("t.conf.d/1.conf", text);
                assert_int_equal(config_load("t.conf", &config, &errors), -EINVAL);
                assert_true(text_starts_with(errors.data, begin));
                const char *accepted = strstr(errors.data, "; accepted: ");
                assert_non_null(accepted);
                /* said once */
                assert_null(strstr(accepted + strlen("; accepted: "), "accepted: "));
        }
}

static void patterns_that_can_match_are_taken(void **state _unused_)
{
        static const char *const GOOD[] = {"*",    "a, b",        "[a-z]*,[!x]", "[]]",   "[!]a]",
                                           "\\[a", "[[:alpha:]]", "a]",          "[\\]]", "\\\\"};
        for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++) {
                char text[128];
                (void)snprintf(text, sizeof(text), "[discover]\nexclude = %s\n", GOOD[i]);
                files_write("t.conf", VALID);
                files_write("t.conf.d/1.conf", text);
                _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
                assert_string_equal(c->discover.exclude, GOOD[i]);
        }
}

static void defaults_hold_where_nothing_is_written(void **state _unused_)
{
        files_write("t.conf", VALID);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");

        assert_int_equal(c->catalog.auth, CONFIG_AUTH_BASIC);
        assert_int_equal(c->catalog.max_requests, 8);
        assert_int_equal(c->catalog.request_timeout_usec, 30 * USEC_PER_SEC);
        assert_null(c->catalog.ca_file);
        assert_int_equal(c->postgres.max_connections, 4);
        assert_int_equal(c->daemon.max_syncs, 64);
        assert_int_equal(c->daemon.lease_usec, 60 * USEC_PER_SEC);
        assert_int_equal(c->daemon.stop_timeout_usec, 20 * USEC_PER_SEC);
        assert_true(c->daemon.history_keep_usec == USEC_FOREVER);
        assert_int_equal(c->daemon.run_keep_usec, 90 * USEC_PER_DAY);
        char pid[32];
        (void)snprintf(pid, sizeof(pid), ":%ld", (long)getpid());
        assert_non_null(strstr(c->daemon.instance, pid));
        assert_int_equal(c->n_edges, 1);
        const ConfigEdge *e = &c->edges[0];
        assert_string_equal(e->name, "a");
        assert_true(e->enabled && e->settings.refresh && !e->settings.has_schema_connection);
        assert_string_equal(e->schedule_text, "every 1h");
        assert_true(e->schedule.is_interval);
        assert_int_equal(e->schedule.interval_usec, USEC_PER_HOUR);
        assert_string_equal(e->timezone, "UTC");
        assert_string_equal(zone_name(e->zone), "UTC");
        assert_int_equal(e->spread_usec, 5 * USEC_PER_MINUTE);
        assert_int_equal(e->settings.polling.poll_min_usec, USEC_PER_SEC);
        assert_int_equal(e->settings.polling.poll_max_usec, 30 * USEC_PER_SEC);
        assert_int_equal(e->settings.polling.wait_timeout_usec, 15 * USEC_PER_MINUTE);
        assert_int_equal(e->settings.polling.job_timeout_usec, USEC_PER_HOUR);
        assert_int_equal(e->settings.settle_usec, 30 * USEC_PER_SEC);
        assert_int_equal(e->settings.list_timeout_usec, USEC_PER_HOUR);
        assert_int_equal(e->settings.page_size, 500);
        assert_true(e->settings.max_removals.is_share && e->settings.max_removals.share == 0.2);
        assert_string_equal(e->file, "t.conf");
        assert_int_equal(e->line, 7);
}

static void urls_are_brought_into_one_form(void **state _unused_)
{
        static const struct {
                const char *written, *url;
                bool plain_http;
        } CASES[] = {
                {"https://Acme.Collibra.COM/", "https://acme.collibra.com", false},
                {"HTTPS://c.example:8443/Gateway//", "https://c.example:8443/Gateway", false},
                {"http://127.0.0.1:8080", "http://127.0.0.1:8080", true},
                {"http://127.200.3.4", "http://127.200.3.4", true},
                {"http://LOCALHOST:1", "http://localhost:1", true},
                {"http://[::1]:8080/", "http://[::1]:8080", true},
                {"https://[2001:db8::1]", "https://[2001:db8::1]", false},
                {"https://c.example/rest/collibra", "https://c.example/rest/collibra", false},
                {"https://c.example/restful", "https://c.example/restful", false},
                {"https://c.example/rest/2.01", "https://c.example/rest/2.01", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                char text[256];
                (void)snprintf(text, sizeof(text), "[catalog]\nurl = %s\n", CASES[i].written);
                files_write("t.conf", VALID);
                files_write("t.conf.d/1.conf", text);
                _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
                assert_string_equal(c->catalog.url, CASES[i].url);
                assert_int_equal(c->catalog.plain_http, CASES[i].plain_http);
        }
}

/* P5 */
static void a_password_goes_to_another_machine_as_the_user_says(void **state _unused_)
{
        static const struct {
                const char *conninfo;
                bool refused;
        } CASES[] = {
                {"host=db.example", true},
                {"host=db.example sslmode=verify-full sslrootcert=/etc/ssl/ca.pem", false},
                {"host=db.example sslmode=disable", false},
                {"postgresql://u@db.example/d", true},
                {"postgresql://u@db.example/d?sslmode=require", false},
                {"host=/run/postgresql,db.example", true},
                {"host=db.example hostaddr=192.0.2.7", true},
                {"hostaddr=192.0.2.7", true},
                {"host=db.example hostaddr=127.0.0.1", false},
                {"host=/run/postgresql", false},
                {"host=localhost", false},
                {"host=127.0.0.1,::1", false},
                {"dbname=x", false},
                {"service=reports", true},
                {"service=reports host=localhost", true}, /* it may hold a hostaddr */
                {"service=reports sslmode=verify-full", false},
        };
        for (int password = 0; password < 2; password++) {
                for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                        char text[256];
                        (void)snprintf(text, sizeof(text), "[postgres]\n%sconninfo = %s\n",
                                       password ? "password_file = /p\n" : "", CASES[i].conninfo);
                        files_write("t.conf", VALID);
                        files_write("t.conf.d/1.conf", text);
                        if (!CASES[i].refused) {
                                _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
                                assert_string_equal(c->postgres.conninfo, CASES[i].conninfo);
                                continue;
                        }
                        char words[300];
                        (void)snprintf(words, sizeof(words),
                                       "t.conf.d/1.conf:%d: conninfo: without sslmode a password "
                                       "may go to another machine in the clear; accepted: "
                                       "sslmode=verify-full sslrootcert=FILE, with the certificate "
                                       "of the server's issuer, or another sslmode, set "
                                       "explicitly\n",
                                       2 + password);
                        assert_refused("t.conf", -EINVAL, words);
                }
        }
}

static void a_service_of_the_environment_may_be_another_machine(void **state _unused_)
{
        files_write("t.conf", VALID);
        files_write("t.conf.d/1.conf", "[postgres]\npassword_file = /p\nconninfo = dbname=x\n");
        assert_int_equal(setenv("PGSERVICE", "reports", 1), 0);
        assert_refused(
                "t.conf", -EINVAL,
                "t.conf.d/1.conf:3: conninfo: without sslmode a password may go to another "
                "machine in the clear; accepted: sslmode=verify-full sslrootcert=FILE, with the "
                "certificate of the server's issuer, or another sslmode, set explicitly\n");
        assert_int_equal(unsetenv("PGSERVICE"), 0);
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_string_equal(c->postgres.conninfo, "dbname=x");
}

static void an_endless_url_is_refused(void **state _unused_)
{
        static char text[LIMIT_URL_MAX_BYTES + 64];
        (void)snprintf(text, sizeof(text), "[catalog]\nurl = https://c.example/%0*d\n",
                       LIMIT_URL_MAX_BYTES / 2, 0);
        files_write("t.conf", VALID);
        files_write("t.conf.d/1.conf", text);
        assert_refused("t.conf", -EINVAL,
                       "t.conf.d/1.conf:2: url: the address is too long; " URL_FORM);
}

static void removals_are_a_count_or_a_share(void **state _unused_)
{
        static const struct {
                const char *written;
                bool is_share;
                int64_t count;
                double share;
        } CASES[] = {{"0", false, 0, 0},
                     {"500", false, 500, 0},
                     {"0%", true, 0, 0},
                     {"100%", true, 0, 1},
                     {"2.5%", true, 0, 0.025}};

        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                char text[64];
                (void)snprintf(text, sizeof(text), "[defaults]\nmax_removals = %s\n",
                               CASES[i].written);
                files_write("t.conf", VALID);
                files_write("t.conf.d/1.conf", text);
                _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
                assert_int_equal(c->edges[0].settings.max_removals.is_share, CASES[i].is_share);
                assert_int_equal(c->edges[0].settings.max_removals.count, CASES[i].count);
                assert_true(c->edges[0].settings.max_removals.share == CASES[i].share);
        }
}

static void retention_is_a_duration_or_forever(void **state _unused_)
{
        files_write("t.conf", VALID "[daemon]\nhistory_keep = 52w\nrun_keep = forever\n");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");

        assert_int_equal(c->daemon.history_keep_usec, 52 * USEC_PER_WEEK);
        assert_true(c->daemon.run_keep_usec == USEC_FOREVER);
}

/* O8: The zone is missing on this system. Nothing else of the configuration suffers, and the line
 * says what to do. */
static void a_zone_that_this_system_lacks_keeps_its_edges_from_their_schedule(void **state _unused_)
{
        files_write("t.conf", VALID "timezone = Mars/Olympus\n[edge \"b\"]\nid = " UUID_B "\n");
        _cleanup_(cleanup_config) Config *c = assert_loaded("t.conf");
        assert_int_equal(c->n_edges, 2);
        assert_true(c->edges[0].enabled);
        assert_false(config_edge_is_due(&c->edges[0]));
        assert_null(c->edges[0].zone);
        assert_string_equal(c->edges[0].timezone, "Mars/Olympus");
        assert_true(config_edge_is_due(&c->edges[1]));
        assert_true(text_starts_with(
                c->warnings,
                "t.conf:9: timezone = Mars/Olympus: this system knows no such time zone"));
        assert_non_null(strstr(c->warnings, "tzdata-legacy\n"));

        files_write("t.conf",
                    VALID "[defaults]\ntimezone = Mars/Olympus\n[edge \"b\"]\nid = " UUID_B
                          "\ntimezone = Etc/UTC\n");
        _cleanup_(cleanup_config) Config *d = assert_loaded("t.conf");
        assert_false(config_edge_is_due(&d->edges[0]));
        assert_true(config_edge_is_due(&d->edges[1]));
        files_write("t.conf", VALID);
        _cleanup_(cleanup_config) Config *e = assert_loaded("t.conf");
        assert_null(e->warnings);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_bad_value_is_refused_with_its_line_and_the_accepted_form, files_setup,
                        files_teardown),
                cmocka_unit_test_setup_teardown(a_bad_schedule_is_refused_with_the_reason,
                                                files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(patterns_that_can_match_are_taken, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(defaults_hold_where_nothing_is_written, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(a_password_goes_to_another_machine_as_the_user_says,
                                                files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(a_service_of_the_environment_may_be_another_machine,
                                                files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(an_endless_url_is_refused, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(urls_are_brought_into_one_form, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(
                        a_zone_that_this_system_lacks_keeps_its_edges_from_their_schedule,
                        files_setup, files_teardown),
                cmocka_unit_test_setup_teardown(retention_is_a_duration_or_forever, files_setup,
                                                files_teardown),
                cmocka_unit_test_setup_teardown(removals_are_a_count_or_a_share, files_setup,
                                                files_teardown),
        };
        return cmocka_run_group_tests_name("config_values", tests, NULL, NULL);
}
