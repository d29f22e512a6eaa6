/*
 * Whatever the system refuses once (memory, a descriptor, a connection, a write, an event), the
 * program neither crashes nor hangs, its exit status is true, and the mirror is right afterwards.
 * S1 and S3 (an allocation while a connection is opened, a check that cannot be begun) were such.
 *
 * The real program, PostgreSQL and the sample catalog; tests/harness/injector.c has the n-th call
 * of a kind fail. Each n is tried in a child of this process, so that what goes wrong with one (an
 * assertion of the helpers among them) does not end the others. Without arguments: a sample of all,
 * at another place with every build. `test_injection COMMAND KIND FIRST STEP LAST` tries those
 * (LAST 0: to the end); scripts/inject does it for all.
 */
#include "base/cleanup.h"
#include "harness/web.h"
#include "integration/effects.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        /* more than the deadline of a statement, which ends what libpq lost count of */
        PROGRAM_MSEC_MAX = 100000,
        SERVE_SECONDS_MAX = 100,
        HANGS = 1000, /* instead of an exit status */
};

#define LISTEN "EDGEMIRROR_MONITOR_LISTEN"

/* How a try ended, as exit status of the child. */
enum { FINE, NOT_STRUCK = 3, FINDING = 4 };

typedef struct Injection {
        Effects effects;
        char *right; /* what `check` prints when nothing fails */
} Injection;

typedef int (*Try)(Injection *i, const char *kind, long n);

/* What `check` prints begins with "ok", too, and is no result of this test. */
static void in_one_line(char *text)
{
        for (char *p = text; (p = strchr(p, '\n'));)
                *p = '|';
}

static int finding(const Injection *i, const char *what, int status)
{
        _cleanup_(cleanup_free) char *err = harness_read(i->effects.world->folder, "err");
        _cleanup_(cleanup_free) char *out = harness_read(i->effects.world->folder, "out");
        in_one_line(err);
        in_one_line(out);
        printf("#   %s, status %d; standard error: %.600s; output: %.2000s\n", what, status, err,
               out);
        return FINDING;
}

/* ---- striking ------------------------------------------------------------------------------- */

static void arm(const Injection *i, const char *kind, long n)
{
        char order[64], preload[512];
        const char *top = getenv("top_builddir");
        (void)snprintf(order, sizeof(order), "%s %ld%s", kind, n, getenv(LISTEN) ? " served" : "");
        (void)snprintf(preload, sizeof(preload), "%s/tests/harness/injector.so", top ? top : ".");
        (void)unlink(i->effects.mark);
        (void)setenv("HARNESS_INJECTOR", order, 1);
        (void)setenv("HARNESS_INJECTOR_MARK", i->effects.mark, 1);
        (void)setenv("LD_PRELOAD", preload, 1);
}

/* How many calls there were, and who made the one that failed ("": none did). */
static long disarm(Injection *i, char **ret_caller)
{
        (void)unsetenv("LD_PRELOAD");
        char *mark = harness_read(i->effects.world->folder, "mark"), *end = mark;
        long count = strtol(mark, &end, 10);
        memmove(mark, *end ? end + 1 : end, strlen(*end ? end + 1 : end) + 1);
        *ret_caller = mark;
        return count;
}

static int wait_for(pid_t pid)
{
        int fd = pidfd_open(pid, 0);
        struct pollfd end = {.fd = fd, .events = POLLIN};
        bool hangs = poll(&end, 1, PROGRAM_MSEC_MAX) == 0;
        if (hangs)
                (void)kill(pid, SIGKILL);
        (void)close(fd);
        int status = harness_program_wait(pid);
        return hangs ? HANGS : status;
}

/* libgcrypt aborts, or libgpg-error of which it is made ends the process with a status of its own,
 * with words of theirs, where they are short of something when they are prepared. That is done
 * before anything else, and where descriptors are short the program refuses before that; what is
 * left is the system running out in that very instant. */
static bool is_known(const Injection *i, int status)
{
        _cleanup_(cleanup_free) char *err = harness_read(i->effects.world->folder, "err");
        return (status == 2 && strstr(err, "Fatal: out of core in gpgrt_")) ||
               (status == 256 + SIGABRT &&
                (strstr(err, "`/proc/sys/crypto/fips_enabled' in libgcrypt") ||
                 strstr(err, "Fatal error: Cannot allocate memory")));
}

static int command(Injection *i, const char *name, const char *option, const char *kind, long n,
                   bool *ret_struck)
{
        const char *const arguments[] = {"-c", i->effects.world->config, name, option, NULL};
        _cleanup_(cleanup_free) char *caller = NULL;
        arm(i, kind, n);
        int status = wait_for(harness_program_start(i->effects.world->folder, arguments));
        (void)disarm(i, &caller);
        *ret_struck = caller[0] != '\0';
        if (*ret_struck)
                printf("# %s %s %ld: %d, %s\n", name, kind, n, status, caller);
        return is_known(i, status) ? 1 : status;
}

static void end_leases(const Injection *i)
{
        free(effects_sql(&i->effects, "UPDATE edgemirror.edge_claim SET expires_at = now() - "
                                      "interval '1 s' WHERE holder IS NOT NULL"));
}

/* ---- the commands --------------------------------------------------------------------------- */

/* What of it is measured, and so another each time: how long an answer took, at the end of a line,
 * and how much space is free. */
static void without_measures(char *text)
{
        char *to = text;
        for (const char *from = text; *from; from++) {
                size_t number = strspn(from + 1, "0123456789.");
                size_t unit = strspn(from + 1 + number, "ms");
                size_t size = strspn(from, "0123456789.");
                bool is_space = size > 0 && from[size] == ' ' &&
                                strspn(from + size + 1, "KMG") == 1 &&
                                strncmp(from + size + 2, "iB free", 7) == 0;
                bool is_time = *from == '(' && number > 0 && unit > 0 &&
                               strncmp(from + 1 + number + unit, ")\n", 2) == 0;
                if (is_time)
                        from += number + unit + 1;
                else if (is_space)
                        from += size + 1; /* and the unit */
                else
                        *to++ = *from;
        }
        *to = '\0';
}

/* The same lines; edges answer in any order. */
static bool same_lines(const char *a, const char *b)
{
        bool same = strlen(a) == strlen(b);
        for (size_t size; *a; a += size) {
                size = strcspn(a, "\n") + 1;
                _cleanup_(cleanup_free) char *line = strndup(a, size);
                same = same && strstr(b, line);
        }
        return same;
}

static int try_check(Injection *i, const char *kind, long n)
{
        bool struck;
        int status = command(i, "check", NULL, kind, n, &struck);
        _cleanup_(cleanup_free) char *out = harness_read(i->effects.world->folder, "out");
        without_measures(out);
        if (!struck)
                return NOT_STRUCK;
        if (status == 0 && !same_lines(i->right, out))
                return finding(i, "says that all is well, but not all of it", status);
        if (status != 0 && status != 1 && status != 69)
                return finding(i,
                               status == HANGS ? "hangs"
                               : status > 255  ? "crashes"
                                               : "false status",
                               status);
        _cleanup_(cleanup_free) char *err = harness_read(i->effects.world->folder, "err");
        if (status != 0 && !strstr(out, "FAILED") && !err[0])
                return finding(i, "fails without a word", status);
        return FINE;
}

static int repair(Injection *i, int status)
{
        Effects *e = &i->effects;
        if (status != 0) {
                end_leases(i);
                int again = sync_all(e->world);
                if (again != 0)
                        return finding(i, "the next sync fails", again);
        }
        effects_check_end(e);
        return FINE;
}

static int try_sync(Injection *i, const char *kind, long n)
{
        bool struck;
        effects_reset(&i->effects);
        int status = command(i, "sync", "--json", kind, n, &struck);
        if (!struck)
                return NOT_STRUCK;
        if (status != 0 && status != 1 && status != 4 && status != 69)
                return finding(i,
                               status == HANGS ? "hangs"
                               : status > 255  ? "crashes"
                                               : "false status",
                               status);
        effects_check_left(&i->effects);
        return repair(i, status);
}

/* Both edges have had a run that ended, whatever came of it. */
static bool all_is_done(const Injection *i)
{
        _cleanup_(cleanup_free) char *done = effects_sql(
                &i->effects,
                "SELECT count(*) FROM edgemirror.edge_claim c WHERE holder IS NULL AND next_run_at "
                "> now() AND EXISTS"
                " (SELECT FROM edgemirror.sync_run r WHERE r.edge_connection_id = "
                "c.edge_connection_id"
                "  AND run_id > (SELECT max(run_id) FROM proof.run) AND finished_at IS NOT NULL)");
        return strcmp(done, "2") == 0;
}

static int try_run(Injection *i, const char *kind, long n)
{
        Effects *e = &i->effects;
        const char *const arguments[] = {"-c", e->world->config, "run", NULL};
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        _cleanup_(cleanup_free) char *caller = NULL;
        siginfo_t over = {0};
        bool done = false;
        effects_reset(e);
        arm(i, kind, n);
        pid_t pid = harness_program_start(e->world->folder, arguments);
        for (time_t end = time(NULL) + SERVE_SECONDS_MAX;
             over.si_pid == 0 && !done && time(NULL) < end;) {
                (void)nanosleep(&pause, NULL);
                (void)waitid(P_PID, (id_t)pid, &over, WEXITED | WNOHANG | WNOWAIT);
                done = all_is_done(i);
        }
        (void)kill(pid, SIGTERM);
        int status = wait_for(pid);
        (void)disarm(i, &caller);
        if (!caller[0])
                return NOT_STRUCK;
        printf("# run %s %ld: %d%s, %s\n", kind, n, status, over.si_pid ? " by itself" : "",
               caller);
        if (is_known(i, status))
                status = 1;
        if (status > 255)
                return finding(i, status == HANGS ? "does not stop" : "crashes", status);
        if (over.si_pid && status != 1 && status != 69)
                return finding(i, "ends by itself with a false status", status);
        if (!over.si_pid && status != 0 && status != 1) /* 1: the loop fails while it stops */
                return finding(i, "was told to stop, and fails", status);
        if (!over.si_pid && !done)
                return finding(i, "syncs nothing any more", status);
        effects_check_left(e);
        return repair(i, 1);
}

/* What the monitor is asked for, and how the whole of an answer ends. */
static const struct {
        int status;
        const char *path, *end;
} asked[] = {
        {200, "/", "</html>"},
        {200, "/?sort=state&order=desc&q=a", "</html>"},
        {200, "/edges/main", "</html>"},
        {404, "/edges/nobody", "</html>"},
        {200, "/inventory", "</html>"},
        {200, "/inventory?q=a&edge=main", "</html>"},
        {400, "/inventory?sort=wrong", "</html>"},
        {200, "/changes", "</html>"},
        {200, "/status.json", "}\n"},
        {200, "/metrics", "\n"},
        {200, "/metrics", "\n"},
        {200, "/readyz", "ready\n"},
};

static bool ends_with(const char *text, const char *end)
{
        size_t size = strlen(text), end_size = strlen(end);
        return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* "" where nobody listens: a program that has ended says so by its status. */
static char *ask_for(const char *where, const char *path)
{
        char request[256];
        int fd = web_try_connect(where);
        if (fd < 0)
                return strdup("");
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
        web_send(fd, request, strlen(request));
        char *answer = web_read(fd);
        (void)close(fd);
        return answer;
}

/* Each answer is whole, or says that it is none, or the connection is closed; well: each is whole
 * once what hangs has been given up. */
static int ask_all(Injection *i, const char *where, bool well)
{
        for (size_t k = 0; k < sizeof(asked) / sizeof(asked[0]); k++)
                for (time_t end = time(NULL) + SERVE_SECONDS_MAX;;) {
                        _cleanup_(cleanup_free) char *answer = ask_for(where, asked[k].path);
                        int status = web_status(answer);
                        if (status == asked[k].status && ends_with(web_body(answer), asked[k].end))
                                break;
                        if (status == 503 && well && time(NULL) < end)
                                continue;
                        if (!well && (status == 0 || status == 503))
                                break;
                        printf("#   %s: %.2000s\n", asked[k].path, answer);
                        return finding(i, "does not answer as it should", status);
                }
        return FINE;
}

/* As try_run, but what fails is counted from the first connection to the monitor on. */
static int try_monitor(Injection *i, const char *kind, long n)
{
        Effects *e = &i->effects;
        const char *const arguments[] = {"-c", e->world->config, "run", NULL};
        char where[128];
        _cleanup_(cleanup_free) char *caller = NULL;
        bool done = false;
        (void)snprintf(where, sizeof(where), "%s/monitor", e->world->folder);
        effects_reset(e);
        (void)setenv(LISTEN, where, 1);
        arm(i, kind, n);
        pid_t pid = harness_program_start(e->world->folder, arguments);
        (void)unsetenv(LISTEN);
        for (time_t end = time(NULL) + SERVE_SECONDS_MAX; !done && time(NULL) < end;) {
                (void)usleep(20 * 1000);
                done = all_is_done(i);
        }
        int result = ask_all(i, where, false);
        if (result == FINE && access(e->mark, F_OK) == 0)
                result = ask_all(i, where, true);
        (void)kill(pid, SIGTERM);
        int status = wait_for(pid);
        (void)disarm(i, &caller);
        if (!caller[0])
                return NOT_STRUCK;
        printf("# monitor %s %ld: %d, %s\n", kind, n, status, caller);
        if (!done || (status != 0 && status != 1))
                return finding(i, !done ? "syncs nothing" : "does not stop, or crashes", status);
        if (status == 1) /* the loop has failed, and the program has ended by itself */
                return FINE;
        return result;
}

/* ---- every n -------------------------------------------------------------------------------- */

static const struct {
        const char *name;
        Try try;
        int samples; /* of each kind */
} commands[] = {{"check", try_check, 8},
                {"sync", try_sync, 5},
                {"run", try_run, 1},
                {"monitor", try_monitor, 1}};

static const char *const kinds[] = {"allocation", "open",  "socket",    "connect",
                                    "write",      "fsync", "epoll_ctl", "epoll_wait"};

/* In a child: exit status, or 256 + signal. */
static int in_child(Injection *i, Try try, const char *kind, long n)
{
        int status;
        (void)fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
                int result = try(i, kind, n);
                (void)fflush(stdout);
                _exit(result);
        }
        if (waitpid(pid, &status, 0) != pid)
                return FINDING;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* How many calls of the kind an undisturbed run makes. */
static long count_calls(Injection *i, Try try, const char *kind)
{
        _cleanup_(cleanup_free) char *caller = NULL;
        (void)in_child(i, try, kind, 0);
        return disarm(i, &caller);
}

/* The number of findings. A little beyond the count: not every run makes as many calls. */
static int try_every(Injection *i, size_t c, const char *kind, long first, long step, long last)
{
        int findings = 0;
        long tried = 0;
        for (long n = first; n <= last; n += step) {
                int result = in_child(i, commands[c].try, kind, n);
                tried += result != NOT_STRUCK;
                if (result == FINE || result == NOT_STRUCK)
                        continue;
                printf("# FINDING %s %s %ld\n", commands[c].name, kind, n);
                findings++;
        }
        printf("# %s, %s: %ld tried of %ld, %d findings\n", commands[c].name, kind, tried, last,
               findings);
        return findings;
}

static bool is_kind(const char *kind)
{
        size_t k = 0;
        while (k < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[k], kind) != 0)
                k++;
        return k < sizeof(kinds) / sizeof(kinds[0]);
}

static int all_of_it(Injection *i, const char *name, const char *kind, const char *const *range)
{
        for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
                if (strcmp(commands[c].name, name) != 0 || !is_kind(kind))
                        continue;
                long last = strtol(range[2], NULL, 10);
                if (last == 0)
                        last = count_calls(i, commands[c].try, kind);
                return try_every(i, c, kind, strtol(range[0], NULL, 10), strtol(range[1], NULL, 10),
                                 last) > 0;
        }
        printf("# there is no command %s, or no kind of call %s\n", name, kind);
        return 2;
}

static int sample(Injection *i, long place)
{
        int number = 0, failed = 0;
        for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++)
                for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
                        long calls = count_calls(i, commands[c].try, kinds[k]);
                        long step = calls / commands[c].samples + 1;
                        int findings = try_every(i, c, kinds[k], 1 + place % step, step, calls);
                        printf("%sok %d - %s goes on, or ends and says so, when one %s fails\n",
                               findings ? "not " : "", ++number, commands[c].name, kinds[k]);
                        failed += findings > 0;
                }
        printf("1..%d\n", number);
        return failed > 0;
}

static void prepare(Injection *i)
{
        void *world = NULL;
        bool struck;
        (void)world_setup(&world);
        effects_begin(&i->effects, world, 12, 5);
        (void)command(i, "check", NULL, "allocation", 0, &struck);
        i->right = harness_read(i->effects.world->folder, "out");
        without_measures(i->right);
}

static void clean_up(Injection *i)
{
        void *world = i->effects.world;
        free(i->right);
        (void)unlink(i->effects.mark);
        effects_done(&i->effects);
        (void)world_teardown(&world);
}

#ifdef EDGEMIRROR_SANITIZERS
static const bool has_sanitizers = true;
#else
static const bool has_sanitizers = false;
#endif

int main(int argc, char **argv)
{
        Injection injection = {0};
        char path[512];
        struct stat program;
        harness_built("edgemirror", path);
        if (has_sanitizers)
                return harness_skip_all(
                        "sanitizers have an allocator of their own; a build without them is tried");
        if (stat(path, &program) < 0)
                return 1;
        prepare(&injection);
        int status =
                argc == 6 ? all_of_it(&injection, argv[1], argv[2], (const char *const *)argv + 3)
                          : sample(&injection, (long)(program.st_size / 8));
        clean_up(&injection);
        return status;
}
