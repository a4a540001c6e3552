/* The front end's door: lexer, token pass, parser and shape check in a row, and the dump of tokens.
 *
 * In: a file of the set. Out: its tree and diagnostics. */
#include "compiler/syntax/parse.h"
#include "compiler/syntax/build.h"
#include "plan.tab.h"

/* The file by portions, which is quicker, if nothing at all is wrong with it. */
static bool parse_by_portions(Parse *parse)
{
    Diagnostics said = {0}, *diagnostics = parse->diagnostics;
    parse->diagnostics = &said;
    parse->reader = token_reader_new(parse->file, parse->arena, parse->list, &said);
    bool fine = yyparse(parse) == 0 && !parse->gave_up && said.items.count == 0;
    token_reader_free(parse->reader);
    diagnostics_free(&said);
    parse->diagnostics = diagnostics;
    return fine;
}

static Parse parse_new(Arena *arena, Arena *bodies, const SourceFile *source, TokenList *list, Diagnostics *diagnostics)
{
    Node *root = node_new(arena, NODE_FILE, (Span){source->id, 0, (uint32_t)source->text.len});
    return (Parse){.arena = arena, .whole = arena, .bodies = bodies, .file = source, .diagnostics = diagnostics,
                   .list = list, .error_start = SIZE_MAX, .root = root};
}

static Node *parse_whole(Arena *arena, Arena *bodies, const SourceFile *source, Diagnostics *diagnostics)
{
    TokenList list = {0};
    Parse parse = parse_new(arena, bodies, source, &list, diagnostics);
    lex_file(source, arena, &list, diagnostics);
    layout_tokens(source, arena, &list, diagnostics);
    yyparse(&parse);
    for node_each(declaration, parse.root->file.items)
        shape_check(&parse, declaration);
    token_list_free(&list);
    return parse.root;
}

Node *parse_file_apart(Arena *arena, Arena *bodies, SourceSet *sources, uint32_t file, Diagnostics *diagnostics)
{
    TokenList list = {0};
    const SourceFile *source = source_file(sources, file);
    Parse parse = parse_new(arena, bodies, source, &list, diagnostics);
    bool fine = parse_by_portions(&parse);
    token_list_free(&list);
    return fine ? parse.root : parse_whole(arena, bodies, source, diagnostics);
}

Node *parse_file_whole(Arena *arena, SourceSet *sources, uint32_t file, Diagnostics *diagnostics)
{
    return parse_whole(arena, arena, source_file(sources, file), diagnostics);
}

Node *parse_file(Arena *arena, SourceSet *sources, uint32_t file, Diagnostics *diagnostics)
{
    return parse_file_apart(arena, arena, sources, file, diagnostics);
}

void dump_tokens(SourceSet *sources, uint32_t file, Diagnostics *diagnostics, Buffer *out)
{
    Arena arena = {0};
    TokenList list = {0};
    const SourceFile *source = source_file(sources, file);
    lex_file(source, &arena, &list, diagnostics);
    layout_tokens(source, &arena, &list, diagnostics);
    for (size_t i = 0; i < list.tokens.count; i++) {
        const Token *token = &list.tokens.items[i];
        SourcePlace place = source_place(source, token->span.start);
        buffer_printf(out, "%u:%u %s", place.line, place.column, token_kind_name(token->kind));
        if (token->kind == TOK_IDENT || token->kind == TOK_TEXT) {
            buffer_add_c(out, " \"");
            for (size_t c = 0; c < token_text(token).len; c++) {
                if (token_text(token).data[c] == '\n')
                    buffer_add_c(out, "\\n");
                else
                    buffer_add_char(out, token_text(token).data[c]);
            }
            buffer_add_char(out, '"');
        } else if (token->kind >= TOK_INT_LITERAL && token->kind <= TOK_TIME_LITERAL) {
            buffer_printf(out, " %.*s", STR_ARG(token_text(token)));
        }
        if (token->flags & TOKEN_MADE) buffer_add_c(out, " (made)");
        buffer_add_char(out, '\n');
    }
    token_list_free(&list);
    arena_free(&arena);
}
