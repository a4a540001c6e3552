/* What the words of an expectation rule out by themselves: clauses that have no meaning for their fact, times at which nothing
 * happens, patterns that everything matches.
 *
 * In: a checked expectation and its drill. Out: findings P1002. Called by drill_expect.c; whether anything brings the fact about is
 * found there. */
#include "compiler/check/check.h"

void report_says_nothing(Checker *c, const Node *expect, const char *what)
{
    bool holds = expect->expect.negated != (expect->expect.fact->fact.kind == FACT_UNRESOLVED);
    Diag *diag =
        report(c, P1002, expect->span, "nothing that this drill comes to %s, so this expectation says nothing", what);
    report_help(c, diag, holds ? "it would hold whatever the plan does" : "it could never hold");
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
    case FACT_NOTED:
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

static void check_words(Checker *c, const Node *fact)
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

/* ---- times ---- */

/* Milliseconds of a duration that stands there as a literal; -1: none does. */
static int64_t literal(const Node *node)
{
    return node && node->kind == NODE_DURATION ? node->duration.value : -1;
}

/* Milliseconds after which nothing happens any more in the drill; -1: it does not say so. */
static int64_t drill_end(const Node *drill)
{
    for node_each(line, drill->drill.lines) {
        if (line->kind == NODE_DRILL_UNTIL) return literal(line->drill_until.duration);
    }
    return -1;
}

static void refuse_part(Checker *c, const Node *at, const char *what, const char *help)
{
    Diag *diag = report(c, P1002, at->span, "%s", what);
    report_help(c, diag, "%s", help);
}

static void check_times(Checker *c, const Node *drill, const Node *fact)
{
    const struct Ast_fact *said = &fact->fact;
    int64_t end = drill_end(drill), before = literal(said->before), after = literal(said->after), at = literal(said->at);
    const Node *late = end >= 0 && at > end                       ? said->at
                       : end >= 0 && after > end                  ? said->after
                       : end >= 0 && literal(said->lasting) > end ? said->lasting
                                                                  : NULL;
    if (late) refuse_part(c, late, "the drill is over before that", "its `until` is earlier");
    if (before == 0) refuse_part(c, said->before, "nothing happens before the drill begins", "times count from its start");
    if (before >= 0 && after >= before)
        refuse_part(c, said->after, "nothing is both before the one time and after the other", "`after` is the earlier one");
    if (at >= 0 && (before >= 0 || after >= 0))
        refuse_part(c, said->at, "`at` says when already", "leave `before` and `after` out");
    if (literal(said->lasting) == 0) refuse_part(c, said->lasting, "everything is so for 0s", "say for how long");
}

/* `elapsed > 0s`, `elapsed < 6h` of a drill that ends after 5h. */
static void check_elapsed(Checker *c, const Node *drill, const Node *fact)
{
    int64_t value = literal(fact->fact.value), end = drill_end(drill);
    BinaryOp op = fact->fact.op;
    if (value < 0) return;
    bool longer = op == BINARY_GT || op == BINARY_GE;
    bool always = (op == BINARY_GE && value == 0) || (end >= 0 && ((op == BINARY_LT && value > end) || (op == BINARY_LE && value >= end)));
    bool never = (op == BINARY_LT && value == 0) || (end >= 0 && ((op == BINARY_GT && value >= end) || (longer && value > end)));
    if (always) refuse_part(c, fact, "no run of this drill takes another time than this", "its `until` bounds it already");
    if (never) refuse_part(c, fact, "no run of this drill can take such a time", "its `until` ends it before");
}

/* ---- patterns ---- */

static bool is_any(const Node *text)
{
    if (!text || text->kind != NODE_STRING) return false;
    for node_each(part, text->string.parts) {
        if (part->kind != NODE_TEXT) return false;
        for (size_t i = 0; i < part->text.text.len; i++) {
            if (part->text.text.data[i] != '*') return false;
        }
    }
    return true;
}

static void check_patterns(Checker *c, const Node *fact)
{
    bool output = fact->fact.kind == FACT_OUTPUT && fact->fact.op == BINARY_MATCHES;
    if (is_any(fact->fact.matching)) refuse_part(c, fact->fact.matching, "every text matches this", "leave `matching` out");
    if (output && is_any(fact->fact.value)) refuse_part(c, fact->fact.value, "every output matches this", "say what it holds");
}

bool check_clauses(Checker *c, const Node *drill, const Node *expect)
{
    const Node *fact = expect->expect.fact;
    size_t errors = c->diagnostics->errors;
    check_words(c, fact);
    check_patterns(c, fact);
    if (errors == c->diagnostics->errors) check_times(c, drill, fact);
    if (fact->fact.kind == FACT_ELAPSED) check_elapsed(c, drill, fact);
    return errors == c->diagnostics->errors;
}
