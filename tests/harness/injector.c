/*
 * injector: has the n-th call of a kind fail, as it does where memory, descriptors or a disk are
 * short.
 *
 * Loaded before the other libraries (LD_PRELOAD), so that the program is the one that is installed,
 * without a hook. HARNESS_INJECTOR is "KIND N": only the n-th fails, counted from main() on; N 0:
 * none, but what there was is counted. In the end the file HARNESS_INJECTOR_MARK has how many calls
 * there were and, where one failed, which function of which library made it. Not for sanitizers,
 * which have an allocator of their own.
 *
 * "KIND N served": counted from the first connection on that is accepted.
 *
 * `hangup` is no failure: at the n-th file that is opened the process gets a SIGHUP.
 */
/* Each function goes by its own name here, and open64 is another one than open. */
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* These names are the C library's. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

typedef enum Kind {
        NONE,
        ALLOCATION,
        OPEN,
        SOCKET,
        CONNECT,
        WRITE,
        FSYNC,
        EPOLL_CTL,
        EPOLL_WAIT,
        HANGUP
} Kind;

static const struct {
        const char *name;
        int error;
} kinds[] = {
        [NONE] = {"", 0},
        [ALLOCATION] = {"allocation", ENOMEM},
        [OPEN] = {"open", EMFILE},
        [SOCKET] = {"socket", EMFILE},
        [CONNECT] = {"connect", ECONNREFUSED},
        [WRITE] = {"write", EIO},
        [FSYNC] = {"fsync", EIO},
        [EPOLL_CTL] = {"epoll_ctl", ENOMEM},
        [EPOLL_WAIT] = {"epoll_wait", ENOMEM},
        [HANGUP] = {"hangup", 0},
};

static struct {
        Kind kind;
        long number;
        long count;
        bool armed;
        char mark[128];
        char struck[256]; /* which call failed */
} injector;

static void injector_write_mark(void)
{
        char text[320];
        ssize_t (*real_write)(int, const void *, size_t);
        int (*real_open)(const char *, int, ...);
        injector.armed = false;
        *(void **)&real_write = dlsym(RTLD_NEXT, "write");
        *(void **)&real_open = dlsym(RTLD_NEXT, "open");
        int n = snprintf(text, sizeof(text), "%ld %s", injector.count, injector.struck);
        int fd = injector.mark[0]
                         ? real_open(injector.mark, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                         : -1;
        if (fd < 0 || real_write(fd, text, (size_t)n) != n)
                return;
        (void)close(fd);
}

/* Where the call came from, for who reads the report: `addr2line -e FILE OFFSET` says the line. */
static void injector_note(const void *caller)
{
        Dl_info info;
        if (!dladdr(caller, &info) || !info.dli_fname)
                return;
        const char *slash = strrchr(info.dli_fname, '/');
        (void)snprintf(injector.struck, sizeof(injector.struck), "%s+0x%zx %s",
                       slash ? slash + 1 : info.dli_fname,
                       (size_t)((const char *)caller - (const char *)info.dli_fbase),
                       info.dli_sname ? info.dli_sname : "");
}

/* Counts a call of the kind; true, and errno set: it fails. */
static bool injector_strikes(Kind kind, const void *caller)
{
        if (!injector.armed || injector.kind != kind)
                return false;
        long count = __atomic_add_fetch(&injector.count, 1, __ATOMIC_SEQ_CST);
        if (count != injector.number)
                return false;
        injector.armed = false; /* what follows allocates, perhaps */
        injector_note(caller);
        injector_write_mark(); /* now: should it crash, nothing is written later */
        injector.armed = true;
        errno = kinds[kind].error;
        return true;
}

static void injector_arm(void)
{
        const char *order = getenv("HARNESS_INJECTOR"), *mark = getenv("HARNESS_INJECTOR_MARK");
        const char *number = order ? strchr(order, ' ') : NULL;
        for (int i = ALLOCATION; number && i <= HANGUP; i++)
                if (strlen(kinds[i].name) == (size_t)(number - order) &&
                    strncmp(kinds[i].name, order, strlen(kinds[i].name)) == 0) {
                        injector.kind = (Kind)i;
                        injector.number = strtol(number, NULL, 10);
                        (void)snprintf(injector.mark, sizeof(injector.mark), "%s",
                                       mark ? mark : "");
                        (void)atexit(injector_write_mark);
                        injector.armed = !strstr(number, " served");
                }
}

typedef int (*Main)(int, char **, char **);

int __libc_start_main(Main program, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld)(void), void *stack);
int __libc_start_main(Main program, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld)(void), void *stack)
{
        int (*real)(Main, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
        *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
        injector_arm();
        return real(program, argc, argv, init, fini, rtld, stack);
}

/* ---- memory --------------------------------------------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

#define CALLER __builtin_return_address(0)

void *malloc(size_t size)
{
        return injector_strikes(ALLOCATION, CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
        return injector_strikes(ALLOCATION, CALLER) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
        return injector_strikes(ALLOCATION, CALLER) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
        size_t bytes;
        if (__builtin_mul_overflow(n, size, &bytes)) {
                errno = ENOMEM;
                return NULL;
        }
        return injector_strikes(ALLOCATION, CALLER) ? NULL : __libc_realloc(old, bytes);
}

/* ---- files ---------------------------------------------------------------------------------- */

static bool open_strikes(const void *caller)
{
        if (injector_strikes(HANGUP, caller))
                (void)kill(getpid(), SIGHUP);
        return injector_strikes(OPEN, caller);
}

#define REAL(result, name, types)                                                                  \
        result(*real) types;                                                                       \
        *(void **)&real = dlsym(RTLD_NEXT, name)

static mode_t mode_of(int flags, va_list more)
{
        return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define DEFINE_OPEN(name, before, before_arguments)                                                \
        int name(before const char *path, int flags, ...)                                          \
        {                                                                                          \
                va_list more;                                                                      \
                va_start(more, flags);                                                             \
                mode_t mode = mode_of(flags, more);                                                \
                va_end(more);                                                                      \
                REAL(int, #name, (before const char *, int, ...));                                 \
                return open_strikes(CALLER) ? -1 : real(before_arguments path, flags, mode);       \
        }

#define FOLDER          int folder,
#define FOLDER_ARGUMENT folder,
DEFINE_OPEN(open, , )
DEFINE_OPEN(open64, , )
DEFINE_OPEN(openat, FOLDER, FOLDER_ARGUMENT)
DEFINE_OPEN(openat64, FOLDER, FOLDER_ARGUMENT)

FILE *fopen(const char *path, const char *mode)
{
        REAL(FILE *, "fopen", (const char *, const char *));
        return open_strikes(CALLER) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
        REAL(FILE *, "fopen64", (const char *, const char *));
        return open_strikes(CALLER) ? NULL : real(path, mode);
}

FILE *tmpfile(void)
{
        REAL(FILE *, "tmpfile", (void));
        return open_strikes(CALLER) ? NULL : real();
}

FILE *tmpfile64(void)
{
        REAL(FILE *, "tmpfile64", (void));
        return open_strikes(CALLER) ? NULL : real();
}

int fsync(int fd)
{
        REAL(int, "fsync", (int));
        return injector_strikes(FSYNC, CALLER) ? -1 : real(fd);
}

/* ---- sockets and what is written ------------------------------------------------------------ */

int socket(int family, int type, int protocol)
{
        REAL(int, "socket", (int, int, int));
        return injector_strikes(SOCKET, CALLER) ? -1 : real(family, type, protocol);
}

int connect(int fd, const struct sockaddr *to, socklen_t to_size)
{
        REAL(int, "connect", (int, const struct sockaddr *, socklen_t));
        return injector_strikes(CONNECT, CALLER) ? -1 : real(fd, to, to_size);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict from_size, int flags)
{
        REAL(int, "accept4", (int, struct sockaddr *, socklen_t *, int));
        injector.armed = injector.kind != NONE;
        return real(fd, from, from_size, flags);
}

/* A socket that takes nothing any more is one that is broken; whoever reads it sees the end. */
static bool write_strikes(int fd, const void *caller)
{
        if (!injector_strikes(WRITE, caller))
                return false;
        errno = shutdown(fd, SHUT_RDWR) == 0 ? EPIPE : EIO;
        return true;
}

ssize_t write(int fd, const void *data, size_t size)
{
        REAL(ssize_t, "write", (int, const void *, size_t));
        return write_strikes(fd, CALLER) ? -1 : real(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
        REAL(ssize_t, "writev", (int, const struct iovec *, int));
        return write_strikes(fd, CALLER) ? -1 : real(fd, parts, n);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
        REAL(ssize_t, "send", (int, const void *, size_t, int));
        return write_strikes(fd, CALLER) ? -1 : real(fd, data, size, flags);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size)
{
        REAL(ssize_t, "sendto",
             (int, const void *, size_t, int, const struct sockaddr *, socklen_t));
        return write_strikes(fd, CALLER) ? -1 : real(fd, data, size, flags, to, to_size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        REAL(ssize_t, "sendmsg", (int, const struct msghdr *, int));
        return write_strikes(fd, CALLER) ? -1 : real(fd, message, flags);
}

/* ---- the loop ------------------------------------------------------------------------------- */

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
        REAL(int, "epoll_ctl", (int, int, int, struct epoll_event *));
        /* the others need no memory, and do not fail */
        return op == EPOLL_CTL_ADD && injector_strikes(EPOLL_CTL, CALLER)
                       ? -1
                       : real(epoll, op, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
        REAL(int, "epoll_wait", (int, struct epoll_event *, int, int));
        return injector_strikes(EPOLL_WAIT, CALLER) ? -1 : real(epoll, events, n, timeout);
}

int epoll_pwait2(int epoll, struct epoll_event *events, int n, const struct timespec *timeout,
                 const sigset_t *mask)
{
        REAL(int, "epoll_pwait2",
             (int, struct epoll_event *, int, const struct timespec *, const sigset_t *));
        return injector_strikes(EPOLL_WAIT, CALLER) ? -1 : real(epoll, events, n, timeout, mask);
}
