/* The prelude and the rest of the standard library as the build leaves them: parsed and checked, in the
 * program's own read-only memory.
 *
 * make_ready.c prints it as a C file, prelude.c begins a compilation with it, nobody else knows it. It is
 * what the checker's arenas held, word by word: what is declared, and what stands in the bodies of functions,
 * which most compilations never look at. Pointers are constants that the linker resolves, so nothing is done
 * to it at a start, and a page of it is read when somebody looks there. All compilations of a process share
 * it. */
#ifndef PLAN_CHECK_READY_H
#define PLAN_CHECK_READY_H

#include "compiler/check/check.h"

#include <stdalign.h>

typedef union ReadyWord {
    uint64_t value;
    const void *to;
} ReadyWord;

#define READY_POINTER(start, offset)                                                                         \
    {                                                                                                        \
        .to = (const char *)(start) + (offset)                                                               \
    }

extern const ReadyWord ready_declarations[], ready_bodies[];
/* The checker as it was when the prelude was checked; NULL: nothing is ready. It and all that it leads to
 * must not be written to, which the system enforces. */
extern const Checker *const ready_prelude;

#endif
