/* Settings: from the arguments of the start, their defaults, or, where there is none, from a person when they are first
 * needed.
 *
 * In: params of a checked program. Out: core that fills their globals at the start, and that reads them. What is reckoned
 * before the run has begun (constants, contacts, channels, ladders) cannot ask: what it reaches has to be given. */
#include "compiler/lower/context.h"
#include "compiler/lower/reach.h"

void reach_early(Reach *reach, const Program *program)
{
    const SymbolList *lists[] = {&program->constants, &program->secrets,   &program->hosts,    &program->contacts,  &program->roles,
                                 &program->rotations, &program->channels, &program->calendars, &program->severities};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        reach_all(reach, lists[i]);
    for (size_t i = 0; i < program->settings.count; i++)
        if (program->settings.items[i]->decl->param.value) reach_from(reach, program->settings.items[i]);
}

bool setting_is_asked_for(const Symbol *setting, const Reach *early)
{
    if (setting->decl->kind != NODE_PARAM || setting->decl->param.value || reach_has(early, setting)) return false;
    switch (setting->type->kind) {
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_STRING:
    case TYPE_DURATION:
    case TYPE_TIME: return true;
    default: return false; /* what no single answer says */
    }
}

static bool is_asked_for(Lower *lower, const Symbol *setting)
{
    if (!lower->early.seen.count) reach_early(&lower->early, lower->program);
    return setting_is_asked_for(setting, &lower->early);
}

/* global = what the start gives, if it does. */
static void given_param(Context *context, Symbol *setting)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = setting->span;
    uint32_t held = context_temp(context, type_optional(core->types, simple_type(lower, TYPE_JSON)));
    Core *name = build_text(core, setting->name, span);
    context_add(context, build_set_local(core, held, build_call(core, lower_prelude_function(lower, "starting_param"), span, name, NULL)));
    Core *outer = context->block, *given = build_block(core, span);
    context->block = given;
    Core *cast = core_new(core, CORE_FROM_JSON, setting->type, span);
    cast->a = build_value(core, context_local(context, held, span), "the value is absent");
    cast->text = setting->name;
    context_add(context, build_set_global(core, symbol_global(lower, setting), cast));
    context_call(context, "param_is_known", span, build_text(core, setting->name, span), NULL);
    context->block = outer;
    context_add(context, build_if(core, build_is_some(core, context_local(context, held, span)), given, NULL));
}

void lower_settings(Context *context)
{
    Lower *lower = context->lower;
    for (size_t i = 0; i < lower->program->settings.count; i++) {
        Symbol *setting = lower->program->settings.items[i];
        if (is_asked_for(lower, setting)) {
            given_param(context, setting);
            continue;
        }
        context_add(context, build_set_global(lower->core, symbol_global(lower, setting), lower_started_param(context, setting)));
    }
}

Core *lower_setting(Context *context, Symbol *setting, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Core *value = build_global(core, symbol_global(lower, setting), span);
    if (!is_asked_for(lower, setting)) return value;
    Core *sequence = core_new(core, CORE_SEQUENCE, setting->type, span), *asking = build_block(core, span);
    Core *answer = build_call(core, lower_prelude_function(lower, "ask_param"), span, build_text(core, setting->name, span),
                              build_text(core, setting->decl->param.doc, span), NULL);
    core_append(asking, build_set_global(core, symbol_global(lower, setting), lower_answer_as(context, answer, setting->type, span)));
    core_append(asking, build_do(core, build_call(core, lower_prelude_function(lower, "param_is_known"), span,
                                                  build_text(core, setting->name, span), NULL)));
    Core *known = build_call(core, lower_prelude_function(lower, "has_param"), span, build_text(core, setting->name, span), NULL);
    core_append(sequence, build_if(core, build_not(core, known), asking, NULL));
    sequence->a = value;
    return sequence;
}
