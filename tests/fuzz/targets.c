/* The fuzz targets: a text goes through a door of the compiler, and what must hold of the result is looked at
 * (targets.h). */
#include "tests/fuzz/targets.h"

#include "compiler/compilation.h"
#include "compiler/emit/emit.h"
#include "compiler/syntax/layout.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/token.h"
#include "compiler/tools/fmt.h"
#include "vm/code/image.h"

#include "plan.tab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* ---- lexer ---- */

void target_lexer(Str text)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Arena arena = {0};
    TokenList list = {0};
    Buffer messages = {0};
    const SourceFile *file = source_add(&sources, STR("fuzz.plan"), text);
    lex_file(file, &arena, &list, &diagnostics);
    layout_tokens(file, &arena, &list, &diagnostics);
    must(list.tokens.count > 0, "there is a last token");
    for (size_t i = 0; i < list.tokens.count; i++) {
        const Token *token = &list.tokens.items[i];
        must(token->span.start <= token->span.end && token->span.end <= text.len, "a token lies in the text");
        must((token->kind == TOK_YYEOF) == (i + 1 == list.tokens.count), "the last token is the end");
        bool bracket = token_opens(token->kind) || token_closes(token->kind);
        must(!bracket || token->value.partner == TOKEN_NONE || token->value.partner < list.tokens.count,
             "a bracket's partner is a token");
    }
    diag_render_text(&diagnostics, &sources, false, &messages);
    buffer_free(&messages);
    token_list_free(&list);
    arena_free(&arena);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
}

/* ---- parser ---- */

void target_parser(Str text)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0}, again = {0};
    Arena arena = {0};
    Buffer out = {0}, whole = {0};
    const SourceFile *file = source_add(&sources, STR("fuzz.plan"), text);
    const Node *root = parse_file(&arena, &sources, file->id, &diagnostics);
    must(root != NULL && root->kind == NODE_FILE, "there is always a tree");
    dump_ast(root, true, &out);
    dump_ast(parse_file_whole(&arena, &sources, file->id, &again), true, &whole);
    must(str_equal(buffer_str(&out), buffer_str(&whole)), "a file is the same tree, read by declarations or as a whole");
    must(again.items.count == diagnostics.items.count, "as much is said of a file, however it is read");
    diag_render_text(&diagnostics, &sources, true, &out);
    diag_render_json(&diagnostics, &sources, &out);
    buffer_free(&out);
    buffer_free(&whole);
    diagnostics_free(&again);
    arena_free(&arena);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
}

/* ---- checker ---- */

/* False: it has findings, or is too large for an image. The image lies in the bytes, which are the caller's. */
static bool compile_text(Str text, Buffer *bytes, Image *image, Buffer *core)
{
    Compilation compilation = {0};
    Buffer messages = {0};
    bool made = false;
    Error error = {0};
    compilation.types = types_new(&compilation.arena);
    compilation.program = check_text(&compilation.arena, &compilation.sources, compilation.types,
                                     STR("fuzz.plan"), text, &compilation.diagnostics);
    if (compilation.program && !compilation.diagnostics.errors) {
        compilation_lower(&compilation);
        core_dump(compilation.core, core);
        made = emit_image(compilation.core, bytes, &error);
        if (made && !image_open(buffer_str(bytes), image, &error)) {
            fprintf(stderr, "%s\n", error.text);
            must(false, "what checks clean becomes an image that the verifier takes");
        }
    }
    diag_render_text(&compilation.diagnostics, &compilation.sources, false, &messages);
    buffer_free(&messages);
    compilation_free(&compilation);
    return made;
}

void target_checker(Str text)
{
    Image image = {0};
    Buffer bytes = {0}, core = {0};
    if (compile_text(text, &bytes, &image, &core)) image_close(&image);
    buffer_free(&bytes);
    buffer_free(&core);
}

/* ---- formatter ---- */

static bool format_text(Str text, Buffer *out)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    const SourceFile *file = source_add(&sources, STR("fuzz.plan"), text);
    bool formatted = fmt_source(&sources, file->id, out, &diagnostics);
    must(formatted == (diagnostics.errors == 0), "a text is formatted just when it has no syntax error");
    must(formatted || out->len == 0, "nothing comes of a text that does not parse");
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return formatted;
}

/* Instructions, constants and tables; only places may differ. */
static bool image_same(const Image *a, const Image *b)
{
    return a->code_count == b->code_count && memcmp(a->code, b->code, a->code_count * sizeof *a->code) == 0 &&
           a->constants_size == b->constants_size &&
           memcmp(a->constants, b->constants, a->constants_size) == 0 && a->scalar_count == b->scalar_count &&
           memcmp(a->scalars, b->scalars, a->scalar_count * sizeof *a->scalars) == 0;
}

static void check_image(Str text, Str formatted)
{
    Image before = {0}, after = {0};
    Buffer bytes_before = {0}, bytes_after = {0}, core_before = {0}, core_after = {0};
    if (compile_text(text, &bytes_before, &before, &core_before)) {
        must(compile_text(formatted, &bytes_after, &after, &core_after), "what checks clean does so when it is formatted");
        if (!str_equal(buffer_str(&core_before), buffer_str(&core_after)))
            fprintf(stderr, "--- before\n%s\n--- after\n%s\n", core_before.data, core_after.data);
        must(str_equal(buffer_str(&core_before), buffer_str(&core_after)),
             "formatting does not change the program");
        must(image_same(&before, &after), "formatting does not change the image");
        image_close(&after);
        image_close(&before);
    }
    buffer_free(&bytes_before);
    buffer_free(&bytes_after);
    buffer_free(&core_before);
    buffer_free(&core_after);
}

void target_formatter(Str text)
{
    Buffer once = {0}, twice = {0};
    if (format_text(text, &once)) {
        must(format_text(buffer_str(&once), &twice), "what is formatted parses");
        if (!str_equal(buffer_str(&once), buffer_str(&twice)))
            fprintf(stderr, "--- once\n%s\n--- twice\n%s\n", once.data, twice.data ? twice.data : "");
        must(str_equal(buffer_str(&once), buffer_str(&twice)), "formatting twice is formatting once");
        check_image(text, buffer_str(&once));
    }
    buffer_free(&once);
    buffer_free(&twice);
}
