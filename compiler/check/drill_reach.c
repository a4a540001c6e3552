/* What a drill can come to: the plans that it goes through, the severities that its incident can have, their ladders, and who can
 * be paged by them. What another plan of the program does says nothing of this one.
 *
 * In: a checked drill or promise and the deeds of the program. Out: a Reach, made when it is first asked for and kept for as long
 * as the same drill asks. Called by drills.c, drill_facts.c and drill_rules.c; it reports nothing. */
#include "compiler/check/check.h"

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
    reach->plans = plans_reached(c, reach->plan);
    for (const Node *line = first_line(home); line; line = line->next) {
        if (sends(line, SIGNAL_FOLLOW) && line->drill_at.value->symbol) plans_add_reached(reach->plans, line->drill_at.value->symbol);
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

static void find_severities(Checker *c, const Node *home, Reach *reach)
{
    reach->severities = arena_array(c->arena, bool, c->program->severities.count + 1);
    for (size_t i = 0; i < c->deeds.count; i++) {
        const Node *deed = c->deeds.items[i];
        const Symbol *owner = c->deeds.owners[i];
        if (owner && (owner->kind != SYMBOL_PLAN || !reach->plans[owner->index])) continue;
        if (deed->kind == NODE_PLAN_SEVERITY) {
            add_severity(reach, deed->plan_severity.severity);
            reach->incident = true;
        }
        if (deed->kind != NODE_SET_SEVERITY) continue;
        if (deed->set_severity.classified || !deed->set_severity.severity->symbol)
            add_any_severity(c, reach);
        else
            add_severity(reach, deed->set_severity.severity);
    }
    for (const Node *line = first_line(home); line; line = line->next) {
        if (sends(line, SIGNAL_SEVERITY)) add_severity(reach, line->drill_at.value);
        if (line->kind != NODE_DRILL_WITH) continue;
        for node_each(setting, line->drill_with.settings)
            add_severity(reach, setting->setting.value);
    }
    /* Where there is no incident nothing has a severity, and no ladder is climbed. */
    if (!reach->incident) reach->severities = arena_array(c->arena, bool, c->program->severities.count + 1);
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

static void find_paged(Checker *c, const Node *home, Reach *reach)
{
    bool emergency = has_emergency(home);
    reach->paged = arena_array(c->arena, bool, c->program->contacts.count + 1);
    for (size_t i = 0; i < c->deeds.count; i++) {
        const Node *deed = c->deeds.items[i];
        if (!reach_has_deed(c, reach, i)) continue;
        add_paged_by(c, deed, reach->paged);
        if (emergency && deed->kind == NODE_NEEDS_APPROVAL) add_owners(c, deed, reach->paged);
    }
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

const Reach *reach_of(Checker *c, const Node *home)
{
    if (c->reach && c->reach->home == home) return c->reach;
    const Symbol *plan = plan_of(home);
    if (!plan || c->syntax_errors || may_send_anything(home)) return NULL;
    Reach *reach = arena_new(c->arena, Reach);
    *reach = (Reach){.home = home, .plan = plan};
    find_plans(c, home, reach);
    find_severities(c, home, reach);
    find_paged(c, home, reach);
    return c->reach = reach;
}
