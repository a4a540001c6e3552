/* Workers on pipes: see pool.h.
 *
 *   parent ──{first, last}──► worker        a batch of jobs, none: the end
 *   parent ◄──{job, length}bytes── worker   after each job
 *
 * A worker that ends in a job is followed by a fresh one, which goes on with the rest of the batch. */
#include "vm/drill/pool.h"

#include "vm/base/memory.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_LIMIT = 16, READ_SIZE = 65536 };

typedef struct Batch {
    uint64_t first, last; /* [first, last) */
} Batch;

typedef struct Frame {
    uint64_t job, len;
} Frame;

typedef struct Worker {
    pid_t pid; /* 0: none */
    int to, from;
    Batch batch;   /* what is left of it */
    int64_t since; /* when its first job began */
    bool late;
    Buffer got;
} Worker;

typedef struct PoolState {
    const Pool *pool;
    Worker *workers;
    uint64_t next; /* job that no batch has yet */
    size_t done;
    Error *error;
} PoolState;

static int64_t milliseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool write_all(int to, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = write(to, at, len);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        at += put;
        len -= (size_t)put;
    }
    return true;
}

static bool read_all(int from, void *bytes, size_t len)
{
    char *at = bytes;
    while (len > 0) {
        ssize_t got = read(from, at, len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

/* ---- in the worker ---- */

PLAN_NORETURN static void worker_main(const Pool *pool, size_t number, int from, int to)
{
    Batch batch;
    Buffer result = {0};
    while (read_all(from, &batch, sizeof batch)) {
        for (uint64_t job = batch.first; job < batch.last; job++) {
            buffer_clear(&result);
            pool->work(pool->ctx, number, (size_t)job, &result);
            Frame frame = {job, result.len};
            if (!write_all(to, &frame, sizeof frame) || !write_all(to, result.data, result.len)) _exit(1);
        }
    }
    _exit(0);
}

/* ---- in the parent ---- */

static void worker_close(Worker *worker)
{
    close(worker->to);
    close(worker->from);
    buffer_free(&worker->got);
}

static bool worker_start(PoolState *state, size_t number)
{
    Worker *worker = &state->workers[number];
    int down[2], up[2];
    if (pipe(down) != 0) return error_set(state->error, "no pipe: %s", strerror(errno));
    if (pipe(up) != 0) {
        close(down[0]);
        close(down[1]);
        return error_set(state->error, "no pipe: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < state->pool->workers; i++) {
            if (state->workers[i].pid && i != number) worker_close(&state->workers[i]);
        }
        close(down[1]);
        close(up[0]);
        worker_main(state->pool, number, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    if (pid < 0) {
        close(down[1]);
        close(up[0]);
        return error_set(state->error, "no process: %s", strerror(errno));
    }
    Batch batch = worker->batch;
    *worker = (Worker){.pid = pid, .to = down[1], .from = up[0], .batch = batch};
    return true;
}

/* Small ones towards the end, so that nobody waits long for the last. */
static Batch batch_next(PoolState *state)
{
    uint64_t left = state->pool->jobs - state->next;
    uint64_t size = left / (state->pool->workers * 4);
    if (size > BATCH_LIMIT) size = BATCH_LIMIT;
    if (size < 1) size = left ? 1 : 0;
    Batch batch = {state->next, state->next + size};
    state->next += size;
    return batch;
}

/* Hands the worker its next jobs; one that has none left ends by itself. */
static void worker_feed(PoolState *state, Worker *worker)
{
    if (worker->batch.first == worker->batch.last) worker->batch = batch_next(state);
    worker->since = milliseconds();
    if (worker->batch.first < worker->batch.last) {
        /* One that is dead already shows that by closing its other pipe. */
        (void)!write_all(worker->to, &worker->batch, sizeof worker->batch);
        return;
    }
    worker_close(worker);
    waitpid(worker->pid, NULL, 0);
    worker->pid = 0;
}

static void job_done(PoolState *state, size_t job, JobEnd end, int signal, Str result)
{
    state->done++;
    state->pool->done(state->pool->ctx, job, end, signal, result);
}

/* The worker is gone: the job that it was at takes the blame, a fresh one does the rest. */
static bool worker_lost(PoolState *state, size_t number)
{
    Worker *worker = &state->workers[number];
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
    }
    bool late = worker->late;
    Batch left = worker->batch;
    worker_close(worker);
    worker->pid = 0;
    if (left.first < left.last) {
        int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        job_done(state, (size_t)left.first++, late ? JOB_LATE : JOB_CRASHED, signal, (Str){0});
    }
    worker->batch = left;
    if (left.first == left.last && state->next == state->pool->jobs) return true;
    if (!worker_start(state, number)) return false;
    worker_feed(state, worker);
    return true;
}

/* Takes the whole frames out of what the worker has sent. */
static void frames_take(PoolState *state, Worker *worker)
{
    size_t at = 0;
    Frame frame;
    while (worker->got.len - at >= sizeof frame) {
        memcpy(&frame, worker->got.data + at, sizeof frame);
        if (worker->got.len - at - sizeof frame < frame.len) break;
        Str result = {worker->got.data + at + sizeof frame, (size_t)frame.len};
        at += sizeof frame + (size_t)frame.len;
        worker->batch.first = frame.job + 1;
        worker->since = milliseconds();
        job_done(state, (size_t)frame.job, JOB_DONE, 0, result);
    }
    memmove(worker->got.data, worker->got.data + at, worker->got.len - at);
    worker->got.len -= at;
}

static bool worker_read(PoolState *state, size_t number)
{
    Worker *worker = &state->workers[number];
    buffer_reserve(&worker->got, READ_SIZE);
    ssize_t got = read(worker->from, worker->got.data + worker->got.len, READ_SIZE);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return worker_lost(state, number);
    worker->got.len += (size_t)got;
    frames_take(state, worker);
    if (worker->batch.first == worker->batch.last) worker_feed(state, worker);
    return true;
}

static void late_end(PoolState *state)
{
    int64_t now = milliseconds();
    for (size_t i = 0; i < state->pool->workers; i++) {
        Worker *worker = &state->workers[i];
        if (!worker->pid || worker->late || now - worker->since <= state->pool->limit) continue;
        worker->late = true;
        kill(worker->pid, SIGKILL);
    }
}

/* Waits until one of the workers has something to say. */
static bool turn(PoolState *state, struct pollfd *polled)
{
    size_t count = state->pool->workers;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = state->workers[i].pid ? state->workers[i].from : -1, .events = POLLIN};
    if (poll(polled, (nfds_t)count, 200) < 0 && errno != EINTR)
        return error_set(state->error, "waiting: %s", strerror(errno));
    for (size_t i = 0; i < count; i++) {
        if (polled[i].revents && state->workers[i].pid && !worker_read(state, i)) return false;
    }
    late_end(state);
    return true;
}

bool pool_run(const Pool *pool, Error *error)
{
    PoolState state = {.pool = pool, .error = error};
    state.workers = memory_alloc(pool->workers * sizeof *state.workers);
    struct pollfd *polled = memory_alloc(pool->workers * sizeof *polled);
    bool fine = true;
    for (size_t i = 0; fine && i < pool->workers && state.next < pool->jobs; i++) {
        fine = worker_start(&state, i);
        if (fine) worker_feed(&state, &state.workers[i]);
    }
    while (fine && state.done < pool->jobs)
        fine = turn(&state, polled);
    for (size_t i = 0; i < pool->workers; i++) {
        if (!state.workers[i].pid) continue;
        worker_close(&state.workers[i]);
        if (!fine) kill(state.workers[i].pid, SIGKILL);
        waitpid(state.workers[i].pid, NULL, 0);
    }
    free(state.workers);
    free(polled);
    return fine;
}
