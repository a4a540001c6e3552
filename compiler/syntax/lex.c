/* What the lexer's rules do: tokens, comments, the stack of open literals, and what is wrong with words and
 * numbers.
 *
 * In: matches of grammar/plan.l. Out: a TokenList and diagnostics. Numbers are in lex_number.c. It never
 * looks at more than the match and the stack. */
#include "compiler/syntax/lex_state.h"
#include "compiler/syntax/build.h"
#include "plan.tab.h"
#include "vm/base/utf8.h"

#include <stdlib.h>

enum { DEEPEST_LITERAL = 32 };

void lex_advance(Lex *lex, size_t len)
{
    lex->start = lex->offset;
    lex->offset += (uint32_t)len;
}

Span lex_span(const Lex *lex)
{
    return (Span){lex->file->id, lex->start, lex->offset};
}

Token *lex_push(Lex *lex, int kind, Span span)
{
    vec_push(&lex->out->tokens, (Token){.kind = (int16_t)kind,
                                        .span = span,
                                        .text = lex->file->text.data + span.start,
                                        .value.partner = TOKEN_NONE});
    return &lex->out->tokens.items[lex->out->tokens.count - 1];
}

/* A token that closes what the text left open. */
static void push_made(Lex *lex, int kind, uint32_t offset)
{
    lex_push(lex, kind, (Span){lex->file->id, offset, offset})->flags = TOKEN_MADE;
}

void lex_token(Lex *lex, int kind, const char *text, size_t len)
{
    (void)text, (void)len;
    lex_push(lex, kind, lex_span(lex));
}

void lex_comment(Lex *lex, const char *text, size_t len)
{
    Span span = lex_span(lex);
    if (span.start == 0 && len > 1 && text[1] == '!') return;
    while (len > 0 && text[len - 1] == '\r')
        len--, span.end--;
    size_t before = span.start;
    while (before > 0 &&
           (lex->file->text.data[before - 1] == ' ' || lex->file->text.data[before - 1] == '\t'))
        before--;
    bool own_line = before == 0 || lex->file->text.data[before - 1] == '\n';
    bool doc = len > 1 && text[1] == '#' && (len == 2 || text[2] != '#');
    vec_push(&lex->out->comments, (Comment){span, doc, own_line});
}

void lex_word(Lex *lex, const char *text, size_t len)
{
    const Keyword *keyword = keyword_find((Str){text, len});
    Token *token = lex_push(lex, keyword ? keyword->kind : TOK_IDENT, lex_span(lex));
    token->flags = keyword && keyword->reserved ? TOKEN_WORD | TOKEN_RESERVED : TOKEN_WORD;
}

void lex_foreign(Lex *lex, const char *text, size_t len)
{
    static const struct {
        const char *text, *ours;
        int kind;
    } table[] = {{"&&", "and", TOK_AND}, {"||", "or", TOK_OR},  {"!", "not", TOK_NOT},
                 {"%", "mod", TOK_MOD},  {"===", "==", TOK_EQ}, {"!==", "!=", TOK_NE}};
    Str word = {text, len};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!str_equal_c(word, table[i].text)) continue;
        diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "`%s` is written `%s` here", table[i].text,
                    table[i].ours);
        lex_push(lex, table[i].kind, lex_span(lex));
        return;
    }
    const TokenList *out = lex->out;
    bool begins = out->tokens.count == 0 || out->tokens.items[out->tokens.count - 1].kind == TOK_NL;
    if (begins && str_equal_c(word, "--")) {
        Diag *comment = diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "a comment begins with `#`");
        diag_help(lex->diagnostics, comment, "write `# …`");
        return;
    }
    Diag *diag = diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "there is no operator `%.*s`",
                             STR_ARG(word));
    diag_help(lex->diagnostics, diag, "write it out: `x = x %c 1`", text[0]);
    lex_push(lex, TOK_PLUS_ASSIGN, lex_span(lex));
    if (text[1] == '=') return;
    lex_push(lex, TOK_INT_LITERAL, lex_span(lex))->value.integer = 1;
}

/* What stands in other quotes is taken for the string or command that was meant; they are `before` and `after` bytes long. */
static void push_quoted(Lex *lex, const char *message, Str text, uint32_t before, uint32_t after)
{
    Span span = lex_span(lex);
    const TokenList *out = lex->out;
    int last = out->tokens.count ? out->tokens.items[out->tokens.count - 1].kind : 0;
    bool command = last == TOK_RUN || last == TOK_OBSERVE || last == TOK_SH;
    Str inside = str_slice(text, before, text.len - after);
    Diag *diag = diag_report(lex->diagnostics, DIAG_P0103, span, "%s", command ? "a command stands in backticks" : message);
    diag_help(lex->diagnostics, diag, command ? "write `` `%.*s` ``" : "write \"%.*s\"", STR_ARG(inside));
    lex_push(lex, command ? TOK_COMMAND_BEGIN : TOK_STRING_BEGIN, (Span){span.file, span.start, span.start + before});
    lex_push(lex, TOK_TEXT, (Span){span.file, span.start + before, span.end - after});
    lex_push(lex, command ? TOK_COMMAND_END : TOK_STRING_END, (Span){span.file, span.end, span.end});
}

void lex_single_quotes(Lex *lex, const char *text, size_t len)
{
    bool closed = len > 1 && text[len - 1] == '\'';
    push_quoted(lex, "strings stand in double quotes: `\"…\"`", (Str){text, len}, 1, closed ? 1 : 0);
}

void lex_typographic_quotes(Lex *lex, const char *text, size_t len)
{
    push_quoted(lex, "typographic quotes mean nothing here; strings stand in `\"`", (Str){text, len}, 3, 3);
}

/* Signs that an editor, a web page or another language puts there. They are read as if they were not there, or as what was
 * meant. */
static bool bad_sign(Lex *lex, Str sign)
{
    static const struct {
        const char *sign, *name, *help;
        int kind; /* what it is taken for, or 0 */
    } signs[] = {
        {"\xC2\xA0", "a no-break space", "write a plain blank", 0},
        {"\xE2\x80\xAF", "a no-break space", "write a plain blank", 0},
        {"\xE2\x80\x8B", "an invisible character (U+200B)", "take it away", 0},
        {"\xE2\x80\x8C", "an invisible character (U+200C)", "take it away", 0},
        {"\xE2\x80\x8D", "an invisible character (U+200D)", "take it away", 0},
        {"\xEF\xBB\xBF", "an invisible character (U+FEFF)", "take it away", 0},
        {"\xE2\x80\x93", "a dash of typesetting", "write `-`, or `..` between the ends of a range", 0},
        {"\xE2\x80\x94", "a dash of typesetting", "write `-`, or `..` between the ends of a range", 0},
        {"\xE2\x88\x92", "a minus of typesetting", "write `-`", TOK_MINUS},
        {"\xE2\x80\xA6", "an ellipsis", "write `..` between the ends of a range", 0},
        {"\xE2\x86\x92", "an arrow of typesetting", "write `->`", TOK_ARROW},
        {"\xE2\x87\x92", "an arrow of typesetting", "write `=>`", TOK_FAT},
        {"\xE2\x89\xA5", "a sign of typesetting", "write `>=`", TOK_GE},
        {"\xE2\x89\xA4", "a sign of typesetting", "write `<=`", TOK_LE},
        {"\xE2\x89\xA0", "a sign of typesetting", "write `!=`", TOK_NE},
        {"\xC3\x97", "a sign of typesetting", "write `*`", TOK_STAR},
        {"\xE2\x80\x98", "a typographic quote", "strings stand in `\"`, commands in backticks", 0},
        {"\xE2\x80\x99", "a typographic quote", "strings stand in `\"`, commands in backticks", 0},
        {"$", NULL, "a value is named without `$`; in strings and commands it is `${name}`", 0},
        {"@", NULL, "an address stands in quotes: `\"ann@example.com\"`", 0},
        {"\\", NULL, "a line goes on behind an operator or a comma, and inside of `( )`", 0},
        {"~", NULL, "a path stands in quotes", 0},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!str_equal_c(sign, signs[i].sign)) continue;
        Diag *diag = signs[i].name
                         ? diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "%s stands here", signs[i].name)
                         : diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "`%s` means nothing outside of a string",
                                       signs[i].sign);
        diag_help(lex->diagnostics, diag, "%s", signs[i].help);
        if (signs[i].kind) lex_push(lex, signs[i].kind, lex_span(lex));
        return true;
    }
    return false;
}

void lex_bad_character(Lex *lex, const char *text, size_t len)
{
    if (len >= 3 && (memcmp(text, "\xE2\x80\x9C", 3) == 0 || memcmp(text, "\xE2\x80\x9D", 3) == 0)) {
        diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex),
                    "typographic quotes mean nothing here; strings stand in `\"`");
        return;
    }
    unsigned char first = (unsigned char)text[0];
    if (lex->too_deep) return;
    if (bad_sign(lex, (Str){text, len})) return;
    if (first >= 0x20 && first != 0x7F)
        diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex), "`%.*s` means nothing outside of a string",
                    (int)len, text);
    else
        diag_report(lex->diagnostics, DIAG_P0103, lex_span(lex),
                    "a control character (byte %u) stands in the text", first);
}

/* ---- literals ---- */

void lex_text(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    lex_push(lex, TOK_TEXT, lex_span(lex));
}

static void push_escaped(Lex *lex, const char *meaning, size_t len)
{
    Token *token = lex_push(lex, TOK_TEXT, lex_span(lex));
    token->flags = TOKEN_ESCAPED;
    token->text = arena_copy_c(lex->arena, (Str){meaning, len});
    token->value.len = (uint32_t)len;
}

void lex_escape(Lex *lex, const char *text, size_t len)
{
    switch (text[1]) {
    case 'n': push_escaped(lex, "\n", 1); return;
    case 't': push_escaped(lex, "\t", 1); return;
    case '"':
    case '\\':
    case '$':
        if (len == 2) {
            push_escaped(lex, text + 1, 1);
            return;
        }
        break;
    case 'u':
        if (len > 3) {
            char bytes[4];
            unsigned long code = strtoul(text + 3, NULL, 16);
            size_t size = len > 10 ? 0 : utf8_encode((uint32_t)code, bytes);
            if (size > 0 && code != 0) {
                push_escaped(lex, bytes, size);
                return;
            }
            diag_report(lex->diagnostics, DIAG_P0105, lex_span(lex), "`%.*s` is no character", (int)len,
                        text);
            return;
        }
        break;
    default: break;
    }
    Diag *diag = diag_report(lex->diagnostics, DIAG_P0105, lex_span(lex), "`\\%c` is no escape", text[1]);
    diag_help(lex->diagnostics, diag,
              "the escapes are \\n \\t \\\" \\\\ \\$ \\u{1F4DF}; a backslash is `\\\\`");
}

void lex_command_escape(Lex *lex, const char *text, size_t len)
{
    push_escaped(lex, text + 1, len - 1);
}

LexState lex_open(Lex *lex, LexState literal, const char *text, size_t len)
{
    (void)text, (void)len;
    bool command = literal == LEX_COMMAND || literal == LEX_COMMAND_BLOCK;
    for (size_t i = lex->levels.count; command && i > 0; i--) {
        LexLevel *level = &lex->levels.items[i - 1];
        if (level->literal == LEX_COMMAND_BLOCK && literal == LEX_COMMAND) {
            diag_report(lex->diagnostics, DIAG_P0116, lex_span(lex),
                        "a command cannot stand in the `${ }` of a command");
            return LEX_PLAIN;
        }
        if (level->literal != literal) continue;
        diag_report(lex->diagnostics, DIAG_P0116,
                    (Span){lex->file->id, level->interpolation, level->interpolation + 2},
                    "`${` is not closed before the command ends");
        lex_close_levels(lex, i - 1, lex->start);
        return lex_state(lex);
    }
    if (lex->levels.count >= DEEPEST_LITERAL) {
        if (!lex->too_deep)
            diag_report(lex->diagnostics, DIAG_P0117, lex_span(lex), "texts within `${ }` are nested too deeply");
        lex->too_deep = true;
        return LEX_PLAIN;
    }
    vec_push(&lex->levels, (LexLevel){.literal = literal, .begin = lex->start});
    Token *token = lex_push(lex, command ? TOK_COMMAND_BEGIN : TOK_STRING_BEGIN, lex_span(lex));
    if (literal == LEX_BLOCK || literal == LEX_COMMAND_BLOCK) token->flags = TOKEN_BLOCK;
    return literal;
}

LexState lex_state(const Lex *lex)
{
    if (lex->levels.count == 0) return LEX_PLAIN;
    const LexLevel *level = &lex->levels.items[lex->levels.count - 1];
    return level->interpolated ? LEX_PLAIN : level->literal;
}

static int end_kind(LexState literal)
{
    return literal == LEX_COMMAND || literal == LEX_COMMAND_BLOCK ? TOK_COMMAND_END : TOK_STRING_END;
}

LexState lex_close(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    LexLevel level = lex->levels.items[--lex->levels.count];
    lex_push(lex, end_kind(level.literal), lex_span(lex));
    return lex_state(lex);
}

/* Ends the open literals down to `keep` of them, with tokens that stand nowhere. */
void lex_close_levels(Lex *lex, size_t keep, uint32_t offset)
{
    while (lex->levels.count > keep) {
        LexLevel level = lex->levels.items[--lex->levels.count];
        for (uint32_t i = 0; level.interpolated && i < level.braces; i++)
            push_made(lex, TOK_RBRACE, offset);
        if (level.interpolated) push_made(lex, TOK_INTERP_END, offset);
        push_made(lex, end_kind(level.literal), offset);
    }
}

LexState lex_open_interpolation(Lex *lex, const char *text, size_t len)
{
    LexLevel *level = &lex->levels.items[lex->levels.count - 1];
    level->interpolated = true;
    level->interpolation = lex->start;
    level->braces = 0;
    lex_token(lex, TOK_INTERP, text, len);
    return LEX_PLAIN;
}

void lex_open_brace(Lex *lex, const char *text, size_t len)
{
    if (lex->levels.count > 0) lex->levels.items[lex->levels.count - 1].braces++;
    lex_token(lex, TOK_LBRACE, text, len);
}

LexState lex_close_brace(Lex *lex, const char *text, size_t len)
{
    LexLevel *level = lex->levels.count > 0 ? &lex->levels.items[lex->levels.count - 1] : NULL;
    if (level != NULL && level->braces == 0) {
        level->interpolated = false;
        lex_token(lex, TOK_INTERP_END, text, len);
        return level->literal;
    }
    if (level != NULL) level->braces--;
    lex_token(lex, TOK_RBRACE, text, len);
    return LEX_PLAIN;
}

static bool one_line(LexState literal)
{
    return literal == LEX_STRING || literal == LEX_COMMAND;
}

/* A newline ends every literal from the outermost one-line one inwards. */
static LexState newline_closes(Lex *lex, bool reported)
{
    for (size_t i = 0; i < lex->levels.count; i++) {
        const LexLevel *level = &lex->levels.items[i];
        if (!one_line(level->literal)) continue;
        if (!reported) {
            const char *what = level->literal == LEX_COMMAND ? "command" : "string";
            diag_report(lex->diagnostics, DIAG_P0116,
                        (Span){lex->file->id, level->interpolation, level->interpolation + 2},
                        "`${` is not closed before the line of the %s ends", what);
        }
        lex_close_levels(lex, i, lex->start);
        break;
    }
    lex_push(lex, TOK_NL, lex_span(lex));
    lex->too_deep = false;
    return lex_state(lex);
}

LexState lex_newline(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    return newline_closes(lex, false);
}

LexState lex_cut(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    const LexLevel *level = &lex->levels.items[lex->levels.count - 1];
    bool command = level->literal == LEX_COMMAND;
    /* `"a ${x"`: what seems to open a string is the end of the one around it. */
    Str rest = str_slice(lex->file->text, level->begin, lex->start);
    bool inner = lex->levels.count > 1 && one_line(level[-1].literal) && str_find(rest, STR("}")) < 0;
    if (inner) return newline_closes(lex, false);
    Span begin = {lex->file->id, level->begin, level->begin + 1};
    Diag *diag = diag_report(lex->diagnostics, DIAG_P0104, begin, "this %s is not closed on its line",
                             command ? "command" : "string");
    diag_help(lex->diagnostics, diag, "close it with `%s`, or use %s for several lines",
              command ? "`` ` ``" : "\"", command ? "```" : "\"\"\"");
    /* `step "Look {`: the brace belongs to the plan, or the whole block would be lost with it. */
    Token *last = &lex->out->tokens.items[lex->out->tokens.count - 1];
    uint32_t brace = 0;
    Str before = token_text(last);
    if (last->kind == TOK_TEXT && !(last->flags & TOKEN_ESCAPED) && before.len > 1) {
        size_t end = before.len;
        while (end > 0 && (before.data[end - 1] == ' ' || before.data[end - 1] == '\r'))
            end--;
        if (end > 1 && before.data[end - 1] == '{' && before.data[end - 2] == ' ') {
            brace = last->span.start + (uint32_t)end;
            last->span.end = brace - 1;
        }
    }
    bool outermost = lex->levels.count == 1;
    lex_close_levels(lex, lex->levels.count - 1, lex->start);
    if (brace > 0 && outermost) lex_push(lex, TOK_LBRACE, (Span){lex->file->id, brace - 1, brace});
    return newline_closes(lex, true);
}

void lex_end(Lex *lex)
{
    lex->start = lex->offset;
    if (lex->levels.count > 0) {
        const LexLevel *level = &lex->levels.items[lex->levels.count - 1];
        bool block = !one_line(level->literal);
        diag_report(lex->diagnostics, DIAG_P0104,
                    (Span){lex->file->id, level->begin, level->begin + (block ? 3u : 1u)},
                    "this %s is not closed before the file ends",
                    end_kind(level->literal) == TOK_COMMAND_END ? "command" : "string");
        lex_close_levels(lex, 0, lex->offset);
    }
    lex_push(lex, TOK_YYEOF, lex_span(lex));
}

void *lex_file_begin(Lex *lex)
{
    Str text = lex->file->text;
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.len) {
        Span at = {lex->file->id, (uint32_t)valid, (uint32_t)valid + 1};
        diag_report(lex->diagnostics, DIAG_P0115, at, "the file is not UTF-8 text: byte 0x%02X stands here",
                    (unsigned)(unsigned char)text.data[valid]);
        text.len = 0; /* what a file of another encoding says is not worth reading */
    }
    if (str_starts_with(text, STR("\xEF\xBB\xBF"))) {
        lex->offset = 3;
        text = str_slice(text, 3, text.len);
    }
    return lex_begin(lex, text);
}

void lex_file(const SourceFile *file, Arena *arena, TokenList *out, Diagnostics *diagnostics)
{
    Lex lex = {.file = file, .arena = arena, .out = out, .diagnostics = diagnostics};
    void *scanner = lex_file_begin(&lex);
    while (lex_go_on(scanner))
        ;
    lex_finish(scanner);
    vec_free(&lex.levels);
}
