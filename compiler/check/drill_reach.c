/* What a drill can come to: the plans that it goes through, the severities that its incident can have, their ladders, and who can
 * be paged by them. What another plan of the program does says nothing of this one.
 *
 * In: a checked drill or promise and the deeds of the program. Out: a Reach, made when it is first asked for and kept for as long
 * as the same drill asks; what it takes to make depends on the plans of the drill, not on all of the program. Called by drills.c, drill_facts.c and drill_rules.c; it reports nothing. */
#include "compiler/check/check.h"

#include <string.h>

/* Of a promise there are none. */
static const Node *first_line(const Node *home)
{
    return home->kind == NODE_DRILL ? home->drill.lines.first : NULL;
}

static const Symbol *plan_of(const Node *home)
{
    const Node *plan = home->kind == NODE_DRILL ? home->drill.plan : home->promise.plan;
    return plan && plan->symbol && plan->symbol->kind == SYMBOL_PLAN ? plan->symbol : NULL;
}

static bool sends(const Node *line, DrillSignal signal)
{
    return line->kind == NODE_DRILL_AT && line->drill_at.signal == signal && line->drill_at.value;
}

/* ---- plans ---- */

static void find_plans(Checker *c, const Node *home, Reach *reach)
{
    plans_add_reached(c, reach->plans, reach->plan);
    for (const Node *line = first_line(home); line; line = line->next) {
        if (sends(line, SIGNAL_FOLLOW) && line->drill_at.value->symbol)
            plans_add_reached(c, reach->plans, line->drill_at.value->symbol);
    }
}

/* ---- deeds ---- */

/* Is it one of those that say who is paged, and how bad it is? */
static bool decides(const Node *deed)
{
    return deed->kind == NODE_PAGE || deed->kind == NODE_DEADLINE || deed->kind == NODE_NEEDS_APPROVAL ||
           deed->kind == NODE_PLAN_SEVERITY || deed->kind == NODE_SET_SEVERITY;
}

/* Those of no plan, which every drill may come to. */
static void find_loose(Deeds *deeds, Arena *arena)
{
    deeds->loose = arena_array(arena, size_t, deeds->count + 1);
    for (size_t i = 0; i < deeds->count; i++) {
        bool owned = deeds->owners[i] && deeds->owners[i]->kind == SYMBOL_PLAN;
        if (!owned && decides(deeds->items[i])) deeds->loose[deeds->loose_count++] = i;
    }
}

typedef void ReachVisit(Checker *c, Reach *reach, size_t number);

/* Of all that can be come to what `decides`. */
static void each_deed(Checker *c, Reach *reach, ReachVisit *visit)
{
    const Deeds *deeds = &c->deeds;
    const size_t plans = c->program->plans.count;
    for (size_t i = 0; i < deeds->loose_count; i++) {
        if (reach_has_deed(c, reach, deeds->loose[i])) visit(c, reach, deeds->loose[i]);
    }
    for (const bool *plan = reach->plans; (plan = memchr(plan, true, (size_t)(reach->plans + plans - plan))); plan++) {
        DeedRange own = deeds->of_plan[plan - reach->plans];
        for (size_t i = own.from; i < own.to; i++)
            if (decides(deeds->items[i])) visit(c, reach, i);
    }
}

/* ---- severities ---- */

static void add_severity(Reach *reach, const Node *severity)
{
    const Symbol *symbol = severity ? severity->symbol : NULL;
    if (symbol && symbol->kind == SYMBOL_SEVERITY) reach->severities[symbol->index] = true;
}

static void add_any_severity(Checker *c, Reach *reach)
{
    for (size_t i = 0; i < c->program->severities.count; i++)
        reach->severities[c->program->severities.items[i]->index] = true;
}

static void add_severity_of(Checker *c, Reach *reach, size_t number)
{
    const Node *deed = c->deeds.items[number];
    if (deed->kind == NODE_PLAN_SEVERITY) {
        add_severity(reach, deed->plan_severity.severity);
        reach->incident = true;
    }
    if (deed->kind != NODE_SET_SEVERITY) return;
    if (deed->set_severity.classified || !deed->set_severity.severity->symbol)
        add_any_severity(c, reach);
    else
        add_severity(reach, deed->set_severity.severity);
}

static void find_severities(Checker *c, const Node *home, Reach *reach)
{
    each_deed(c, reach, add_severity_of);
    for (const Node *line = first_line(home); line; line = line->next) {
        if (sends(line, SIGNAL_SEVERITY)) add_severity(reach, line->drill_at.value);
        if (line->kind != NODE_DRILL_WITH) continue;
        for node_each(setting, line->drill_with.settings)
            add_severity(reach, setting->setting.value);
    }
    /* Where there is no incident nothing has a severity, and no ladder is climbed. */
    if (!reach->incident) memset(reach->severities, false, c->program->severities.count);
}

static bool has_ladder(const Symbol *severity, const Symbol *ladder)
{
    for node_each(field, severity->decl->severity.fields) {
        if (field->kind == NODE_ESCALATE_BY && field->escalate_by.escalation->symbol == ladder) return true;
    }
    return false;
}

static bool reaches_ladder(const Checker *c, const Reach *reach, const Symbol *ladder)
{
    for (size_t i = 0; i < c->program->severities.count; i++) {
        const Symbol *severity = c->program->severities.items[i];
        if (reach->severities[severity->index] && has_ladder(severity, ladder)) return true;
    }
    return false;
}

bool reach_has_deed(const Checker *c, const Reach *reach, size_t number)
{
    const Symbol *owner = c->deeds.owners[number];
    if (!reach || !owner) return true;
    switch (owner->kind) {
    case SYMBOL_PLAN: return reach->plans[owner->index];
    case SYMBOL_SEVERITY: return reach->severities[owner->index];
    case SYMBOL_ESCALATION: return reaches_ladder(c, reach, owner);
    default: return true;
    }
}

/* ---- people ---- */

static bool has_emergency(const Node *home)
{
    for (const Node *line = first_line(home); line; line = line->next) {
        if (line->kind == NODE_DRILL_AT && line->drill_at.emergency) return true;
    }
    return false;
}

/* Whose gate is passed in an emergency is paged. */
static void add_owners(Checker *c, const Node *gate, bool *paged)
{
    for node_each(owner, gate->needs_approval.from)
        add_paged(c, owner->symbol, paged);
    for node_each(owner, gate->needs_approval.next)
        add_paged(c, owner->symbol, paged);
}

static void add_paged_of(Checker *c, Reach *reach, size_t number)
{
    const Node *deed = c->deeds.items[number];
    add_paged_by(c, deed, reach->paged);
    if (deed->kind == NODE_NEEDS_APPROVAL && has_emergency(reach->home)) add_owners(c, deed, reach->paged);
}

static void find_paged(Checker *c, const Node *home, Reach *reach)
{
    each_deed(c, reach, add_paged_of);
    for (const Node *line = first_line(home); line; line = line->next) {
        if (sends(line, SIGNAL_ESCALATE) || sends(line, SIGNAL_HANDOVER)) add_paged(c, line->drill_at.value->symbol, reach->paged);
        /* Whose acknowledgement lapses is paged. */
        const Node *holder = line->kind == NODE_DRILL_PERSON && line->drill_person.does == PERSON_ACKNOWLEDGES
                                 ? line->drill_person.contact
                             : line->kind == NODE_DRILL_AT && line->drill_at.signal == SIGNAL_ACK ? line->drill_at.by
                                                                                                  : NULL;
        if (holder) add_paged(c, holder->symbol, reach->paged);
    }
}

/* A signal that is said as the log has it may be any; its words are not read here. */
static bool may_send_anything(const Node *home)
{
    for (const Node *line = first_line(home); line; line = line->next) {
        if (line->kind == NODE_DRILL_AT && line->drill_at.signal == SIGNAL_ANY) return true;
    }
    return false;
}

/* The one Reach that there is, with nothing in it. */
static Reach *reach_begin(Checker *c, const Node *home, const Symbol *plan)
{
    const Program *p = c->program;
    if (!c->reach) {
        c->reach = arena_new(c->arena, Reach);
        c->reach->plans = arena_array(c->arena, bool, p->plans.count + 1);
        c->reach->severities = arena_array(c->arena, bool, p->severities.count + 1);
        c->reach->paged = arena_array(c->arena, bool, p->contacts.count + 1);
        find_loose(&c->deeds, c->arena);
    }
    memset(c->reach->plans, false, p->plans.count);
    memset(c->reach->severities, false, p->severities.count);
    memset(c->reach->paged, false, p->contacts.count);
    c->reach->home = home;
    c->reach->plan = plan;
    c->reach->incident = false;
    return c->reach;
}

const Reach *reach_of(Checker *c, const Node *home)
{
    if (c->reach && c->reach->home == home) return c->reach;
    const Symbol *plan = plan_of(home);
    if (!plan || c->syntax_errors || may_send_anything(home)) return NULL;
    Reach *reach = reach_begin(c, home, plan);
    find_plans(c, home, reach);
    find_severities(c, home, reach);
    find_paged(c, home, reach);
    return reach;
}
