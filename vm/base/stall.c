/* Stretches of work in, lines about the long ones out (vm/base/stall.h). Called by the loop and around
 * commits. It must cost nothing where nobody measures. */
#include "vm/base/stall.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNKNOWN, OFF, ON };

static struct {
    int state;
    int file, schedule; /* /proc/thread-self/schedstat: its second number is the time without a CPU, ns */
    bool begun;
    int64_t since, delayed, worked; /* ns: when the stretch began, and what had been until then */
    int64_t sync_since, synced;
} watch;

static int64_t now_ns(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static bool is_on(void)
{
    if (watch.state == UNKNOWN) {
        const char *path = getenv("PLAN_STALLS");
        watch.state = OFF;
        if (path && *path) {
            watch.file = open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
            watch.schedule = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
            if (watch.file >= 0 && watch.schedule >= 0) watch.state = ON;
        }
    }
    return watch.state == ON;
}

/* How long others had the CPU that we wanted. */
static int64_t delayed_ns(void)
{
    char text[128];
    ssize_t got = pread(watch.schedule, text, sizeof text - 1, 0);
    char *rest = text;
    text[got > 0 ? got : 0] = '\0';
    strtoll(text, &rest, 10);
    return strtoll(rest, NULL, 10);
}

void stall_begin(void)
{
    if (!is_on()) return;
    watch.delayed = delayed_ns();
    watch.worked = now_ns(CLOCK_THREAD_CPUTIME_ID);
    watch.since = now_ns(CLOCK_MONOTONIC);
    watch.synced = 0;
    watch.begun = true;
}

void stall_end(const char *what)
{
    if (!is_on()) return;
    int64_t worked = now_ns(CLOCK_THREAD_CPUTIME_ID) - watch.worked;
    int64_t lasted = now_ns(CLOCK_MONOTONIC) - watch.since - (delayed_ns() - watch.delayed) - watch.synced;
    if (watch.begun && lasted > STALL_MOST * INT64_C(1000000)) {
        char line[200];
        int len = snprintf(line, sizeof line, "%lld ms, %lld ms of them at work: %s\n",
                           (long long)(lasted / 1000000), (long long)(worked / 1000000), what);
        if (write(watch.file, line, (size_t)len) < 0) watch.state = OFF;
    }
    stall_begin();
}

void stall_sync_begin(void)
{
    if (is_on()) watch.sync_since = now_ns(CLOCK_MONOTONIC);
}

void stall_sync_end(void)
{
    if (is_on()) watch.synced += now_ns(CLOCK_MONOTONIC) - watch.sync_since;
}
