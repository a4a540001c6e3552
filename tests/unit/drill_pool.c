/* The pool of processes: all jobs are done once, and one that breaks its process, or never ends, breaks nothing else. */
#include "tests/unit/check.h"

#include "vm/base/memory.h"
#include "vm/drill/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { JOBS = 100 };

typedef struct Outcome {
    JobEnd end;
    int signal, times;
    bool right;
} Outcome;

static Outcome outcomes[JOBS];

static void work(void *ctx, size_t worker, size_t job, Buffer *result)
{
    (void)ctx;
    (void)worker;
    if (job == 3 || job == 4) kill(getpid(), SIGKILL);
    if (job == 20) _exit(7);
    if (job == 50 || job == JOBS - 1) {
        for (;;)
            sleep(1);
    }
    buffer_printf(result, "%zu", job);
    /* More than a pipe holds at once. */
    for (size_t i = 0; job == 60 && i < 40000; i++)
        buffer_add_c(result, "0123456789");
}

static void done(void *ctx, size_t job, JobEnd end, int signal, Str result)
{
    (void)ctx;
    Outcome *outcome = &outcomes[job];
    outcome->end = end;
    outcome->signal = signal;
    outcome->times++;
    char *text = memory_copy_c(str_slice(result, 0, 2));
    outcome->right = end == JOB_DONE && strtoul(text, NULL, 10) == job;
    free(text);
    if (job == 60) outcome->right = result.len == 400002;
}

static void test_pool(size_t workers)
{
    Error error = {""};
    for (size_t i = 0; i < JOBS; i++)
        outcomes[i] = (Outcome){0};
    Pool pool = {.workers = workers, .jobs = JOBS, .limit = 300, .work = work, .done = done};
    CHECK(pool_run(&pool, &error));
    for (size_t i = 0; i < JOBS; i++) {
        const Outcome *outcome = &outcomes[i];
        bool killed = i == 3 || i == 4, left = i == 20, late = i == 50 || i == JOBS - 1;
        CHECK_INT(outcome->times, 1);
        CHECK_INT(outcome->end, late ? JOB_LATE : killed || left ? JOB_CRASHED : JOB_DONE);
        if (killed) CHECK_INT(outcome->signal, SIGKILL);
        if (left) CHECK_INT(outcome->signal, 0);
        if (outcome->end == JOB_DONE) CHECK(outcome->right);
    }
}

int main(void)
{
    test_pool(1);
    test_pool(3);
    return check_done();
}
