/* Builtins on strings. */
#include "vm/core/builtins.h"

#include "vm/base/time.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The byte at which a character begins, by its number. */
static size_t character_at(Str text, int64_t number)
{
    size_t at = 0;
    for (; at < text.len; at++) {
        if (is_continuation(text.data[at])) continue;
        if (number <= 0) break;
        number--;
    }
    return at;
}

bool builtin_TEXT_LEN(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    int64_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        len += !is_continuation(text.data[i]);
    return give_scalar(call, len);
}

/* A part of the first argument as a string of its own. */
static Ref part_new(const BuiltinCall *call, size_t from, size_t to)
{
    Str text = text_view(call->vm, arg_ref(call, 0));
    if (from == 0 && to == text.len) return arg_ref(call, 0);
    Buffer *out = scratch_begin(call);
    buffer_add(out, text.data + from, to - from);
    return text_take_scratch(call->vm);
}

bool builtin_TEXT_TRIM(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    size_t from = 0, to = text.len;
    while (from < to && is_blank(text.data[from]))
        from++;
    while (to > from && is_blank(text.data[to - 1]))
        to--;
    return give_ref(call, part_new(call, from, to));
}

/* Pushes a part on the temps, where the list is collected. */
static bool part_push(const BuiltinCall *call, size_t from, size_t to)
{
    Ref part = part_new(call, from, to);
    if (part) temp_push(call->vm, part);
    return part != 0;
}

bool builtin_TEXT_LINES(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    size_t place = call->vm->temps.count;
    for (size_t from = 0; from < text.len;) {
        const char *newline = memchr(text.data + from, '\n', text.len - from);
        size_t end = newline ? (size_t)(newline - text.data) : text.len;
        size_t to = end > from && text.data[end - 1] == '\r' ? end - 1 : end;
        if (!part_push(call, from, to)) return false;
        text = text_view(call->vm, arg_ref(call, 0));
        from = end + 1;
    }
    return give_ref(call, list_of_temps(call->vm, place));
}

/* The next word from *at on; false: there is none. */
static bool word_next(Str text, size_t *at, size_t *from)
{
    while (*at < text.len && is_blank(text.data[*at]))
        ++*at;
    *from = *at;
    while (*at < text.len && !is_blank(text.data[*at]))
        ++*at;
    return *at > *from;
}

bool builtin_TEXT_WORD(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    int64_t number = arg_scalar(call, 0);
    size_t at = 0, from;
    while (number >= 0 && word_next(text, &at, &from)) {
        if (number-- == 0) return give_ref(call, part_new(call, from, at));
    }
    return give_optional(call, 0);
}

bool builtin_TEXT_SPLIT(const BuiltinCall *call)
{
    Str text, separator;
    if (!arg_text(call, 0, &text) || !arg_text(call, 1, &separator)) return false;
    size_t place = call->vm->temps.count, from = 0;
    while (from <= text.len) {
        size_t end = text.len, skip = separator.len;
        if (skip) {
            ptrdiff_t found = str_find(str_slice(text, from, text.len), separator);
            if (found >= 0) end = from + (size_t)found;
        } else {
            if (from == text.len) break;
            for (end = from + 1; end < text.len && is_continuation(text.data[end]);)
                end++;
        }
        if (!part_push(call, from, end)) return false;
        text = text_view(call->vm, arg_ref(call, 0));
        separator = text_view(call->vm, arg_ref(call, 1));
        if (end == text.len) break;
        from = end + skip;
    }
    return give_ref(call, list_of_temps(call->vm, place));
}

bool builtin_TEXT_CONTAINS(const BuiltinCall *call)
{
    Str text, part;
    return arg_text(call, 0, &text) && arg_text(call, 1, &part) &&
           give_scalar(call, str_find(text, part) >= 0);
}

bool builtin_TEXT_STARTS_WITH(const BuiltinCall *call)
{
    Str text, part;
    return arg_text(call, 0, &text) && arg_text(call, 1, &part) &&
           give_scalar(call, str_starts_with(text, part));
}

bool builtin_TEXT_ENDS_WITH(const BuiltinCall *call)
{
    Str text, part;
    return arg_text(call, 0, &text) && arg_text(call, 1, &part) &&
           give_scalar(call, str_ends_with(text, part));
}

bool builtin_TEXT_MATCHES(const BuiltinCall *call)
{
    Str text, pattern;
    return arg_text(call, 0, &text) && arg_text(call, 1, &pattern) &&
           give_scalar(call, str_matches_glob(text, pattern));
}

bool builtin_TEXT_REPLACE(const BuiltinCall *call)
{
    Str text, old, new;
    if (!arg_text(call, 0, &text) || !arg_text(call, 1, &old) || !arg_text(call, 2, &new)) return false;
    if (!old.len) return give_ref(call, arg_ref(call, 0));
    Buffer *out = scratch_begin(call);
    size_t from = 0;
    for (;;) {
        ptrdiff_t found = str_find(str_slice(text, from, text.len), old);
        if (found < 0) break;
        buffer_add(out, text.data + from, (size_t)found);
        buffer_add_str(out, new);
        from += (size_t)found + old.len;
        if (out->len > call->vm->limits.string_bytes) break; /* giving it fails */
    }
    buffer_add(out, text.data + from, text.len - from);
    return give_scratch(call);
}

static bool letters_change(const BuiltinCall *call, char first, char last)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    Buffer *out = scratch_begin(call);
    buffer_add_str(out, text);
    for (size_t i = 0; i < out->len; i++) {
        if (out->data[i] >= first && out->data[i] <= last) out->data[i] = (char)(out->data[i] ^ 0x20);
    }
    return give_scratch(call);
}

bool builtin_TEXT_UPPER(const BuiltinCall *call)
{
    return letters_change(call, 'a', 'z');
}

bool builtin_TEXT_LOWER(const BuiltinCall *call)
{
    return letters_change(call, 'A', 'Z');
}

bool builtin_TEXT_SLICE(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    size_t from = character_at(text, arg_scalar(call, 0)), to = character_at(text, arg_scalar(call, 1));
    return give_ref(call, part_new(call, from, to > from ? to : from));
}

/* ---- reading ---- */

bool builtin_TEXT_TO_JSON(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    heap_charge(call->vm, text.len * 16); /* a byte of JSON is more work than one that is copied */
    Ref json = json_read_text(call->vm, arg_ref(call, 0));
    if (!json && call->vm->failure.kind != FAILURE_LIMIT) call->vm->failure.set = false;
    return !call->vm->failure.set && give_optional(call, json);
}

/* ---- quoting ---- */

static bool quoted(const BuiltinCall *call, const char *quote_inside)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    Buffer *out = scratch_begin(call);
    buffer_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'')
            buffer_add_c(out, quote_inside);
        else
            buffer_add_char(out, text.data[i]);
    }
    buffer_add_char(out, '\'');
    return give_scratch(call);
}

bool builtin_TEXT_FOR_SHELL(const BuiltinCall *call)
{
    return quoted(call, "'\\''");
}

/* A server may read a backslash as one or as an escape, as it was told; with E before the quote it is always an
 * escape, so there it is doubled. Where E is unknown (not PostgreSQL) that is an error, and no way out of the
 * quotes. */
bool builtin_TEXT_FOR_SQL(const BuiltinCall *call)
{
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    if (str_find(text, STR("\\")) < 0) return quoted(call, "''");
    Buffer *out = scratch_begin(call);
    buffer_add_c(out, " E'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\') buffer_add_char(out, text.data[i]);
        buffer_add_char(out, text.data[i]);
    }
    buffer_add_char(out, '\'');
    return give_scratch(call);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

/* A secret's name stands between U+FDD0 and U+FDD1 (EF B7 90, EF B7 91) and is replaced by its value later; behind
 * U+FDD4 by its value percent-encoded. */
bool builtin_TEXT_FOR_URL(const BuiltinCall *call)
{
    static const Str opens = STR_INIT("\xEF\xB7\x90"), again = STR_INIT("\xEF\xB7\x94"),
                     closes = STR_INIT("\xEF\xB7\x91");
    Str text;
    if (!arg_text(call, 0, &text)) return false;
    Buffer *out = scratch_begin(call);
    for (size_t i = 0; i < text.len; i++) {
        Str rest = str_slice(text, i, text.len);
        bool handle = str_starts_with(rest, opens) || str_starts_with(rest, again);
        ptrdiff_t end = handle ? str_find(rest, closes) : -1;
        if (end > 0) {
            size_t len = (size_t)end + closes.len;
            buffer_add_str(out, again);
            buffer_add(out, rest.data + opens.len, len - opens.len);
            i += len - 1;
        } else if (is_unreserved(text.data[i])) {
            buffer_add_char(out, text.data[i]);
        } else {
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)text.data[i]);
        }
    }
    return give_scratch(call);
}
