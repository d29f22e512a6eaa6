/*
 * The process among others: few descriptors, a reader that does not read, signals that come early,
 * secrets and zones that are not there, names that command a terminal.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "harness/service.h"
#include "integration/sync_world.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void output_to(const char *folder, const char *name, int to)
{
        char path[160];
        (void)snprintf(path, sizeof(path), "%.64s/%s", folder, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || dup2(fd, to) < 0)
                _exit(126);
}

/* ---- descriptors ---------------------------------------------------------------------------- */

/* A command that may open so many files; whoever is no superuser cannot raise that again. So many
 * above standard error are open from the start. */
static pid_t start_with_open(World *w, rlim_t soft, rlim_t hard, int n_open, const char *command,
                             const char *option)
{
        char path[512];
        const struct rlimit limit = {soft, hard};
        harness_built("edgemirror", path);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        output_to(w->folder, "out", STDOUT_FILENO);
        output_to(w->folder, "err", STDERR_FILENO);
        if (close_range(3, ~0U, 0) < 0)
                _exit(126);
        for (int i = 0; i < n_open; i++)
                if (dup(STDERR_FILENO) < 0)
                        _exit(126);
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                _exit(126);
        (void)execl(path, path, "-c", w->config, command, option, NULL);
        _exit(127);
}

static pid_t start_with_descriptors(World *w, rlim_t soft, rlim_t hard, const char *command)
{
        return start_with_open(w, soft, hard, 0, command, NULL);
}

/* O1: libgcrypt aborted where its first use found no descriptor. */
static void few_descriptors_are_refused_with_the_number_that_is_needed(void **state)
{
        World *w = *state;
        static const char *const commands[] = {"run", "sync", "check", "status"};
        static const rlim_t limits[] = {10, 14, 17, 20, 24, 63};
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
                for (size_t k = 0; k < ARRAY_SIZE(commands); k++) {
                        assert_int_equal(harness_program_wait(start_with_descriptors(
                                                 w, limits[i], limits[i], commands[k])),
                                         1);
                        assert_says(w, "err",
                                    "open files are allowed, and 64 are needed; raise the limit "
                                    "(ulimit -Hn, ",
                                    true);
                }
}

static void as_many_descriptors_as_are_needed_are_enough(void **state)
{
        World *w = *state;
        static const struct {
                rlim_t soft, hard;
                const char *command;
        } cases[] = {{64, 64, "check"},
                     {64, 64, "sync"},
                     {12, 1024, "check"},
                     {12, 1024, "sync"},
                     {12, 1024, "status"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(harness_program_wait(start_with_descriptors(
                                         w, cases[i].soft, cases[i].hard, cases[i].command)),
                                 0);
        pid_t service = start_with_descriptors(w, 12, 1024, "run");
        await_says(w, "err", "serving 2 edges");
        assert_int_equal(kill(service, SIGTERM), 0);
        assert_int_equal(harness_program_wait(service), 0);
}

/* What the parent left open counts: there may be too few all the same. Whatever is the first to go
 * without says that it is files, not memory. */
static void a_sync_that_cannot_begin_says_why(void **state)
{
        World *w = *state;
        bool seen = false;
        for (int n_free = 3; n_free < 40; n_free++) {
                int status = harness_program_wait(
                        start_with_open(w, 64, 64, 64 - 3 - n_free, "sync", "--dry-run"));
                _cleanup_(cleanup_free) char *out = harness_read(w->folder, "out");
                assert_in_range(status, 0, 255); /* it has crashed otherwise */
                assert_says(w, "out", "out of memory", false);
                assert_says(w, "err", "out of memory", false);
                if (!strstr(out, "the sync could not begin: Too many open files"))
                        continue;
                seen = true;
                assert_int_equal(status, 1);
        }
        assert_true(seen);
}

/* ---- standard error ------------------------------------------------------------------------- */

/* O12: A pipe that nobody reads, full from the start. The service serves, syncs and stops all the
 * same. */
static void a_service_does_not_wait_for_who_reads_its_log(void **state)
{
        World *w = *state;
        char path[512];
        int fds[2];
        harness_built("edgemirror", path);
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        while (write(fds[1], "full\n", 5) > 0) {
        }
        assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)dup2(fds[1], STDERR_FILENO);
                (void)execl(path, path, "-c", w->config, "-v", "run", NULL);
                _exit(127);
        }
        await_sql(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET next_run_at = now()"));
        assert_int_equal(kill(pid, SIGHUP), 0);
        await_sql(w, "SELECT (count(*) FILTER (WHERE outcome = 'synced') >= 2)::int FROM "
                     "edgemirror.sync_run");
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(harness_program_wait(pid), 0);
        (void)close(fds[0]);
        (void)close(fds[1]);
}

#ifndef EDGEMIRROR_SANITIZERS /* the injector is no companion of their allocator */

/* ---- at a certain call ---------------------------------------------------------------------- */

static pid_t start_with_injection(World *w, const char *order, const char *mark, const char *name,
                                  const char *command)
{
        char preload[512];
        harness_built("tests/harness/injector.so", preload);
        const char *const environment[] = {
                "LD_PRELOAD", preload, "HARNESS_INJECTOR", order, "HARNESS_INJECTOR_MARK",
                mark,         NULL};
        const char *const arguments[] = {"-c", w->config, command, NULL};
        return harness_program_start_as(w->folder, name, environment, arguments);
}

/* O12: Each file that is opened from the start of main on, until it serves. The reload comes when
 * there is something to reload. */
static void a_hangup_while_it_starts_is_a_reload(void **state)
{
        enum { OPENED_MAX = 40 };
        World *w = *state;
        char mark[128], log[128], order[32];
        (void)snprintf(mark, sizeof(mark), "%s/mark", w->folder);
        (void)snprintf(log, sizeof(log), "%s/hangup.err", w->folder);
        int reloads = 0;
        for (int n = 1; n <= OPENED_MAX; n++) {
                (void)snprintf(order, sizeof(order), "hangup %d", n);
                (void)unlink(mark);
                (void)unlink(log); /* what the last one said */
                pid_t pid = start_with_injection(w, order, mark, "hangup", "run");
                await_says(w, "hangup.err", "serving 2 edges");
                bool struck = access(mark, F_OK) == 0;
                if (struck) {
                        await_says(w, "hangup.err", "reloaded: 2 edges");
                        reloads++;
                }
                assert_int_equal(kill(pid, SIGTERM), 0);
                assert_int_equal(harness_program_wait(pid), 0);
                if (!struck)
                        break;
        }
        (void)unlink(mark);
        assert_in_range(reloads, 3, OPENED_MAX - 1);
}

/* ---- who looks at it ------------------------------------------------------------------------- */

/* A command that waits for who reads what it prints; of a user who would like a core of it, and is
 * not root. */
static pid_t start_that_waits(uid_t user, int output)
{
        char path[512], byte;
        int begun[2];
        struct rlimit core;
        harness_built("edgemirror", path);
        assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                char *const arguments[] = {(char *)"edgemirror", (char *)"--help", NULL};
                int program = open(path, O_RDONLY | O_CLOEXEC); /* its folder may be closed */
                if (program < 0 || dup2(output, STDOUT_FILENO) < 0 ||
                    getrlimit(RLIMIT_CORE, &core) < 0)
                        _exit(126);
                core.rlim_cur = core.rlim_max;
                if (setrlimit(RLIMIT_CORE, &core) < 0 ||
                    (geteuid() == 0 && (setgid(user) < 0 || setuid(user) < 0)))
                        _exit(126);
                (void)fexecve(program, arguments, environ);
                _exit(127);
        }
        (void)close(begun[1]);
        assert_int_equal(read(begun[0], &byte, 1), 0); /* it is that program now */
        (void)close(begun[0]);
        return pid;
}

/* What cannot be dumped belongs to root in /proc, and only root may attach to it. */
static void it_makes_no_core_and_nobody_may_attach(void **state _unused_)
{
        static const char NO_CORE[] = "\nMax core file size        0                    0       ";
        const uid_t user = geteuid() == 0 ? 1 : geteuid();
        int fds[2];
        char folder[32], environment[64];
        bool no_core = false;
        struct stat of = {.st_uid = user};
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        while (write(fds[1], "full\n", 5) > 0) {
        }
        assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
        pid_t pid = start_that_waits(user, fds[1]);
        (void)snprintf(folder, sizeof(folder), "/proc/%ld", (long)pid);
        (void)snprintf(environment, sizeof(environment), "%s/environ", folder);
        for (int i = 0; i < 1000 && (!no_core || of.st_uid == user); i++) {
                _cleanup_(cleanup_free) char *limits = harness_read(folder, "limits");
                no_core = strstr(limits, NO_CORE) != NULL;
                assert_int_equal(stat(environment, &of), 0);
                (void)usleep(10000);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(harness_program_wait(pid), 256 + SIGKILL);
        (void)close(fds[0]);
        (void)close(fds[1]);
        assert_true(no_core);
        assert_int_not_equal(of.st_uid, user);
}

/* ---- the first process of a container ------------------------------------------------------- */

/* A process of the same container that ends, and leaves one behind until the pipe is closed. */
static pid_t start_one_that_leaves_another(const int pipe_ends[2])
{
        char byte;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        if (fork() == 0) {
                (void)close(pipe_ends[1]);
                (void)!read(pipe_ends[0], &byte, 1);
        }
        _exit(0);
}

/* Waits until the process has children, dead ones among them, or none. */
static void await_children(pid_t pid, bool any)
{
        char path[64], byte;
        ssize_t size = -1;
        (void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
        for (int i = 0; i < 1000; i++) {
                _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
                size = fd < 0 ? -1 : read(fd, &byte, 1);
                if (size == any)
                        return;
                (void)usleep(10000);
        }
        fail_msg("%s: %zd", path, size);
}

/* Such a process has no default for signals, and is given what others leave behind. */
static void as_the_first_process_of_a_container_it_ends_and_leaves_no_zombie(void **state)
{
        World *w = *state;
        const char *const run[] = {"-c", w->config, "run", NULL};
        int pipe_ends[2];
        _cleanup_(cleanup_close) int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        assert_true(own >= 0);
        if (unshare(CLONE_NEWPID) < 0) {
                print_message("# not tried: no namespace of processes may be made here\n");
                return;
        }
        assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
        pid_t pid = harness_program_start_as(w->folder, "first", NULL, run);
        pid_t leaver = start_one_that_leaves_another(pipe_ends);
        assert_int_equal(setns(own, CLONE_NEWPID), 0);
        (void)close(pipe_ends[0]);
        assert_int_equal(harness_program_wait(leaver), 0);
        await_says(w, "first.err", "serving 2 edges as ");
        await_children(pid, true);
        (void)close(pipe_ends[1]);
        await_children(pid, false);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(harness_program_wait(pid), 0);
        assert_says(w, "first.err", ":1\n", true); /* it was that */
}

/* S2: What was asked is not known then, and nothing printed would read as "intact". */
static void a_loop_that_fails_is_a_failure_of_the_command(void **state)
{
        World *w = *state;
        static const char *const commands[] = {"check", "migrate", "status",
                                               "sync",  "verify",  "run"};
        assert_int_equal(RUN(w, "sync"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                assert_int_equal(harness_program_wait(start_with_injection(w, "epoll_wait 2", "",
                                                                           "loop", commands[i])),
                                 1);
                assert_says(w, "loop.err", "the event loop failed: Cannot allocate memory", true);
        }
}

#endif

/* ---- what is not there ---------------------------------------------------------------------- */

static void append_config(World *w, const char *text)
{
        FILE *f = fopen(w->config, "ae");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* O8: One edge waits for its zone, the other is synced; everybody says why. */
static void an_unknown_time_zone_stops_one_edge_only(void **state)
{
        World *w = *state;
        static const char words[] = "timezone = US/Nowhere: this system knows no such time zone";
        HarnessService service = {0};
        append_config(w, "timezone = US/Nowhere\n"); /* the last section is other's */
        assert_int_equal(RUN(w, "check", "--offline"), 78);
        assert_says(w, "out", words, true);
        assert_int_equal(RUN(w, "schedule"), 78);
        assert_says(w, "out", "other: every 1h, US/Nowhere, ", true);
        assert_says(w, "out", "(not synced: no such time zone here)", true);
        assert_int_equal(RUN(w, "sync", "other"), 0); /* by hand, no zone is needed */

        harness_service_start(&service, w->folder, "service", w->config, false, 0);
        harness_service_await(&service, "READY=1", 1);
        assert_int_equal(harness_service_logged(&service, words), 1);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge WHERE enabled AND name = 'main'"),
                1);
        /* It is not for us to say that nobody wants it: it is due, and nobody may retire it. */
        harness_service_await_log(&service,
                                  "edge other is due, but its time zone is not known here; its "
                                  "lease is released, for whichever instance can sync it",
                                  1);
        assert_int_equal(harness_sql_long(&w->pg,
                                          "SELECT count(*) FROM edgemirror.edge_claim c JOIN "
                                          "edgemirror.edge e USING (edge_connection_id) "
                                          "JOIN edgemirror.instance i ON e.edge_connection_id = "
                                          "ANY (i.edges) AND i.stopped_at IS NULL WHERE e.enabled "
                                          "AND e.name = 'other' AND c.next_run_at < "
                                          "now() + interval '1 minute'"),
                         1);
        /* that it failed the last time does not hide that nobody tries again */
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 hour';"
                         "UPDATE edgemirror.edge SET consecutive_failures = 1 WHERE name = 'other';"
                         "UPDATE edgemirror.sync_run r SET outcome = 'failed', error_scope = "
                         "'run', error_code = 'catalog-forbidden', error_message = 'HTTP 403' "
                         "FROM edgemirror.edge e WHERE e.last_run_id = r.run_id AND e.name = "
                         "'other'"));
        assert_int_equal(RUN(w, "status", "--check", "other"), 1);
        assert_says(w, "out", "other (failed: catalog-forbidden and overdue, listed ", true);
        assert_says(w, "out", "; its time zone is not known on this host", true);
        assert_says(w, "out", w->config, true); /* which its advice to check names */
        assert_int_equal(RUN(w, "status", "other"), 0);
        assert_says(w, "out", "OVERDUE", true);
        assert_says(w, "out", "\n    its time zone is not known on this host", true);
        harness_service_reload(&service);
        assert_int_equal(harness_service_logged(&service, words), 2);
        harness_service_signal(&service, SIGTERM);
        assert_int_equal(harness_service_wait(&service), 0);
        harness_service_done(&service);
}

static void a_directory_for_lists_that_cannot_be_used_is_said_once(void **state)
{
        World *w = *state;
        static const char words[] = "TMPDIR is /nonexistent, where no temporary file can be made";
        HarnessService service = {0};
        assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
        int checked = RUN(w, "check", "--offline");
        int synced = RUN(w, "sync");
        assert_says(w, "err", words, true);
        assert_int_equal(RUN(w, "check", "--offline"), checked);
        assert_says(w, "out", "note    spool                             TMPDIR is /none", true);
        assert_says(w, "out", "iB free for temporary files", true);
        harness_service_start(&service, w->folder, "service", w->config, false, 0);
        (void)unsetenv("TMPDIR");
        harness_service_await(&service, "READY=1", 1);
        harness_service_reload(&service);
        assert_int_equal(harness_service_logged(&service, words), 1);
        harness_service_signal(&service, SIGTERM);
        assert_int_equal(harness_service_wait(&service), 0);
        harness_service_done(&service);
        assert_int_equal(checked, 0);
        assert_int_equal(synced, 0);
        assert_int_equal(RUN(w, "sync"), 0);
        assert_says(w, "err", "TMPDIR", false);
}

/* Not when something has changed, at night. */
static void check_tries_a_template_with_all_that_its_fields_hold(void **state)
{
        World *w = *state;
        static const struct {
                const char *template, *shown;
                int status;
        } cases[] = {
                {"{\"a\": \"{{more}}\"}", "ok      notify: template_file ", 0},
                {"{\"a\": 1{{more}}}", "with every field filled, what it gives is no JSON", 78},
                {"\xef\xbb\xbf{\"a\": 1}", "begins with a byte order mark (UTF-8)", 78},
        };
        char text[256];
        (void)snprintf(text, sizeof(text), "[notify]\nurl_file = %s/url\ntemplate_file = %s/form\n",
                       w->folder, w->folder);
        append_config(w, text);
        harness_write(w->folder, "url", "http://127.0.0.1:1/\n");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                harness_write(w->folder, "form", cases[i].template);
                assert_int_equal(RUN(w, "check", "--offline"), cases[i].status);
                assert_says(w, "out", cases[i].shown, true);
        }
        (void)snprintf(text, sizeof(text), "%s/form", w->folder);
        FILE *f = fopen(text, "we");
        assert_non_null(f);
        assert_int_equal(fwrite("{}\0 as in UTF-16", 1, 16, f), 16);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(RUN(w, "check", "--offline"), 78);
        assert_says(w, "out", "holds a NUL byte; save it as UTF-8", true);
}

/* The shell that it is pasted into may not have what stood before one command only. */
static void what_is_advised_acts_on_the_database_of_the_environment(void **state)
{
        World *w = *state;
        char conninfo[200], advised[512], with_password[256];
        HarnessService service = {0};
        free(harness_sql(&w->pg, "CREATE DATABASE subscriber OWNER em"));
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=subscriber user=em",
                       w->pg.folder);
        assert_int_equal(setenv("EDGEMIRROR_POSTGRES_CONNINFO", conninfo, 1), 0);
        assert_int_equal(RUN(w, "check"), 69);
        (void)snprintf(advised, sizeof(advised),
                       "; run env 'EDGEMIRROR_POSTGRES_CONNINFO=%s' edgemirror -c %s migrate\n",
                       conninfo, w->config);
        assert_says(w, "out", advised, true);

        /* a service has it from its unit, and tells others */
        harness_service_start(&service, w->folder, "service", w->config, false, 0);
        (void)snprintf(advised, sizeof(advised), "; run edgemirror -c %s migrate", w->config);
        harness_service_await_log(&service, advised, 1);
        harness_service_signal(&service, SIGTERM);
        (void)harness_service_wait(&service);
        harness_service_done(&service);

        (void)snprintf(with_password, sizeof(with_password), "%s password=" SECRET, conninfo);
        assert_int_equal(setenv("EDGEMIRROR_POSTGRES_CONNINFO", with_password, 1), 0);
        assert_int_equal(RUN(w, "check"), 78);
        assert_says(w, "out", SECRET, false);
        assert_says(w, "err", SECRET, false);
        assert_int_equal(unsetenv("EDGEMIRROR_POSTGRES_CONNINFO"), 0);
        free(harness_sql(&w->pg, "DROP DATABASE subscriber"));
}

static void the_command_by_hand_is_shown_whole_or_not_at_all(void **state)
{
        World *w = *state;
        static const char *const names[] = {"a  b.conf", "a\033b.conf"};
        char path[160], line[256], variable[2000];
        append_config(w, "[postgres]\npassword_file = credential:postgres\n");
        _cleanup_(cleanup_free) char *config = harness_read("/", w->config);
        (void)snprintf(variable, sizeof(variable), "host=%s user=em application_name=%01500d",
                       w->pg.folder, 0);
        assert_int_equal(setenv("EDGEMIRROR_POSTGRES_CONNINFO", variable, 1), 0);
        (void)unsetenv("CREDENTIALS_DIRECTORY");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                harness_write(w->folder, names[i], config);
                (void)snprintf(path, sizeof(path), "%s/%s", w->folder, names[i]);
                const char *const arguments[] = {"-c", path, "status", NULL};
                assert_int_equal(harness_program(w->folder, arguments), 78);
                assert_says(w, "err", "$CREDENTIALS_DIRECTORY is not set", true);
                assert_says(w, "err", "\nby hand, as root:\n    systemd-run ", i == 0);
                (void)snprintf(line, sizeof(line), "000' edgemirror -c '%s' COMMAND\n", path);
                assert_says(w, "err", line, i == 0);
        }
        assert_int_equal(unsetenv("EDGEMIRROR_POSTGRES_CONNINFO"), 0);
}

/* N8 */
static void check_offline_looks_at_the_files_of_secrets(void **state)
{
        World *w = *state;
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/password", w->folder);
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out", "ok      catalog: password_file            can be read", true);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(RUN(w, "check", "--offline"), 78);
        assert_says(w, "out", "FAILED  catalog: password_file            ", true);
        assert_says(w, "out", "chmod 600", true);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(RUN(w, "check", "--offline"), 78);
        assert_says(w, "out", "no such file; create it", true);
        append_config(w, "[postgres]\npassword_file = credential:postgres\n");
        harness_write(w->folder, "password", SECRET "\n");
        (void)unsetenv("CREDENTIALS_DIRECTORY");
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out",
                    "--      postgres: password_file           not checked: only the service gets "
                    "credential:postgres",
                    true);
}

/* What is shown is a configuration again; it holds the names of the files of secrets, and nothing
 * commands the terminal. */
static void check_shows_what_is_in_effect(void **state)
{
        World *w = *state;
        append_config(w, "[daemon]\ninstance = a\u202eb\n[discover]\nexclude = *-test\n");
        assert_int_equal(RUN(w, "check", "--show"), 0);
        assert_says(w, "out", "url = http://", true);
        assert_says(w, "out", "/password ", true);
        assert_says(w, "out", "exclude = *-test                                 ; ", true);
        assert_says(w, "out", "[edge \"main\"]\nid = ", true);
        assert_says(w, "out", "instance = a\\u202eb ", true);
        assert_says(w, "out", "\u202e", false);
        assert_says(w, "out", SECRET, false);

        char *shown = harness_read(w->folder, "out"), path[192];
        harness_write(w->folder, "shown.conf", shown);
        (void)snprintf(path, sizeof(path), "%s/shown.conf", w->folder);
        assert_int_equal(RUN(w, "check", "--show", "-c", path), 0);
        char *again = harness_read(w->folder, "out");
        for (char *p = shown, *q = again; *p || *q;) { /* but for the sources */
                size_t n = strcspn(p, ";\n"), m = strcspn(q, ";\n");
                assert_int_equal(n, m);
                assert_memory_equal(p, q, n);
                p += strcspn(p, "\n") + 1;
                q += strcspn(q, "\n") + 1;
        }
        free(shown);
        free(again);

        assert_int_equal(RUN(w, "check", "--show", "--json"), 0);
        assert_says(
                w, "out",
                "{\"section\":\"discover\",\"edge\":null,\"key\":\"exclude\",\"value\":\"*-test\","
                "\"source\":\"",
                true);
        assert_says(w, "out", "{\"section\":\"edge\",\"edge\":\"main\",\"key\":\"id\",", true);
        /* Of a variable it is the whole, of a line it would be "a". */
        assert_int_equal(setenv("EDGEMIRROR_CATALOG_USERNAME", "a ; b", 1), 0);
        assert_int_equal(RUN(w, "check", "--show"), 0);
        assert_says(w, "out", "\nusername = ", false);
        assert_says(w, "out", "no line of a file would give it as it is: username = a ; b\n", true);
        assert_int_equal(setenv("EDGEMIRROR_CATALOG_USERNAME", "a  b", 1), 0);
        assert_int_equal(RUN(w, "check", "--show"), 0);
        assert_says(w, "out", "\nusername = a  b ", true);
        assert_int_equal(unsetenv("EDGEMIRROR_CATALOG_USERNAME"), 0);
        append_config(w, "wrong = 1\n");
        assert_int_equal(RUN(w, "check", "--show"), 78);
        assert_says(w, "out", "main", false);
        assert_says(w, "err", "unknown key \"wrong\"", true);
        assert_int_equal(RUN(w, "status", "--check"), 78);
        assert_says(w, "err", "unknown key \"wrong\"", true);
        assert_says(w, "out", "NOT OK: ", true);
}

/* ---- names that command a terminal ---------------------------------------------------------- */

/* No configuration may hold it; an older one, or a hand, may have put it into the tables, and files
 * and arguments are quoted. */
#define HOSTILE_NAME "rtl\u202egro.\u2066x\u2028line\u2029\u200b"

static void assert_harmless(World *w, const char *file, const char *command)
{
        char *text = harness_read(w->folder, file);
        static const char *const bad[] = {"\x1b",   "\x7f",   "\xc2\x9b", "\xc2\x85",
                                          "\u202e", "\u2066", "\u2028",   "\u2029"};
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (strstr(text, bad[i]))
                        fail_msg("%s prints character %zu of the bad ones to %s:\n%s", command, i,
                                 file, text);
        free(text);
}

/* O6: What a catalog, a configuration or somebody with a hand in the tables has written is shown
 * escaped, whatever prints it. */
static void no_output_commands_the_terminal(void **state)
{
        World *w = *state;
        static const char *const commands[][4] = {
                {"check"},
                {"sync"},
                {"sync", "--dry-run"},
                {"sync", "--dry-run", "--json"},
                {"sync", "--json"},
                {"status"},
                {"status", "--json"},
                {"schedule"},
                {"schedule", "--json"},
                {"verify"},
                {"verify", "--json"},
                {"sync", "-v"},
                {"status", "--check"},
                {"retire", "other"},
                {"status", HOSTILE_NAME},
                {"sync", "no" HOSTILE_NAME},
                {"check", "--offline"},
        };
        char rows[512], renamed[256];
        assert_int_equal(RUN(w, "sync"), 0);
        (void)snprintf(rows, sizeof(rows), "/control/edges/%s/rows", w->edges[0]);
        control(w, rows,
                "{\"op\":\"add\",\"name\":\"rtl\\u202e\\u2066\\u2028\\u2029\\u009b["
                "2J\\u0085\\u007f\\u001b[2J\"}");
        (void)snprintf(renamed, sizeof(renamed),
                       "UPDATE edgemirror.edge SET name = '" HOSTILE_NAME
                       "' WHERE edge_connection_id = '%s'",
                       w->edges[0]);
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                free(harness_sql(&w->pg, renamed));
                free(harness_sql(&w->pg, "UPDATE edgemirror.sync_run SET job_state = E'\\x1b[2J', "
                                         "error_code = E'\\x1b[3J',"
                                         " error_message = E'\\x1b[4J\\u009b', outcome = 'failed'"
                                         " WHERE run_id IN (SELECT max(run_id) FROM "
                                         "edgemirror.sync_run GROUP BY edge_connection_id)"));
                (void)run_command(w, commands[i]);
                assert_harmless(w, "out", commands[i][0]);
                assert_harmless(w, "err", commands[i][0]);
        }
        HarnessService service = {0};
        harness_service_start(&service, w->folder, "service", w->config, true, 0);
        harness_service_await(&service, "READY=1", 1);
        harness_service_signal(&service, SIGTERM);
        assert_int_equal(harness_service_wait(&service), 0);
        assert_harmless(w, "service.err", "run");
        for (size_t i = 0; i < service.said.size; i++)
                assert_true(service.said.data[i] != '\x1b' && service.said.data[i] != '\x7f');
        harness_service_done(&service);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance"));
}

static void a_configuration_that_is_refused_commands_none_either(void **state)
{
        World *w = *state;
        char text[2048];
        (void)snprintf(
                text, sizeof(text),
                "[catalog]\nurl = %s\nauth = basic\nusername = svc\npassword_file = %s/password\n"
                "[postgres]\nconninfo = %s\n[edge \"" HOSTILE_NAME "\"]\nid = %s\n",
                w->catalog.url, w->folder, w->pg.service, w->edges[0]);
        harness_write(w->folder, "edgemirror.conf", text);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(i ? RUN(w, "sync") : RUN(w, "check", "--offline"), 78);
                assert_harmless(w, "out", "an invalid configuration");
                assert_harmless(w, "err", "an invalid configuration");
        }
}

#define TEST(f) cmocka_unit_test_setup(f, small_world)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(few_descriptors_are_refused_with_the_number_that_is_needed),
                TEST(as_many_descriptors_as_are_needed_are_enough),
                TEST(a_sync_that_cannot_begin_says_why),
                TEST(a_service_does_not_wait_for_who_reads_its_log),
#ifndef EDGEMIRROR_SANITIZERS
                TEST(a_hangup_while_it_starts_is_a_reload),
                TEST(it_makes_no_core_and_nobody_may_attach),
                TEST(as_the_first_process_of_a_container_it_ends_and_leaves_no_zombie),
                TEST(a_loop_that_fails_is_a_failure_of_the_command),
#endif
                TEST(an_unknown_time_zone_stops_one_edge_only),
                TEST(what_is_advised_acts_on_the_database_of_the_environment),
                TEST(the_command_by_hand_is_shown_whole_or_not_at_all),
                TEST(check_offline_looks_at_the_files_of_secrets),
                TEST(a_directory_for_lists_that_cannot_be_used_is_said_once),
                TEST(check_tries_a_template_with_all_that_its_fields_hold),
                TEST(check_shows_what_is_in_effect),
                TEST(no_output_commands_the_terminal),
                TEST(a_configuration_that_is_refused_commands_none_either),
        };
        return cmocka_run_group_tests_name("process", tests, world_setup, world_teardown);
}
