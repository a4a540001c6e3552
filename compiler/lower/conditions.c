/* Conditions that are awaited: tried now and again until they hold, hold for long enough, or time is over. A condition
 * whose look or conversion fails is unknown: it does not hold, is tried again, and its reason is kept. */
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

/* met, reason = one trial. */
static void try_once(Context *context, Node *condition, uint32_t met, uint32_t reason)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = condition->span;
    Core *outer = context->block;
    Core *trying = build_block(core, span);
    context->block = trying;
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
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *unknown = build_block(core, span);
    core_append(unknown, build_set_local(core, met, build_int(core, TYPE_BOOL, 0, span)));
    Core *why = core_new(core, CORE_BUILTIN, simple_type(lower, TYPE_STRING), span);
    why->index = BUILTIN_ERROR_TEXT;
    core_append(why, context_local(context, error, span));
    core_append(unknown, build_set_local(core, reason, why));
    context->block = outer;
    context_add(context, build_try(core, trying, error, unknown, false));
    Str what = lower_source(context->lower, span);
    Core *holds = build_choose(core, context_local(context, met, span), build_text(core, STR("true"), span),
                               build_text(core, STR("false"), span));
    Core *said = build_choose(core, context_local(context, met, span), build_text(core, STR(""), span),
                              context_local(context, reason, span));
    context_add(context, build_emit(core, "condition.tried",
                                    build_object(core, span, "what", build_text(core, what, span), "holds", holds, "reason",
                                                 said, NULL)));
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
    if (!limits.within && !limits.holds) {
        try_once(context, condition, met, reason);
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
    try_once(context, condition, met, reason);
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
