/* Nodes that take more than a constructor: strings with their escapes and indentation, commands, names,
 * lambdas.
 *
 * In: what the grammar's actions have at hand. Out: nodes. Called by plan.y only; it looks nothing up. */
#include "compiler/syntax/build.h"

NodeList build_list(Node *first)
{
    NodeList list = {0};
    node_append(&list, first);
    return list;
}

NodeList build_more(NodeList list, Node *another)
{
    node_append(&list, another);
    return list;
}

NodeList build_declaration(Parse *parse, NodeList list, Node *another)
{
    if (parse->reader) shape_check(parse, another);
    return build_more(list, another);
}

NodeList *build_else(Parse *parse, NodeList body)
{
    NodeList *block = arena_new(parse->arena, NodeList);
    *block = body;
    return block;
}

Str build_doc(const Parse *parse, Span at)
{
    return token_doc(parse->list, at.start);
}

Node *build_once(Parse *parse, Node *old, Node *newer, Span at, const char *what)
{
    if (old != NULL) {
        Diag *diag = diag_report(parse->diagnostics, DIAG_P0112, at, "`%s` is said twice", what);
        diag_second(parse->diagnostics, diag, old->span, "here for the first time");
    }
    return newer;
}

Node *build_name(Parse *parse, const Token *token)
{
    return make_name(parse, token->span, &(struct Ast_name){token_text(token)});
}

static Node *build_text(Parse *parse, Str text, Span span)
{
    return make_text(parse, span, &(struct Ast_text){.text = text});
}

Node *build_key(Parse *parse, const Token *word)
{
    NodeList parts = build_list(build_text(parse, token_text(word), word->span));
    return make_string(parse, word->span, &(struct Ast_string){.parts = parts});
}

/* The blanks before the closing quotes of a block, when they stand alone on their line; else 0. */
static size_t block_indentation(const Parse *parse, Span span)
{
    size_t at = span.end >= 3 ? span.end - 3 : 0, blanks = 0;
    const char *data = parse->file->text.data;
    while (at > span.start && (data[at - 1] == ' ' || data[at - 1] == '\t'))
        at--, blanks++;
    return at > 0 && data[at - 1] == '\n' ? blanks : 0;
}

/* Adds a piece of a block without up to `columns` blanks at the beginning of each line. */
static void add_dedented(Buffer *out, Str piece, size_t columns, bool *line_start)
{
    size_t skipped = 0;
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.data[i];
        if (c == '\r') continue;
        if (*line_start && skipped < columns && (c == ' ' || c == '\t')) {
            skipped++;
            continue;
        }
        *line_start = c == '\n';
        if (c == '\n') skipped = 0;
        buffer_add_char(out, c);
    }
}

/* A block's first newline and its last one (before the closing quotes) are not part of the text. */
static void trim_block(NodeList parts, bool *opens_line)
{
    Node *first = parts.first, *last = parts.last;
    if (first && first->kind == NODE_TEXT && !first->text.escaped) {
        Str text = first->text.text;
        size_t skip = 0;
        while (skip < text.len &&
               (text.data[skip] == ' ' || text.data[skip] == '\t' || text.data[skip] == '\r'))
            skip++;
        if (skip < text.len && text.data[skip] == '\n') {
            first->text.text = str_slice(text, skip + 1, text.len);
            *opens_line = true;
        }
    }
    if (last && last->kind == NODE_TEXT && !last->text.escaped) {
        Str text = last->text.text;
        size_t end = text.len;
        while (end > 0 && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t'))
            end--;
        if (end > 0 && text.data[end - 1] == '\n') {
            end--;
            if (end > 0 && text.data[end - 1] == '\r') end--;
            last->text.text = str_slice(text, 0, end);
        }
    }
}

/* A text without a neighbour that it would have to be merged with, as nearly all are. */
static bool stands_as_it_is(const Node *part)
{
    return part->kind == NODE_TEXT && part->text.text.len && !(part->next && part->next->kind == NODE_TEXT);
}

Node *build_string(Parse *parse, const Token *begin, NodeList parts, Span span)
{
    bool block = (begin->flags & TOKEN_BLOCK) != 0, line_start = false;
    size_t columns = block ? block_indentation(parse, span) : 0;
    NodeList merged = {0};
    Buffer text = {0};
    Span text_span = {0};
    if (block) trim_block(parts, &line_start);
    for (Node *part = parts.first, *next;; part = next) {
        next = part ? part->next : NULL;
        if (part && stands_as_it_is(part) && !block && !text.len) {
            part->next = NULL;
            part->text.escaped = false;
            node_append(&merged, part);
            continue;
        }
        if (part && part->kind == NODE_TEXT) {
            text_span = text.len ? span_join(text_span, part->span) : part->span;
            if (block && !part->text.escaped)
                add_dedented(&text, part->text.text, columns, &line_start);
            else
                buffer_add_str(&text, part->text.text), line_start = false;
            continue;
        }
        if (text.len)
            node_append(&merged, build_text(parse, arena_copy(parse->arena, buffer_str(&text)), text_span));
        buffer_clear(&text);
        line_start = false;
        if (part == NULL) break;
        part->next = NULL;
        node_append(&merged, part);
    }
    buffer_free(&text);
    return make_string(parse, span, &(struct Ast_string){.parts = merged, .block = block});
}

Node *build_command(Parse *parse, const Token *begin, NodeList parts, Span span)
{
    NodeList merged = {0};
    for (Node *part = parts.first, *next; part; part = next) {
        next = part->next;
        part->next = NULL;
        Node *last = merged.last;
        bool plain = part->kind == NODE_TEXT && !part->text.escaped;
        if (plain && last && last->kind == NODE_TEXT && !last->text.escaped &&
            last->span.end == part->span.start) {
            last->span.end = part->span.end;
            last->text.text.len += part->text.text.len;
        } else {
            node_append(&merged, part);
        }
    }
    bool block = (begin->flags & TOKEN_BLOCK) != 0;
    return make_command(parse, span, &(struct Ast_command){.parts = merged, .block = block});
}

NodeList build_lambda_params(Parse *parse, Node *expression)
{
    struct Ast_parameter parameter = {.name_span = expression->span};
    if (expression->kind == NODE_NAME) {
        parameter.name = expression->name.text;
    } else {
        Diag *diag = diag_report(parse->diagnostics, DIAG_P0101, expression->span,
                                 "a parameter of a lambda is a name");
        diag_help(parse->diagnostics, diag, "write `x => …` or `(a, b) => …`");
    }
    return build_list(make_parameter(parse, expression->span, &parameter));
}

Node *build_verified(Parse *parse, Node *condition)
{
    if (condition->kind != NODE_COMMAND) return condition;
    struct Ast_observe look = {.effect = condition, .bare = true};
    return make_observe(parse, condition->span, &look);
}
