/* Pipes in scripts: the exit of every part. */
#ifndef PLAN_LIVE_PIPELINE_H
#define PLAN_LIVE_PIPELINE_H

#include "vm/base/memory.h"

/* If the script is one pipe and nothing else, writes one that does the same and says on descriptor 3 how each
 * part ended; gives the number of parts. 0: it is something else, and `out` gets it as it is, with pipefail
 * where the shell has it. */
size_t pipeline_wrap(Buffer *out, Str script);

/* What such a script said: appends each exit to `exits`, in order; false: not every part came to its end. */
typedef VEC(int) Exits;
bool pipeline_read(Str said, size_t parts, Exits *exits);

#endif
