/* The moment of each event of a live run, such that the moments alone give the order back.
 *
 * The language has one order: at one instant signals come before results, these (in the order in which their effects began)
 * before the time. A drill keeps it because its clock is virtual. Here it is kept, too: what comes out of that order is told a
 * millisecond later (but for the result of an effect that began at this very instant), and a deadline that was noticed late by moments only came when it was due. So a run that is told again by
 * its times alone is the same run. live.c is the only caller. */
#ifndef PLAN_LIVE_ORDER_H
#define PLAN_LIVE_ORDER_H

#include "vm/world.h"

/* Zero-initialise. */
typedef struct EventOrder {
    WorldEvent last;    /* its kind, effect and now count */
    uint64_t begun;     /* the latest effect that had begun when it was told */
    uint64_t beginning; /* the latest one that has begun by now */
} EventOrder;

/* An effect begins, because of what was told last. */
void order_begin(EventOrder *order, uint64_t effect);
/* When what takes no time ends: at the moment that it began in. now: the clock's, where nothing has been told yet. */
int64_t order_moment(const EventOrder *order, int64_t now);

/* Did the deadline come before `now`, and lately enough to be told as if it had been noticed in time? (Where the process slept
 * for longer, it is late, and the plan says so.) */
bool order_was_due(int64_t deadline, int64_t now);
/* Sets event->now, which is when the event was noticed, to its place behind the event before. deadline: of WORLD_TIME. */
void order_place(EventOrder *order, WorldEvent *event, int64_t deadline);

#endif
