/* Work that is shared among processes: what one of them breaks, the others do not notice.
 *
 * In: a number of jobs and a function that does one. Out: for each job its result's bytes, or that it ended the process, or
 * that it took too long. Jobs share with the caller what it has when pool_run is called, as copies. The only caller is
 * vm/drill/runner.c; this file knows nothing of drills. */
#ifndef PLAN_DRILL_POOL_H
#define PLAN_DRILL_POOL_H

#include "vm/base/error.h"

typedef enum JobEnd {
    JOB_DONE,    /* the result is there */
    JOB_CRASHED, /* the process ended in it: by `signal`, or by itself when that is 0 */
    JOB_LATE,    /* it took longer than the limit and was ended */
} JobEnd;

typedef struct Pool {
    size_t workers;    /* at least 1 */
    size_t jobs;
    int64_t limit;     /* ms that a job may take */
    void *ctx;
    /* In a worker's process (0 ≤ worker < workers): does the job and adds its result. It must not write to stdout. */
    void (*work)(void *ctx, size_t worker, size_t job, Buffer *result);
    /* In the caller's process, once for each job, in any order. The result is valid during the call. */
    void (*done)(void *ctx, size_t job, JobEnd end, int signal, Str result);
} Pool;

/* Returns when all jobs are done. False: no process could be started, and error says why. */
bool pool_run(const Pool *pool, Error *error);

#endif
