/*
 * What always holds: loop and thread own the job together; who lets go of it last releases it. The
 * eventfd becomes readable when the call has ended.
 */
#include "base/background.h"
#include "base/duration.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct Background {
        BackgroundJob job;
        void *data;
        void *userdata;
        sd_event_source *source;
        int fd;
        atomic_int owners;
        bool notifying; /* `done` runs */
};

static void background_let_go(Background *b)
{
        if (atomic_fetch_sub(&b->owners, 1) > 1)
                return;
        b->job.release(b->data);
        (void)close(b->fd);
        free(b);
}

static void *background_thread(void *userdata)
{
        Background *b = userdata;
        b->job.run(b->data);
        (void)eventfd_write(b->fd, 1);
        background_let_go(b);
        return NULL;
}

static int background_on_end(sd_event_source *s _unused_, int fd, uint32_t revents _unused_,
                             void *userdata)
{
        Background *b = userdata;
        eventfd_t ended;
        (void)eventfd_read(fd, &ended); /* what the thread wrote before is seen from here on */
        b->source = sd_event_source_disable_unref(b->source);
        b->notifying = true;
        if (b->job.done)
                b->job.done(b->data, b->userdata);
        background_let_go(b);
        return 0;
}

/* Signals are for the loop's thread. */
static int background_start_thread(Background *b)
{
        pthread_attr_t attributes;
        pthread_t thread;
        sigset_t all, before;
        int error = pthread_attr_init(&attributes);
        if (error != 0)
                return -error;
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(&thread, &attributes, background_thread, b);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&attributes);
        return -error;
}

int background_start(sd_event *event, const BackgroundJob *job, void *data, void *userdata,
                     Background **ret)
{
        Background *b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->job = *job;
        b->data = data;
        b->userdata = userdata;
        atomic_init(&b->owners, 2);
        b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        int r = b->fd < 0 ? -errno : 0;
        if (r >= 0 && event)
                r = sd_event_add_io(event, &b->source, b->fd, EPOLLIN, background_on_end, b);
        if (r >= 0)
                r = background_start_thread(b);
        if (r < 0) {
                sd_event_source_disable_unref(b->source);
                if (b->fd >= 0)
                        (void)close(b->fd);
                free(b);
                return r;
        }
        *ret = b;
        return 0;
}

void background_wait(const Background *b, uint64_t timeout_usec)
{
        struct pollfd p = {.fd = b->fd, .events = POLLIN};
        (void)poll(&p, 1, (int)(timeout_usec / USEC_PER_MSEC));
}

Background *background_abandon(Background *b)
{
        if (!b || b->notifying)
                return NULL;
        b->source = sd_event_source_disable_unref(b->source);
        background_let_go(b);
        return NULL;
}
