/* The whole program: decides what belongs into the image, numbers it, and lets each function be emitted (see
 * emit.h). Called by compiler/compile.c after the lowering; equal programs give equal bytes. */
#include "compiler/emit/emit.h"

#include "compiler/emit/emitter.h"

#include <stdlib.h>

/* ---- what is reached ---- */

static void reach_function(Emitter *e, const CoreFunction *function)
{
    if (e->reached[function->number]) return;
    e->reached[function->number] = true;
    vec_push(&e->order, function);
}

static void reach_node(Emitter *e, const Core *node)
{
    if (!node) return;
    if (node->function) reach_function(e, node->function);
    reach_node(e, node->a);
    reach_node(e, node->b);
    reach_node(e, node->c);
    for (const Core *item = node->list.first; item; item = item->next)
        reach_node(e, item);
}

/* In the order in which the program mentions them, which is the same whichever order the lowering met them in. */
static void find_reached(Emitter *e)
{
    for (size_t i = 0; i < e->program->functions.count; i++) {
        if (e->program->functions.items[i]->is_entry) reach_function(e, e->program->functions.items[i]);
    }
    for (size_t i = 0; i < e->order.count; i++)
        reach_node(e, e->order.items[i]->body);
}

/* ---- one function ---- */

static void count_params(const CoreFunction *function, unsigned params[BANK_COUNT])
{
    params[BANK_SCALAR] = params[BANK_REF] = 0;
    for (size_t i = 0; i < function->param_count; i++)
        params[type_bank(function->locals.items[i].type)]++;
}

static FunctionResult function_result(const CoreFunction *function)
{
    if (function->result->kind == TYPE_UNIT) return RESULT_NONE;
    return type_is_scalar(function->result) ? RESULT_SCALAR : RESULT_REF;
}

/* A function that has a result and falls off its end has a mistake that only a run can show. */
static void emit_end(Emitter *e, const CoreFunction *function)
{
    Core at = {.kind = CORE_BLOCK, .span = function->span};
    if (function->result->kind == TYPE_UNIT) {
        emitter_put(e, &at, OPCODE_RETURN, 0, 0, 0, 0);
    } else if (e->reachable) {
        unsigned reason = emit_string(e, &at, STR("the function ended without a result"));
        emitter_put(e, &at, OPCODE_FAIL, reason, 0, 0, 0);
    }
}

static void emit_function(Emitter *e, const CoreFunction *function)
{
    unsigned params[BANK_COUNT];
    e->function = function;
    size_t count = function->locals.count + 1;
    e->locals = memory_alloc(count * sizeof *e->locals);
    e->slots = memory_alloc(count * sizeof *e->slots);
    e->local_owns = memory_alloc(count * sizeof *e->local_owns);
    for (size_t i = 0; i < count; i++)
        e->slots[i] = NO_REGISTER;
    e->owning = NULL;
    emitter_find_owners(function->body, e->local_owns, NULL);
    for (int bank = 0; bank < BANK_COUNT; bank++)
        e->top[bank] = e->max[bank] = 0;
    e->reachable = true;
    e->has_place = false;
    e->loop = NULL;
    e->held.count = 0;
    emitter_place_locals(e, function);
    count_params(function, params);
    image_builder_begin(e->builder, e->functions[function->number], params[BANK_SCALAR], params[BANK_REF],
                        function_result(function));
    emitter_begin_frame(e, function);
    if (function->body) emit_statement(e, function->body);
    emit_end(e, function);
    image_builder_end(e->builder, e->max[BANK_SCALAR], e->max[BANK_REF]);
    free(e->locals);
    free(e->slots);
    free(e->local_owns);
}

/* ---- the program ---- */

static void place_globals(Emitter *e)
{
    uint32_t next[BANK_COUNT] = {0};
    for (size_t i = 0; i < e->program->globals.count; i++) {
        e->globals[i] = next[type_bank(e->program->globals.items[i].type)]++;
    }
    image_builder_globals(e->builder, next[BANK_SCALAR], next[BANK_REF]);
}

static void emit_functions(Emitter *e)
{
    for (size_t i = 0; i < e->order.count; i++) {
        const CoreFunction *function = e->order.items[i];
        e->functions[function->number] = image_builder_function(e->builder, function->name);
    }
    for (size_t i = 0; i < e->order.count; i++) {
        const CoreFunction *function = e->order.items[i];
        emit_function(e, function);
        if (function->is_entry) image_builder_entry(e->builder, function->name, e->functions[function->number]);
    }
}

bool emit_image(const CoreProgram *program, Buffer *image, Error *error)
{
    size_t count = program->functions.count + 1;
    Emitter e = {.program = program, .error = error, .builder = image_builder_new()};
    e.functions = memory_alloc(count * sizeof *e.functions);
    e.reached = memory_alloc(count * sizeof *e.reached);
    e.globals = memory_alloc((program->globals.count + 1) * sizeof *e.globals);
    e.file_count = program->sources ? program->sources->files.count : 0;
    e.files = memory_alloc((e.file_count + 1) * sizeof *e.files);
    e.global_owns = memory_alloc((program->globals.count + 1) * sizeof *e.global_owns);
    find_reached(&e);
    for (size_t i = 0; i < program->functions.count; i++)
        emitter_find_owners(program->functions.items[i]->body, NULL, e.global_owns);
    place_globals(&e);
    emit_functions(&e);
    if (program->metadata.len) image_builder_metadata(e.builder, program->metadata);
    bool ok = !e.failed && image_builder_finish(e.builder, image, error);
    image_builder_free(e.builder);
    free(e.types);
    free(e.functions);
    vec_free(&e.order);
    free(e.reached);
    free(e.globals);
    free(e.global_owns);
    vec_free(&e.fresh);
    vec_free(&e.held);
    free(e.files);
    return ok;
}
