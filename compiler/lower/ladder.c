/* The rules of an escalation: each becomes a record in the prelude's table, once for every severity that uses it, with what
 * it says as a function. Rules with a condition and `at last` have a fiber besides.
 *
 * In: a severity with its escalation. Called by incident.c. When and how rules fire is in stdlib/prelude_escalation.plan. */
#include "compiler/lower/constant.h"
#include "compiler/lower/context.h"

typedef struct Ladder {
    Context *entry;
    Symbol *severity;
    Node *escalation;
    int64_t hours; /* number of the calendar that it keeps to; -1: of none */
} Ladder;

enum { DEFAULT_LAST_EVERY = 10 * 60 * 1000 };

/* ---- rungs ---- */

/* Rungs are the timed page rules, in the order of their durations. */
static bool is_rung(const Node *rule)
{
    return rule->rule.deed->kind == NODE_PAGE &&
           (rule->rule.trigger == RULE_AT_ONCE || rule->rule.trigger == RULE_UNACKNOWLEDGED ||
            rule->rule.trigger == RULE_UNRESOLVED);
}

static int64_t rung_after(const Ladder *ladder, const Node *rule)
{
    const Lower *lower = ladder->entry->lower;
    ConstantScope scope = {.program = lower->program, .arena = lower->arena};
    return constant_int(&scope, rule->rule.after, 0);
}

/* 1 for the first rung; 0: the rule is none. */
static int64_t rung_number(const Ladder *ladder, const Node *rule)
{
    if (!is_rung(rule)) return 0;
    int64_t number = 1;
    bool passed = false;
    for node_each(other, ladder->escalation->escalation.rules) {
        if (other == rule) passed = true;
        if (other == rule || !is_rung(other)) continue;
        if (rung_after(ladder, other) < rung_after(ladder, rule) || (rung_after(ladder, other) == rung_after(ladder, rule) && !passed)) number++;
    }
    return number;
}

/* ---- what a rule says ---- */

static Core *text(const Ladder *ladder, Str words, Span span)
{
    return build_text(ladder->entry->lower->core, words, span);
}

static Core *rule_text(const Ladder *ladder, const Node *rule)
{
    return text(ladder, lower_source(ladder->entry->lower, rule->span), rule->span);
}

static Core *message_of(Context *context, const Ladder *ladder, Node *rule)
{
    Node *deed = rule->rule.deed;
    Node *message = deed->kind == NODE_PAGE ? deed->page.message : deed->notify.message;
    if (message) return lower_message(context, message);
    return build_call(context->lower->core, lower_prelude_function(context->lower, "page_message"), rule->span,
                      rule_text(ladder, rule), NULL);
}

/* A function without parameters; its body is still to be made, in *inner. */
static Core *closure_of(const Ladder *ladder, const char *what, const Type *result, Span span, Context *inner)
{
    Lower *lower = ladder->entry->lower;
    CoreProgram *core = lower->core;
    Str name = arena_printf(lower->arena, "%s.%.*s.%zu", what, STR_ARG(ladder->severity->name), core->functions.count);
    Core *closure = core_new(core, CORE_CLOSURE, type_fn(core->types, NULL, 0, result), span);
    closure->function = core_function(core, name, result, span);
    *inner = context_new(lower, closure->function, NULL);
    return closure;
}

static Core *message_closure(const Ladder *ladder, Node *rule)
{
    Lower *lower = ladder->entry->lower;
    Context inner;
    Core *closure = closure_of(ladder, "message", lower_record_type(lower, "Message"), rule->span, &inner);
    context_add(&inner, build_return(lower->core, message_of(&inner, ladder, rule), rule->span));
    context_free(&inner);
    return closure;
}

static Core *condition_closure(const Ladder *ladder, Node *rule)
{
    Lower *lower = ladder->entry->lower;
    Context inner;
    Core *closure = closure_of(ladder, "condition", simple_type(lower, TYPE_BOOL), rule->span, &inner);
    context_add(&inner, build_return(lower->core, lower_value(&inner, rule->rule.condition), rule->span));
    context_free(&inner);
    return closure;
}

/* ---- the record ---- */

static const char *trigger_name(RuleTrigger trigger)
{
    switch (trigger) {
    case RULE_AT_ONCE: return "once";
    case RULE_AT_LAST: return "last";
    case RULE_UNACKNOWLEDGED: return "unacknowledged";
    case RULE_UNRESOLVED: return "unresolved";
    case RULE_REMEDIES_FAILED: return "remedies";
    case RULE_SEVERITY_RAISED: return "raised";
    case RULE_PHASE_OVERRAN: return "overran";
    case RULE_TARGET_MISSED: return "missed";
    case RULE_CONDITION: return "condition";
    }
    return "";
}

/* How many rounds follow the first: none; as said; or as many as it takes. */
static Core *repeats_of(const Ladder *ladder, const Node *rule)
{
    CoreProgram *core = ladder->entry->lower->core;
    if (rule->rule.repeat_times) return lower_value(ladder->entry, rule->rule.repeat_times);
    return build_int(core, TYPE_INT, rule->rule.repeat_every ? -1 : 0, rule->span);
}

static Core *every_of(const Ladder *ladder, const Node *rule)
{
    bool last = rule->rule.trigger == RULE_AT_LAST;
    Node *every = rule->rule.repeat_every;
    if (last && rule->rule.page_every) every = rule->rule.page_every;
    if (rule->rule.trigger == RULE_CONDITION && !every) every = rule->rule.every;
    if (!every && last) return lower_plain_span(ladder->entry->lower, DEFAULT_LAST_EVERY, rule->span);
    return lower_span(ladder->entry, every, rule->span);
}

static Core *rule_record(const Ladder *ladder, Node *rule, int64_t number)
{
    Lower *lower = ladder->entry->lower;
    CoreProgram *core = lower->core;
    Span span = rule->span;
    Node *deed = rule->rule.deed;
    bool pages = deed->kind == NODE_PAGE;
    int64_t rung = rung_number(ladder, rule);
    Str severity = ladder->severity->name;
    Str key = rung ? arena_printf(lower->arena, "%.*s/%lld", STR_ARG(severity), (long long)rung)
                   : arena_printf(lower->arena, "%.*s/rule %lld", STR_ARG(severity), (long long)number);
    /* In this order, whatever order a compiler of C has for arguments: functions are numbered as they are made. */
    Core *after = lower_span(ladder->entry, rule->rule.after, span);
    Core *names = lower_name_list(ladder->entry, pages ? deed->page.targets : deed->notify.targets);
    Core *message = message_closure(ladder, rule);
    Core *repeats = repeats_of(ladder, rule), *every = every_of(ladder, rule);
    return lower_record_of(
        lower, "Rule", span, "key", text(ladder, key, span), "level", build_int(core, TYPE_INT, ladder->severity->index, span),
        "ladder", text(ladder, severity, span), "escalation", text(ladder, ladder->escalation->escalation.name, span), "text",
        rule_text(ladder, rule), "trigger", text(ladder, str_from_c(trigger_name(rule->rule.trigger)), span), "rung",
        build_int(core, TYPE_INT, rung, span), "after", after, "hours", build_int(core, TYPE_INT, ladder->hours, span), "count",
        build_int(core, TYPE_INT, rule->rule.count, span), "pages", build_int(core, TYPE_BOOL, pages, span), "each",
        build_int(core, TYPE_BOOL, pages && deed->page.each, span), "required",
        build_int(core, TYPE_BOOL, !pages && deed->notify.required, span), "names", names, "message", message, "repeats", repeats,
        "every", every, NULL);
}

/* A fiber of the prelude for the rule; the arguments end with NULL. */
static void spawn_for(const Ladder *ladder, const char *function, Span span, Core *rule, Core *more, Core *still_more)
{
    Lower *lower = ladder->entry->lower;
    Core *spawn = core_new(lower->core, CORE_SPAWN, simple_type(lower, TYPE_FIBER), span);
    spawn->function = lower_prelude_function(lower, function);
    spawn->index = RANK_RULES + 1;
    core_append(spawn, rule);
    if (more) core_append(spawn, more);
    if (still_more) core_append(spawn, still_more);
    context_add(ladder->entry, build_do(lower->core, spawn));
}

static void lower_rule(const Ladder *ladder, Node *rule, int64_t number)
{
    Context *entry = ladder->entry;
    Span span = rule->span;
    Core *record = rule_record(ladder, rule, number);
    if (rule->rule.trigger == RULE_AT_LAST) {
        spawn_for(ladder, "at_last", span, record, NULL, NULL);
        return;
    }
    uint32_t made = context_temp(entry, record->type);
    context_add(entry, build_set_local(entry->lower->core, made, record));
    context_call(entry, "add_rule", span, context_local(entry, made, span), NULL);
    if (rule->rule.trigger != RULE_CONDITION) return;
    Core *holds = condition_closure(ladder, rule), *every = lower_span(entry, rule->rule.every, span);
    spawn_for(ladder, "check_condition", span, context_local(entry, made, span), holds, every);
}

void lower_rules(Context *entry, Symbol *severity)
{
    Node *clause = NULL;
    for node_each(field, severity->decl->severity.fields)
        if (field->kind == NODE_ESCALATE_BY) clause = field;
    if (!clause) return;
    const Node *calendar = clause->escalate_by.calendar;
    Ladder ladder = {entry, severity, clause->escalate_by.escalation->symbol->decl,
                     calendar ? (int64_t)calendar->symbol->index : -1};
    int64_t number = 0;
    for node_each(rule, ladder.escalation->escalation.rules) lower_rule(&ladder, rule, ++number);
}
