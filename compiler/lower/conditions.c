/* Conditions that are awaited: tried now and again until they hold, hold for long enough, or time is over. A condition
 * whose look or conversion fails is unknown: it does not hold, is tried again, and its reason is kept. `not` of unknown is
 * unknown; `and` and `or` are decided by a side that decides, whatever the other one is. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

enum { DEFAULT_EVERY = 5000 };

/* Is the condition a bare look, which holds when it is ok? Its reason then says all. */
bool lower_is_bare_look(const Node *condition)
{
    if (condition->kind == NODE_OBSERVE) condition = condition->observe.effect;
    const Effect *effect = node_effect(condition);
    return effect && (effect->form == EFFECT_FORM_COMMAND || effect->form == EFFECT_FORM_HTTP);
}

enum { HOLDS_NOT, HOLDS, HOLDS_UNKNOWN };

static Core *state_is(Context *context, uint32_t state, int64_t wanted, Span span)
{
    CoreProgram *core = context->lower->core;
    return build_binary(core, CORE_EQ, context_local(context, state, span), build_int(core, TYPE_INT, wanted, span));
}

static Core *set_state(Context *context, uint32_t state, int64_t value, Span span)
{
    return build_set_local(context->lower->core, state, build_int(context->lower->core, TYPE_INT, value, span));
}

/* state = 1 where the expression holds, 0 where it does not, with the reason. */
static void evaluate_leaf(Context *context, Node *condition, uint32_t state, uint32_t reason)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = condition->span;
    uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
    if (lower_is_bare_look(condition)) {
        Node *look = condition->kind == NODE_OBSERVE ? condition->observe.effect : condition;
        Core *value = lower_effect(context, look);
        uint32_t result = context_temp(context, value->type);
        context_add(context, build_set_local(core, result, value));
        context_add(context, build_set_local(core, met, build_field(core, context_local(context, result, span), "ok")));
        Core *trouble = lower_effect_trouble(context, look, context_local(context, result, span));
        context_add(context, build_if(core, build_not(core, context_local(context, met, span)),
                                      build_set_local(core, reason, trouble), NULL));
    } else {
        context_add(context, build_set_local(core, reason, build_text(core, STR("it does not hold"), span)));
        context_add(context, build_set_local(core, met, lower_value(context, condition)));
    }
    context_add(context, build_if(core, context_local(context, met, span), set_state(context, state, HOLDS, span),
                                  set_state(context, state, HOLDS_NOT, span)));
}

static void try_leaf(Context *context, Node *condition, uint32_t state, uint32_t reason)
{
    CoreProgram *core = context->lower->core;
    Span span = condition->span;
    Core *outer = context->block, *trying = build_block(core, span);
    context->block = trying;
    evaluate_leaf(context, condition, state, reason);
    uint32_t error = context_temp(context, simple_type(context->lower, TYPE_ERROR));
    Core *unknown = build_block(core, span);
    core_append(unknown, set_state(context, state, HOLDS_UNKNOWN, span));
    Core *why = core_new(core, CORE_BUILTIN, simple_type(context->lower, TYPE_STRING), span);
    why->index = BUILTIN_ERROR_TEXT;
    core_append(why, context_local(context, error, span));
    core_append(unknown, build_set_local(core, reason, why));
    context->block = outer;
    context_add(context, build_try(core, trying, error, unknown, false));
}

static void try_parts(Context *context, Node *condition, uint32_t state, uint32_t reason);

/* `and`, `or`: the side that decides does so whatever the other is; else one that is unknown makes it unknown. */
static void try_both(Context *context, Node *condition, int64_t decides, uint32_t state, uint32_t reason)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = condition->span;
    try_parts(context, condition->binary.left, state, reason);
    uint32_t other = context_temp(context, simple_type(lower, TYPE_INT));
    uint32_t why = context_temp(context, simple_type(lower, TYPE_STRING));
    Core *outer = context->block, *second = build_block(core, span), *takes = build_block(core, span);
    context->block = second;
    try_parts(context, condition->binary.right, other, why);
    core_append(takes, build_set_local(core, state, context_local(context, other, span)));
    core_append(takes, build_set_local(core, reason, context_local(context, why, span)));
    Core *matters = build_or(core, state_is(context, other, decides, span), state_is(context, other, HOLDS_UNKNOWN, span));
    Core *first_holds = build_or(core, matters, build_not(core, state_is(context, state, HOLDS_UNKNOWN, span)));
    context_add(context, build_if(core, first_holds, takes, NULL));
    context->block = outer;
    context_add(context, build_if(core, state_is(context, state, decides, span), build_block(core, span), second));
}

static void try_not(Context *context, Node *condition, uint32_t state, uint32_t reason)
{
    CoreProgram *core = context->lower->core;
    Span span = condition->span;
    try_parts(context, condition->unary.operand, state, reason);
    Core *held = build_block(core, span);
    core_append(held, set_state(context, state, HOLDS_NOT, span));
    Str what = lower_source(context->lower, condition->unary.operand->span);
    Str why = arena_printf(context->lower->arena, "`%.*s` holds", STR_ARG(what));
    core_append(held, build_set_local(core, reason, build_text(core, why, span)));
    Core *missed = build_if(core, state_is(context, state, HOLDS_NOT, span), set_state(context, state, HOLDS, span), NULL);
    context_add(context, build_if(core, state_is(context, state, HOLDS, span), held, missed));
}

static void try_parts(Context *context, Node *condition, uint32_t state, uint32_t reason)
{
    bool binary = condition->kind == NODE_BINARY && !node_goal(condition);
    if (binary && condition->binary.op == BINARY_AND)
        try_both(context, condition, HOLDS_NOT, state, reason);
    else if (binary && condition->binary.op == BINARY_OR)
        try_both(context, condition, HOLDS, state, reason);
    else if (condition->kind == NODE_UNARY && condition->unary.op == UNARY_NOT)
        try_not(context, condition, state, reason);
    else
        try_leaf(context, condition, state, reason);
}

/* met, unknown, reason = one trial. */
static void try_once(Context *context, Node *condition, uint32_t met, uint32_t unknown, uint32_t reason)
{
    CoreProgram *core = context->lower->core;
    Span span = condition->span;
    uint32_t state = context_temp(context, simple_type(context->lower, TYPE_INT));
    try_parts(context, condition, state, reason);
    context_add(context, build_set_local(core, met, state_is(context, state, HOLDS, span)));
    context_add(context, build_set_local(core, unknown, state_is(context, state, HOLDS_UNKNOWN, span)));
    Core *doubt = build_choose(core, context_local(context, unknown, span), build_text(core, STR("unknown"), span),
                               build_text(core, STR("false"), span));
    Core *holds = build_choose(core, context_local(context, met, span), build_text(core, STR("true"), span), doubt);
    Core *said = build_choose(core, context_local(context, met, span), build_text(core, STR(""), span),
                              context_local(context, reason, span));
    Str what = lower_source(context->lower, span);
    context_add(context, build_emit(core, "condition.tried",
                                    build_object(core, span, "what", build_text(core, what, span), "holds", holds, "reason",
                                                 said, NULL)));
}

void lower_try(Context *context, Node *condition, uint32_t met, uint32_t unknown, uint32_t reason)
{
    try_once(context, condition, met, unknown, reason);
}

/* met = it has held for D; `since` is when it began to hold, `holding` whether it does. */
void lower_require_holding(Context *context, Node *holds, uint32_t met, uint32_t since, uint32_t holding, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *begins = build_block(core, span);
    core_append(begins, build_set_local(core, since, build_now(core, span)));
    core_append(begins, build_set_local(core, holding, build_int(core, TYPE_BOOL, 1, span)));
    Core *does = build_block(core, span);
    core_append(does, build_if(core, build_not(core, context_local(context, holding, span)), begins, NULL));
    Core *enough = build_binary(core, CORE_GE, build_now(core, span),
                                build_binary(core, CORE_ADD, context_local(context, since, span), lower_value(context, holds)));
    core_append(does, build_set_local(core, met, enough));
    Core *doesnt = build_set_local(core, holding, build_int(core, TYPE_BOOL, 0, span));
    context_add(context, build_if(core, context_local(context, met, span), does, doesnt));
}

static Core *earlier(Context *context, Core *a, Core *b)
{
    CoreProgram *core = context->lower->core;
    uint32_t first = context_temp(context, simple_type(context->lower, TYPE_TIME));
    uint32_t second = context_temp(context, simple_type(context->lower, TYPE_TIME));
    Core *sequence = core_new(core, CORE_SEQUENCE, simple_type(context->lower, TYPE_TIME), a->span);
    core_append(sequence, build_set_local(core, first, a));
    core_append(sequence, build_set_local(core, second, b));
    sequence->a = build_choose(core, build_binary(core, CORE_LT, context_local(context, first, a->span),
                                                  context_local(context, second, a->span)),
                               context_local(context, first, a->span), context_local(context, second, a->span));
    return sequence;
}

void lower_await(Context *context, Node *condition, AwaitLimits limits, uint32_t met, uint32_t reason)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = condition->span;
    const Type *time = simple_type(lower, TYPE_TIME);
    uint32_t unknown = context_temp(context, simple_type(lower, TYPE_BOOL));
    if (!limits.within && !limits.holds) {
        try_once(context, condition, met, unknown, reason);
        return;
    }
    uint32_t deadline = context_temp(context, time);
    uint32_t since = context_temp(context, time), holding = context_temp(context, simple_type(lower, TYPE_BOOL));
    Core *limit = limits.within ? lower_value(context, limits.within) : lower_value(context, limits.holds);
    context_add(context, build_set_local(core, deadline, build_binary(core, CORE_ADD, build_now(core, span), limit)));
    context_add(context, build_set_local(core, holding, build_int(core, TYPE_BOOL, 0, span)));
    context_add(context, build_set_local(core, since, build_now(core, span)));
    Core *outer = context->block;
    Core *round = build_block(core, span);
    context->block = round;
    try_once(context, condition, met, unknown, reason);
    if (limits.holds) lower_require_holding(context, limits.holds, met, since, holding, span);
    context_add(context, build_if(core, context_local(context, met, span), build_break(core, 0, span), NULL));
    Core *over = build_binary(core, CORE_GE, build_now(core, span), context_local(context, deadline, span));
    context_add(context, build_if(core, over, build_break(core, 0, span), NULL));
    Core *every = limits.every ? lower_value(context, limits.every) : build_int(core, TYPE_DURATION, DEFAULT_EVERY, span);
    Core *wait = core_new(core, CORE_WAIT, simple_type(lower, TYPE_BOOL), span);
    wait->a = earlier(context, build_binary(core, CORE_ADD, build_now(core, span), every),
                      context_local(context, deadline, span));
    context_add(context, build_do(core, wait));
    context->block = outer;
    context_add(context, build_loop(core, round));
}
