/* Which registers of a function are still read after a word of it: a verified image comes in, sets of
 * registers go out.
 *
 * The machine clears what is dead before it hashes its state, so that two states that go on alike are alike.
 */
#ifndef PLAN_CODE_LIVENESS_H
#define PLAN_CODE_LIVENESS_H

#include "vm/code/image.h"

typedef struct RegisterSet {
    uint64_t scalars[IMAGE_MAX_REGISTERS / 64], refs[IMAGE_MAX_REGISTERS / 64];
} RegisterSet;

static inline bool register_has(const uint64_t *bank, unsigned number)
{
    return bank[number / 64] >> number % 64 & 1;
}

/* For each word of the function what must be kept while it waits or its callee runs; registers that the word
 * itself then writes are not among them. The caller's to free(). */
RegisterSet *image_liveness(const Image *image, const ImageFunction *fn);

#endif
