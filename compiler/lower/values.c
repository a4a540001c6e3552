/* Expressions: a checked node comes in, a core expression of the same type goes out (converted to what its place wants).
 * Calls and methods are in calls.c, texts in texts.c, effects in effects.c. */
#include "compiler/lower/context.h"
#include "vm/base/time.h"

#include "vm/code/opcode.h"

#include <assert.h>

Core *lower_convert(Context *context, Core *value, const Type *goal)
{
    if (!goal || goal == value->type) return value;
    CoreProgram *core = context->lower->core;
    if (goal->kind == TYPE_JSON) return build_to_json(core, value);
    if (goal->kind == TYPE_OPTIONAL && value->type->kind != TYPE_OPTIONAL)
        return build_some(core, lower_convert(context, value, goal->element));
    if (goal->kind == TYPE_SECRET || goal->kind == TYPE_STRING || goal->kind == TYPE_OPTIONAL ||
        goal->kind == TYPE_LIST || goal->kind == TYPE_MAP || goal->kind == TYPE_ENUM)
        return value; /* the same at run time: a secret is a string, an empty list has any element */
    return value;
}

/* A number kept where scalars live; enum members, durations and times are numbers. */
static Core *lower_scalar(Context *context, const Node *node, int64_t number)
{
    Core *value = core_new(context->lower->core, CORE_INT, node->type, node->span);
    value->number = number;
    return value;
}

static Core *lower_float(Context *context, const Node *node, double real)
{
    Core *value = core_new(context->lower->core, CORE_FLOAT, simple_type(context->lower, TYPE_FLOAT), node->span);
    value->real = real;
    return value;
}

/* "2026-03-02" → ms of its midnight in UTC. */
static int64_t time_of_date(Str text)
{
    int64_t time = 0;
    time_parse(text, &time, NULL);
    return time;
}

/* A list or map literal where json is wanted. */
static Core *lower_json_list(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    const Type *json = simple_type(context->lower, TYPE_JSON);
    Core *list = core_new(core, CORE_LIST, type_list(core->types, json), node->span);
    for node_each(item, node->list.items) core_append(list, lower_convert(context, lower_value(context, item), json));
    return build_to_json(core, list);
}

static Core *lower_list(Context *context, Node *node)
{
    if (node->type->kind == TYPE_JSON) return lower_json_list(context, node);
    Core *list = core_new(context->lower->core, CORE_LIST, node->type, node->span);
    for node_each(item, node->list.items)
        core_append(list, lower_convert(context, lower_value(context, item), node->type->element));
    return list;
}

static Core *lower_map(Context *context, Node *node)
{
    bool is_json = node->type->kind == TYPE_JSON;
    Core *map = core_new(context->lower->core, is_json ? CORE_OBJECT : CORE_MAP, node->type, node->span);
    const Type *element = is_json ? node->type : node->type->element;
    for node_each(entry, node->map.entries) {
        core_append(map, lower_string(context, entry->entry.key));
        core_append(map, lower_convert(context, lower_value(context, entry->entry.value), element));
    }
    return map;
}

/* A builtin call of which the operand texts are at hand. */
static Core *call_builtin(Context *context, BuiltinId id, const Type *type, Span span, Core *a, Core *b)
{
    Core *node = core_new(context->lower->core, CORE_BUILTIN, type, span);
    node->index = (uint32_t)id;
    core_append(node, a);
    core_append(node, b);
    return node;
}

static Core *lower_contact_of(Context *context, Core *name, Span span)
{
    return build_call(context->lower->core, lower_prelude_function(context->lower, "contact_named"), span, name, NULL);
}

static Core *lower_name_value(Context *context, Node *node, Symbol *symbol)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    switch (symbol->kind) {
    case SYMBOL_LOCAL: {
        const Binding *known = context_find(context, symbol);
        if (known) return context_local(context, known->local, span);
        return build_global(core, symbol_global(lower, symbol), span);
    }
    case SYMBOL_SETTING: return lower_setting(context, symbol, span);
    case SYMBOL_CONSTANT:
    case SYMBOL_VAR: return build_global(core, symbol_global(lower, symbol), span);
    case SYMBOL_SECRET: {
        Core *handle = core_new(core, CORE_STRING, simple_type(lower, TYPE_SECRET), span);
        handle->text = arena_printf(lower->arena, "\xEF\xB7\x90%.*s\xEF\xB7\x91", STR_ARG(symbol->name));
        return handle;
    }
    case SYMBOL_CONTACT:
    case SYMBOL_ROTATION:
    case SYMBOL_ROLE: return lower_contact_of(context, build_text(core, symbol->name, span), span);
    case SYMBOL_CHANNEL:
        return build_call(core, lower_prelude_function(lower, "channel_named"), span,
                          build_text(core, symbol->name, span), NULL);
    case SYMBOL_SEVERITY:
    case SYMBOL_MEMBER: return lower_scalar(context, node, symbol->index);
    case SYMBOL_FN: {
        Core *closure = core_new(core, CORE_CLOSURE, node->type, span);
        closure->function = lower_fn_symbol(lower, symbol);
        return closure;
    }
    case SYMBOL_BUILTIN:
        switch (symbol->builtin) {
        case BUILTIN_NAME_NOW: return build_call(core, lower_prelude_function(lower, "wall_now"), span, NULL);
        case BUILTIN_NAME_EVEN_NOW: return build_now(core, span);
        case BUILTIN_NAME_ALERT:
        case BUILTIN_NAME_INCIDENT: return build_global(core, symbol_global(lower, symbol->target_var), span);
        case BUILTIN_NAME_ME: return build_global(core, lower_prelude_global(lower, "starter"), span);
        case BUILTIN_NAME_THIS_RUN:
            return build_field(core, build_global(core, lower_prelude_global(lower, "incident"), span), "id");
        default: break;
        }
        break;
    default: break;
    }
    assert(false); /* the checker lets no other name be a value */
    return lower_scalar(context, node, 0);
}

/* a ?. b: what the member of an absent value is. `inside` is lowered with the receiver in a local. */
static Core *chain_optional(Context *context, Node *node, Core *receiver, const Type *result,
                            Core *(*inside)(Context *, Node *, Core *))
{
    CoreProgram *core = context->lower->core;
    uint32_t held = context_temp(context, receiver->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, result, node->span);
    core_append(sequence, build_set_local(core, held, receiver));
    Core *value = build_value(core, context_local(context, held, node->span), "the value is absent");
    Core *present = build_some(core, inside(context, node, value));
    sequence->a = build_choose(core, build_is_some(core, context_local(context, held, node->span)), present,
                               build_none(core, result, node->span));
    sequence->a->type = result;
    return sequence;
}

static Core *guarded(Context *context, const char *function, Core *receiver)
{
    return build_call(context->lower->core, lower_prelude_function(context->lower, function), receiver->span, receiver,
                      NULL);
}

static const char *guard_of(MemberKind kind)
{
    switch (kind) {
    case MEMBER_OUT: return "result_out";
    case MEMBER_OUT_JSON: return "result_json";
    case MEMBER_BODY: return "response_body";
    case MEMBER_REASON: return "response_reason";
    default: return "response_json";
    }
}

/* `r.out ?? "x"`: absent where the look failed. */
static Core *guarded_or_none(Context *context, Node *node, Core *receiver)
{
    CoreProgram *core = context->lower->core;
    Member *member = node_member(node);
    uint32_t held = context_temp(context, receiver->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, build_set_local(core, held, receiver));
    Core *value = guarded(context, guard_of(member->kind), context_local(context, held, node->span));
    sequence->a = build_choose(core, build_field(core, context_local(context, held, node->span), "ok"),
                               build_some(core, value), build_none(core, node->type, node->span));
    sequence->a->type = node->type;
    return sequence;
}

static Core *member_of(Context *context, Node *node, Core *receiver)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Member *member = node_member(node);
    switch (member->kind) {
    case MEMBER_FIELD: {
        Core *field = core_new(core, CORE_FIELD, receiver->type->fields[member->index].type, node->span);
        field->a = receiver;
        field->index = member->index;
        return field;
    }
    case MEMBER_JSON:
        return call_builtin(context, BUILTIN_JSON_MEMBER, simple_type(lower, TYPE_JSON), node->span, receiver,
                            build_text(core, node->member.name, node->span));
    case MEMBER_PROPERTY: return lower_method(context, node, member->method, receiver, NULL);
    default:
        if (member->in_default) return guarded_or_none(context, node, receiver);
        return guarded(context, guard_of(member->kind), receiver);
    }
}

static Core *service_text(Context *context, Node *node, uint32_t index)
{
    static const char *const names[] = {"name", "owner", "runbook"};
    CoreProgram *core = context->lower->core;
    Node *service = context->lower->program->service;
    if (service && index == 0) return lower_string(context, service->service.title);
    if (service)
        for node_each(field, service->service.fields)
            if (field->kind == NODE_FIELD && str_equal_c(field->field.name, names[index]) && field->field.values.first)
                return lower_value(context, field->field.values.first);
    return build_text(core, STR(""), node->span);
}

static Core *lower_member(Context *context, Node *node)
{
    Lower *lower = context->lower;
    Member *member = node_member(node);
    if (!member || member->kind == MEMBER_SYMBOL) return lower_name_value(context, node, node->symbol);
    if (member->kind == MEMBER_SERVICE) return service_text(context, node, member->index);
    if (member->kind == MEMBER_SEVERITY) {
        Core *level = build_global(lower->core, lower_prelude_global(lower, "severity"), node->span);
        level->type = node->type;
        return level;
    }
    const char *reckoned = member->kind == MEMBER_AGE           ? "incident_age"
                           : member->kind == MEMBER_OPENED      ? "incident_opened"
                           : member->kind == MEMBER_NEXT_UPDATE ? "incident_next_update"
                                                                : NULL;
    if (reckoned) return build_call(lower->core, lower_prelude_function(lower, reckoned), node->span, NULL);
    Core *receiver = lower_value(context, node->member.object);
    bool chains = receiver->type->kind == TYPE_OPTIONAL && !(member->kind == MEMBER_PROPERTY && !receiver->type->element);
    if (chains) return chain_optional(context, node, receiver, node->type, member_of);
    return member_of(context, node, receiver);
}

static Core *index_of(Context *context, Node *node, Core *receiver)
{
    CoreProgram *core = context->lower->core;
    Core *key = lower_value(context, node->index.index);
    if (receiver->type->kind == TYPE_JSON)
        return call_builtin(context, key->type->kind == TYPE_INT ? BUILTIN_JSON_INDEX : BUILTIN_JSON_MEMBER, receiver->type,
                            node->span, receiver, key);
    Core *item = core_new(core, CORE_GET_ITEM, type_optional(core->types, receiver->type->element), node->span);
    item->a = receiver;
    item->b = key;
    return item;
}

static Core *lower_index(Context *context, Node *node)
{
    Core *receiver = lower_value(context, node->index.object);
    if (receiver->type->kind == TYPE_OPTIONAL) return chain_optional(context, node, receiver, node->type, index_of);
    return index_of(context, node, receiver);
}

static Core *lower_range_test(Context *context, Node *node, Core *value)
{
    Node *range = node->binary.right;
    CoreProgram *core = context->lower->core;
    uint32_t held = context_temp(context, value->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    core_append(sequence, build_set_local(core, held, value));
    Core *low = build_binary(core, CORE_GE, context_local(context, held, node->span), lower_value(context, range->range.start));
    Core *high = build_binary(core, CORE_LE, context_local(context, held, node->span), lower_value(context, range->range.end));
    sequence->a = build_and(core, low, high);
    return sequence;
}

static Core *lower_in(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Node *right = node->binary.right;
    Core *value = lower_value(context, node->binary.left);
    Core *test;
    if (right->kind == NODE_RANGE) {
        test = lower_range_test(context, node, value);
    } else {
        Core *whole = lower_value(context, right);
        BuiltinId id = whole->type->kind == TYPE_LIST  ? BUILTIN_LIST_CONTAINS
                       : whole->type->kind == TYPE_MAP ? BUILTIN_MAP_HAS
                                                       : BUILTIN_TEXT_CONTAINS;
        test = call_builtin(context, id, node->type, node->span, whole, value);
    }
    return node->binary.op == BINARY_NOT_IN ? build_not(core, test) : test;
}

/* int where the other side is float: the checker leaves numbers of two kinds to the operator. */
static Core *as_float(Context *context, Core *value)
{
    if (value->type->kind != TYPE_INT) return value;
    Core *cast = core_new(context->lower->core, CORE_UNARY, simple_type(context->lower, TYPE_FLOAT), value->span);
    cast->op = CORE_TO_FLOAT;
    cast->a = value;
    return cast;
}

static Core *lower_binary(Context *context, Node *node)
{
    static const CoreOperator operators[] = {
        [BINARY_EQ] = CORE_EQ,       [BINARY_NE] = CORE_NE,    [BINARY_LT] = CORE_LT,  [BINARY_LE] = CORE_LE,
        [BINARY_GT] = CORE_GT,       [BINARY_GE] = CORE_GE,    [BINARY_ADD] = CORE_ADD, [BINARY_SUB] = CORE_SUB,
        [BINARY_MUL] = CORE_MUL,     [BINARY_DIV] = CORE_DIV,  [BINARY_MOD] = CORE_MOD,
        [BINARY_AT_LEAST] = CORE_LE, [BINARY_WORSE] = CORE_LT, /* the worst severity is number 0 */
    };
    CoreProgram *core = context->lower->core;
    BinaryOp op = node->binary.op;
    if (op == BINARY_IN || op == BINARY_NOT_IN) return lower_in(context, node);
    Core *left = lower_value(context, node->binary.left);
    Core *right = lower_value(context, node->binary.right);
    if (op == BINARY_AND) return build_and(core, left, right);
    if (op == BINARY_OR) return build_or(core, left, right);
    if (op == BINARY_MATCHES) return call_builtin(context, BUILTIN_TEXT_MATCHES, node->type, node->span, left, right);
    if (left->type->kind == TYPE_STRING && op == BINARY_ADD) {
        Core *text = core_new(core, CORE_CONCAT, left->type, node->span);
        core_append(text, left);
        core_append(text, right);
        return text;
    }
    if (left->type->kind == TYPE_LIST && op == BINARY_ADD)
        return call_builtin(context, BUILTIN_LIST_CONCAT, left->type, node->span, left, right);
    if (left->type->kind == TYPE_FLOAT || right->type->kind == TYPE_FLOAT) {
        left = as_float(context, left);
        right = as_float(context, right);
    }
    Core *value = build_binary(core, operators[op], left, right);
    value->type = node->type;
    value->span = node->span;
    return value;
}

static Core *lower_unary(Context *context, Node *node)
{
    Core *value = core_new(context->lower->core, CORE_UNARY, node->type, node->span);
    value->op = node->unary.op == UNARY_NOT ? CORE_NOT : CORE_NEG;
    value->a = lower_value(context, node->unary.operand);
    return value;
}

static bool may_be_json(const Type *type)
{
    return type->kind == TYPE_JSON || (type->kind == TYPE_OPTIONAL && type->element->kind == TYPE_JSON);
}

/* Under `as?` a missing member is absent, not a failure: the members on the way are looked for instead. */
static Core *lower_json_find(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    const Type *found = type_optional(core->types, simple_type(context->lower, TYPE_JSON));
    Member *member = node->kind == NODE_MEMBER ? node_member(node) : NULL;
    if (member && member->kind == MEMBER_JSON)
        return call_builtin(context, BUILTIN_JSON_FIND, found, node->span, lower_json_find(context, node->member.object),
                            build_text(core, node->member.name, node->span));
    if (node->kind == NODE_INDEX && may_be_json(node->index.object->type)) {
        Core *key = lower_value(context, node->index.index);
        BuiltinId id = key->type->kind == TYPE_INT ? BUILTIN_JSON_FIND_INDEX : BUILTIN_JSON_FIND;
        return call_builtin(context, id, found, node->span, lower_json_find(context, node->index.object), key);
    }
    Call *call = node->kind == NODE_CALL ? node_call(node) : NULL;
    if (call && call->target == CALL_METHOD && call->method == METHOD_JSON_PATH)
        return call_builtin(context, BUILTIN_JSON_FIND_PATH, found, node->span, lower_json_find(context, call->receiver),
                            lower_value(context, call->args[0]));
    return build_some(core, lower_value(context, node));
}

static Core *from_json(Context *context, Node *node, Core *value, const Type *type)
{
    Core *cast = core_new(context->lower->core, CORE_FROM_JSON, type, node->span);
    cast->a = value;
    cast->text = lower_source(context->lower, node->cast.value->span);
    return cast;
}

static Core *lower_cast(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    const Type *from = node->cast.value->type;
    if (node->cast.optional && may_be_json(from)) {
        Core *found = lower_json_find(context, node->cast.value);
        uint32_t held = context_temp(context, found->type);
        Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
        core_append(sequence, build_set_local(core, held, found));
        Core *value = build_value(core, context_local(context, held, node->span), "the value is absent");
        sequence->a = build_choose(core, build_is_some(core, context_local(context, held, node->span)),
                                   from_json(context, node, value, node->type), build_none(core, node->type, node->span));
        sequence->a->type = node->type;
        return sequence;
    }
    Core *value = lower_value(context, node->cast.value);
    if (value->type == node->type) return value;
    if (value->type->kind == TYPE_INT && node->type->kind == TYPE_FLOAT) return as_float(context, value);
    if (value->type->kind != TYPE_JSON) value = build_to_json(core, value);
    return from_json(context, node, value, node->type);
}

static Core *lower_default(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Core *value = core_new(core, CORE_DEFAULT, node->type, node->span);
    value->a = lower_value(context, node->fallback.value);
    if (node->fallback.fail) {
        Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
        uint32_t held = context_temp(context, value->a->type);
        core_append(sequence, build_set_local(core, held, value->a));
        core_append(sequence, build_if(core, build_not(core, build_is_some(core, context_local(context, held, node->span))),
                                       build_fail(core, lower_string(context, node->fallback.fail->kind == NODE_FAIL
                                                                                  ? node->fallback.fail->fail.text
                                                                                  : node->fallback.fail)),
                                       NULL));
        sequence->a = build_value(core, context_local(context, held, node->span), "the value is absent");
        return sequence;
    }
    value->b = lower_convert(context, lower_value(context, node->fallback.otherwise), node->type);
    return value;
}

/* `if let y = x then a else b`: y is bound for a only. */
static Core *lower_choose(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    Node *condition = node->choose.condition;
    Core *sequence = core_new(core, CORE_SEQUENCE, node->type, node->span);
    Core *test;
    if (condition->kind == NODE_LET_CONDITION) {
        Core *value = lower_value(context, condition->let_condition.value);
        uint32_t held = context_temp(context, value->type);
        uint32_t local = context_bind(context, condition->symbol, value->type->element);
        core_append(sequence, build_set_local(core, held, value));
        Core *bound = core_new(core, CORE_SEQUENCE, node->type, node->span);
        core_append(bound, build_set_local(core, local,
                                           build_value(core, context_local(context, held, node->span), "the value is absent")));
        bound->a = lower_convert(context, lower_value(context, node->choose.then), node->type);
        test = build_is_some(core, context_local(context, held, node->span));
        sequence->a = build_choose(core, test, bound,
                                   lower_convert(context, lower_value(context, node->choose.otherwise), node->type));
    } else {
        test = lower_value(context, condition);
        /* One after the other: C leaves the order of arguments open, and functions are numbered as they are met. */
        Core *yes = lower_convert(context, lower_value(context, node->choose.then), node->type);
        Core *no = lower_convert(context, lower_value(context, node->choose.otherwise), node->type);
        sequence->a = build_choose(core, test, yes, no);
    }
    sequence->a->type = node->type;
    return sequence;
}

/* What is missing still has a value in a drill, and in a run that goes without it. */
static Core *lower_stand_in(Context *context, Node *node)
{
    if (node->type->kind != TYPE_STRING) return lower_zero(context, node->type, node->span);
    return build_text(context->lower->core, lower_source(context->lower, node->span), node->span);
}

static Core *lower_plain(Context *context, Node *node)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    if (node_effect(node)) return lower_effect(context, node);
    switch (node->kind) {
    case NODE_INT: return node->type->kind == TYPE_FLOAT ? lower_float(context, node, (double)node->integer.value)
                                                         : lower_scalar(context, node, node->integer.value);
    case NODE_BOOL: return lower_scalar(context, node, node->boolean.value);
    case NODE_DURATION: return lower_scalar(context, node, node->duration.value);
    case NODE_TIME_OF_DAY:
        return build_call(core, lower_prelude_function(lower, "next_at"), node->span,
                          build_int(core, TYPE_DURATION, node->time_of_day.value, node->span), NULL);
    case NODE_BUSINESS: return lower_business(context, node);
    case NODE_DATE: return lower_scalar(context, node, time_of_date(node->date.text));
    case NODE_DATE_TIME: return lower_scalar(context, node, time_of_date(node->date_time.date) + node->date_time.value);
    case NODE_FLOAT: return lower_float(context, node, node->real.value);
    case NODE_PERCENT: return lower_float(context, node, node->percent.value);
    case NODE_NONE:
        if (node->type->kind == TYPE_JSON)
            return build_to_json(core, build_none(core, type_optional(core->types, simple_type(lower, TYPE_STRING)), node->span));
        return build_none(core, node->type, node->span);
    case NODE_STRING: return lower_string(context, node);
    case NODE_LIST: return lower_list(context, node);
    case NODE_MAP: return lower_map(context, node);
    case NODE_NAME: return lower_name_value(context, node, node->symbol);
    case NODE_MEMBER: return lower_member(context, node);
    case NODE_INDEX: return lower_index(context, node);
    case NODE_CALL: return lower_call(context, node, node_call(node));
    case NODE_BINARY: return lower_binary(context, node);
    case NODE_UNARY: return lower_unary(context, node);
    case NODE_CAST: return lower_cast(context, node);
    case NODE_DEFAULT: return lower_default(context, node);
    case NODE_CHOOSE: return lower_choose(context, node);
    case NODE_LAMBDA: return lower_lambda(context, node);
    case NODE_OBSERVE: return lower_value(context, node->observe.effect);
    case NODE_ASK: return lower_ask(context, node);
    case NODE_MISSING: return lower_stand_in(context, node);
    default: break;
    }
    assert(false); /* the checker lets nothing else be an expression */
    return build_int(core, TYPE_INT, 0, node->span);
}

Core *lower_value(Context *context, Node *node)
{
    return lower_convert(context, lower_plain(context, node), node_goal(node));
}
