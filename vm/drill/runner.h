/* `planvm drill`: finds plans, runs their drills and says which hold.
 *
 * In: the command's arguments and a way to get an image of a plan. Out: the report on stdout, messages on
 * stderr and the exit status: 0 all drills hold, 1 one does not, 2 misuse, or a plan that cannot be read or
 * does not check. */
#ifndef PLAN_DRILL_RUNNER_H
#define PLAN_DRILL_RUNNER_H

#include "vm/base/error.h"

/* Makes an image of the plan at the path (or reads one). False: messages say why, as text to be shown. */
typedef bool DrillLoad(const char *path, Buffer *image, Buffer *messages);

/* argv[0] is the command's name ("drill"). */
int drill_main(int argc, char **argv, DrillLoad *load);

#endif
