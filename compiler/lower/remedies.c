/* Remedies: each is a step that is tried in its turn, until the condition of all of them holds.
 *
 * In: a checked `remedies`. Out: its core in the function that the context makes. Called by statements.c only. */
#include "compiler/lower/steps.h"

/* What is tried, and the locals that say how it went. */
typedef struct Trial {
    const Node *remedies;
    StepParts parts;
    StepRun run;
    uint32_t met, solved_by;
} Trial;

static Core *is_bent(Context *context, const Trial *trial, const char *how)
{
    CoreProgram *core = context->lower->core;
    Span span = trial->parts.node->span;
    return build_binary(core, CORE_EQ, context_local(context, trial->run.bent, span),
                        build_text(core, str_from_c(how), span));
}

/* The remedy's statements, again where it says `retry`. */
static void lower_attempts(Context *context, const Trial *trial)
{
    CoreProgram *core = context->lower->core;
    Span span = trial->parts.node->span;
    if (!trial->parts.retry) {
        step_attempt(context, &trial->parts, &trial->run);
        return;
    }
    uint32_t tries = context_temp(context, simple_type(context->lower, TYPE_INT));
    context_add(context, build_set_local(core, tries, build_int(core, TYPE_INT, 0, span)));
    Core *outer = context->block, *round = build_block(core, span), *failed = build_block(core, span);
    context->block = round;
    step_attempt(context, &trial->parts, &trial->run);
    context->block = failed;
    step_retry(context, &trial->parts, tries);
    context->block = round;
    Core *again = build_and(core, context_local(context, trial->run.failed, span),
                            build_not(core, is_bent(context, trial, "skip")));
    context_add(context, build_if(core, again, failed, NULL));
    context_add(context, build_break(core, 0, span));
    context->block = outer;
    context_add(context, build_loop(core, round));
}

/* It was done: the condition has its time to hold; where it does not, the remedy has failed. */
static void await_help(Context *context, const Trial *trial)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const StepRun *run = &trial->run;
    Span span = trial->parts.node->span;
    Core *outer = context->block, *waiting = build_block(core, span), *unhelped = build_block(core, span);
    context->block = waiting;
    uint32_t why = context_temp(context, simple_type(lower, TYPE_STRING));
    const struct Ast_remedies *all = &trial->remedies->remedies;
    AwaitLimits limits = {all->holds, all->within, all->every};
    lower_await(context, all->until, limits, trial->met, why);
    core_append(unhelped, build_set_local(core, run->failed, build_int(core, TYPE_BOOL, 1, span)));
    Core *reason = core_new(core, CORE_CONCAT, simple_type(lower, TYPE_STRING), span);
    Str condition = lower_source(lower, all->until->span);
    core_append(reason, build_text(core, arena_printf(lower->arena, "it did not help: %.*s: ", STR_ARG(condition)), span));
    core_append(reason, context_local(context, why, span));
    core_append(unhelped, build_set_local(core, run->reason, reason));
    core_append(unhelped, build_set_local(core, run->place, build_text(core, STR(""), span)));
    context_add(context, build_if(core, build_not(core, context_local(context, trial->met, span)), unhelped, NULL));
    context->block = outer;
    context_add(context, build_if(core, build_not(core, context_local(context, run->failed, span)), waiting, NULL));
}

/* It makes way for the next, unless it says that all ends here. */
static void lower_failed_remedy(Context *context, const Trial *trial)
{
    CoreProgram *core = context->lower->core;
    const StepParts *parts = &trial->parts;
    Span span = parts->node->span;
    step_emit_failed(context, parts, &trial->run);
    step_undo_if_wanted(context, parts, &trial->run);
    context_call(context, "remedy_failed", span, NULL);
    if (!parts->on_failure) return;
    FailureKind kind = parts->on_failure->on_failure.kind;
    if (kind == FAILURE_CONTINUE) return;
    if (kind == FAILURE_STOP)
        context_add(context, build_fail(core, context_local(context, trial->run.reason, span)));
    else
        lower_recovery(context, parts->on_failure->on_failure.body, NULL, span);
}

static void lower_remedy(Context *context, const Trial *trial)
{
    CoreProgram *core = context->lower->core;
    const StepRun *run = &trial->run;
    Span span = trial->parts.node->span;
    lower_attempts(context, trial);
    await_help(context, trial);
    Core *outer = context->block, *bad = build_block(core, span), *good = build_block(core, span),
         *skipped = build_block(core, span);
    context->block = skipped;
    step_emit_skipped(context, run, context_local(context, run->reason, span), span);
    context->block = bad;
    lower_failed_remedy(context, trial);
    context->block = good;
    context_call(context, "step_done", span, context_local(context, run->name, span), build_text(core, STR("remedy"), span),
                 NULL);
    context_add(context, build_set_local(core, trial->solved_by, build_some(core, context_local(context, run->name, span))));
    context->block = outer;
    Core *ended = build_if(core, is_bent(context, trial, "skip"), skipped, bad);
    context_add(context, build_if(core, context_local(context, run->failed, span), ended, good));
}

void lower_remedies(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Type *string = simple_type(lower, TYPE_STRING);
    const Type *perhaps = type_optional(core->types, string);
    uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL)),
             reason = context_temp(context, string);
    uint32_t solved_by = context_temp(context, perhaps), name = context_temp(context, string);
    context_add(context, build_set_local(core, name, lower_string(context, node->remedies.title)));
    context_add(context, build_set_local(core, solved_by, build_none(core, perhaps, span)));
    lower_await(context, node->remedies.until, (AwaitLimits){0}, met, reason);
    context_add(context, build_emit(core, "remedies.tried",
                                    build_object(core, span, "name", context_local(context, name, span),
                                                 "holds", context_local(context, met, span), NULL)));
    Core *outer = context->block;
    for node_each(item, node->remedies.items) {
        if (item->kind != NODE_REMEDY) continue;
        Core *turn = build_block(core, item->span), *trying = build_block(core, item->span);
        Trial trial = {.remedies = node, .parts = step_parts(item), .met = met, .solved_by = solved_by};
        context->block = turn;
        trial.run = step_run(context, &trial.parts);
        context->block = trying;
        lower_remedy(context, &trial);
        context->block = turn;
        step_guard(context, &trial.parts, &trial.run, trying);
        context->block = outer;
        context_add(context, build_if(core, build_not(core, context_local(context, met, item->span)), turn, NULL));
    }
    context_add(context,
                build_emit(core, "remedies.ended",
                           build_object(core, span, "name", context_local(context, name, span), "solved_by",
                                        context_local(context, solved_by, span), NULL)));
    Core *failed;
    if (node->remedies.has_else) {
        failed = lower_block(context, node->remedies.otherwise);
    } else {
        Core *words = core_new(core, CORE_CONCAT, string, span);
        core_append(words, build_text(core, STR("nothing helped: "), span));
        core_append(words, context_local(context, name, span));
        failed = build_fail(core, words);
    }
    context_add(context, build_if(core, build_not(core, context_local(context, met, span)), failed, NULL));
}
