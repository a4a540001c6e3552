/* Tokens a declaration at a time: what is read is still in the processor's cache when the parser takes it,
 * and the tokens of a large file never lie in memory all at once.
 *
 * In: a file. Out: the tokens of its declarations, settled (layout.h), one after the other in the same list.
 * Called by parse.c and the grammar. It judges nothing: where anything is wrong with a text, parse.c reads it
 * again as a whole, because what to say may depend on all of it. */
#include "compiler/syntax/portions.h"
#include "compiler/syntax/layout.h"
#include "compiler/syntax/lex_state.h"

#include <stdlib.h>

enum { MOST_TOKENS = 1024 };

struct TokenReader {
    Lex lex;
    void *scanner;
    bool ended;
};

static void count_brackets(Lex *lex)
{
    const Token *tokens = lex->out->tokens.items;
    for (; lex->counted < lex->out->tokens.count; lex->counted++) {
        int kind = tokens[lex->counted].kind;
        lex->brackets += token_opens(kind) - token_closes(kind);
    }
}

/* Does the next line that says anything belong to the one before? */
static bool next_line_goes_on(const Lex *lex)
{
    Str text = lex->file->text;
    size_t at = lex->offset, end;
    for (bool comment = false; at < text.len; at++) {
        char c = text.data[at];
        comment = c == '#' || (comment && c != '\n');
        if (!comment && c != ' ' && c != '\t' && c != '\r' && c != '\n') break;
    }
    if (at < text.len && text.data[at] == '.') return true;
    for (end = at; end < text.len && (text.data[end] | 32) >= 'a' && (text.data[end] | 32) <= 'z';)
        end++;
    const Keyword *keyword = keyword_find(str_slice(text, at, end));
    return keyword && token_goes_on_before(keyword->kind);
}

/* Where a line ends outside of all brackets, what it ends is a declaration. */
bool lex_pauses(Lex *lex)
{
    if (!lex->portions || lex->levels.count > 0) return false;
    count_brackets(lex);
    size_t count = lex->out->tokens.count;
    if (lex->brackets > 0 || count < 2) return false;
    int last = lex->out->tokens.items[count - 2].kind;
    return last != TOK_NL && !token_goes_on_after(last) && !next_line_goes_on(lex);
}

TokenReader *token_reader_new(const SourceFile *file, Arena *arena, TokenList *list, Diagnostics *said)
{
    TokenReader *reader = memory_alloc(sizeof *reader);
    reader->lex = (Lex){.file = file, .arena = arena, .out = list, .diagnostics = said, .portions = true};
    /* As many as most declarations have: the list does not grow step by step. */
    list->tokens.cap = file->text.len < MOST_TOKENS * 8 ? file->text.len / 8 + 1 : MOST_TOKENS;
    list->tokens.items = memory_alloc(list->tokens.cap * sizeof *list->tokens.items);
    reader->scanner = lex_file_begin(&reader->lex);
    return reader;
}

bool token_reader_next(TokenReader *reader)
{
    Lex *lex = &reader->lex;
    TokenList *list = lex->out;
    if (reader->ended) return false;
    list->tokens.count = list->comments.count = list->docs.count = 0;
    lex->counted = 0;
    lex->brackets = 0;
    reader->ended = !lex_go_on(reader->scanner);
    if (!reader->ended) lex_push(lex, TOK_YYEOF, (Span){lex->file->id, lex->offset, lex->offset});
    layout_tokens(lex->file, lex->arena, list, lex->diagnostics);
    if (lex->diagnostics->items.count > 0) return false;
    if (reader->ended) return true;
    /* The end that was put behind it is not the file's. A declaration ends with a newline that is written. */
    const Token *last = list->tokens.count > 1 ? &list->tokens.items[--list->tokens.count - 1] : NULL;
    return last && last->kind == TOK_NL && !(last->flags & TOKEN_MADE);
}

void token_reader_free(TokenReader *reader)
{
    lex_finish(reader->scanner);
    vec_free(&reader->lex.levels);
    free(reader);
}
