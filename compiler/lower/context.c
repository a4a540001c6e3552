/* The function that is being made: its locals, its statements, and how a part of it becomes a function of its
 * own. */
#include "compiler/lower/context.h"

#include <assert.h>
#include <stdlib.h>

const Type *simple_type(Lower *lower, TypeKind kind)
{
    return type_simple(lower->core->types, kind);
}

Context context_new(Lower *lower, CoreFunction *function, const Symbol *plan)
{
    Context context = {.lower = lower, .function = function, .plan = plan};
    context.block = build_block(lower->core, function->span);
    if (!function->body) function->body = context.block;
    return context;
}

void context_free(Context *context)
{
    vec_free(&context->bindings);
    vec_free(&context->watches);
    vec_free(&context->gated);
}

void context_bind_local(Context *context, const Symbol *symbol, uint32_t local)
{
    vec_push(&context->bindings, (Binding){symbol, local});
}

uint32_t context_bind(Context *context, const Symbol *symbol, const Type *type)
{
    uint32_t local = core_local(context->function, symbol->name, type);
    context_bind_local(context, symbol, local);
    return local;
}

uint32_t context_temp(Context *context, const Type *type)
{
    return core_local(context->function, STR(""), type);
}

const Binding *context_find(const Context *context, const Symbol *symbol)
{
    for (size_t i = context->bindings.count; i-- > 0;)
        if (context->bindings.items[i].symbol == symbol) return &context->bindings.items[i];
    return NULL;
}

void context_add(Context *context, Core *statement)
{
    core_append(context->block, statement);
}

void context_call(Context *context, const char *function, Span span, ...)
{
    CoreProgram *core = context->lower->core;
    Core *call = build_call(core, lower_prelude_function(context->lower, function), span, NULL);
    va_list args;
    va_start(args, span);
    for (Core *arg; (arg = va_arg(args, Core *)) != NULL;)
        core_append(call, arg);
    va_end(args);
    context_add(context, build_do(core, call));
}

Core *context_local(Context *context, uint32_t local, Span span)
{
    return build_local(context->lower->core, context->function, local, span);
}

typedef struct Capture {
    const Context *outer;
    Context *inner;
    Core *values; /* a node whose list collects them */
} Capture;

/* Every name below a node that the outer function knows becomes a parameter of the inner one, once. */
static void capture_names(Node *node, void *data)
{
    Capture *capture = data;
    if (node->symbol && node->symbol->kind == SYMBOL_LOCAL && !context_find(capture->inner, node->symbol)) {
        const Binding *known = context_find(capture->outer, node->symbol);
        if (known) {
            const CoreFunction *function = capture->outer->function;
            const Type *type = function->locals.items[known->local].type;
            context_bind(capture->inner, node->symbol, type);
            capture->inner->function->param_count++;
            core_append(capture->values,
                        build_local(capture->outer->lower->core, function, known->local, node->span));
        }
    }
    node_children(node, capture_names, data);
}

Context context_split(Context *context, Str name, const Type *result, Span span, const NodeList *lists,
                      size_t list_count, Core *captured)
{
    CoreFunction *function = core_function(context->lower->core, name, result, span);
    Context inner = context_new(context->lower, function, context->plan);
    inner.phase = context->phase;
    inner.step = context->step;
    inner.by = context->by;
    inner.counts_changes = context->counts_changes;
    inner.stoppable = context->stoppable;
    inner.local_vars = context->local_vars;
    Capture capture = {.outer = context, .inner = &inner, .values = captured};
    for (size_t i = 0; i < list_count; i++) {
        Node *node = lists[i].first;
        for (size_t n = 0; node && n < lists[i].count; n++, node = node->next)
            capture_names(node, &capture);
    }
    if (context->step) capture_names(node_step_title(context->step), &capture); /* what waits or ends in it says its name */
    return inner;
}
