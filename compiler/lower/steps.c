/* Phases, steps and remedies: each step is a fiber of its own, so that it can be timed, skipped and tried
 * again. */
#include "compiler/lower/steps.h"

#include "vm/code/opcode.h"

/* ---- what a step is made of ---- */

StepParts step_parts(Node *node)
{
    bool remedy = node->kind == NODE_REMEDY;
    StepParts parts = {.node = node,
                       .title = node_step_title(node),
                       .body = remedy ? node->remedy.body : node->step.body,
                       .kind = remedy ? "remedy" : "step"};
    for
        node_each(clause, parts.body)
        {
            switch (clause->kind) {
            case NODE_ONLY_IF: parts.only_if = clause->only_if.condition; break;
            case NODE_TIMEOUT: parts.timeout = clause->timeout.duration; break;
            case NODE_RETRY: parts.retry = clause; break;
            case NODE_ON_FAILURE: parts.on_failure = clause; break;
            case NODE_UNDO_ON_FAILURE: parts.undo_on_failure = true; break;
            case NODE_NO_SKIP: parts.no_skip = true; break;
            case NODE_BY: parts.by = clause->by.role; break;
            default: break;
            }
        }
    return parts;
}

Core *lower_step_name(Context *context, Str outside, Span span)
{
    if (!context->step) return build_text(context->lower->core, outside, span);
    return lower_string(context, node_step_title(context->step));
}

StepRun step_run(Context *context, const StepParts *parts)
{
    Lower *lower = context->lower;
    const Type *text = simple_type(lower, TYPE_STRING);
    StepRun run = {.name = context_temp(context, text),
                   .failed = context_temp(context, simple_type(lower, TYPE_BOOL))};
    run.reason = context_temp(context, text);
    run.place = context_temp(context, text);
    run.stack = context_temp(context, text);
    run.error = context_temp(context, simple_type(lower, TYPE_ERROR));
    run.keep = context_temp(context, simple_type(lower, TYPE_INT));
    run.bent = context_temp(context, text);
    context_add(context, build_set_local(lower->core, run.name, lower_string(context, parts->title)));
    return run;
}

static Core *text(Context *context, const char *words, Span span)
{
    return build_text(context->lower->core, str_from_c(words), span);
}

/* As a run error's stack shows it: plan, phase, step. */
static Str step_function_name(Context *context, const StepParts *parts)
{
    Arena *arena = context->lower->arena;
    Str title = STR("");
    node_plain_text(arena, parts->title, &title);
    Str phase = context->phase.len ? arena_printf(arena, ", phase \"%.*s\"", STR_ARG(context->phase)) : STR("");
    return arena_printf(arena, "plan %.*s%.*s, %s \"%.*s\"", STR_ARG(context->plan->name), STR_ARG(phase), parts->kind,
                        STR_ARG(title));
}

/* The step's statements become a function; the result spawns it. */
static Core *spawn_step(Context *context, const StepParts *parts)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = parts->node->span;
    Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
    spawn->index = RANK_PLAN;
    Str name = step_function_name(context, parts);
    NodeList lists[] = {parts->body, {parts->title, parts->title, 1}};
    Context inner = context_split(context, name, simple_type(lower, TYPE_UNIT), span, lists, 2, spawn);
    inner.step = parts->node;
    if (parts->by) inner.by = parts->by;
    spawn->function = inner.function;
    Core *path = core_new(core, CORE_STEP, NULL, span);
    path->a = lower_string(&inner, parts->title);
    context_add(&inner, path);
    lower_statements(&inner, parts->body);
    context_free(&inner);
    return spawn;
}

static Core *error_part(Context *context, BuiltinId id, uint32_t error, Span span)
{
    Core *node = core_new(context->lower->core, CORE_BUILTIN, simple_type(context->lower, TYPE_STRING), span);
    node->index = (uint32_t)id;
    core_append(node, context_local(context, error, span));
    return node;
}

/* failed, reason, place, stack = what the error says. */
static Core *keep_failure(Context *context, const StepRun *run, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *block = build_block(core, span);
    core_append(block, build_set_local(core, run->failed, build_int(core, TYPE_BOOL, 1, span)));
    core_append(block, build_set_local(core, run->reason, error_part(context, BUILTIN_ERROR_TEXT, run->error, span)));
    core_append(block, build_set_local(core, run->place, error_part(context, BUILTIN_ERROR_PLACE, run->error, span)));
    core_append(block, build_set_local(core, run->stack, error_part(context, BUILTIN_ERROR_STACK, run->error, span)));
    return block;
}

/* A step that was ended by its `timeout` fails for that, not for having been ended. */
static void see_whether_late(Context *context, const StepParts *parts, const StepRun *run)
{
    CoreProgram *core = context->lower->core;
    Lower *lower = context->lower;
    Span span = parts->timeout->span;
    uint32_t why = context_temp(context, simple_type(lower, TYPE_STRING));
    Core *late = build_call(core, lower_prelude_function(lower, "why_late"), span, context_local(context, run->name, span), NULL);
    context_add(context, build_set_local(core, why, late));
    Core *is_late = build_binary(core, CORE_NE, context_local(context, why, span), text(context, "", span));
    Core *failing = build_try(core, build_fail(core, context_local(context, why, span)), run->error,
                              keep_failure(context, run, span), false);
    context_add(context, build_if(core, build_and(core, context_local(context, run->failed, span), is_late), failing, NULL));
}

/* A step that was ended because somebody does it by hand, or has it skipped. */
static void see_whether_bent(Context *context, const StepParts *parts, const StepRun *run)
{
    CoreProgram *core = context->lower->core;
    Lower *lower = context->lower;
    Span span = parts->node->span;
    Core *outer = context->block, *ended = build_block(core, span), *by_hand = build_block(core, span);
    context->block = ended;
    Core *bent = build_call(core, lower_prelude_function(lower, "how_bent"), span, context_local(context, run->name, span), NULL);
    context_add(context, build_set_local(core, run->bent, bent));
    Core *done = build_call(core, lower_prelude_function(lower, "by_hand"), span, context_local(context, run->name, span),
                            text(context, "", span), NULL);
    core_append(by_hand, build_set_local(core, run->failed, build_not(core, done)));
    Core *taken = build_binary(core, CORE_EQ, context_local(context, run->bent, span), text(context, "takeover", span));
    context_add(context, build_if(core, taken, by_hand, NULL));
    Core *skipped = build_binary(core, CORE_EQ, context_local(context, run->bent, span), text(context, "skip", span));
    Core *who = build_call(core, lower_prelude_function(lower, "who_bent"), span, context_local(context, run->name, span), NULL);
    context_add(context, build_if(core, skipped, build_set_local(core, run->reason, who), NULL));
    context->block = outer;
    context_add(context, build_if(core, context_local(context, run->failed, span), ended, NULL));
}

/* The step as a whole is given up: what its own `always` says has its end first. */
static void wait_for_given_up(Context *context, Core *waiting, uint32_t child, const StepRun *run, Span span)
{
    CoreProgram *core = context->lower->core;
    uint32_t given_up = context_temp(context, simple_type(context->lower, TYPE_ERROR));
    Core *outer = context->block, *handler = build_block(core, span);
    context->block = handler;
    Core *join = core_new(core, CORE_JOIN, simple_type(context->lower, TYPE_BOOL), span);
    join->a = context_local(context, child, span);
    join->flag = true;
    context_add(context, build_do(core, join));
    context_call(context, "step_over", span, context_local(context, run->name, span), NULL);
    context_add(context, build_raise(core, context->function, given_up, span));
    context->block = outer;
    context_add(context, build_try(core, waiting, given_up, handler, true));
}

void step_attempt(Context *context, const StepParts *parts, const StepRun *run)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = parts->node->span;
    const Type *fiber = simple_type(lower, TYPE_FIBER);
    uint32_t child = context_temp(context, fiber), guard = context_temp(context, fiber);
    context_call(context, "begin_step", span, context_local(context, run->name, span),
                 text(context, parts->kind, span), build_text(core, context->phase, span), NULL);
    Core *undos = core_new(core, CORE_LEN, simple_type(lower, TYPE_INT), span);
    undos->a = build_global(core, lower_prelude_global(lower, "undos"), span);
    context_add(context, build_set_local(core, run->keep, undos));
    context_add(context, build_set_local(core, run->failed, build_int(core, TYPE_BOOL, 0, span)));
    context_add(context, build_set_local(core, child, spawn_step(context, parts)));
    context_call(context, "step_runs", span, context_local(context, run->name, span), context_local(context, child, span),
                 build_int(core, TYPE_BOOL, !parts->no_skip, span), NULL);
    if (parts->timeout) {
        Core *watch = core_new(core, CORE_SPAWN, fiber, span);
        watch->function = lower_prelude_function(lower, "end_after");
        watch->index = RANK_PLAN;
        core_append(watch, context_local(context, run->name, span));
        core_append(watch, context_local(context, child, span));
        core_append(watch, lower_value(context, parts->timeout));
        context_add(context, build_set_local(core, guard, watch));
    }
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = context_local(context, child, span);
    Core *waiting = build_try(core, build_do(core, join), run->error, keep_failure(context, run, span), false);
    wait_for_given_up(context, waiting, child, run, span);
    context_call(context, "step_over", span, context_local(context, run->name, span), NULL);
    see_whether_bent(context, parts, run);
    if (!parts->timeout) return;
    see_whether_late(context, parts, run);
    Core *cancel = core_new(core, CORE_CANCEL, NULL, span);
    cancel->a = context_local(context, guard, span);
    context_add(context, cancel);
}

void step_emit_failed(Context *context, const StepParts *parts, const StepRun *run)
{
    CoreProgram *core = context->lower->core;
    Span span = parts->node->span;
    context_add(context, build_emit(core, "step.failed",
                                    build_object(core, span, "name", context_local(context, run->name, span),
                                                 "kind", text(context, parts->kind, span), "error",
                                                 context_local(context, run->reason, span), "at",
                                                 context_local(context, run->place, span), "stack",
                                                 context_local(context, run->stack, span), NULL)));
}

void step_emit_skipped(Context *context, const StepRun *run, Core *reason, Span span)
{
    CoreProgram *core = context->lower->core;
    context_add(context, build_emit(core, "step.skipped",
                                    build_object(core, span, "name", context_local(context, run->name, span),
                                                 "reason", reason, NULL)));
}

void step_undo_if_wanted(Context *context, const StepParts *parts, const StepRun *run)
{
    if (parts->undo_on_failure)
        context_call(context, "roll_back", parts->node->span,
                     context_local(context, run->keep, parts->node->span), NULL);
}

/* ---- steps ---- */

void step_retry(Context *context, const StepParts *parts, uint32_t tries)
{
    CoreProgram *core = context->lower->core;
    Span span = parts->retry->span;
    Core *again = build_block(core, span);
    Core *more =
        build_binary(core, CORE_ADD, context_local(context, tries, span), build_int(core, TYPE_INT, 1, span));
    core_append(again, build_set_local(core, tries, more));
    if (parts->retry->retry.every) {
        Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), span);
        wait->a = build_binary(core, CORE_ADD, build_now(core, span),
                               lower_value(context, parts->retry->retry.every));
        core_append(again, build_do(core, wait));
    }
    core_append(again, core_new(core, CORE_CONTINUE, NULL, span));
    Core *left = build_binary(core, CORE_LT, context_local(context, tries, span),
                              lower_value(context, parts->retry->retry.times));
    context_add(context, build_if(core, left, again, NULL));
}

/* A person says what happens after a failure that the plan says nothing of. */
static void ask_what_now(Context *context, const StepParts *parts, const StepRun *run)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = parts->node->span;
    uint32_t decision = context_temp(context, simple_type(lower, TYPE_STRING));
    Core *asked = build_call(
        core, lower_prelude_function(lower, "after_failure"), span, context_local(context, run->name, span),
        context_local(context, run->reason, span), build_int(core, TYPE_BOOL, !parts->no_skip, span),
        lower_one_name(context, parts->by ? parts->by : context->by, span), NULL);
    context_add(context, build_set_local(core, decision, asked));
    Core *retry =
        build_binary(core, CORE_EQ, context_local(context, decision, span), text(context, "retry", span));
    context_add(context, build_if(core, retry, core_new(core, CORE_CONTINUE, NULL, span), NULL));
    Core *outer = context->block, *skipping = build_block(core, span);
    context->block = skipping;
    step_emit_skipped(context, run, build_call(core, lower_prelude_function(context->lower, "why_skipped"), span, NULL),
                 span);
    context_add(context, build_break(core, 0, span));
    context->block = outer;
    Core *skip =
        build_binary(core, CORE_EQ, context_local(context, decision, span), text(context, "skip", span));
    context_add(context, build_if(core, skip, skipping, NULL));
    Core *by_hand = build_block(core, span);
    context->block = by_hand;
    context_call(context, "step_done", span, context_local(context, run->name, span), text(context, parts->kind, span), NULL);
    context_add(context, build_break(core, 0, span));
    context->block = outer;
    Core *done = build_binary(core, CORE_EQ, context_local(context, decision, span), text(context, "done", span));
    context_add(context, build_if(core, done, by_hand, NULL));
    context_add(context, build_raise(core, context->function, run->error, span));
}

static void after_failure(Context *context, const StepParts *parts, const StepRun *run)
{
    CoreProgram *core = context->lower->core;
    Span span = parts->node->span;
    if (!parts->on_failure) {
        ask_what_now(context, parts, run);
        return;
    }
    if (parts->on_failure->on_failure.kind == FAILURE_STOP) {
        context_add(context, build_raise(core, context->function, run->error, span));
        return;
    }
    if (parts->on_failure->on_failure.kind == FAILURE_BLOCK)
        lower_recovery(context, parts->on_failure->on_failure.body, &run->error, span);
    context_add(context, build_break(core, 0, span));
}

static void run_step(Context *context, const StepParts *parts, const StepRun *run)
{
    CoreProgram *core = context->lower->core;
    Span span = parts->node->span;
    uint32_t tries = context_temp(context, simple_type(context->lower, TYPE_INT));
    context_add(context, build_set_local(core, tries, build_int(core, TYPE_INT, 0, span)));
    Core *outer = context->block, *round = build_block(core, span), *well = build_block(core, span);
    context->block = round;
    step_attempt(context, parts, run);
    context->block = well;
    context_call(context, "step_done", span, context_local(context, run->name, span),
                 text(context, parts->kind, span), NULL);
    context_add(context, build_break(core, 0, span));
    context->block = round;
    context_add(context,
                build_if(core, build_not(core, context_local(context, run->failed, span)), well, NULL));
    Core *skipping = build_block(core, span);
    context->block = skipping;
    step_emit_skipped(context, run, context_local(context, run->reason, span), span);
    context_add(context, build_break(core, 0, span));
    context->block = round;
    Core *skipped = build_binary(core, CORE_EQ, context_local(context, run->bent, span), text(context, "skip", span));
    context_add(context, build_if(core, skipped, skipping, NULL));
    step_emit_failed(context, parts, run);
    if (parts->retry) step_retry(context, parts, tries);
    step_undo_if_wanted(context, parts, run);
    after_failure(context, parts, run);
    context->block = outer;
    context_add(context, build_loop(core, round));
}

static Core *unless_skipped(Context *context, const StepParts *parts, const StepRun *run, Core *doing)
{
    CoreProgram *core = context->lower->core;
    Span span = parts->node->span;
    Core *outer = context->block, *skipping = build_block(core, span);
    Core *skipped = build_call(core, lower_prelude_function(context->lower, "skipped_ahead"), span,
                               context_local(context, run->name, span), build_int(core, TYPE_BOOL, !parts->no_skip, span), NULL);
    context->block = skipping;
    Core *who = build_call(core, lower_prelude_function(context->lower, "who_bent"), span, context_local(context, run->name, span), NULL);
    step_emit_skipped(context, run, who, span);
    context->block = outer;
    return build_if(core, skipped, skipping, doing);
}

void step_guard(Context *context, const StepParts *parts, const StepRun *run, Core *doing)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = parts->node->span;
    Core *wanted = unless_skipped(context, parts, run, doing);
    if (!parts->only_if) {
        context_add(context, wanted);
        return;
    }
    uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
    uint32_t unknown = context_temp(context, simple_type(lower, TYPE_BOOL));
    Str condition = lower_source(lower, parts->only_if->span);
    lower_try(context, parts->only_if, met, unknown, run->reason);
    Core *asked = build_call(core, lower_prelude_function(lower, "only_if_unknown"), span,
                             context_local(context, run->name, span), build_text(core, condition, span),
                             context_local(context, run->reason, span),
                             lower_one_name(context, parts->by ? parts->by : context->by, span), NULL);
    context_add(context, build_if(core, context_local(context, unknown, span), build_set_local(core, met, asked), NULL));
    Core *outer = context->block, *skipping = build_block(core, span);
    context->block = skipping;
    Str why = arena_printf(lower->arena, "only if %.*s", STR_ARG(condition));
    step_emit_skipped(context, run, build_text(core, why, span), span);
    context->block = outer;
    context_add(context, build_if(core, context_local(context, met, span), wanted, skipping));
}

void lower_step(Context *context, Node *node)
{
    StepParts parts = step_parts(node);
    StepRun run = step_run(context, &parts);
    Core *outer = context->block, *doing = build_block(context->lower->core, node->span);
    context->block = doing;
    run_step(context, &parts, &run);
    context->block = outer;
    step_guard(context, &parts, &run, doing);
}

/* ---- undo ---- */

void lower_undo(Context *context, Node *undo)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = undo->span;
    const Type *boolean = simple_type(lower, TYPE_BOOL);
    Core *closure = core_new(core, CORE_CLOSURE, type_fn(core->types, NULL, 0, boolean), span);
    Str name =
        arena_printf(lower->arena, "%.*s.undo.%zu", STR_ARG(context->plan->name), core->functions.count);
    Context inner = context_split(context, name, boolean, span, &undo->undo.body, 1, closure);
    inner.counts_changes = false; /* whoever rolls back has waited for the others already */
    lower_statements(&inner, undo->undo.body);
    context_add(&inner, build_return(core, build_int(core, TYPE_BOOL, 1, span), span));
    closure->function = inner.function;
    context_free(&inner);
    Str step = {0};
    if (context->step)
        node_plain_text(lower->arena, node_step_title(context->step), &step);
    context_call(context, "register_undo", span, build_text(core, step, span), closure, NULL);
}

/* ---- phases ---- */

static Core *duration_or_null(Context *context, Node *node, Span span)
{
    CoreProgram *core = context->lower->core;
    if (node) return build_to_json(core, lower_value(context, node));
    return build_to_json(
        core, build_none(core, type_optional(core->types, simple_type(context->lower, TYPE_DURATION)), span));
}

/* When the phase is over its time: `a..b` counts from the plan's start, `within` from the phase's own. */
static Core *window_end(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    if (node->phase.within) return lower_time_after(context, build_now(core, node->span), node->phase.within);
    if (!node->phase.end) return NULL;
    Core *began = build_global(core, lower_prelude_global(context->lower, "plan_began"), node->span);
    return lower_time_after(context, began, node->phase.end);
}

void lower_phase(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Str outer_phase = context->phase;
    Node *outer_by = context->by;
    if (node->phase.by) context->by = node->phase.by;
    node_plain_text(lower->arena, node->phase.title, &context->phase);
    uint32_t name = context_temp(context, simple_type(lower, TYPE_STRING));
    uint32_t watch = context_temp(context, simple_type(lower, TYPE_FIBER));
    context_add(context, build_set_local(core, name, lower_string(context, node->phase.title)));
    Core *to = duration_or_null(context, node->phase.within ? node->phase.within : node->phase.end, span);
    context_add(context,
                build_emit(core, "phase.started",
                           build_object(core, span, "name", context_local(context, name, span), "window_from",
                                        duration_or_null(context, node->phase.start, span), "window_to", to,
                                        "by", lower_one_name(context, context->by, span), NULL)));
    Core *due = window_end(context, node);
    if (due) {
        Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
        spawn->function = lower_prelude_function(lower, "watch_window");
        spawn->index = RANK_PLAN;
        core_append(spawn, context_local(context, name, span));
        core_append(spawn, due);
        context_add(context, build_set_local(core, watch, spawn));
    }
    size_t watches = context->watches.count;
    if (context->stoppable) {
        lower_stoppable_phase(context, node);
    } else {
        lower_statements(context, node->phase.body);
        lower_end_watches(context, watches, span);
    }
    if (due) {
        Core *cancel = core_new(core, CORE_CANCEL, NULL, span);
        cancel->a = context_local(context, watch, span);
        context_add(context, cancel);
    }
    context_add(context,
                build_emit(core, "phase.ended",
                           build_object(core, span, "name", context_local(context, name, span), NULL)));
    context->phase = outer_phase;
    context->by = outer_by;
}
