#include "vm/base/str.h"

#include <string.h>

int str_compare(Str a, Str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_ends_with(Str s, Str suffix)
{
    return s.len >= suffix.len && str_equal((Str){s.data + (s.len - suffix.len), suffix.len}, suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim_start(Str s)
{
    size_t start = 0;
    while (start < s.len && is_blank(s.data[start])) start++;
    return str_slice(s, start, s.len);
}

Str str_trim_end(Str s)
{
    size_t end = s.len;
    while (end > 0 && is_blank(s.data[end - 1])) end--;
    return str_slice(s, 0, end);
}

Str str_trim(Str s)
{
    return str_trim_end(str_trim_start(s));
}

ptrdiff_t str_find(Str s, Str needle)
{
    if (needle.len == 0) return 0;
    const char *hit = s.len ? memmem(s.data, s.len, needle.data, needle.len) : NULL;
    return hit ? hit - s.data : -1;
}

/* What stands between stars is found as early as it can be: if the rest fits anywhere, it fits behind that. */
bool str_matches_glob(Str text, Str pattern)
{
    ptrdiff_t star = str_find(pattern, STR("*"));
    if (star < 0) return str_equal(text, pattern);
    Str part = str_slice(pattern, 0, (size_t)star);
    if (!str_starts_with(text, part)) return false;
    for (;;) {
        text = str_slice(text, part.len, text.len);
        pattern = str_slice(pattern, (size_t)star + 1, pattern.len);
        star = str_find(pattern, STR("*"));
        if (star < 0) return str_ends_with(text, pattern);
        part = str_slice(pattern, 0, (size_t)star);
        ptrdiff_t at = str_find(text, part);
        if (at < 0) return false;
        text = str_slice(text, (size_t)at, text.len);
    }
}
