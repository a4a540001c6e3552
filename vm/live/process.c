/* One looking program on the loop: two pipes, a pidfd and a timer in; its end and output out. Called by
 * command.c. It must never block but for the moment in which a killed process is collected. */
#include "vm/live/process.h"

#include "vm/live/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

typedef struct Stream {
    Process *process;
    int fd;
    LoopPoll *poll;
} Stream;

struct Process {
    Loop *loop;
    pid_t pid;
    char *mark;
    int pidfd;
    LoopPoll *exit;
    LoopTimer *timer;
    LoopTimer *rest; /* looks whether its descendants are gone */
    int64_t started;
    bool timed_out, stopping, killed;
    int exits;   /* a file in memory, or -1 */
    int held[2]; /* our own ends for writing: with them no end of file wakes us, only the program's end does
                  */
    Stream streams[2];
    ProcessEvents events;
};

static void stream_close(Stream *stream)
{
    loop_poll_stop(stream->poll);
    if (stream->fd >= 0) close(stream->fd);
    stream->poll = NULL;
    stream->fd = -1;
}

enum {
    ROUNDS = 4,     /* pieces of a flood that are taken in one turn of the loop */
    REST_LOOK = 20, /* ms between two looks at what is left of a program that was told to end */
};

/* Takes what is there now. */
static void stream_read(Stream *stream)
{
    char bytes[65536];
    for (int round = 0; stream->fd >= 0 && round < ROUNDS; round++) {
        ssize_t got = read(stream->fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            stream_close(stream);
            return;
        }
        Process *process = stream->process;
        process->events.output(process->events.ctx, stream == &process->streams[1],
                               (Str){bytes, (size_t)got});
    }
}

static void stream_ready(void *ctx, int fd, int events)
{
    (void)fd;
    (void)events;
    stream_read(ctx);
}

static void process_free(Process *process)
{
    loop_poll_stop(process->exit);
    loop_timer_stop(process->timer);
    loop_timer_stop(process->rest);
    if (process->pidfd >= 0) close(process->pidfd);
    for (int i = 0; i < 2; i++) {
        stream_close(&process->streams[i]);
        if (process->held[i] >= 0) close(process->held[i]);
    }
    if (process->exits >= 0) close(process->exits);
    free(process->mark);
    free(process);
}

static void collect(void *ctx)
{
    Process *process = ctx;
    SpawnEnd end = {.timed_out = process->timed_out};
    SpawnRest rest = process->killed     ? SPAWN_REST_DIES
                     : process->stopping ? SPAWN_REST_ENDS
                                         : SPAWN_REST_LIVES;
    process->rest = NULL;
    if (!spawn_collect(process->pid, rest, process->mark, &end)) {
        /* It waits to be collected, and its descriptor says so again and again. */
        loop_poll_stop(process->exit);
        process->exit = NULL;
        process->rest = loop_timer_start(process->loop, REST_LOOK, collect, process);
        return;
    }
    end.elapsed = clock_boot() - process->started;
    /* All that the program itself wrote is in the pipes by now; what it left behind in the background is not
     * waited for. */
    for (int i = 0; i < 2; i++)
        stream_read(&process->streams[i]);
    char said[1024];
    ssize_t got = process->exits < 0 ? 0 : pread(process->exits, said, sizeof said, 0);
    process->events.end(process->events.ctx, &end, (Str){said, got > 0 ? (size_t)got : 0});
    process_free(process);
}

static void process_exited(void *ctx, int fd, int events)
{
    (void)fd;
    (void)events;
    collect(ctx);
}

static void grace_over(void *ctx)
{
    Process *process = ctx;
    process->timer = NULL;
    process->killed = true;
    spawn_signal(process->pid, process->mark, SIGKILL);
}

void process_stop(Process *process)
{
    if (process->stopping) return;
    process->stopping = true;
    loop_timer_stop(process->timer);
    process->timer = loop_timer_start(process->loop, SPAWN_GRACE, grace_over, process);
    spawn_signal(process->pid, process->mark, SIGTERM);
}

static void time_out(void *ctx)
{
    Process *process = ctx;
    process->timer = NULL;
    process->timed_out = true;
    process_stop(process);
}

static bool watch_process(Process *process, const SpawnSpec *spec)
{
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd >= 0)
        process->exit = loop_poll_start(process->loop, process->pidfd, LOOP_READ, process_exited, process);
    bool watched = process->exit != NULL;
    for (int i = 0; i < 2; i++) {
        Stream *stream = &process->streams[i];
        stream->poll = loop_poll_start(process->loop, stream->fd, LOOP_READ, stream_ready, stream);
        watched = watched && stream->poll;
    }
    if (spec->timeout > 0) process->timer = loop_timer_start(process->loop, spec->timeout, time_out, process);
    return watched;
}

static Process *start_refused(Process *process, SpawnEnd *end, const char *what)
{
    if (what) {
        *end = (SpawnEnd){.exit = 126};
        snprintf(end->error, sizeof end->error, "%s: %s", what, strerror(errno));
    }
    process_free(process);
    return NULL;
}

/* Only our end is one that does not block: the other is the program's. */
static bool open_streams(Process *process)
{
    for (int i = 0; i < 2; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        process->streams[i].fd = ends[0];
        process->held[i] = ends[1];
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return false;
    }
    return true;
}

Process *process_start(Loop *loop, const SpawnSpec *spec, const ProcessEvents *events, SpawnEnd *end)
{
    Process *process = memory_alloc(sizeof *process);
    *process = (Process){.loop = loop,
                         .pidfd = -1,
                         .exits = -1,
                         .held = {-1, -1},
                         .streams = {{.process = process, .fd = -1}, {.process = process, .fd = -1}},
                         .events = *events};
    if (!open_streams(process)) return start_refused(process, end, "there are no pipes");
    process->started = clock_boot();
    if (spec->parts) process->exits = memfd_create("exits", MFD_CLOEXEC);
    bool started = spawn_start(spec, process->held[0], process->held[1], process->exits, &process->pid, end);
    if (!started) return start_refused(process, end, NULL);
    process->mark = memory_copy_c(str_from_c(spawn_mark(spec)));
    if (watch_process(process, spec)) return process;
    SpawnEnd ignored = {0};
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL);
    while (!spawn_collect(process->pid, SPAWN_REST_DIES, process->mark, &ignored))
        usleep(1000);
    return start_refused(process, end, "the program cannot be watched");
}

void process_kill(Process *process)
{
    SpawnEnd ignored = {0};
    spawn_signal(process->pid, process->mark, SIGKILL);
    while (!spawn_collect(process->pid, SPAWN_REST_LIVES, process->mark, &ignored))
        usleep(500);
    process_free(process);
}
