/* Statements of plans, steps and functions, one after the other into the function that is being made. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

#include <assert.h>

/* ---- variables ---- */

/* A `var` of a plan is a global: its steps are functions of their own and all mean the same variable. */
static bool is_shared(const Context *context, const Symbol *symbol)
{
    return context->plan && symbol->is_variable && !context->local_vars;
}

void lower_declare(Context *context, Node *node, Core *value)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Symbol *symbol = node->symbol;
    value = lower_convert(context, value, symbol->type);
    if (is_shared(context, symbol))
        context_add(context, build_set_global(core, symbol_global(lower, symbol), value));
    else
        context_add(context, build_set_local(core, context_bind(context, symbol, symbol->type), value));
}

void lower_assign_symbol(Context *context, Symbol *symbol, Core *value)
{
    CoreProgram *core = context->lower->core;
    const Binding *known = symbol->kind == SYMBOL_LOCAL ? context_find(context, symbol) : NULL;
    value = lower_convert(context, value, symbol->type);
    if (symbol->kind == SYMBOL_BUILTIN) symbol = symbol->target_var;
    if (known) context_add(context, build_set_local(core, known->local, value));
    else context_add(context, build_set_global(core, symbol_global(context->lower, symbol), value));
}

/* A name that a value is bound to: the result of a change is there before its else runs. */
static void lower_let_run(Context *context, Node *node, Node *run)
{
    CoreProgram *core = context->lower->core;
    uint32_t local = context_bind(context, node->symbol, node->symbol->type);
    lower_run(context, run, local, true);
    if (is_shared(context, node->symbol))
        context_add(context, build_set_global(core, symbol_global(context->lower, node->symbol),
                                              context_local(context, local, node->span)));
}

static void lower_let(Context *context, Node *node)
{
    Node *value = node->kind == NODE_LET ? node->let.value : node->var.value;
    if (!value) {
        if (!is_shared(context, node->symbol)) context_bind(context, node->symbol, node->symbol->type);
        return;
    }
    if (value->kind == NODE_RUN) lower_let_run(context, node, value);
    else lower_declare(context, node, lower_value(context, value));
}

/* What `x += v` stores. */
static Core *added(Context *context, Core *old, Core *value, Span span)
{
    CoreProgram *core = context->lower->core;
    if (old->type->kind == TYPE_LIST) {
        Core *longer = core_new(core, CORE_APPEND, old->type, span);
        longer->a = old;
        longer->b = lower_convert(context, value, old->type->element);
        return longer;
    }
    if (old->type->kind == TYPE_STRING) {
        Core *text = core_new(core, CORE_CONCAT, old->type, span);
        core_append(text, old);
        core_append(text, value);
        return text;
    }
    return build_binary(core, CORE_ADD, old, value);
}

static void store(Context *context, Node *target, Core *value);

/* a.b = v: a becomes itself with another b. */
static void store_member(Context *context, Node *target, Core *value)
{
    CoreProgram *core = context->lower->core;
    Core *record = lower_value(context, target->member.object);
    int index = type_field_index(record->type, target->member.name);
    assert(index >= 0);
    Core *changed = core_new(core, CORE_WITH_FIELD, record->type, target->span);
    changed->a = record;
    changed->index = (uint32_t)index;
    changed->b = lower_convert(context, value, record->type->fields[index].type);
    store(context, target->member.object, changed);
}

static void store_item(Context *context, Node *target, Core *value)
{
    Core *whole = lower_value(context, target->index.object);
    Core *changed = core_new(context->lower->core, CORE_WITH_ITEM, whole->type, target->span);
    changed->a = whole;
    changed->b = lower_value(context, target->index.index);
    changed->c = lower_convert(context, value, whole->type->element);
    store(context, target->index.object, changed);
}

static void store(Context *context, Node *target, Core *value)
{
    if (target->kind == NODE_MEMBER && target->symbol == NULL) store_member(context, target, value);
    else if (target->kind == NODE_MEMBER && node_member(target) && node_member(target)->kind != MEMBER_SYMBOL)
        store_member(context, target, value);
    else if (target->kind == NODE_INDEX) store_item(context, target, value);
    else lower_assign_symbol(context, target->symbol, value);
}

static void lower_assign(Context *context, Node *node)
{
    Node *value = node->assign.value;
    if (value->kind == NODE_RUN) {
        uint32_t local = context_temp(context, value->type ? value->type : node->assign.target->type);
        lower_run(context, value, local, true);
        store(context, node->assign.target, context_local(context, local, node->span));
        return;
    }
    Core *result = lower_value(context, value);
    if (node->assign.append) result = added(context, lower_value(context, node->assign.target), result, node->span);
    store(context, node->assign.target, result);
}

/* ---- branches and loops ---- */

static Core *lower_branch(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Node *condition = node->branch.condition;
    Core *block = build_block(core, node->span);
    Core *outer = context->block;
    context->block = block;
    Core *test, *then;
    if (condition->kind == NODE_LET_CONDITION) {
        Core *value = lower_value(context, condition->let_condition.value);
        uint32_t held = context_temp(context, value->type);
        context_add(context, build_set_local(core, held, value));
        test = build_is_some(core, context_local(context, held, condition->span));
        uint32_t local = context_bind(context, condition->symbol, value->type->element);
        then = build_block(core, node->span);
        core_append(then, build_set_local(core, local, build_value(core, context_local(context, held, condition->span),
                                                                   "the value is absent")));
        core_append(then, lower_block(context, node->branch.then));
    } else {
        test = lower_value(context, condition);
        then = lower_block(context, node->branch.then);
    }
    Node *otherwise = node->branch.otherwise.first;
    Core *rest = otherwise ? lower_block(context, node->branch.otherwise) : NULL;
    context_add(context, build_if(core, test, then, rest));
    context->block = outer;
    return block;
}

static Core *pattern_test(Context *context, Node *pattern, uint32_t subject)
{
    CoreProgram *core = context->lower->core;
    Span span = pattern->span;
    if (pattern->kind == NODE_RANGE) {
        Core *low = build_binary(core, CORE_GE, context_local(context, subject, span), lower_value(context, pattern->range.start));
        Core *high = build_binary(core, CORE_LE, context_local(context, subject, span), lower_value(context, pattern->range.end));
        return build_and(core, low, high);
    }
    return build_binary(core, CORE_EQ, context_local(context, subject, span), lower_value(context, pattern));
}

static void lower_match(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *value = lower_value(context, node->match.subject);
    uint32_t subject = context_temp(context, value->type);
    context_add(context, build_set_local(core, subject, value));
    Core *first = NULL, *last = NULL;
    for node_each(arm, node->match.arms) {
        Core *test = NULL;
        for node_each(pattern, arm->arm.patterns) {
            Core *one = pattern_test(context, pattern, subject);
            test = test ? build_or(core, test, one) : one;
        }
        Core *body = lower_block(context, arm->arm.body);
        Core *branch = test ? build_if(core, test, body, NULL) : body;
        if (!last) first = branch;
        else last->c = branch;
        last = branch;
        if (!test) break;
    }
    context_add(context, first);
}

/* `for x in a..b`: from a to before b. */
static void lower_count(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    const Type *integer = simple_type(context->lower, TYPE_INT);
    uint32_t at = context_temp(context, integer), end = context_temp(context, integer);
    context_add(context, build_set_local(core, at, lower_value(context, node->loop.in->range.start)));
    context_add(context, build_set_local(core, end, lower_value(context, node->loop.in->range.end)));
    uint32_t item = context_bind(context, node->symbol, integer);
    Core *outer = context->block, *body = build_block(core, span);
    context->block = body;
    Core *over = build_binary(core, CORE_GE, context_local(context, at, span), context_local(context, end, span));
    context_add(context, build_if(core, over, build_break(core, 0, span), NULL));
    context_add(context, build_set_local(core, item, context_local(context, at, span)));
    Core *next = build_binary(core, CORE_ADD, context_local(context, at, span), build_int(core, TYPE_INT, 1, span));
    context_add(context, build_set_local(core, at, next));
    lower_statements(context, node->loop.body);
    context->block = outer;
    context_add(context, build_loop(core, body));
}

static Core *list_of(Context *context, Core *whole)
{
    if (whole->type->kind == TYPE_LIST) return whole;
    Core *list = core_new(context->lower->core, CORE_BUILTIN,
                          type_list(context->lower->core->types, whole->type->kind == TYPE_JSON
                                                                     ? whole->type
                                                                     : simple_type(context->lower, TYPE_STRING)),
                          whole->span);
    list->index = whole->type->kind == TYPE_JSON ? BUILTIN_JSON_ITEMS : BUILTIN_MAP_KEYS;
    core_append(list, whole);
    return list;
}

/* A range as a list, for those who need all its numbers. */
static Core *lower_items(Context *context, Node *in)
{
    if (in->kind != NODE_RANGE) return lower_value(context, in);
    CoreProgram *core = context->lower->core;
    Core *list = core_new(core, CORE_BUILTIN, type_list(core->types, simple_type(context->lower, TYPE_INT)), in->span);
    list->index = BUILTIN_LIST_RANGE;
    core_append(list, lower_value(context, in->range.start));
    core_append(list, lower_value(context, in->range.end));
    return list;
}

static void lower_for(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    if (node->loop.at_once) {
        lower_for_at_once(context, node, list_of(context, lower_items(context, node->loop.in)));
        return;
    }
    if (node->loop.in->kind == NODE_RANGE) {
        lower_count(context, node);
        return;
    }
    const Type *integer = simple_type(context->lower, TYPE_INT);
    Core *whole = list_of(context, lower_value(context, node->loop.in));
    uint32_t list = context_temp(context, whole->type), at = context_temp(context, integer);
    context_add(context, build_set_local(core, list, whole));
    context_add(context, build_set_local(core, at, build_int(core, TYPE_INT, 0, span)));
    uint32_t item = context_bind(context, node->symbol, whole->type->element);
    Core *outer = context->block, *body = build_block(core, span);
    context->block = body;
    Core *length = core_new(core, CORE_LEN, integer, span);
    length->a = context_local(context, list, span);
    Core *over = build_binary(core, CORE_GE, context_local(context, at, span), length);
    context_add(context, build_if(core, over, build_break(core, 0, span), NULL));
    Core *element = core_new(core, CORE_GET_ITEM, type_optional(core->types, whole->type->element), span);
    element->a = context_local(context, list, span);
    element->b = context_local(context, at, span);
    context_add(context, build_set_local(core, item, build_value(core, element, "the element is absent")));
    Core *next = build_binary(core, CORE_ADD, context_local(context, at, span), build_int(core, TYPE_INT, 1, span));
    context_add(context, build_set_local(core, at, next));
    lower_statements(context, node->loop.body);
    context->block = outer;
    context_add(context, build_loop(core, body));
}

/* The loop of the prelude: while the condition does not hold. */
static void lower_repeat_plain(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *outer = context->block, *body = build_block(core, node->span);
    context->block = body;
    context_add(context, build_if(core, lower_value(context, node->repeat.until), build_break(core, 0, node->span), NULL));
    lower_statements(context, node->repeat.body);
    context->block = outer;
    context_add(context, build_loop(core, body));
}

static void lower_repeat(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    if (!node->repeat.every && !node->repeat.times && !node->repeat.within) {
        lower_repeat_plain(context, node);
        return;
    }
    uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
    uint32_t reason = context_temp(context, simple_type(lower, TYPE_STRING));
    uint32_t rounds = context_temp(context, simple_type(lower, TYPE_INT));
    uint32_t began = context_temp(context, simple_type(lower, TYPE_TIME));
    context_add(context, build_set_local(core, met, build_int(core, TYPE_BOOL, 0, span)));
    context_add(context, build_set_local(core, reason, build_text(core, STR(""), span)));
    context_add(context, build_set_local(core, rounds, build_int(core, TYPE_INT, 0, span)));
    context_add(context, build_set_local(core, began, build_now(core, span)));
    Core *outer = context->block, *body = build_block(core, span);
    context->block = body;
    if (node->repeat.until) lower_await(context, node->repeat.until, (AwaitLimits){0}, met, reason);
    context_add(context, build_if(core, context_local(context, met, span), build_break(core, 0, span), NULL));
    if (node->repeat.times) {
        Core *over = build_binary(core, CORE_GE, context_local(context, rounds, span), lower_value(context, node->repeat.times));
        context_add(context, build_if(core, over, build_break(core, 0, span), NULL));
    }
    if (node->repeat.within) {
        Core *spent = build_binary(core, CORE_SUB, build_now(core, span), context_local(context, began, span));
        Core *over = build_binary(core, CORE_GE, spent, lower_value(context, node->repeat.within));
        context_add(context, build_if(core, over, build_break(core, 0, span), NULL));
    }
    lower_statements(context, node->repeat.body);
    Core *more = build_binary(core, CORE_ADD, context_local(context, rounds, span), build_int(core, TYPE_INT, 1, span));
    context_add(context, build_set_local(core, rounds, more));
    if (node->repeat.every) {
        Core *wait = core_new(core, CORE_WAIT, simple_type(lower, TYPE_BOOL), span);
        wait->a = build_binary(core, CORE_ADD, build_now(core, span), lower_value(context, node->repeat.every));
        context_add(context, build_do(core, wait));
    }
    context->block = outer;
    context_add(context, build_loop(core, body));
    if (!node->repeat.until) return;
    Core *failed;
    if (node->repeat.has_else) {
        failed = lower_block(context, node->repeat.otherwise);
    } else {
        Core *text = core_new(core, CORE_CONCAT, simple_type(lower, TYPE_STRING), span);
        Str what = lower_source(context->lower, node->repeat.until->span);
        core_append(text, build_text(core, arena_printf(lower->arena, "`%.*s` did not come to hold: ", STR_ARG(what)), span));
        core_append(text, context_local(context, reason, span));
        failed = build_fail(core, text);
    }
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), failed, NULL));
}

/* ---- verify ---- */

static void lower_verify(Context *context, Node *node)
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
        Core *said = node->verify.why ? lower_string(context, node->verify.why)
                                      : build_text(core, arena_printf(lower->arena, "`%.*s` is not so", STR_ARG(what)), span);
        core_append(text, said);
        core_append(text, build_text(core, STR(": "), span));
        core_append(text, context_local(context, reason, span));
        failed = build_fail(core, text);
    }
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), failed, NULL));
}

/* A check-list: every check is tried, then it fails naming all that failed. */
static void lower_verify_all(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Type *strings = type_list(core->types, simple_type(lower, TYPE_STRING));
    uint32_t failed = context_temp(context, strings);
    context_add(context, build_set_local(core, failed, core_new(core, CORE_LIST, strings, span)));
    for node_each(check, node->verify_all.checks) {
        uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
        uint32_t reason = context_temp(context, simple_type(lower, TYPE_STRING));
        if (check->check.condition) {
            lower_await(context, check->check.condition,
                        (AwaitLimits){check->check.holds, check->check.within, check->check.every}, met, reason);
        } else {
            Core *by = core_new(core, CORE_LIST, strings, span);
            core_append(by, lower_target(context, check->check.by));
            Core *asked = build_call(core, lower_prelude_function(lower, "checked_by"), check->span,
                                     lower_string(context, check->check.title), by, NULL);
            context_add(context, build_set_local(core, met, asked));
        }
        Core *longer = core_new(core, CORE_APPEND, strings, check->span);
        longer->a = context_local(context, failed, check->span);
        longer->b = lower_string(context, check->check.title);
        Core *keep = build_set_local(core, failed, longer);
        context_add(context, build_if(core, build_not(core, context_local(context, met, check->span)), keep, NULL));
    }
    context_add(context, build_do(core, build_call(core, lower_prelude_function(lower, "all_checked"), span,
                                                   lower_string(context, node->verify_all.title),
                                                   context_local(context, failed, span), NULL)));
}

/* ---- the incident's facts, and small statements ---- */

static void call_prelude(Context *context, const char *function, Core *a, Core *b, Core *c, Span span)
{
    Core *call = build_call(context->lower->core, lower_prelude_function(context->lower, function), span, NULL);
    core_append(call, a);
    core_append(call, b);
    core_append(call, c);
    context_add(context, build_do(context->lower->core, call));
}

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
    call_prelude(context, "set_fact", build_text(core, node->set.name, node->span), text, the_plan(context, node->span),
                 node->span);
}

static void lower_note(Context *context, Node *node, const char *mark, Node *text)
{
    CoreProgram *core = context->lower->core;
    context_add(context, build_emit(core, mark, build_object(core, node->span, "text", lower_string(context, text), "by",
                                                             the_plan(context, node->span), NULL)));
}

static void lower_wait_statement(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), node->span);
    wait->a = node->wait.until ? lower_value(context, node->wait.until)
                               : build_binary(core, CORE_ADD, build_now(core, node->span), lower_value(context, node->wait.duration));
    context_add(context, build_do(core, wait));
}

static void lower_followup(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *by = node->followup.by ? lower_target(context, node->followup.by) : build_text(core, STR(""), node->span);
    call_prelude(context, "follow_up", lower_string(context, node->followup.text), lower_value(context, node->followup.within),
                 by, node->span);
}

/* Each of the statements in a fiber of its own; all are waited for, then the first failure is raised. */
static void lower_parallel(Context *context, Node *node)
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
        Str name = arena_printf(lower->arena, "%.*s.parallel.%zu", STR_ARG(context->function->name), core->functions.count);
        Context inner = context_split(context, name, simple_type(lower, TYPE_UNIT), part->span, &list, 1, spawn);
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
    if (symbol->lowered) return symbol->lowered;
    CoreProgram *core = lower->core;
    const Type *integer = simple_type(lower, TYPE_INT);
    CoreFunction *function = core_function(core, arena_printf(lower->arena, "classify.%u", symbol->index), integer, symbol->span);
    symbol->lowered = function;
    Context inner = context_new(lower, function, NULL);
    for (size_t i = 0; i < symbol->param_count; i++) context_bind(&inner, symbol->params[i], symbol->params[i]->type);
    function->param_count = (uint32_t)symbol->param_count;
    for node_each(arm, symbol->decl->classify.arms) {
        const Symbol *severity = arm->classify_arm.severity->symbol;
        Core *given = build_return(core, build_int(core, TYPE_INT, severity->index, arm->span), arm->span);
        context_add(&inner, arm->classify_arm.when ? build_if(core, lower_value(&inner, arm->classify_arm.when), given, NULL) : given);
    }
    context_add(&inner, build_fail(core, build_text(core, STR("the measurements fit no severity"), symbol->span)));
    context_free(&inner);
    return function;
}

static Core *classified(Context *context, Node *node)
{
    Call *call = node_call(node);
    Core *value = core_new(context->lower->core, CORE_CALL, simple_type(context->lower, TYPE_INT), node->span);
    value->function = classify_function(context->lower, call->symbol);
    for (size_t i = 0; i < call->arg_count; i++)
        core_append(value, lower_convert(context, lower_value(context, call->args[i]), call->symbol->params[i]->type));
    return value;
}

static void lower_set_severity(Context *context, Node *node)
{
    Node *severity = node->set_severity.severity;
    Core *level = node->set_severity.classified ? classified(context, severity) : lower_value(context, severity);
    level->type = simple_type(context->lower, TYPE_INT);
    call_prelude(context, "set_severity", level, the_plan(context, node->span),
                 text_or_empty(context, node->set_severity.because, node->span), node->span);
}

static void lower_roll_back(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    if (node->roll_back.steps.first) {
        Core *names = core_new(core, CORE_LIST, type_list(core->types, simple_type(context->lower, TYPE_STRING)), node->span);
        for node_each(step, node->roll_back.steps) core_append(names, lower_string(context, step));
        call_prelude(context, "roll_back_steps", names, NULL, NULL, node->span);
        return;
    }
    call_prelude(context, "roll_back", build_int(core, TYPE_INT, 0, node->span), NULL, NULL, node->span);
}

/* The statements that are not about values, branches or loops. */
static void lower_deed(Context *context, Node *node)
{
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
        call_prelude(context, "mark_mitigated", the_plan(context, span), text_or_empty(context, node->mitigated.text, span),
                     NULL, span);
        return;
    case NODE_RESOLVE:
        call_prelude(context, "resolve_by_plan", text_or_empty(context, node->resolve.text, span), NULL, NULL, span);
        return;
    case NODE_FAIL: context_add(context, build_fail(core, lower_string(context, node->fail.text))); return;
    case NODE_ROLL_BACK: lower_roll_back(context, node); return;
    case NODE_ATTACH:
        call_prelude(context, "attach", lower_string(context, node->attach.name),
                     lower_text_of(context, lower_value(context, node->attach.value), span), NULL, span);
        return;
    case NODE_NOTE: lower_note(context, node, "note", node->note.text); return;
    case NODE_WARN: lower_note(context, node, "warn", node->warn.text); return;
    case NODE_FOLLOWUP: lower_followup(context, node); return;
    case NODE_ASSIGN_ROLE:
        call_prelude(context, "assign_role", lower_target(context, node->assign_role.role),
                     node->assign_role.to ? lower_target(context, node->assign_role.to) : build_text(core, STR(""), span),
                     the_plan(context, span), span);
        return;
    case NODE_ASK_ACKNOWLEDGEMENT: lower_ask_acknowledgement(context, node); return;
    case NODE_WATCH: lower_watch(context, node); return;
    case NODE_DEADLINE: lower_deadline(context, node); return;
    case NODE_FOLLOW: lower_follow(context, node); return;
    case NODE_CONTINUE_WITH: lower_continue_with(context, node); return;
    case NODE_PAUSE: call_prelude(context, "pause_run", text_or_empty(context, node->pause.why, span), NULL, NULL, span); return;
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
    lower_unsupported(context->lower, span, "this statement");
}

static void lower_statement(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    switch (node->kind) {
    case NODE_LET:
    case NODE_VAR: lower_let(context, node); return;
    case NODE_ASSIGN: lower_assign(context, node); return;
    case NODE_IF: context_add(context, lower_branch(context, node)); return;
    case NODE_MATCH: lower_match(context, node); return;
    case NODE_FOR: lower_for(context, node); return;
    case NODE_REPEAT: lower_repeat(context, node); return;
    case NODE_PARALLEL: lower_parallel(context, node); return;
    case NODE_RETURN:
        context_add(context, build_return(core, node->ret.value ? lower_convert(context, lower_value(context, node->ret.value),
                                                                                context->function->result)
                                                                : NULL,
                                          node->span));
        return;
    case NODE_OBSERVE: context_add(context, build_do(core, lower_value(context, node))); return;
    case NODE_RUN: lower_run(context, node, 0, false); return;
    case NODE_VERIFY: lower_verify(context, node); return;
    case NODE_VERIFY_ALL: lower_verify_all(context, node); return;
    case NODE_WAIT: lower_wait_statement(context, node); return;
    default: lower_deed(context, node);
    }
}

/* ---- lists of statements ---- */

static bool is_change(const Node *node)
{
    return node->kind == NODE_RUN || (node->kind == NODE_LET && node->let.value->kind == NODE_RUN);
}

typedef struct Mention {
    const Node *from; /* the first statement whose names matter */
    bool found;
} Mention;

static void find_mention(Node *node, void *data)
{
    Mention *mention = data;
    if (node->symbol && node->symbol->kind == SYMBOL_LOCAL && node->symbol->span.file == mention->from->span.file &&
        node->symbol->span.start >= mention->from->span.start && node->symbol->span.start < node->span.start)
        mention->found = true;
    node_children(node, find_mention, data);
}

/* The undo that belongs to the change: the next one in the list, unless it speaks of what is only known later. */
static Node *undo_of(Node *change)
{
    for (Node *node = change->next; node; node = node->next) {
        if (node->kind != NODE_UNDO) continue;
        Mention mention = {change, false};
        for node_each(part, node->undo.body) find_mention(part, &mention);
        return mention.found ? NULL : node;
    }
    return NULL;
}

/* `always { }`: what follows it in the list may end as it likes; the block runs. */
static void lower_always(Context *context, Node *always)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    NodeList rest = {always->next, always->next, 1};
    Core *body = lower_block(context, rest);
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *handler = build_block(core, always->span);
    core_append(handler, lower_block(context, always->always.body));
    core_append(handler, build_raise(core, context->function, error, always->span));
    context_add(context, build_try(core, body, error, handler, true));
    context_add(context, lower_block(context, always->always.body));
}

void lower_statements(Context *context, NodeList list)
{
    Node *registered = NULL;
    for (Node *node = list.first; node; node = node->next) {
        bool of_plan = context->plan && list.first == context->plan->decl->plan.body.first;
        if (node->kind == NODE_ALWAYS && of_plan) continue; /* the plan's own: lower_plan_body puts it around everything */
        if (node->kind == NODE_ALWAYS) {
            lower_always(context, node);
            return;
        }
        if (node->kind == NODE_UNDO && node == registered) continue;
        if (is_change(node)) {
            Node *undo = undo_of(node);
            if (undo && undo != registered) {
                lower_undo(context, undo);
                registered = undo;
            }
        }
        lower_statement(context, node);
    }
}

Core *lower_block(Context *context, NodeList list)
{
    Core *outer = context->block;
    Core *block = build_block(context->lower->core, list.first ? list.first->span : outer->span);
    context->block = block;
    lower_statements(context, list);
    context->block = outer;
    return block;
}
