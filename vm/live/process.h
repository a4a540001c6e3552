/* Programs that only look: started by planvm itself, their output read through pipes, killed when nobody
 * wants them.
 *
 * Changes go through the keeper instead (vm/live/keeper_client.h), because they must outlive planvm. */
#ifndef PLAN_LIVE_PROCESS_H
#define PLAN_LIVE_PROCESS_H

#include "vm/live/loop.h"
#include "vm/live/spawn.h"

/* What a program printed, at most SPAWN_OUTPUT_CAP bytes of each stream. */
typedef struct ProcessOutput {
    Str out, err;
    bool out_cut, err_cut; /* there was more */
    Str exits;             /* what a pipe said of its parts */
} ProcessOutput;

typedef void (*ProcessEndFn)(void *ctx, const SpawnEnd *end, const ProcessOutput *output);

typedef struct Process Process;

/* Starts it; `fn` is called once when it ended. NULL: it did not start, and `end` says why (fn is not
 * called). The spec is needed only during the call. */
Process *process_start(Loop *loop, const SpawnSpec *spec, ProcessEndFn fn, void *ctx, SpawnEnd *end);

/* Ends it with all it started and frees it, at once; fn is not called. */
void process_kill(Process *process);

#endif
