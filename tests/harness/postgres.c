/*
 * postgres: starting and stopping of a private PostgreSQL, see the header.
 */
#include "harness/postgres.h"
#include "harness/folder.h"
#include "harness/program.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_SECONDS_MAX = 60 };

/* The newest server that is installed; PG_BINDIR overrides. */
static void find_bin(HarnessPostgres *pg)
{
        const char *given = getenv("PG_BINDIR");
        glob_t found = {0};
        if (given) {
                (void)snprintf(pg->bin, sizeof(pg->bin), "%s", given);
        } else if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0) {
                (void)snprintf(pg->bin, sizeof(pg->bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
                *strrchr(pg->bin, '/') = '\0';
        } else {
                (void)snprintf(pg->bin, sizeof(pg->bin), "/usr/bin");
        }
        globfree(&found);
        char path[300];
        (void)snprintf(path, sizeof(path), "%s/initdb", pg->bin);
        if (access(path, X_OK) < 0)
                fail_msg("no PostgreSQL server found (%s); install the package postgresql or set "
                         "PG_BINDIR",
                         path);
}

static const struct passwd *server_user(void)
{
        const struct passwd *user = getpwnam("postgres");
        return user ? user : getpwnam("nobody");
}

/* In the child: becomes the server's user, writes to the log, dies with the test. */
static void child_prepare(const HarnessPostgres *pg)
{
        char log[128];
        (void)snprintf(log, sizeof(log), "%s/log", pg->folder);
        if (geteuid() == 0) {
                const struct passwd *user = server_user();
                if (!user || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
                        _exit(126);
        }
        if (prctl(PR_SET_PDEATHSIG, SIGQUIT) < 0)
                _exit(126);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(126);
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)setenv("LC_ALL", "C.UTF-8", 1);
}

static void run_initdb(const HarnessPostgres *pg)
{
        char program[300], data[128];
        (void)snprintf(program, sizeof(program), "%s/initdb", pg->bin);
        (void)snprintf(data, sizeof(data), "%s/data", pg->folder);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_prepare(pg);
                (void)execl(program, program, "-D", data, "-A", "trust", "-U", "postgres", "-E",
                            "UTF8", "--no-sync", (char *)NULL);
                _exit(127);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0)
                fail_msg("initdb failed (status %d): see its log above", status);
}

static bool copy_folder(const char *from, const char *to)
{
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
                (void)dup2(null,
                           STDERR_FILENO); /* a folder that may not be written to keeps none */
                (void)execlp("cp", "cp", "-a", from, to, (char *)NULL);
                _exit(127);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status == 0;
}

/* What initdb makes is kept in the build folder, where the next program copies it: it takes a
 * second and a half of a processor, and the copy next to nothing. */
static void make_data(const HarnessPostgres *pg)
{
        uid_t user = geteuid() == 0 ? server_user()->pw_uid : geteuid();
        char name[400], kept[512], making[540], data[128];
        struct stat st;
        (void)snprintf(data, sizeof(data), "%s/data", pg->folder);
        (void)snprintf(name, sizeof(name), "tests/harness/cluster%s", pg->bin);
        for (char *c = strstr(name, pg->bin); *c; c++)
                *c = *c == '/' ? '-' : *c;
        harness_built(name, kept);
        (void)snprintf(making, sizeof(making), "%s.%d", kept, (int)getpid());
        bool is_kept = stat(kept, &st) == 0;
        if (is_kept && st.st_uid == user && copy_folder(kept, data))
                return;
        run_initdb(pg);
        if (!is_kept && copy_folder(data, making) && rename(making, kept) < 0)
                harness_folder_remove(making); /* another was first */
}

void harness_postgres_resume(HarnessPostgres *pg)
{
        char program[300], data[128], socket[160];
        (void)snprintf(program, sizeof(program), "%s/postgres", pg->bin);
        (void)snprintf(data, sizeof(data), "%s/data", pg->folder);
        (void)snprintf(socket, sizeof(socket), "unix_socket_directories=%s", pg->folder);
        pg->pid = fork();
        assert_true(pg->pid >= 0);
        if (pg->pid == 0) {
                child_prepare(pg);
                (void)execl(program, program, "-D", data, "-c", socket, "-c",
                            "listen_addresses=", "-c", "fsync=off", "-c", "wal_level=logical", "-c",
                            "max_connections=50", (char *)NULL);
                _exit(127);
        }
        char ping[160];
        (void)snprintf(ping, sizeof(ping), "host=%s dbname=postgres user=postgres", pg->folder);
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        for (int i = 0; PQping(ping) != PQPING_OK; i++) {
                if (i == START_SECONDS_MAX * 50 || waitpid(pg->pid, NULL, WNOHANG) != 0)
                        fail_msg("PostgreSQL did not start: see its log");
                (void)nanosleep(&pause, NULL);
        }
}

void harness_postgres_start(HarnessPostgres *pg)
{
        *pg = (HarnessPostgres){0};
        find_bin(pg);
        harness_folder_make("test", pg->folder);
        if (geteuid() == 0) {
                const struct passwd *user = server_user();
                assert_non_null(user);
                assert_int_equal(chown(pg->folder, user->pw_uid, user->pw_gid), 0);
        }
        (void)snprintf(pg->conninfo, sizeof(pg->conninfo), "host=%s dbname=postgres user=postgres",
                       pg->folder);
        make_data(pg);
        harness_postgres_resume(pg);
        free(harness_sql(pg, "CREATE ROLE em LOGIN"));
        free(harness_sql(pg, "CREATE DATABASE test OWNER em"));
        (void)snprintf(pg->conninfo, sizeof(pg->conninfo), "host=%s dbname=test user=postgres",
                       pg->folder);
        (void)snprintf(pg->service, sizeof(pg->service), "host=%s dbname=test user=em", pg->folder);
}

void harness_postgres_stop(HarnessPostgres *pg)
{
        if (pg->pid <= 0)
                return;
        (void)kill(pg->pid, SIGQUIT);
        assert_int_equal(waitpid(pg->pid, NULL, 0), pg->pid);
        pg->pid = 0;
}

void harness_postgres_destroy(HarnessPostgres *pg)
{
        harness_postgres_stop(pg);
        harness_folder_remove(pg->folder);
}

static PGconn *connect_as_superuser(const HarnessPostgres *pg)
{
        PGconn *conn = PQconnectdb(pg->conninfo);
        if (PQstatus(conn) != CONNECTION_OK)
                fail_msg("%s", PQerrorMessage(conn));
        return conn;
}

char *harness_ask(PGconn *conn, const char *sql)
{
        PGresult *result = PQexec(conn, sql);
        if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(conn));
        char *value = strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
        assert_non_null(value);
        PQclear(result);
        return value;
}

char *harness_sql(const HarnessPostgres *pg, const char *sql)
{
        PGconn *conn = connect_as_superuser(pg);
        char *value = harness_ask(conn, sql);
        PQfinish(conn);
        return value;
}

bool harness_await_sql(const HarnessPostgres *pg, const char *sql, int seconds)
{
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        time_t give_up = time(NULL) + seconds;
        PGconn *conn = connect_as_superuser(pg);
        bool is_so = false;
        while (!is_so && time(NULL) <= give_up) {
                char *value = harness_ask(conn, sql);
                is_so = strcmp(value, "t") == 0 || strtol(value, NULL, 10) != 0;
                free(value);
                if (!is_so)
                        (void)nanosleep(&pause, NULL);
        }
        PQfinish(conn);
        return is_so;
}

long harness_sql_long(const HarnessPostgres *pg, const char *sql)
{
        char *value = harness_sql(pg, sql);
        long number = strtol(value, NULL, 10);
        free(value);
        return number;
}

struct pgNotify *harness_notification(struct pg_conn *conn)
{
        PGnotify *notification;
        while (!(notification = PQnotifies(conn))) {
                struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
                if (poll(&fd, 1, 20000) <= 0)
                        fail_msg("no notification came");
                assert_int_equal(PQconsumeInput(conn), 1);
        }
        return notification;
}

int harness_log_count(const HarnessPostgres *pg, const char *words, size_t *from)
{
        int n = 0;
        char *log = harness_read(pg->folder, "log");
        for (const char *at = log + *from; (at = strstr(at, words)); at++)
                n++;
        *from = strlen(log);
        free(log);
        return n;
}

size_t harness_log_end(const HarnessPostgres *pg)
{
        size_t end = 0;
        (void)harness_log_count(pg, "nothing", &end);
        return end;
}
