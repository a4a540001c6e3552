/* Steps, phases, remedies and their clauses: what stands in a plan and is recorded.
 *
 * In: the nodes of a plan's body. Out: a symbol for each step, and everything below annotated. */
#include "compiler/check/check.h"

/* Where the names of a plan's phases are, or those of its steps. */
static Scope *names_here(Checker *c, bool phases)
{
    enum { SHORTEST = 64 }; /* bytes of a step, about */
    if (c->step_names.plan != c->plan) {
        c->step_names.plan = c->plan;
        c->step_names.steps = c->step_names.phases = NULL;
    }
    Scope **names = phases ? &c->step_names.phases : &c->step_names.steps;
    if (*names) return *names;
    Span span = c->plan ? c->plan->decl->span : (Span){0};
    size_t buckets = 8;
    while (buckets < (span.end - span.start) / SHORTEST)
        buckets *= 2;
    return *names = scope_new(c, NULL, buckets);
}

Symbol *declare_step(Checker *c, Node *node, Node *title)
{
    Str name = {"", 0};
    check_shown(c, title, "a title");
    if (title) node_plain_text(c->arena, title, &name);
    Symbol *symbol = symbol_new(c, SYMBOL_STEP, name, node, title ? title->span : node->span);
    symbol->plan = c->plan;
    symbol->parent = c->step;
    SymbolList *steps = &c->program->steps;
    Scope *names = names_here(c, node->kind == NODE_PHASE);
    const Symbol *first = name.len ? scope_find_here(names, name) : NULL;
    if (first) {
        Diag *diag = report(c, P0209, symbol->span, "two %s of this plan are called \"%.*s\"",
                            node->kind == NODE_PHASE ? "phases" : "steps", STR_ARG(name));
        report_second(c, diag, first->span, "the first one");
        report_help(c, diag, "its name is how the record, drills and people tell it from others");
    } else if (name.len) {
        scope_add(c, names, symbol);
    }
    symbol->index = (uint32_t)steps->count;
    symbol_list_add(c, steps, symbol);
    node->symbol = symbol;
    return symbol;
}

/* Statements do their work in plans; clauses and steps anywhere else are the parser's business. */
static bool in_plan(Checker *c, Node *node)
{
    if (c->body && c->body->kind == BODY_PLAN) return true;
    if (!has_syntax_error(c, node->span)) report(c, P0406, node->span, "this stands in a plan, not in a function");
    return false;
}

static void check_step_body(Checker *c, Node *node, Node *title, NodeList body)
{
    Symbol *outer = c->step;
    c->step = declare_step(c, node, title);
    check_block(c, body);
    c->step = outer;
}

static void check_phase(Checker *c, Node *node)
{
    check_duration(c, node->phase.start);
    check_duration(c, node->phase.end);
    check_duration(c, node->phase.within);
    if (node->phase.by) check_reference(c, node->phase.by, KINDS_PERSON, "contact or role");
    check_step_body(c, node, node->phase.title, node->phase.body);
}

static void check_remedies(Checker *c, Node *node)
{
    check_condition(c, node->remedies.until, true);
    check_duration(c, node->remedies.holds);
    check_duration(c, node->remedies.within);
    check_duration(c, node->remedies.every);
    if (!node->remedies.within) {
        Diag *diag = report(c, P0704, node->span, "these remedies do not say how long each has to work");
        report_help(c, diag, "`until healthy() within 1m every 10s`");
    }
    check_step_body(c, node, node->remedies.title, node->remedies.items);
    check_block(c, node->remedies.otherwise);
}

static void check_approval(Checker *c, Node *node)
{
    check_references(c, node->needs_approval.from, KINDS_PERSON, "contact or role");
    check_duration(c, node->needs_approval.within);
    check_references(c, node->needs_approval.next, KINDS_PERSON, "contact or role");
    check_duration(c, node->needs_approval.next_within);
    size_t count = node->needs_approval.from.count;
    if (node->needs_approval.count > (int64_t)count) {
        report(c, P0803, node->span, "%lld approvals are needed and only %zu can be given",
               (long long)node->needs_approval.count, count);
    }
}

static void check_roll_back(Checker *c, Node *node)
{
    for node_each(step, node->roll_back.steps) {
        Str name;
        check_shown(c, step, "a title");
        if (!node_plain_text(c->arena, step, &name)) continue;
        Symbol *found = NULL;
        VEC(Str) names = {0};
        for (size_t i = 0; i < c->program->steps.count; i++) {
            Symbol *one = c->program->steps.items[i];
            if (one->plan != c->plan) continue;
            vec_push(&names, one->name);
            if (str_equal(one->name, name)) found = one;
        }
        step->symbol = found;
        if (!found) {
            Diag *diag =
                report(c, P0211, step->span, "no step before this one is called \"%.*s\"", STR_ARG(name));
            Str nearest = suggest_nearest(name, names.items, names.count);
            if (nearest.len) report_help(c, diag, "did you mean \"%.*s\"?", STR_ARG(nearest));
        }
        vec_free(&names);
    }
}

bool check_step_statement(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_PHASE:
    case NODE_STEP:
    case NODE_REMEDIES:
    case NODE_REMEDY:
    case NODE_ROLL_BACK:
    case NODE_NEEDS_APPROVAL:
        if (!in_plan(c, node)) return true;
        break;
    default: break;
    }
    switch (node->kind) {
    case NODE_PHASE: check_phase(c, node); return true;
    case NODE_STEP: check_step_body(c, node, node->step.title, node->step.body); return true;
    case NODE_REMEDIES: check_remedies(c, node); return true;
    case NODE_REMEDY: check_step_body(c, node, node->remedy.title, node->remedy.body); return true;
    case NODE_ROLL_BACK: check_roll_back(c, node); return true;
    case NODE_NEEDS_APPROVAL: check_approval(c, node); return true;
    case NODE_ONLY_IF: check_condition(c, node->only_if.condition, true); return true;
    case NODE_BY: check_reference(c, node->by.role, KINDS_PERSON, "contact or role"); return true;
    case NODE_TIMEOUT: check_duration(c, node->timeout.duration); return true;
    case NODE_RETRY:
        check_value(c, node->retry.times, c->integer);
        check_duration(c, node->retry.every);
        return true;
    case NODE_NO_SKIP:
    case NODE_UNDO_ON_FAILURE: return true;
    case NODE_ON_FAILURE: check_block(c, node->on_failure.body); return true;
    case NODE_UNDO: check_block(c, node->undo.body); return true;
    case NODE_ALWAYS: check_block(c, node->always.body); return true;
    case NODE_AFTERWARDS: check_block(c, node->afterwards.body); return true;
    default: return false;
    }
}
