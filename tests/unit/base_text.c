/* Finding a text and matching a pattern with stars (vm/base/str.h), against the plainest way to say what they mean, for
 * short texts of two letters. */
#include "tests/unit/check.h"
#include "tests/fuzz/random.h"
#include "vm/base/str.h"

static bool plainly_matches(Str text, Str pattern)
{
    if (!pattern.len) return !text.len;
    Str rest = str_slice(pattern, 1, pattern.len);
    if (pattern.data[0] != '*')
        return text.len && text.data[0] == pattern.data[0] && plainly_matches(str_slice(text, 1, text.len), rest);
    for (size_t skip = 0; skip <= text.len; skip++) {
        if (plainly_matches(str_slice(text, skip, text.len), rest)) return true;
    }
    return false;
}

static ptrdiff_t plainly_found(Str text, Str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (str_starts_with(str_slice(text, at, text.len), part)) return (ptrdiff_t)at;
    }
    return -1;
}

static Str any_text(Random *random, char *place, const char *letters, size_t kinds)
{
    size_t len = random_below(random, 9);
    for (size_t i = 0; i < len; i++)
        place[i] = letters[random_below(random, kinds)];
    return (Str){place, len};
}

int main(void)
{
    Random random = {.state = 1};
    for (int i = 0; i < 200000; i++) {
        char text_place[8], pattern_place[8], part_place[8];
        Str text = any_text(&random, text_place, "ab", 2), pattern = any_text(&random, pattern_place, "ab**", 4);
        Str part = any_text(&random, part_place, "ab", 2);
        CHECK(str_matches_glob(text, pattern) == plainly_matches(text, pattern));
        CHECK(str_find(text, part) == plainly_found(text, part));
    }
    return check_done();
}
