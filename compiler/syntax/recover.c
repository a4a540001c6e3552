/* Where a syntax error stands, and where parsing goes on behind it.
 *
 * In: tokens and the one that does not fit. Out: the statement and body that hold it; the parser's cursor at
 * the end of that statement or at the `{` of its body, so that recovery never cuts a group in braces. It
 * reports nothing but a block whose heading lacks its expression. */
#include "compiler/syntax/wrong.h"
#include "compiler/syntax/layout.h"
#include "plan.tab.h"

bool wrong_expects(const Wrong *wrong, int kind)
{
    for (size_t i = 0; i < wrong->expected_count; i++)
        if (wrong->expected[i] == kind) return true;
    return false;
}

/* The opener of the innermost bracket around a token, or TOKEN_NONE. */
size_t token_enclosing(const TokenList *list, size_t index)
{
    const Token *items = list->tokens.items;
    while (index > 0) {
        index--;
        if (token_closes(items[index].kind) && items[index].value.partner < index)
            index = items[index].value.partner;
        else if (token_opens(items[index].kind))
            return index;
    }
    return TOKEN_NONE;
}

/* Does a `{` here begin a map, by what stands before it? */
static bool opens_map(const Token *items, size_t brace)
{
    if (brace == 0 || (items[brace].flags & TOKEN_BLOCK)) return false;
    switch (items[brace - 1].kind) {
    case TOK_COMMA:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_COLON:
    case TOK_ASSIGN_TO:
    case TOK_JSON:
    case TOK_RETURN:
    case TOK_ABSENT:
    case TOK_EQ:
    case TOK_NE:
    case TOK_IN:
    case TOK_THEN:
    case TOK_INTERP:
    case TOK_AS:
    case TOK_UNTIL:
    case TOK_WHEN:
    case TOK_IF:
    case TOK_VERIFY:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT: return true;
    default: return false;
    }
}

/* The outermost expression bracket around a token; the token itself when it stands in none. */
static size_t outermost(const TokenList *list, size_t index)
{
    const Token *items = list->tokens.items;
    for (size_t around = token_enclosing(list, index); around != TOKEN_NONE;
         around = token_enclosing(list, around)) {
        if (items[around].kind == TOK_LBRACE && !opens_map(items, around)) break;
        index = around;
    }
    return index;
}

size_t token_statement(const TokenList *list, size_t index)
{
    const Token *items = list->tokens.items;
    index = outermost(list, index);
    while (index > 0) {
        const Token *before = &items[index - 1];
        if (before->kind == TOK_NL) break;
        if (token_closes(before->kind) && before->value.partner < index)
            index = before->value.partner;
        else if (token_opens(before->kind))
            break;
        else
            index--;
    }
    return index;
}

bool token_begins_line(const TokenList *list, size_t index)
{
    return token_statement(list, index) == index;
}

char token_body(const TokenList *list, size_t index)
{
    const Token *items = list->tokens.items;
    size_t brace = token_enclosing(list, outermost(list, index));
    if (brace == TOKEN_NONE) return 'f';
    if (items[brace - 1].kind == TOK_FAT) return 's';
    size_t heading = token_statement(list, brace);
    if (items[heading].kind == TOK_VERIFY && items[heading + 1].kind == TOK_ALL) return 'a';
    const Keyword *keyword = keyword_of_kind(items[heading].kind);
    if (items[heading].kind == TOK_MATCH || items[heading].kind == TOK_RECORD ||
        items[heading].kind == TOK_ENUM)
        return '-';
    return keyword && keyword->opens != '-' ? keyword->opens : 's';
}

/* ---- recovery ---- */

/* A bad heading of one of these still has a body worth reading. */
bool token_has_error_body(int kind)
{
    switch (kind) {
    case TOK_PLAN:
    case TOK_FN:
    case TOK_STEP:
    case TOK_FOR:
    case TOK_REPEAT:
    case TOK_REMEDIES:
    case TOK_REMEDY:
    case TOK_WATCH:
    case TOK_PHASE:
    case TOK_TRACK:
    case TOK_IF:
    case TOK_DRILL: return true;
    default: return false;
    }
}

/* Has the heading of the statement that ends at `at` a body that the parser now waits for? */
static bool waits_for_body(const Wrong *wrong)
{
    const Token *items = wrong->items;
    size_t start = wrong->start;
    for (size_t i = start; i < wrong->at; i++) { /* the statement of a match arm */
        if (items[i].kind == TOK_FAT) start = i + 1;
        if (token_opens(items[i].kind) && items[i].value.partner > i && items[i].value.partner < wrong->at)
            i = items[i].value.partner;
    }
    /* A second error in one statement: its body was found after the first. */
    return start < wrong->at && wrong->start != wrong->parse->error_start &&
           token_has_error_body(items[start].kind);
}

/* `repeat until { …`: the condition is missing and the parser took the block for a map. Gives the brace, or
 * TOKEN_NONE. */
size_t token_block_taken_for_map(const TokenList *list, size_t at)
{
    const Token *items = list->tokens.items;
    size_t brace = token_enclosing(list, at);
    if (brace == TOKEN_NONE || brace == 0 || items[brace].kind != TOK_LBRACE || at > brace + 2)
        return TOKEN_NONE;
    int before = items[brace - 1].kind;
    bool lacks_value = before == TOK_UNTIL || before == TOK_WHEN || before == TOK_IF || before == TOK_NOT ||
                       before == TOK_AND || before == TOK_OR;
    if (!opens_map(items, brace) || !lacks_value)
        return TOKEN_NONE;
    return token_has_error_body(items[token_statement(list, brace)].kind) ? brace : TOKEN_NONE;
}

/* From here on it is a block. */
void parse_read_as_block(Parse *parse, size_t brace)
{
    Token *token = &parse->list->tokens.items[brace];
    diag_report(parse->diagnostics, DIAG_P0101, token->span,
                "an expression is expected before the `{` of the block");
    token->flags |= TOKEN_BLOCK;
    parse->cursor = brace;
    parse->error_line = source_line_at(parse->file, token->span.start);
    parse->error_start = token_statement(parse->list, brace);
}

static uint32_t column_of(const Wrong *wrong, size_t token)
{
    return source_place(wrong->parse->file, wrong->items[token].span.start).column;
}

/* A heading without its `{`, at whose end `at` stands: behind the lines that stand deeper, which were its block. */
static size_t behind_block(const Wrong *wrong, size_t at)
{
    const Token *items = wrong->items;
    uint32_t column = column_of(wrong, wrong->start);
    while (items[at].kind == TOK_NL && items[at + 1].kind != TOK_YYEOF && items[at + 1].kind != TOK_RBRACE &&
           column_of(wrong, at + 1) > column) {
        for (at++; items[at].kind != TOK_NL && items[at].kind != TOK_YYEOF && items[at].kind != TOK_RBRACE; at++)
            if (token_opens(items[at].kind) && items[at].value.partner != TOKEN_NONE && items[at].value.partner > at)
                at = items[at].value.partner;
    }
    return at;
}

/* Moves the cursor to the end of the statement, or to the `{` of its body, so that no brace group is cut. A
 * heading whose body is not there gets an empty one. */
void wrong_move_on(const Wrong *wrong)
{
    Parse *parse = wrong->parse;
    const Token *items = wrong->items;
    size_t at = wrong->at, around = token_enclosing(parse->list, at);
    if (items[at].kind == TOK_YYEOF) return;
    if (around != TOKEN_NONE &&
        (items[around].kind == TOK_INTERP || items[around].kind == TOK_INTERP_REQUIRED)) {
        if (items[around].value.partner != TOKEN_NONE && items[around].value.partner != at)
            parse->cursor = items[around].value.partner;
        return;
    }
    bool body = waits_for_body(wrong);
    if (body && items[at].kind == TOK_LBRACE) return;
    size_t out = outermost(parse->list, at);
    if (out != at && items[out].value.partner != TOKEN_NONE) at = items[out].value.partner;
    for (; items[at].kind != TOK_NL && items[at].kind != TOK_YYEOF && items[at].kind != TOK_RBRACE; at++) {
        if (body && items[at].kind == TOK_LBRACE) {
            parse->cursor = at;
            return;
        }
        if (token_opens(items[at].kind) && items[at].value.partner != TOKEN_NONE && items[at].value.partner > at)
            at = items[at].value.partner;
    }
    if (body) at = behind_block(wrong, at);
    if (body) parse->block_due = 2;
    if (body || at != wrong->at) parse->cursor = at;
}
