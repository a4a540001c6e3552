/* `retry: 3, every: 10s, growth: 2, jitter: true`: an effect, or the call of a function, becomes a loop that tries it again
 * after a pause. Called by what lowers effects and changes. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

enum { PAUSE_FIRST = 1000 };

typedef struct Retry {
    const EffectOptions *options;
    uint32_t left, pause; /* locals: attempts, and the time before the next one */
} Retry;

/* `into` is what stands before the loop. */
static Retry retry_begin(Context *context, const EffectOptions *options, Core *into, Span span)
{
    CoreProgram *core = context->lower->core;
    Retry retry = {options, context_temp(context, simple_type(context->lower, TYPE_INT)),
                   context_temp(context, simple_type(context->lower, TYPE_DURATION))};
    core_append(into, build_set_local(core, retry.left, lower_value(context, options->retry)));
    core_append(into, build_set_local(core, retry.pause,
                                      options->every ? lower_value(context, options->every)
                                                     : build_int(core, TYPE_DURATION, PAUSE_FIRST, span)));
    return retry;
}

static Core *retry_is_spent(Context *context, const Retry *retry, Span span)
{
    CoreProgram *core = context->lower->core;
    return build_binary(core, CORE_LE, context_local(context, retry->left, span), build_int(core, TYPE_INT, 0, span));
}

/* The pause times the growth, which may have a fraction. */
static Core *grown(Context *context, uint32_t pause, Node *growth)
{
    CoreProgram *core = context->lower->core;
    Core *exact = core_new(core, CORE_UNARY, simple_type(context->lower, TYPE_FLOAT), growth->span);
    exact->op = CORE_TO_FLOAT;
    exact->a = context_local(context, pause, growth->span);
    exact->a->type = simple_type(context->lower, TYPE_INT);
    Core *whole = core_new(core, CORE_BUILTIN, simple_type(context->lower, TYPE_DURATION), growth->span);
    whole->index = BUILTIN_FLOAT_ROUND;
    core_append(whole, build_binary(core, CORE_MUL, exact, lower_value(context, growth)));
    return whole;
}

/* How long the next pause is. */
static Core *retry_pause(Context *context, const Retry *retry, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *pause = context_local(context, retry->pause, span);
    if (!retry->options->jitter) return pause;
    Core *jitter = lower_value(context, retry->options->jitter);
    Core *jittered = build_call(core, lower_prelude_function(context->lower, "jittered"), span, pause,
                                context_local(context, retry->left, span), NULL);
    return build_choose(core, jitter, jittered, context_local(context, retry->pause, span));
}

static void retry_count(Context *context, const Retry *retry, Core *round, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *fewer = build_binary(core, CORE_SUB, context_local(context, retry->left, span), build_int(core, TYPE_INT, 1, span));
    core_append(round, build_set_local(core, retry->left, fewer));
}

static void retry_wait(Context *context, const Retry *retry, Core *round, Core *length, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), span);
    wait->a = build_binary(core, CORE_ADD, build_now(core, span), length);
    core_append(round, build_do(core, wait));
    if (retry->options->growth)
        core_append(round, build_set_local(core, retry->pause, grown(context, retry->pause, retry->options->growth)));
}

/* Is there no use in trying again? What a server has refused for good is not asked for twice. */
static Core *is_final(Context *context, const Effect *effect, uint32_t result, Span span)
{
    CoreProgram *core = context->lower->core;
    if (effect->form == EFFECT_FORM_HTTP)
        return build_call(core, lower_prelude_function(context->lower, "http_is_final"), span,
                          context_local(context, result, span), NULL);
    return build_or(core, build_field(core, context_local(context, result, span), "ok"),
                    build_field(core, context_local(context, result, span), "unknown"));
}

/* The pause before the next attempt, which a server may ask to be longer. */
static Core *pause_after(Context *context, const Effect *effect, uint32_t result, Core *pause, Span span)
{
    if (effect->form != EFFECT_FORM_HTTP) return pause;
    return build_call(context->lower->core, lower_prelude_function(context->lower, "http_pause"), span,
                      context_local(context, result, span), pause, NULL);
}

Core *lower_retried(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    const Effect *effect = node_effect(node);
    Span span = node->span;
    Core *once = lower_effect_once(context, node);
    uint32_t result = context_temp(context, once->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, once->type, span), *round = build_block(core, span);
    Retry retry = retry_begin(context, &effect->options, sequence, span);
    core_append(round, build_set_local(core, result, once));
    Core *spent = retry_is_spent(context, &retry, span);
    Core *over = build_or(core, is_final(context, effect, result, span), spent);
    core_append(round, build_if(core, over, build_break(core, 0, span), NULL));
    retry_count(context, &retry, round, span);
    Core *length = pause_after(context, effect, result, retry_pause(context, &retry, span), span);
    retry_wait(context, &retry, round, length, span);
    core_append(sequence, build_loop(core, round));
    sequence->a = context_local(context, result, span);
    return sequence;
}

Core *lower_retried_call(Context *context, const EffectOptions *options, Core *doing, Span span)
{
    CoreProgram *core = context->lower->core;
    if (!options->retry) return doing;
    Retry retry = retry_begin(context, options, context->block, span);
    uint32_t error = context_temp(context, simple_type(context->lower, TYPE_ERROR));
    Core *trying = build_block(core, span), *again = build_block(core, span), *round = build_block(core, span);
    core_append(trying, doing);
    core_append(trying, build_break(core, 0, span));
    Core *spent = retry_is_spent(context, &retry, span);
    core_append(again, build_if(core, spent, build_raise(core, context->function, error, span), NULL));
    retry_count(context, &retry, again, span);
    retry_wait(context, &retry, again, retry_pause(context, &retry, span), span);
    core_append(round, build_try(core, trying, error, again, false));
    return build_loop(core, round);
}
