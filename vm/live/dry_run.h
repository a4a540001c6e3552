/* The dry run: looks are done, changes and messages are only shown, and no time is spent on waiting. */
#ifndef PLAN_LIVE_DRY_RUN_H
#define PLAN_LIVE_DRY_RUN_H

#include "vm/live/state.h"

/* Is this effect one that a dry run only shows? Those are ended here, as done, with "dry":true in their
 * result. A change that the API server of a cluster can judge is none: command.c sends it with
 * --dry-run=server. */
bool dry_run_holds(const LiveEffect *effect);
void dry_run_end(LiveEffect *effect);

/* Nothing is under way and nobody is asked: may the time until the machine's next deadline be skipped? */
bool dry_run_may_skip(const LiveWorld *live);

#endif
