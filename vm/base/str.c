#include "vm/base/str.h"

#include <string.h>

Str str_from_c(const char *text)
{
    return text ? (Str){text, strlen(text)} : (Str){"", 0};
}

bool str_equal(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool str_equal_c(Str a, const char *b)
{
    return str_equal(a, str_from_c(b));
}

int str_compare(Str a, Str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts_with(Str s, Str prefix)
{
    return s.len >= prefix.len && str_equal((Str){s.data, prefix.len}, prefix);
}

bool str_ends_with(Str s, Str suffix)
{
    return s.len >= suffix.len && str_equal((Str){s.data + (s.len - suffix.len), suffix.len}, suffix);
}

Str str_slice(Str s, size_t start, size_t end)
{
    if (end > s.len) end = s.len;
    if (start > end) start = end;
    return s.len ? (Str){s.data + start, end - start} : s;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    size_t start = 0, end = s.len;
    while (start < end && is_blank(s.data[start])) start++;
    while (end > start && is_blank(s.data[end - 1])) end--;
    return str_slice(s, start, end);
}

ptrdiff_t str_find(Str s, Str needle)
{
    if (needle.len == 0) return 0;
    for (size_t at = 0; at + needle.len <= s.len; at++) {
        const char *hit = memchr(s.data + at, needle.data[0], s.len - needle.len - at + 1);
        if (!hit) return -1;
        at = (size_t)(hit - s.data);
        if (memcmp(hit, needle.data, needle.len) == 0) return (ptrdiff_t)at;
    }
    return -1;
}

bool str_matches_glob(Str text, Str pattern)
{
    /* On a mismatch only the last star needs to be tried again: linear in practice, never exponential. */
    size_t t = 0, p = 0, star = SIZE_MAX, resume = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++, t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*') p++;
    return p == pattern.len;
}
