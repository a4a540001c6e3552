/* The run's clock, of CLOCK_REALTIME and CLOCK_BOOTTIME. Called by the live world only; the drill's is
 * virtual. */
#include "vm/live/clock.h"

#include "vm/base/time.h"

#include <time.h>

static int64_t boot_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_BOOTTIME, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

int64_t clock_boot(void)
{
    return boot_ns() / 1000000;
}

void clock_start(Clock *clock, int64_t floor)
{
    int64_t wall = time_now();
    clock->shown = wall > floor ? wall : floor;
    clock->skipped = 0;
    clock->boot_ns = boot_ns();
}

int64_t clock_now(Clock *clock)
{
    int64_t passed = (boot_ns() - clock->boot_ns) / 1000000;
    if (passed <= 0) return clock->shown;
    int64_t slack = passed / 20;
    int64_t apart = time_now() + clock->skipped - (clock->shown + passed);
    int64_t correction = apart > slack ? slack : apart < -slack ? -slack : apart;
    clock->shown += passed + correction;
    /* Whole milliseconds only are taken off, so that asking often loses nothing. */
    clock->boot_ns += passed * 1000000;
    return clock->shown;
}

void clock_skip(Clock *clock, int64_t ahead)
{
    clock->shown = clock_now(clock) + ahead;
    clock->skipped += ahead;
}
