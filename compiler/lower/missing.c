/* What is still `missing` on the path of a plan: a run refuses to start with it, a drill takes a stand-in.
 *
 * In: a plan. Out: a call of the prelude at the beginning of its run, with everything that is reached from the plan by
 * name: what it refers to, what that refers to, and the severities with their ladders. */
#include "compiler/lower/context.h"

#include <stdlib.h>

typedef struct Reach {
    Lower *lower;
    VEC(const Symbol *) seen;
    Core *names; /* [string]: the param that may be given instead, or "" */
    Core *texts; /* [string]: what is missing, for people */
    Str name;    /* of the declaration that is walked */
    bool is_setting;
} Reach;

static void walk(Node *node, void *data);

static void reach(Reach *r, const Symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_LOCAL:
    case SYMBOL_STEP:
    case SYMBOL_MEMBER:
    case SYMBOL_MODULE:
    case SYMBOL_BUILTIN: return;
    default: break;
    }
    if (!symbol->decl || (symbol->module && symbol->module->is_std)) return;
    for (size_t i = 0; i < r->seen.count; i++)
        if (r->seen.items[i] == symbol) return;
    vec_push(&r->seen, symbol);
    Str name = r->name;
    bool is_setting = r->is_setting;
    r->name = symbol->name;
    r->is_setting = symbol->kind == SYMBOL_SETTING;
    node_children(symbol->decl, walk, r);
    r->name = name;
    r->is_setting = is_setting;
}

static void walk(Node *node, void *data)
{
    Reach *r = data;
    if (node->symbol) reach(r, node->symbol);
    if (node->kind != NODE_MISSING) {
        node_children(node, walk, data);
        return;
    }
    CoreProgram *core = r->lower->core;
    Str text = {0};
    if (!node_plain_text(r->lower->arena, node->missing.text, &text)) text = lower_source(r->lower, node->span);
    core_append(r->names, build_text(core, r->is_setting ? r->name : (Str){0}, node->span));
    core_append(r->texts, build_text(core, arena_printf(r->lower->arena, "%.*s (%.*s)", STR_ARG(r->name), STR_ARG(text)),
                                     node->span));
}

void lower_refuse_missing(Context *context, const Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *strings = type_list(core->types, simple_type(lower, TYPE_STRING));
    Span span = plan->decl->span;
    Reach r = {.lower = lower, .names = core_new(core, CORE_LIST, strings, span), .texts = core_new(core, CORE_LIST, strings, span)};
    reach(&r, plan);
    bool incident = false;
    for node_each(node, plan->decl->plan.body) incident = incident || node->kind == NODE_PLAN_SEVERITY;
    for (size_t i = 0; incident && i < lower->program->severities.count; i++) reach(&r, lower->program->severities.items[i]);
    vec_free(&r.seen);
    if (!r.texts->list.first) return;
    context_add(context, build_do(core, build_call(core, lower_prelude_function(lower, "refuse_missing"), span, r.names, r.texts,
                                                   NULL)));
}
