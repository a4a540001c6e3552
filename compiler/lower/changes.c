/* Changes, `run …`: an effect, and what becomes of it. One that did not succeed goes to the statement's else, or fails the
 * step; one of which nobody knows is asked about, done again, verified or taken as failed, as its `on unknown` says; one
 * that a policy holds back is begun again when somebody says yes. Called by what lowers statements. */
#include "compiler/lower/context.h"

enum { AGAIN_LIMIT = 2 };

/* The result of a change that a person, or a condition, says was done. */
static void set_done(Context *context, Core *block, uint32_t result, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *type = context->function->locals.items[result].type;
    Core *done = core_new(core, CORE_WITH_FIELD, type, span);
    done->a = context_local(context, result, span);
    done->index = (uint32_t)type_field_index(type, STR("ok"));
    done->b = build_int(core, TYPE_BOOL, 1, span);
    core_append(block, build_set_local(core, result, done));
}

static Core *text_is(Context *context, uint32_t local, const char *text, Span span)
{
    CoreProgram *core = context->lower->core;
    return build_binary(core, CORE_EQ, context_local(context, local, span),
                        build_text(core, str_from_c(text), span));
}

/* In the loop of one change, where its outcome is unknown. `break` leaves the loop with the result as it is
 * then. */
static void lower_unknown(Context *context, Node *node, uint32_t result, uint32_t rounds)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Effect *effect = node_effect(node);
    Core *outer = context->block;
    Core *unknown = build_block(core, span);
    context->block = unknown;
    if (effect->on_unknown == ON_UNKNOWN_ASK) {
        uint32_t answer = context_temp(context, simple_type(lower, TYPE_STRING));
        /* One after the other: what is declared first stands first in the image, whatever compiler built
         * planc. */
        CoreFunction *ask = lower_prelude_function(lower, "ask_unknown");
        Core *words = lower_effect_words(context, node);
        Core *trouble = lower_effect_trouble(context, node, context_local(context, result, span));
        Core *asked = build_call(core, ask, span, words, trouble, NULL);
        context_add(context, build_set_local(core, answer, asked));
        Core *again = core_new(core, CORE_CONTINUE, NULL, span);
        context_add(context, build_if(core, text_is(context, answer, "again", span), again, NULL));
        Core *done = build_block(core, span);
        set_done(context, done, result, span);
        context_add(context, build_if(core, text_is(context, answer, "done", span), done, NULL));
    } else if (effect->on_unknown == ON_UNKNOWN_AGAIN) {
        Core *again = build_block(core, span);
        Core *more = build_binary(core, CORE_ADD, context_local(context, rounds, span),
                                  build_int(core, TYPE_INT, 1, span));
        core_append(again, build_set_local(core, rounds, more));
        core_append(again, core_new(core, CORE_CONTINUE, NULL, span));
        Core *may = build_binary(core, CORE_LT, context_local(context, rounds, span),
                                 build_int(core, TYPE_INT, AGAIN_LIMIT, span));
        context_add(context, build_if(core, may, again, NULL));
    } else if (effect->on_unknown == ON_UNKNOWN_VERIFY) {
        uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
        uint32_t reason = context_temp(context, simple_type(lower, TYPE_STRING));
        const Node *verify = effect->unknown_condition;
        AwaitLimits limits = {verify->verify.holds, verify->verify.within, verify->verify.every};
        lower_await(context, verify->verify.condition, limits, met, reason);
        Core *done = build_block(core, span);
        set_done(context, done, result, span);
        context_add(context, build_if(core, context_local(context, met, span), done, NULL));
    }
    context->block = outer;
    context_add(context, build_if(core, build_field(core, context_local(context, result, span), "unknown"),
                                  unknown, NULL));
}

/* In the loop of one change, where a policy holds it back until somebody says yes: then it is begun again. */
static void lower_held(Context *context, Node *node, uint32_t result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *held = build_field(core, context_local(context, result, span), "held");
    Core *names = build_field(core, context_local(context, result, span), "held_by");
    Core *trouble = lower_effect_trouble(context, node, context_local(context, result, span));
    Core *allowed = build_call(core, lower_prelude_function(lower, "policy_allows"), span,
                               build_value(core, held, "nothing is held"), trouble, names, NULL);
    Core *again = build_if(core, allowed, core_new(core, CORE_CONTINUE, NULL, span), NULL);
    Core *is_held = build_is_some(core, build_field(core, context_local(context, result, span), "held"));
    context_add(context, build_if(core, is_held, again, NULL));
}

/* A change that is one command or request. */
static void lower_run_plain(Context *context, Node *run, Node *effect, uint32_t result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = run->span;
    uint32_t rounds = context_temp(context, simple_type(lower, TYPE_INT));
    context_add(context, build_set_local(core, rounds, build_int(core, TYPE_INT, 0, span)));
    Core *outer = context->block;
    Core *body = build_block(core, span);
    context->block = body;
    context_add(context, build_set_local(core, result, lower_effect(context, effect)));
    Core *ok = build_field(core, context_local(context, result, span), "ok");
    context_add(context, build_if(core, ok, build_break(core, 0, span), NULL));
    lower_held(context, effect, result);
    lower_unknown(context, effect, result, rounds);
    context_add(context, build_break(core, 0, span));
    context->block = outer;
    lower_counted(context, build_loop(core, body), span);
    Core *failed =
        run->run.has_else
            ? lower_block(context, run->run.otherwise)
            : build_fail(core, lower_effect_trouble(context, effect, context_local(context, result, span)));
    Core *bad = build_not(core, build_field(core, context_local(context, result, span), "ok"));
    context_add(context, build_if(core, bad, failed, NULL));
}

/* A change that is a function: it fails as functions do. */
static void lower_run_call(Context *context, Node *run, Node *effect, uint32_t result, bool wants_result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Core *value = node_effect(effect) ? lower_effect(context, effect) : lower_value(context, effect);
    Core *doing =
        wants_result
            ? build_set_local(core, result,
                              lower_convert(context, value, context->function->locals.items[result].type))
            : build_do(core, value);
    if (node_effect(effect)) doing = lower_retried_call(context, &node_effect(effect)->options, doing, run->span);
    if (!run->run.has_else) {
        lower_counted(context, doing, run->span);
        return;
    }
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *outer = context->block, *trying = build_block(core, run->span);
    context->block = trying;
    lower_counted(context, doing, run->span);
    context->block = outer;
    context_add(context, build_try(core, trying, error, lower_block(context, run->run.otherwise), false));
}

void lower_run(Context *context, Node *run, uint32_t result, bool wants_result)
{
    Node *effect = run->run.effect;
    const Effect *note = node_effect(effect);
    lower_gated(context, run);
    if (note && (note->form == EFFECT_FORM_COMMAND || note->form == EFFECT_FORM_HTTP)) {
        const char *record = note->form == EFFECT_FORM_HTTP ? "Response" : "Result";
        if (!wants_result) result = context_temp(context, lower_record_type(context->lower, record));
        lower_run_plain(context, run, effect, result);
    } else {
        lower_run_call(context, run, effect, result, wants_result);
    }
}
