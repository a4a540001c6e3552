/* What a plan does besides values, branches and loops: it verifies, waits, speaks, sets the incident's facts,
 * undoes. Most of it is a call of the prelude. */
#include "compiler/lower/context.h"

#include <assert.h>

#include "vm/code/opcode.h"

/* ---- verify ---- */

void lower_verify(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
    uint32_t reason = context_temp(context, simple_type(lower, TYPE_STRING));
    AwaitLimits limits = {node->verify.holds, node->verify.within, node->verify.every};
    lower_await(context, node->verify.condition, limits, met, reason);
    Core *failed;
    if (node->verify.has_else) {
        failed = lower_block(context, node->verify.otherwise);
    } else {
        Core *text = core_new(core, CORE_CONCAT, simple_type(lower, TYPE_STRING), span);
        Str what = lower_source(context->lower, node->verify.condition->span);
        if (node->verify.why) {
            core_append(text, lower_string(context, node->verify.why));
            core_append(text, build_text(core, STR(": "), span));
        } else if (!lower_is_bare_look(node->verify.condition)) {
            core_append(text, build_text(core, arena_printf(lower->arena, "%.*s: ", STR_ARG(what)), span));
        }
        core_append(text, context_local(context, reason, span));
        failed = build_fail(core, text);
    }
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), failed, NULL));
}

/* People are asked all together, before the machine tries its own checks. */
static void ask_checkers(Context *context, Node *node, uint32_t *fibers)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *fiber = simple_type(lower, TYPE_FIBER);
    size_t at = 0;
    for
        node_each(check, node->verify_all.checks)
        {
            fibers[at++] = 0;
            if (!check->check.by) continue;
            Core *spawn = core_new(core, CORE_SPAWN, fiber, check->span);
            spawn->function = lower_prelude_function(lower, "checked_by");
            spawn->index = RANK_PLAN;
            core_append(spawn, lower_string(context, check->check.title));
            core_append(spawn, lower_one_name(context, check->check.by, check->span));
            core_append(spawn, lower_deadline_after(context, check->check.within, check->span));
            fibers[at - 1] = context_temp(context, fiber);
            context_add(context, build_set_local(core, fibers[at - 1], spawn));
        }
}

static void note_check(Context *context, Node *check, uint32_t met, uint32_t failed)
{
    CoreProgram *core = context->lower->core;
    Span span = check->span;
    Core *longer = core_new(core, CORE_APPEND, context->function->locals.items[failed].type, span);
    longer->a = context_local(context, failed, span);
    longer->b = lower_string(context, check->check.title);
    Core *keep = build_set_local(core, failed, longer);
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), keep, NULL));
}

/* A check-list: every check is tried, then it fails naming all that failed, in their order. */
void lower_verify_all(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Type *strings = type_list(core->types, simple_type(lower, TYPE_STRING));
    size_t count = node->verify_all.checks.count, at = 0;
    uint32_t *fibers = arena_array(lower->arena, uint32_t, count + 1),
             *met = arena_array(lower->arena, uint32_t, count + 1);
    uint32_t failed = context_temp(context, strings),
             reason = context_temp(context, simple_type(lower, TYPE_STRING));
    context_add(context, build_set_local(core, failed, core_new(core, CORE_LIST, strings, span)));
    ask_checkers(context, node, fibers);
    for
        node_each(check, node->verify_all.checks)
        {
            met[at] = context_temp(context, simple_type(lower, TYPE_BOOL));
            if (check->check.condition)
                lower_await(context, check->check.condition,
                            (AwaitLimits){check->check.holds, check->check.within, check->check.every},
                            met[at], reason);
            at++;
        }
    at = 0;
    for
        node_each(check, node->verify_all.checks)
        {
            if (check->check.by) {
                Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), check->span);
                join->a = context_local(context, fibers[at], check->span);
                join->flag = true;
                context_add(context, build_set_local(core, met[at], join));
            }
            note_check(context, check, met[at++], failed);
        }
    context_add(context, build_do(core, build_call(core, lower_prelude_function(lower, "all_checked"), span,
                                                   lower_string(context, node->verify_all.title),
                                                   context_local(context, failed, span), NULL)));
}

/* ---- the incident's facts, and small statements ---- */

static Core *the_plan(Context *context, Span span)
{
    return build_text(context->lower->core, STR("the plan"), span);
}

static Core *text_or_empty(Context *context, Node *text, Span span)
{
    return text ? lower_string(context, text) : build_text(context->lower->core, STR(""), span);
}

static void lower_set(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Node *value = node->set.value;
    Core *text = value->kind == NODE_NAME && (!value->symbol || str_equal_c(node->set.name, "status"))
                     ? build_text(core, value->name.text, value->span)
                     : lower_text_of(context, lower_value(context, value), value->span);
    context_call(context, "set_fact", node->span, build_text(core, node->set.name, node->span), text,
                 the_plan(context, node->span), NULL);
}

static void lower_note(Context *context, Node *node, const char *mark, Node *text)
{
    CoreProgram *core = context->lower->core;
    context_add(context, build_emit(core, mark,
                                    build_object(core, node->span, "text", lower_string(context, text), "by",
                                                 the_plan(context, node->span), NULL)));
}

void lower_wait(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    if (node->wait.until) {
        context_call(context, "wait_until", node->span, lower_value(context, node->wait.until), NULL);
        return;
    }
    if (node->wait.duration->kind == NODE_BUSINESS) {
        context_call(context, "wait_for_span", node->span, lower_span(context, node->wait.duration, node->span), NULL);
        return;
    }
    Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), node->span);
    wait->a = build_binary(core, CORE_ADD, build_now(core, node->span), lower_value(context, node->wait.duration));
    context_add(context, build_do(core, wait));
}

/* In a plan that is being followed it ends that one, and the step that says so is done. */
static void lower_resolve(Context *context, Node *node)
{
    Span span = node->span;
    context_call(context, "resolve_by_plan", span, text_or_empty(context, node->resolve.text, span),
                 lower_step_name(context, STR(""), span), NULL);
}

static void lower_followup(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *by =
        node->followup.by ? lower_target(context, node->followup.by) : build_text(core, STR(""), node->span);
    Core *within = node->followup.within ? lower_value(context, node->followup.within)
                                         : build_int(core, TYPE_DURATION, 0, node->span); /* due when it is over */
    context_call(context, "follow_up", node->span, lower_string(context, node->followup.text), within, by, NULL);
}

/* Each of the statements in a fiber of its own; all are waited for, then the first failure is raised. */
void lower_parallel(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Type *fiber = simple_type(lower, TYPE_FIBER);
    uint32_t fibers[64];
    size_t count = 0;
    for (Node *part = node->parallel.body.first; part && count < 64; part = part->next) {
        Node *following = part->next;
        part->next = NULL;
        NodeList list = {part, part, 1};
        Core *spawn = core_new(core, CORE_SPAWN, fiber, part->span);
        spawn->index = RANK_PLAN;
        Str name = arena_printf(lower->arena, "%.*s.parallel.%zu", STR_ARG(context->function->name),
                                core->functions.count);
        Context inner =
            context_split(context, name, simple_type(lower, TYPE_UNIT), part->span, &list, 1, spawn);
        spawn->function = inner.function;
        lower_statements(&inner, list);
        context_free(&inner);
        part->next = following;
        fibers[count] = context_temp(context, fiber);
        context_add(context, build_set_local(core, fibers[count++], spawn));
    }
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    uint32_t failed = context_temp(context, simple_type(lower, TYPE_BOOL));
    context_add(context, build_set_local(core, failed, build_int(core, TYPE_BOOL, 0, node->span)));
    for (size_t i = 0; i < count; i++) {
        uint32_t one = context_temp(context, simple_type(lower, TYPE_ERROR));
        Core *join = core_new(core, CORE_JOIN, simple_type(lower, TYPE_BOOL), node->span);
        join->a = context_local(context, fibers[i], node->span);
        Core *keep = build_block(core, node->span);
        core_append(keep, build_set_local(core, error, context_local(context, one, node->span)));
        core_append(keep, build_set_local(core, failed, build_int(core, TYPE_BOOL, 1, node->span)));
        Core *first = build_if(core, build_not(core, context_local(context, failed, node->span)), keep, NULL);
        context_add(context, build_try(core, build_do(core, join), one, first, false));
    }
    context_add(context, build_if(core, context_local(context, failed, node->span),
                                  build_raise(core, context->function, error, node->span), NULL));
}

/* `classify(args) { … }` is a function that gives the number of a severity. */
static CoreFunction *classify_function(Lower *lower, Symbol *symbol)
{
    CoreFunction **known = lowered_function(lower, symbol);
    if (*known) return *known;
    CoreProgram *core = lower->core;
    const Type *integer = simple_type(lower, TYPE_INT);
    CoreFunction *function =
        core_function(core, arena_printf(lower->arena, "classify.%u", symbol->index), integer, symbol->span);
    *known = function;
    Context inner = context_new(lower, function, NULL);
    for (size_t i = 0; i < symbol->param_count; i++)
        context_bind(&inner, symbol->params[i], symbol->params[i]->type);
    function->param_count = (uint32_t)symbol->param_count;
    for
        node_each(arm, symbol->decl->classify.arms)
        {
            const Symbol *severity = arm->classify_arm.severity->symbol;
            Core *given =
                build_return(core, build_int(core, TYPE_INT, severity->index, arm->span), arm->span);
            context_add(&inner, arm->classify_arm.when
                                    ? build_if(core, lower_value(&inner, arm->classify_arm.when), given, NULL)
                                    : given);
        }
    context_add(&inner,
                build_fail(core, build_text(core, STR("the measurements fit no severity"), symbol->span)));
    context_free(&inner);
    return function;
}

static Core *classified(Context *context, Node *node)
{
    Call *call = node_call(node);
    Core *value =
        core_new(context->lower->core, CORE_CALL, simple_type(context->lower, TYPE_INT), node->span);
    value->function = classify_function(context->lower, call->symbol);
    for (size_t i = 0; i < call->arg_count; i++)
        core_append(value, lower_convert(context, lower_value(context, call->args[i]),
                                         call->symbol->params[i]->type));
    return value;
}

static void lower_set_severity(Context *context, Node *node)
{
    Node *severity = node->set_severity.severity;
    Core *level =
        node->set_severity.classified ? classified(context, severity) : lower_value(context, severity);
    level->type = simple_type(context->lower, TYPE_INT);
    context_call(context, "set_severity", node->span, level, the_plan(context, node->span),
                 text_or_empty(context, node->set_severity.because, node->span), NULL);
}

static void lower_roll_back(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    Core *names =
        core_new(core, CORE_LIST, type_list(core->types, simple_type(context->lower, TYPE_STRING)), span);
    for
        node_each(step, node->roll_back.steps) core_append(names, lower_string(context, step));
    if (context->in_watch)
        lower_watched_roll_back(context, names, span);
    else if (names->list.first)
        context_call(context, "roll_back_steps", span, names, NULL);
    else
        context_call(context, "roll_back", span, build_int(core, TYPE_INT, 0, span), NULL);
}

/* A recovery runs after a failure and may fail, too: that is shown, and the first failure stays the reason.
 */
void lower_recovery(Context *context, NodeList body, const uint32_t *first, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *trying = lower_block(context, body), *handler = build_block(core, span);
    Core *why = core_new(core, CORE_BUILTIN, simple_type(lower, TYPE_STRING), span);
    why->index = BUILTIN_ERROR_TEXT;
    core_append(why, context_local(context, error, span));
    core_append(handler, build_do(core, build_call(core, lower_prelude_function(lower, "recovery_failed"),
                                                   span, why, NULL)));
    if (first) core_append(handler, build_raise(core, context->function, *first, span));
    context_add(context, build_try(core, trying, error, handler, false));
}

/* The statements that are not about values, branches or loops. */
void lower_deed(Context *context, Node *node)
{
    if (lower_only_once(context, node)) return;
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    switch (node->kind) {
    case NODE_NOTIFY: lower_notify(context, node); return;
    case NODE_PAGE: lower_page(context, node); return;
    case NODE_MANUAL: lower_manual(context, node); return;
    case NODE_NEEDS_APPROVAL: lower_approval(context, node); return;
    case NODE_SET: lower_set(context, node); return;
    case NODE_SET_SEVERITY: lower_set_severity(context, node); return;
    case NODE_MITIGATED:
        context_call(context, "mark_mitigated", span, the_plan(context, span),
                     text_or_empty(context, node->mitigated.text, span), NULL);
        return;
    case NODE_RESOLVE: lower_resolve(context, node); return;
    case NODE_FAIL: context_add(context, build_fail(core, lower_string(context, node->fail.text))); return;
    case NODE_ROLL_BACK: lower_roll_back(context, node); return;
    case NODE_ATTACH:
        context_call(context, "attach", span, lower_string(context, node->attach.name),
                     lower_text_of(context, lower_value(context, node->attach.value), span), NULL);
        return;
    case NODE_NOTE: lower_note(context, node, "note", node->note.text); return;
    case NODE_WARN: lower_note(context, node, "warn", node->warn.text); return;
    case NODE_FOLLOWUP: lower_followup(context, node); return;
    case NODE_ASSIGN_ROLE:
        context_call(context, "assign_role", span, lower_target(context, node->assign_role.role),
                     node->assign_role.to ? lower_target(context, node->assign_role.to)
                                          : build_text(core, STR(""), span),
                     the_plan(context, span), NULL);
        return;
    case NODE_ASK_ACKNOWLEDGEMENT: lower_ask_acknowledgement(context, node); return;
    case NODE_WATCH: lower_watch(context, node); return;
    case NODE_DEADLINE: lower_deadline(context, node); return;
    case NODE_FOLLOW: lower_follow(context, node); return;
    case NODE_CONTINUE_WITH: lower_continue_with(context, node); return;
    case NODE_PAUSE:
        context_call(context, "pause_run", span, text_or_empty(context, node->pause.why, span), NULL);
        return;
    case NODE_STOP_PHASE: lower_stop_phase(context, node); return;
    case NODE_STARTS_ANOTHER: return;
    case NODE_PHASE: lower_phase(context, node); return;
    case NODE_STEP: lower_step(context, node); return;
    case NODE_REMEDIES: lower_remedies(context, node); return;
    case NODE_UNDO: lower_undo(context, node); return;
    /* Clauses: whoever lowers the step or plan has read them. */
    case NODE_FROM:
    case NODE_PLAN_SEVERITY:
    case NODE_STARTS_ON:
    case NODE_SYMPTOM:
    case NODE_ONLY_IF:
    case NODE_BY:
    case NODE_TIMEOUT:
    case NODE_RETRY:
    case NODE_NO_SKIP:
    case NODE_ON_FAILURE:
    case NODE_UNDO_ON_FAILURE:
    case NODE_AFTERWARDS:
    case NODE_UPDATE: return;
    default: break;
    }
    assert(false); /* the checker lets nothing else be a statement */
}
