/* Names: scopes hold symbols, from a block outwards to the module and the names that are always there.
 *
 * In: declarations and the names that expressions mention. Out: symbols, or one message with the nearest
 * name. Called by every other file of the checker; decides nothing about types. */
#include "compiler/check/check.h"

#include <string.h>

static uint32_t hash_of(Str name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint8_t)name.data[i]) * 16777619u;
    return hash;
}

static Symbol **bucket_of(const Scope *scope, uint32_t hash)
{
    return &scope->buckets[hash & (scope->bucket_count - 1)];
}

Scope *scope_new(Checker *c, Scope *outer, size_t buckets)
{
    Scope *scope = arena_new(c->arena, Scope);
    scope->outer = outer;
    scope->bucket_count = buckets;
    scope->buckets = arena_array(c->arena, Symbol *, buckets);
    return scope;
}

Symbol *symbol_new(Checker *c, SymbolKind kind, Str name, Node *decl, Span span)
{
    Symbol *symbol = arena_new(c->arena, Symbol);
    symbol->kind = kind;
    symbol->name = name;
    symbol->hash = hash_of(name);
    symbol->decl = decl;
    symbol->span = span;
    symbol->number = c->program->symbol_count++;
    symbol->module = c->module;
    symbol->type = c->unit;
    symbol->is_read = !c->module || c->module->is_std; /* whoever wrote it does not know who reads it */
    return symbol;
}

void symbol_read(Symbol *symbol)
{
    if (!symbol->is_read)
        symbol->is_read = true; /* the prelude's are, and lie where nothing may be written */
}

/* A name is only read where its hash is the same: most lie where nothing else does. */
static Symbol *find_hashed(const Scope *scope, Str name, uint32_t hash)
{
    Symbol *symbol = *bucket_of(scope, hash);
    while (symbol && (symbol->hash != hash || !str_equal(symbol->name, name)))
        symbol = symbol->next_in_bucket;
    return symbol;
}

Symbol *scope_find_here(const Scope *scope, Str name)
{
    return find_hashed(scope, name, hash_of(name));
}

Symbol *scope_find(const Scope *scope, Str name)
{
    uint32_t hash = hash_of(name);
    for (; scope; scope = scope->outer) {
        Symbol *symbol = find_hashed(scope, name, hash);
        if (symbol) return symbol;
    }
    return NULL;
}

bool scope_add(Checker *c, Scope *scope, Symbol *symbol)
{
    Symbol *older = find_hashed(scope, symbol->name, symbol->hash);
    if (older) {
        Diag *diag = report(c, P0202, symbol->span, "`%.*s` is declared twice", STR_ARG(symbol->name));
        if (older->decl) report_second(c, diag, older->span, "first declared here");
        return false;
    }
    Symbol **bucket = bucket_of(scope, symbol->hash);
    symbol->next_in_bucket = *bucket;
    *bucket = symbol;
    return true;
}

void symbol_list_add(Checker *c, SymbolList *list, Symbol *symbol)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        Symbol **items = arena_array(c->arena, Symbol *, cap);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = symbol;
}

const char *symbol_kind_text(SymbolKind kind)
{
    static const char *const texts[SYMBOL_KIND_COUNT] = {
        [SYMBOL_LOCAL] = "a value",
        [SYMBOL_SETTING] = "a param",
        [SYMBOL_CONSTANT] = "a constant",
        [SYMBOL_VAR] = "a variable",
        [SYMBOL_SECRET] = "a secret",
        [SYMBOL_HOST] = "a host",
        [SYMBOL_CONTACT] = "a contact",
        [SYMBOL_ROLE] = "a role",
        [SYMBOL_ROTATION] = "a rotation",
        [SYMBOL_CHANNEL] = "a channel",
        [SYMBOL_CALENDAR] = "a calendar",
        [SYMBOL_SEVERITY] = "a severity",
        [SYMBOL_ESCALATION] = "an escalation",
        [SYMBOL_TEMPLATE] = "a template",
        [SYMBOL_FN] = "a function",
        [SYMBOL_EXTERN] = "a native function",
        [SYMBOL_RECORD] = "a record",
        [SYMBOL_ENUM] = "an enum",
        [SYMBOL_MEMBER] = "a member of an enum",
        [SYMBOL_CLASSIFY] = "a classification",
        [SYMBOL_PLAN] = "a plan",
        [SYMBOL_DRILL] = "a drill",
        [SYMBOL_PROMISE] = "a promise",
        [SYMBOL_RECURRING] = "recurring work",
        [SYMBOL_MODULE] = "an imported file",
        [SYMBOL_BUILTIN] = "built in",
        [SYMBOL_STEP] = "a step",
    };
    return texts[kind];
}

/* ---- names that do not exist ---- */

static bool is_word_byte(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static bool line_mentions(Str line, Str name)
{
    for (size_t i = 0; name.len && i + name.len <= line.len; i++) {
        if (!str_equal(str_slice(line, i, i + name.len), name)) continue;
        bool starts = i == 0 || !is_word_byte(line.data[i - 1]);
        bool ends = i + name.len == line.len || !is_word_byte(line.data[i + name.len]);
        if (starts && ends) return true;
    }
    return false;
}

bool has_syntax_error(const Checker *c, Span span)
{
    for (size_t i = 0; i < c->syntax_errors; i++) {
        const Span at = c->diagnostics->items.items[i]->at;
        if (at.file == span.file && at.start >= span.start && at.start <= span.end) return true;
    }
    return false;
}

/* Syntax errors are the first reports of all: the parser has run when the checker begins. */
static bool stands_in_unread_line(const Checker *c, Str name)
{
    for (size_t i = 0; i < c->syntax_errors; i++) {
        const Diag *diag = c->diagnostics->items.items[i];
        const SourceFile *file = source_file(c->program->sources, diag->at.file);
        if (line_mentions(source_line(file, source_place(file, diag->at.start).line), name)) return true;
    }
    return false;
}

bool may_report_unknown(Checker *c, Span at, Str name)
{
    ptrdiff_t dot = str_find(name, STR("."));
    if (stands_in_unread_line(c, dot > 0 ? str_slice(name, 0, (size_t)dot) : name)) return false;
    for (size_t i = 0; i < c->unknown.count; i++) {
        const UnknownName *known = &c->unknown.items[i];
        if (known->file != at.file || !str_equal(known->name, name)) continue;
        report_second(c, known->diag, at, "and here");
        return false;
    }
    return true;
}

void reported_unknown(Checker *c, Str name, Diag *diag)
{
    vec_push(&c->unknown, (UnknownName){name, diag->at.file, diag});
}

void report_unknown_name(Checker *c, Span at, Str name, const char *what)
{
    if (!may_report_unknown(c, at, name)) return;
    Diag *diag = report(c, P0201, at, "there is no %s called `%.*s`", what, STR_ARG(name));
    reported_unknown(c, name, diag);
    VEC(Str) names = {0};
    for (const Scope *scope = c->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->bucket_count; i++) {
            for (const Symbol *s = scope->buckets[i]; s; s = s->next_in_bucket)
                if (!s->module || !s->module->is_prelude) vec_push(&names, s->name);
        }
    }
    const char *foreign = foreign_value(name);
    Str nearest = suggest_nearest(name, names.items, names.count);
    if (foreign)
        report_help(c, diag, "%s", foreign);
    else if (nearest.len)
        report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    else
        help_where_it_is(c, diag, name);
    vec_free(&names);
}

Symbol *declare_local(Checker *c, Node *decl, Str name, Span span, const Type *type, bool variable)
{
    Symbol *symbol = symbol_new(c, SYMBOL_LOCAL, name, decl, span);
    symbol->type = type;
    symbol->is_variable = variable;
    if (c->body) {
        symbol->home = c->body->home;
        symbol->index = c->body->local_count++;
    }
    scope_add(c, c->scope, symbol);
    symbol_list_add(c, &c->locals, symbol);
    if (decl) {
        decl->symbol = symbol;
        decl->type = type;
    }
    return symbol;
}

void push_scope(Checker *c)
{
    c->scope = scope_new(c, c->scope, 4);
}

void pop_scope(Checker *c)
{
    c->scope = c->scope->outer;
}

void symbol_use(Checker *c, Symbol *symbol)
{
    symbol_read(symbol);
    if (symbol->kind == SYMBOL_LOCAL && c->body && symbol->home != c->body->home) symbol->is_captured = true;
}
