/* What runs beside a plan, and plans inside plans: watches, deadlines, `follow`, `continue with`.
 *
 * In: the statements, inside the body of a plan. Out: their annotations, and a message where a plan would
 * come back to itself: such a run would never end. */
#include "compiler/check/check.h"

static void check_watch(Checker *c, Node *node)
{
    check_shown(c, node->watch.title, "a title");
    check_duration(c, node->watch.every);
    check_condition(c, node->watch.when, true);
    check_duration(c, node->watch.holds);
    check_block(c, node->watch.body);
}

static void check_deadline(Checker *c, Node *node)
{
    check_shown(c, node->deadline.text, "a deadline");
    check_value(c, node->deadline.at, c->time);
    check_references(c, node->deadline.targets, KINDS_PERSON, "contact or role");
    check_shown(c, node->deadline.met_by, "a step's name");
}

/* ---- plans inside plans ---- */

static Node *inner_plan(const Node *node)
{
    if (node->kind == NODE_FOLLOW) return node->follow.plan;
    return node->kind == NODE_CONTINUE_WITH ? node->continue_with.plan : NULL;
}

static Symbol *plan_named(const Node *plan)
{
    const Node *ref = plan->kind == NODE_CALL ? plan->call.callee : plan;
    return ref->symbol && ref->symbol->kind == SYMBOL_PLAN ? ref->symbol : NULL;
}

static void check_inner_plan(Checker *c, Node *node)
{
    Node *plan = inner_plan(node);
    Node *ref = plan->kind == NODE_CALL ? plan->call.callee : plan;
    Symbol *symbol = check_reference(c, ref, KIND(PLAN), "plan");
    if (symbol)
        check_named_call(c, plan, symbol, plan->kind == NODE_CALL ? plan->call.args : (NodeList){0},
                         CALL_PLAN);
}

bool check_beside_statement(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_WATCH: check_watch(c, node); return true;
    case NODE_DEADLINE: check_deadline(c, node); return true;
    case NODE_PAUSE: check_shown(c, node->pause.why, "a reason"); return true;
    case NODE_FOLLOW:
    case NODE_CONTINUE_WITH: check_inner_plan(c, node); return true;
    default: return false;
    }
}

void plans_add_reached(const Checker *c, bool *reached, const Symbol *plan)
{
    if (reached[plan->index]) return;
    reached[plan->index] = true;
    DeedRange own = c->deeds.of_plan[plan->index];
    for (size_t i = own.from; i < own.to; i++) {
        const Node *inner = inner_plan(c->deeds.items[i]);
        const Symbol *next = inner ? plan_named(inner) : NULL;
        if (next) plans_add_reached(c, reached, next);
    }
}

/* ---- plans that come back to themselves ---- */

enum { SEEN_NEW, SEEN_OPEN, SEEN_DONE };

typedef struct Walk {
    Checker *c;
    unsigned char *seen; /* by the plans' index */
} Walk;

static void walk_plan(Walk *walk, const Symbol *plan);

static void walk_node(Walk *walk, const Node *node)
{
    const Node *inner = inner_plan(node);
    const Symbol *plan = inner ? plan_named(inner) : NULL;
    if (plan && walk->seen[plan->index] == SEEN_OPEN) {
        Diag *diag = report(walk->c, P0909, node->span, "this comes back to plan `%.*s`, which leads here",
                            STR_ARG(plan->name));
        report_second(walk->c, diag, plan->span, "declared here");
        report_help(walk->c, diag,
                    "a plan that is to be tried again is a step with `retry`, or a `repeat` with a limit");
    } else if (plan) {
        walk_plan(walk, plan);
    }
}

static void walk_plan(Walk *walk, const Symbol *plan)
{
    if (walk->seen[plan->index] != SEEN_NEW) return;
    walk->seen[plan->index] = SEEN_OPEN;
    DeedRange own = walk->c->deeds.of_plan[plan->index];
    for (size_t i = own.from; i < own.to; i++)
        walk_node(walk, walk->c->deeds.items[i]);
    walk->seen[plan->index] = SEEN_DONE;
}

void check_recursion(Checker *c)
{
    SymbolList plans = c->program->plans;
    Walk walk = {c, arena_alloc(c->arena, plans.count + 1)};
    for (size_t i = 0; i < plans.count; i++)
        walk_plan(&walk, plans.items[i]);
}
