/* Calls: what is called, and which argument goes to which parameter.
 *
 * In: NODE_CALL. Out: a Call note (or an Effect note, for what reaches the world) with the arguments in the
 * order of the parameters, and the type of the result. */
#include "compiler/check/check.h"

/* ---- arguments ---- */

static size_t param_index(const ParamSpec *params, size_t count, Str name)
{
    size_t i = 0;
    while (i < count && !str_equal(params[i].name, name))
        i++;
    return i;
}

#define CALLEE_ARG(callee) (callee).before, STR_ARG((callee).name), (callee).after

static void report_no_param(Checker *c, Node *arg, const ParamSpec *params, size_t count, Callee what)
{
    VEC(Str) names = {0};
    for (size_t i = 0; i < count; i++)
        vec_push(&names, params[i].name);
    Diag *diag = report(c, P0307, arg->arg.name_span, "%s%.*s%s has no parameter `%.*s`", CALLEE_ARG(what),
                        STR_ARG(arg->arg.name));
    Str nearest = suggest_nearest(arg->arg.name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

Node **match_args(Checker *c, NodeList args, const ParamSpec *params, size_t count, Span at, Callee what)
{
    Node **matched = arena_array(c->arena, Node *, count + 1);
    size_t position = 0;
    bool wrong = false;
    for node_each(arg, args) {
        Node *value = arg->kind == NODE_ARG ? arg->arg.value : arg;
        bool named = arg->kind == NODE_ARG && arg->arg.name.len > 0;
        size_t index = named ? param_index(params, count, arg->arg.name) : position++;
        if (index >= count) {
            wrong = true;
            if (named)
                report_no_param(c, arg, params, count, what);
            else
                report(c, P0307, arg->span, "%s%.*s%s takes %zu argument%s, and this is one more", CALLEE_ARG(what),
                       count, count == 1 ? "" : "s");
            check_expression(c, value, c->wrong);
            continue;
        }
        if (matched[index]) {
            report(c, P0307, arg->span, "`%.*s` is given twice", STR_ARG(params[index].name));
            wrong = true;
        }
        matched[index] = value;
        if (params[index].type) check_value(c, value, params[index].type);
    }
    for (size_t i = 0; i < count && !wrong; i++) {
        if (matched[i] || params[i].may_be_left_out) continue;
        report(c, P0307, at, "%s%.*s%s needs `%.*s`", CALLEE_ARG(what), STR_ARG(params[i].name));
        break;
    }
    return matched;
}

static ParamSpec *specs_of_symbol(Checker *c, const Symbol *symbol)
{
    ParamSpec *params = arena_array(c->arena, ParamSpec, symbol->param_count + 1);
    for (size_t i = 0; i < symbol->param_count; i++) {
        const Symbol *param = symbol->params[i];
        params[i] = (ParamSpec){
            .name = param->name, .type = param->type, .may_be_left_out = param->decl->parameter.value != NULL};
    }
    return params;
}

/* ---- what can be called ---- */

static void add_edge(Checker *c, Symbol *to, Call *call, Node *node)
{
    BodyKind kind = c->body ? c->body->kind : BODY_VALUE;
    /* What a provider does when it is handed a message, whoever makes the channel does not do. */
    bool provides = kind == BODY_LAMBDA && c->body->provides && to->is_effect;
    Symbol *from = c->body && !provides ? c->body->symbol : NULL;
    vec_push(&c->edges, (CallEdge){from, to, call, node, NULL, kind});
}

/* May the effect fn be called here: after `run`, or as the one call of a provider's function? */
static bool effect_is_announced(const Checker *c, const Node *node)
{
    if (c->effect_root == node) return true;
    const Body *body = c->body;
    return body && body->kind == BODY_LAMBDA && body->provides && body->home->lambda.body == node;
}

static void report_unannounced(Checker *c, const Node *node, const Symbol *symbol)
{
    if (effect_is_announced(c, node)) return;
    Diag *diag = report(c, P0403, node->span, "`%.*s` is an effect fn: it may change something", STR_ARG(symbol->name));
    report_help(c, diag, "put `run` before it, as a statement or right of `=`");
}

static const Type *check_fn_call(Checker *c, Node *node, Symbol *symbol)
{
    Call call = {.target = CALL_FN, .symbol = symbol, .arg_count = symbol->param_count};
    symbol_use(c, symbol);
    Callee what = {symbol->is_effect ? "effect fn `" : "fn `", symbol->name, "`"};
    call.args =
        match_args(c, node->call.args, specs_of_symbol(c, symbol), symbol->param_count, node->span, what);
    if (!symbol->is_effect) {
        Note *note = note_new(c, node, NOTE_CALL);
        note->call = call;
        add_edge(c, symbol, &note->call, node);
        return symbol->result;
    }
    report_unannounced(c, node, symbol);
    Note *note = note_new(c, node, NOTE_EFFECT);
    note->effect.form = EFFECT_FORM_FN;
    note->effect.effect_class = EFFECT_CHANGE;
    note->effect.call = call;
    add_edge(c, symbol, &note->effect.call, node);
    return symbol->result;
}

static const Type *check_record_call(Checker *c, Node *node, Symbol *symbol)
{
    const Type *record = symbol->type;
    symbol_use(c, symbol);
    if (symbol->decl && symbol->decl->kind == NODE_HANDLE) {
        report(c, P0305, node->span, "only its library makes a `%.*s`", STR_ARG(symbol->name));
        return record;
    }
    ParamSpec *params = arena_array(c->arena, ParamSpec, record->field_count + 1);
    for (size_t i = 0; i < record->field_count; i++) {
        params[i] =
            (ParamSpec){.name = record->fields[i].name,
                        .type = record->fields[i].type,
                        .may_be_left_out = record->fields[i].has_default};
    }
    for node_each(arg, node->call.args) {
        if (arg->kind == NODE_ARG && arg->arg.name.len) continue;
        Diag *diag = report(c, P0307, arg->span, "the fields of a record are named");
        if (record->field_count)
            report_help(c, diag, "`%.*s(%.*s: …)`", STR_ARG(symbol->name), STR_ARG(record->fields[0].name));
        return record;
    }
    Note *note = note_new(c, node, NOTE_CALL);
    note->call = (Call){.target = CALL_RECORD, .symbol = symbol, .arg_count = record->field_count};
    Callee what = {"record `", symbol->name, "`"};
    note->call.args = match_args(c, node->call.args, params, record->field_count, node->span, what);
    return record;
}

static const Type *check_value_call(Checker *c, Node *node, const Type *type)
{
    if (type->kind == TYPE_WRONG) {
        for node_each(arg, node->call.args)
            check_expression(c, arg->arg.value, c->wrong);
        return c->wrong;
    }
    if (type->kind != TYPE_FN) {
        report(c, P0305, node->call.callee->span, "this is `%.*s`, which cannot be called",
               STR_ARG(type->name));
        return c->wrong;
    }
    ParamSpec *params = arena_array(c->arena, ParamSpec, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++)
        params[i].type = type->fields[i].type;
    for node_each(arg, node->call.args) {
        if (!arg->arg.name.len) continue;
        report(c, P0307, arg->span, "a function that is a value knows no names of parameters");
        return type->result;
    }
    Note *note = note_new(c, node, NOTE_CALL);
    note->call = (Call){.target = CALL_VALUE, .receiver = node->call.callee, .arg_count = type->field_count};
    note->call.args =
        match_args(c, node->call.args, params, type->field_count, node->span, (Callee){"this function", {"", 0}, ""});
    return type->result;
}

static const Type *report_not_called(Checker *c, Node *node, const Symbol *symbol)
{
    Diag *diag = report(c, P0305, node->span, "`%.*s` is %s and cannot be called here", STR_ARG(symbol->name),
                        symbol_kind_text(symbol->kind));
    if (symbol->kind == SYMBOL_PLAN)
        report_help(c, diag, "`follow %.*s(…)` goes through it", STR_ARG(symbol->name));
    if (symbol->kind == SYMBOL_TEMPLATE)
        report_help(c, diag, "a message is `using %.*s(…)`", STR_ARG(symbol->name));
    for node_each(arg, node->call.args)
        check_expression(c, arg->arg.value, c->wrong);
    return c->wrong;
}

/* What comes out of a native function is no argument of its call. */
static const Type *check_extern_call(Checker *c, Node *node, Symbol *symbol)
{
    ParamSpec *params = specs_of_symbol(c, symbol);
    size_t count = 0;
    symbol_use(c, symbol);
    for (size_t i = 0; i < symbol->param_count; i++)
        if (!symbol->params[i]->decl->parameter.out) params[count++] = params[i];
    Callee what = {"native function `", symbol->name, "`"};
    Call call = {.target = CALL_EXTERN, .symbol = symbol, .arg_count = count, .looks = true};
    call.args = match_args(c, node->call.args, params, count, node->span, what);
    if (!symbol->is_effect) {
        Note *note = note_new(c, node, NOTE_CALL);
        note->call = call;
        add_edge(c, symbol, &note->call, node);
        return symbol->type;
    }
    report_unannounced(c, node, symbol);
    Note *note = note_new(c, node, NOTE_EFFECT);
    note->effect.form = EFFECT_FORM_EXTERN;
    note->effect.effect_class = EFFECT_CHANGE;
    note->effect.call = call;
    return symbol->type;
}

static const Type *check_symbol_call(Checker *c, Node *node, Symbol *symbol)
{
    node->call.callee->symbol = symbol;
    switch (symbol->kind) {
    case SYMBOL_FN: return check_fn_call(c, node, symbol);
    case SYMBOL_RECORD: return check_record_call(c, node, symbol);
    case SYMBOL_LOCAL:
    case SYMBOL_VAR:
    case SYMBOL_SETTING:
    case SYMBOL_CONSTANT: return check_value_call(c, node, check_expression(c, node->call.callee, NULL));
    case SYMBOL_BUILTIN:
        if (symbol->builtin == BUILTIN_NAME_SSH) {
            report(c, P0305, node->span,
                   "`ssh(…)` declares a host: `host db1 = ssh(\"db1.example.com\", user: \"ops\")`");
            return c->wrong;
        }
        return check_value_call(c, node, check_expression(c, node->call.callee, NULL));
    case SYMBOL_EXTERN: return check_extern_call(c, node, symbol);
    default: return report_not_called(c, node, symbol);
    }
}

/* ---- the forms of a callee ---- */

static const Type *check_call_of_name(Checker *c, Node *node, const Type *hint)
{
    Str name = node->call.callee->name.text;
    Symbol *symbol = scope_find(c->scope, name);
    if (symbol) return check_symbol_call(c, node, symbol);
    int function = function_find((Str){"", 0}, name);
    if (function >= 0) return check_function_call(c, node, (FunctionId)function, hint);
    report_unknown_name(c, node->call.callee->span, name, "function");
    for node_each(arg, node->call.args)
        check_expression(c, arg->arg.value, c->wrong);
    return c->wrong;
}

static const Type *check_http(Checker *c, Node *node)
{
    const Node *callee = node->call.callee;
    static const char *const methods[] = {"get", "head", "post", "put", "patch", "delete"};
    static const char *const texts[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!str_equal_c(callee->member.name, methods[i])) continue;
        if (!effect_is_announced(c, node)) {
            Diag *diag = report(c, P0403, node->span, "this request stands alone");
            report_help(c, diag,
                        i < 2 ? "put `observe` before it"
                              : "put `run` before it, or `observe` if it only asks");
        }
        Note *note = note_new(c, node, NOTE_EFFECT);
        note->effect.form = EFFECT_FORM_HTTP;
        return check_http_call(c, node, str_from_c(texts[i]), &note->effect);
    }
    report(c, P0303, callee->member.name_span,
           "`http` has no `%.*s`; it has get, head, post, put, patch and delete",
           STR_ARG(callee->member.name));
    return c->wrong;
}

static const Type *check_vm(Checker *c, Node *node, const Type *hint)
{
    Node *callee = node->call.callee;
    int function = function_find(STR("vm"), callee->member.name);
    if (function >= 0) return check_function_call(c, node, (FunctionId)function, hint);
    report(c, P0303, callee->member.name_span, "`vm` has no `%.*s`", STR_ARG(callee->member.name));
    return c->wrong;
}

/* `slack.post(…)`, `http.get(…)`, `vm.wait(…)`: the object is a name and no value. NULL: it is a value. */
static const Type *check_call_in_named(Checker *c, Node *node, const Type *hint)
{
    Node *callee = node->call.callee, *object = callee->member.object;
    if (object->kind != NODE_NAME) return NULL;
    Symbol *symbol = scope_find(c->scope, object->name.text);
    if (!symbol) return NULL;
    if (symbol->kind == SYMBOL_BUILTIN && symbol->builtin == BUILTIN_NAME_HTTP) return check_http(c, node);
    if (symbol->kind == SYMBOL_BUILTIN && symbol->builtin == BUILTIN_NAME_VM) return check_vm(c, node, hint);
    if (symbol->kind != SYMBOL_MODULE) return NULL;
    object->symbol = symbol;
    symbol_read(symbol);
    Symbol *called = scope_find_here(symbol->target->scope, callee->member.name);
    if (called) return check_symbol_call(c, node, called);
    Scope *here = c->scope;
    c->scope = symbol->target->scope;
    report_unknown_name(c, callee->member.name_span, callee->member.name, "function in that file");
    c->scope = here;
    return c->wrong;
}

const Type *check_call(Checker *c, Node *node, const Type *hint)
{
    Node *callee = node->call.callee;
    bool guarded = c->guarded;
    const Type *type = NULL;
    if (callee->kind == NODE_NAME || callee->kind == NODE_MEMBER) {
        if (callee->kind == NODE_NAME) {
            c->guarded = false;
            type = check_call_of_name(c, node, hint);
        } else {
            type = check_call_in_named(c, node, hint);
        }
    }
    if (!type && callee->kind == NODE_MEMBER) {
        const Type *receiver = check_expression(c, callee->member.object, NULL);
        c->guarded = false;
        bool is_record = type_unwrap(receiver)->kind == TYPE_RECORD;
        type = is_record ? check_value_call(c, node, check_expression(c, callee, NULL))
                         : check_method_call(c, node, receiver);
    }
    if (!type) type = check_value_call(c, node, check_expression(c, callee, NULL));
    c->guarded = guarded;
    return type;
}

void check_named_call(Checker *c, Node *node, Symbol *symbol, NodeList args, CallTarget target)
{
    Note *note = note_new(c, node, NOTE_CALL);
    Callee what = {"`", symbol->name, "`"};
    note->call = (Call){.target = target, .symbol = symbol, .arg_count = symbol->param_count};
    note->call.args = match_args(c, args, specs_of_symbol(c, symbol), symbol->param_count, node->span, what);
}
