/* Looking on: a run's terminal in another process than the one that drives it.
 *
 * Whoever calls feeds what the run's log says (marks and ends of effects) and sends what the person does. */
#ifndef PLAN_LIVE_ATTACH_H
#define PLAN_LIVE_ATTACH_H

#include "vm/live/people.h"

typedef struct AttachOptions {
    Str as;              /* who sits here */
    const char *run_dir; /* the run's folder: what its programs print is shown, too; NULL: it is not */
    LiveOutput output;
    LiveView view;
    void *ctx;
    /* Something may have happened: feed it. False: the run is over, attach_run returns. */
    bool (*changed)(void *ctx, People *people);
    void (*send)(void *ctx, Str signal); /* a signal, JSON */
} AttachOptions;

/* Until the run is over, the person leaves, or a signal ends the process. False and an error: it cannot be
 * begun. */
bool attach_run(const AttachOptions *options, Error *error);

#endif
