/* The interpreter once more, for drills that measure coverage: it also notes each instruction that it runs.
 *
 * Compiled apart, so that the ordinary loop holds nothing of it. Only vm.c calls it. */
#include "vm/core/vm.h"

#define FIBER_RUN fiber_run_covered
#define NOTE(what) (vm->covered[pc - 1 - image->code] |= (what))
#include "vm/core/interpret.c"
