/*
 * pgbouncer: see the header.
 */
#include "harness/pgbouncer.h"
#include "harness/program.h"
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_TURNS = 1500 }; /* of 20 ms */

static const char *find_program(void)
{
        static const char *const places[] = {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer",
                                             "/usr/local/bin/pgbouncer"};
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
                if (access(places[i], X_OK) == 0)
                        return places[i];
        return NULL;
}

/* Few server connections, so that statements of one client do move between them. */
static void write_files(const HarnessPgbouncer *b, const HarnessPostgres *pg)
{
        char text[1024];
        (void)snprintf(text, sizeof(text),
                       "[databases]\n* = host=%s\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
                       "unix_socket_dir = %s\nauth_type = trust\nauth_file = %s/users\npool_mode = "
                       "transaction\n"
                       "default_pool_size = 3\nmax_client_conn = 100\n",
                       pg->folder, b->folder, b->folder);
        harness_write(b->folder, "pgbouncer.ini", text);
        harness_write(b->folder, "users", "\"em\" \"\"\n\"postgres\" \"\"\n");
}

/* It refuses root as PostgreSQL does: then the owner of PostgreSQL's folder runs it. */
static void run_child(const HarnessPgbouncer *b, const char *program, const struct stat *owner)
{
        char path[160], log[160];
        (void)snprintf(path, sizeof(path), "%s/pgbouncer.ini", b->folder);
        (void)snprintf(log, sizeof(log), "%s.err", b->folder);
        if (geteuid() == 0 && (setgid(owner->st_gid) < 0 || setuid(owner->st_uid) < 0))
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(126);
        (void)execl(program, program, path, (char *)NULL);
        _exit(127);
}

static void give_to(const HarnessPgbouncer *b, const struct stat *owner)
{
        static const char *const names[] = {"", "/pgbouncer.ini", "/users"};
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char path[160];
                (void)snprintf(path, sizeof(path), "%s%s", b->folder, names[i]);
                assert_int_equal(chown(path, owner->st_uid, owner->st_gid), 0);
        }
}

bool harness_pgbouncer_installed(void)
{
        return find_program() != NULL;
}

void harness_pgbouncer_start(HarnessPgbouncer *b, const HarnessPostgres *pg)
{
        const char *program = find_program();
        struct stat owner;
        *b = (HarnessPgbouncer){0};
        assert_non_null(program);
        (void)snprintf(b->folder, sizeof(b->folder), "%s/pgbouncer", pg->folder);
        (void)snprintf(b->service, sizeof(b->service), "host=%s port=6432 dbname=test user=em",
                       b->folder);
        assert_int_equal(mkdir(b->folder, 0700), 0);
        assert_int_equal(stat(pg->folder, &owner), 0);
        write_files(b, pg);
        give_to(b, &owner);
        b->pid = fork();
        assert_true(b->pid >= 0);
        if (b->pid == 0)
                run_child(b, program, &owner);
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        for (int i = 0; PQping(b->service) != PQPING_OK; i++) {
                if (i == START_TURNS || waitpid(b->pid, NULL, WNOHANG) != 0)
                        fail_msg("PgBouncer did not start: see its log");
                (void)nanosleep(&pause, NULL);
        }
}

void harness_pgbouncer_stop(HarnessPgbouncer *b)
{
        if (b->pid <= 0)
                return;
        (void)kill(b->pid, SIGTERM);
        assert_int_equal(waitpid(b->pid, NULL, 0), b->pid);
        b->pid = 0;
}
