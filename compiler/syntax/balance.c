/* Brackets that do not match: where the missing one belongs.
 *
 * In: tokens with their newlines still in place. Out: the same with every bracket paired. Round brackets are
 * repaired within their line. Braces are left alone while they balance; if they do not, indentation says
 * which belong together: a `}` closes what stands at its own column, a line closes every block that is
 * indented like it or deeper. */
#include "compiler/syntax/layout.h"

#include <stdlib.h>

enum { MOST_REPORTS = 20 };

typedef struct Open {
    size_t index;
    int kind;
    size_t indent; /* of its line */
} Open;

typedef struct Edit {
    size_t before; /* token index */
    int kind;      /* to put in; 0: drop the token */
    size_t order;
} Edit;

typedef struct Problem {
    size_t index;
    enum { NOT_CLOSED, NOT_OPENED, NO_BRACE } what;
} Problem;

typedef struct Balance {
    const SourceFile *file;
    const Token *items;
    size_t count;
    bool by_indent;
    bool braces_wrong;
    uint32_t *line_ends; /* for each token its line's NL; NULL until it is needed */
    VEC(Open) opens;
    VEC(Edit) edits;
    VEC(Problem) problems;
} Balance;

static size_t indent_of(const Balance *balance, size_t index)
{
    uint32_t start = balance->items[index].span.start;
    size_t at = source_line_start(balance->file, source_line_at(balance->file, start)), blanks = 0;
    while (at + blanks < balance->file->text.len &&
           (balance->file->text.data[at + blanks] == ' ' || balance->file->text.data[at + blanks] == '\t'))
        blanks++;
    return blanks;
}

static bool begins_line(const Balance *balance, size_t index)
{
    return index == 0 || balance->items[index - 1].kind == TOK_NL;
}

static int closer_of(int kind)
{
    switch (kind) {
    case TOK_LPAREN: return TOK_RPAREN;
    case TOK_LBRACKET: return TOK_RBRACKET;
    case TOK_LBRACE: return TOK_RBRACE;
    default: return TOK_INTERP_END;
    }
}

/* The NL that ends a token's line. */
static size_t line_end(Balance *balance, size_t index)
{
    if (balance->line_ends == NULL) {
        balance->line_ends = memory_alloc(balance->count * sizeof *balance->line_ends);
        uint32_t end = (uint32_t)balance->count - 1;
        for (size_t i = balance->count; i > 0; i--) {
            if (balance->items[i - 1].kind == TOK_NL) end = (uint32_t)(i - 1);
            balance->line_ends[i - 1] = end;
        }
    }
    return balance->line_ends[index];
}

static void edit(Balance *balance, size_t before, int kind)
{
    vec_push(&balance->edits, (Edit){before, kind, balance->edits.count});
}

/* The innermost bracket was never closed: closes it before token `at`, a round one at the end of its line. */
static void close_innermost(Balance *balance, size_t at)
{
    Open open = balance->opens.items[--balance->opens.count];
    vec_push(&balance->problems, (Problem){open.index, NOT_CLOSED});
    if (open.kind == TOK_LBRACE) {
        balance->braces_wrong = true;
    } else {
        size_t end = line_end(balance, open.index);
        if (end < at) at = end;
    }
    edit(balance, at, closer_of(open.kind));
}

static void drop(Balance *balance, size_t index)
{
    vec_push(&balance->problems, (Problem){index, NOT_OPENED});
    if (balance->items[index].kind == TOK_RBRACE) balance->braces_wrong = true;
    edit(balance, index, 0);
}

/* The position in the stack, plus 1, of the opener that a closer belongs to; 0: there is none. */
static size_t opener_for(const Balance *balance, int closer)
{
    for (size_t i = balance->opens.count; i > 0; i--) {
        int kind = balance->opens.items[i - 1].kind;
        if (closer_of(kind) == closer) return i;
        /* A round bracket does not reach beyond its block; a brace not beyond its ${ }. */
        if (kind == TOK_INTERP || kind == TOK_INTERP_REQUIRED) return 0;
        if (kind == TOK_LBRACE && closer != TOK_INTERP_END) return 0;
    }
    return 0;
}

static void close_at(Balance *balance, size_t index)
{
    size_t opener = opener_for(balance, balance->items[index].kind);
    if (opener == 0) {
        drop(balance, index);
        return;
    }
    while (balance->opens.count > opener)
        close_innermost(balance, index);
    balance->opens.count--;
}

/* The innermost open brace, or NULL when none or a ${ is nearer. */
static const Open *innermost_brace(const Balance *balance)
{
    for (size_t i = balance->opens.count; i > 0; i--) {
        const Open *open = &balance->opens.items[i - 1];
        if (open->kind == TOK_LBRACE) return open;
        if (open->kind == TOK_INTERP || open->kind == TOK_INTERP_REQUIRED) return NULL;
    }
    return NULL;
}

/* A `}` that begins its line closes the block that began at its column. */
static void close_by_indent(Balance *balance, size_t index)
{
    size_t column = indent_of(balance, index);
    const Open *open;
    while ((open = innermost_brace(balance)) != NULL && open->indent > column) {
        while (balance->opens.items[balance->opens.count - 1].kind != TOK_LBRACE)
            close_innermost(balance, index);
        close_innermost(balance, index);
    }
    if (open == NULL || open->indent < column)
        drop(balance, index);
    else
        close_at(balance, index);
}

/* A line that is indented like an open block's heading, or less, is not inside of it. */
static void line_by_indent(Balance *balance, size_t index)
{
    int kind = balance->items[index].kind;
    if (kind == TOK_RBRACE || kind == TOK_NL || kind == TOK_ELSE || kind == TOK_YYEOF) return;
    size_t column = indent_of(balance, index);
    const Open *open;
    while ((open = innermost_brace(balance)) != NULL && open->indent >= column) {
        while (balance->opens.items[balance->opens.count - 1].kind != TOK_LBRACE)
            close_innermost(balance, index);
        close_innermost(balance, index);
        edit(balance, index, TOK_NL);
    }
}

/* `step "Look"` with a deeper line below: its `{` is missing. */
static bool lacks_brace(const Balance *balance, size_t index, size_t *end)
{
    const Keyword *keyword = keyword_of_kind(balance->items[index].kind);
    if (keyword == NULL || keyword->opens == '-' || keyword->kind == TOK_ON || keyword->kind == TOK_EFFECT ||
        keyword->kind == TOK_ELSE || keyword->kind == TOK_CLASSIFY || keyword->kind == TOK_ALL)
        return false;
    if (keyword->kind == TOK_SEVERITY && indent_of(balance, index) > 0) return false;
    size_t at = index;
    while (balance->items[at].kind != TOK_NL && balance->items[at].kind != TOK_YYEOF) {
        if (token_opens(balance->items[at].kind) && balance->items[at].kind == TOK_LBRACE) return false;
        at++;
    }
    *end = at;
    while (balance->items[at].kind == TOK_NL)
        at++;
    return balance->items[at].kind != TOK_YYEOF && indent_of(balance, at) > indent_of(balance, index);
}

/* A `}` within a line that would close a block of another line, while there are too many of them. */
static bool is_stray_within(const Balance *balance, size_t index)
{
    size_t opener = opener_for(balance, TOK_RBRACE), first = index;
    if (opener == 0) return true;
    while (!begins_line(balance, first))
        first--;
    return balance->items[first].kind != TOK_RBRACE && balance->opens.items[opener - 1].index < first;
}

static void match(Balance *balance, bool too_many)
{
    for (size_t i = 0; i < balance->count; i++) {
        int kind = balance->items[i].kind;
        if (balance->by_indent && begins_line(balance, i)) {
            line_by_indent(balance, i);
            size_t end;
            if (too_many && lacks_brace(balance, i, &end)) {
                vec_push(&balance->problems, (Problem){i, NO_BRACE});
                edit(balance, end, TOK_LBRACE);
                vec_push(&balance->opens, (Open){i, TOK_LBRACE, indent_of(balance, i)});
            }
        }
        if (token_opens(kind))
            vec_push(&balance->opens, (Open){i, kind, balance->by_indent ? indent_of(balance, i) : 0});
        else if (kind == TOK_RBRACE && balance->by_indent && begins_line(balance, i))
            close_by_indent(balance, i);
        else if (kind == TOK_RBRACE && too_many && is_stray_within(balance, i))
            drop(balance, i);
        else if (token_closes(kind))
            close_at(balance, i);
    }
    while (balance->opens.count > 0)
        close_innermost(balance, balance->count - 1);
}

/* Nearly every text balances, and is only looked over. */
static bool balances(const TokenList *list)
{
    enum { DEEPEST = 256 };
    int opens[DEEPEST];
    size_t depth = 0;
    for (size_t i = 0; i < list->tokens.count; i++) {
        int kind = list->tokens.items[i].kind;
        if (token_opens(kind)) {
            if (depth == DEEPEST) return false; /* not known: the long way finds out */
            opens[depth++] = kind;
        } else if (token_closes(kind) && (depth == 0 || closer_of(opens[--depth]) != kind)) {
            return false;
        }
    }
    return depth == 0;
}

/* A text of several lines that is never closed has taken with it what would have closed this, and has its message. */
static bool lost_in_text(const Diagnostics *diagnostics, Span opener)
{
    for (size_t i = 0; i < diagnostics->items.count; i++) {
        const Diag *diag = diagnostics->items.items[i];
        bool block = diag->code == DIAG_P0104 && diag->at.file == opener.file && diag->at.end == diag->at.start + 3;
        if (block && diag->at.start > opener.start) return true;
    }
    return false;
}

static void report(const Balance *balance, Diagnostics *diagnostics)
{
    for (size_t i = 0; i < balance->problems.count && i < MOST_REPORTS; i++) {
        Problem problem = balance->problems.items[i];
        const Token *token = &balance->items[problem.index];
        Diag *diag;
        switch (problem.what) {
        case NOT_CLOSED:
            if (lost_in_text(diagnostics, token->span)) break;
            diag = diag_report(diagnostics, DIAG_P0107, token->span, "this `%.*s` is not closed",
                               STR_ARG(token_text(token)));
            if (token->kind == TOK_LBRACE && balance->by_indent)
                diag_help(diagnostics, diag,
                          "by its indentation its block ends before the next line that stands as far left");
            break;
        case NOT_OPENED:
            diag_report(diagnostics, DIAG_P0107, token->span, "this `%.*s` closes nothing",
                        STR_ARG(token_text(token)));
            break;
        case NO_BRACE:
            diag_report(diagnostics, DIAG_P0107, token->span, "the `{` after this heading is missing");
            break;
        }
    }
}

/* Edits by token, those of one token in the order in which they were made. */
static int by_token(const void *left, const void *right)
{
    const Edit *a = left, *b = right;
    if (a->before != b->before) return a->before < b->before ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void apply(const Balance *balance, TokenList *list)
{
    VEC(Token) out = {0};
    size_t e = 0;
    qsort(balance->edits.items, balance->edits.count, sizeof *balance->edits.items, by_token);
    for (size_t i = 0; i < balance->count; i++) {
        bool dropped = false;
        for (; e < balance->edits.count && balance->edits.items[e].before == i; e++) {
            const Edit *change = &balance->edits.items[e];
            if (change->kind == 0) {
                dropped = true;
                continue;
            }
            Span span = {balance->file->id, balance->items[i].span.start, balance->items[i].span.start};
            vec_push(&out, (Token){.kind = (int16_t)change->kind,
                                   .flags = TOKEN_MADE,
                                   .span = span,
                                   .text = "",
                                   .value.partner = TOKEN_NONE});
        }
        if (!dropped) vec_push(&out, balance->items[i]);
    }
    vec_free(&list->tokens);
    list->tokens.items = out.items;
    list->tokens.count = out.count;
    list->tokens.cap = out.cap;
}

static void clear(Balance *balance)
{
    vec_free(&balance->opens);
    vec_free(&balance->edits);
    vec_free(&balance->problems);
    balance->braces_wrong = false;
}

void balance_tokens(const SourceFile *file, TokenList *list, Diagnostics *diagnostics)
{
    if (balances(list)) return;
    Balance balance = {.file = file, .items = list->tokens.items, .count = list->tokens.count};
    match(&balance, false);
    if (balance.braces_wrong) {
        size_t opened = 0, closed = 0;
        for (size_t i = 0; i < balance.count; i++) {
            opened += balance.items[i].kind == TOK_LBRACE;
            closed += balance.items[i].kind == TOK_RBRACE;
        }
        clear(&balance);
        balance.by_indent = true;
        match(&balance, closed > opened);
    }
    report(&balance, diagnostics);
    if (balance.edits.count > 0) apply(&balance, list);
    clear(&balance);
    free(balance.line_ends);
}
