/* What other languages call what a plan names: help for names and members that there are not.
 *
 * In: the name, and for a member the type that lacks it. Out: one sentence of help, or NULL. Called where such a name is
 * reported (scope.c, members.c, methods.c). */
#include "compiler/check/check.h"

#include <ctype.h>
#include <string.h>

const char *foreign_value(Str name)
{
    static const char *const rows[][2] = {
#define FOREIGN_VALUE(name, help) {name, help},
#define FOREIGN_MEMBER(name, types, help)
#include "compiler/check/foreign.def"
#undef FOREIGN_VALUE
#undef FOREIGN_MEMBER
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (str_equal_c(name, rows[i][0])) return rows[i][1];
    return NULL;
}

static char letter_of(const Checker *c, const Type *type)
{
    if (type == c->result || type == c->secret_result) return 'r';
    if (type == c->response || type == c->secret_response) return 'R';
    switch (type->kind) {
    case TYPE_STRING: return 's';
    case TYPE_LIST: return 'l';
    case TYPE_MAP: return 'm';
    default: return '-';
    }
}

const char *foreign_member(const Checker *c, const Type *type, Str name)
{
    static const char *const rows[][3] = {
#define FOREIGN_VALUE(name, help)
#define FOREIGN_MEMBER(name, types, help) {name, types, help},
#include "compiler/check/foreign.def"
#undef FOREIGN_VALUE
#undef FOREIGN_MEMBER
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!str_equal_c(name, rows[i][0])) continue;
        if (rows[i][1][0] == '*' || strchr(rows[i][1], letter_of(c, type))) return rows[i][2];
    }
    return NULL;
}

/* ---- texts ---- */

static bool is_value_here(const Checker *c, Str name)
{
    const Symbol *symbol = scope_find(c->scope, name);
    if (!symbol || (symbol->module && symbol->module->is_std)) return false;
    return symbol->kind == SYMBOL_SETTING || symbol->kind == SYMBOL_CONSTANT || symbol->kind == SYMBOL_VAR ||
           symbol->kind == SYMBOL_LOCAL;
}

static size_t name_len(Str text)
{
    size_t len = 0;
    while (len < text.len && (text.data[len] == '_' || isalpha((unsigned char)text.data[len]) ||
                              (len && isdigit((unsigned char)text.data[len]))))
        len++;
    return len;
}

void check_text_names(Checker *c, const Node *text)
{
    const SourceFile *file = source_file(c->program->sources, text->span.file);
    Str source = str_slice(file->text, text->span.start, text->span.end);
    for (size_t i = 0; i + 1 < source.len; i++) {
        bool dollar = source.data[i] == '$', brace = source.data[i] == '{';
        bool code = i > 1 && source.data[i - 1] == 'u' && source.data[i - 2] == '\\'; /* `\u{d}` */
        if ((!dollar && !brace) || code || (i && source.data[i - 1] == '\\')) continue;
        Str rest = str_slice(source, i + 1, source.len);
        Str name = str_slice(rest, 0, name_len(rest));
        bool closed = name.len < rest.len && rest.data[name.len] == '}';
        if (!name.len || (brace && !closed) || !is_value_here(c, name)) continue;
        Span at = {text->span.file, text->span.start + (uint32_t)i, text->span.start + (uint32_t)(i + 1 + name.len + brace)};
        Diag *diag = report(c, P1106, at, "this is text as it stands, not the value of `%.*s`", STR_ARG(name));
        report_help(c, diag, "write `${%.*s}`", STR_ARG(name));
    }
}

/* `^api-.*$`: a pattern of another kind, in which a `*` is any text and nothing else means anything. */
void check_pattern_text(Checker *c, Node *pattern)
{
    Str text;
    if (!node_plain_text(c->arena, pattern, &text) || !text.len) return;
    bool anchored = text.data[0] == '^' || text.data[text.len - 1] == '$';
    if (!anchored && str_find(text, STR(".*")) < 0 && str_find(text, STR("\\d")) < 0 && str_find(text, STR(".+")) < 0) return;
    Diag *diag = report(c, P0312, pattern->span, "this looks like a regular expression, and `matches` takes none");
    report_help(c, diag, "`*` is any text, and the whole text has to fit: `x matches \"api-*\"`; else `contains`, `starts_with`, `ends_with`");
}

/* ---- names ---- */

/* A name that is declared, but not to be written so: a fact, an enum's member, what an import would give. */
bool help_where_it_is(Checker *c, Diag *diag, Str name)
{
    const Type *incident = c->incident;
    for (size_t i = 0; incident && i < incident->field_count; i++) {
        if (!str_equal(incident->fields[i].name, name)) continue;
        report_help(c, diag, "the incident has it: `incident.%.*s`", STR_ARG(name));
        return true;
    }
    for (size_t i = 0; i < c->program->enums.count; i++) {
        const Symbol *declared = c->program->enums.items[i];
        for (size_t m = 0; declared->type && m < declared->type->member_count; m++) {
            if (!str_equal(declared->type->members[m], name)) continue;
            report_help(c, diag, "write `%.*s.%.*s`", STR_ARG(declared->name), STR_ARG(name));
            return true;
        }
    }
    if (!std_has(arena_printf(c->arena, "std/%.*s", STR_ARG(name)))) return false;
    report_help(c, diag, "write `import \"std/%.*s\"` at the beginning of the file", STR_ARG(name));
    return true;
}
