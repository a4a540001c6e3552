/* What is still `missing` on the path of a plan: a run refuses to start with it, a drill takes a stand-in.
 *
 * In: a plan. Out: a call of the prelude at the beginning of its run, with everything that is reached from the plan by
 * name: what it refers to, what that refers to, and the severities with their ladders. */
#include "compiler/lower/context.h"
#include "compiler/lower/reach.h"

#include <stdlib.h>

typedef struct Missing {
    Lower *lower;
    Core *names; /* [string]: the param that may be given instead, or "" */
    Core *texts; /* [string]: what is missing, for people */
} Missing;

static void note_missing(Node *node, const Symbol *within, void *data)
{
    Missing *missing = data;
    Lower *lower = missing->lower;
    if (node->kind != NODE_MISSING) return;
    Str text = {0};
    if (!node_plain_text(lower->arena, node->missing.text, &text)) text = lower_source(lower, node->span);
    core_append(missing->names, build_text(lower->core, within->kind == SYMBOL_SETTING ? within->name : (Str){0}, node->span));
    Str said = arena_printf(lower->arena, "%.*s (%.*s)", STR_ARG(within->name), STR_ARG(text));
    core_append(missing->texts, build_text(lower->core, said, node->span));
}

void lower_refuse_missing(Context *context, const Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *strings = type_list(core->types, simple_type(lower, TYPE_STRING));
    Span span = plan->decl->span;
    Missing missing = {lower, core_new(core, CORE_LIST, strings, span), core_new(core, CORE_LIST, strings, span)};
    Reach reach = {.visit = note_missing, .data = &missing};
    reach_plan(&reach, lower->program, plan);
    vec_free(&reach.seen);
    if (!missing.texts->list.first) return;
    context_add(context, build_do(core, build_call(core, lower_prelude_function(lower, "refuse_missing"), span, missing.names,
                                                   missing.texts, NULL)));
}
