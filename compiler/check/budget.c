/* The time budget: worst cases of effects, retries, waits and people, added up along a block.
 *
 * In: checked statements. Out: milliseconds. Called by timing.c. Branches count their longer side, loops
 * their limits; what cannot be known (a loop over a list of unknown length) counts once. */
#include "compiler/check/budget.h"

enum { LOOK_MS = 30000, CHANGE_MS = 300000, MAX_DEPTH = 16, MAX_ROUNDS = 100000 };

static int64_t known_int(const Node *node, int64_t otherwise)
{
    return node && node->kind == NODE_INT ? node->integer.value : otherwise;
}

static int64_t known(const Node *node)
{
    int64_t ms = duration_known(node);
    return ms < 0 ? 0 : ms;
}

static void note_longest(Budget *budget, Node *node, int64_t ms)
{
    if (ms <= budget->longest_ms) return;
    budget->longest = node;
    budget->longest_ms = ms;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- effects and conditions ---- */

static int64_t cost_of_effect(Budget *budget, Node *node, const Effect *effect)
{
    int64_t limit = duration_known(effect->options.timeout);
    if (limit < 0) limit = effect->effect_class == EFFECT_LOOK ? LOOK_MS : CHANGE_MS;
    int64_t retries = known_int(effect->options.retry, 0);
    int64_t cost = limit * (retries + 1) + known(effect->options.every) * retries;
    note_longest(budget, node, cost);
    return cost;
}

static int64_t cost_of_expression(Budget *budget, Node *node);

typedef struct Sum {
    Budget *budget;
    int64_t ms;
} Sum;

static bool visit_expression(Node *node, void *context)
{
    Sum *sum = context;
    Budget *budget = sum->budget;
    if (node->kind == NODE_LAMBDA) return false;
    if (node->kind == NODE_ASK) {
        int64_t within = duration_known(node->ask.within);
        if (within < 0)
            vec_push(&budget->unlimited, node);
        else
            sum->ms += within;
        return true;
    }
    const Effect *effect = node_effect(node);
    if (effect) {
        sum->ms += cost_of_effect(budget, node, effect);
        return true;
    }
    const Call *call = node_call(node);
    bool enters =
        call && call->target == CALL_FN && call->looks && call->symbol->decl && budget->depth < MAX_DEPTH;
    if (!enters) return true;
    budget->depth++;
    sum->ms += budget_of_list(budget, call->symbol->decl->fn.body);
    budget->depth--;
    return true;
}

static int64_t cost_of_expression(Budget *budget, Node *node)
{
    Sum sum = {budget, 0};
    tree_walk(node, visit_expression, &sum);
    return sum.ms;
}

/* A condition with `within D` takes D, and without it one try and `holds`. */
static int64_t cost_of_condition(Budget *budget, Node *condition, const Node *holds, Node *within)
{
    int64_t once = cost_of_expression(budget, condition);
    int64_t limit = duration_known(within);
    if (limit < 0) return once + known(holds);
    note_longest(budget, within, limit);
    return limit;
}

/* ---- statements ---- */

static int64_t limited_person(Budget *budget, Node *node, Node *within)
{
    int64_t limit = duration_known(within);
    if (!within) vec_push(&budget->unlimited, node);
    if (limit < 0) return 0;
    note_longest(budget, node, limit);
    return limit;
}

static int64_t cost_of_run(Budget *budget, Node *node)
{
    int64_t cost = cost_of_expression(budget, node->run.effect);
    const Node *unknown = node->run.unknown;
    if (unknown && unknown->on_unknown.verify) {
        Node *verify = unknown->on_unknown.verify;
        cost +=
            cost_of_condition(budget, verify->verify.condition, verify->verify.holds, verify->verify.within);
    }
    return cost + budget_of_list(budget, node->run.otherwise);
}

/* The clauses of a step: a limit for each attempt, and how many there are. */
static int64_t cost_of_step(Budget *budget, NodeList body)
{
    int64_t cost = budget_of_list(budget, body), retries = 0, pause = 0;
    for node_each(item, body) {
        if (item->kind == NODE_TIMEOUT) {
            int64_t limit = duration_known(item->timeout.duration);
            if (limit >= 0 && limit < cost) cost = limit;
        } else if (item->kind == NODE_RETRY) {
            retries = known_int(item->retry.times, 0);
            pause = known(item->retry.every);
        }
    }
    return cost * (retries + 1) + pause * retries;
}

static bool undoes_on_failure(NodeList body)
{
    for node_each(item, body) {
        if (item->kind == NODE_UNDO_ON_FAILURE) return true;
    }
    return false;
}

static int64_t cost_of_remedies(Budget *budget, Node *node)
{
    int64_t within = known(node->remedies.within);
    int64_t cost = cost_of_expression(budget, node->remedies.until);
    for node_each(item, node->remedies.items) {
        if (item->kind != NODE_REMEDY) continue;
        cost += cost_of_step(budget, item->remedy.body) + within;
        if (!undoes_on_failure(item->remedy.body)) continue;
        for node_each(undo, item->remedy.body) {
            if (undo->kind == NODE_UNDO) cost += budget_of_list(budget, undo->undo.body);
        }
    }
    return cost + budget_of_list(budget, node->remedies.otherwise);
}

static int64_t cost_of_repeat(Budget *budget, Node *node)
{
    int64_t within = duration_known(node->repeat.within);
    int64_t after = budget_of_list(budget, node->repeat.otherwise);
    if (within >= 0) return within + after;
    int64_t times = known_int(node->repeat.times, 1);
    int64_t round =
        budget_of_list(budget, node->repeat.body) + cost_of_expression(budget, node->repeat.until);
    return times * (round + known(node->repeat.every)) + after;
}

/* As many rounds as the list or range has where that is known, by so many at once. */
static int64_t cost_of_rounds(Budget *budget, Node *node)
{
    const Node *in = node->loop.in;
    int64_t rounds = 1, at_once = known_int(node->loop.at_once, 1);
    if (in->kind == NODE_LIST) rounds = (int64_t)in->list.items.count;
    if (in->kind == NODE_RANGE && in->range.start->kind == NODE_INT && in->range.end->kind == NODE_INT)
        rounds = larger(in->range.end->integer.value - in->range.start->integer.value + 1, 0);
    if (rounds > MAX_ROUNDS) rounds = MAX_ROUNDS;
    if (at_once < 1) at_once = 1;
    return (rounds + at_once - 1) / at_once * budget_of_list(budget, node->loop.body);
}

static int64_t cost_of_branches(Budget *budget, Node *node)
{
    if (node->kind == NODE_IF) {
        int64_t then = budget_of_list(budget, node->branch.then);
        return cost_of_expression(budget, node->branch.condition) +
               larger(then, budget_of_list(budget, node->branch.otherwise));
    }
    int64_t most = 0;
    if (node->kind == NODE_MATCH) {
        for node_each(arm, node->match.arms)
            most = larger(most, budget_of_list(budget, arm->arm.body));
        return cost_of_expression(budget, node->match.subject) + most;
    }
    for node_each(item, node->parallel.body) {
        NodeList one = {item, item, 1};
        Node *next = item->next;
        item->next = NULL;
        most = larger(most, budget_of_list(budget, one));
        item->next = next;
    }
    return most;
}

static int64_t cost_of_approval(Budget *budget, Node *node)
{
    int64_t limit = limited_person(budget, node, node->needs_approval.within);
    if (node->needs_approval.otherwise == APPROVAL_NEXT) limit += known(node->needs_approval.next_within);
    return limit;
}

static int64_t cost_of_checks(Budget *budget, Node *node)
{
    int64_t cost = 0, people = 0;
    for node_each(check, node->verify_all.checks) {
        if (check->check.by)
            people = larger(people, limited_person(budget, check, check->check.within));
        else
            cost +=
                cost_of_condition(budget, check->check.condition, check->check.holds, check->check.within);
    }
    return cost + people;
}

/* A plan that is followed takes as long as its body. */
static int64_t cost_of_followed(Budget *budget, Node *plan)
{
    const Call *call = node_call(plan);
    if (!call || call->target != CALL_PLAN || budget->depth >= MAX_DEPTH) return 0;
    budget->depth++;
    int64_t cost = budget_of_list(budget, call->symbol->decl->plan.body);
    budget->depth--;
    return cost;
}

static int64_t cost_of(Budget *budget, Node *node)
{
    switch (node->kind) {
    case NODE_FOLLOW: return cost_of_followed(budget, node->follow.plan);
    case NODE_PHASE: return budget_of_list(budget, node->phase.body);

    case NODE_RUN: return cost_of_run(budget, node);
    case NODE_LET:
        if (node->let.value && node->let.value->kind == NODE_RUN) return cost_of_run(budget, node->let.value);
        return cost_of_expression(budget, node->let.value);
    case NODE_VERIFY:
        return cost_of_condition(budget, node->verify.condition, node->verify.holds, node->verify.within) +
               budget_of_list(budget, node->verify.otherwise);
    case NODE_VERIFY_ALL: return cost_of_checks(budget, node);
    case NODE_MANUAL: return limited_person(budget, node, node->manual.within);
    case NODE_ASK_ACKNOWLEDGEMENT: return limited_person(budget, node, node->ask_acknowledgement.within);
    case NODE_NEEDS_APPROVAL: return cost_of_approval(budget, node);
    case NODE_WAIT: return known(node->wait.duration);
    case NODE_STEP: return cost_of_step(budget, node->step.body);
    case NODE_REMEDIES: return cost_of_remedies(budget, node);
    case NODE_REPEAT: return cost_of_repeat(budget, node);
    case NODE_IF:
    case NODE_MATCH:
    case NODE_PARALLEL: return cost_of_branches(budget, node);
    case NODE_FOR: return cost_of_rounds(budget, node);
    case NODE_ONLY_IF: return cost_of_expression(budget, node->only_if.condition);
    case NODE_ALWAYS: return budget_of_list(budget, node->always.body);
    case NODE_WATCH:
    case NODE_AFTERWARDS: return 0; /* beside it, behind it */
    case NODE_UNDO:
    case NODE_ON_FAILURE:
    case NODE_RETRY:
    case NODE_TIMEOUT: return 0; /* counted where they belong, or only after a failure */
    default: return cost_of_expression(budget, node);
    }
}

int64_t budget_of_list(Budget *budget, NodeList list)
{
    int64_t sum = 0;
    for node_each(item, list)
        sum += cost_of(budget, item);
    return sum;
}
