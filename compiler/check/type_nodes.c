/* Types as the text writes them, and which type may stand where which is wanted.
 *
 * In: type nodes and pairs of types. Out: interned types, `goal`s of nodes, and messages where two do not
 * agree. */
#include "compiler/check/check.h"

static const Type *simple_by_name(Checker *c, Str name)
{
    const Type *const types[] = {c->boolean, c->integer, c->real,   c->duration,
                                 c->time,    c->string,  c->secret, c->json};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_equal(types[i]->name, name)) return types[i];
    }
    if (c->module->is_std && str_equal(name, STR("fiber"))) return c->fiber;
    if (str_equal(name, STR("Severity"))) return c->program->severity;
    return NULL;
}

/* What other languages call our types. */
static const char *type_meant(Str name)
{
    static const char *const others[][2] = {{"str", "string"},   {"String", "string"}, {"text", "string"},
                                            {"boolean", "bool"}, {"Bool", "bool"},     {"integer", "int"},
                                            {"long", "int"},     {"number", "int"},    {"double", "float"},
                                            {"real", "float"},   {"datetime", "time"}, {"timestamp", "time"},
                                            {"any", "json"},     {"object", "json"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (str_equal_c(name, others[i][0])) return others[i][1];
    }
    return NULL;
}

static void report_no_type(Checker *c, Span at, Str name)
{
    if (!may_report_unknown(c, at, name)) return;
    VEC(Str) names = {0};
    static const char *const simple[] = {"bool",   "int",    "float", "duration", "time",
                                         "string", "secret", "json",  "Severity"};
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++)
        vec_push(&names, str_from_c(simple[i]));
    for (size_t i = 0; i < c->program->records.count; i++)
        vec_push(&names, c->program->records.items[i]->name);
    for (size_t i = 0; i < c->program->enums.count; i++)
        vec_push(&names, c->program->enums.items[i]->name);
    Diag *diag = report(c, P0208, at, "there is no type called `%.*s`", STR_ARG(name));
    reported_unknown(c, name, diag);
    const char *meant = type_meant(name);
    Str nearest = meant ? str_from_c(meant) : suggest_nearest(name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

static const Type *type_of_name(Checker *c, Node *name)
{
    Symbol *symbol = NULL;
    Str text = name->kind == NODE_NAME ? name->name.text : name->member.name;
    if (name->kind == NODE_NAME) {
        const Type *simple = simple_by_name(c, text);
        if (simple) return simple;
        symbol = scope_find(c->scope, text);
    } else if (name->kind == NODE_MEMBER && name->member.object->kind == NODE_NAME) {
        Symbol *module = scope_find(c->scope, name->member.object->name.text);
        if (module && module->kind == SYMBOL_MODULE) {
            symbol_read(module);
            symbol = scope_find_here(module->target->scope, text);
        }
    }
    if (!symbol || (symbol->kind != SYMBOL_RECORD && symbol->kind != SYMBOL_ENUM)) {
        if (symbol) {
            report(c, P0208, name->span, "`%.*s` is %s, not a type", STR_ARG(text),
                   symbol_kind_text(symbol->kind));
        } else {
            report_no_type(c, name->span, text);
        }
        return c->wrong;
    }
    symbol_read(symbol);
    name->symbol = symbol;
    return symbol->type;
}

static const Type *type_of_fn_node(Checker *c, Node *node)
{
    TypeField *fields = arena_array(c->arena, TypeField, node->type_fn.params.count + 1);
    size_t count = 0;
    for node_each(param, node->type_fn.params)
        fields[count++].type = type_of_node(c, param);
    const Type *result = node->type_fn.result ? type_of_node(c, node->type_fn.result) : c->unit;
    return type_fn(c->types, fields, count, result);
}

const Type *type_of_node(Checker *c, Node *node)
{
    if (!node) return c->wrong;
    const Type *type = c->wrong;
    switch (node->kind) {
    case NODE_TYPE_NAME: type = type_of_name(c, node->type_name.name); break;
    case NODE_TYPE_LIST:
        if (node->type_list.size && !c->in_extern) report(c, P0309, node->span, "only what a native function fills in has a size");
        type = type_list(c->types, type_of_node(c, node->type_list.element));
        break;
    case NODE_TYPE_MAP: type = type_map(c->types, type_of_node(c, node->type_map.element)); break;
    case NODE_TYPE_OPTIONAL:
        type = type_optional(c->types, type_of_node(c, node->type_optional.element));
        break;
    case NODE_TYPE_FN: type = type_of_fn_node(c, node); break;
    default: break;
    }
    node->type = type;
    return type;
}

const Type *type_unwrap(const Type *type)
{
    return type->kind == TYPE_OPTIONAL ? type->element : type;
}

bool type_is_optional(const Type *type)
{
    return type->kind == TYPE_OPTIONAL;
}

/* What a list, a map or what may be absent is made of, all the way down. */
static const Type *innermost(const Type *type)
{
    while (type->kind == TYPE_LIST || type->kind == TYPE_MAP || type->kind == TYPE_OPTIONAL)
        type = type->element;
    return type;
}

/* Records can mention themselves: each that is reached is looked at once. */
static bool record_holds_secret(const Type *record)
{
    VEC(const Type *) reached = {0};
    bool found = false;
    vec_push(&reached, record);
    for (size_t i = 0; i < reached.count && !found; i++) {
        const Type *at = reached.items[i];
        for (size_t field = 0; field < at->field_count && !found; field++) {
            const Type *inner = innermost(at->fields[field].type);
            found = inner->kind == TYPE_SECRET;
            bool known = inner->kind != TYPE_RECORD;
            for (size_t j = 0; j < reached.count && !known; j++)
                known = reached.items[j] == inner;
            if (!known) vec_push(&reached, inner);
        }
    }
    vec_free(&reached);
    return found;
}

bool type_holds_secret(const Type *type)
{
    const Type *inner = innermost(type);
    return inner->kind == TYPE_SECRET || (inner->kind == TYPE_RECORD && record_holds_secret(inner));
}

/* What can become json: everything that is data. A secret only inside the body of a request. */
static bool becomes_json(Checker *c, const Type *type)
{
    switch (type->kind) {
    case TYPE_UNIT:
    case TYPE_FN:
    case TYPE_FIBER:
    case TYPE_ERROR: return false;
    case TYPE_SECRET: return c->secrets_allowed;
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_OPTIONAL: return becomes_json(c, type->element);
    case TYPE_RECORD: return c->secrets_allowed || !type_holds_secret(type);
    default: return true;
    }
}

bool type_agrees(Checker *c, const Type *from, const Type *to, bool *converts)
{
    *converts = false;
    if (from == to || from->kind == TYPE_WRONG || to->kind == TYPE_WRONG) return true;
    if (from->element && from->element->kind == TYPE_WRONG) return from->kind == to->kind;
    if (to->kind == TYPE_SECRET && from->kind == TYPE_STRING) return true;
    if (to->kind == TYPE_JSON) {
        *converts = true;
        return becomes_json(c, from);
    }
    if (to->kind == TYPE_OPTIONAL && from->kind != TYPE_OPTIONAL) {
        bool inner = false;
        *converts = true;
        return type_agrees(c, from, to->element, &inner) && !inner;
    }
    return false;
}

static bool type_is_wrong(const Type *type)
{
    return innermost(type)->kind == TYPE_WRONG;
}

static void report_mismatch(Checker *c, Node *node, const Type *from, const Type *to)
{
    if (type_is_wrong(from) || type_is_wrong(to)) return; /* it has its message */
    if (type_holds_secret(from) && !type_holds_secret(to)) {
        Diag *diag =
            report(c, P0601, node->span, "this holds a secret, and `%.*s` is wanted here", STR_ARG(to->name));
        report_help(
            c, diag,
            "a secret may stand in a URL, header or body of a request, and in a command's env and input; "
            "a parameter that takes one has the type `secret`");
        return;
    }
    if (type_is_optional(from) && from->element == to) {
        Diag *diag =
            report(c, P0302, node->span, "this may be absent, and `%.*s` is wanted here", STR_ARG(to->name));
        report_help(c, diag, "say what then: `… ?? default`, `… ?? fail \"why\"`, or `if let x = … { }`");
        return;
    }
    /* Where a secret may stand any string may. */
    Str wanted = to->kind == TYPE_SECRET ? STR("string") : to->name;
    Diag *diag = report(c, P0301, node->span, "`%.*s` is wanted here, and this is `%.*s`", STR_ARG(wanted),
                        STR_ARG(from->name));
    if (from->kind == TYPE_JSON)
        report_help(c, diag, "write `as %.*s` behind it", STR_ARG(wanted));
    else if (to->kind == TYPE_DURATION && node->kind == NODE_INT)
        report_help(c, diag, "a duration has a unit: `%llds` or `%lldm`", (long long)node->integer.value,
                    (long long)node->integer.value);
    else if (to->kind == TYPE_DURATION && node->kind == NODE_STRING)
        report_help(c, diag, "a duration stands without quotes: `5m`");
    else if (to->kind == TYPE_TIME && node->kind == NODE_STRING)
        report_help(c, diag, "a time stands without quotes: `03:12`, `2026-03-02 03:12`");
    else if (to->kind == TYPE_TIME && from->kind == TYPE_DURATION)
        report_help(c, diag, "a time that far away is `now + …`");
}

const Type *want_type(Checker *c, Node *node, const Type *goal)
{
    const Type *from = node->type ? node->type : c->wrong;
    bool converts = false;
    if (!type_agrees(c, from, goal, &converts)) {
        report_mismatch(c, node, from, goal);
        return goal;
    }
    if (converts) node_set_goal(c, node, goal);
    return goal;
}
