/*
 * What always holds: libcurl calls back from inside almost every function of its own, so the
 * callbacks here arm and disarm sources and do nothing else; libcurl is never called from them.
 * What goes wrong in them is noted and handled from `rebuild`, where no function of libcurl is on
 * the stack. The records of watched sockets belong to this module, so that they outlive the multi
 * handle that asked for them.
 */
#include "http/curl_loop.h"
#include "base/clock.h"
#include "base/duration.h"
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <time.h>

enum { TIMER_ACCURACY_USEC = 1000 }; /* libcurl thinks in milliseconds */

typedef struct Watch {
        LIST_ENTRY(Watch) entry;
        curl_socket_t fd;
        sd_event_source *source;
} Watch;

struct CurlLoop {
        sd_event *event;
        unsigned connections_max;
        CurlLoopHandlers handlers;
        void *userdata;
        CURLM *multi;               /* NULL: could not be built; tried again at the next add */
        LIST_HEAD(, Watch) watches; /* as many as there are busy connections: few */
        sd_event_source *timer;     /* when libcurl wants to be called */
        sd_event_source *rebuild;   /* armed when the multi handle is not to be trusted any more */
};

static void loop_rebuild_later(CurlLoop *loop)
{
        (void)sd_event_source_set_enabled(loop->rebuild, SD_EVENT_ONESHOT);
}

static void loop_act(CurlLoop *loop, curl_socket_t fd, int mask)
{
        int running, left;
        if (!loop->multi)
                return;
        if (curl_multi_socket_action(loop->multi, fd, mask, &running) != CURLM_OK) {
                loop_rebuild_later(loop);
                return;
        }
        for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &left));)
                if (message->msg == CURLMSG_DONE)
                        loop->handlers.done(message->easy_handle, message->data.result,
                                            loop->userdata);
}

static int loop_on_io(sd_event_source *s _unused_, int fd, uint32_t revents, void *userdata)
{
        int mask = 0;
        if (revents & EPOLLIN)
                mask |= CURL_CSELECT_IN;
        if (revents & EPOLLOUT)
                mask |= CURL_CSELECT_OUT;
        /* An error or hang-up alone: with an empty mask libcurl looks for itself, and reads what is
         * still there. */
        loop_act(userdata, fd, mask);
        return 0;
}

static int loop_on_timer(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata)
{
        loop_act(userdata, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

static Watch *loop_find_watch(const CurlLoop *loop, curl_socket_t fd)
{
        Watch *watch;
        LIST_FOREACH(watch, &loop->watches, entry)
                if (watch->fd == fd)
                        break;
        return watch;
}

static int loop_watch(CurlLoop *loop, curl_socket_t fd, uint32_t events)
{
        Watch *watch = loop_find_watch(loop, fd);
        if (watch)
                return sd_event_source_set_io_events(watch->source, events);
        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return -ENOMEM;
        watch->fd = fd;
        int r = sd_event_add_io(loop->event, &watch->source, fd, events, loop_on_io, loop);
        if (r < 0)
                free(watch);
        else
                LIST_INSERT_HEAD(&loop->watches, watch, entry);
        return r;
}

static void loop_unwatch(CurlLoop *loop, curl_socket_t fd)
{
        Watch *watch = loop_find_watch(loop, fd);
        if (!watch)
                return;
        LIST_REMOVE(watch, entry);
        sd_event_source_disable_unref(watch->source);
        free(watch);
}

/* Called by libcurl. */
static int loop_on_socket_request(CURL *easy, curl_socket_t fd, int what, void *userdata,
                                  void *socket_data _unused_)
{
        CurlLoop *loop = userdata;
        if (what == CURL_POLL_REMOVE) {
                loop_unwatch(loop, fd);
                return 0;
        }
        if (what & CURL_POLL_IN)
                loop->handlers.reading(easy);
        uint32_t events =
                (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? (uint32_t)EPOLLIN : 0) |
                (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? (uint32_t)EPOLLOUT : 0);
        if (loop_watch(loop, fd, events) >= 0)
                return 0;
        loop_rebuild_later(loop);
        return -1;
}

/* Called by libcurl. */
static int loop_on_timer_request(CURLM *multi _unused_, long timeout_msec, void *userdata)
{
        CurlLoop *loop = userdata;
        int r;
        if (timeout_msec < 0) {
                r = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        } else {
                r = sd_event_source_set_time(loop->timer,
                                             clock_monotonic_usec() +
                                                     (uint64_t)timeout_msec * USEC_PER_MSEC);
                if (r >= 0)
                        r = sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
        }
        if (r >= 0)
                return 0;
        loop_rebuild_later(loop);
        return -1;
}

static int loop_build(CurlLoop *loop)
{
        CURLM *multi = curl_multi_init();
        if (!multi)
                return -ENOMEM;
        if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, loop_on_socket_request) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, loop_on_timer_request) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)loop->connections_max) !=
                    CURLM_OK) {
                (void)curl_multi_cleanup(multi);
                return -ENOMEM;
        }
        loop->multi = multi;
        return 0;
}

static void loop_tear_down(CurlLoop *loop)
{
        if (loop->multi)
                (void)curl_multi_cleanup(loop->multi); /* takes back its requests on the way out */
        loop->multi = NULL;
        while (!LIST_EMPTY(&loop->watches))
                loop_unwatch(loop, LIST_FIRST(&loop->watches)->fd);
        if (loop->timer)
                (void)sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
}

static int loop_on_rebuild(sd_event_source *s _unused_, void *userdata)
{
        CurlLoop *loop = userdata;
        loop->handlers.broken(loop->userdata);
        loop_tear_down(loop);
        return 0;
}

int curl_loop_new(sd_event *event, unsigned connections_max, const CurlLoopHandlers *handlers,
                  void *userdata, CurlLoop **ret)
{
        _cleanup_(cleanup_curl_loop) CurlLoop *loop = calloc(1, sizeof(*loop));
        if (!loop)
                return -ENOMEM;
        loop->event = sd_event_ref(event);
        loop->connections_max = connections_max;
        loop->handlers = *handlers;
        loop->userdata = userdata;

        int r = sd_event_add_time(event, &loop->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC,
                                  loop_on_timer, loop);
        if (r >= 0)
                r = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_defer(event, &loop->rebuild, loop_on_rebuild, loop);
        if (r >= 0)
                r = sd_event_source_set_enabled(loop->rebuild, SD_EVENT_OFF);
        if (r >= 0)
                r = loop_build(loop);
        if (r < 0)
                return r;
        *ret = TAKE(loop);
        return 0;
}

CurlLoop *curl_loop_free(CurlLoop *loop)
{
        if (!loop)
                return NULL;
        loop_tear_down(loop);
        sd_event_source_disable_unref(loop->timer);
        sd_event_source_disable_unref(loop->rebuild);
        sd_event_unref(loop->event);
        free(loop);
        return NULL;
}

int curl_loop_add(CurlLoop *loop, CURL *easy)
{
        if (!loop->multi) {
                int r = loop_build(loop);
                if (r < 0)
                        return r;
        }
        if (curl_multi_add_handle(loop->multi, easy) == CURLM_OK)
                return 0;
        /* A multi handle that refuses one may be beyond help; those on it fail and the next one
         * starts afresh. */
        (void)curl_multi_remove_handle(loop->multi, easy);
        loop_rebuild_later(loop);
        return -ENOMEM;
}

void curl_loop_remove(CurlLoop *loop, CURL *easy)
{
        if (loop->multi)
                (void)curl_multi_remove_handle(loop->multi, easy);
}
