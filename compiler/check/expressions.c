/* Expressions get their types: literals, names, strings, lists, maps, choices, lambdas, questions.
 *
 * In: an expression and, from its place, the type that is wanted there. Out: node->type, its goal,
 * node->symbol. Operators, members and calls have files of their own. One mistake gives one message: what was
 * wrong has the type TYPE_WRONG, which agrees with everything. */
#include "compiler/check/check.h"

#include <stddef.h>

Note *note_new(Checker *c, Node *node, NoteKind kind)
{
    /* A note ends with its own kind's part: an effect's is many times a member's. */
    static const uint16_t sizes[] = {
        [NOTE_GOAL] = sizeof(Goal),
        [NOTE_CALL] = sizeof(Call),
        [NOTE_MEMBER] = sizeof(Member),
        [NOTE_EFFECT] = sizeof(Effect),
        [NOTE_COMMAND] = sizeof(Command),
    };
    Note *note = arena_alloc(c->arena, offsetof(Note, call) + sizes[kind]), *there = node->info;
    note->kind = kind;
    if (there && there->kind == NOTE_GOAL)
        there->goal.note = note;
    else
        node->info = note;
    return note;
}

void node_set_goal(Checker *c, Node *node, const Type *type)
{
    Note *there = node->info;
    if (!there || there->kind != NOTE_GOAL) {
        note_new(c, node, NOTE_GOAL)->goal.note = there;
        there = node->info;
    }
    there->goal.type = type;
}

bool type_is_number(const Type *type)
{
    return type->kind == TYPE_INT || type->kind == TYPE_FLOAT;
}

bool type_is_ordered(const Type *type)
{
    return type_is_number(type) || type->kind == TYPE_DURATION || type->kind == TYPE_TIME ||
           type->kind == TYPE_STRING;
}

const Type *check_value(Checker *c, Node *node, const Type *goal)
{
    if (!node) return goal;
    check_expression(c, node, goal);
    return want_type(c, node, goal);
}

/* ---- names ---- */

static const Type *type_of_builtin(Checker *c, Node *node, Symbol *symbol)
{
    switch (symbol->builtin) {
    case BUILTIN_NAME_INCIDENT:
    case BUILTIN_NAME_ALERT:
    case BUILTIN_NAME_NOW:
    case BUILTIN_NAME_EVEN_NOW:
    case BUILTIN_NAME_ME:
    case BUILTIN_NAME_THIS_RUN: return symbol->type;
    case BUILTIN_NAME_SERVICE:
    case BUILTIN_NAME_HTTP:
    case BUILTIN_NAME_VM:
    case BUILTIN_NAME_SSH:
    case BUILTIN_NAME_NONE: break;
    }
    report(c, P0305, node->span, "`%.*s` is no value of its own; name a member of it", STR_ARG(symbol->name));
    return c->wrong;
}

/* What a symbol is as a value. */
static const Type *type_of_symbol(Checker *c, Node *node, Symbol *symbol)
{
    symbol_use(c, symbol);
    switch (symbol->kind) {
    case SYMBOL_LOCAL:
    case SYMBOL_SECRET:
    case SYMBOL_CONTACT:
    case SYMBOL_ROLE:
    case SYMBOL_ROTATION:
    case SYMBOL_CHANNEL:
    case SYMBOL_SEVERITY:
    case SYMBOL_MEMBER: return symbol->type;
    case SYMBOL_FN:
        if (symbol->is_effect && !c->module->is_std) break;
        return symbol->type;
    case SYMBOL_SETTING:
    case SYMBOL_CONSTANT:
    case SYMBOL_VAR: return symbol_type(c, symbol, node->span);
    case SYMBOL_BUILTIN: return type_of_builtin(c, node, symbol);
    default: break;
    }
    report(c, P0305, node->span, "`%.*s` is %s, not a value", STR_ARG(symbol->name),
           symbol_kind_text(symbol->kind));
    return c->wrong;
}

static const Type *check_name(Checker *c, Node *node)
{
    Symbol *symbol = scope_find(c->scope, node->name.text);
    if (!symbol) {
        report_unknown_name(c, node->span, node->name.text, "value");
        return c->wrong;
    }
    node->symbol = symbol;
    return type_of_symbol(c, node, symbol);
}

/* `people.lead`, `slack.post`: a name of an imported file. */
static const Type *check_qualified(Checker *c, Node *node, Symbol *module)
{
    symbol_read(module);
    Symbol *symbol = scope_find_here(module->target->scope, node->member.name);
    if (!symbol) {
        Scope *here = c->scope;
        c->scope = module->target->scope;
        report_unknown_name(c, node->member.name_span, node->member.name, "name in that file");
        c->scope = here;
        return c->wrong;
    }
    node->symbol = symbol;
    note_new(c, node, NOTE_MEMBER)->member.kind = MEMBER_SYMBOL;
    return type_of_symbol(c, node, symbol);
}

static const Type *check_enum_member(Checker *c, Node *node, Symbol *symbol)
{
    symbol_read(symbol);
    for node_each(member, symbol->decl->enumeration.members) {
        if (!member->symbol || !str_equal(member->symbol->name, node->member.name)) continue;
        node->symbol = member->symbol;
        note_new(c, node, NOTE_MEMBER)->member.kind = MEMBER_SYMBOL;
        return symbol->type;
    }
    Diag *diag = report(c, P0303, node->member.name_span, "`%.*s` has no member `%.*s`",
                        STR_ARG(symbol->name), STR_ARG(node->member.name));
    Str nearest = suggest_nearest(node->member.name, symbol->type->members, symbol->type->member_count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    return c->wrong;
}

/* `statuspage.Status.resolved`: a member of an imported file's enum. NULL: it is something else. */
static const Type *check_imported_member(Checker *c, Node *node)
{
    Node *object = node->member.object, *module_name = object->member.object;
    Symbol *module = module_name->kind == NODE_NAME ? scope_find(c->scope, module_name->name.text) : NULL;
    if (!module || module->kind != SYMBOL_MODULE) return NULL;
    Symbol *symbol = scope_find_here(module->target->scope, object->member.name);
    if (!symbol || symbol->kind != SYMBOL_ENUM) return NULL;
    symbol_read(module);
    module_name->symbol = module;
    object->symbol = symbol;
    return check_enum_member(c, node, symbol);
}

/* A member of something that is a name and no value: a module, an enum, `service`. NULL: it is an ordinary
 * member. */
static const Type *check_member_of_name(Checker *c, Node *node)
{
    Node *object = node->member.object;
    if (object->kind == NODE_MEMBER) return check_imported_member(c, node);
    if (object->kind != NODE_NAME) return NULL;
    Symbol *symbol = scope_find(c->scope, object->name.text);
    if (!symbol) return NULL;
    object->symbol = symbol;
    if (symbol->kind == SYMBOL_MODULE) return check_qualified(c, node, symbol);
    if (symbol->kind == SYMBOL_ENUM) return check_enum_member(c, node, symbol);
    if (symbol->kind != SYMBOL_BUILTIN || symbol->builtin != BUILTIN_NAME_SERVICE) return NULL;
    static const char *const names[] = {"name", "owner", "runbook"};
    for (uint32_t i = 0; i < 3; i++) {
        if (!str_equal_c(node->member.name, names[i])) continue;
        Note *note = note_new(c, node, NOTE_MEMBER);
        note->member.kind = MEMBER_SERVICE;
        note->member.index = i;
        return c->string;
    }
    report(c, P0303, node->member.name_span, "`service` has no `%.*s`; it has name, owner and runbook",
           STR_ARG(node->member.name));
    return c->wrong;
}

/* ---- literals ---- */

static bool may_stand_in_text(const Type *type)
{
    switch (type->kind) {
    case TYPE_WRONG:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_DURATION:
    case TYPE_TIME:
    case TYPE_ENUM:
    case TYPE_STRING:
    case TYPE_SECRET: return true;
    default: return false;
    }
}

static void check_interpolation(Checker *c, Node *part, bool *secret)
{
    Node *value = part->interp.value;
    const Type *type = check_expression(c, value, NULL);
    part->type = type;
    if (part->interp.spread)
        report(c, P0309, part->span, "`...` spreads a list into words of a command, not into a text");
    if (part->interp.required && !c->in_template)
        report(c, P0309, part->span, "`required` stands in templates only");
    const Type *plain = c->in_template ? type_unwrap(type) : type;
    if (may_stand_in_text(plain)) {
        *secret |= plain->kind == TYPE_SECRET;
        return;
    }
    if (type_is_optional(type) && may_stand_in_text(type->element)) {
        Diag *diag =
            report(c, P0302, value->span, "this may be absent, so it cannot stand in a text as it is");
        report_help(c, diag, "say what then: `${… ?? \"unknown\"}`");
        return;
    }
    Diag *diag = report(c, P0309, value->span, "`%.*s` cannot stand in a text", STR_ARG(type->name));
    if (plain->kind == TYPE_JSON)
        report_help(c, diag, "say what it is: `${… as string}`, or take `.to_text()`");
}

const Type *check_string(Checker *c, Node *node)
{
    bool secret = false;
    for node_each(part, node->string.parts) {
        if (part->kind == NODE_INTERP)
            check_interpolation(c, part, &secret);
        else if (part->kind == NODE_TEXT && !c->module->is_std)
            check_text_names(c, part);
    }
    return secret ? c->secret : c->string;
}

static const Type *check_list(Checker *c, Node *node, const Type *hint)
{
    const Type *wanted = hint ? type_unwrap(hint) : NULL;
    if (wanted && wanted->kind == TYPE_JSON) {
        for node_each(item, node->list.items)
            check_value(c, item, c->json);
        return c->json;
    }
    const Type *element = wanted && wanted->kind == TYPE_LIST ? wanted->element : NULL;
    if (!node->list.items.first && !element) {
        Diag *diag = report(c, P0310, node->span, "an empty list does not say what it is a list of");
        report_help(c, diag, "write its type: `var names: [string] = []`");
        return c->wrong;
    }
    for node_each(item, node->list.items) {
        if (element)
            check_value(c, item, element);
        else
            element = check_expression(c, item, NULL);
    }
    return type_list(c->types, element);
}

static const Type *check_map(Checker *c, Node *node, const Type *hint)
{
    const Type *wanted = hint ? type_unwrap(hint) : NULL;
    const Type *element = wanted && wanted->kind == TYPE_MAP ? wanted->element : NULL;
    if (wanted && wanted->kind == TYPE_JSON) element = c->json;
    if (!node->map.entries.first && !element) {
        Diag *diag = report(c, P0310, node->span, "an empty map does not say what it is a map of");
        report_help(c, diag, "write its type: `var counts: {string: int} = {}`");
        return c->wrong;
    }
    Scope *seen = scope_new(c, NULL, 8);
    for node_each(entry, node->map.entries) {
        check_value(c, entry->entry.key, c->string);
        Str key;
        if (node_plain_text(c->arena, entry->entry.key, &key)) {
            scope_add(c, seen, symbol_new(c, SYMBOL_LOCAL, key, entry, entry->entry.key->span));
        }
        size_t before = c->diagnostics->items.count;
        if (element)
            check_value(c, entry->entry.value, element);
        else
            element = check_expression(c, entry->entry.value, NULL);
        if (!wanted && c->diagnostics->items.count == before + 1 && c->diagnostics->items.items[before]->code == DIAG_P0301) {
            Diag *diag = c->diagnostics->items.items[before];
            if (diag->at.start == entry->entry.value->span.start)
                report_help(c, diag, "the values of a map are of one type; values of several are json: `let x: json = {…}`");
        }
        entry->type = element;
    }
    bool is_map = wanted && wanted->kind == TYPE_MAP;
    return element == c->json && !is_map ? c->json : type_map(c->types, element);
}

static const Type *check_none(Checker *c, Node *node, const Type *hint)
{
    if (hint && hint->kind == TYPE_JSON) return c->json;
    if (hint && hint->kind == TYPE_WRONG) return c->wrong;
    if (hint && type_is_optional(hint)) return hint;
    if (hint) {
        report(c, P0302, node->span, "`none` cannot stand here: `%.*s` is wanted", STR_ARG(hint->name));
    } else {
        Diag *diag = report(c, P0310, node->span, "`none` does not say what is absent");
        report_help(c, diag, "write the type of what it is given to: `let x: string? = none`");
    }
    return c->wrong;
}

/* ---- choices, lambdas, questions ---- */

static const Type *check_choose(Checker *c, Node *node, const Type *hint)
{
    push_scope(c);
    check_if_condition(c, node->choose.condition);
    Node *then = node->choose.then, *otherwise = node->choose.otherwise;
    if (hint) {
        check_value(c, then, hint);
        pop_scope(c);
        check_value(c, otherwise, hint);
        return hint;
    }
    if (then->kind == NODE_NONE) {
        const Type *type = type_optional(c->types, check_expression(c, otherwise, NULL));
        check_value(c, then, type);
        pop_scope(c);
        want_type(c, otherwise, type);
        return type;
    }
    const Type *type = check_expression(c, then, NULL);
    pop_scope(c);
    if (otherwise->kind == NODE_NONE) {
        type = type_optional(c->types, type);
        want_type(c, then, type);
    }
    check_value(c, otherwise, type);
    return type;
}

const Type *check_lambda(Checker *c, Node *node, const Type *hint, const Type **param_types,
                         size_t param_count)
{
    Body body;
    enter_body(c, &body, BODY_LAMBDA, node, c->body ? c->body->symbol : NULL, NULL);
    body.provides = c->module->is_std || (hint && hint == c->delivery);
    push_scope(c);
    size_t i = 0;
    TypeField *fields = arena_array(c->arena, TypeField, node->lambda.params.count + 1);
    if (node->lambda.params.count != param_count) {
        report(c, P0307, node->span, "a function of %zu parameter%s is wanted here", param_count,
               param_count == 1 ? "" : "s");
    }
    for node_each(param, node->lambda.params) {
        const Type *type = i < param_count ? param_types[i] : c->wrong;
        declare_local(c, param, param->parameter.name, param->parameter.name_span, type, false);
        fields[i++].type = type;
    }
    const Type *result;
    if (hint && hint->kind == TYPE_UNIT) {
        check_expression(c, node->lambda.body, NULL);
        result = hint;
    } else {
        result =
            hint ? check_value(c, node->lambda.body, hint) : check_expression(c, node->lambda.body, NULL);
    }
    pop_scope(c);
    leave_body(c, &body);
    return type_fn(c->types, fields, i, result);
}

static const Type *check_lambda_here(Checker *c, Node *node, const Type *hint)
{
    const Type *wanted = hint ? type_unwrap(hint) : NULL;
    if (!wanted || wanted->kind != TYPE_FN) {
        if (!hint || hint->kind != TYPE_WRONG) report(c, P0305, node->span, "a function cannot stand here");
        return c->wrong;
    }
    const Type **types = arena_array(c->arena, const Type *, wanted->field_count + 1);
    for (size_t i = 0; i < wanted->field_count; i++)
        types[i] = wanted->fields[i].type;
    return check_lambda(c, node, wanted->result, types, wanted->field_count);
}

/* What a person can say in one line. */
static bool is_answer(const Type *type)
{
    switch (type->kind) {
    case TYPE_WRONG:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_STRING:
    case TYPE_DURATION:
    case TYPE_TIME:
    case TYPE_ENUM: return true;
    default: return false;
    }
}

static const Type *check_ask(Checker *c, Node *node)
{
    if (!c->body || c->body->kind != BODY_PLAN) {
        report(c, P0406, node->span, "people are asked in a plan, not here");
    } else if (c->conditions) {
        report(c, P0406, node->span, "a condition looks, and is tried again; it cannot ask people");
    }
    check_shown(c, node->ask.question, "a question");
    if (node->ask.by) check_reference(c, node->ask.by, KINDS_PERSON, "contact or role");
    const Type *type = node->ask.type ? type_of_node(c, node->ask.type) : c->boolean;
    if (node->ask.of) {
        check_value(c, node->ask.of, c->strings);
        if (!node->ask.type) type = c->string;
    }
    if (!is_answer(type)) {
        report(c, P0309, node->ask.type->span, "nobody can answer with `%.*s` in one line", STR_ARG(type->name));
        type = c->wrong;
    }
    if (node->ask.secret && (node->ask.of || node->ask.type))
        report(c, P0309, node->span, "a secret is neither chosen from a list nor read as another type");
    if (node->ask.secret) type = c->secret;
    check_duration(c, node->ask.within);
    if (node->ask.otherwise) check_value(c, node->ask.otherwise, type);
    return type;
}

static const Type *check_by_kind(Checker *c, Node *node, const Type *hint)
{
    bool wants_float = hint && type_unwrap(hint)->kind == TYPE_FLOAT;
    switch (node->kind) {
    case NODE_INT: return wants_float ? c->real : c->integer;
    case NODE_FLOAT:
    case NODE_PERCENT: return c->real;
    case NODE_DURATION: return c->duration;
    case NODE_BOOL: return c->boolean;
    case NODE_TIME_OF_DAY: /* the next one, in UTC */
    case NODE_DATE_TIME:
    case NODE_DATE: return c->time;
    case NODE_BUSINESS: return check_business(c, node);
    case NODE_NONE: return check_none(c, node, hint);
    case NODE_STRING: return check_string(c, node);
    case NODE_LIST: return check_list(c, node, hint);
    case NODE_MAP: return check_map(c, node, hint);
    case NODE_NAME: return check_name(c, node);
    case NODE_MEMBER: {
        const Type *type = check_member_of_name(c, node);
        return type ? type : check_member(c, node);
    }
    case NODE_INDEX: return check_index(c, node);
    case NODE_CALL: return check_call(c, node, hint);
    case NODE_BINARY: return check_binary(c, node, hint);
    case NODE_UNARY: return check_unary(c, node, hint);
    case NODE_CAST: return check_cast(c, node);
    case NODE_DEFAULT: return check_default(c, node, hint);
    case NODE_CHOOSE: return check_choose(c, node, hint);
    case NODE_LAMBDA: return check_lambda_here(c, node, hint);
    case NODE_OBSERVE: return check_observe(c, node);
    case NODE_RUN: return check_run(c, node, NULL);
    case NODE_ASK: return check_ask(c, node);
    case NODE_MISSING: check_shown(c, node->missing.text, "it"); return hint ? hint : c->wrong;
    case NODE_RANGE:
        report(c, P0309, node->span, "a range stands after `in`, in `match`, or is gone through by `for`");
        break;
    case NODE_COMMAND: {
        if (c->effect_root == node || has_syntax_error(c, node->span))
            return c->in_secret_look ? c->secret_result : c->result;
        Diag *diag = report(c, P0403, node->span, "this command stands alone");
        report_help(c, diag, "put `observe` before it if it looks, `run` if it changes something");
        break;
    }
    default: break;
    }
    return c->wrong;
}

const Type *check_expression(Checker *c, Node *node, const Type *hint)
{
    if (!node) return c->wrong;
    /* What stands left of `??` reaches down its chain only, not into arguments and operands. */
    bool chain = node->kind == NODE_MEMBER || node->kind == NODE_INDEX || node->kind == NODE_CALL ||
                 node->kind == NODE_OBSERVE || node->kind == NODE_CAST;
    bool guarded = c->guarded;
    if (!chain) c->guarded = false;
    node->type = check_by_kind(c, node, hint);
    c->guarded = guarded;
    return node->type;
}

/* ---- conditions ---- */

void check_condition(Checker *c, Node *node, bool looks)
{
    if (!node) return;
    if (looks) c->conditions++;
    bool bare = looks && (node->kind == NODE_OBSERVE || node->kind == NODE_CALL);
    Node *root = c->effect_root;
    if (looks && node->kind == NODE_CALL) c->effect_root = node;
    const Type *type = check_expression(c, node, c->boolean);
    c->effect_root = root;
    if (looks && node->kind == NODE_CALL) check_bare_look(c, node);
    if (!(bare && (type == c->result || type == c->response))) want_type(c, node, c->boolean);
    if (looks) c->conditions--;
}

void check_if_condition(Checker *c, Node *node)
{
    if (!node) return;
    if (node->kind != NODE_LET_CONDITION) {
        check_condition(c, node, false);
        return;
    }
    const Type *type = check_expression(c, node->let_condition.value, NULL);
    if (!type_is_optional(type) && type->kind != TYPE_WRONG) {
        report(c, P0304, node->let_condition.value->span,
               "this is `%.*s`, which is never absent; `if let` asks whether it is", STR_ARG(type->name));
    }
    declare_local(c, node, node->let_condition.name, node->let_condition.name_span, type_unwrap(type), false);
}
