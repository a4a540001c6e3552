/* One libuv loop behind the small interface of loop.h; the only includer of uv.h.
 *
 * Callers are the other files of this room. Handles are wrapped so that a stop can be asked for at any
 * moment: memory goes when libuv says that the handle is closed. This file must never decide anything: it
 * only says what happened. */
#include "vm/live/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

struct Loop {
    uv_loop_t uv;
    int alarm_fd; /* timerfd on CLOCK_BOOTTIME: libuv's own timers stand still while the machine sleeps */
    LoopPoll *alarm;
};

struct LoopTimer {
    uv_timer_t uv;
    LoopTimerFn fn;
    void *ctx;
};

struct LoopPoll {
    uv_poll_t uv;
    int fd;
    LoopPollFn fn;
    void *ctx;
};

struct LoopSignal {
    uv_signal_t uv;
    LoopSignalFn fn;
    void *ctx;
};

struct LoopWatch {
    uv_fs_event_t uv;
    LoopWatchFn fn;
    void *ctx;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

/* Every wrapper begins with its uv handle, and `data` points back to the wrapper. */
static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, handle->data ? free_handle : NULL);
}

static void alarm_rang(void *ctx, int fd, int events)
{
    uint64_t count;
    (void)ctx;
    (void)events;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN) return;
}

Loop *loop_new(Error *error)
{
    Loop *loop = memory_alloc(sizeof *loop);
    int status = uv_loop_init(&loop->uv);
    if (status < 0) {
        error_set(error, "the event loop cannot be made: %s", uv_strerror(status));
        free(loop);
        return NULL;
    }
    loop->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->alarm_fd >= 0) loop->alarm = loop_poll_start(loop, loop->alarm_fd, LOOP_READ, alarm_rang, NULL);
    if (!loop->alarm) {
        error_set(error, "there is no timer on the boot-time clock");
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(Loop *loop)
{
    if (!loop) return;
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT))
        continue;
    uv_loop_close(&loop->uv);
    if (loop->alarm_fd >= 0) close(loop->alarm_fd);
    free(loop);
}

void loop_turn(Loop *loop, bool wait)
{
    uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

static void timer_fired(uv_timer_t *uv)
{
    LoopTimer *timer = uv->data;
    LoopTimerFn fn = timer->fn;
    void *ctx = timer->ctx;
    loop_timer_stop(timer);
    fn(ctx);
}

LoopTimer *loop_timer_start(Loop *loop, int64_t delay, LoopTimerFn fn, void *ctx)
{
    LoopTimer *timer = memory_alloc(sizeof *timer);
    timer->fn = fn;
    timer->ctx = ctx;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    /* The loop's idea of now may be from before a long piece of work; a timer must not fire early for that.
     */
    uv_update_time(&loop->uv);
    uv_timer_start(&timer->uv, timer_fired, delay > 0 ? (uint64_t)delay : 0, 0);
    return timer;
}

void loop_timer_stop(LoopTimer *timer)
{
    if (timer) close_handle((uv_handle_t *)&timer->uv, NULL);
}

static void poll_ready(uv_poll_t *uv, int status, int events)
{
    LoopPoll *poll = uv->data;
    int seen = status < 0 ? LOOP_READ | LOOP_WRITE : 0;
    if (events & (UV_READABLE | UV_DISCONNECT)) seen |= LOOP_READ;
    if (events & UV_WRITABLE) seen |= LOOP_WRITE;
    if (seen) poll->fn(poll->ctx, poll->fd, seen);
}

static int uv_events(int events)
{
    return (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);
}

LoopPoll *loop_poll_start(Loop *loop, int fd, int events, LoopPollFn fn, void *ctx)
{
    LoopPoll *poll = memory_alloc(sizeof *poll);
    poll->fd = fd;
    poll->fn = fn;
    poll->ctx = ctx;
    if (uv_poll_init(&loop->uv, &poll->uv, fd) < 0) {
        free(poll);
        return NULL;
    }
    poll->uv.data = poll;
    uv_poll_start(&poll->uv, uv_events(events), poll_ready);
    return poll;
}

void loop_poll_change(LoopPoll *poll, int events)
{
    if (events)
        uv_poll_start(&poll->uv, uv_events(events), poll_ready);
    else
        uv_poll_stop(&poll->uv);
}

void loop_poll_stop(LoopPoll *poll)
{
    /* Closing stops it at once, so that its descriptor may be closed next. */
    if (poll) close_handle((uv_handle_t *)&poll->uv, NULL);
}

static void signal_came(uv_signal_t *uv, int number)
{
    LoopSignal *watch = uv->data;
    watch->fn(watch->ctx, number);
}

LoopSignal *loop_signal_start(Loop *loop, int number, LoopSignalFn fn, void *ctx)
{
    LoopSignal *watch = memory_alloc(sizeof *watch);
    watch->fn = fn;
    watch->ctx = ctx;
    uv_signal_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    uv_signal_start(&watch->uv, signal_came, number);
    return watch;
}

void loop_signal_stop(LoopSignal *watch)
{
    if (watch) close_handle((uv_handle_t *)&watch->uv, NULL);
}

static void folder_changed(uv_fs_event_t *uv, const char *name, int events, int status)
{
    LoopWatch *watch = uv->data;
    (void)name;
    (void)events;
    (void)status;
    watch->fn(watch->ctx);
}

LoopWatch *loop_watch_start(Loop *loop, const char *folder, LoopWatchFn fn, void *ctx, Error *error)
{
    LoopWatch *watch = memory_alloc(sizeof *watch);
    watch->fn = fn;
    watch->ctx = ctx;
    uv_fs_event_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    int status = uv_fs_event_start(&watch->uv, folder_changed, folder, 0);
    if (status < 0) {
        error_set(error, "%s cannot be watched: %s", folder, uv_strerror(status));
        loop_watch_stop(watch);
        return NULL;
    }
    return watch;
}

void loop_watch_stop(LoopWatch *watch)
{
    if (watch) close_handle((uv_handle_t *)&watch->uv, NULL);
}

void loop_alarm(Loop *loop, int64_t delay)
{
    struct itimerspec at = {{0, 0}, {0, 0}};
    if (delay >= 0) {
        at.it_value.tv_sec = (time_t)(delay / 1000);
        at.it_value.tv_nsec = (long)(delay % 1000) * 1000000L;
        /* All zeros would take the alarm back. */
        if (delay == 0) at.it_value.tv_nsec = 1;
    }
    timerfd_settime(loop->alarm_fd, 0, &at, NULL);
}
