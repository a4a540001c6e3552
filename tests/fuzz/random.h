/* Chance that can be had again: a seed gives the same figures everywhere (splitmix64). For the fuzz driver
 * and the mutations; nothing of the language's own chance. */
#ifndef PLAN_TESTS_FUZZ_RANDOM_H
#define PLAN_TESTS_FUZZ_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

static inline uint64_t random_next(Random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* From 0 to below count; count is not 0. */
static inline size_t random_below(Random *random, size_t count)
{
    return (size_t)(random_next(random) % count);
}

#endif
