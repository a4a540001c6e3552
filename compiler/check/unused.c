/* What nobody uses: declarations of a file with plans, imports, and results that are bound and never read.
 *
 * In: symbols with their `is_read`. Out: warnings. Names that begin with `_` are meant not to be read. */
#include "compiler/check/check.h"

static bool has_plans(const Checker *c, const Module *module)
{
    for (size_t i = 0; i < c->program->plans.count; i++) {
        if (c->program->plans.items[i]->module == module) return true;
    }
    return false;
}

static void check_declared(Checker *c, const SymbolList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const Symbol *symbol = list->items[i];
        bool ours = !symbol->module->is_std && has_plans(c, symbol->module);
        /* The context is one that planvm itself reads. */
        if (symbol->kind == SYMBOL_SETTING && str_equal_c(symbol->name, "kube_context")) continue;
        if (!ours || symbol->is_read || str_starts_with(symbol->name, STR("_"))) continue;
        /* A number and an account to be looked up. */
        if (symbol->kind == SYMBOL_CONTACT && contact_is_vendor(symbol->decl)) continue;
        report(c, P0906, symbol->span, "`%.*s` is %s that nothing uses", STR_ARG(symbol->name),
               symbol_kind_text(symbol->kind));
    }
}

static void check_imports(Checker *c)
{
    for (size_t i = 0; i < c->program->modules.count; i++) {
        const Module *module = c->program->modules.items[i];
        if (module->is_std || !has_plans(c, module)) continue;
        for node_each(item, module->root->file.items) {
            const Symbol *symbol = item->kind == NODE_IMPORT ? item->symbol : NULL;
            if (!symbol || symbol->is_read) continue;
            report(c, P0906, item->span, "nothing of the import `%.*s` is used", STR_ARG(symbol->name));
        }
    }
}

static void check_locals(Checker *c)
{
    for (size_t i = 0; i < c->locals.count; i++) {
        const Symbol *local = c->locals.items[i];
        bool bound = local->decl && (local->decl->kind == NODE_LET || local->decl->kind == NODE_VAR ||
                                     local->decl->kind == NODE_LET_CONDITION);
        if (!bound || local->is_read || local->module->is_std || str_starts_with(local->name, STR("_")))
            continue;
        if (local->type->kind == TYPE_WRONG) continue;
        Diag *diag = report(c, P0905, local->span, "`%.*s` is never read", STR_ARG(local->name));
        const Node *value = local->decl->kind == NODE_LET ? local->decl->let.value : NULL;
        if (value && (value->kind == NODE_OBSERVE || value->kind == NODE_RUN)) {
            report_help(c, diag, "without `let %.*s =` it does the same", STR_ARG(local->name));
        }
    }
}

void check_unused(Checker *c)
{
    Program *p = c->program;
    const SymbolList *lists[] = {&p->settings,  &p->constants, &p->secrets,  &p->hosts,
                                 &p->contacts,  &p->roles,     &p->channels, &p->escalations,
                                 &p->templates, &p->fns,       &p->records,  &p->enums};
    if (c->diagnostics->errors) {
        /* What could not be understood may have been the use. */
        return;
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        check_declared(c, lists[i]);
    check_imports(c);
    check_locals(c);
}
