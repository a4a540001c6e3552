/* The prelude as the build leaves it: parsed and checked, as words that only have to be put into memory.
 *
 * stdlib/ready.c writes it, prelude.c reads it, nobody else knows it. Two runs of memory (what is declared;
 * what stands in the bodies of functions) are kept as words of 64 bits. A word that points somewhere is
 * marked in a bit set and says which region it points into, and how far: the two runs, and the texts of the
 * standard library's files, which are there anyhow.
 *
 *     63      56 55                                     0
 *     |  region  |               offset                 |        of a word whose bit is set in `pointers`
 */
#ifndef PLAN_CHECK_READY_H
#define PLAN_CHECK_READY_H

#include "compiler/check/check.h"

enum { READY_DECLARATIONS, READY_BODIES, READY_TEXTS, READY_REGIONS = 64, READY_REGION_SHIFT = 56 };
#define READY_OFFSET ((UINT64_C(1) << READY_REGION_SHIFT) - 1)

typedef struct ReadyPart {
    const uint64_t *words, *pointers;
    size_t count; /* of words; 0: nothing is ready */
} ReadyPart;

typedef struct Ready {
    ReadyPart declarations, bodies;
    size_t root; /* offset of a Checker in the declarations, as it was when the prelude was checked */
} Ready;

extern const Ready ready_prelude;

#endif
