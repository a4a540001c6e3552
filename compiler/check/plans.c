/* Plans: their headings, and their bodies in the scope of their parameters.
 *
 * In: NODE_PLAN. Out: everything in it annotated. */
#include "compiler/check/check.h"

/* `where label "env" == "prod"`: labels are texts. */
static void check_label_test(Checker *c, Node *test)
{
    check_shown(c, test->label_test.label, "a label");
    switch (test->label_test.op) {
    case BINARY_EQ:
    case BINARY_NE:
    case BINARY_MATCHES: check_value(c, test->label_test.value, c->string); return;
    case BINARY_IN:
    case BINARY_NOT_IN: check_value(c, test->label_test.value, c->strings); return;
    default: break;
    }
    check_expression(c, test->label_test.value, c->wrong);
    report(c, P0306, test->span, "labels are texts: they have `==`, `!=`, `in`, `not in` and `matches`");
}

Symbol *setting_find(Checker *c, const Scope *scope, Str name)
{
    Symbol *symbol = scope_find(scope, name);
    if (symbol) return symbol;
    for (size_t i = 0; i < c->program->settings.count; i++) {
        symbol = c->program->settings.items[i];
        if (!symbol->module->is_std && str_equal(symbol->name, name)) return symbol;
    }
    return NULL;
}

/* `with ns = label "namespace"`: what the alert gives to params of the plan or the program. */
static void check_alert_setting(Checker *c, Node *setting)
{
    Node *value = setting->setting.value;
    if (str_equal(setting->setting.name, STR("severity")) && value->kind != NODE_LABEL) {
        check_reference(c, value, KIND(SEVERITY), "severity");
        return;
    }
    Symbol *symbol = setting_find(c, c->scope, setting->setting.name);
    bool own = symbol && symbol->kind == SYMBOL_LOCAL && symbol->home == c->plan->decl;
    if (!own && (!symbol || symbol->kind != SYMBOL_SETTING)) {
        report(c, P1004, setting->setting.name_span, "there is no param `%.*s` to set", STR_ARG(setting->setting.name));
        if (value->kind != NODE_LABEL) check_expression(c, value, c->wrong);
        return;
    }
    setting->symbol = symbol;
    const Type *type = symbol_type(c, symbol, setting->span);
    if (value->kind != NODE_LABEL) {
        check_value(c, value, type);
        return;
    }
    check_shown(c, value->label.name, "a label");
    if (type != c->string && type->kind != TYPE_WRONG)
        report(c, P0301, value->span, "a label is a text, and `%.*s` is `%.*s`", STR_ARG(symbol->name),
               STR_ARG(type->name));
}

static void check_starts_on(Checker *c, Node *node)
{
    check_shown(c, node->starts_on.alert, "an alert's name");
    for node_each(test, node->starts_on.where)
        check_label_test(c, test);
    for node_each(setting, node->starts_on.with)
        check_alert_setting(c, setting);
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
