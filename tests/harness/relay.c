/*
 * relay: a network between a client and a server on this host, with a distance and with faults.
 *
 *     relay LISTEN SERVER DELAY_MS
 *
 * LISTEN is a port of 127.0.0.1 (0: any; the one taken is printed), SERVER a port of 127.0.0.1 or
 * the path of a socket. What either side sends arrives DELAY_MS later. SIGUSR1: connections that
 * are there now are forgotten without a word, as a firewall does: nothing comes through any more,
 * and nothing closes. SIGUSR2 prints "TRIPS CONNECTIONS": how often a client has waited for an
 * answer, connecting included, and how many there were.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 256, CHUNK_BYTES = 16384, SIGNAL_MSEC = 20 };

typedef struct Chunk {
        STAILQ_ENTRY(Chunk) entry;
        int64_t due_msec;
        size_t size, done;
        char data[CHUNK_BYTES];
} Chunk;

typedef struct Way {
        STAILQ_HEAD(, Chunk) chunks;
        int from, to;
        bool ended; /* `from` has closed */
} Way;

typedef struct Link {
        Way up, down;
        bool used, forgotten;
        bool asking; /* the client was the last to send */
} Link;

static Link links[LINKS_MAX];
static long trips, connections;
static long delay_msec;
static volatile sig_atomic_t forget, report;

static void on_signal(int number)
{
        if (number == SIGUSR1)
                forget = 1;
        else
                report = 1;
}

static int64_t now_msec(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int connect_server(const char *server)
{
        struct sockaddr_un local = {.sun_family = AF_UNIX};
        struct sockaddr_in inet = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        bool path = server[0] == '/';
        int fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", server);
        inet.sin_port = htons((uint16_t)strtoul(server, NULL, 10));
        if (connect(fd, path ? (struct sockaddr *)&local : (struct sockaddr *)&inet,
                    path ? sizeof(local) : sizeof(inet)) == 0)
                return fd;
        (void)close(fd);
        return -1;
}

static void accept_client(int listener, const char *server)
{
        int client = accept(listener, NULL, NULL),
            upstream = client < 0 ? -1 : connect_server(server);
        const int one = 1;
        /* as PostgreSQL does */
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        Link *l = links;
        while (l < links + LINKS_MAX && l->used)
                l++;
        if (upstream < 0 || l == links + LINKS_MAX) {
                if (client >= 0)
                        (void)close(client);
                return;
        }
        *l = (Link){.used = true,
                    .up = {.from = client, .to = upstream},
                    .down = {.from = upstream, .to = client}};
        STAILQ_INIT(&l->up.chunks);
        STAILQ_INIT(&l->down.chunks);
        connections++;
        trips++;
}

static void drop_chunks(Way *w)
{
        Chunk *c;
        while ((c = STAILQ_FIRST(&w->chunks))) {
                STAILQ_REMOVE_HEAD(&w->chunks, entry);
                free(c);
        }
}

static void take(Link *l, Way *w)
{
        Chunk *c = calloc(1, sizeof(*c));
        if (!c)
                abort();
        ssize_t n = read(w->from, c->data, sizeof(c->data));
        if (n <= 0) {
                w->ended = true;
                free(c);
                return;
        }
        bool up = w == &l->up;
        trips += up && !l->asking;
        l->asking = up;
        c->size = (size_t)n;
        c->due_msec = now_msec() + delay_msec;
        STAILQ_INSERT_TAIL(&w->chunks, c, entry);
}

/* Blocking writes: what is sent is little. False: the other side has gone. */
static bool give(Way *w, int64_t now)
{
        Chunk *c;
        while ((c = STAILQ_FIRST(&w->chunks)) && c->due_msec <= now) {
                while (c->done < c->size) {
                        ssize_t n = send(w->to, c->data + c->done, c->size - c->done, MSG_NOSIGNAL);
                        if (n < 0 && errno != EINTR)
                                return false;
                        c->done += n > 0 ? (size_t)n : 0;
                }
                STAILQ_REMOVE_HEAD(&w->chunks, entry);
                free(c);
        }
        return !w->ended || c;
}

static void close_link(Link *l)
{
        drop_chunks(&l->up);
        drop_chunks(&l->down);
        (void)close(l->up.from);
        (void)close(l->up.to);
        l->used = false;
}

static int64_t next_due(void)
{
        int64_t due = INT64_MAX;
        for (Link *l = links; l < links + LINKS_MAX; l++) {
                Way *ways[] = {&l->up, &l->down};
                for (size_t i = 0; l->used && !l->forgotten && i < 2; i++) {
                        const Chunk *c = STAILQ_FIRST(&ways[i]->chunks);
                        if (c && c->due_msec < due)
                                due = c->due_msec;
                }
        }
        return due;
}

static void turn(int listener, const char *server)
{
        struct pollfd polls[1 + 2 * LINKS_MAX];
        Link *owners[1 + 2 * LINKS_MAX];
        nfds_t n = 1;
        polls[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (Link *l = links; l < links + LINKS_MAX; l++) {
                const Way *ways[] = {&l->up, &l->down};
                for (size_t i = 0; l->used && !l->forgotten && i < 2; i++) {
                        owners[n] = l;
                        polls[n++] = (struct pollfd){.fd = ways[i]->ended ? -1 : ways[i]->from,
                                                     .events = POLLIN};
                }
        }
        int64_t due = next_due(), now = now_msec();
        /* A signal just before poll would not end it. */
        int wait = due > now + SIGNAL_MSEC ? SIGNAL_MSEC : due > now ? (int)(due - now) : 0;
        if (poll(polls, n, wait) > 0) {
                if (polls[0].revents)
                        accept_client(listener, server);
                for (nfds_t i = 1; i < n; i++)
                        if (polls[i].revents)
                                take(owners[i], polls[i].fd == owners[i]->up.from
                                                        ? &owners[i]->up
                                                        : &owners[i]->down);
        }
        now = now_msec();
        for (Link *l = links; l < links + LINKS_MAX; l++)
                if (l->used && !l->forgotten && (!give(&l->up, now) || !give(&l->down, now)))
                        close_link(l);
}

int main(int argc, char **argv)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        const struct sigaction action = {.sa_handler = on_signal};
        const int one = 1;
        if (argc != 4)
                return 2;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigaction(SIGUSR1, &action, NULL);
        (void)sigaction(SIGUSR2, &action, NULL);
        delay_msec = strtol(argv[3], NULL, 10);
        address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 64) < 0 ||
            getsockname(listener, (struct sockaddr *)&address, &size) < 0)
                return 1;
        (void)printf("%u\n", ntohs(address.sin_port));
        (void)fflush(stdout);
        for (;;) {
                turn(listener, argv[2]);
                for (Link *l = links; forget && l < links + LINKS_MAX; l++)
                        l->forgotten = l->forgotten || l->used;
                forget = 0;
                if (!report)
                        continue;
                report = 0;
                (void)printf("%ld %ld\n", trips, connections);
                (void)fflush(stdout);
        }
}
