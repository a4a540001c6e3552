/* Statements for people: telling, paging, asking, and the incident's facts.
 *
 * In: notify, page, manual, set, resolve … Out: their targets resolved, their texts checked to hold no
 * secret. */
#include "compiler/check/check.h"

/* ---- references ---- */

static Symbol *find_reference(Checker *c, Node *node)
{
    if (node->kind == NODE_NAME) return scope_find(c->scope, node->name.text);
    if (node->kind != NODE_MEMBER || node->member.object->kind != NODE_NAME) return NULL;
    Symbol *module = scope_find(c->scope, node->member.object->name.text);
    if (!module || module->kind != SYMBOL_MODULE) return NULL;
    symbol_read(module);
    node->member.object->symbol = module;
    return scope_find_here(module->target->scope, node->member.name);
}

static void report_no_reference(Checker *c, Node *node, uint32_t kinds, const char *what)
{
    Str name = node_dotted(c->arena, node);
    if (!may_report_unknown(c, node->span, name)) return;
    VEC(Str) names = {0};
    for (const Scope *scope = c->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->bucket_count; i++) {
            for (const Symbol *s = scope->buckets[i]; s; s = s->next_in_bucket) {
                if (kinds & (1u << s->kind)) vec_push(&names, s->name);
            }
        }
    }
    Diag *diag = report(c, P0201, node->span, "there is no %s called `%.*s`", what, STR_ARG(name));
    reported_unknown(c, name, diag);
    Str nearest = suggest_nearest(name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

Symbol *check_reference(Checker *c, Node *node, uint32_t kinds, const char *what)
{
    if (!node || node->kind == NODE_WRONG) return NULL;
    if (node->kind == NODE_MISSING) {
        check_shown(c, node->missing.text, "it");
        return NULL;
    }
    Symbol *symbol = find_reference(c, node);
    if (!symbol) {
        report_no_reference(c, node, kinds, what);
        return NULL;
    }
    symbol_read(symbol);
    node->symbol = symbol;
    node->type = symbol->type;
    if (kinds & (1u << symbol->kind)) return symbol;
    Diag *diag = report(c, P0212, node->span, "a %s is wanted here, and `%.*s` is %s", what,
                        STR_ARG(symbol->name), symbol_kind_text(symbol->kind));
    if (symbol->decl) report_second(c, diag, symbol->span, "declared here");
    return NULL;
}

void check_references(Checker *c, NodeList list, uint32_t kinds, const char *what)
{
    for node_each(item, list)
        check_reference(c, item, kinds, what);
}

/* ---- messages ---- */

void check_using(Checker *c, Node *node)
{
    Symbol *template = check_reference(c, node->use.template, KIND(TEMPLATE), "template");
    if (!template) {
        for node_each(arg, node->use.args)
            check_expression(c, arg->arg.value, c->wrong);
        return;
    }
    node->symbol = template;
    node->type = c->message;
    check_named_call(c, node, template, node->use.args, CALL_TEMPLATE);
}

static void check_message(Checker *c, Node *node, const char *what)
{
    if (!node) return;
    if (node->kind == NODE_USING)
        check_using(c, node);
    else
        check_shown(c, node, what);
}

void check_notify(Checker *c, Node *node)
{
    check_references(c, node->notify.targets, KINDS_TARGET, "channel, contact or role");
    check_message(c, node->notify.message, "a notification");
}

void check_page(Checker *c, Node *node)
{
    check_references(c, node->page.targets, KINDS_PERSON, "contact or role");
    check_message(c, node->page.message, "a page");
}

void check_update(Checker *c, Node *node)
{
    check_references(c, node->update.targets, KINDS_TARGET, "channel, contact or role");
    check_span(c, node->update.every);
    check_message(c, node->update.message, "an update");
}

/* ---- the incident ---- */

static const char *const facts[] = {"summary", "impact",   "cause", "fix",    "eta",
                                    "next",    "affected", "link",  "status", "title"};

static void check_set(Checker *c, Node *node)
{
    enum { COUNT = sizeof facts / sizeof facts[0] };
    Str names[COUNT];
    bool known = false;
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = str_from_c(facts[i]);
        if (str_equal(names[i], node->set.name)) known = true;
    }
    if (!known) {
        Diag *diag =
            report(c, P0213, node->set.name_span, "the incident has no fact `%.*s`", STR_ARG(node->set.name));
        Str nearest = suggest_nearest(node->set.name, names, COUNT);
        if (nearest.len)
            report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
        else
            report_help(c, diag,
                        "its facts are summary, impact, cause, fix, eta, next, affected, link and status");
    }
    bool word =
        str_equal(node->set.name, STR("status")) && node->set.value && node->set.value->kind == NODE_NAME;
    if (word)
        node->set.value->type = c->string;
    else
        check_shown(c, node->set.value, "a fact of the incident");
    check_shown(c, node->set.because, "a reason");
}

/* `from classify(…)`: the measurements are its arguments. */
static void check_classified(Checker *c, Node *call)
{
    Symbol *symbol = check_reference(c, call->call.callee, KIND(CLASSIFY), "classify");
    if (symbol) {
        check_named_call(c, call, symbol, call->call.args, CALL_CLASSIFY);
        call->type = c->program->severity;
        return;
    }
    for node_each(arg, call->call.args)
        check_expression(c, arg->arg.value, c->wrong);
}

static void check_set_severity(Checker *c, Node *node)
{
    if (node->set_severity.classified)
        check_classified(c, node->set_severity.severity);
    else
        check_reference(c, node->set_severity.severity, KIND(SEVERITY), "severity");
    check_shown(c, node->set_severity.because, "a reason");
}

static void check_manual(Checker *c, Node *node)
{
    check_shown(c, node->manual.text, "what a person is to do");
    if (node->manual.by) check_reference(c, node->manual.by, KINDS_PERSON, "contact or role");
    check_duration(c, node->manual.within);
}

static bool is_for_people(NodeKind kind)
{
    switch (kind) {
    case NODE_NOTIFY:
    case NODE_PAGE:
    case NODE_MANUAL:
    case NODE_ASK_ACKNOWLEDGEMENT:
    case NODE_ASSIGN_ROLE:
    case NODE_SET:
    case NODE_SET_SEVERITY:
    case NODE_MITIGATED:
    case NODE_RESOLVE:
    case NODE_FOLLOWUP: return true;
    default: return false;
    }
}

bool check_people_statement(Checker *c, Node *node)
{
    if (!is_for_people(node->kind)) return false;
    if (!c->body || c->body->kind != BODY_PLAN) {
        report(c, P0406, node->span, "this speaks to people, which a plan does and a function does not");
        return true;
    }
    switch (node->kind) {
    case NODE_NOTIFY: check_notify(c, node); break;
    case NODE_PAGE: check_page(c, node); break;
    case NODE_MANUAL: check_manual(c, node); break;
    case NODE_SET: check_set(c, node); break;
    case NODE_SET_SEVERITY: check_set_severity(c, node); break;
    case NODE_MITIGATED: check_shown(c, node->mitigated.text, "a reason"); break;
    case NODE_RESOLVE: check_shown(c, node->resolve.text, "a reason"); break;
    case NODE_ASSIGN_ROLE:
        check_reference(c, node->assign_role.role, KIND(ROLE), "role");
        if (node->assign_role.to) check_reference(c, node->assign_role.to, KINDS_PERSON, "contact");
        break;
    case NODE_FOLLOWUP:
        check_shown(c, node->followup.text, "a follow-up");
        check_duration(c, node->followup.within);
        if (node->followup.by) check_reference(c, node->followup.by, KINDS_PERSON, "contact or role");
        break;
    case NODE_ASK_ACKNOWLEDGEMENT:
        if (node->ask_acknowledgement.by)
            check_reference(c, node->ask_acknowledgement.by, KINDS_PERSON, "contact or role");
        check_duration(c, node->ask_acknowledgement.within);
        break;
    default: break;
    }
    return true;
}
