/* fmt: writes the tokens of a file again, with canonical blanks between them.
 *
 * In: the lexer's tokens (newlines included), comments, and from the tree only which braces are maps. Out:
 * text. It puts tokens in no other order, adds none and takes none away but a `;` that ends a line. Called by
 * `planc fmt`. */
#include "compiler/tools/fmt.h"
#include "compiler/syntax/build.h"
#include "compiler/syntax/layout.h"
#include "compiler/syntax/parse.h"
#include "plan.tab.h"

#include <stdlib.h>
#include <string.h>

typedef struct FmtOpen {
    size_t indent; /* of its line, as written out */
    bool block;    /* a `{` of statements, not of a map */
} FmtOpen;

typedef struct Fmt {
    const SourceFile *file;
    const TokenList *list;
    Buffer *out;
    VEC(uint32_t) maps; /* offsets of the `{` of maps, in order */
    VEC(FmtOpen) opens;
    size_t comment;      /* the next one to be written */
    uint32_t line;       /* source line of the line being written, 0 before the first */
    size_t indent;       /* of the line being written */
    uint32_t end;        /* source offset up to which everything is written */
    const Token *before; /* the last token written; NULL at the beginning of the file */
    bool map_before;     /* it is a brace of a map */
    bool fresh;          /* nothing stands on the line yet */
} Fmt;

/* ---- maps ---- */

static void find_maps(Node *node, void *context)
{
    Fmt *fmt = context;
    if (node->kind == NODE_MAP || node->kind == NODE_TYPE_MAP) vec_push(&fmt->maps, node->span.start);
    node_children(node, find_maps, fmt);
}

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static bool is_map(const Fmt *fmt, uint32_t offset)
{
    return fmt->maps.count > 0 &&
           bsearch(&offset, fmt->maps.items, fmt->maps.count, sizeof offset, by_value) != NULL;
}

/* ---- blanks between two tokens of a line ---- */

static bool is_sign(int kind)
{
    switch (kind) {
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
    case TOK_ABSENT: return true;
    default: return false;
    }
}

static bool ends_operand(const Token *token)
{
    if (token->kind == TOK_IDENT) return true;
    if (token->flags & TOKEN_WORD) {
        const Keyword *keyword = keyword_find(token_text(token));
        if (token->kind == TOK_JUMPS) return false; /* clock jumps -1h */
        return keyword == NULL || !keyword->reserved || token->kind == TOK_TRUE || token->kind == TOK_FALSE ||
               token->kind == TOK_NONE;
    }
    return token->kind == TOK_RPAREN || token->kind == TOK_RBRACKET || token->kind == TOK_STRING_END ||
           (token->kind >= TOK_INT_LITERAL && token->kind <= TOK_TIME_LITERAL);
}

/* Words after which `(` does not begin the arguments of a call. */
static bool stands_apart(const Token *word)
{
    const Keyword *keyword =
        word->kind != TOK_IDENT && (word->flags & TOKEN_WORD) ? keyword_find(token_text(word)) : NULL;
    return keyword != NULL && (keyword->reserved ? keyword->kind != TOK_FN
                                                 : keyword->kind == TOK_WITH || keyword->kind == TOK_WAIT);
}

enum { NONE_AT_ALL = 0, AS_WRITTEN = 1, AT_LEAST_ONE = 2 };

/* What goes between the token before and this one. `unary` says that the one before is a minus sign. */
static int blanks_between(const Fmt *fmt, const Token *a, const Token *b, bool unary)
{
    bool map_here =
        b->kind == TOK_LBRACE ? is_map(fmt, b->span.start) : b->kind == TOK_RBRACE && is_map(fmt, b->value.partner);
    if (b->kind == TOK_COMMA || b->kind == TOK_SEMI || b->kind == TOK_RPAREN || b->kind == TOK_RBRACKET ||
        b->kind == TOK_DOT || b->kind == TOK_COLON || b->kind == TOK_QUESTION || b->kind == TOK_SPREAD)
        return NONE_AT_ALL;
    if (a->kind == TOK_LPAREN || a->kind == TOK_LBRACKET || a->kind == TOK_DOT || unary) return NONE_AT_ALL;
    if ((a->kind == TOK_LBRACE && fmt->map_before) || (b->kind == TOK_RBRACE && map_here)) return NONE_AT_ALL;
    if (a->kind == TOK_RANGE) return b->kind == TOK_LBRACE ? AT_LEAST_ONE : NONE_AT_ALL;
    if (b->kind == TOK_RANGE) return NONE_AT_ALL;
    if (b->kind == TOK_LPAREN) {
        if (a->kind == TOK_QUESTION || is_sign(a->kind) || stands_apart(a) || a->kind == TOK_COMMA)
            return AT_LEAST_ONE;
        return AS_WRITTEN;
    }
    if (b->kind == TOK_LBRACKET && (ends_operand(a) || a->kind == TOK_RBRACE)) return AS_WRITTEN;
    return AT_LEAST_ONE;
}

static void write_blanks(Fmt *fmt, const Token *token, bool unary)
{
    int rule = blanks_between(fmt, fmt->before, token, unary);
    Str between = str_slice(fmt->file->text, fmt->end, token->span.start);
    size_t written =
        memchr(between.data, '\t', between.len) || memchr(between.data, '\n', between.len) ? 1 : between.len;
    if (rule == NONE_AT_ALL) return;
    if (rule == AS_WRITTEN && written > 1) written = 1;
    if (rule == AT_LEAST_ONE && written == 0) written = 1;
    for (size_t i = 0; i < written; i++)
        buffer_add_char(fmt->out, ' ');
}

/* ---- lines ---- */

static uint32_t line_of(const Fmt *fmt, uint32_t offset)
{
    return source_line_at(fmt->file, offset);
}

static void write_indent(Fmt *fmt, size_t indent)
{
    for (size_t i = 0; i < indent; i++)
        buffer_add_char(fmt->out, ' ');
    fmt->indent = indent;
    fmt->fresh = false;
}

static void end_line(Fmt *fmt)
{
    while (fmt->out->len > 0 && fmt->out->data[fmt->out->len - 1] == ' ')
        fmt->out->data[--fmt->out->len] = '\0';
    buffer_add_char(fmt->out, '\n');
    fmt->fresh = true;
}

static size_t body_indent(const Fmt *fmt)
{
    return fmt->opens.count > 0 ? fmt->opens.items[fmt->opens.count - 1].indent + 2 : 0;
}

/* Begins the output line for what stands at a source offset: at most one empty line before it, none after a
 * `{`. */
static void begin_line(Fmt *fmt, uint32_t offset, bool closes)
{
    uint32_t line = line_of(fmt, offset);
    bool after_open = fmt->before != NULL && token_opens(fmt->before->kind) &&
                      line_of(fmt, fmt->before->span.start) == fmt->line;
    if (!fmt->fresh && fmt->line > 0) end_line(fmt);
    if (fmt->line > 0 && line > fmt->line + 1 && !after_open && !closes) buffer_add_char(fmt->out, '\n');
    fmt->line = line;
}

/* Comments that stand before an offset: those of the line being written behind it, others on lines of their
 * own. */
static void write_comments(Fmt *fmt, uint32_t offset)
{
    for (; fmt->comment < fmt->list->comments.count; fmt->comment++) {
        const Comment *comment = &fmt->list->comments.items[fmt->comment];
        if (comment->span.start >= offset) return;
        Str text = str_trim(str_slice(fmt->file->text, comment->span.start, comment->span.end));
        if (!comment->own_line && !fmt->fresh && fmt->before) {
            Str between = str_slice(fmt->file->text, fmt->end, comment->span.start);
            bool blanks =
                between.len > 0 && str_trim(between).len == 0 && !memchr(between.data, '\t', between.len);
            for (size_t i = 0; i < (blanks ? between.len : 1); i++)
                buffer_add_char(fmt->out, ' ');
        } else {
            begin_line(fmt, comment->span.start, false);
            write_indent(fmt, body_indent(fmt));
        }
        buffer_add_str(fmt->out, text);
        fmt->end = comment->span.end;
        fmt->line = line_of(fmt, comment->span.start);
        end_line(fmt);
    }
}

/* ---- literals ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A block of text moves with the line on which it begins; what it says stays the same. */
static void write_block(Fmt *fmt, Str text, size_t old_indent)
{
    size_t close = text.len - 3, column = 0;
    while (close > 0 && is_blank(text.data[close - 1]))
        close--, column++;
    ptrdiff_t shift = (ptrdiff_t)fmt->indent - (ptrdiff_t)old_indent;
    bool own_line = close > 0 && text.data[close - 1] == '\n';
    if (!own_line || shift == 0) {
        buffer_add_str(fmt->out, text);
        return;
    }
    if ((ptrdiff_t)column + shift < 0) shift = -(ptrdiff_t)column;
    for (size_t i = 0; i < text.len;) {
        size_t blanks = 0, end = i;
        while (i > 0 && i + blanks < text.len && is_blank(text.data[i + blanks]))
            blanks++;
        while (end < text.len && text.data[end] != '\n')
            end++;
        if (i + blanks < end && i > 0) {
            ptrdiff_t now = (ptrdiff_t)blanks + shift;
            if (blanks < column && now > (ptrdiff_t)column + shift) now = (ptrdiff_t)column + shift;
            for (ptrdiff_t n = 0; n < now; n++)
                buffer_add_char(fmt->out, ' ');
            buffer_add_str(fmt->out, str_slice(text, i + blanks, end));
        } else {
            buffer_add_str(fmt->out, str_slice(text, i, end));
        }
        if (end < text.len) buffer_add_char(fmt->out, '\n');
        i = end + 1;
    }
}

static size_t source_indent(const Fmt *fmt, uint32_t offset)
{
    size_t start = source_line_start(fmt->file, line_of(fmt, offset)), blanks = 0;
    while (start + blanks < fmt->file->text.len && is_blank(fmt->file->text.data[start + blanks]))
        blanks++;
    return blanks;
}

/* The index of the token that ends the literal which begins at `index`. */
static size_t literal_end(const TokenList *list, size_t index)
{
    int depth = 0;
    for (;; index++) {
        int kind = list->tokens.items[index].kind;
        if (kind == TOK_STRING_BEGIN || kind == TOK_COMMAND_BEGIN) depth++;
        if ((kind == TOK_STRING_END || kind == TOK_COMMAND_END) && --depth == 0) return index;
    }
}

static size_t write_literal(Fmt *fmt, size_t index)
{
    const Token *begin = &fmt->list->tokens.items[index];
    size_t last = literal_end(fmt->list, index);
    const Token *end = &fmt->list->tokens.items[last];
    Str text = str_slice(fmt->file->text, begin->span.start, end->span.end);
    if (begin->kind == TOK_STRING_BEGIN && (begin->flags & TOKEN_BLOCK))
        write_block(fmt, text, source_indent(fmt, begin->span.start));
    else
        buffer_add_str(fmt->out, text);
    fmt->line = line_of(fmt, end->span.end > end->span.start ? end->span.end - 1 : end->span.end);
    return last;
}

/* ---- tokens ---- */

/* A line that goes on with what the line before began, without a bracket around it. */
static bool continues(const Fmt *fmt, const Token *token)
{
    if (fmt->before == NULL || token_opens(fmt->before->kind)) return false;
    switch (token->kind) {
    case TOK_THEN:
    case TOK_AND:
    case TOK_OR:
    case TOK_DOT: return true;
    default: break;
    }
    switch (fmt->before->kind) {
    case TOK_COMMA:
    case TOK_THEN:
    case TOK_ELSE:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_MOD:
    case TOK_IN:
    case TOK_MATCHES:
    case TOK_AS:
    case TOK_COLON: return true;
    default: return is_sign(fmt->before->kind);
    }
}

static void start_token_line(Fmt *fmt, const Token *token)
{
    bool block = fmt->opens.count == 0 || fmt->opens.items[fmt->opens.count - 1].block;
    bool closes = token_closes(token->kind);
    begin_line(fmt, token->span.start, closes);
    size_t indent = body_indent(fmt);
    if (closes && fmt->opens.count > 0)
        indent = fmt->opens.items[fmt->opens.count - 1].indent;
    else if (block && continues(fmt, token))
        indent += 4;
    write_indent(fmt, indent);
}

/* Is a `;` the last thing of its line or block? */
static bool ends_nothing(const TokenList *list, size_t index)
{
    int next = list->tokens.items[index + 1].kind;
    return next == TOK_NL || next == TOK_RBRACE || next == TOK_YYEOF || next == TOK_SEMI;
}

static void write_tokens(Fmt *fmt)
{
    const Token *items = fmt->list->tokens.items;
    bool unary = false, newline = false;
    for (size_t i = 0; items[i].kind != TOK_YYEOF; i++) {
        const Token *token = &items[i];
        if (token->kind == TOK_NL) {
            newline = true;
            continue;
        }
        if (token->kind == TOK_SEMI && ends_nothing(fmt->list, i)) continue;
        write_comments(fmt, token->span.start);
        bool closes = token_closes(token->kind);
        if (fmt->before == NULL || newline || fmt->fresh)
            start_token_line(fmt, token);
        else
            write_blanks(fmt, token, unary);
        newline = false;
        unary = token->kind == TOK_MINUS && (fmt->before == NULL || !ends_operand(fmt->before));
        bool map = token->kind == TOK_LBRACE && is_map(fmt, token->span.start);
        if (closes && fmt->opens.count > 0) fmt->opens.count--;
        if (token->kind == TOK_STRING_BEGIN || token->kind == TOK_COMMAND_BEGIN)
            i = write_literal(fmt, i);
        else
            buffer_add_str(fmt->out, token_text(token));
        if (token_opens(token->kind))
            vec_push(&fmt->opens, (FmtOpen){fmt->indent, token->kind == TOK_LBRACE && !map});
        fmt->before = &items[i];
        fmt->map_before = map;
        fmt->end = items[i].span.end;
    }
    write_comments(fmt, UINT32_MAX);
    if (!fmt->fresh && fmt->before) end_line(fmt);
}

/* Here a brace's partner is the offset of its opener, which says whether it is a map; and a word after `.` is
 * a name. */
static void prepare(TokenList *list)
{
    VEC(uint32_t) opens = {0};
    for (size_t i = 0; i < list->tokens.count; i++) {
        Token *token = &list->tokens.items[i];
        if (i > 0 && (token->flags & TOKEN_WORD) && token[-1].kind == TOK_DOT) token->kind = TOK_IDENT;
        if (token_opens(token->kind))
            vec_push(&opens, token->span.start);
        else if (token_closes(token->kind) && opens.count > 0)
            token->value.partner = opens.items[--opens.count];
    }
    vec_free(&opens);
}

bool fmt_source(SourceSet *sources, uint32_t file, Buffer *out, Diagnostics *diagnostics)
{
    Arena arena = {0};
    TokenList list = {0};
    Diagnostics said = {0};
    size_t errors = diagnostics->errors;
    Fmt fmt = {.file = source_file(sources, file), .list = &list, .out = out, .fresh = true};
    Node *tree = parse_file(&arena, sources, file, diagnostics);
    bool good = diagnostics->errors == errors;
    if (good) {
        find_maps(tree, &fmt);
        if (fmt.maps.count > 1) qsort(fmt.maps.items, fmt.maps.count, sizeof *fmt.maps.items, by_value);
        lex_file(fmt.file, &arena, &list, &said);
        prepare(&list);
        Str first = source_line(fmt.file, 1);
        if (str_starts_with(first, STR("#!"))) {
            buffer_add_str(out, str_trim(first));
            buffer_add_char(out, '\n');
            fmt.line = 1;
        }
        write_tokens(&fmt);
    }
    vec_free(&fmt.maps);
    vec_free(&fmt.opens);
    token_list_free(&list);
    diagnostics_free(&said);
    arena_free(&arena);
    return good;
}
