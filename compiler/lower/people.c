/* People: notifications, pages, manual steps, questions and approvals. What they do in detail is in the prelude. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

Core *lower_target(Context *context, Node *ref)
{
    CoreProgram *core = context->lower->core;
    const Symbol *symbol = ref->symbol;
    if (symbol && (symbol->kind == SYMBOL_CONTACT || symbol->kind == SYMBOL_ROLE || symbol->kind == SYMBOL_ROTATION ||
                   symbol->kind == SYMBOL_CHANNEL))
        return build_text(core, symbol->name, ref->span);
    return build_field(core, lower_value(context, ref), "name");
}

Core *lower_name_list(Context *context, NodeList refs)
{
    CoreProgram *core = context->lower->core;
    Span span = refs.first ? refs.first->span : context->block->span;
    Core *list = core_new(core, CORE_LIST, type_list(core->types, simple_type(context->lower, TYPE_STRING)), span);
    for node_each(ref, refs) core_append(list, lower_target(context, ref));
    return list;
}

Core *lower_one_name(Context *context, Node *ref, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *list = core_new(core, CORE_LIST, type_list(core->types, simple_type(context->lower, TYPE_STRING)), span);
    if (ref) core_append(list, lower_target(context, ref));
    return list;
}

/* now + D, or none where no D is said: time? */
Core *lower_deadline_after(Context *context, Node *within, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *perhaps = type_optional(core->types, simple_type(context->lower, TYPE_TIME));
    if (!within) return build_none(core, perhaps, span);
    return build_some(core, lower_time_after(context, build_now(core, span), within));
}

void lower_notify(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t message = context_temp(context, lower_record_type(lower, "Message"));
    context_add(context, build_set_local(core, message, lower_message(context, node->notify.message)));
    for node_each(target, node->notify.targets)
        context_add(context, build_do(core, build_call(core, lower_prelude_function(lower, "notify_target"), node->span,
                                                       lower_target(context, target), context_local(context, message, node->span),
                                                       build_int(core, TYPE_BOOL, node->notify.required, node->span), NULL)));
}

/* A page goes its way beside the step; it ends when its contact, a backup or somebody above answers. */
void lower_page(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    uint32_t message = context_temp(context, lower_record_type(lower, "Message"));
    Core *said = node->page.message ? lower_message(context, node->page.message)
                                    : build_call(core, lower_prelude_function(lower, "page_message"), span,
                                                 build_text(core, STR(""), span), NULL);
    context_add(context, build_set_local(core, message, said));
    for node_each(target, node->page.targets) {
        Core *spawn = core_new(core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
        spawn->function = lower_prelude_function(lower, "page_contact");
        spawn->index = RANK_PLAN;
        spawn->flag = true;
        core_append(spawn, lower_target(context, target));
        core_append(spawn, context_local(context, message, span));
        core_append(spawn, build_text(core, STR("the plan pages"), span));
        core_append(spawn, build_int(core, TYPE_BOOL, 0, span));
        core_append(spawn, build_int(core, TYPE_BOOL, 1, span));
        context_add(context, build_do(core, spawn));
    }
}

void lower_manual(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Core *call = build_call(core, lower_prelude_function(lower, "manual"), node->span, lower_string(context, node->manual.text),
                            lower_one_name(context, node->manual.by ? node->manual.by : context->by, node->span),
                            lower_deadline_after(context, node->manual.within, node->span), NULL);
    context_add(context, build_do(core, call));
}

/* No machine acknowledges itself: somebody is asked to, until he has. */
void lower_ask_acknowledgement(Context *context, Node *node)
{
    Lower *lower = context->lower;
    Core *call = build_call(lower->core, lower_prelude_function(lower, "ask_acknowledgement"), node->span,
                            lower_one_name(context, node->ask_acknowledgement.by, node->span),
                            lower_deadline_after(context, node->ask_acknowledgement.within, node->span), NULL);
    context_add(context, build_do(lower->core, call));
}

/* ---- questions ---- */

/* The answer's text as a value of the type that is asked for. */
Core *lower_answer_as(Context *context, Core *text, const Type *type, Span span)
{
    CoreProgram *core = context->lower->core;
    if (type->kind == TYPE_STRING || type->kind == TYPE_SECRET) return text;
    if (type->kind == TYPE_BOOL)
        return build_or(core, build_binary(core, CORE_EQ, text, build_text(core, STR("true"), span)),
                        build_int(core, TYPE_BOOL, 0, span));
    Core *cast = core_new(core, CORE_FROM_JSON, type, span);
    cast->a = build_to_json(core, text);
    cast->text = STR("the answer");
    return cast;
}

/* What silence means, for people to read; absent where nobody waits for it. */
static Core *silent_meaning(Context *context, Node *ask, uint32_t silence)
{
    CoreProgram *core = context->lower->core;
    const Type *perhaps = type_optional(core->types, simple_type(context->lower, TYPE_STRING));
    if (!ask->ask.otherwise) return build_none(core, perhaps, ask->span);
    return build_some(core, context_local(context, silence, ask->span));
}

/* The answers to choose from, as texts; none: any. */
static Core *choices(Context *context, Node *ask)
{
    CoreProgram *core = context->lower->core;
    const Type *strings = type_list(core->types, simple_type(context->lower, TYPE_STRING));
    if (!ask->ask.of) return core_new(core, CORE_LIST, strings, ask->span);
    Core *given = lower_value(context, ask->ask.of);
    if (given->type == strings) return given;
    Core *texts = core_new(core, CORE_FROM_JSON, strings, ask->span);
    texts->a = build_to_json(core, given);
    texts->text = STR("the answers");
    return texts;
}

Core *lower_ask(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    uint32_t question = context_temp(context, simple_type(lower, TYPE_STRING));
    uint32_t silence = context_temp(context, simple_type(lower, TYPE_STRING));
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, span);
    core_append(sequence, build_set_local(core, question, lower_string(context, node->ask.question)));
    Core *silent = node->ask.otherwise ? lower_text_of(context, lower_value(context, node->ask.otherwise), span)
                                       : build_text(core, STR(""), span);
    core_append(sequence, build_set_local(core, silence, silent));
    Core *asked = build_call(core, lower_prelude_function(lower, "ask_people"), span, build_text(core, node->ask.secret ? STR("secret") : STR("ask"), span),
                             context_local(context, question, span), context_local(context, question, span),
                             lower_one_name(context, node->ask.by ? node->ask.by : context->by, span), lower_deadline_after(context, node->ask.within, span),
                             context_local(context, silence, span), silent_meaning(context, node, silence), choices(context, node),
                             NULL);
    sequence->a = lower_answer_as(context, build_field(core, asked, "value"), node->type, span);
    return sequence;
}
