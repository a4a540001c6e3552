/* Spelling: which of several words was meant. In: a word and candidates; out: the nearest one, when it is
 * near enough to be worth saying. Distance counts a changed, missing, additional or swapped letter as one. */
#include "compiler/diag/diag.h"

#include <ctype.h>

enum { LONGEST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(Str a, size_t i, Str b, size_t j)
{
    return tolower((unsigned char)a.data[i]) == tolower((unsigned char)b.data[j]);
}

static size_t distance(Str a, Str b)
{
    size_t rows[3][LONGEST + 1];
    size_t *older = rows[0], *old = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        old[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = same(a, i - 1, b, j - 1) ? 0 : 1;
            now[j] = least(least(now[j - 1] + 1, old[j] + 1), old[j - 1] + cost);
            if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1))
                now[j] = least(now[j], older[j - 2] + 1);
        }
        size_t *spare = older;
        older = old;
        old = now;
        now = spare;
    }
    return old[b.len];
}

Str suggest_nearest(Str word, const Str *candidates, size_t count)
{
    Str best = {"", 0};
    size_t best_distance = word.len < 5 ? 2 : word.len < 9 ? 3 : 4; /* must be less than this */
    if (word.len == 0 || word.len > LONGEST) return best;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].len > LONGEST || str_equal(candidates[i], word)) continue;
        size_t d = distance(word, candidates[i]);
        if (d < best_distance && d < word.len) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
