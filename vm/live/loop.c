/* One loop behind the small interface of loop.h: descriptors by an epoll of our own, timers, signals and
 * folders by libuv, whose own descriptor is one of ours. The only includer of uv.h.
 *
 * Callers are the other files of this room. A command needs three descriptors watched for a moment and a
 * timer taken back: each is one system call here, and a timer none, where libuv would make eighteen. This
 * file must never decide anything: it only says what happened. */
#include "vm/live/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#include "vm/base/stall.h"
#include "vm/live/clock.h"

enum { BATCH = 64 }; /* descriptors that are told of in one turn */

struct Loop {
    uv_loop_t uv;
    int epoll;
    struct epoll_event
        ready[BATCH]; /* of the turn that runs; data.ptr is a LoopPoll, or NULL for libuv's own */
    int ready_count;
    LoopPoll *polls;
    bool is_behind;   /* libuv has something to watch of which its own descriptor does not know yet */
    LoopTimer *idle;  /* timers that are not in use */
    int alarm_fd;     /* timerfd on CLOCK_BOOTTIME: libuv's own timers stand still while the machine sleeps */
    int64_t alarm_at; /* ms of the boot-time clock for which it is set; 0: it is not */
    LoopPoll *alarm;
};

struct LoopTimer {
    uv_timer_t uv;
    Loop *loop;
    LoopTimer *next; /* of those that are not in use */
    LoopTimerFn fn;
    void *ctx;
};

struct LoopPoll {
    Loop *loop;
    LoopPoll **before, *next; /* all of the loop, so that it can free them */
    int fd;
    bool watched;
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

typedef struct LoopWork {
    uv_work_t uv;
    LoopWorkFn work, after;
    void *ctx;
} LoopWork;

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

/* Every wrapper of a uv handle begins with it, and `data` points back to the wrapper. */
static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, handle->data ? free_handle : NULL);
}

static void alarm_rang(void *ctx, int fd, int events)
{
    uint64_t count;
    Loop *loop = ctx;
    (void)events;
    if (read(fd, &count, sizeof count) == (ssize_t)sizeof count) loop->alarm_at = 0;
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
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event libuv = {.events = EPOLLIN};
    loop->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->epoll >= 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(&loop->uv), &libuv) == 0)
        loop->alarm = loop_poll_start(loop, loop->alarm_fd, LOOP_READ, alarm_rang, loop);
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
    while (loop->polls)
        loop_poll_stop(loop->polls);
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT))
        continue;
    uv_loop_close(&loop->uv);
    if (loop->alarm_fd >= 0) close(loop->alarm_fd);
    if (loop->epoll >= 0) close(loop->epoll);
    free(loop);
}

/* Ms until libuv has something to do; -1: nothing is to come by itself. */
static int libuv_timeout(Loop *loop)
{
    uv_update_time(&loop->uv);
    return uv_loop_alive(&loop->uv) ? uv_backend_timeout(&loop->uv) : -1;
}

void loop_turn(Loop *loop, bool wait)
{
    if (loop->is_behind) {
        loop->is_behind = false;
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        wait = false; /* something may have come of it */
    }
    stall_end("a turn of the driver");
    int count = epoll_wait(loop->epoll, loop->ready, BATCH, wait ? libuv_timeout(loop) : 0);
    stall_begin();
    bool for_libuv = false;
    loop->ready_count = count > 0 ? count : 0;
    for (int i = 0; i < loop->ready_count; i++)
        for_libuv = for_libuv || !loop->ready[i].data.ptr;
    for (int i = 0; i < loop->ready_count; i++) {
        LoopPoll *poll = loop->ready[i].data.ptr;
        uint32_t events = loop->ready[i].events;
        /* Gone since: stopped by one before it. */
        if (!poll || !events) continue;
        bool broken = events & (EPOLLERR | EPOLLHUP);
        int seen = (broken || events & (EPOLLIN | EPOLLRDHUP) ? LOOP_READ : 0) |
                   (broken || events & EPOLLOUT ? LOOP_WRITE : 0);
        poll->fn(poll->ctx, poll->fd, seen);
        stall_end("what a descriptor brought");
    }
    loop->ready_count = 0;
    if (for_libuv || libuv_timeout(loop) == 0) uv_run(&loop->uv, UV_RUN_NOWAIT);
    stall_end("a timer, a signal or the inbox");
}

static void timer_fired(uv_timer_t *uv)
{
    LoopTimer *timer = uv->data;
    LoopTimerFn fn = timer->fn;
    void *ctx = timer->ctx;
    loop_timer_stop(timer);
    fn(ctx);
}

static LoopTimer *timer_new(Loop *loop)
{
    LoopTimer *timer = loop->idle;
    if (timer) {
        loop->idle = timer->next;
        return timer;
    }
    timer = memory_alloc(sizeof *timer);
    timer->loop = loop;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

LoopTimer *loop_timer_start(Loop *loop, int64_t delay, LoopTimerFn fn, void *ctx)
{
    LoopTimer *timer = timer_new(loop);
    timer->fn = fn;
    timer->ctx = ctx;
    /* The loop's idea of now may be from before a long piece of work; a timer must not fire early for that.
     */
    uv_update_time(&loop->uv);
    uv_timer_start(&timer->uv, timer_fired, delay > 0 ? (uint64_t)delay : 0, 0);
    return timer;
}

void loop_timer_stop(LoopTimer *timer)
{
    if (!timer) return;
    uv_timer_stop(&timer->uv);
    timer->next = timer->loop->idle;
    timer->loop->idle = timer;
}

static uint32_t epoll_events(int events)
{
    return (events & LOOP_READ ? (uint32_t)(EPOLLIN | EPOLLRDHUP) : 0) |
           (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

LoopPoll *loop_poll_start(Loop *loop, int fd, int events, LoopPollFn fn, void *ctx)
{
    LoopPoll *poll = memory_alloc(sizeof *poll);
    struct epoll_event wanted = {.events = epoll_events(events), .data.ptr = poll};
    *poll = (LoopPoll){.loop = loop, .fd = fd, .watched = true, .fn = fn, .ctx = ctx};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        free(poll);
        return NULL;
    }
    poll->next = loop->polls;
    poll->before = &loop->polls;
    if (poll->next) poll->next->before = &poll->next;
    loop->polls = poll;
    return poll;
}

/* What the turn that runs has still to tell of it is not told. */
static void forget_ready(Loop *loop, const LoopPoll *poll)
{
    for (int i = 0; i < loop->ready_count; i++)
        if (loop->ready[i].data.ptr == poll) loop->ready[i].events = 0;
}

void loop_poll_change(LoopPoll *poll, int events)
{
    struct epoll_event wanted = {.events = epoll_events(events), .data.ptr = poll};
    int action = !events ? EPOLL_CTL_DEL : poll->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (!events) forget_ready(poll->loop, poll);
    if (events || poll->watched) epoll_ctl(poll->loop->epoll, action, poll->fd, &wanted);
    poll->watched = events != 0;
}

void loop_poll_stop(LoopPoll *poll)
{
    if (!poll) return;
    forget_ready(poll->loop, poll);
    if (poll->watched) epoll_ctl(poll->loop->epoll, EPOLL_CTL_DEL, poll->fd, NULL);
    *poll->before = poll->next;
    if (poll->next) poll->next->before = poll->before;
    free(poll);
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
    loop->is_behind = true;
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
    loop->is_behind = true;
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

/* An alarm that is set for an earlier moment stays: it wakes one turn too many, which costs less than to set
 * it for every turn. */
void loop_alarm(Loop *loop, int64_t delay)
{
    if (delay < 0) return;
    int64_t at = clock_boot() + delay;
    if (loop->alarm_at && loop->alarm_at <= at) return;
    loop->alarm_at = at;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000L}};
    timerfd_settime(loop->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void work_run(uv_work_t *uv)
{
    LoopWork *work = uv->data;
    work->work(work->ctx);
}

static void work_done(uv_work_t *uv, int status)
{
    LoopWork *work = uv->data;
    (void)status; /* nobody cancels it */
    work->after(work->ctx);
    free(work);
}

void loop_work(Loop *loop, LoopWorkFn work, LoopWorkFn after, void *ctx)
{
    LoopWork *one = memory_alloc(sizeof *one);
    *one = (LoopWork){.work = work, .after = after, .ctx = ctx};
    one->uv.data = one;
    loop->is_behind = true;
    uv_queue_work(&loop->uv, &one->uv, work_run, work_done); /* fails without a function only */
}
