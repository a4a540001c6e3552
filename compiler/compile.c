/* The compiler from end to end: a path comes in, diagnostics and an image go out (see compile.h). The rooms are called in
 * the order in which a line of plan text walks through them. */
#include "compiler/compile.h"

#include "compiler/check/checked.h"
#include "compiler/compilation.h"
#include "compiler/emit/emit.h"
#include "compiler/lower/fold.h"
#include "compiler/lower/lower.h"
#include "compiler/tools/effects.h"

static CompileResult result_of(const Compilation *compilation)
{
    if (!compilation->program) return COMPILE_UNREADABLE;
    return compilation->diagnostics.errors ? COMPILE_FINDINGS : COMPILE_OK;
}

CompileResult compilation_check(Compilation *compilation, const char *path, Error *error)
{
    compilation->types = types_new(&compilation->arena);
    compilation->program = check_program(&compilation->arena, &compilation->sources, compilation->types, str_from_c(path),
                                         &compilation->diagnostics, error);
    return result_of(compilation);
}

void compilation_lower(Compilation *compilation)
{
    compilation->core = lower_program(compilation->program, compilation->types, &compilation->sources, &compilation->arena);
    core_fold(compilation->core);
}

void compilation_free(Compilation *compilation)
{
    if (compilation->core) core_free(compilation->core);
    diagnostics_free(&compilation->diagnostics);
    source_set_free(&compilation->sources);
    arena_free(&compilation->arena);
    *compilation = (Compilation){0};
}

CompileResult compile_file(const char *path, bool colour, Buffer *image, Buffer *messages, CompileCounts *counts)
{
    Compilation compilation = {0};
    Error error = {0};
    CompileResult result = compilation_check(&compilation, path, &error);
    if (result == COMPILE_OK) compilation_lower(&compilation);
    if (result == COMPILE_OK && image && !emit_image(compilation.core, image, &error)) result = COMPILE_UNREADABLE;
    if (result == COMPILE_UNREADABLE) buffer_printf(messages, "%s\n", error.text);
    diag_render_text(&compilation.diagnostics, &compilation.sources, colour, messages);
    if (counts)
        *counts = (CompileCounts){compilation.diagnostics.errors, compilation.diagnostics.warnings,
                                  compilation.diagnostics.notes};
    compilation_free(&compilation);
    return result;
}

bool compile_effects(const char *path, Buffer *json, Buffer *messages)
{
    Compilation compilation = {0};
    Error error = {0};
    CompileResult result = compilation_check(&compilation, path, &error);
    if (result == COMPILE_UNREADABLE) buffer_printf(messages, "%s\n", error.text);
    if (result == COMPILE_FINDINGS)
        diag_render_text(&compilation.diagnostics, &compilation.sources, false, messages);
    if (result == COMPILE_OK) effects_json(compilation.program, &compilation.arena, json);
    compilation_free(&compilation);
    return result == COMPILE_OK;
}
