/* Strings that know their length and own nothing.
 *
 * A Str points into memory that somebody else owns (an arena, a source file, an image) and is never written
 * through. It need not end in NUL. The empty string is {"", 0} or {NULL, 0}; both are equal. */
#ifndef PLAN_BASE_STR_H
#define PLAN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Str {
    const char *data;
    size_t len;
} Str;

/* A Str from a string literal; for use in expressions and in initialisers. */
#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) {"" literal, sizeof(literal) - 1}

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, ((s).len ? (s).data : "")

/* NULL gives the empty string. */
static inline Str str_from_c(const char *text)
{
    return text ? (Str){text, strlen(text)} : (Str){"", 0};
}

static inline bool str_equal(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || (a.data[0] == b.data[0] && memcmp(a.data, b.data, a.len) == 0));
}

/* Most are told apart by their first byte; for a literal the compiler knows the rest. */
static inline bool str_equal_c(Str a, const char *b)
{
    if (a.len > 0 && b && a.data[0] != b[0]) return false;
    return str_equal(a, str_from_c(b));
}

static inline bool str_starts_with(Str s, Str prefix)
{
    return s.len >= prefix.len && str_equal((Str){s.data, prefix.len}, prefix);
}

bool str_ends_with(Str s, Str suffix);
int str_compare(Str a, Str b); /* bytewise, like memcmp; a prefix comes first */
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
