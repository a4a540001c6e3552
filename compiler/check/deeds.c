/* What the plans do, gathered in one walk: the nodes that later passes look for, instead of a walk for each
 * of their questions.
 *
 * In: checked declarations. Out: Checker.deeds, in the order of the text, and which of them each plan has.
 * What drills say is left out. Called by program.c; it reports nothing. */
#include "compiler/check/check.h"

#include <string.h>

static bool is_deed(const Node *node)
{
    switch (node->kind) {
    case NODE_ASK:
    case NODE_ASK_ACKNOWLEDGEMENT:
    case NODE_ASSIGN_ROLE:
    case NODE_ATTACH:
    case NODE_CHECK:
    case NODE_CONTINUE_WITH:
    case NODE_DEADLINE:
    case NODE_FOLLOW:
    case NODE_MANUAL:
    case NODE_MITIGATED:
    case NODE_NEEDS_APPROVAL:
    case NODE_NOTE:
    case NODE_NOTIFY:
    case NODE_PAGE:
    case NODE_PAUSE:
    case NODE_PLAN_SEVERITY:
    case NODE_REMEDY:
    case NODE_RESOLVE:
    case NODE_RUN:
    case NODE_SET_SEVERITY:
    case NODE_STEP:
    case NODE_STOP_PHASE:
    case NODE_UNDO:
    case NODE_UPDATE: return true;
    default: return node_effect(node) != NULL;
    }
}

static void add(Checker *c, Node *node)
{
    Deeds *deeds = &c->deeds;
    if (deeds->count == deeds->cap) {
        deeds->cap = deeds->cap ? deeds->cap * 2 : 64;
        Node **items = arena_array(c->arena, Node *, deeds->cap);
        const Symbol **owners = arena_array(c->arena, const Symbol *, deeds->cap);
        if (deeds->count) memcpy(items, deeds->items, deeds->count * sizeof *items);
        if (deeds->count) memcpy(owners, deeds->owners, deeds->count * sizeof *owners);
        deeds->items = items;
        deeds->owners = owners;
    }
    deeds->owners[deeds->count] = NULL;
    deeds->items[deeds->count++] = node;
}

static void gather(Node *node, void *context)
{
    Checker *c = context;
    if (node->kind == NODE_DRILL) return;
    if (is_deed(node)) add(c, node);
    size_t from = c->deeds.count;
    node_children(node, gather, c);
    if (node->kind == NODE_PLAN && node->symbol)
        c->deeds.of_plan[node->symbol->index] = (DeedRange){from, c->deeds.count};
    bool owns = node->kind == NODE_PLAN || node->kind == NODE_SEVERITY || node->kind == NODE_ESCALATION;
    for (size_t i = from; owns && i < c->deeds.count; i++)
        c->deeds.owners[i] = node->symbol;
}

void deeds_begin(Checker *c)
{
    c->deeds = (Deeds){.of_plan = arena_array(c->arena, DeedRange, c->program->plans.count + 1)};
}

void gather_deeds(Checker *c, Node *declaration)
{
    if (!c->module->is_prelude) gather(declaration, c);
}

void take_deeds(Checker *c, const Module *module)
{
    for (size_t i = 0; i < module->deed_count; i++)
        add(c, module->deeds[i]);
}

void keep_deeds(Checker *c, Module *module)
{
    c->deeds = (Deeds){0};
    gather(module->root, c);
    module->deeds = c->deeds.items;
    module->deed_count = c->deeds.count;
    c->deeds = (Deeds){0};
}

bool find_deed(const Checker *c, const Reach *reach, DeedTest *test, void *context)
{
    const Deeds *deeds = &c->deeds;
    DeedRange own = reach ? deeds->of_plan[reach->plan->index] : (DeedRange){0, 0};
    for (size_t i = own.from; i < own.to; i++)
        if (test(deeds->items[i], context)) return true;
    for (size_t i = 0; i < deeds->count; i++)
        if (reach_has_deed(c, reach, i) && test(deeds->items[i], context)) return true;
    return false;
}
