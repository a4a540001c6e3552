/* The building blocks of Core: the lowering asks for nodes, functions, locals and globals, and gets them from
 * the compilation's arena. Nothing is checked or looked up here; the growing arrays are the program's and are
 * freed by core_free. */
#include "compiler/lower/core.h"

#include <stdlib.h>

Core *core_new(CoreProgram *program, CoreKind kind, const Type *type, Span span)
{
    Core *node = arena_new(program->arena, Core);
    node->kind = kind;
    node->type = type;
    node->span = span;
    return node;
}

void core_append(Core *parent, Core *child)
{
    if (!child) return;
    if (parent->list.last) {
        parent->list.last->next = child;
    } else {
        parent->list.first = child;
    }
    parent->list.last = child;
    parent->list.count++;
}

CoreFunction *core_function(CoreProgram *program, Str name, const Type *result, Span span)
{
    CoreFunction *function = arena_new(program->arena, CoreFunction);
    function->name = arena_copy(program->arena, name);
    function->span = span;
    function->result = result;
    function->number = (uint32_t)program->functions.count;
    vec_push(&program->functions, function);
    return function;
}

uint32_t core_local(CoreFunction *function, Str name, const Type *type)
{
    vec_push(&function->locals, (CoreLocal){name, type});
    return (uint32_t)(function->locals.count - 1);
}

uint32_t core_global(CoreProgram *program, Str name, const Type *type)
{
    vec_push(&program->globals, (CoreLocal){name, type});
    return (uint32_t)(program->globals.count - 1);
}

void core_free(CoreProgram *program)
{
    for (size_t i = 0; i < program->functions.count; i++)
        vec_free(&program->functions.items[i]->locals);
    vec_free(&program->functions);
    vec_free(&program->globals);
}
