/* The one event loop of the live world: what may happen while planvm waits, and who is told.
 *
 * Everything here but the work of loop_work runs on one thread, inside loop_turn. A callback may start and stop anything, itself
 * included. Handles belong to the loop: stopping one frees it, and loop_free stops all that are left.
 * Durations are milliseconds. */
#ifndef PLAN_LIVE_LOOP_H
#define PLAN_LIVE_LOOP_H

#include "vm/base/error.h"

typedef struct Loop Loop;
typedef struct LoopTimer LoopTimer;
typedef struct LoopPoll LoopPoll;
typedef struct LoopSignal LoopSignal;
typedef struct LoopWatch LoopWatch;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*LoopTimerFn)(void *ctx);
typedef void (*LoopPollFn)(void *ctx, int fd,
                           int events); /* events: LOOP_READ | LOOP_WRITE; an error shows as both */
typedef void (*LoopSignalFn)(void *ctx, int number);
typedef void (*LoopWatchFn)(void *ctx);

Loop *loop_new(Error *error);
void loop_free(Loop *loop);
/* One turn: callbacks of what is ready. With `wait` it sleeps until something is, or may be. */
void loop_turn(Loop *loop, bool wait);

/* Once after `delay`; the timer frees itself when it has fired. */
LoopTimer *loop_timer_start(Loop *loop, int64_t delay, LoopTimerFn fn, void *ctx);
void loop_timer_stop(LoopTimer *timer); /* NULL is fine */

/* Until stopped, whenever fd is ready. The fd stays the caller's and must be closed only after the stop.
 * NULL: this kind of file cannot be waited for. */
LoopPoll *loop_poll_start(Loop *loop, int fd, int events, LoopPollFn fn, void *ctx);
void loop_poll_change(LoopPoll *poll, int events);
void loop_poll_stop(LoopPoll *poll); /* NULL is fine */

/* Until stopped, at every signal of that number; its default action is off meanwhile. */
LoopSignal *loop_signal_start(Loop *loop, int number, LoopSignalFn fn, void *ctx);
void loop_signal_stop(LoopSignal *watch); /* NULL is fine */

/* Until stopped, soon after anything in the folder changed. */
LoopWatch *loop_watch_start(Loop *loop, const char *folder, LoopWatchFn fn, void *ctx, Error *error);
void loop_watch_stop(LoopWatch *watch); /* NULL is fine */

/* `work` on a thread of its own, for what would hold up the loop; then `after` on the loop's. `work` must not touch anything
 * that the loop's thread touches meanwhile. It cannot be stopped from here: loop_free waits for it. */
typedef void (*LoopWorkFn)(void *ctx);
void loop_work(Loop *loop, LoopWorkFn work, LoopWorkFn after, void *ctx);

/* Makes a waiting loop_turn return after `delay` at the latest, by the boot-time clock, which also counts the time
 * that the machine sleeps; a negative delay asks for nothing. It may return earlier, for an alarm of before. */
void loop_alarm(Loop *loop, int64_t delay);

#endif
