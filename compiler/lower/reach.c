/* What is reached from a declaration by name (see reach.h). A declaration is walked once, however many lead to it. */
#include "compiler/lower/reach.h"

bool reach_has(const Reach *reach, const Symbol *symbol)
{
    for (size_t i = 0; i < reach->seen.count; i++)
        if (reach->seen.items[i] == symbol) return true;
    return false;
}

static void walk(Node *node, void *data)
{
    Reach *reach = data;
    if (node->symbol) reach_from(reach, node->symbol);
    if (reach->visit) reach->visit(node, reach->within, reach->data);
    node_children(node, walk, data);
}

void reach_from(Reach *reach, const Symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_LOCAL:
    case SYMBOL_STEP:
    case SYMBOL_MEMBER:
    case SYMBOL_MODULE:
    case SYMBOL_BUILTIN: return;
    default: break;
    }
    if (!symbol->decl || (symbol->module && symbol->module->is_std) || reach_has(reach, symbol)) return;
    vec_push(&reach->seen, symbol);
    const Symbol *outer = reach->within;
    reach->within = symbol;
    node_children(symbol->decl, walk, reach);
    reach->within = outer;
}

void reach_all(Reach *reach, const SymbolList *symbols)
{
    for (size_t i = 0; i < symbols->count; i++)
        reach_from(reach, symbols->items[i]);
}

void reach_plan(Reach *reach, const Program *program, const Symbol *plan)
{
    bool incident = false;
    reach_from(reach, plan);
    for node_each(node, plan->decl->plan.body) incident = incident || node->kind == NODE_PLAN_SEVERITY;
    if (incident) reach_all(reach, &program->severities);
}
