/* Policies: lines in, decisions out. Called by planvm at each effect and by planc check. It must never allow
 * what it does not understand: a line that is no rule is an error, and nothing runs. */
#include "vm/code/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"allow", "approve", "deny"};
static const char *const kinds[POLICY_KINDS] = {"command", "http", "host",  "namespace",
                                                "context", "file", "native"};

/* ---- reading ---- */

typedef struct Line {
    Str name, rest; /* of the file; of the line */
    unsigned number;
    Error *error;
} Line;

static bool wrong(const Line *line, const char *what)
{
    return error_set(line->error, "%.*s, line %u: %s", STR_ARG(line->name), line->number, what);
}

static void skip_blanks(Line *line)
{
    while (line->rest.len && (line->rest.data[0] == ' ' || line->rest.data[0] == '\t'))
        line->rest = str_slice(line->rest, 1, line->rest.len);
}

static Str take_word(Line *line)
{
    skip_blanks(line);
    size_t len = 0;
    while (len < line->rest.len && !strchr(" \t,", line->rest.data[len]))
        len++;
    Str word = str_slice(line->rest, 0, len);
    line->rest = str_slice(line->rest, len, line->rest.len);
    return word;
}

/* Between backticks or double quotes; there is nothing to escape. */
static bool take_pattern(Line *line, Str *pattern)
{
    skip_blanks(line);
    char quote = line->rest.len ? line->rest.data[0] : 0;
    if (quote != '`' && quote != '"') return wrong(line, "a pattern stands between ` or \"");
    size_t len = 1;
    while (len < line->rest.len && line->rest.data[len] != quote)
        len++;
    if (len == line->rest.len) return wrong(line, "the pattern does not end on its line");
    *pattern = str_slice(line->rest, 1, len);
    line->rest = str_slice(line->rest, len + 1, line->rest.len);
    return pattern->len > 0 || wrong(line, "an empty pattern fits nothing");
}

static bool find_name(Str word, const char *const *names, size_t count, size_t *index)
{
    for (*index = 0; *index < count; ++*index)
        if (str_equal_c(word, names[*index])) return true;
    return false;
}

static bool take_people(Line *line, PolicyRule *rule)
{
    do {
        Str name = take_word(line);
        if (!name.len) return wrong(line, "`by` is followed by names");
        vec_push(&rule->by, name);
        skip_blanks(line);
        if (!line->rest.len || line->rest.data[0] != ',') return true;
        line->rest = str_slice(line->rest, 1, line->rest.len);
    } while (true);
}

/* deny command `…`, allow http GET "…", approve command `…` by lead, head */
static bool read_rule(Line *line, Arena *arena, PolicyRule *rule)
{
    size_t word, kind;
    if (!find_name(take_word(line), words, 3, &word))
        return wrong(line, "a rule begins with `allow`, `approve` or `deny`");
    if (!find_name(take_word(line), kinds, POLICY_KINDS, &kind))
        return wrong(line,
                     "after it comes `command`, `http`, `host`, `namespace`, `context`, `file` or `native`");
    *rule = (PolicyRule){.word = (PolicyWord)word, .kind = (PolicyKind)kind, .line = line->number};
    Str method = STR("*");
    skip_blanks(line);
    if (rule->kind == POLICY_HTTP && line->rest.len && line->rest.data[0] != '`' && line->rest.data[0] != '"')
        method = take_word(line);
    if (!take_pattern(line, &rule->pattern)) return false;
    if (rule->kind == POLICY_HTTP)
        rule->pattern = arena_printf(arena, "%.*s %.*s", STR_ARG(method), STR_ARG(rule->pattern));
    skip_blanks(line);
    if (str_starts_with(line->rest, STR("by ")) && rule->word == POLICY_APPROVE) {
        take_word(line);
        if (!take_people(line, rule)) return false;
    }
    skip_blanks(line);
    if (line->rest.len && line->rest.data[0] != '#')
        return wrong(line, "something follows the rule that is no part of one");
    return true;
}

Policy *policy_parse(Str name, Str text, Error *error)
{
    Policy *policy = memory_alloc(sizeof *policy);
    *policy = (Policy){0};
    policy->name = arena_copy(&policy->arena, name);
    Str rest = arena_copy(&policy->arena, text);
    for (unsigned number = 1; rest.len; number++) {
        ptrdiff_t end = str_find(rest, STR("\n"));
        size_t len = end < 0 ? rest.len : (size_t)end;
        Line line = {policy->name, str_trim(str_slice(rest, 0, len)), number, error};
        rest = str_slice(rest, end < 0 ? len : len + 1, rest.len);
        if (!line.rest.len || line.rest.data[0] == '#') continue;
        PolicyRule rule = {0};
        bool fine = read_rule(&line, &policy->arena, &rule);
        if (fine) {
            vec_push(&policy->rules, rule);
            continue;
        }
        vec_free(&rule.by);
        policy_free(policy);
        return NULL;
    }
    return policy;
}

Policy *policy_read(const char *path, Error *error)
{
    FILE *file = fopen(path, "rb");
    Buffer text = {0};
    size_t len = 0;
    if (file) {
        do {
            buffer_reserve(&text, 4096);
            len = fread(text.data + text.len, 1, 4096, file);
            text.len += len;
        } while (len > 0);
    }
    bool fine = file && !ferror(file);
    if (!fine) error_set(error, "the policy %s cannot be read: %s", path, strerror(errno));
    if (file) fclose(file);
    Policy *policy = fine ? policy_parse(str_from_c(path), buffer_str(&text), error) : NULL;
    buffer_free(&text);
    return policy;
}

void policy_free(Policy *policy)
{
    if (!policy) return;
    for (size_t i = 0; i < policy->rules.count; i++)
        vec_free(&policy->rules.items[i].by);
    vec_free(&policy->rules);
    arena_free(&policy->arena);
    free(policy);
}

/* ---- deciding ---- */

enum { UNKNOWN_PART = '\x01' };

/* Does the pattern fit the whole text? One star is gone back to at a time, so a long text costs no more than
 * its length times the pattern's. */
static bool fits(Str pattern, Str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, back = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            back = t;
        } else if (p < pattern.len && (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

/* The same where the text has parts that are not known: could it fit? Backwards, one row of `fits from here`
 * for each place of the pattern. */
static bool could_fit(Str pattern, Str text)
{
    bool *row = memory_alloc(text.len + 1), *after = memory_alloc(text.len + 1), *spare;
    for (size_t p = pattern.len + 1; p-- > 0;) {
        bool ends = p == pattern.len;
        for (size_t t = text.len + 1; t-- > 0;) {
            if (t == text.len)
                row[t] = ends || (pattern.data[p] == '*' && after[t]);
            else if (text.data[t] == UNKNOWN_PART)
                row[t] = row[t + 1] || (!ends && after[t]);
            else if (ends)
                row[t] = false;
            else if (pattern.data[p] == '*')
                row[t] = after[t] || row[t + 1];
            else
                row[t] = (pattern.data[p] == '?' || pattern.data[p] == text.data[t]) && after[t + 1];
        }
        spare = after, after = row, row = spare;
    }
    bool fine = after[0];
    free(row);
    free(after);
    return fine;
}

static bool is_known(Str text)
{
    return !text.len || memchr(text.data, UNKNOWN_PART, text.len) == NULL;
}

/* `sudo /usr/bin/kubectl delete x` is also `kubectl delete x`: what is forbidden, or needs an approval, is so
 * behind other words, too, and by its path. */
static bool fits_behind(Str pattern, Str text)
{
    bool starts = true;
    if (pattern.len && pattern.data[0] == '*') return fits(pattern, text);
    for (size_t at = 0; at < text.len; at++) {
        if (starts && fits(pattern, str_slice(text, at, text.len))) return true;
        starts = strchr(" \t\n;|&()`'\"/=", text.data[at]) != NULL;
    }
    return false;
}

static bool rule_fits(const PolicyRule *rule, Str text)
{
    if (rule->word == POLICY_ALLOW)
        return is_known(text) ? fits(rule->pattern, text) : could_fit(rule->pattern, text);
    /* What is not known yet is decided when it is. */
    if (!is_known(text) && rule->kind != POLICY_COMMAND) return false;
    return rule->kind == POLICY_COMMAND ? fits_behind(rule->pattern, text) : fits(rule->pattern, text);
}

PolicyWord policy_decide(const Policy *policy, PolicyKind kind, Str text, const PolicyRule **rule)
{
    const PolicyRule *found = NULL;
    bool is_list = false;
    for (size_t i = 0; i < policy->rules.count; i++) {
        const PolicyRule *one = &policy->rules.items[i];
        if (one->kind != kind) continue;
        is_list = is_list || one->word == POLICY_ALLOW;
        if ((!found || one->word > found->word) && rule_fits(one, text)) found = one;
    }
    *rule = found;
    return found ? found->word : is_list ? POLICY_DENY : POLICY_ALLOW;
}

bool policy_has(const Policy *policy, PolicyKind kind)
{
    for (size_t i = 0; i < policy->rules.count; i++)
        if (policy->rules.items[i].kind == kind) return true;
    return false;
}

void policy_explain(const Policy *policy, PolicyKind kind, Str text, const PolicyRule *rule, Buffer *out)
{
    if (rule) {
        bool denies = rule->word == POLICY_DENY;
        buffer_printf(out, "line %u of the policy %.*s %s it: %s %s `%.*s`", rule->line,
                      STR_ARG(policy->name), denies ? "denies" : "wants an approval for", words[rule->word],
                      kinds[kind], STR_ARG(rule->pattern));
        return;
    }
    buffer_printf(out, "no `allow %s` line of the policy %.*s fits `%.*s`", kinds[kind],
                  STR_ARG(policy->name), STR_ARG(text));
}

/* $1, $12, ${1}: the number; *used: bytes of it. 0: it is none. */
static size_t parameter(Str text, size_t *used)
{
    size_t at = 1, number = 0;
    bool braced = text.len > 1 && text.data[1] == '{';
    if (text.data[0] != '$') return 0;
    at += braced;
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9' && number < 1000)
        number = number * 10 + (size_t)(text.data[at++] - '0');
    *used = at + braced;
    return number;
}

void policy_script(Buffer *out, Str script, const Str *values, size_t count)
{
    buffer_add_c(out, "sh -c ");
    for (size_t i = 0; i < script.len; i++) {
        size_t used = 0, number = parameter(str_slice(script, i, script.len), &used);
        if (number && number <= count) {
            buffer_add_str(out, values[number - 1]);
            i += used - 1;
        } else if (script.data[i] != '"' && script.data[i] != '\'') {
            buffer_add_char(out, script.data[i]);
        }
    }
    for (size_t i = 0; i < count && str_find(script, STR("$@")) >= 0; i++)
        buffer_printf(out, " %.*s", STR_ARG(values[i]));
}
