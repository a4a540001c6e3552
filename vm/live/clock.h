/* The run's clock: times of the wall that pass as evenly as the boot-time clock does.
 *
 * Waits in a plan are reckoned in wall times, so a clock that somebody sets would stretch or cut them. This
 * one starts at the wall's time and follows a wall that was set by at most one part in twenty, so that a wait
 * is never off by more. It never goes backwards. Milliseconds. */
#ifndef PLAN_LIVE_CLOCK_H
#define PLAN_LIVE_CLOCK_H

#include <stdint.h>

typedef struct Clock {
    int64_t shown;   /* what clock_now last said */
    int64_t skipped; /* how far it was put ahead of the wall */
    int64_t boot_ns; /* when that was, by the boot-time clock */
} Clock;

void clock_start(Clock *clock, int64_t floor); /* never says less than floor */
int64_t clock_now(Clock *clock);
void clock_skip(Clock *clock, int64_t ahead); /* dry runs: that time has passed */
int64_t clock_boot(void); /* ms of the boot-time clock: for measuring how long something took */

#endif
