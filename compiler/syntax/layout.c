/* The token pass: what stands between bytes and grammar.
 *
 * In: the lexer's tokens. Out: the tokens that the grammar reads: words beside `.`, `:`, `=>` and `=` are
 * names, two-word tokens are one, brackets match (balance.c), a newline stands exactly where something ends,
 * and `##` comments are with the declarations that they document. Called by parse_file; it knows nothing of
 * the grammar's rules. */
#include "compiler/syntax/layout.h"

#include <stdlib.h>
#include <string.h>

static bool is_word(const Token *token)
{
    return (token->flags & TOKEN_WORD) != 0;
}

/* A word that may name something: no keyword, or one that means something in some places only. */
static bool is_open_word(const Token *token)
{
    return is_word(token) && !(token->flags & TOKEN_RESERVED);
}

static bool is_text(const Token *token, const char *text)
{
    return is_word(token) && str_equal_c(token_text(token), text);
}

static bool begins_literal(int kind)
{
    return kind == TOK_STRING_BEGIN || kind == TOK_COMMAND_BEGIN ||
           (kind >= TOK_INT_LITERAL && kind <= TOK_TIME_LITERAL);
}

/* Does its neighbourhood make the word a plain name, whatever it means elsewhere? `before` is NULL for the first. */
static bool is_name_here(const Token *before, const Token *word, const Token *after)
{
    if (before && before->kind == TOK_DOT) return true;
    switch (after->kind) {
    case TOK_COLON: return true;
    case TOK_FAT:
        return word->kind != TOK_OTHERWISE && word->kind != TOK_ELSE && word->kind != TOK_TRUE &&
               word->kind != TOK_FALSE && word->kind != TOK_NONE;
    case TOK_ASSIGN_TO:
    case TOK_PLUS_ASSIGN: return is_open_word(word) || word->kind == TOK_BY || word->kind == TOK_ON;
    case TOK_LBRACKET: /* `answers[key] = …` against `page [a, b]`: the blank tells them apart. */
        if (after->span.start == word->span.end) return is_open_word(word);
        break;
    default: break;
    }
    /* `by` and `on` introduce a name; without one after them they are names themselves (`by` is a frequent
     * parameter). */
    if (word->kind == TOK_BY || word->kind == TOK_ON)
        return !is_open_word(after) && !begins_literal(after->kind) && !(before && is_text(before, "go"));
    return false;
}

/* The kind of the token that two neighbours are together, or 0. */
static int pair_kind(const Token *first, const Token *second, const Token *third)
{
    if (!is_word(second)) return 0;
    switch (first->kind) {
    case TOK_INTERP: return is_text(second, "required") && is_open_word(third) ? TOK_INTERP_REQUIRED : 0;
    case TOK_NOTIFY: {
        bool required = is_text(second, "required") && (is_open_word(third) || third->kind == TOK_LBRACKET);
        return required && !is_text(third, "using") ? TOK_NOTIFY_REQUIRED : 0;
    }
    case TOK_AT: return is_text(second, "least") ? TOK_AT_LEAST : is_text(second, "most") ? TOK_AT_MOST : 0;
    case TOK_IDENT: return is_text(first, "worse") && is_text(second, "than") ? TOK_WORSE_THAN : 0;
    default: return 0;
    }
}

/* The list ends with the end of the file, which is no word. */
static void settle_words(TokenList *list)
{
    Token *items = list->tokens.items;
    size_t count = list->tokens.count, n = 0;
    for (size_t i = 0; i < count; i++, n++) {
        Token *token = &items[n];
        if (n != i) *token = items[i];
        if (!is_word(token) && token->kind != TOK_INTERP) continue;
        const Token *after = &items[i + 1], *third = i + 2 < count ? after + 1 : after;
        if (is_word(token) && is_name_here(n > 0 ? token - 1 : NULL, token, after)) {
            token->kind = TOK_IDENT;
            continue;
        }
        int pair = pair_kind(token, after, third);
        if (pair == 0) continue;
        token->kind = (int16_t)pair;
        token->span.end = after->span.end;
        token->flags &= (uint16_t)~TOKEN_WORD;
        i++;
    }
    list->tokens.count = n;
}

/* ---- newlines ---- */

bool token_goes_on_after(int kind)
{
    switch (kind) {
    case TOK_COMMA:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_LBRACE:
    case TOK_INTERP:
    case TOK_INTERP_REQUIRED:
    case TOK_ASSIGN_TO:
    case TOK_PLUS_ASSIGN:
    case TOK_FAT:
    case TOK_ARROW:
    case TOK_EQ:
    case TOK_NE:
    case TOK_LE:
    case TOK_GE:
    case TOK_LT:
    case TOK_GT:
    case TOK_PLUS:
    case TOK_MINUS:
    case TOK_STAR:
    case TOK_SLASH:
    case TOK_ABSENT:
    case TOK_RANGE:
    case TOK_AT_LEAST:
    case TOK_WORSE_THAN:
    case TOK_DOT:
    case TOK_COLON:
    case TOK_THEN:
    case TOK_ELSE:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_MOD:
    case TOK_IN:
    case TOK_MATCHES:
    case TOK_AS: return true;
    default: return false;
    }
}

bool token_goes_on_before(int kind)
{
    return kind == TOK_ELSE || kind == TOK_THEN || kind == TOK_AND || kind == TOK_OR || kind == TOK_DOT;
}

/* Tokens are settled where they lie: what is settled is written behind the reader. There is room while more newlines are
 * dropped than made, as in most texts; else make_room makes some. */
typedef struct Settling {
    Token *items;
    size_t next, end; /* what is read next; the end of it all */
    size_t count;     /* settled */
    TokenList *list;
} Settling;

static void make_room(Settling *s)
{
    size_t rest = s->end - s->next, room = 64 + rest / 8, needed = s->end + room;
    if (needed > s->list->tokens.cap) {
        s->list->tokens.cap = needed;
        s->list->tokens.items = s->items = memory_resize(s->items, needed * sizeof *s->items);
    }
    memmove(&s->items[s->next + room], &s->items[s->next], rest * sizeof *s->items);
    s->next += room;
    s->end += room;
}

static void put(Settling *s, Token token)
{
    if (s->count == s->next) make_room(s);
    s->items[s->count++] = token;
}

static void put_bracket(Settling *s, Token token)
{
    token.value.partner = TOKEN_NONE;
    if (token_opens(token.kind)) {
        vec_push(&s->list->opens, (uint32_t)s->count);
    } else if (s->list->opens.count > 0) {
        uint32_t opener = s->list->opens.items[--s->list->opens.count];
        token.value.partner = opener;
        s->items[opener].value.partner = (uint32_t)s->count;
    }
    put(s, token);
}

static bool in_braces(const Settling *s)
{
    size_t opens = s->list->opens.count;
    return opens == 0 || s->items[s->list->opens.items[opens - 1]].kind == TOK_LBRACE;
}

static int last_kind(const Settling *s)
{
    return s->count > 0 ? s->items[s->count - 1].kind : TOK_NL;
}

/* The newline or `;` was read; what comes next decides as well. */
static void put_newline(Settling *s, Token token)
{
    bool semicolon = token.kind == TOK_SEMI;
    size_t next = s->next;
    int last = last_kind(s);
    if (last == TOK_NL || last == TOK_LBRACE || (!semicolon && token_goes_on_after(last))) return;
    while (s->items[next].kind == TOK_NL)
        next++;
    if (!semicolon && token_goes_on_before(s->items[next].kind)) return;
    token.kind = TOK_NL;
    token.flags = semicolon ? TOKEN_SEMICOLON : token.flags;
    put(s, token);
}

static void put_made_newline(Settling *s, const Token *before)
{
    Span span = {before->span.file, before->span.start, before->span.start};
    put(s, (Token){.kind = TOK_NL, .flags = TOKEN_MADE, .span = span, .text = "", .value.partner = TOKEN_NONE});
}

/* Leaves a newline exactly where something ends, and knows every bracket's partner. */
static void settle_newlines(TokenList *list)
{
    Settling s = {.items = list->tokens.items, .end = list->tokens.count, .list = list};
    while (s.next < s.end) {
        const Token token = s.items[s.next++];
        int last = last_kind(&s);
        switch (token.kind) {
        case TOK_SEMI:
            if (!in_braces(&s)) put(&s, token);
            else put_newline(&s, token);
            break;
        case TOK_NL:
            if (in_braces(&s)) put_newline(&s, token);
            break;
        case TOK_RBRACE:
            if (last != TOK_LBRACE && last != TOK_COMMA && last != TOK_NL) put_made_newline(&s, &token);
            put_bracket(&s, token);
            break;
        case TOK_YYEOF:
            if (last != TOK_NL) put_made_newline(&s, &token);
            put(&s, token);
            break;
        default:
            if (token_opens(token.kind) || token_closes(token.kind)) put_bracket(&s, token);
            else put(&s, token);
            break;
        }
    }
    list->opens.count = 0;
    list->tokens.count = s.count;
}

/* ---- documentation ---- */

/* The first token at or after an offset that is no newline, or NULL. */
static const Token *token_from(const TokenList *list, uint32_t offset)
{
    size_t low = 0, high = list->tokens.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->tokens.items[middle].span.start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < list->tokens.count && list->tokens.items[low].kind == TOK_NL)
        low++;
    return low < list->tokens.count ? &list->tokens.items[low] : NULL;
}

/* Found in the text: only what is printed needs the numbers of lines. */
static uint32_t line_start(const SourceFile *file, uint32_t offset)
{
    while (offset > 0 && file->text.data[offset - 1] != '\n')
        offset--;
    return offset;
}

/* Does the line after the one that ends at `end` begin `start`'s? */
static bool is_on_next_line(const SourceFile *file, uint32_t end, uint32_t start)
{
    const char *text = file->text.data, *newline = memchr(text + end, '\n', start - end);
    return newline && !memchr(newline + 1, '\n', (size_t)(text + start - newline - 1));
}

static Str comment_text(const SourceFile *file, const Comment *comment)
{
    Str text = str_slice(file->text, comment->span.start + 2, comment->span.end);
    return str_trim(text);
}

/* The texts of comments, one a line. */
static Str lines_text(const SourceFile *file, Arena *arena, const Comment *comments, size_t count)
{
    if (count == 1) return comment_text(file, comments);
    Buffer text = {0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buffer_add_char(&text, '\n');
        buffer_add_str(&text, comment_text(file, &comments[i]));
    }
    Str lines = arena_copy(arena, buffer_str(&text));
    buffer_free(&text);
    return lines;
}

static int by_offset(const void *left, const void *right)
{
    const TokenDoc *a = left, *b = right;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void add_doc(TokenList *list, Arena *arena, uint32_t offset, Str text)
{
    for (size_t i = list->docs.count; i > 0 && i + 2 > list->docs.count; i--) {
        TokenDoc *doc = &list->docs.items[i - 1];
        if (doc->offset != offset) continue;
        doc->text = arena_printf(arena, "%.*s\n%.*s", STR_ARG(doc->text), STR_ARG(text));
        return;
    }
    vec_push(&list->docs, (TokenDoc){offset, text});
}

static void settle_docs(const SourceFile *file, Arena *arena, TokenList *list)
{
    const Comment *comments = list->comments.items;
    for (size_t i = 0; i < list->comments.count; i++) {
        if (!comments[i].doc) continue;
        if (!comments[i].own_line) {
            const Token *token = token_from(list, line_start(file, comments[i].span.start));
            if (token && token->span.start < comments[i].span.start)
                add_doc(list, arena, token->span.start, comment_text(file, &comments[i]));
            continue;
        }
        size_t first = i;
        while (i + 1 < list->comments.count && comments[i + 1].doc && comments[i + 1].own_line &&
               is_on_next_line(file, comments[i].span.end, comments[i + 1].span.start))
            i++;
        const Token *token = token_from(list, comments[i].span.end);
        if (token && token->kind != TOK_YYEOF && is_on_next_line(file, comments[i].span.end, token->span.start))
            add_doc(list, arena, token->span.start, lines_text(file, arena, &comments[first], i + 1 - first));
    }
    if (list->docs.count > 1) qsort(list->docs.items, list->docs.count, sizeof *list->docs.items, by_offset);
}

void layout_tokens(const SourceFile *file, Arena *arena, TokenList *list, Diagnostics *diagnostics)
{
    settle_words(list);
    balance_tokens(file, list, diagnostics);
    settle_newlines(list);
    settle_docs(file, arena, list);
}
