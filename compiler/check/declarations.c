/* What declarations say: services, settings, contacts, severities, escalations, channels, templates,
 * functions.
 *
 * In: one declaration whose names are collected already. Out: its fields resolved and typed. Plans are in
 * plans.c, drills in drills.c; what only shows when all declarations are seen together in people.c and
 * timing.c. */
#include "compiler/check/check.h"

void enter_body(Checker *c, Body *body, BodyKind kind, Node *home, Symbol *symbol, const Type *result)
{
    *body = (Body){.outer = c->body, .kind = kind, .home = home, .symbol = symbol, .result = result};
    c->body = body;
}

void leave_body(Checker *c, Body *body)
{
    c->body = body->outer;
}

/* ---- settings ---- */

static void check_setting(Checker *c, Symbol *symbol, Node *type_node, Node *value)
{
    if (symbol->check_state == 2) return;
    symbol->check_state = 1;
    const Type *type = type_node ? type_of_node(c, type_node) : NULL;
    if (value && value->kind == NODE_MISSING) {
        symbol->is_missing = true;
        report(c, P1102, value->span, "`%.*s` is missing", STR_ARG(symbol->name));
        check_expression(c, value, type ? type : c->string);
        if (!type) type = c->string;
    } else if (value) {
        type = type ? check_value(c, value, type) : check_expression(c, value, NULL);
        if (type->kind == TYPE_UNIT) {
            report(c, P0305, value->span, "this gives no value");
            type = c->wrong;
        }
    }
    symbol->type = type ? type : c->wrong;
    symbol->decl->type = symbol->type;
    symbol->check_state = 2;
}

/* Is there a function in it, which no text can stand for? */
static bool holds_function(const Type *type, int depth)
{
    if (type->kind == TYPE_FN || type->kind == TYPE_FIBER) return true;
    if (type->element) return holds_function(type->element, depth);
    for (size_t i = 0; type->kind == TYPE_RECORD && depth < 8 && i < type->field_count; i++) {
        if (holds_function(type->fields[i].type, depth + 1)) return true;
    }
    return false;
}

static void check_param(Checker *c, Node *node)
{
    if (!node->symbol) return;
    check_setting(c, node->symbol, node->param.type, node->param.value);
    const Type *type = node->symbol->type;
    if (type_holds_secret(type)) {
        report(c, P0605, node->span, "a param is shown and recorded; what is secret is declared as `secret`");
        return;
    }
    if (holds_function(type, 0))
        report(c, P0309, node->span, "a param is given from outside as text, and `%.*s` has none", STR_ARG(type->name));
}

static void check_secret(Checker *c, Node *node)
{
    Node *value = node->secret.value;
    if (!value || value->kind == NODE_MISSING) {
        if (node->symbol) node->symbol->is_missing = true;
        report(c, P1102, node->span, "the secret `%.*s` is missing", STR_ARG(node->secret.name));
        return;
    }
    switch (node->secret.source) {
    case SECRET_ENV:
    case SECRET_FILE: check_shown(c, value, "the place of a secret"); break;
    case SECRET_GENERATE: check_value(c, value, c->integer); break;
    case SECRET_COMMAND: check_secret_command(c, value); break;
    case SECRET_MISSING: break;
    }
}

/* ---- people ---- */

static bool is_way_of(const Node *contact, Str name)
{
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, name)) return true;
    }
    return false;
}

/* The channel or field that was probably meant. */
static Str nearest_way(const Checker *c, const Node *contact, Str name)
{
    VEC(Str) names = {0};
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_FIELD) vec_push(&names, field->field.name);
    }
    for (size_t i = 0; i < c->program->channels.count; i++) vec_push(&names, c->program->channels.items[i]->name);
    Str nearest = suggest_nearest(name, names.items, names.count);
    vec_free(&names);
    return nearest;
}

/* A way is a channel, or a field of the contact: a call that somebody makes. */
static void check_reach(Checker *c, Node *contact, Node *reach)
{
    for node_each(way, reach->reach.ways) {
        if (way->kind == NODE_MISSING) continue;
        Str name = node_dotted(c->arena, way);
        Symbol *channel = way->kind == NODE_NAME ? scope_find(c->scope, name) : NULL;
        if (channel && channel->kind == SYMBOL_CHANNEL) {
            symbol_read(channel);
            way->symbol = channel;
            continue;
        }
        if (way->kind == NODE_MEMBER) {
            check_reference(c, way, KIND(CHANNEL), "channel");
            continue;
        }
        if (is_way_of(contact, name) || !may_report_unknown(c, way->span, name)) continue;
        Diag *diag = report(
            c, P0801, way->span,
            "`%.*s` cannot be reached by `%.*s`: there is no such channel, and the contact has no such way",
            STR_ARG(contact->contact.name), STR_ARG(name));
        reported_unknown(c, name, diag);
        Str nearest = nearest_way(c, contact, name);
        if (nearest.len)
            report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
        else
            report_help(c, diag, "declare `channel %.*s = …`, or give the contact its `%.*s \"…\"`",
                        STR_ARG(name), STR_ARG(name));
    }
}

/* A channel that is named like a way serves it. */
static void use_channel_of_way(Checker *c, Str way)
{
    Symbol *channel = scope_find(c->scope, way);
    if (channel && channel->kind == SYMBOL_CHANNEL) symbol_use(c, channel);
}

static void check_contact(Checker *c, Node *node)
{
    check_shown(c, node->contact.title, "a title");
    for node_each(field, node->contact.fields) {
        switch (field->kind) {
        case NODE_FIELD:
            check_texts(c, field->field.values);
            use_channel_of_way(c, field->field.name);
            for node_each(value, field->field.values) {
                if (value->kind == NODE_MISSING)
                    report(c, P1102, value->span, "the %.*s of `%.*s` is missing", STR_ARG(field->field.name),
                           STR_ARG(node->contact.name));
            }
            break;
        case NODE_REACH: check_reach(c, node, field); break;
        case NODE_ANSWER_WITHIN: check_duration(c, field->answer_within.duration); break;
        case NODE_BACKUP:
            check_reference(c, field->backup.contact, KIND(CONTACT) | KIND(ROTATION), "contact");
            break;
        default: break;
        }
    }
}

static void check_role(Checker *c, Node *node)
{
    check_shown(c, node->role.title, "a title");
    for node_each(field, node->role.fields) {
        switch (field->kind) {
        case NODE_FIELD: check_texts(c, field->field.values); break;
        case NODE_PRIMARY:
            check_reference(c, field->primary.contact, KIND(CONTACT) | KIND(ROTATION), "contact");
            break;
        case NODE_BACKUP:
            check_reference(c, field->backup.contact, KIND(CONTACT) | KIND(ROTATION), "contact");
            break;
        case NODE_DUTIES: check_texts(c, field->duties.texts); break;
        default: break;
        }
    }
}

/* ---- severities and escalations ---- */

static void check_severity(Checker *c, Node *node)
{
    check_shown(c, node->severity.title, "a title");
    for node_each(field, node->severity.fields) {
        switch (field->kind) {
        case NODE_MEANS: check_texts(c, field->means.texts); break;
        case NODE_RESPOND:
            check_span(c, field->respond.warn);
            check_span(c, field->respond.within);
            break;
        case NODE_RESOLVE_WITHIN:
            check_span(c, field->resolve_within.warn);
            check_span(c, field->resolve_within.within);
            break;
        case NODE_UPDATE: check_update(c, field); break;
        case NODE_ESCALATE_BY:
            check_reference(c, field->escalate_by.escalation, KIND(ESCALATION), "escalation");
            if (field->escalate_by.calendar) check_reference(c, field->escalate_by.calendar, KIND(CALENDAR), "calendar");
            break;
        case NODE_ACK_HOLDS: check_span(c, field->ack_holds.duration); break;
        default: break;
        }
    }
}

static void check_rule(Checker *c, Node *rule)
{
    check_span(c, rule->rule.after);
    check_span(c, rule->rule.every);
    check_span(c, rule->rule.page_every);
    check_span(c, rule->rule.repeat_every);
    if (rule->rule.repeat_times) check_value(c, rule->rule.repeat_times, c->integer);
    Body body;
    enter_body(c, &body, BODY_FN, rule, NULL, NULL); /* a condition of a rule may look */
    check_condition(c, rule->rule.condition, true);
    leave_body(c, &body);
    Node *deed = rule->rule.deed;
    if (!deed) return;
    if (deed->kind == NODE_NOTIFY) check_notify(c, deed);
    if (deed->kind == NODE_PAGE) check_page(c, deed);
}

/* ---- channels and templates ---- */

static void check_channel(Checker *c, Node *node)
{
    for node_each(provider, node->channel.providers) {
        if (provider->kind == NODE_MISSING) {
            report(c, P1102, provider->span, "the channel `%.*s` is missing", STR_ARG(node->channel.name));
            check_shown(c, provider->missing.text, "it");
            continue;
        }
        check_value(c, provider, c->channel);
    }
}

void declare_params_here(Checker *c, const Symbol *symbol)
{
    for (size_t i = 0; i < symbol->param_count; i++) {
        Symbol *param = symbol->params[i];
        scope_add(c, c->scope, param);
        if (param->decl->parameter.value) check_value(c, param->decl->parameter.value, param->type);
    }
    if (c->body) c->body->local_count = (uint32_t)symbol->param_count;
}

static void check_template(Checker *c, Node *node)
{
    if (!node->symbol) return;
    Body body;
    enter_body(c, &body, BODY_TEMPLATE, node, node->symbol, NULL);
    push_scope(c);
    declare_params_here(c, node->symbol);
    c->in_template = true;
    for node_each(field, node->template.fields) {
        if (field->kind == NODE_FIELD) {
            bool known =
                str_equal(field->field.name, STR("title")) || str_equal(field->field.name, STR("body"));
            if (!known)
                report(c, P0303, field->field.name_span,
                       "a template has `title`, `body` and `field \"…\"`, no `%.*s`",
                       STR_ARG(field->field.name));
            for node_each(value, field->field.values)
                check_shown(c, value, "a message");
        } else if (field->kind == NODE_TEMPLATE_FIELD) {
            check_shown(c, field->template_field.label, "a message");
            const Type *type = check_expression(c, field->template_field.value, c->string);
            if (type_holds_secret(type))
                report(c, P0604, field->template_field.value->span,
                       "a secret cannot stand in a message: it would be shown and recorded");
        }
    }
    c->in_template = false;
    pop_scope(c);
    leave_body(c, &body);
}

/* ---- functions ---- */

static void check_fn(Checker *c, Node *node)
{
    Symbol *symbol = node->symbol;
    if (!symbol) return;
    Body body;
    enter_body(c, &body, symbol->is_effect ? BODY_EFFECT_FN : BODY_FN, node, symbol, symbol->result);
    push_scope(c);
    declare_params_here(c, symbol);
    if (!node->fn.has_body)
        report(c, P0310, node->span, "the function `%.*s` has no body", STR_ARG(symbol->name));
    Arena *arena = c->arena;
    c->arena = c->bodies;
    check_statements(c, node->fn.body);
    c->arena = arena;
    pop_scope(c);
    leave_body(c, &body);
}

/* ---- all of them ---- */

/* What a field is when it is left out. */
static void check_record(Checker *c, Node *node)
{
    for node_each(field, node->record.fields) {
        if (field->type && field->parameter.value) check_value(c, field->parameter.value, field->type);
    }
}

static void check_let(Checker *c, Node *node)
{
    if (node->symbol) check_setting(c, node->symbol, node->let.type, node->let.value);
}

static void check_var(Checker *c, Node *node)
{
    if (node->symbol) check_setting(c, node->symbol, node->var.type, node->var.value);
}

static void check_other(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_HOST: check_host(c, node); break;
    case NODE_ROTATION: check_rotation(c, node); break;
    case NODE_CALENDAR: check_calendar(c, node); break;
    case NODE_EXTERN: check_extern(c, node); break;
    case NODE_RECURRING: check_recurring(c, node); break;
    default: break;
    }
}

void check_declaration(Checker *c, Node *node)
{
    Body body;
    switch (node->kind) {
    case NODE_FN: check_fn(c, node); return;
    case NODE_TEMPLATE: check_template(c, node); return;
    case NODE_PLAN: check_plan(c, node); return;
    case NODE_CLASSIFY: check_classify(c, node); return;
    default: break;
    }
    enter_body(c, &body, BODY_VALUE, NULL, NULL, NULL);
    switch (node->kind) {
    case NODE_SERVICE: check_service(c, node); break;
    case NODE_PARAM: check_param(c, node); break;
    case NODE_LET: check_let(c, node); break;
    case NODE_VAR: check_var(c, node); break;
    case NODE_SECRET: check_secret(c, node); break;
    case NODE_CHANNEL: check_channel(c, node); break;
    case NODE_CONTACT: check_contact(c, node); break;
    case NODE_ROLE: check_role(c, node); break;
    case NODE_RECORD: check_record(c, node); break;
    case NODE_SEVERITY: check_severity(c, node); break;
    case NODE_ESCALATION:
        for node_each(rule, node->escalation.rules)
            check_rule(c, rule);
        break;
    default: check_other(c, node); break;
    }
    leave_body(c, &body);
}
