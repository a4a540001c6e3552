/* The run of a service that is open while another one is about to be started: found, told of, and joined.
 *
 * Called by `planvm run`, before anything of the new run is there. */
#ifndef PLAN_OPEN_RUN_H
#define PLAN_OPEN_RUN_H

#include "vm/command.h"

typedef enum OpenRunChoice {
    OPEN_RUN_START, /* none is open, or another one is wanted: go on */
    OPEN_RUN_JOIN,  /* it was joined: nothing is started */
    OPEN_RUN_LEAVE, /* nothing was done */
} OpenRunChoice;

/* Is a run of that service open? `attended`: the person is asked whether to join it; else it is told of, and
 * another one is started. Joining is a note in the open run, which says what would have been started and by
 * whom. */
OpenRunChoice open_run_choose(const Arguments *arguments, Str service, Str plan, bool attended);

#endif
