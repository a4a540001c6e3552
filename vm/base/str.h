/* Strings that know their length and own nothing.
 *
 * A Str points into memory that somebody else owns (an arena, a source file, an image) and is never written
 * through. It need not end in NUL. The empty string is {"", 0} or {NULL, 0}; both are equal. */
#ifndef PLAN_BASE_STR_H
#define PLAN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Str {
    const char *data;
    size_t len;
} Str;

/* A Str from a string literal; for use in expressions and in initialisers. */
#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) {"" literal, sizeof(literal) - 1}

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, ((s).len ? (s).data : "")

Str str_from_c(const char *text); /* NULL gives the empty string */
bool str_equal(Str a, Str b);
bool str_equal_c(Str a, const char *b);
int str_compare(Str a, Str b); /* bytewise, like memcmp; a prefix comes first */
bool str_starts_with(Str s, Str prefix);
bool str_ends_with(Str s, Str suffix);
/* [start, end), cut to what is there. */
static inline Str str_slice(Str s, size_t start, size_t end)
{
    if (end > s.len) end = s.len;
    if (start > end) start = end;
    return s.len ? (Str){s.data + start, end - start} : s;
}
Str str_trim_start(Str s);
Str str_trim_end(Str s);
Str str_trim(Str s);                            /* without ASCII blanks at both ends */
ptrdiff_t str_find(Str s, Str needle);          /* byte offset, or -1 */

/* Does text match a pattern in which `*` stands for any text (also none)? Everything else is literal. */
bool str_matches_glob(Str text, Str pattern);

#endif
