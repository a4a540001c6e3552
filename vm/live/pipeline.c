/* Splits a script at its pipes, by the shell's own rules of quoting, and puts it together again. Called by
 * command.c. It must never change what a script does: whatever it is not sure of goes to the shell as it is.
 */
#include "vm/live/pipeline.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(Str) Parts;

/* The place behind a quoted text that begins at `at`; SIZE_MAX: it does not end. */
static size_t behind_quotes(Str text, size_t at)
{
    char quote = text.data[at];
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.data[i] == quote) return i + 1;
        if (quote == '"' && text.data[i] == '\\') i++;
        /* A substitution inside has quotes of its own. */
        if (quote == '"' &&
            (text.data[i] == '`' || (text.data[i] == '$' && i + 1 < text.len && text.data[i + 1] == '(')))
            return SIZE_MAX;
    }
    return SIZE_MAX;
}

static bool begins_compound(Str part)
{
    static const char *const words[] = {"if", "for",      "while", "until", "case", "!",
                                        "{",  "function", "time",  "do",    "then"};
    Str word = part;
    word.len = 0;
    while (word.len < part.len && !strchr(" \t\n", part.data[word.len]))
        word.len++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_equal_c(word, words[i])) return true;
    return !word.len;
}

/* False: it is more than one pipe, or holds what is not looked into. */
static bool split(Str script, Parts *parts)
{
    size_t from = 0;
    for (size_t at = 0; at < script.len; at++) {
        char c = script.data[at], next = at + 1 < script.len ? script.data[at + 1] : 0;
        if (c == '\'' || c == '"') {
            at = behind_quotes(script, at);
            if (at-- == SIZE_MAX) return false;
        } else if (c == '\\') {
            at++;
        } else if (strchr(";&`()\n#", c) || (c == '$' && next == '(') || (c == '<' && next == '<') ||
                   (c == '|' && (next == '|' || next == '&'))) {
            /* `2>&1` and `>&2` are no `&` of their own. */
            bool copies = c == '&' && at > 0 && (script.data[at - 1] == '>' || script.data[at - 1] == '<');
            if (!copies) return false;
        } else if (c == '|') {
            vec_push(parts, str_trim(str_slice(script, from, at)));
            from = at + 1;
        }
    }
    vec_push(parts, str_trim(str_slice(script, from, script.len)));
    for (size_t i = 0; i < parts->count; i++)
        if (begins_compound(parts->items[i])) return false;
    return parts->count > 1;
}

size_t pipeline_wrap(Buffer *out, Str script)
{
    Parts parts = {0};
    size_t count = split(str_trim(script), &parts) ? parts.count : 0;
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s{ ( %.*s\n) 3>&-; printf '%zu %%d\\n' $? >&3; }", i ? " | " : "",
                      STR_ARG(parts.items[i]), i);
    if (!count && str_find(script, STR("|")) >= 0)
        buffer_add_c(out, "(set -o pipefail) 2>/dev/null && set -o pipefail; ");
    if (!count) buffer_add_str(out, script);
    vec_free(&parts);
    return count;
}

bool pipeline_read(Str said, size_t parts, Exits *exits)
{
    size_t known = 0;
    for (size_t i = 0; i < parts; i++)
        vec_push(exits, 0);
    while (said.len) {
        ptrdiff_t end = str_find(said, STR("\n"));
        if (end < 0) return false;
        char *rest;
        unsigned long part = strtoul(said.data, &rest, 10);
        if (part >= parts || *rest != ' ') return false;
        exits->items[part] = (int)strtol(rest + 1, NULL, 10);
        known++;
        said = str_slice(said, (size_t)end + 1, said.len);
    }
    return known == parts;
}
