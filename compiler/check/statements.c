/* Statements: names, assignments, branches, loops, looks and waits.
 *
 * In: blocks of statements. Out: locals with their types, and everything below annotated. What belongs to
 * steps and what is for people is in steps.c and people_statements.c. */
#include "compiler/check/check.h"

void check_duration(Checker *c, Node *node)
{
    if (node) check_value(c, node, c->duration);
}

void check_shown(Checker *c, Node *node, const char *what)
{
    if (!node) return;
    const Type *type = check_expression(c, node, c->string);
    if (type_holds_secret(type)) {
        Diag *diag =
            report(c, P0604, node->span, "a secret cannot stand in %s: it would be shown and recorded", what);
        report_help(c, diag, "name the thing instead of its secret");
        return;
    }
    want_type(c, node, c->string);
}

/* ---- names ---- */

static void check_binding(Checker *c, Node *node, Str name, Span span, Node *type_node, Node *value,
                          bool variable)
{
    const Type *wanted = type_node ? type_of_node(c, type_node) : NULL;
    if (value && value->kind == NODE_RUN && !wanted) {
        check_run(c, value, node);
        return;
    }
    const Type *type = wanted;
    if (value) type = wanted ? check_value(c, value, wanted) : check_expression(c, value, NULL);
    if (value && !wanted && type->kind == TYPE_UNIT) {
        report(c, P0305, value->span, "this gives no value");
        type = c->wrong;
    }
    declare_local(c, node, name, span, type ? type : c->wrong, variable);
}

/* The name at the root of what is assigned: `a`, `a.b`, `a[i]`. */
static Symbol *assigned_symbol(Checker *c, Node *target)
{
    Node *root = target;
    while (root->kind == NODE_MEMBER || root->kind == NODE_INDEX) {
        root = root->kind == NODE_MEMBER ? root->member.object : root->index.object;
    }
    if (root->kind != NODE_NAME) return NULL;
    Symbol *symbol = scope_find(c->scope, root->name.text);
    if (!symbol) {
        report_unknown_name(c, root->span, root->name.text, "variable");
        return NULL;
    }
    root->symbol = symbol;
    if (!symbol->is_variable) {
        Diag *diag =
            report(c, P0210, target->span, "`%.*s` cannot be assigned: it is %s", STR_ARG(symbol->name),
                   symbol->kind == SYMBOL_LOCAL ? "no `var`" : symbol_kind_text(symbol->kind));
        if (symbol->kind == SYMBOL_LOCAL && symbol->decl && symbol->decl->kind == NODE_LET) {
            report_second(c, diag, symbol->span, "declared here");
            report_help(c, diag, "`var %.*s = …` declares what changes", STR_ARG(symbol->name));
        } else if (symbol->kind == SYMBOL_BUILTIN) {
            report_help(c, diag, "the incident's facts are set by `set impact \"…\"`");
        }
        return NULL;
    }
    symbol->is_assigned = true;
    if (c->body && symbol->home != c->body->home && symbol->kind == SYMBOL_LOCAL) symbol->is_captured = true;
    return symbol;
}

static const Type *target_type(Checker *c, Node *target)
{
    if (target->kind == NODE_NAME)
        return target->symbol->kind == SYMBOL_VAR ? symbol_type(c, target->symbol, target->span)
                                                  : target->symbol->type;
    const Type *type = c->wrong;
    if (target->kind == NODE_MEMBER) {
        type = check_member(c, target);
    } else {
        const Type *object = check_expression(c, target->index.object, NULL);
        bool is_map = object->kind == TYPE_MAP;
        check_value(c, target->index.index, is_map ? c->string : c->integer);
        if (is_map || object->kind == TYPE_LIST)
            type = object->element;
        else if (object->kind != TYPE_WRONG)
            report(c, P0306, target->span, "`%.*s` has no elements to set", STR_ARG(object->name));
    }
    return type;
}

static void check_append(Checker *c, Node *node, const Type *type)
{
    Node *value = node->assign.value;
    if (type->kind == TYPE_LIST) {
        check_value(c, value, type->element);
        return;
    }
    bool sums = type_is_number(type) || type->kind == TYPE_DURATION || type->kind == TYPE_WRONG;
    if (!sums)
        report(c, P0306, node->span, "`+=` appends to a list or adds to a number, and this is `%.*s`",
               STR_ARG(type->name));
    check_value(c, value, type);
}

static void check_assign(Checker *c, Node *node)
{
    Node *target = node->assign.target;
    Symbol *symbol = assigned_symbol(c, target);
    if (!symbol) {
        check_expression(c, node->assign.value, c->wrong);
        return;
    }
    bool was_read = symbol->is_read;
    const Type *type = target_type(c, target);
    if (target->kind == NODE_NAME) symbol->is_read = was_read;
    target->type = type;
    if (node->assign.append)
        check_append(c, node, type);
    else
        check_value(c, node->assign.value, type);
}

/* ---- branches and loops ---- */

void check_statements(Checker *c, NodeList list)
{
    for node_each(item, list)
        check_statement(c, item);
}

void check_block(Checker *c, NodeList list)
{
    push_scope(c);
    check_statements(c, list);
    pop_scope(c);
}

static void check_if(Checker *c, Node *node)
{
    push_scope(c);
    check_if_condition(c, node->branch.condition);
    check_statements(c, node->branch.then);
    pop_scope(c);
    check_block(c, node->branch.otherwise);
}

static void check_pattern(Checker *c, Node *pattern, const Type *subject)
{
    if (pattern->kind != NODE_RANGE) {
        check_value(c, pattern, subject);
        return;
    }
    check_value(c, pattern->range.start, subject);
    check_value(c, pattern->range.end, subject);
    pattern->type = subject;
    if (!type_is_ordered(subject) && subject->kind != TYPE_ENUM && subject->kind != TYPE_WRONG) {
        report(c, P0306, pattern->span, "`%.*s` has no order, so it has no ranges", STR_ARG(subject->name));
    }
}

/* Does an arm take the member of the subject's enum? A pattern that is reckoned may be any. */
static bool arms_take(const Node *match, const Type *subject, size_t member)
{
    for node_each(arm, match->match.arms) {
        if (!arm->arm.patterns.first) return true;
        for node_each(pattern, arm->arm.patterns) {
            const Symbol *symbol = pattern->symbol;
            if (pattern->kind == NODE_RANGE || !symbol) return true;
            if (str_equal(symbol->name, subject->members[member])) return true;
        }
    }
    return false;
}

/* Is one of the patterns nothing but this value? */
static bool arms_name(const Node *match, const Type *subject, size_t member)
{
    for node_each(arm, match->match.arms) {
        for node_each(pattern, arm->arm.patterns) {
            if (subject->kind == TYPE_BOOL
                    ? pattern->kind == NODE_BOOL && pattern->boolean.value == (member == 1)
                    : pattern->symbol && pattern->symbol->kind == SYMBOL_MEMBER &&
                          str_equal(pattern->symbol->name, subject->members[member]))
                return true;
        }
    }
    return false;
}

bool match_is_whole(const Node *match)
{
    const Type *subject = match->match.subject->type;
    for node_each(arm, match->match.arms) {
        if (!arm->arm.patterns.first) return true;
    }
    if (!subject || (subject->kind != TYPE_ENUM && subject->kind != TYPE_BOOL)) return false;
    size_t count = subject->kind == TYPE_BOOL ? 2 : subject->member_count;
    for (size_t i = 0; i < count; i++) {
        if (!arms_name(match, subject, i)) return false;
    }
    return true;
}

static void check_match_is_whole(Checker *c, const Node *match, const Type *subject)
{
    if (subject->kind != TYPE_ENUM) return;
    for (size_t i = 0; i < subject->member_count; i++) {
        if (arms_take(match, subject, i)) continue;
        Diag *diag = report(c, P0911, match->match.subject->span, "no arm takes `%.*s`", STR_ARG(subject->members[i]));
        report_help(c, diag, "say what holds then, or `otherwise => note \"nothing to do\"`");
        return;
    }
}

static void check_match(Checker *c, Node *node)
{
    const Type *subject = check_expression(c, node->match.subject, NULL);
    if (type_holds_secret(subject))
        report(c, P0602, node->match.subject->span, "a secret cannot be branched on");
    for node_each(arm, node->match.arms) {
        for node_each(pattern, arm->arm.patterns)
            check_pattern(c, pattern, subject);
        check_block(c, arm->arm.body);
        if (!arm->arm.patterns.first && arm->next) {
            report(c, P0901, arm->next->span, "this arm is never reached: `otherwise` stands before it");
        }
    }
    check_match_is_whole(c, node, subject);
}

static void check_for(Checker *c, Node *node)
{
    Node *in = node->loop.in;
    const Type *element;
    if (in->kind == NODE_RANGE) {
        check_value(c, in->range.start, c->integer);
        check_value(c, in->range.end, c->integer);
        in->type = element = c->integer;
    } else {
        const Type *list = check_expression(c, in, NULL);
        element = list->kind == TYPE_LIST ? list->element : c->wrong;
        if (list->kind != TYPE_LIST && list->kind != TYPE_WRONG) {
            Diag *diag =
                report(c, P0306, in->span, "`for` goes through a list or a range, and this is `%.*s`",
                       STR_ARG(list->name));
            if (list->kind == TYPE_JSON) report_help(c, diag, "say what it is a list of: `… as [json]`");
            if (list->kind == TYPE_MAP) report_help(c, diag, "`.keys()` gives the list of keys");
            if (list->kind == TYPE_OPTIONAL) report_help(c, diag, "what may be absent needs `?? []` first");
            if (list->kind == TYPE_INT) report_help(c, diag, "`0..n` goes from 0 to before n");
        }
    }
    if (node->loop.at_once) check_value(c, node->loop.at_once, c->integer);
    push_scope(c);
    declare_local(c, node, node->loop.name, node->loop.name_span, element, false);
    c->loops++;
    check_statements(c, node->loop.body);
    c->loops--;
    pop_scope(c);
}

static void check_repeat(Checker *c, Node *node)
{
    check_duration(c, node->repeat.every);
    check_condition(c, node->repeat.until, true);
    if (node->repeat.times) check_value(c, node->repeat.times, c->integer);
    check_duration(c, node->repeat.within);
    if (!node->repeat.times && !node->repeat.within && !c->module->is_std) {
        Diag *diag = report(c, P0704, node->span, "this may go on for ever");
        report_help(c, diag, "say how long: `within 10m`, or `at most 5 times`");
    }
    c->loops++;
    check_block(c, node->repeat.body);
    c->loops--;
    check_block(c, node->repeat.otherwise);
}

static void check_return(Checker *c, Node *node)
{
    const Body *body = c->body;
    Node *value = node->ret.value;
    if (!body || (body->kind != BODY_FN && body->kind != BODY_EFFECT_FN)) {
        if (value) check_expression(c, value, NULL); /* that it cannot stand here, the parser says */
        return;
    }
    if (body->result == c->unit) {
        if (!value) return;
        check_expression(c, value, NULL);
        report(c, P0301, value->span, "this function gives no value: it has no `-> type`");
        return;
    }
    if (!value)
        report(c, P0301, node->span, "`%.*s` is to be given back here", STR_ARG(body->result->name));
    else
        check_value(c, value, body->result);
}

/* ---- looks ---- */

static void check_limits(Checker *c, Node *holds, Node *within, Node *every)
{
    check_duration(c, holds);
    check_duration(c, within);
    check_duration(c, every);
}

static void check_verify(Checker *c, Node *node)
{
    check_condition(c, node->verify.condition, true);
    check_limits(c, node->verify.holds, node->verify.within, node->verify.every);
    check_shown(c, node->verify.why, "a reason");
    check_block(c, node->verify.otherwise);
}

static void check_verify_all(Checker *c, Node *node)
{
    check_shown(c, node->verify_all.title, "a title");
    for node_each(check, node->verify_all.checks) {
        check_shown(c, check->check.title, "a title");
        check_condition(c, check->check.condition, true);
        if (check->check.by) check_reference(c, check->check.by, KINDS_PERSON, "contact or role");
        check_limits(c, check->check.holds, check->check.within, check->check.every);
    }
}

static void check_attach(Checker *c, Node *node)
{
    const Type *type = check_expression(c, node->attach.value, NULL);
    if (type_holds_secret(type)) {
        report(c, P0604, node->attach.value->span, "a secret cannot be attached: it would be recorded");
    } else if (type->kind != TYPE_JSON) {
        want_type(c, node->attach.value, c->string);
    }
    check_shown(c, node->attach.name, "a name");
}

void check_statement(Checker *c, Node *node)
{
    switch (node->kind) {
    case NODE_LET:
        check_binding(c, node, node->let.name, node->let.name_span, node->let.type, node->let.value, false);
        return;
    case NODE_VAR:
        check_binding(c, node, node->var.name, node->var.name_span, node->var.type, node->var.value, true);
        return;
    case NODE_ASSIGN: check_assign(c, node); return;
    case NODE_IF: check_if(c, node); return;
    case NODE_MATCH: check_match(c, node); return;
    case NODE_FOR: check_for(c, node); return;
    case NODE_REPEAT: check_repeat(c, node); return;
    case NODE_RETURN: check_return(c, node); return;
    case NODE_OBSERVE: check_expression(c, node, NULL); return;
    case NODE_RUN: check_run(c, node, NULL); return;
    case NODE_VERIFY: check_verify(c, node); return;
    case NODE_VERIFY_ALL: check_verify_all(c, node); return;
    case NODE_ATTACH: check_attach(c, node); return;
    case NODE_NOTE: check_shown(c, node->note.text, "a note"); return;
    case NODE_WARN: check_shown(c, node->warn.text, "a warning"); return;
    case NODE_FAIL: check_shown(c, node->fail.text, "a reason"); return;
    case NODE_WAIT:
        check_duration(c, node->wait.duration);
        if (node->wait.until) check_value(c, node->wait.until, c->time);
        return;
    case NODE_PARALLEL: check_block(c, node->parallel.body); return;
    case NODE_STOP_PHASE: check_shown(c, node->stop_phase.why, "a reason"); return;
    default: break;
    }
    if (check_beside_statement(c, node) || check_step_statement(c, node) || check_people_statement(c, node))
        return;
    if (node->kind != NODE_WRONG && node->kind != NODE_FROM) report(c, P0110, node->span, "this does not stand here");
}
