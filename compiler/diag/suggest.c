/* Spelling: which of several words was meant. In: a word and candidates; out: the nearest one, when it is
 * near enough to be worth saying. Distance counts a changed, missing, additional or swapped letter as one. */
#include "compiler/diag/diag.h"

enum { LONGEST = 64 };

/* A word in small letters. */
typedef struct Letters {
    char text[LONGEST];
    size_t len;
    uint64_t kinds; /* a bit for each letter that it has */
} Letters;

static void letters_of(Str word, Letters *letters)
{
    letters->len = word.len;
    letters->kinds = 0;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        letters->text[i] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
        letters->kinds |= UINT64_C(1) << (letters->text[i] & 63);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* No more than the distance: a change adds or takes one letter at most, and one kind of letters each way. */
static size_t least_distance(const Letters *a, const Letters *b)
{
    size_t lengths = a->len > b->len ? a->len - b->len : b->len - a->len;
    size_t taken = (size_t)__builtin_popcountll(a->kinds & ~b->kinds);
    size_t brought = (size_t)__builtin_popcountll(b->kinds & ~a->kinds);
    size_t kinds = taken > brought ? taken : brought;
    return lengths > kinds ? lengths : kinds;
}

/* The distance, or any number from `limit` on where it is that large. Row i is what the first i letters of a
 * are from those of b; what is `limit` places from the diagonal is at least as far, so nobody works it out.
 */
static size_t distance(const Letters *a, const Letters *b, size_t limit)
{
    size_t rows[3][LONGEST + 2];
    size_t *older = rows[0], *old = rows[1], *now = rows[2], nearest = 0;
    if (least_distance(a, b) >= limit) return limit;
    for (size_t j = 0; j <= b->len; j++)
        old[j] = j;
    for (size_t i = 1; i <= a->len; i++) {
        size_t first = i > limit ? i - limit : 1, last = least(b->len, i + limit), before = nearest;
        now[first - 1] = first == 1 ? i : limit;
        nearest = now[first - 1];
        for (size_t j = first; j <= last; j++) {
            size_t cost = a->text[i - 1] == b->text[j - 1] ? 0 : 1;
            now[j] = least(least(now[j - 1] + 1, old[j] + 1), old[j - 1] + cost);
            if (i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] && a->text[i - 2] == b->text[j - 1])
                now[j] = least(now[j], older[j - 2] + 1);
            nearest = least(nearest, now[j]);
        }
        now[last + 1] = limit; /* the next row ends one further on */
        if (nearest >= limit && before >= limit) return limit;
        size_t *spare = older;
        older = old;
        old = now;
        now = spare;
    }
    return old[b->len];
}

Str suggest_nearest(Str word, const Str *candidates, size_t count)
{
    Str best = {"", 0};
    Letters wanted, candidate;
    size_t best_distance = word.len < 5 ? 2 : word.len < 9 ? 3 : 4; /* must be less than this */
    if (word.len == 0 || word.len > LONGEST) return best;
    letters_of(word, &wanted);
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].len > LONGEST || str_equal(candidates[i], word)) continue;
        letters_of(candidates[i], &candidate);
        size_t d = distance(&wanted, &candidate, least(best_distance, word.len));
        if (d < best_distance && d < word.len) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
