/* A plan as the host starts it: the incident opens, its ladder, targets and updates run as fibers beside the
 * plan's own, and when the plan has ended its afterwards follow. What these fibers do in detail is in
 * stdlib/prelude.plan. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

#include <stdlib.h>

static Core *text(Lower *lower, Str words, Span span)
{
    return build_text(lower->core, words, span);
}

static Core *spawn_of(Lower *lower, CoreFunction *function, uint32_t rank, Span span)
{
    Core *spawn = core_new(lower->core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
    spawn->function = function;
    spawn->index = rank;
    return spawn;
}

static Node *field_of(NodeList fields, NodeKind kind)
{
    for
        node_each(field, fields) if (field->kind == kind) return field;
    return NULL;
}

/* ---- targets and updates of a severity ---- */

static void spawn_target(Context *entry, const char *function, int64_t level, Node *within, Span span)
{
    Lower *lower = entry->lower;
    Core *spawn = spawn_of(lower, lower_prelude_function(lower, function), RANK_RULES, span);
    core_append(spawn, build_int(lower->core, TYPE_INT, level, span));
    core_append(spawn, lower_span(entry, within, span));
    context_add(entry, build_do(lower->core, spawn));
}

static void spawn_updates(Context *entry, Symbol *severity, Node *update)
{
    Lower *lower = entry->lower;
    CoreProgram *core = lower->core;
    Span span = update->span;
    const Type *message = lower_record_type(lower, "Message");
    for
        node_each(target, update->update.targets)
        {
            Core *closure = core_new(core, CORE_CLOSURE, type_fn(core->types, NULL, 0, message), span);
            closure->function = core_function(
                core, arena_printf(lower->arena, "update.%zu", core->functions.count), message, span);
            Context inner = context_new(lower, closure->function, NULL);
            context_add(&inner, build_return(core, lower_message(&inner, update->update.message), span));
            context_free(&inner);
            Core *spawn = spawn_of(lower, lower_prelude_function(lower, "post_updates"), RANK_UPDATES, span);
            core_append(spawn, build_int(core, TYPE_INT, severity->index, span));
            core_append(spawn, lower_span(entry, update->update.every, span));
            core_append(spawn, lower_target(entry, target));
            core_append(spawn, closure);
            context_add(entry, build_do(core, spawn));
        }
}

static void lower_severity(Context *entry, Symbol *severity)
{
    NodeList fields = severity->decl->severity.fields;
    lower_rules(entry, severity);
    Node *respond = field_of(fields, NODE_RESPOND), *resolve = field_of(fields, NODE_RESOLVE_WITHIN);
    if (respond && respond->respond.warn)
        spawn_target(entry, "warn_of_response", severity->index, respond->respond.warn, respond->span);
    if (resolve && resolve->resolve_within.warn)
        spawn_target(entry, "warn_of_resolution", severity->index, resolve->resolve_within.warn,
                     resolve->span);
    if (respond && respond->respond.within->kind != NODE_MISSING)
        spawn_target(entry, "watch_response", severity->index, respond->respond.within, respond->span);
    if (resolve && resolve->resolve_within.within->kind != NODE_MISSING)
        spawn_target(entry, "watch_resolution", severity->index, resolve->resolve_within.within,
                     resolve->span);
    for
        node_each(field, fields) if (field->kind == NODE_UPDATE) spawn_updates(entry, severity, field);
}

/* ---- the plan ---- */

/* The plan's own statements: a failure goes to `on failure`, and `always` follows whatever came. */
CoreFunction *lower_plan_body(Lower *lower, Symbol *plan)
{
    CoreFunction **known = lowered_function(lower, plan);
    if (*known) return *known;
    CoreProgram *core = lower->core;
    Span span = plan->decl->span;
    Str name = arena_printf(lower->arena, "plan.%.*s.body", STR_ARG(plan->name));
    CoreFunction *function = core_function(core, name, simple_type(lower, TYPE_UNIT), span);
    *known = function;
    Context context = context_new(lower, function, plan);
    for (size_t i = 0; i < plan->param_count; i++)
        context_bind(&context, plan->params[i], plan->params[i]->type);
    function->param_count = (uint32_t)plan->param_count;
    lower_find_outliving(lower, plan);
    lower_find_stops(&context, plan);
    for (size_t i = 0; i < plan->param_count; i++)
        if (lower_outlives(lower, plan->params[i]))
            context_add(&context, build_set_global(core, symbol_global(lower, plan->params[i]),
                                                   context_local(&context, (uint32_t)i, span)));
    NodeList list = plan->decl->plan.body;
    Node *failure = field_of(list, NODE_ON_FAILURE), *always = field_of(list, NODE_ALWAYS);
    Core *body = build_block(core, span), *outer = context.block;
    context.block = body;
    lower_statements(&context, list);
    lower_end_watches(&context, 0, span);
    context.block = outer;
    if (failure) {
        uint32_t error = context_temp(&context, simple_type(lower, TYPE_ERROR));
        Core *handler = build_block(core, failure->span);
        Core *around = context.block;
        context.block = handler;
        lower_recovery(&context, failure->on_failure.body, &error, failure->span);
        context_add(&context, build_raise(core, function, error, failure->span));
        context.block = around;
        body = build_try(core, body, error, handler, false);
    }
    if (always) {
        uint32_t error = context_temp(&context, simple_type(lower, TYPE_ERROR));
        Core *handler = build_block(core, always->span);
        Core *going = build_call(core, lower_prelude_function(lower, "is_going"), always->span, NULL);
        core_append(handler, build_if(core, build_not(core, going), lower_block(&context, always->always.body), NULL));
        core_append(handler, build_raise(core, function, error, always->span));
        body = build_try(core, body, error, handler, true);
    }
    context_add(&context, body);
    if (always) context_add(&context, lower_block(&context, always->always.body));
    context_free(&context);
    return function;
}

/* Starts what watches over every severity: the same for all plans. */
static CoreFunction *severities_function(Lower *lower)
{
    if (lower->severities) return lower->severities;
    Span span = lower->program->prelude->root->span;
    lower->severities = core_function(lower->core, STR("severities"), simple_type(lower, TYPE_UNIT), span);
    Context context = context_new(lower, lower->severities, NULL);
    for (size_t i = 0; i < lower->program->severities.count; i++)
        lower_severity(&context, lower->program->severities.items[i]);
    context_call(&context, "start_ladders", span, NULL);
    context_free(&context);
    return lower->severities;
}

/* start.severity by name, or what the plan says. */
static void open_incident(Context *context, Symbol *plan, Node *clause)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = clause->span;
    Core *own = build_int(core, TYPE_INT, clause->plan_severity.severity->symbol->index, span);
    Core *level = build_call(core, lower_prelude_function(lower, "starting_severity"), span, own, NULL);
    Core *title = plan->decl->plan.title ? lower_string(context, plan->decl->plan.title)
                                         : text(lower, plan->name, span);
    Core *count = build_int(core, TYPE_INT, (int64_t)lower->program->severities.count, span);
    Core *since = build_call(core, lower_prelude_function(lower, "starting_time"), span, NULL);
    context_call(context, "open_incident", span, level, count, title, since, NULL);
    context_add(context, build_do(core, build_call(core, severities_function(lower), span, NULL)));
}

/* The arguments of a plan that is run by itself come with the start. */
static Core *plan_argument(Context *context, Symbol *param)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = param->span;
    const Type *json = simple_type(lower, TYPE_JSON);
    const Type *perhaps = type_optional(core->types, json);
    Core *given = build_call(core, lower_prelude_function(lower, "starting_param"), span,
                             text(lower, param->name, span), NULL);
    uint32_t held = context_temp(context, perhaps);
    Core *sequence = core_new(core, CORE_SEQUENCE, param->type, span);
    core_append(sequence, build_set_local(core, held, given));
    Core *there = build_is_some(core, context_local(context, held, span));
    Node *value =
        param->decl->kind == NODE_PARAMETER ? param->decl->parameter.value : param->decl->param.value;
    Core *cast = core_new(core, CORE_FROM_JSON, param->type, span);
    cast->a = build_value(core, context_local(context, held, span), "the value is absent");
    cast->text = param->name;
    if (!value) {
        Str why = arena_printf(lower->arena, "the parameter %.*s has no value: give one with --set %.*s=…",
                               STR_ARG(param->name), STR_ARG(param->name));
        core_append(sequence,
                    build_if(core, build_not(core, there), build_fail(core, text(lower, why, span)), NULL));
        sequence->a = cast;
        return sequence;
    }
    sequence->a =
        build_choose(core, there, cast, lower_convert(context, lower_value(context, value), param->type));
    sequence->a->type = param->type;
    return sequence;
}

Core *lower_started_param(Context *context, Symbol *param)
{
    return plan_argument(context, param);
}

/* failure = why the plan's body ended badly, or "". A plan that went on as another is waited for again. */
static void await_body(Context *context, uint32_t failure, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), span);
    join->a = build_value(core, build_global(core, lower_prelude_global(lower, "body"), span),
                          "the plan has no body");
    Core *kind = core_new(core, CORE_BUILTIN, simple_type(lower, TYPE_STRING), span);
    kind->index = BUILTIN_ERROR_KIND;
    core_append(kind, context_local(context, error, span));
    Core *why = core_new(core, CORE_BUILTIN, simple_type(lower, TYPE_STRING), span);
    why->index = BUILTIN_ERROR_TEXT;
    core_append(why, context_local(context, error, span));
    Core *failed = build_binary(core, CORE_NE, kind, text(lower, STR("cancelled"), span));
    Core *handler = build_if(core, failed, build_set_local(core, failure, why), NULL);
    Core *outer = context->block, *round = build_block(core, span);
    context->block = round;
    context_add(context, build_set_local(core, failure, text(lower, STR(""), span)));
    context_add(context, build_try(core, build_do(core, join), error, handler, false));
    Core *goes_on = build_call(core, lower_prelude_function(lower, "goes_on"), span, NULL);
    context_add(context, build_if(core, build_not(core, goes_on), build_break(core, 0, span), NULL));
    context->block = outer;
    context_add(context, build_loop(core, round));
}

/* The plan's statements as a fiber: at the start, and again when somebody says at which phase to go on. */
static void begin_body(Context *context, Symbol *plan)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = plan->decl->span;
    Core *outer = context->block, *beginning = build_block(core, span);
    context->block = beginning;
    Core *spawn = spawn_of(lower, lower_plan_body(lower, plan), RANK_PLAN, span);
    for (size_t i = 0; i < plan->param_count; i++) core_append(spawn, plan_argument(context, plan->params[i]));
    context_add(context, build_set_global(core, lower_prelude_global(lower, "body"), build_some(core, spawn)));
    context->block = outer;
    Core *begins = build_call(core, lower_prelude_function(lower, "begins_body"), span, NULL);
    context_add(context, build_if(core, begins, beginning, NULL));
}

void lower_plan(Lower *lower, Symbol *plan)
{
    CoreProgram *core = lower->core;
    Span span = plan->decl->span;
    if (plan->decl->plan.missing) return;
    Str name = arena_printf(lower->arena, "plan.%.*s", STR_ARG(plan->name));
    CoreFunction *entry = core_function(core, name, simple_type(lower, TYPE_UNIT), span);
    entry->is_entry = true;
    Context context = context_new(lower, entry, NULL);
    context_add(&context, build_do(core, build_call(core, lower_setup(lower), span, NULL)));
    lower_refuse_missing(&context, plan);
    Node *severity = field_of(plan->decl->plan.body, NODE_PLAN_SEVERITY);
    context_add(&context, build_do(core, spawn_of(lower, lower_prelude_function(lower, "handle_signals"),
                                                  RANK_SIGNALS, span)));
    lower_running_plan(&context, plan, span);
    if (severity) open_incident(&context, plan, severity);
    context_add(&context,
                build_set_global(core, lower_prelude_global(lower, "plan_began"), build_now(core, span)));
    lower_plan_updates(&context, plan);
    lower_phase_names(&context, plan);
    uint32_t failure = context_temp(&context, simple_type(lower, TYPE_STRING));
    Core *outer = context.block, *round = build_block(core, span);
    context.block = round;
    begin_body(&context, plan);
    await_body(&context, failure, span);
    lower_after_body(&context, plan, failure, span);
    context.block = outer;
    context_add(&context, build_loop(core, round));
    context_call(&context, "end_run", span, context_local(&context, failure, span), NULL);
    context_free(&context);
}
