/* The interpreter once more, for those who watch it: it notes each instruction that it runs for a drill that
 * measures coverage, and tells it to whoever traces the run.
 *
 * Compiled apart, so that the ordinary loop holds nothing of it. Only vm.c calls it. */
#include "vm/core/machine.h"

#define FIBER_RUN fiber_run_watched
#define NOTE(what)                                                                                           \
    do {                                                                                                     \
        if (vm->covered) vm->covered[pc - 1 - image->code] |= (what);                                        \
        if (vm->trace && (what) == COVERED_RUN) trace_word(vm, (uint32_t)(pc - 1 - image->code), S, R);      \
    } while (0)
#include "vm/core/interpret.c"
