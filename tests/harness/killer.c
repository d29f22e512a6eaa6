/*
 * killer: ends the program, or a connection of it, at its k-th effect.
 *
 * An effect is what others can see: a connect, or bytes given to a socket. Loaded before the other
 * libraries (LD_PRELOAD), so that the program is the one that is installed, without a hook.
 * HARNESS_KILLER is "MOMENT K": `before` and `after` end the process by SIGKILL on either side of
 * the k-th effect; `cut-before` and `cut-after` shut its socket down on either side of it. What was
 * struck is written to the file HARNESS_KILLER_MARK; no file: the program ended before its k-th
 * effect. Sanitizers want to be the first library: ASAN_OPTIONS=verify_asan_link_order=0.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* These names are the C library's. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

typedef enum Moment { NEVER, BEFORE, AFTER, CUT_BEFORE, CUT_AFTER } Moment;

static Moment killer_moment(long *ret_number)
{
        static const char *const names[] = {
                [NEVER] = "",
                [BEFORE] = "before",
                [AFTER] = "after",
                [CUT_BEFORE] = "cut-before",
                [CUT_AFTER] = "cut-after",
        };
        const char *order = getenv("HARNESS_KILLER");
        const char *number = order ? strchr(order, ' ') : NULL;
        for (int i = BEFORE; number && i <= CUT_AFTER; i++)
                if (strlen(names[i]) == (size_t)(number - order) &&
                    strncmp(names[i], order, strlen(names[i])) == 0) {
                        *ret_number = strtol(number, NULL, 10);
                        return (Moment)i;
                }
        return NEVER;
}

/* The mark: which call, to whom, and how its bytes begin (a message of PostgreSQL has its kind and
 * length first). */
static void killer_mark(const char *call, int family, const char *data, size_t size)
{
        char line[160];
        const char *path = getenv("HARNESS_KILLER_MARK");
        int n = snprintf(line, sizeof(line), "%s to %s: ", call,
                         family == AF_UNIX ? "postgres" : "catalog");
        for (size_t i = 0; i < size && n < (int)sizeof(line) - 1; i++)
                line[n++] = data[i] >= ' ' && data[i] < 127 ? data[i] : '.';
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
        if (fd < 0)
                return;
        ssize_t (*real)(int, const void *, size_t);
        *(void **)&real = dlsym(RTLD_NEXT, "write");
        (void)real(fd, line, (size_t)n);
        (void)close(fd);
}

/* Counts the effect. Returns what to do after it; what is to be done before it is done. */
static Moment killer_strike(const char *call, int fd, const char *data, size_t size)
{
        static long count;
        long number;
        struct sockaddr_storage address = {0};
        socklen_t address_size = sizeof(address);
        Moment moment = killer_moment(&number);
        if (moment == NEVER || __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) != number)
                return NEVER;
        (void)getsockname(fd, (struct sockaddr *)&address, &address_size);
        killer_mark(call, address.ss_family, data, size);
        if (moment == BEFORE)
                (void)kill(getpid(), SIGKILL);
        if (moment == CUT_BEFORE)
                (void)shutdown(fd, SHUT_RDWR);
        return moment;
}

static void killer_strike_after(Moment moment, int fd)
{
        int saved = errno;
        if (moment == AFTER)
                (void)kill(getpid(), SIGKILL);
        if (moment == CUT_AFTER)
                (void)shutdown(fd, SHUT_RDWR);
        errno = saved;
}

static bool is_socket(int fd)
{
        struct stat st;
        return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A call that is an effect: counted, done by the C library, and struck on either side. */
#define EFFECT(result, name, fd, data, size, types, arguments)                                     \
        result(*real) types;                                                                       \
        *(void **)&real = dlsym(RTLD_NEXT, name);                                                  \
        Moment moment = killer_strike(name, fd, data, size);                                       \
        result done = real arguments;                                                              \
        killer_strike_after(moment, fd);                                                           \
        return done

ssize_t send(int fd, const void *data, size_t size, int flags)
{
        EFFECT(ssize_t, "send", fd, data, size, (int, const void *, size_t, int),
               (fd, data, size, flags));
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size)
{
        EFFECT(ssize_t, "sendto", fd, data, size,
               (int, const void *, size_t, int, const struct sockaddr *, socklen_t),
               (fd, data, size, flags, to, to_size));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        EFFECT(ssize_t, "sendmsg", fd, "", 0, (int, const struct msghdr *, int),
               (fd, message, flags));
}

static ssize_t write_to_socket(int fd, const void *data, size_t size)
{
        EFFECT(ssize_t, "write", fd, data, size, (int, const void *, size_t), (fd, data, size));
}

static ssize_t write_elsewhere(int fd, const void *data, size_t size)
{
        ssize_t (*real)(int, const void *, size_t);
        *(void **)&real = dlsym(RTLD_NEXT, "write");
        return real(fd, data, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
        return is_socket(fd) ? write_to_socket(fd, data, size) : write_elsewhere(fd, data, size);
}

static ssize_t writev_to_socket(int fd, const struct iovec *parts, int n)
{
        EFFECT(ssize_t, "writev", fd, "", 0, (int, const struct iovec *, int), (fd, parts, n));
}

static ssize_t writev_elsewhere(int fd, const struct iovec *parts, int n)
{
        ssize_t (*real)(int, const struct iovec *, int);
        *(void **)&real = dlsym(RTLD_NEXT, "writev");
        return real(fd, parts, n);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
        return is_socket(fd) ? writev_to_socket(fd, parts, n) : writev_elsewhere(fd, parts, n);
}

/* Cut before it began, a connect is refused; one that is still under way cannot be cut after. */
int connect(int fd, const struct sockaddr *to, socklen_t to_size)
{
        int (*real)(int, const struct sockaddr *, socklen_t);
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
        Moment moment = killer_strike("connect", fd, "", 0);
        if (moment == CUT_BEFORE || moment == CUT_AFTER) {
                errno = ECONNREFUSED;
                return -1;
        }
        int done = real(fd, to, to_size);
        killer_strike_after(moment, fd);
        return done;
}
