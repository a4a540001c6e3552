/* What an expectation may say of its fact, and whether anything can make the fact true.
 *
 * In: a checked expectation, its drill and the program. Out: findings P1002. Called by drill_rules.c for what depends on the
 * fact alone; what is paged, told, run and asked is found there. */
#include "compiler/check/check.h"

void report_says_nothing(Checker *c, const Node *expect, const char *what)
{
    Diag *diag =
        report(c, P1002, expect->span, "nothing in this program %s, so this expectation says nothing", what);
    report_help(c, diag,
                expect->expect.negated ? "it would hold whatever the plan does" : "it could never hold");
}

/* ---- clauses ---- */

enum {
    CLAUSE_BY = 1,
    CLAUSE_TO = 2,
    CLAUSE_MATCHING = 4,
    CLAUSE_WHEN = 8, /* before, after, at a duration; before, after something that ran */
    CLAUSE_AT = 16,
    CLAUSE_BEFORE = 32,
    CLAUSE_TIMES = 64,
    CLAUSE_FOR = 128, /* and with it `before` and `after` */
};

static unsigned clauses_of(FactKind kind)
{
    switch (kind) {
    case FACT_PAGED: return CLAUSE_BY | CLAUSE_WHEN | CLAUSE_TIMES;
    case FACT_NOTIFIED:
    case FACT_FAILED: return CLAUSE_MATCHING | CLAUSE_WHEN | CLAUSE_TIMES;
    case FACT_APPROVED: return CLAUSE_BY | CLAUSE_WHEN | CLAUSE_TIMES;
    case FACT_ASSIGNED: return CLAUSE_TO | CLAUSE_WHEN | CLAUSE_TIMES;
    case FACT_ACKNOWLEDGED:
    case FACT_UNACKNOWLEDGED:
    case FACT_MITIGATED:
    case FACT_RESOLVED: return CLAUSE_BY | CLAUSE_WHEN | CLAUSE_TIMES | CLAUSE_FOR;
    case FACT_UNRESOLVED: return CLAUSE_BEFORE | CLAUSE_FOR;
    case FACT_SEVERITY: return CLAUSE_AT | CLAUSE_FOR;
    case FACT_ELAPSED: return 0;
    case FACT_DONE:
    case FACT_SKIPPED:
    case FACT_STARTED:
    case FACT_ROLLED_BACK:
    case FACT_ASKED:
    case FACT_ATTACHED:
    case FACT_RAN:
    case FACT_OUTPUT: return CLAUSE_WHEN | CLAUSE_TIMES;
    }
    return 0;
}

static void refuse(Checker *c, const Node *clause, const char *word, FactKind kind)
{
    if (!clause) return;
    Diag *diag = report(c, P1002, clause->span, "`%s` says nothing of `%s`, so it could not fail by it", word,
                        op_text_FactKind(kind));
    report_help(c, diag, "leave it out");
}

static void refuse_lasting(Checker *c, const Node *fact)
{
    if (!fact->fact.lasting) return;
    Diag *diag = report(c, P1002, fact->fact.lasting->span, "this happens at a moment, so it cannot last");
    report_help(c, diag, "`for` follows a severity, acknowledged, unacknowledged, mitigated, resolved, unresolved");
}

static void check_clauses(Checker *c, const Node *fact)
{
    const struct Ast_fact *said = &fact->fact;
    unsigned may = clauses_of(said->kind);
    bool lasts = said->lasting && (may & CLAUSE_FOR);
    if (!(may & CLAUSE_FOR)) refuse_lasting(c, fact);
    if (!(may & CLAUSE_BY)) refuse(c, said->by, "by", said->kind);
    if (!(may & CLAUSE_TO)) refuse(c, said->to, "to", said->kind);
    if (!(may & CLAUSE_MATCHING)) refuse(c, said->matching, "matching", said->kind);
    if (!(may & (CLAUSE_WHEN | CLAUSE_BEFORE)) && !lasts) refuse(c, said->before, "before", said->kind);
    if (!(may & CLAUSE_WHEN) && !lasts) refuse(c, said->after, "after", said->kind);
    if (!(may & (CLAUSE_WHEN | CLAUSE_AT))) refuse(c, said->at, "at", said->kind);
    if (!(may & CLAUSE_WHEN)) refuse(c, said->before_ran, "before", said->kind);
    if (!(may & CLAUSE_WHEN)) refuse(c, said->after_ran, "after", said->kind);
    bool counts = said->times >= 0;
    if (counts && (!(may & CLAUSE_TIMES) || lasts)) refuse(c, fact, "times", said->kind);
    if (counts && said->times == 0 && said->times_op == BINARY_GE) {
        Diag *diag = report(c, P1002, fact->span, "everything happens at least 0 times");
        report_help(c, diag, "`at least 1 times`, or `not`");
    }
}

/* ---- does anything bring it about? ---- */

typedef struct Cause {
    FactKind kind;
    const Symbol *subject; /* SEVERITY */
} Cause;

static bool is_cause(const Node *node, void *context)
{
    const Cause *cause = context;
    switch (cause->kind) {
    case FACT_ASSIGNED: return node->kind == NODE_ASSIGN_ROLE;
    case FACT_MITIGATED: return node->kind == NODE_MITIGATED;
    case FACT_RESOLVED: return node->kind == NODE_RESOLVE;
    case FACT_ACKNOWLEDGED: return node->kind == NODE_ASK_ACKNOWLEDGEMENT;
    case FACT_SEVERITY:
        if (node->kind == NODE_PLAN_SEVERITY) return node->plan_severity.severity->symbol == cause->subject;
        return node->kind == NODE_SET_SEVERITY &&
               (node->set_severity.classified || node->set_severity.severity->symbol == cause->subject);
    default: return false;
    }
}

static bool visit_undo(Node *node, void *context)
{
    bool *found = context;
    *found = *found || node->kind == NODE_UNDO;
    return !*found;
}

/* What a line of the drill does by itself: a signal, a person, a sweep. */
static bool line_causes(const Node *line, const Cause *cause)
{
    bool sends = line->kind == NODE_DRILL_AT || (line->kind == NODE_DRILL_SWEEP && !line->drill_sweep.of_effects);
    DrillSignal signal = line->kind == NODE_DRILL_AT ? line->drill_at.signal : line->drill_sweep.signal;
    if (sends && signal == SIGNAL_ANY) return true; /* its words say what it is, and this does not read them */
    switch (cause->kind) {
    case FACT_ASSIGNED: return sends && (signal == SIGNAL_ASSIGN || signal == SIGNAL_HANDOVER);
    case FACT_MITIGATED: return sends && signal == SIGNAL_MITIGATED;
    case FACT_RESOLVED: return sends && signal == SIGNAL_RESOLVE;
    case FACT_UNACKNOWLEDGED: return sends && signal == SIGNAL_UNACK;
    case FACT_ACKNOWLEDGED:
        return (sends && signal == SIGNAL_ACK) ||
               (line->kind == NODE_DRILL_PERSON && (line->drill_person.does == PERSON_ACKNOWLEDGES ||
                                                    line->drill_person.does == PERSON_ANSWERS));
    case FACT_SEVERITY:
        if (line->kind == NODE_DRILL_WITH) {
            for node_each(setting, line->drill_with.settings) {
                if (setting->setting.value->symbol == cause->subject) return true;
            }
        }
        return line->kind == NODE_DRILL_AT && signal == SIGNAL_SEVERITY && line->drill_at.value &&
               line->drill_at.value->symbol == cause->subject;
    default: return false;
    }
}

static bool happens(Checker *c, const Node *drill, Cause *cause)
{
    for node_each(line, drill->drill.lines) {
        if (line_causes(line, cause)) return true;
    }
    return find_deed(c, drill->drill.plan ? drill->drill.plan->symbol : NULL, is_cause, cause);
}

/* A way of the contact's: a field that he has, or a channel that he is reached by. */
static bool has_way(const Symbol *contact, Str way)
{
    if (contact->kind != SYMBOL_CONTACT || !contact->decl) return true;
    for node_each(field, contact->decl->contact.fields) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, way)) return true;
        if (field->kind != NODE_REACH) continue;
        for node_each(one, field->reach.ways) {
            if (one->kind == NODE_NAME && str_equal(one->name.text, way)) return true;
            if (one->kind == NODE_MEMBER && str_equal(one->member.name, way)) return true;
        }
    }
    return false;
}

static void check_cause(Checker *c, const Node *drill, const Node *expect)
{
    const Node *fact = expect->expect.fact;
    const char *lacking = NULL;
    bool undone = false;
    Cause cause = {.kind = fact->fact.kind, .subject = fact->fact.subject ? fact->fact.subject->symbol : NULL};
    switch (cause.kind) {
    case FACT_ASSIGNED: lacking = "assigns a role, and no line of this drill does"; break;
    case FACT_MITIGATED: lacking = "says that it is mitigated, and no line of this drill does"; break;
    case FACT_RESOLVED: lacking = "resolves it, and no line of this drill does"; break;
    case FACT_ACKNOWLEDGED: lacking = "acknowledges, and no line of this drill does"; break;
    case FACT_UNACKNOWLEDGED:
        if (!fact->fact.lasting) lacking = "takes an acknowledgement back, and no line of this drill does";
        break;
    case FACT_SEVERITY:
        if (cause.subject) lacking = "comes to this severity, and no line of this drill does";
        break;
    case FACT_ROLLED_BACK:
        if (!fact->fact.what || !fact->fact.what->symbol || !fact->fact.what->symbol->decl) return;
        tree_walk(fact->fact.what->symbol->decl, visit_undo, &undone);
        if (!undone) report_says_nothing(c, expect, "undoes this step");
        return;
    case FACT_PAGED:
        if (cause.subject && fact->fact.by && fact->fact.by->kind == NODE_NAME &&
            !has_way(cause.subject, fact->fact.by->name.text))
            report_says_nothing(c, expect, "reaches this contact that way");
        return;
    default: return;
    }
    if (lacking && !happens(c, drill, &cause)) report_says_nothing(c, expect, lacking);
}

void check_fact_can_fail(Checker *c, const Node *drill, const Node *expect)
{
    check_clauses(c, expect->expect.fact);
    bool known = drill->drill.plan && drill->drill.plan->symbol && !c->syntax_errors;
    if (known) check_cause(c, drill, expect);
}
