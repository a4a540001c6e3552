/* What runs beside: loops with several rounds at once, watches, deadlines; and plans inside plans (`follow`,
 * `continue with`). Each is a fiber, or takes the place of one. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

static Core *spawn_of(Context *context, CoreFunction *function, Span span)
{
    Core *spawn = core_new(context->lower->core, CORE_SPAWN, simple_type(context->lower, TYPE_FIBER), span);
    spawn->function = function;
    spawn->index = RANK_PLAN;
    return spawn;
}

static Core *counted(Context *context, uint32_t local, CoreOperator op, int64_t by, Span span)
{
    return build_binary(context->lower->core, op, context_local(context, local, span),
                        build_int(context->lower->core, TYPE_INT, by, span));
}

/* ---- for … at most N at once ---- */

/* One round: the loop's body as a function of its item. */
static Core *spawn_round(Context *context, Node *node, const Type *element, Core *item)
{
    Lower *lower = context->lower;
    Core *spawn = spawn_of(context, NULL, node->span);
    Str name = arena_printf(lower->arena, "%.*s.round.%zu", STR_ARG(context->function->name),
                            lower->core->functions.count);
    Context inner =
        context_split(context, name, simple_type(lower, TYPE_UNIT), node->span, &node->loop.body, 1, spawn);
    context_bind(&inner, node->symbol, element);
    inner.function->param_count++;
    core_append(spawn, item);
    spawn->function = inner.function;
    inner.local_vars = true;
    lower_statements(&inner, node->loop.body);
    context_free(&inner);
    return spawn;
}

typedef struct Rounds {
    uint32_t fibers; /* [fiber]: all that were started */
    uint32_t joined; /* how many of them were waited for */
    uint32_t failed; /* bool */
    uint32_t error;  /* the first failure */
} Rounds;

/* Waits for the oldest round that nobody waited for; keeps the first failure. */
static Core *join_oldest(Context *context, const Rounds *rounds, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *fiber = simple_type(lower, TYPE_FIBER);
    Core *block = build_block(core, span);
    Core *item = core_new(core, CORE_GET_ITEM, type_optional(core->types, fiber), span);
    item->a = context_local(context, rounds->fibers, span);
    item->b = context_local(context, rounds->joined, span);
    uint32_t one = context_temp(context, fiber),
             error = context_temp(context, simple_type(lower, TYPE_ERROR));
    core_append(block, build_set_local(core, one, build_value(core, item, "")));
    core_append(block,
                build_set_local(core, rounds->joined, counted(context, rounds->joined, CORE_ADD, 1, span)));
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = context_local(context, one, span);
    Core *keep = build_block(core, span);
    core_append(keep, build_set_local(core, rounds->error, context_local(context, error, span)));
    core_append(keep, build_set_local(core, rounds->failed, build_int(core, TYPE_BOOL, 1, span)));
    Core *first = build_if(core, build_not(core, context_local(context, rounds->failed, span)), keep, NULL);
    core_append(block, build_try(core, build_do(core, join), error, first, false));
    return block;
}

static Core *fiber_count(Context *context, const Rounds *rounds, Span span)
{
    Core *length = core_new(context->lower->core, CORE_LEN, simple_type(context->lower, TYPE_INT), span);
    length->a = context_local(context, rounds->fibers, span);
    return length;
}

void lower_for_at_once(Context *context, Node *node, Core *items)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Type *integer = simple_type(lower, TYPE_INT);
    const Type *fibers = type_list(core->types, simple_type(lower, TYPE_FIBER));
    Rounds rounds = {context_temp(context, fibers), context_temp(context, integer),
                     context_temp(context, simple_type(lower, TYPE_BOOL)),
                     context_temp(context, simple_type(lower, TYPE_ERROR))};
    uint32_t list = context_temp(context, items->type), at = context_temp(context, integer),
             most = context_temp(context, integer);
    context_add(context, build_set_local(core, list, items));
    context_add(context, build_set_local(core, most, lower_value(context, node->loop.at_once)));
    context_add(context, build_set_local(core, rounds.fibers, core_new(core, CORE_LIST, fibers, span)));
    context_add(context, build_set_local(core, rounds.joined, build_int(core, TYPE_INT, 0, span)));
    context_add(context, build_set_local(core, rounds.failed, build_int(core, TYPE_BOOL, 0, span)));
    context_add(context, build_set_local(core, at, build_int(core, TYPE_INT, 0, span)));
    Core *outer = context->block, *body = build_block(core, span);
    context->block = body;
    Core *length = core_new(core, CORE_LEN, integer, span);
    length->a = context_local(context, list, span);
    context_add(context, build_if(core, build_binary(core, CORE_GE, context_local(context, at, span), length),
                                  build_break(core, 0, span), NULL));
    Core *running = build_binary(core, CORE_SUB, fiber_count(context, &rounds, span),
                                 context_local(context, rounds.joined, span));
    Core *full = build_binary(core, CORE_GE, running, context_local(context, most, span));
    context_add(context, build_if(core, full, join_oldest(context, &rounds, span), NULL));
    Core *element = core_new(core, CORE_GET_ITEM, type_optional(core->types, items->type->element), span);
    element->a = context_local(context, list, span);
    element->b = context_local(context, at, span);
    uint32_t round = context_temp(context, simple_type(lower, TYPE_FIBER));
    Core *started = spawn_round(context, node, items->type->element, build_value(core, element, ""));
    context_add(context, build_set_local(core, round, started));
    Core *longer = core_new(core, CORE_APPEND, fibers, span);
    longer->a = context_local(context, rounds.fibers, span);
    longer->b = context_local(context, round, span);
    context_add(context, build_set_local(core, rounds.fibers, longer));
    context_add(context, build_set_local(core, at, counted(context, at, CORE_ADD, 1, span)));
    context->block = outer;
    context_add(context, build_loop(core, body));
    Core *rest = build_block(core, span);
    Core *none_left = build_binary(core, CORE_GE, context_local(context, rounds.joined, span),
                                   fiber_count(context, &rounds, span));
    core_append(rest, build_if(core, none_left, build_break(core, 0, span), NULL));
    core_append(rest, join_oldest(context, &rounds, span));
    context_add(context, build_loop(core, rest));
    context_add(context, build_if(core, context_local(context, rounds.failed, span),
                                  build_raise(core, context->function, rounds.error, span), NULL));
}

/* ---- watch ---- */

/* The fiber of a watch: every so often it looks; when the condition holds (long enough) its block runs. */
void lower_watch(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *spawn = spawn_of(context, NULL, span);
    Str name =
        arena_printf(lower->arena, "%.*s.watch.%zu", STR_ARG(context->function->name), core->functions.count);
    NodeList lists[] = {
        node->watch.body, {node->watch.when, node->watch.when, 1}, {node->watch.every, node->watch.every, 1}};
    Context inner = context_split(context, name, simple_type(lower, TYPE_UNIT), span, lists, 3, spawn);
    spawn->function = inner.function;
    uint32_t met = context_temp(&inner, simple_type(lower, TYPE_BOOL)),
             reason = context_temp(&inner, simple_type(lower, TYPE_STRING));
    uint32_t since = context_temp(&inner, simple_type(lower, TYPE_TIME)),
             holding = context_temp(&inner, simple_type(lower, TYPE_BOOL));
    Core *path = core_new(core, CORE_STEP, NULL, span);
    path->a = lower_string(&inner, node->watch.title);
    context_add(&inner, path);
    context_add(&inner, build_set_local(core, holding, build_int(core, TYPE_BOOL, 0, span)));
    context_add(&inner, build_set_local(core, since, build_now(core, span)));
    inner.in_watch = true;
    inner.counts_changes = false;
    inner.stop_reason = context_temp(&inner, simple_type(lower, TYPE_STRING));
    context_add(&inner, build_set_local(core, inner.stop_reason, build_text(core, STR(""), span)));
    Core *outer = inner.block, *round = build_block(core, span);
    inner.block = round;
    lower_await(&inner, node->watch.when, (AwaitLimits){0}, met, reason);
    if (node->watch.holds) lower_require_holding(&inner, node->watch.holds, met, since, holding, span);
    Core *fires = build_block(core, span);
    inner.block = fires;
    context_add(&inner,
                build_emit(core, "note",
                           build_object(
                               core, span, "text",
                               build_text(core,
                                          arena_printf(lower->arena, "the watch fires: %.*s",
                                                       STR_ARG(lower_source(lower, node->watch.title->span))),
                                          span),
                               "by", build_text(core, STR("the plan"), span), NULL)));
    lower_statements(&inner, node->watch.body);
    if (context->stoppable) lower_stop_if_wanted(&inner, span);
    context_add(&inner, build_set_local(core, holding, build_int(core, TYPE_BOOL, 0, span)));
    if (!node->watch.repeatedly) context_add(&inner, build_break(core, 0, span));
    inner.block = round;
    context_add(&inner, build_if(core, context_local(&inner, met, span), fires, NULL));
    Core *wait = core_new(core, CORE_WAIT, simple_type(lower, TYPE_BOOL), span);
    wait->a = build_binary(core, CORE_ADD, build_now(core, span), lower_value(&inner, node->watch.every));
    context_add(&inner, build_do(core, wait));
    inner.block = outer;
    context_add(&inner, build_loop(core, round));
    context_free(&inner);
    uint32_t fiber = context_temp(context, simple_type(lower, TYPE_FIBER));
    context_add(context, build_set_local(core, fiber, spawn));
    vec_push(&context->watches, fiber);
}

void lower_end_watches(Context *context, size_t keep, Span span)
{
    while (context->watches.count > keep) {
        Core *cancel = core_new(context->lower->core, CORE_CANCEL, NULL, span);
        cancel->a = context_local(context, context->watches.items[--context->watches.count], span);
        context_add(context, cancel);
    }
}

/* ---- deadline ---- */

/* `deadline "…" at T page C [met by "step"]` */
void lower_deadline(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *spawn = spawn_of(context, lower_prelude_function(lower, "keep_deadline"), span);
    spawn->flag = true;
    core_append(spawn, lower_string(context, node->deadline.text));
    core_append(spawn, lower_value(context, node->deadline.at));
    core_append(spawn, lower_name_list(context, node->deadline.targets));
    core_append(spawn, node->deadline.met_by ? lower_string(context, node->deadline.met_by)
                                             : build_text(core, STR(""), span));
    context_add(context, build_do(core, spawn));
}

/* ---- plans inside plans ---- */

/* The fiber of another plan's body. */
static Core *call_body(Context *context, Node *node, Node *plan, bool detached)
{
    Lower *lower = context->lower;
    Call *call = node_call(plan);
    Symbol *symbol = call ? call->symbol : plan->symbol;
    Core *body = spawn_of(context, lower_plan_body(lower, symbol), node->span);
    body->flag = detached;
    for (size_t i = 0; i < symbol->param_count; i++) {
        Symbol *param = symbol->params[i];
        Node *arg =
            call && i < call->arg_count && call->args[i] ? call->args[i] : param->decl->parameter.value;
        core_append(body, lower_convert(context, lower_value(context, arg), param->type));
    }
    return body;
}

/* The other plan's statements run here: its windows count from now, its `resolve` ends only it. */
void lower_follow(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    uint32_t began = context_temp(context, simple_type(lower, TYPE_TIME)),
             error = context_temp(context, simple_type(lower, TYPE_ERROR));
    uint32_t fiber = context_temp(context, simple_type(lower, TYPE_FIBER)),
             failed = context_temp(context, simple_type(lower, TYPE_BOOL));
    uint32_t plan_began = lower_prelude_global(lower, "plan_began");
    context_add(context, build_set_local(core, failed, build_int(core, TYPE_BOOL, 0, span)));
    context_add(context, build_set_local(core, began, build_global(core, plan_began, span)));
    context_add(context, build_set_global(core, plan_began, build_now(core, span)));
    context_add(context, build_set_local(core, fiber, call_body(context, node, node->follow.plan, false)));
    Call *call = node_call(node->follow.plan);
    lower_raise_followed(context, call ? call->symbol : node->follow.plan->symbol, span);
    context_call(context, "begin_following", span, context_local(context, fiber, span), NULL);
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = context_local(context, fiber, span);
    context_add(context,
                build_try(core, build_do(core, join), error,
                          build_set_local(core, failed, build_int(core, TYPE_BOOL, 1, span)), false));
    context_add(context, build_set_global(core, plan_began, context_local(context, began, span)));
    Core *ended = build_call(core, lower_prelude_function(lower, "end_following"), span, NULL);
    Core *bad = build_and(core, build_not(core, ended), context_local(context, failed, span));
    context_add(context, build_if(core, bad, build_raise(core, context->function, error, span), NULL));
}

/* This plan ends and the other takes its place: the run's body is another fiber from here on. */
void lower_continue_with(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *next = call_body(context, node, node->continue_with.plan, true);
    context_add(context,
                build_set_global(core, lower_prelude_global(lower, "plan_began"), build_now(core, span)));
    context_add(context,
                build_set_global(core, lower_prelude_global(lower, "next_body"), build_some(core, next)));
    Call *call = node_call(node->continue_with.plan);
    lower_take_over(context, call ? call->symbol : node->continue_with.plan->symbol, span);
    context_call(context, "hand_over", span, NULL);
}
