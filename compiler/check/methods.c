/* Methods of the built-in types and functions that need no declaration, as methods.def and functions.def
 * declare them.
 *
 * In: a call whose receiver's type is known. Out: a Call note and the type, by reading the signature in the
 * table. */
#include "compiler/check/check.h"

#include <string.h>

typedef struct MethodRow {
    const char *receiver, *name, *params, *result;
} MethodRow;

static const MethodRow method_rows[] = {
#define METHOD(id, receiver, name, params, result, about) {receiver, name, params, result},
#include "compiler/check/methods.def"
#undef METHOD
};

static const MethodRow function_rows[] = {
#define FUNCTION(id, module, name, params, result, about) {module, name, params, result},
#include "compiler/check/functions.def"
#undef FUNCTION
};

static const char *receiver_name(const Type *type)
{
    switch (type->kind) {
    case TYPE_LIST: return "list";
    case TYPE_MAP: return "map";
    case TYPE_STRING: return "string";
    case TYPE_JSON: return "json";
    case TYPE_DURATION: return "duration";
    case TYPE_TIME: return "time";
    default: return "";
    }
}

int method_find(const Type *receiver, Str name)
{
    const char *wanted = receiver_name(receiver);
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(method_rows[i].receiver, wanted) == 0 && str_equal_c(name, method_rows[i].name)) return i;
    }
    return -1;
}

int function_find(Str module, Str name)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (str_equal_c(module, function_rows[i].receiver) && str_equal_c(name, function_rows[i].name))
            return i;
    }
    return -1;
}

bool method_is_property(MethodId method)
{
    return strcmp(method_rows[method].params, "-") == 0;
}

/* ---- signatures ---- */

typedef struct Signature {
    Checker *checker;
    Str rest;
    const Type *t, *u; /* what T and U stand for; NULL: not known yet */
} Signature;

static bool take(Signature *s, const char *text)
{
    if (!str_starts_with(s->rest, str_from_c(text))) return false;
    s->rest = str_slice(s->rest, strlen(text), s->rest.len);
    return true;
}

/* NULL where T or U is not known yet. */
static const Type *read_type(Signature *s);

static const Type *read_plain_type(Signature *s)
{
    Checker *c = s->checker;
    if (take(s, "[")) {
        const Type *element = read_type(s);
        take(s, "]");
        return element ? type_list(c->types, element) : NULL;
    }
    if (take(s, "{string: ")) {
        const Type *element = read_type(s);
        take(s, "}");
        return element ? type_map(c->types, element) : NULL;
    }
    const struct {
        const char *name;
        const Type *type;
    } names[] = {{"string", c->string}, {"bool", c->boolean}, {"int", c->integer},   {"float", c->real},
                 {"json", c->json},     {"time", c->time},    {"fiber", c->fiber},   {"unit", c->unit},     {"duration", c->duration},
                 {"T", s->t},           {"U", s->u},          {"literal", c->string}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (take(s, names[i].name)) return names[i].type;
    }
    return NULL;
}

static const Type *read_type(Signature *s)
{
    const Type *type = read_plain_type(s);
    if (take(s, "?") && type) type = type_optional(s->checker->types, type);
    return type;
}

static const Type *type_from(Checker *c, const char *text, const Type *t, const Type *u)
{
    Signature s = {c, str_from_c(text), t, u};
    const Type *type = read_type(&s);
    return type ? type : c->wrong;
}

const Type *method_property_type(Checker *c, MethodId method)
{
    return type_from(c, method_rows[method].result, NULL, NULL);
}

/* ---- methods ---- */

static bool element_fits(Checker *c, MethodId method, const Type *receiver, Span at)
{
    const Type *element = receiver->element;
    const char *wanted = NULL;
    if (method == METHOD_LIST_CONTAINS && type_holds_secret(element)) {
        report_secret_compared(c, at);
        return false;
    }
    switch (method) {
    case METHOD_LIST_SORT:
    case METHOD_LIST_MIN:
    case METHOD_LIST_MAX:
        if (!type_is_ordered(element)) wanted = "elements that have an order";
        break;
    case METHOD_LIST_SUM:
        if (!type_is_number(element) && element->kind != TYPE_DURATION) wanted = "numbers or durations";
        break;
    case METHOD_LIST_JOIN:
        if (element->kind != TYPE_STRING) wanted = "strings";
        break;
    default: break;
    }
    if (!wanted || element->kind == TYPE_WRONG) return true;
    report(c, P0306, at, "`%s` needs %s, and this is `%.*s`", method_rows[method].name, wanted,
           STR_ARG(receiver->name));
    return false;
}

static Node *function_arg(Checker *c, Node *node, const char *name)
{
    Node *arg = node->call.args.first;
    if (node->call.args.count == 1 && !arg->arg.name.len) return arg->arg.value;
    report(c, P0307, node->span, "`%s` takes one function", name);
    return NULL;
}

/* A method whose one parameter is fn(T) -> U or fn(T) -> bool. *u gets what the function gives. */
static Node *check_function_arg(Checker *c, Node *node, MethodId method, const Type *element, const Type **u)
{
    const MethodRow *row = &method_rows[method];
    Node *arg = function_arg(c, node, row->name);
    if (!arg) return NULL;
    bool gives_bool = strstr(row->params, "-> bool") != NULL;
    const Type *result = gives_bool ? c->boolean : NULL;
    if (arg->kind == NODE_LAMBDA) {
        arg->type = check_lambda(c, arg, result, &element, 1);
    } else {
        TypeField field = {.type = element};
        check_expression(c, arg, NULL);
        if (result)
            want_type(c, arg, type_fn(c->types, &field, 1, result));
        else if (arg->type->kind != TYPE_FN || arg->type->field_count != 1 ||
                 arg->type->fields[0].type != element) {
            report(c, P0307, arg->span, "`%s` takes a function of one `%.*s`", row->name,
                   STR_ARG(element->name));
            return NULL;
        }
    }
    *u = arg->type->kind == TYPE_FN ? arg->type->result : c->wrong;
    return arg;
}

static Node **check_plain_args(Checker *c, Node *node, const MethodRow *row, const Type *t, size_t *count)
{
    ParamSpec params[4] = {{.name = {0}}};
    Signature s = {c, str_from_c(row->params), t, NULL};
    *count = 0;
    while (s.rest.len && *count < 4) {
        params[*count].name = STR("value");
        params[(*count)++].type = read_type(&s);
        take(&s, ", ");
    }
    for node_each(arg, node->call.args) {
        if (!arg->arg.name.len) continue;
        report(c, P0307, arg->span, "the arguments of `%s` have no names", row->name);
        *count = 0;
        return NULL;
    }
    Callee what = {"`", str_from_c(row->name), "`"};
    return match_args(c, node->call.args, params, *count, node->span, what);
}

/* What other languages call our methods. */
static const char *method_meant(Str name)
{
    static const char *const others[][2] = {
        {"length", "len"},       {"size", "len"},          {"count", "len"},      {"strip", "trim"},
        {"toUpperCase", "upper"}, {"toLowerCase", "lower"}, {"includes", "contains"}, {"has", "contains"},
        {"startsWith", "starts_with"}, {"startswith", "starts_with"}, {"endsWith", "ends_with"},
        {"endswith", "ends_with"}, {"splitlines", "lines"},
        {"empty", "is_empty"},   {"isEmpty", "is_empty"},  {"isoformat", "utc"},  {"strftime", "format"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (str_equal_c(name, others[i][0])) return others[i][1];
    }
    return NULL;
}

static const Type *report_no_method(Checker *c, Node *node, const Type *receiver)
{
    const Type *plain = type_unwrap(receiver);
    Node *callee = node->call.callee;
    for node_each(arg, node->call.args)
        check_expression(c, arg->arg.value, c->wrong);
    if (plain->kind == TYPE_WRONG) return c->wrong;
    if (plain->kind == TYPE_SECRET) {
        report(c, P0602, node->span, "a secret cannot be looked into or measured");
        return c->wrong;
    }
    VEC(Str) names = {0};
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(method_rows[i].receiver, receiver_name(plain)) == 0)
            vec_push(&names, str_from_c(method_rows[i].name));
    }
    Diag *diag = report(c, P0303, callee->member.name_span, "`%.*s` has no method `%.*s`",
                        STR_ARG(plain->name), STR_ARG(callee->member.name));
    const char *meant = method_meant(callee->member.name);
    bool has_it = meant && method_find(plain, str_from_c(meant)) >= 0;
    Str nearest = has_it ? str_from_c(meant) : suggest_nearest(callee->member.name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
    return c->wrong;
}

const Type *check_method_call(Checker *c, Node *node, const Type *receiver)
{
    const Type *plain = type_unwrap(receiver);
    int found = method_find(plain, node->call.callee->member.name);
    if (found < 0) return report_no_method(c, node, receiver);
    MethodId method = (MethodId)found;
    const MethodRow *row = &method_rows[method];
    Call call = {.target = CALL_METHOD, .method = method, .receiver = node->call.callee->member.object};
    const Type *u = NULL;
    if (method_is_property(method)) {
        report(c, P0303, node->span, "`%s` is written without `()`", row->name);
        return c->wrong;
    }
    if (!element_fits(c, method, plain, node->span)) return c->wrong;
    if (strncmp(row->params, "fn(", 3) == 0) {
        Node *arg = check_function_arg(c, node, method, plain->element, &u);
        if (!arg) return c->wrong;
        call.args = arena_array(c->arena, Node *, 1);
        call.args[0] = arg;
        call.arg_count = 1;
    } else {
        call.args = check_plain_args(c, node, row, plain->element, &call.arg_count);
    }
    note_new(c, node, NOTE_CALL)->call = call;
    const Type *type = type_from(c, row->result, plain->element, u);
    return type_is_optional(receiver) ? type_optional(c->types, type) : type;
}

/* ---- functions ---- */

static bool takes_literals(Checker *c, Node *node, size_t count)
{
    Node *arg = node->call.args.first;
    for (size_t i = 0; i < count && arg; i++, arg = arg->next) {
        if (arg->arg.value->kind == NODE_STRING && node_plain_text(c->arena, arg->arg.value, NULL)) continue;
        report(c, P0307, arg->span, "a plain text is wanted here");
        return false;
    }
    return true;
}

static const Type *first_type(Checker *c, FunctionId function, Node *node, const Type *hint)
{
    Node *arg = node->call.args.first;
    if (!arg) return c->wrong;
    if (function == FUNCTION_VM_CATCH) return hint;
    const Type *type = check_expression(c, arg->arg.value, NULL);
    bool fits = type_is_number(type) || type->kind == TYPE_DURATION || type->kind == TYPE_WRONG ||
                (type->kind == TYPE_TIME && function != FUNCTION_ABS);
    if (!fits)
        report(c, P0306, arg->span, "a number is wanted here, and this is `%.*s`", STR_ARG(type->name));
    return fits ? type : c->wrong;
}

/* vm.catch(() => body, e => handler): the body says of what type both are. */
static const Type *check_catch(Checker *c, Node *node, const Type *hint)
{
    Node *body = node->call.args.first, *handler = body ? body->next : NULL;
    bool fits = node->call.args.count == 2 && body->arg.value->kind == NODE_LAMBDA &&
                handler->arg.value->kind == NODE_LAMBDA;
    if (!fits) {
        report(c, P0307, node->span, "`vm.catch` takes `() => body, e => handler`");
        return c->wrong;
    }
    body->arg.value->type = check_lambda(c, body->arg.value, hint, NULL, 0);
    const Type *type = body->arg.value->type->result;
    handler->arg.value->type = check_lambda(c, handler->arg.value, type, &c->string, 1);
    Note *note = note_new(c, node, NOTE_CALL);
    note->call = (Call){.target = CALL_FUNCTION, .function = FUNCTION_VM_CATCH, .arg_count = 2};
    note->call.args = arena_array(c->arena, Node *, 2);
    note->call.args[0] = body->arg.value;
    note->call.args[1] = handler->arg.value;
    return type;
}

/* `() => call`, whatever the call gives. */
static void check_spawned(Checker *c, Node *lambda)
{
    if (lambda->kind != NODE_LAMBDA || lambda->lambda.body->kind != NODE_CALL) {
        report(c, P0307, lambda->span, "a fiber is started by `() => call(…)`");
        lambda->type = c->wrong;
        return;
    }
    lambda->type = check_lambda(c, lambda, NULL, NULL, 0);
}

const Type *check_function_call(Checker *c, Node *node, FunctionId function, const Type *hint)
{
    const MethodRow *row = &function_rows[function];
    if (function == FUNCTION_VM_CATCH) return check_catch(c, node, hint);
    bool is_generic = strstr(row->params, ": T") != NULL;
    const Type *t = is_generic ? first_type(c, function, node, hint) : NULL;
    if (function == FUNCTION_VM_EMIT && !takes_literals(c, node, 1)) return c->wrong;
    if (function == FUNCTION_VM_EFFECT && !takes_literals(c, node, 2)) return c->wrong;
    ParamSpec params[4] = {{.name = {0}}};
    size_t count = 0;
    bool spawns = false;
    Signature s = {c, str_from_c(row->params), t, NULL};
    while (s.rest.len && count < 4) {
        ptrdiff_t colon = str_find(s.rest, STR(": "));
        params[count].name = str_slice(s.rest, 0, (size_t)colon);
        s.rest = str_slice(s.rest, (size_t)colon + 2, s.rest.len);
        if (take(&s, "fn() -> U"))
            spawns = true;
        else
            params[count].type = read_type(&s);
        count++;
        take(&s, ", ");
    }
    Note *note = note_new(c, node, NOTE_CALL);
    note->call = (Call){.target = CALL_FUNCTION, .function = function, .arg_count = count};
    Callee what = {"`", str_from_c(row->name), "`"};
    bool allowed = c->secrets_allowed;
    if (function == FUNCTION_VM_EFFECT) c->secrets_allowed = true; /* its values are put in as it leaves */
    note->call.args = match_args(c, node->call.args, params, count, node->span, what);
    c->secrets_allowed = allowed;
    if (spawns && note->call.args[count - 1]) check_spawned(c, note->call.args[count - 1]);
    return type_from(c, row->result, t, NULL);
}
