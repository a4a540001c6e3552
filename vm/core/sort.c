/* Plain numbers come in, the same numbers in rising order go out: by their bytes, the lowest first, so that no two are ever
 * compared. Called by the builtins that sort. */
#include "vm/core/values.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT = 256, DIGITS = 8, INSERT_BELOW = 48 };

/* A number that is in the order of the values as an unsigned one. Equal floats have equal keys: -0 is 0. */
static uint64_t key_of(int64_t value, bool floats)
{
    const uint64_t sign = (uint64_t)1 << 63;
    if (!floats) return (uint64_t)value ^ sign;
    uint64_t bits = (uint64_t)value == sign ? 0 : (uint64_t)value;
    return bits & sign ? ~bits : bits | sign;
}

static void insert_all(int64_t *values, uint32_t len, bool floats)
{
    for (uint32_t i = 1; i < len; i++) {
        int64_t value = values[i];
        uint64_t key = key_of(value, floats);
        uint32_t at = i;
        for (; at > 0 && key_of(values[at - 1], floats) > key; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

void scalars_sort(int64_t *values, uint32_t len, bool floats)
{
    if (len < INSERT_BELOW) {
        insert_all(values, len, floats);
        return;
    }
    uint32_t counts[DIGITS][DIGIT] = {{0}};
    for (uint32_t i = 0; i < len; i++) {
        uint64_t key = key_of(values[i], floats);
        for (int digit = 0; digit < DIGITS; digit++)
            counts[digit][key >> digit * 8 & (DIGIT - 1)]++;
    }
    int64_t *spare = memory_resize(NULL, len * sizeof *spare), *from = values, *to = spare;
    for (int digit = 0; digit < DIGITS; digit++) {
        uint32_t *count = counts[digit], next = 0;
        if (count[key_of(from[0], floats) >> digit * 8 & (DIGIT - 1)] == len) continue; /* all are the same there */
        for (int i = 0; i < DIGIT; i++) {
            uint32_t many = count[i];
            count[i] = next;
            next += many;
        }
        for (uint32_t i = 0; i < len; i++)
            to[count[key_of(from[i], floats) >> digit * 8 & (DIGIT - 1)]++] = from[i];
        int64_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != values) memcpy(values, from, len * sizeof *values);
    free(spare);
}
