/* Branches and loops: if, match, for, repeat. Loops with several rounds at once are in beside.c. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

Core *lower_branch(Context *context, Node *node)
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

void lower_match(Context *context, Node *node)
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

/* The number behind the last one of a range: `1..3` is 1, 2 and 3. */
static Core *range_end(Context *context, const Node *range)
{
    CoreProgram *core = context->lower->core;
    Core *last = lower_value(context, range->range.end);
    if (last->kind == CORE_INT && last->number < INT64_MAX) return build_int(core, TYPE_INT, last->number + 1, last->span);
    return build_binary(core, CORE_ADD, last, build_int(core, TYPE_INT, 1, last->span));
}

/* `for x in a..b`: from a to b. */
static void lower_count(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *first = lower_value(context, node->loop.in->range.start);
    if (first->kind != CORE_INT) { /* statements that the end needs must not come between */
        uint32_t held = context_temp(context, first->type);
        context_add(context, build_set_local(core, held, first));
        first = context_local(context, held, node->span);
    }
    Core *end = range_end(context, node->loop.in);
    uint32_t item = context_bind(context, node->symbol, simple_type(context->lower, TYPE_INT));
    Core *outer = context->block, *body = build_block(core, node->span);
    context->block = body;
    lower_statements(context, node->loop.body);
    context->block = outer;
    context_add(context, build_count(core, item, first, end, body));
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
    core_append(list, range_end(context, in));
    return list;
}

void lower_for(Context *context, Node *node)
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
    uint32_t item = context_bind(context, node->symbol, whole->type->element);
    Core *outer = context->block, *body = build_block(core, span);
    context->block = body;
    Core *length = core_new(core, CORE_LEN, integer, span);
    length->a = context_local(context, list, span);
    Core *element = core_new(core, CORE_GET_ITEM, type_optional(core->types, whole->type->element), span);
    element->a = context_local(context, list, span);
    element->b = context_local(context, at, span);
    context_add(context, build_set_local(core, item, build_value(core, element, "")));
    lower_statements(context, node->loop.body);
    context->block = outer;
    context_add(context, build_count(core, at, build_int(core, TYPE_INT, 0, span), length, body));
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

void lower_repeat(Context *context, Node *node)
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
        core_append(text, build_text(core, arena_printf(lower->arena, "%.*s did not come to hold: ", STR_ARG(what)), span));
        core_append(text, context_local(context, reason, span));
        failed = build_fail(core, text);
    }
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), failed, NULL));
}
