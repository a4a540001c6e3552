/* Watches that stop a phase or roll back: the change that is under way is finished first, and no other begins meanwhile.
 *
 * Only plans that have such a watch pay for it: their changes are counted by the prelude, and their phases are fibers that
 * can be ended. Called by incident.c, effects.c, steps.c, beside.c and deeds.c. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

typedef struct Finding {
    bool in_watch, stops, rolls_back;
} Finding;

static void find_stop(Node *node, void *data)
{
    Finding *finding = data;
    bool outer = finding->in_watch;
    if (node->kind == NODE_WATCH) finding->in_watch = true;
    if (node->kind == NODE_STOP_PHASE) finding->stops = true;
    if (node->kind == NODE_ROLL_BACK && finding->in_watch) finding->rolls_back = true;
    node_children(node, find_stop, data);
    finding->in_watch = outer;
}

void lower_find_stops(Context *context, const Symbol *plan)
{
    Finding finding = {0};
    for node_each(node, plan->decl->plan.body) find_stop(node, &finding);
    context->stoppable = finding.stops;
    context->counts_changes = finding.stops || finding.rolls_back;
}

static void call(Context *context, const char *function, Span span)
{
    Core *node = build_call(context->lower->core, lower_prelude_function(context->lower, function), span, NULL);
    context_add(context, build_do(context->lower->core, node));
}

void lower_counted(Context *context, Core *change, Span span)
{
    if (!context->counts_changes) {
        context_add(context, change);
        return;
    }
    CoreProgram *core = context->lower->core;
    call(context, "change_begins", span);
    uint32_t error = context_temp(context, simple_type(context->lower, TYPE_ERROR));
    Core *outer = context->block, *handler = build_block(core, span);
    context->block = handler;
    call(context, "change_ended", span);
    context_add(context, build_raise(core, context->function, error, span));
    context->block = outer;
    context_add(context, build_try(core, change, error, handler, true));
    call(context, "change_ended", span);
}

/* ---- phases that can be stopped ---- */

/* Waits for the phase's fiber; that it was stopped is no failure. */
static void await_phase(Context *context, uint32_t fiber, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = context_local(context, fiber, span);
    Core *stopped = build_call(core, lower_prelude_function(lower, "was_stopped"), span, NULL);
    Core *outer = context->block, *handler = build_block(core, span);
    context->block = handler;
    call(context, "phase_over", span);
    context_add(context, build_if(core, build_not(core, stopped), build_raise(core, context->function, error, span), NULL));
    context->block = outer;
    context_add(context, build_try(core, build_do(core, join), error, handler, false));
    call(context, "phase_over", span);
}

void lower_stoppable_phase(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
    spawn->index = RANK_PLAN;
    Str name = arena_printf(lower->arena, "%.*s.phase.%zu", STR_ARG(context->function->name), core->functions.count);
    Context inner = context_split(context, name, simple_type(lower, TYPE_UNIT), span, &node->phase.body, 1, spawn);
    spawn->function = inner.function;
    lower_statements(&inner, node->phase.body);
    lower_end_watches(&inner, 0, span);
    context_free(&inner);
    uint32_t fiber = context_temp(context, simple_type(lower, TYPE_FIBER));
    context_add(context, build_set_local(core, fiber, spawn));
    uint32_t current = lower_prelude_global(lower, "phase_body");
    context_add(context, build_set_global(core, current, build_some(core, context_local(context, fiber, span))));
    await_phase(context, fiber, span);
}

/* ---- in the block of a watch ---- */

/* What is begun must be finished though the watch ends meanwhile: a detached fiber does it. */
static void call_detached(Context *context, const char *function, Core *arg, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *spawn = core_new(core, CORE_SPAWN, simple_type(context->lower, TYPE_FIBER), span);
    spawn->function = lower_prelude_function(context->lower, function);
    spawn->index = RANK_PLAN;
    spawn->flag = true;
    core_append(spawn, arg);
    Core *join = core_new(core, CORE_JOIN, simple_type(context->lower, TYPE_BOOL), span);
    join->a = spawn;
    join->flag = true;
    context_add(context, build_do(core, join));
}

void lower_watched_roll_back(Context *context, Core *steps, Span span)
{
    call_detached(context, "roll_back_held", steps, span);
}

/* The phase ends when the watch's block has: what follows in the block is still done. */
void lower_stop_phase(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *why = node->stop_phase.why ? lower_string(context, node->stop_phase.why) : build_text(core, STR("its watch says so"), node->span);
    context_add(context, build_set_local(core, context->stop_reason, why));
    call(context, "want_stop", node->span);
}

void lower_stop_if_wanted(Context *context, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *outer = context->block, *stops = build_block(core, span);
    context->block = stops;
    call_detached(context, "stop_phase", context_local(context, context->stop_reason, span), span);
    context->block = outer;
    Core *wanted = build_binary(core, CORE_NE, context_local(context, context->stop_reason, span), build_text(core, STR(""), span));
    context_add(context, build_if(core, wanted, stops, NULL));
}
