/* What belongs to a plan besides its body: its updates, its `afterwards`, and what another plan takes over when this one
 * goes on as it (`continue with`).
 *
 * In: a plan. Out: fibers and functions that ask the prelude's `running_plan` whether they are meant. Called by
 * incident.c and beside.c. Names of the plan that its `afterwards` reads live as long as the run: they are kept in
 * globals besides the locals of the body. */
#include "compiler/lower/context.h"

#include <stdlib.h>

/* ---- names that outlive the body ---- */

typedef struct Outliving {
    Lower *lower;
    const Symbol *plan;
} Outliving;

bool lower_outlives(const Lower *lower, const Symbol *symbol)
{
    for (size_t i = 0; i < lower->outliving.count; i++)
        if (lower->outliving.items[i] == symbol) return true;
    return false;
}

static void find_outliving(Node *node, void *data)
{
    Outliving *outliving = data;
    const Symbol *symbol = node->symbol;
    bool of_plan = symbol && symbol->kind == SYMBOL_LOCAL && symbol->home == outliving->plan->decl;
    if (of_plan && !lower_outlives(outliving->lower, symbol)) vec_push(&outliving->lower->outliving, symbol);
    node_children(node, find_outliving, data);
}

static Node *clause_of(const Symbol *plan, NodeKind kind)
{
    for node_each(node, plan->decl->plan.body)
        if (node->kind == kind) return node;
    return NULL;
}

void lower_find_outliving(Lower *lower, const Symbol *plan)
{
    Outliving outliving = {lower, plan};
    Node *afterwards = clause_of(plan, NODE_AFTERWARDS);
    if (afterwards) node_children(afterwards, find_outliving, &outliving);
    for node_each(node, plan->decl->plan.body)
        if (node->kind == NODE_UPDATE) node_children(node, find_outliving, &outliving);
}

/* ---- updates ---- */

void lower_plan_updates(Context *context, const Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *message = lower_record_type(lower, "Message");
    for node_each(update, plan->decl->plan.body) {
        if (update->kind != NODE_UPDATE) continue;
        Span span = update->span;
        for node_each(target, update->update.targets) {
            Core *closure = core_new(core, CORE_CLOSURE, type_fn(core->types, NULL, 0, message), span);
            Str name = arena_printf(lower->arena, "update.%zu", core->functions.count);
            closure->function = core_function(core, name, message, span);
            Context inner = context_new(lower, closure->function, NULL);
            context_add(&inner, build_return(core, lower_message(&inner, update->update.message), span));
            context_free(&inner);
            Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
            spawn->function = lower_prelude_function(lower, "post_plan_updates");
            spawn->index = RANK_UPDATES;
            spawn->flag = true;
            core_append(spawn, build_text(core, plan->name, span));
            core_append(spawn, lower_span(context, update->update.every, span));
            core_append(spawn, lower_target(context, target));
            core_append(spawn, closure);
            context_add(context, build_do(core, spawn));
        }
    }
}

/* ---- a plan that takes over ---- */

void lower_running_plan(Context *context, const Symbol *plan, Span span)
{
    CoreProgram *core = context->lower->core;
    uint32_t running = lower_prelude_global(context->lower, "running_plan");
    context_add(context, build_set_global(core, running, build_text(core, plan->name, span)));
}

/* The plan's own severity as a level; NULL: it has none. */
static Core *severity_of(Context *context, const Symbol *plan, Span span)
{
    const Node *clause = clause_of(plan, NODE_PLAN_SEVERITY);
    if (!clause || !clause->plan_severity.severity->symbol) return NULL;
    return build_int(context->lower->core, TYPE_INT, clause->plan_severity.severity->symbol->index, span);
}

/* Its severity and updates, from here on. */
void lower_take_over(Context *context, const Symbol *plan, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    lower_running_plan(context, plan, span);
    Core *level = severity_of(context, plan, span);
    Core *why = build_text(core, arena_printf(lower->arena, "goes on as %.*s", STR_ARG(plan->name)), span);
    if (level) context_call(context, "set_severity", span, level, build_text(core, STR("the plan"), span), why, NULL);
    lower_plan_updates(context, plan);
}

/* A plan that is followed has the incident at its own severity at least. */
void lower_raise_followed(Context *context, const Symbol *plan, Span span)
{
    Lower *lower = context->lower;
    Core *level = severity_of(context, plan, span);
    Str why = arena_printf(lower->arena, "follows %.*s", STR_ARG(plan->name));
    if (level) context_call(context, "raise_severity", span, level, build_text(lower->core, why, span), NULL);
}

/* ---- afterwards ---- */

typedef struct Successors {
    VEC(const Symbol *) plans;
} Successors;

static void find_successors(Node *node, void *data);

static void add_successor(Successors *successors, const Symbol *plan)
{
    for (size_t i = 0; i < successors->plans.count; i++)
        if (successors->plans.items[i] == plan) return;
    vec_push(&successors->plans, plan);
    for node_each(node, plan->decl->plan.body) find_successors(node, successors);
}

static void find_successors(Node *node, void *data)
{
    const Node *inner = node->kind == NODE_CONTINUE_WITH ? node->continue_with.plan
                        : node->kind == NODE_FOLLOW      ? node->follow.plan
                                                         : NULL;
    const Node *ref = inner && inner->kind == NODE_CALL ? inner->call.callee : inner;
    if (ref && ref->symbol && ref->symbol->kind == SYMBOL_PLAN) add_successor(data, ref->symbol);
    node_children(node, find_successors, data);
}

static void run_afterwards(Context *context, const Symbol *plan, Node *afterwards)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = afterwards->span;
    Str name = arena_printf(lower->arena, "plan.%.*s.afterwards.%zu", STR_ARG(plan->name), core->functions.count);
    CoreFunction *function = core_function(core, name, simple_type(lower, TYPE_UNIT), span);
    Context inner = context_new(lower, function, plan);
    inner.afterwards = afterwards;
    lower_statements(&inner, afterwards->afterwards.body);
    context_free(&inner);
    Core *running = build_global(core, lower_prelude_global(lower, "running_plan"), span);
    Core *meant = build_and(core, build_global(core, lower_prelude_global(lower, "resolved"), span),
                            build_binary(core, CORE_EQ, running, build_text(core, plan->name, span)));
    context_add(context, build_if(core, meant, build_do(core, build_call(core, function, span, NULL)), NULL));
}

/* The afterwards of whatever plan the run went on as; NULL: there are none. */
static CoreFunction *all_afterwards(Lower *lower, const Symbol *plan, Span span)
{
    CoreFunction *all = NULL;
    Context context;
    Successors successors = {0};
    add_successor(&successors, plan);
    for (size_t i = 0; i < successors.plans.count; i++) {
        const Symbol *one = successors.plans.items[i];
        Node *afterwards = clause_of(one, NODE_AFTERWARDS);
        if (!afterwards) continue;
        if (!all) {
            Str name = arena_printf(lower->arena, "plan.%.*s.afterwards", STR_ARG(plan->name));
            all = core_function(lower->core, name, simple_type(lower, TYPE_UNIT), span);
            context = context_new(lower, all, NULL);
        }
        run_afterwards(&context, one, afterwards);
    }
    if (all) context_free(&context);
    vec_free(&successors.plans);
    return all;
}

/* They run as a fiber, which a reopening may end. */
static void start_afterwards(Context *context, CoreFunction *function, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t running = lower_prelude_global(lower, "afterwards");
    Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
    spawn->function = function;
    spawn->index = RANK_PLAN;
    context_add(context, build_set_global(core, running, build_some(core, spawn)));
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = build_value(core, build_global(core, running, span), "nothing follows the resolution");
    join->flag = true;
    context_add(context, build_do(core, join));
}

void lower_after_body(Context *context, const Symbol *plan, uint32_t failure, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    CoreFunction *function = all_afterwards(lower, plan, span);
    context_call(context, "await_resolution", span, context_local(context, failure, span), NULL);
    if (function) start_afterwards(context, function, span);
    Core *again = build_call(core, lower_prelude_function(lower, "is_open_again"), span, NULL);
    context_add(context, build_if(core, build_not(core, again), build_break(core, 0, span), NULL));
}

/* ---- procedures that people follow ---- */

static void find_resolve(Node *node, void *data)
{
    if (node->kind == NODE_RESOLVE) *(bool *)data = true;
    node_children(node, find_resolve, data);
}

/* A procedure that can be followed beside the plan: it needs no value, and nothing in it resolves the incident. */
static bool is_followed_aside(const Symbol *plan)
{
    bool resolves = false;
    if (plan->decl->plan.missing || clause_of(plan, NODE_PLAN_SEVERITY)) return false;
    for (size_t i = 0; i < plan->param_count; i++)
        if (!plan->params[i]->decl->parameter.value) return false;
    for node_each(node, plan->decl->plan.body) find_resolve(node, &resolves);
    return !resolves;
}

static Core *procedure_closure(Context *context, Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = plan->decl->span;
    const Type *boolean = simple_type(lower, TYPE_BOOL);
    Core *closure = core_new(core, CORE_CLOSURE, type_fn(core->types, NULL, 0, boolean), span);
    CoreFunction *body = lower_plan_body(lower, plan);
    closure->function = core_function(core, arena_printf(lower->arena, "aside.%.*s", STR_ARG(plan->name)), boolean, span);
    Context inner = context_new(lower, closure->function, NULL);
    Core *call = build_call(core, body, span, NULL);
    for (size_t i = 0; i < plan->param_count; i++) {
        Node *value = plan->params[i]->decl->parameter.value;
        core_append(call, lower_convert(&inner, lower_value(&inner, value), plan->params[i]->type));
    }
    context_add(&inner, build_do(core, call));
    context_add(&inner, build_return(core, build_int(core, TYPE_BOOL, 1, span), span));
    context_free(&inner);
    return closure;
}

void lower_procedures(Context *context, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *procedure = type_fn(core->types, NULL, 0, simple_type(lower, TYPE_BOOL));
    Core *map = core_new(core, CORE_MAP, type_map(core->types, procedure), span);
    for (size_t i = 0; i < lower->program->plans.count; i++) {
        Symbol *plan = lower->program->plans.items[i];
        if (!is_followed_aside(plan)) continue;
        core_append(map, build_text(core, plan->name, span));
        core_append(map, procedure_closure(context, plan));
    }
    context_add(context, build_set_global(core, lower_prelude_global(lower, "procedures"), map));
}

/* ---- phases that people go to ---- */

static bool has_phases(const Symbol *plan)
{
    return clause_of(plan, NODE_PHASE) != NULL;
}

void lower_phase_names(Context *context, const Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = plan->decl->span;
    Core *names = core_new(core, CORE_LIST, type_list(core->types, simple_type(lower, TYPE_STRING)), span);
    for node_each(node, plan->decl->plan.body) {
        Str title = {0};
        if (node->kind != NODE_PHASE) continue;
        node_plain_text(lower->arena, node->phase.title, &title);
        core_append(names, build_text(core, title, node->span));
    }
    context_add(context, build_set_global(core, lower_prelude_global(lower, "plan_phases"), names));
    uint32_t started = lower_prelude_global(lower, "started_plan");
    context_add(context, build_set_global(core, started, build_text(core, plan->name, span)));
}

/* Values are made anew on the way to a phase; what acts is passed over. */
static bool acts(const Node *node)
{
    switch (node->kind) {
    case NODE_STEP:
    case NODE_REMEDIES:
    case NODE_PARALLEL:
    case NODE_NOTIFY:
    case NODE_PAGE:
    case NODE_MANUAL:
    case NODE_WAIT:
    case NODE_RESOLVE:
    case NODE_FOLLOW:
    case NODE_IF:
    case NODE_MATCH:
    case NODE_FOR:
    case NODE_REPEAT: return true;
    default: return false;
    }
}

Core *lower_way_to(Context *context, const Node *node)
{
    CoreProgram *core = context->lower->core;
    bool phase = node->kind == NODE_PHASE;
    if (!has_phases(context->plan) || (!phase && !acts(node))) return NULL;
    if (!phase)
        return build_not(core, build_call(core, lower_prelude_function(context->lower, "is_going"), node->span, NULL));
    Str title = {0};
    node_plain_text(context->lower->arena, node->phase.title, &title);
    return build_call(core, lower_prelude_function(context->lower, "reaches"), node->span, build_text(core, title, node->span),
                      NULL);
}

/* What stands in `afterwards` itself and speaks to people or is a step is not done again after a reopening; inside branches
 * and loops a statement may be meant more than once. */
static bool stands_in_afterwards(const Context *context, const Node *node)
{
    if (!context->afterwards) return false;
    if (node->kind != NODE_NOTIFY && node->kind != NODE_PAGE && node->kind != NODE_STEP && node->kind != NODE_MANUAL)
        return false;
    for node_each(one, context->afterwards->afterwards.body)
        if (one == node) return true;
    return false;
}

bool lower_only_once(Context *context, Node *node)
{
    if (!stands_in_afterwards(context, node)) return false;
    CoreProgram *core = context->lower->core;
    const Node *afterwards = context->afterwards;
    Str what = arena_printf(context->lower->arena, "%.*s at %u", STR_ARG(context->plan->name), node->span.start);
    Core *outer = context->block, *once = build_block(core, node->span);
    context->block = once;
    context->afterwards = NULL;
    lower_deed(context, node);
    context->afterwards = afterwards;
    context->block = outer;
    Core *first = build_call(core, lower_prelude_function(context->lower, "said_first"), node->span,
                             build_text(core, what, node->span), NULL);
    context_add(context, build_if(core, first, once, NULL));
    return true;
}
