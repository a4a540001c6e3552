/* Plans: their headings, and their bodies in the scope of their parameters.
 *
 * In: NODE_PLAN. Out: everything in it annotated. */
#include "compiler/check/check.h"

static void check_starts_on(Checker *c, Node *node)
{
    check_shown(c, node->starts_on.alert, "an alert's name");
    for node_each(test, node->starts_on.where) {
        report_unsupported(c, test->span, "`where label`");
        break;
    }
    for node_each(setting, node->starts_on.with) {
        report_unsupported(c, setting->span, "`with` of an alert's labels");
        break;
    }
}

static void check_plan_item(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_PLAN_SEVERITY:
        check_reference(c, node->plan_severity.severity, KIND(SEVERITY), "severity");
        break;
    case NODE_STARTS_ON: check_starts_on(c, node); break;
    case NODE_STARTS_ANOTHER: break;
    case NODE_SYMPTOM:
        check_shown(c, node->symptom.text, "a symptom");
        if (node->symptom.when) check_condition(c, node->symptom.when, true);
        break;
    case NODE_UPDATE: check_update(c, node); break;
    default: check_statement(c, node); break;
    }
}

void check_plan(Checker *c, Node *node)
{
    Symbol *symbol = node->symbol;
    if (!symbol) return;
    Body body;
    enter_body(c, &body, BODY_PLAN, node, symbol, NULL);
    push_scope(c);
    check_shown(c, node->plan.title, "a title");
    for (size_t i = 0; i < symbol->param_count; i++) {
        Symbol *param = symbol->params[i];
        scope_add(c, c->scope, param);
        if (param->decl->parameter.value) check_value(c, param->decl->parameter.value, param->type);
    }
    body.local_count = (uint32_t)symbol->param_count;
    c->plan = symbol;
    c->step = NULL;
    if (node->plan.missing) {
        symbol->is_missing = true;
        report(c, P1102, node->plan.missing->span, "the plan `%.*s` is missing", STR_ARG(symbol->name));
        check_shown(c, node->plan.missing->missing.text, "it");
    }
    for node_each(item, node->plan.body)
        check_plan_item(c, item);
    c->plan = c->step = NULL;
    pop_scope(c);
    leave_body(c, &body);
}
