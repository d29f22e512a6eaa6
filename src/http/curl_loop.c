/*
 * curl_loop: see the header. What always holds: one io source per socket that libcurl wants watched, one timer, one deferred source; libcurl's callbacks
 * only arm and disarm them. The sockets' records are owned by libcurl (curl_multi_assign) and released when it says REMOVE.
 */
#include "http/curl_loop.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

struct CurlLoop {
        sd_event *event;
        CURLM *multi;
        sd_event_source *timer;
        sd_event_source *deferred; /* reads finished transfers */
        CurlLoopDone done;
        CurlLoopBroken broken;
        void *userdata;
        bool *freed; /* set while callbacks run: tells them that the loop is gone */
};

static CURLM *loop_multi_new(CurlLoop *loop);

static void loop_collect_later(CurlLoop *loop)
{
        (void)sd_event_source_set_enabled(loop->deferred, SD_EVENT_ONESHOT);
}

static void loop_act(CurlLoop *loop, curl_socket_t fd, int mask)
{
        int running;
        CURLMcode code = curl_multi_socket_action(loop->multi, fd, mask, &running);
        if (code != CURLM_OK) {
                /* The handle is not to be trusted any more: all transfers fail, a fresh one takes over. */
                bool freed = false;
                loop->freed = &freed;
                loop->broken(loop->userdata);
                if (freed)
                        return;
                loop->freed = NULL;
                CURLM *fresh = loop_multi_new(loop);
                if (fresh) {
                        (void)curl_multi_cleanup(loop->multi);
                        loop->multi = fresh;
                }
                return;
        }
        loop_collect_later(loop);
}

static int loop_on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
        (void)s;
        int mask = 0;
        if (revents & EPOLLIN)
                mask |= CURL_CSELECT_IN;
        if (revents & EPOLLOUT)
                mask |= CURL_CSELECT_OUT;
        if (revents & (EPOLLERR | EPOLLHUP))
                mask |= CURL_CSELECT_ERR;
        loop_act(userdata, fd, mask);
        return 0;
}

static int loop_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        loop_act(userdata, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

static int loop_on_deferred(sd_event_source *s, void *userdata)
{
        (void)s;
        CurlLoop *loop = userdata;
        bool freed = false;
        loop->freed = &freed;
        for (;;) {
                int left;
                CURLMsg *message = curl_multi_info_read(loop->multi, &left);
                if (!message)
                        break;
                if (message->msg != CURLMSG_DONE)
                        continue;
                loop->done(message->easy_handle, message->data.result, loop->userdata);
                if (freed)
                        return 0;
        }
        loop->freed = NULL;
        return 0;
}

static int loop_on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
        (void)easy;
        CurlLoop *loop = userdata;
        sd_event_source *source = socket_data;

        if (what == CURL_POLL_REMOVE) {
                (void)curl_multi_assign(loop->multi, fd, NULL);
                sd_event_source_disable_unref(source);
                return 0;
        }
        uint32_t events =
                (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
        if (source)
                return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
        if (sd_event_add_io(loop->event, &source, fd, events, loop_on_io, loop) < 0)
                return -1;
        (void)curl_multi_assign(loop->multi, fd, source);
        return 0;
}

static int loop_on_timer_wish(CURLM *multi, long timeout_msec, void *userdata)
{
        (void)multi;
        CurlLoop *loop = userdata;
        if (timeout_msec < 0)
                return sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
        if (sd_event_source_set_time_relative(loop->timer, (uint64_t)timeout_msec * 1000) < 0)
                return -1;
        return sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

static CURLM *loop_multi_new(CurlLoop *loop)
{
        CURLM *multi = curl_multi_init();
        if (!multi)
                return NULL;
        (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, loop_on_socket_wish);
        (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
        (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, loop_on_timer_wish);
        (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
        return multi;
}

int curl_loop_new(sd_event *event, CurlLoopDone done, CurlLoopBroken broken, void *userdata, CurlLoop **ret)
{
        _cleanup_(cleanup_curl_loop) CurlLoop *loop = calloc(1, sizeof(*loop));
        if (!loop)
                return -ENOMEM;
        loop->event = sd_event_ref(event);
        loop->done = done;
        loop->broken = broken;
        loop->userdata = userdata;

        int r = sd_event_add_time_relative(event, &loop->timer, CLOCK_MONOTONIC, 0, 1, loop_on_timer, loop);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &loop->deferred, loop_on_deferred, loop);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(loop->deferred, SD_EVENT_OFF);
        if (r < 0)
                return r;
        loop->multi = loop_multi_new(loop);
        if (!loop->multi)
                return -ENOMEM;
        *ret = TAKE_PTR(loop);
        return 0;
}

CurlLoop *curl_loop_free(CurlLoop *loop)
{
        if (!loop)
                return NULL;
        if (loop->freed)
                *loop->freed = true;
        /* The multi handle first: it disarms its sockets and its timer on the way out. */
        if (loop->multi)
                (void)curl_multi_cleanup(loop->multi);
        sd_event_source_disable_unref(loop->timer);
        sd_event_source_disable_unref(loop->deferred);
        sd_event_unref(loop->event);
        free(loop);
        return NULL;
}

int curl_loop_add(CurlLoop *loop, CURL *easy)
{
        return curl_multi_add_handle(loop->multi, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void curl_loop_remove(CurlLoop *loop, CURL *easy)
{
        (void)curl_multi_remove_handle(loop->multi, easy);
        loop_collect_later(loop); /* messages of other transfers may be waiting */
}
