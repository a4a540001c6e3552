/* Patterns with stars that stand for themselves: see stars.h. */
#include "vm/code/stars.h"

#include <string.h>

enum { PLAIN_LEN = sizeof STAR_PLAIN - 1 };

static bool is_plain(Str pattern, size_t at)
{
    return str_starts_with(str_slice(pattern, at, pattern.len), STR(STAR_PLAIN));
}

/* How much of the pattern at `at` means the character; 0: it does not mean it. */
static size_t step(Str pattern, size_t at, char c)
{
    if (at >= pattern.len) return 0;
    if (is_plain(pattern, at)) return c == '*' ? PLAIN_LEN : 0;
    return pattern.data[at] == c ? 1 : 0;
}

/* What stands between stars is found as early as it can be: where it does not go on from there, a character later. */
static bool match_stepwise(Str text, Str pattern)
{
    size_t in_text = 0, in_pattern = 0, behind_star = 0, star_took = 0;
    bool star = false;
    while (in_text < text.len) {
        bool any = in_pattern < pattern.len && pattern.data[in_pattern] == '*';
        size_t len = any ? 0 : step(pattern, in_pattern, text.data[in_text]);
        if (any) {
            star = true;
            behind_star = ++in_pattern;
            star_took = in_text;
        } else if (len) {
            in_pattern += len;
            in_text++;
        } else if (star) {
            in_pattern = behind_star;
            in_text = ++star_took;
        } else {
            return false;
        }
    }
    while (in_pattern < pattern.len && pattern.data[in_pattern] == '*')
        in_pattern++;
    return in_pattern == pattern.len;
}

bool stars_match(Str text, Str pattern)
{
    return str_find(pattern, STR(STAR_PLAIN)) < 0 ? str_matches_glob(text, pattern) : match_stepwise(text, pattern);
}

void stars_add_plain(Buffer *pattern, Str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '*')
            buffer_add_c(pattern, STAR_PLAIN);
        else
            buffer_add_char(pattern, value.data[i]);
    }
}

void stars_add_meant(Buffer *text, Str piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        bool plain = is_plain(piece, i);
        buffer_add_char(text, plain ? '*' : piece.data[i]);
        if (plain) i += PLAIN_LEN - 1;
    }
}
