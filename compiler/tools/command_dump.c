/* `planc dump`: what the compiler makes of a plan, for people who work on it. */
#include "compiler/tools/command.h"

#include "compiler/compilation.h"
#include "compiler/emit/emit.h"
#include "compiler/syntax/parse.h"
#include "vm/code/image.h"

static int dump_syntax(const char *path, bool tokens)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Arena arena = {0};
    Error error = {0};
    Buffer out = {0};
    SourceFile *file = source_load(&sources, str_from_c(path), &error);
    int status = EXIT_CLEAN;
    if (!file) {
        status = planc_misuse("dump", "%s", error.text);
    } else {
        if (tokens)
            dump_tokens(&sources, file->id, &diagnostics, &out);
        else
            dump_ast(parse_file(&arena, &sources, file->id, &diagnostics), true, &out);
        if (diagnostics.errors) status = EXIT_FINDINGS;
    }
    planc_print(stdout, &out);
    planc_print_diagnostics(&diagnostics, &sources);
    buffer_free(&out);
    arena_free(&arena);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

static Str line_of_source(void *ctx, Str path, uint32_t line)
{
    const SourceSet *sources = ctx;
    const SourceFile *file = source_find(sources, path);
    return file && line <= source_line_count(file) ? source_line(file, line) : STR("");
}

static int dump_program(const char *path, bool bytecode)
{
    Compilation compilation = {0};
    Error error = {0};
    Buffer out = {0}, bytes = {0};
    CompileResult result = compilation_check(&compilation, path, &error);
    if (result == COMPILE_OK) compilation_lower(&compilation);
    if (result == COMPILE_OK && !bytecode) core_dump(compilation.core, &out);
    if (result == COMPILE_OK && bytecode) {
        Image image;
        if (emit_image(compilation.core, &bytes, &error) && image_open(buffer_str(&bytes), &image, &error)) {
            image_disassemble(&image, line_of_source, &compilation.sources, &out);
            image_close(&image);
        } else {
            result = COMPILE_UNREADABLE;
        }
    }
    if (result == COMPILE_UNREADABLE) fprintf(stderr, "planc: %s\n", error.text);
    planc_print(stdout, &out);
    planc_print_diagnostics(&compilation.diagnostics, &compilation.sources);
    buffer_free(&out);
    buffer_free(&bytes);
    compilation_free(&compilation);
    return result == COMPILE_OK ? EXIT_CLEAN : result == COMPILE_FINDINGS ? EXIT_FINDINGS : EXIT_MISUSE;
}

int planc_dump(const Arguments *arguments)
{
    const char *path = arguments->words.items[0], *const *values = arguments->values;
    int views =
        !!values[OPTION_TOKENS] + !!values[OPTION_AST] + !!values[OPTION_CORE] + !!values[OPTION_BYTECODE];
    if (views != 1) return planc_misuse("dump", "it wants one of --tokens --ast --core --bytecode");
    if (values[OPTION_TOKENS]) return dump_syntax(path, true);
    if (values[OPTION_AST]) return dump_syntax(path, false);
    if (values[OPTION_CORE]) return dump_program(path, false);
    return dump_program(path, true);
}
