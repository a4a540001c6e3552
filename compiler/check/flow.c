/* Flow: what can never run, functions that end without a value, plans that never resolve, steps that do
 * nothing.
 *
 * In: the resolved program. Out: findings of the group P09, except unused things (unused.c). */
#include "compiler/check/check.h"

/* ---- ends ---- */

static bool list_ends(NodeList list);

/* Does control never come behind this statement? */
static bool statement_ends(const Node *node)
{
    switch (node->kind) {
    case NODE_RETURN:
    case NODE_FAIL:
    case NODE_CONTINUE_WITH: return true;
    case NODE_IF:
        return node->branch.otherwise.first && list_ends(node->branch.then) &&
               list_ends(node->branch.otherwise);
    case NODE_MATCH:
        for node_each(arm, node->match.arms) {
            if (!list_ends(arm->arm.body)) return false;
        }
        return match_is_whole(node);
    default: return false; /* also a step that fails: a person may skip it, and the plan goes on */
    }
}

static bool list_ends(NodeList list)
{
    for node_each(item, list) {
        if (statement_ends(item)) return true;
    }
    return false;
}

static void check_list(Checker *c, NodeList list)
{
    check_assigned(c, list);
    for node_each(item, list) {
        if (!item->next || !statement_ends(item)) continue;
        Diag *diag = report(c, P0901, item->next->span, "this can never run");
        report_second(c, diag, item->span, "nothing goes on behind this");
        return;
    }
}

/* A condition that is fixed leaves one side dead. */
static void check_fixed(Checker *c, const Node *node)
{
    if (node->branch.condition->kind != NODE_BOOL) return;
    bool holds = node->branch.condition->boolean.value;
    const Node *dead = holds ? node->branch.otherwise.first : node->branch.then.first;
    if (dead)
        report(c, P0901, dead->span, "this can never run: the condition is always %s", holds ? "true" : "false");
}

static bool visit_lists(Node *node, void *context)
{
    Checker *c = context;
    switch (node->kind) {
    case NODE_FN: check_list(c, node->fn.body); break;
    case NODE_PLAN: check_list(c, node->plan.body); break;
    case NODE_PHASE: check_list(c, node->phase.body); break;
    case NODE_STEP: check_list(c, node->step.body); break;
    case NODE_REMEDY: check_list(c, node->remedy.body); break;
    case NODE_IF:
        check_fixed(c, node);
        check_list(c, node->branch.then);
        check_list(c, node->branch.otherwise);
        break;
    case NODE_ARM: check_list(c, node->arm.body); break;
    case NODE_FOR: check_list(c, node->loop.body); break;
    case NODE_REPEAT: check_list(c, node->repeat.body); break;
    case NODE_RUN: check_list(c, node->run.otherwise); break;
    case NODE_VERIFY: check_list(c, node->verify.otherwise); break;
    default: break;
    }
    return node->kind != NODE_DRILL;
}

/* ---- plans ---- */

static bool plan_resolves(const Checker *c, const Symbol *plan)
{
    DeedRange own = c->deeds.of_plan[plan->index];
    for (size_t i = own.from; i < own.to; i++) {
        if (c->deeds.items[i]->kind == NODE_RESOLVE || c->deeds.items[i]->kind == NODE_CONTINUE_WITH) return true;
    }
    return false;
}

static void check_resolves(Checker *c, const Symbol *plan)
{
    bool incident = false;
    if (!plan->decl->plan.body.first && !plan->is_missing)
        report(c, P0908, plan->span, "plan `%.*s` does nothing", STR_ARG(plan->name));
    for node_each(item, plan->decl->plan.body) {
        if (item->kind == NODE_PLAN_SEVERITY) incident = true;
    }
    if (!incident || plan_resolves(c, plan) || has_syntax_error(c, plan->decl->span)) return;
    Diag *diag = report(c, P0904, plan->span,
                        "no path of plan `%.*s` resolves the incident, so somebody must do it by hand",
                        STR_ARG(plan->name));
    report_help(c, diag, "`resolve \"why\"` stands where it is known to be over");
}

static bool is_clause(NodeKind kind)
{
    switch (kind) {
    case NODE_ONLY_IF:
    case NODE_BY:
    case NODE_TIMEOUT:
    case NODE_RETRY:
    case NODE_NO_SKIP:
    case NODE_ON_FAILURE:
    case NODE_UNDO_ON_FAILURE:
    case NODE_FROM: return true;
    default: return false;
    }
}

static void check_not_empty(Checker *c, const Symbol *step)
{
    NodeList body = {0};
    switch (step->decl->kind) {
    case NODE_STEP: body = step->decl->step.body; break;
    case NODE_PHASE: body = step->decl->phase.body; break;
    case NODE_REMEDY: body = step->decl->remedy.body; break;
    case NODE_REMEDIES: body = step->decl->remedies.items; break;
    default: return;
    }
    for node_each(item, body) {
        if (!is_clause(item->kind)) return;
    }
    if (!has_syntax_error(c, step->decl->span)) report(c, P0908, step->span, "nothing is done in this");
}

/* ---- functions ---- */

static void check_returns(Checker *c, const Symbol *fn)
{
    if (fn->result->kind == TYPE_UNIT || !fn->decl->fn.has_body || has_syntax_error(c, fn->decl->span) || list_ends(fn->decl->fn.body)) return;
    Diag *diag = report(c, P0903, fn->span, "`%.*s` can end without giving its value", STR_ARG(fn->name));
    report_help(c, diag, "it is to give `%.*s`: every path needs a `return`", STR_ARG(fn->result->name));
}

void check_flow(Checker *c, Node *declaration)
{
    tree_walk(declaration, visit_lists, c);
}

void check_flow_ends(Checker *c, const Program *before)
{
    Program *p = c->program;
    for (size_t i = before->fns.count; i < p->fns.count; i++)
        if (!p->fns.items[i]->module->is_ready) check_returns(c, p->fns.items[i]);
    for (size_t i = before->plans.count; i < p->plans.count; i++)
        check_resolves(c, p->plans.items[i]);
    for (size_t i = before->steps.count; i < p->steps.count; i++)
        check_not_empty(c, p->steps.items[i]);
}
