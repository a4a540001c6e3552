/* Programs that only look: started by planvm itself, their output read through pipes, killed when nobody
 * wants them.
 *
 * Changes go through the keeper instead (vm/live/keeper_client.h), because they must outlive planvm. */
#ifndef PLAN_LIVE_PROCESS_H
#define PLAN_LIVE_PROCESS_H

#include "vm/live/loop.h"
#include "vm/live/spawn.h"

/* What a program that runs gives back. `output` and `whole` say which stream: 0 stdout, 1 stderr. */
typedef struct ProcessEvents {
    void *ctx;
    void (*output)(void *ctx, int stream, Str bytes); /* as it comes */
    /* Before any output of the stream: what is given is its beginning, and an earlier process has put all of it into a
     * file and said this of that (vm/live/capture.h). */
    void (*whole)(void *ctx, int stream, Str whole);
    /* Once, last; `exits`: what a pipe said of its parts. */
    void (*end)(void *ctx, const SpawnEnd *end, Str exits);
} ProcessEvents;

typedef struct Process Process;

/* Starts it. NULL: it did not start, and `end` says why (no event comes). Spec and events are needed only during the
 * call. */
Process *process_start(Loop *loop, const SpawnSpec *spec, const ProcessEvents *events, SpawnEnd *end);

/* Asks it to end, and makes it end if it does not; its events come as always. */
void process_stop(Process *process);

/* Ends it with all it started and frees it, at once; no event comes. */
void process_kill(Process *process);

#endif
