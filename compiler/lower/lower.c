/* Lowering: the door (lower.h), and where top-level names get their globals and functions. */
#include "compiler/lower/lower.h"

#include "compiler/lower/context.h"
#include "compiler/lower/metadata.h"

#include <assert.h>
#include <stdlib.h>

CoreFunction *lower_prelude_function(Lower *lower, const char *name)
{
    Symbol *symbol = program_prelude(lower->program, str_from_c(name));
    assert(symbol && symbol->kind == SYMBOL_FN);
    return lower_fn_symbol(lower, symbol);
}

uint32_t lower_prelude_global(Lower *lower, const char *name)
{
    Symbol *symbol = program_prelude(lower->program, str_from_c(name));
    assert(symbol && symbol->kind == SYMBOL_VAR);
    return symbol_global(lower, symbol);
}

const Type *lower_record_type(Lower *lower, const char *name)
{
    const Type *type = type_find_builtin(lower->core->types, str_from_c(name));
    assert(type);
    return type;
}

Str lower_source(Lower *lower, Span span)
{
    Str source = source_text(lower->core->sources, span);
    char *line = arena_alloc(lower->arena, source.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < source.len; i++) {
        bool blank = source.data[i] == ' ' || source.data[i] == '\t' || source.data[i] == '\n' || source.data[i] == '\r';
        if (blank && (len == 0 || line[len - 1] == ' ')) continue;
        line[len++] = blank ? ' ' : source.data[i];
    }
    return (Str){line, len};
}

CoreFunction **lowered_function(Lower *lower, const Symbol *symbol)
{
    return &lower->lowered[symbol->number].function;
}

uint32_t symbol_global(Lower *lower, Symbol *symbol)
{
    Lowered *lowered = &lower->lowered[symbol->number];
    if (!lowered->has_global) {
        lowered->global = core_global(lower->core, symbol->name, symbol->type);
        lowered->has_global = true;
    }
    return lowered->global;
}

CoreFunction *lower_fn_symbol(Lower *lower, Symbol *symbol)
{
    CoreFunction **known = lowered_function(lower, symbol);
    if (*known) return *known;
    bool own = !symbol->module || symbol->module == lower->program->root;
    Str name = own ? arena_printf(lower->arena, "fn.%.*s", STR_ARG(symbol->name))
                   : arena_printf(lower->arena, "%.*s.%.*s", STR_ARG(symbol->module->short_name), STR_ARG(symbol->name));
    CoreFunction *function = core_function(lower->core, name, symbol->result, symbol->span);
    *known = function;
    for (size_t i = 0; i < symbol->param_count; i++) core_local(function, symbol->params[i]->name, symbol->params[i]->type);
    function->param_count = (uint32_t)symbol->param_count;
    vec_push(&lower->pending, symbol);
    return function;
}

/* The bodies of functions that were called meanwhile; making one may ask for more. */
static void lower_pending(Lower *lower)
{
    while (lower->pending.count) {
        Symbol *symbol = lower->pending.items[--lower->pending.count];
        Context context = context_new(lower, *lowered_function(lower, symbol), NULL);
        for (size_t i = 0; i < symbol->param_count; i++)
            vec_push(&context.bindings, (Binding){symbol->params[i], (uint32_t)i});
        lower_statements(&context, symbol->decl->fn.body);
        context_free(&context);
    }
}

CoreProgram *lower_program(const Program *checked, TypeTable *types, SourceSet *sources, Arena *arena)
{
    CoreProgram *core = arena_new(arena, CoreProgram);
    core->arena = arena;
    core->types = types;
    core->sources = sources;
    Lower lower = {.core = core, .program = checked, .arena = arena};
    lower.lowered = memory_alloc(checked->symbol_count * sizeof *lower.lowered);
    for (size_t i = 0; i < checked->plans.count; i++) lower_plan(&lower, checked->plans.items[i]);
    lower_pending(&lower);
    free(lower.lowered);
    vec_free(&lower.pending);
    vec_free(&lower.outliving);
    vec_free(&lower.early.seen);
    Buffer metadata = {0};
    metadata_write(checked, core, &metadata);
    core->metadata = arena_copy(arena, buffer_str(&metadata));
    buffer_free(&metadata);
    return core;
}
