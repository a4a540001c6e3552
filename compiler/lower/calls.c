/* Calls: of functions, records, methods of the built-in types, intrinsics of std/ modules, function values; lambdas. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

#include <assert.h>
#include <stdlib.h>

static Core *builtin(Context *context, BuiltinId id, const Type *type, Span span)
{
    Core *node = core_new(context->lower->core, CORE_BUILTIN, type, span);
    node->index = (uint32_t)id;
    return node;
}

Core *lower_zero(Context *context, const Type *type, Span span)
{
    CoreProgram *core = context->lower->core;
    switch (type->kind) {
    case TYPE_OPTIONAL: return build_none(core, type, span);
    case TYPE_STRING:
    case TYPE_SECRET: return build_text(core, STR(""), span);
    case TYPE_LIST: return core_new(core, CORE_LIST, type, span);
    case TYPE_MAP: return core_new(core, CORE_MAP, type, span);
    case TYPE_JSON: return core_new(core, CORE_OBJECT, type, span);
    case TYPE_FLOAT: return core_new(core, CORE_FLOAT, type, span);
    default: {
        Core *zero = build_int(core, TYPE_INT, 0, span);
        zero->type = type;
        return zero;
    }
    }
}

/* What stands for a field of a record that was left out: its default, or the zero of its type. */
static Core *left_out(Context *context, Node *node, size_t index)
{
    const TypeField *field = &node->type->fields[index];
    if (node->type->decl)
        for node_each(declared, node->type->decl->record.fields)
            if (declared->parameter.value && str_equal(declared->parameter.name, field->name))
                return lower_convert(context, lower_value(context, declared->parameter.value), field->type);
    return lower_zero(context, field->type, node->span);
}

static Core *lower_record(Context *context, Node *node, Call *call)
{
    Core *record = core_new(context->lower->core, CORE_RECORD, node->type, node->span);
    for (size_t i = 0; i < node->type->field_count; i++) {
        const Type *type = node->type->fields[i].type;
        Node *arg = i < call->arg_count ? call->args[i] : NULL;
        core_append(record, arg ? lower_convert(context, lower_value(context, arg), type)
                                : left_out(context, node, i));
    }
    return record;
}

static Core *lower_fn_call(Context *context, Node *node, Call *call)
{
    Core *value = core_new(context->lower->core, CORE_CALL, call->symbol->result, node->span);
    value->function = lower_fn_symbol(context->lower, call->symbol);
    for (size_t i = 0; i < call->arg_count; i++) {
        Symbol *param = call->symbol->params[i];
        Node *arg = call->args[i] ? call->args[i] : param->decl->parameter.value;
        core_append(value, lower_convert(context, lower_value(context, arg), param->type));
    }
    return value;
}

static Core *lower_value_call(Context *context, Node *node, Call *call)
{
    Core *value = core_new(context->lower->core, CORE_CALL_VALUE, node->type, node->span);
    value->a = lower_value(context, call->receiver);
    for (size_t i = 0; i < call->arg_count; i++)
        core_append(value, lower_convert(context, lower_value(context, call->args[i]), value->a->type->fields[i].type));
    return value;
}

Core *lower_call(Context *context, Node *node, Call *call)
{
    if (call)
        switch (call->target) {
        case CALL_FN: return lower_fn_call(context, node, call);
        case CALL_RECORD: return lower_record(context, node, call);
        case CALL_METHOD:
            return lower_method(context, node, call->method, lower_value(context, call->receiver), call->args);
        case CALL_FUNCTION: return lower_function_call(context, node, call);
        case CALL_VALUE: return lower_value_call(context, node, call);
        case CALL_HTTP: return lower_effect(context, node);
        case CALL_EXTERN: return lower_native(context, call, EFFECT_LOOK, node->span);
        case CALL_PLAN:
        case CALL_TEMPLATE:
        case CALL_CLASSIFY: break; /* no values */
        }
    assert(node_effect(node)); /* the one call of a provider's function */
    return lower_effect(context, node);
}

/* ---- methods ---- */

/* Methods that are one builtin of the machine with the same arguments. */
static int method_builtin(MethodId method)
{
    switch (method) {
    case METHOD_LIST_FIRST: return BUILTIN_LIST_FIRST;
    case METHOD_LIST_LAST: return BUILTIN_LIST_LAST;
    case METHOD_LIST_TAKE: return BUILTIN_LIST_TAKE;
    case METHOD_LIST_CONTAINS: return BUILTIN_LIST_CONTAINS;
    case METHOD_LIST_JOIN: return BUILTIN_LIST_JOIN;
    case METHOD_LIST_REVERSE: return BUILTIN_LIST_REVERSE;
    case METHOD_LIST_SORT: return BUILTIN_LIST_SORT;
    case METHOD_LIST_MIN: return BUILTIN_LIST_MIN;
    case METHOD_LIST_MAX: return BUILTIN_LIST_MAX;
    case METHOD_LIST_SUM: return BUILTIN_LIST_SUM;
    case METHOD_MAP_KEYS: return BUILTIN_MAP_KEYS;
    case METHOD_MAP_VALUES: return BUILTIN_MAP_VALUES;
    case METHOD_MAP_HAS: return BUILTIN_MAP_HAS;
    case METHOD_MAP_WITHOUT: return BUILTIN_MAP_WITHOUT;
    case METHOD_STRING_LEN: return BUILTIN_TEXT_LEN;
    case METHOD_STRING_TRIM: return BUILTIN_TEXT_TRIM;
    case METHOD_STRING_LINES: return BUILTIN_TEXT_LINES;
    case METHOD_STRING_WORD: return BUILTIN_TEXT_WORD;
    case METHOD_STRING_SPLIT: return BUILTIN_TEXT_SPLIT;
    case METHOD_STRING_CONTAINS: return BUILTIN_TEXT_CONTAINS;
    case METHOD_STRING_STARTS_WITH: return BUILTIN_TEXT_STARTS_WITH;
    case METHOD_STRING_ENDS_WITH: return BUILTIN_TEXT_ENDS_WITH;
    case METHOD_STRING_REPLACE: return BUILTIN_TEXT_REPLACE;
    case METHOD_STRING_UPPER: return BUILTIN_TEXT_UPPER;
    case METHOD_STRING_LOWER: return BUILTIN_TEXT_LOWER;
    case METHOD_STRING_FOR_SHELL: return BUILTIN_TEXT_FOR_SHELL;
    case METHOD_STRING_FOR_SQL: return BUILTIN_TEXT_FOR_SQL;
    case METHOD_STRING_FOR_URL: return BUILTIN_TEXT_FOR_URL;
    case METHOD_JSON_TO_TEXT: return BUILTIN_JSON_TO_TEXT;
    case METHOD_JSON_KEYS: return BUILTIN_JSON_KEYS;
    case METHOD_JSON_PATH: return BUILTIN_JSON_PATH;
    case METHOD_JSON_LEN: return BUILTIN_JSON_LEN;
    case METHOD_TIME_FORMAT: return BUILTIN_TIME_FORMAT;
    case METHOD_TIME_UTC: return BUILTIN_TIME_TO_TEXT;
    default: return -1;
    }
}

static Core *divided(Context *context, Core *value, int64_t by)
{
    CoreProgram *core = context->lower->core;
    Core *number = build_binary(core, CORE_DIV, value, build_int(core, TYPE_INT, by, value->span));
    number->type = simple_type(context->lower, TYPE_INT);
    return number;
}

/* The methods that are a little arithmetic. */
static Core *lower_small_method(Context *context, MethodId method, Core *receiver)
{
    CoreProgram *core = context->lower->core;
    Core *length = core_new(core, CORE_LEN, simple_type(context->lower, TYPE_INT), receiver->span);
    length->a = receiver;
    Core *zero = build_int(core, TYPE_INT, 0, receiver->span);
    switch (method) {
    case METHOD_LIST_LEN:
    case METHOD_MAP_LEN: return length;
    case METHOD_LIST_IS_EMPTY:
    case METHOD_MAP_IS_EMPTY: return build_binary(core, CORE_EQ, length, zero);
    case METHOD_STRING_IS_EMPTY: return build_binary(core, CORE_EQ, receiver, build_text(core, STR(""), receiver->span));
    case METHOD_DURATION_SECONDS:
    case METHOD_TIME_EPOCH: return divided(context, receiver, 1000);
    case METHOD_DURATION_MINUTES: return divided(context, receiver, 60000);
    case METHOD_DURATION_HOURS: return divided(context, receiver, 3600000);
    case METHOD_TIME_EPOCH_MS: return divided(context, receiver, 1);
    default: return NULL;
    }
}

/* The loop under map, filter, any, all, count and find: one statement a round, `element` is its element. */
typedef struct Walk {
    uint32_t list, at, element;
    Core *body; /* statements of one round */
} Walk;

static Walk walk_begin(Context *context, Core *sequence, Core *receiver)
{
    CoreProgram *core = context->lower->core;
    Span span = receiver->span;
    const Type *integer = simple_type(context->lower, TYPE_INT);
    Walk walk = {.list = context_temp(context, receiver->type), .at = context_temp(context, integer)};
    walk.element = context_temp(context, receiver->type->element);
    core_append(sequence, build_set_local(core, walk.list, receiver));
    walk.body = build_block(core, span);
    Core *length = core_new(core, CORE_LEN, integer, span);
    length->a = context_local(context, walk.list, span);
    Core *item = core_new(core, CORE_GET_ITEM, type_optional(core->types, receiver->type->element), span);
    item->a = context_local(context, walk.list, span);
    item->b = context_local(context, walk.at, span);
    core_append(walk.body, build_set_local(core, walk.element, build_value(core, item, "")));
    core_append(sequence, build_count(core, walk.at, build_int(core, TYPE_INT, 0, span), length, walk.body));
    return walk;
}

/* The function of the method on the element: a lambda is put in place, any other value is called. */
static Core *apply(Context *context, Node *function, Core *element, const Type *result)
{
    CoreProgram *core = context->lower->core;
    if (function->kind == NODE_LAMBDA) {
        Node *param = function->lambda.params.first;
        if (param) context_bind_local(context, param->symbol, element->index);
        return lower_convert(context, lower_value(context, function->lambda.body), result);
    }
    Core *call = core_new(core, CORE_CALL_VALUE, result, function->span);
    call->a = lower_value(context, function);
    core_append(call, element);
    return call;
}

static Core *start_value(Context *context, MethodId method, const Type *type, Span span)
{
    if (method == METHOD_LIST_ALL) return build_int(context->lower->core, TYPE_BOOL, 1, span);
    return lower_zero(context, type, span);
}

/* What one round of the method does. */
static Core *round_of(Context *context, MethodId method, uint32_t result, Core *element, Core *test, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *type = context->function->locals.items[result].type;
    Core *sofar = context_local(context, result, span);
    Core *stop = build_block(core, span);
    switch (method) {
    case METHOD_LIST_MAP:
    case METHOD_LIST_FILTER: {
        Core *longer = core_new(core, CORE_APPEND, type, span);
        longer->a = sofar;
        longer->b = method == METHOD_LIST_MAP ? test : element;
        Core *set = build_set_local(core, result, longer);
        return method == METHOD_LIST_MAP ? set : build_if(core, test, set, NULL);
    }
    case METHOD_LIST_COUNT:
        return build_if(core, test, build_set_local(core, result, build_binary(core, CORE_ADD, sofar,
                                                                               build_int(core, TYPE_INT, 1, span))),
                        NULL);
    case METHOD_LIST_FIND: core_append(stop, build_set_local(core, result, build_some(core, element))); break;
    default: core_append(stop, build_set_local(core, result, build_int(core, TYPE_BOOL, method == METHOD_LIST_ANY, span)));
    }
    core_append(stop, build_break(core, 0, span));
    return build_if(core, method == METHOD_LIST_ALL ? build_not(core, test) : test, stop, NULL);
}

static Core *lower_walking_method(Context *context, Node *node, MethodId method, Core *receiver, Node *function,
                                  const Type *type)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    Core *sequence = core_new(core, CORE_SEQUENCE, type, span);
    uint32_t result = context_temp(context, type);
    core_append(sequence, build_set_local(core, result, start_value(context, method, type, span)));
    Walk walk = walk_begin(context, sequence, receiver);
    const Type *given = method == METHOD_LIST_MAP ? type->element : simple_type(context->lower, TYPE_BOOL);
    Core *test = apply(context, function, context_local(context, walk.element, span), given);
    core_append(walk.body, round_of(context, method, result, context_local(context, walk.element, span), test, span));
    sequence->a = context_local(context, result, span);
    return sequence;
}

static Core *method_of(Context *context, Node *node, MethodId method, Core *receiver, Node **args, const Type *type)
{
    if (method == METHOD_STRING_OR_EMPTY) return receiver;
    Core *small = lower_small_method(context, method, receiver);
    if (small) return small;
    int id = method_builtin(method);
    if (method == METHOD_STRING_TAKE) {
        Core *head = builtin(context, BUILTIN_TEXT_SLICE, type, node->span);
        core_append(head, receiver);
        core_append(head, build_int(context->lower->core, TYPE_INT, 0, node->span));
        core_append(head, lower_value(context, args[0]));
        return head;
    }
    if (id < 0) return lower_walking_method(context, node, method, receiver, args[0], type);
    Core *value = builtin(context, (BuiltinId)id, type, node->span);
    core_append(value, receiver);
    Call *call = node_call(node);
    for (size_t i = 0; args && call && i < call->arg_count; i++) core_append(value, lower_value(context, args[i]));
    return value;
}

Core *lower_method(Context *context, Node *node, MethodId method, Core *receiver, Node **args)
{
    CoreProgram *core = context->lower->core;
    if (receiver->type->kind != TYPE_OPTIONAL) return method_of(context, node, method, receiver, args, node->type);
    uint32_t held = context_temp(context, receiver->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, build_set_local(core, held, receiver));
    Core *there = build_value(core, context_local(context, held, node->span), "the value is absent");
    const Type *inner = node->type->kind == TYPE_OPTIONAL && method_builtin(method) != BUILTIN_LIST_FIRST &&
                                method_builtin(method) != BUILTIN_LIST_LAST && method_builtin(method) != BUILTIN_TEXT_WORD &&
                                method_builtin(method) != BUILTIN_LIST_MIN && method_builtin(method) != BUILTIN_LIST_MAX &&
                                method != METHOD_LIST_FIND
                            ? node->type->element
                            : node->type;
    Core *value = build_some(core, method_of(context, node, method, there, args, inner));
    sequence->a = build_choose(core, build_is_some(core, context_local(context, held, node->span)), value,
                               build_none(core, node->type, node->span));
    sequence->a->type = node->type;
    return sequence;
}

/* ---- lambdas ---- */

Core *lower_lambda(Context *context, Node *node)
{
    static const char *const what = "lambda";
    CoreProgram *core = context->lower->core;
    Core *closure = core_new(core, CORE_CLOSURE, node->type, node->span);
    Str name = arena_printf(context->lower->arena, "%.*s.%s.%zu", STR_ARG(context->function->name), what,
                            core->functions.count);
    NodeList body = {node->lambda.body, node->lambda.body, 1};
    Context inner = context_split(context, name, node->type->result, node->span, &body, 1, closure);
    size_t i = 0;
    for node_each(param, node->lambda.params) {
        context_bind(&inner, param->symbol, node->type->fields[i++].type);
        inner.function->param_count++;
    }
    closure->function = inner.function;
    Core *value = lower_value(&inner, node->lambda.body);
    if (node->type->result->kind == TYPE_UNIT) context_add(&inner, build_do(core, value));
    else context_add(&inner, build_return(core, lower_convert(&inner, value, node->type->result), node->span));
    context_free(&inner);
    return closure;
}

/* ---- intrinsics ---- */

static int64_t constant_of(const Node *node)
{
    if (node->kind == NODE_INT) return node->integer.value;
    if (node->kind == NODE_BINARY && node->binary.op == BINARY_ADD)
        return constant_of(node->binary.left) + constant_of(node->binary.right);
    return 0;
}

static Str literal_of(Context *context, const Node *node)
{
    Str text = {0};
    node_plain_text(context->lower->arena, node, &text);
    return text;
}

/* vm.spawn(() => f(x, y)): the arguments are reckoned now, the call happens in the new fiber. */
static Core *lower_spawn(Context *context, Node *node, Node *lambda, int64_t rank)
{
    Core *spawn = core_new(context->lower->core, CORE_SPAWN, node->type, node->span);
    Core *call = lower_value(context, lambda->lambda.body);
    spawn->function = call->function;
    spawn->list.first = call->list.first;
    spawn->list.last = call->list.last;
    spawn->list.count = call->list.count;
    spawn->index = (uint32_t)rank;
    return spawn;
}

/* vm.catch(() => E, e => F) */
static Core *lower_catch(Context *context, Node *node, Node *body, Node *handler)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    uint32_t result = context_temp(context, node->type);
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, span);
    Core *handling = build_block(core, span);
    Core *text = builtin(context, BUILTIN_ERROR_TEXT, simple_type(lower, TYPE_STRING), span);
    core_append(text, context_local(context, error, span));
    Node *param = handler->lambda.params.first;
    if (param) core_append(handling, build_set_local(core, context_bind(context, param->symbol, text->type), text));
    core_append(handling, build_set_local(core, result, lower_convert(context, lower_value(context, handler->lambda.body), node->type)));
    Core *trying = build_set_local(core, result, lower_convert(context, lower_value(context, body->lambda.body), node->type));
    core_append(sequence, build_try(core, trying, error, handling, false));
    sequence->a = context_local(context, result, span);
    return sequence;
}

/* A statement where an expression stands: it is done, and the value is nothing. */
static Core *as_value(Context *context, Node *node, Core *statement)
{
    Core *sequence = core_new(context->lower->core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, statement);
    return sequence;
}

static Core *lower_vm_wait(Context *context, Node *node, Node *until, Node *topics)
{
    Core *wait = core_new(context->lower->core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), node->span);
    wait->a = until ? lower_value(context, until) : NULL;
    wait->number = constant_of(topics);
    return wait;
}

static Core *lower_minmax(Context *context, Node *node, Call *call)
{
    CoreProgram *core = context->lower->core;
    uint32_t a = context_temp(context, node->type), b = context_temp(context, node->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, build_set_local(core, a, lower_value(context, call->args[0])));
    core_append(sequence, build_set_local(core, b, lower_value(context, call->args[1])));
    Core *test = build_binary(core, call->function == FUNCTION_MIN ? CORE_LE : CORE_GE, context_local(context, a, node->span),
                              context_local(context, b, node->span));
    sequence->a = build_choose(core, test, context_local(context, a, node->span), context_local(context, b, node->span));
    return sequence;
}

static Core *lower_abs(Context *context, Node *node, Node *arg)
{
    CoreProgram *core = context->lower->core;
    Core *value = lower_value(context, arg);
    if (value->type->kind == TYPE_FLOAT) {
        Core *abs = builtin(context, BUILTIN_FLOAT_ABS, value->type, node->span);
        core_append(abs, value);
        return abs;
    }
    uint32_t held = context_temp(context, value->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, build_set_local(core, held, value));
    Core *zero = build_int(core, TYPE_INT, 0, node->span);
    Core *negative = core_new(core, CORE_UNARY, value->type, node->span);
    negative->op = CORE_NEG;
    negative->a = context_local(context, held, node->span);
    sequence->a = build_choose(core, build_binary(core, CORE_LT, context_local(context, held, node->span), zero), negative,
                               context_local(context, held, node->span));
    return sequence;
}

static Core *lower_vm_effect(Context *context, Node *node, Call *call)
{
    Core *effect = core_new(context->lower->core, CORE_EFFECT, simple_type(context->lower, TYPE_JSON), node->span);
    Str wanted = literal_of(context, call->args[1]);
    effect->text = literal_of(context, call->args[0]);
    effect->index = str_equal_c(wanted, "look") ? EFFECT_LOOK : str_equal_c(wanted, "change") ? EFFECT_CHANGE : EFFECT_NOTIFY;
    effect->a = lower_value(context, call->args[2]);
    return effect;
}

static Core *lower_zone_question(Context *context, Node *node, BuiltinId id, Node **args)
{
    Core *value = builtin(context, id, node->type, node->span);
    core_append(value, lower_value(context, args[1]));
    core_append(value, lower_value(context, args[0]));
    return value;
}

Core *lower_function_call(Context *context, Node *node, Call *call)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Node **args = call->args;
    switch (call->function) {
    case FUNCTION_MIN:
    case FUNCTION_MAX: return lower_minmax(context, node, call);
    case FUNCTION_ABS: return lower_abs(context, node, args[0]);
    case FUNCTION_ROUND: {
        Core *value = builtin(context, BUILTIN_FLOAT_ROUND, node->type, span);
        core_append(value, lower_value(context, args[0]));
        return value;
    }
    case FUNCTION_VM_WAIT: return lower_vm_wait(context, node, args[0], args[1]);
    case FUNCTION_VM_WAIT_FOR: return as_value(context, node, build_do(core, lower_vm_wait(context, node, NULL, args[0])));
    case FUNCTION_VM_NOTIFY: {
        Core *notify = core_new(core, CORE_NOTIFY, NULL, span);
        notify->number = constant_of(args[0]);
        return as_value(context, node, notify);
    }
    case FUNCTION_VM_EMIT: {
        Core *emit = core_new(core, CORE_EMIT, NULL, span);
        emit->text = literal_of(context, args[0]);
        emit->a = lower_value(context, args[1]);
        return as_value(context, node, emit);
    }
    case FUNCTION_VM_NEXT_SIGNAL: return core_new(core, CORE_SIGNAL, node->type, span);
    case FUNCTION_VM_SPAWN: return lower_spawn(context, node, args[0], RANK_PLAN);
    case FUNCTION_VM_SPAWN_RANKED: return lower_spawn(context, node, args[1], constant_of(args[0]));
    case FUNCTION_VM_CANCEL: {
        Core *cancel = core_new(core, CORE_CANCEL, NULL, span);
        cancel->a = lower_value(context, args[0]);
        return as_value(context, node, cancel);
    }
    case FUNCTION_VM_JOIN: {
        Core *join = core_new(core, CORE_JOIN, node->type, span);
        join->a = lower_value(context, args[0]);
        join->flag = true;
        return join;
    }
    case FUNCTION_VM_CATCH: return lower_catch(context, node, args[0], args[1]);
    case FUNCTION_VM_EFFECT: return lower_vm_effect(context, node, call);
    case FUNCTION_VM_STEP: {
        Core *step = core_new(core, CORE_STEP, NULL, span);
        step->a = lower_value(context, args[0]);
        return as_value(context, node, step);
    }
    case FUNCTION_VM_FAIL: return as_value(context, node, build_fail(core, lower_value(context, args[0])));
    case FUNCTION_VM_START: return builtin(context, BUILTIN_START_ARGS, node->type, span);
    case FUNCTION_VM_PARSE_JSON: {
        Core *value = builtin(context, BUILTIN_TEXT_TO_JSON, node->type, span);
        core_append(value, lower_value(context, args[0]));
        return value;
    }
    case FUNCTION_VM_SECRET: {
        Core *handle = core_new(core, CORE_CONCAT, node->type, span);
        core_append(handle, build_text(core, STR("\xEF\xB7\x90"), span)); /* docs/decisions/0002 */
        core_append(handle, lower_value(context, args[0]));
        core_append(handle, build_text(core, STR("\xEF\xB7\x91"), span));
        return handle;
    }
    case FUNCTION_VM_ZONE_OFFSET: return lower_zone_question(context, node, BUILTIN_TIME_ZONE_OFFSET, args);
    case FUNCTION_VM_ZONE_CHANGE: return lower_zone_question(context, node, BUILTIN_TIME_ZONE_CHANGE, args);
    case FUNCTION_COUNT: break;
    }
    assert(call->function < FUNCTION_COUNT);
    return build_int(core, TYPE_INT, 0, span);
}
