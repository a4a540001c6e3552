/* Operators: arithmetic, comparison, `in`, `matches`, `??`, `as`.
 *
 * In: an operator's node. Out: its type and those of its operands, which agree, or one message at the
 * operator. */
#include "compiler/check/check.h"

static const Type *wrong_operands(Checker *c, Node *node)
{
    const Type *left = node->binary.left->type, *right = node->binary.right->type;
    if (left->kind == TYPE_WRONG || right->kind == TYPE_WRONG) return c->wrong;
    Diag *diag = report(c, P0306, node->span, "`%s` does not go with `%.*s` and `%.*s`",
                        op_text_BinaryOp(node->binary.op), STR_ARG(left->name), STR_ARG(right->name));
    if (left->kind == TYPE_JSON) report_help(c, diag, "say what the answer's value is: `… as int`");
    if (left == c->program->severity && right == left) {
        report_help(
            c, diag,
            "severities are compared by `at least` and `worse than`, since a smaller number is worse");
    }
    bool severity = left == c->program->severity || right == c->program->severity;
    if (severity && (node->binary.left->kind == NODE_STRING || node->binary.right->kind == NODE_STRING))
        report_help(c, diag, "a severity stands without quotes: `incident.severity == SEV1`");
    bool sum = node->binary.op == BINARY_ADD;
    if (sum && (left->kind == TYPE_STRING || right->kind == TYPE_STRING))
        report_help(c, diag, "write the value into the text: `\"… ${x}\"`");
    if ((left->kind == TYPE_DURATION && right->kind == TYPE_INT) || (left->kind == TYPE_INT && right->kind == TYPE_DURATION))
        report_help(c, diag, "a duration has a unit: `300s`");
    if (type_is_optional(left) || type_is_optional(right)) {
        report_help(c, diag, "what may be absent needs `?? default` first");
    }
    return c->wrong;
}

static bool is_int_literal(const Node *node)
{
    return node->kind == NODE_INT || (node->kind == NODE_UNARY && node->unary.op == UNARY_NEGATE &&
                                      node->unary.operand && node->unary.operand->kind == NODE_INT);
}

/* Types both sides; a whole number beside a float is one, too. */
static void check_sides(Checker *c, Node *node)
{
    Node *left = node->binary.left, *right = node->binary.right;
    if (left->kind == NODE_NONE || (left->kind == NODE_LIST && !left->list.items.first)) {
        check_expression(c, right, NULL);
        check_expression(c, left, right->type);
        return;
    }
    check_expression(c, left, NULL);
    check_expression(c, right, left->type);
    if (is_int_literal(left) && right->type->kind == TYPE_FLOAT) check_expression(c, left, right->type);
}

static const Type *check_arithmetic(Checker *c, Node *node)
{
    check_sides(c, node);
    const Type *left = node->binary.left->type, *right = node->binary.right->type;
    BinaryOp op = node->binary.op;
    if (left->kind == TYPE_WRONG || right->kind == TYPE_WRONG) return c->wrong;
    bool same = left == right;
    if (same && type_is_number(left) && (op != BINARY_MOD || left->kind == TYPE_INT)) return left;
    bool sum = op == BINARY_ADD || op == BINARY_SUB;
    if (same && left->kind == TYPE_DURATION && sum) return left;
    if (left->kind == TYPE_TIME && right->kind == TYPE_DURATION && sum) return left;
    if (left->kind == TYPE_DURATION && right->kind == TYPE_TIME && op == BINARY_ADD) return right;
    if (left->kind == TYPE_TIME && right->kind == TYPE_TIME && op == BINARY_SUB) return c->duration;
    if (op == BINARY_ADD && left->kind == TYPE_STRING && right->kind == TYPE_STRING) return left;
    if (op == BINARY_MUL && left->kind == TYPE_DURATION && right->kind == TYPE_INT) return left;
    if (op == BINARY_MUL && left->kind == TYPE_INT && right->kind == TYPE_DURATION) return right;
    if (op == BINARY_DIV && left->kind == TYPE_DURATION && right->kind == TYPE_INT) return left;
    return wrong_operands(c, node);
}

void report_secret_compared(Checker *c, Span at)
{
    report(c, P0602, at, "a secret cannot be compared: what came of it would tell about it");
}

static bool is_comparable(const Type *type)
{
    return type->kind != TYPE_FN && type->kind != TYPE_FIBER && type->kind != TYPE_UNIT &&
           type->kind != TYPE_ERROR;
}

static const Type *check_equality(Checker *c, Node *node)
{
    check_sides(c, node);
    Node *left = node->binary.left, *right = node->binary.right;
    if (type_holds_secret(left->type) || type_holds_secret(right->type)) {
        report_secret_compared(c, node->span);
        return c->boolean;
    }
    bool converts;
    if (!is_comparable(left->type))
        wrong_operands(c, node);
    else if (type_is_optional(left->type) && type_agrees(c, right->type, left->type, &converts))
        want_type(c, right, left->type);
    else if (type_is_optional(right->type) && type_agrees(c, left->type, right->type, &converts))
        want_type(c, left, right->type);
    else if (left->type != right->type)
        wrong_operands(c, node);
    return c->boolean;
}

static bool is_percent(const Node *type)
{
    return type && type->kind == NODE_TYPE_NAME && type->type_name.name->kind == NODE_NAME &&
           str_equal(type->type_name.name->name.text, STR("percent"));
}

static const Type *check_order(Checker *c, Node *node)
{
    check_sides(c, node);
    const Type *left = node->binary.left->type, *right = node->binary.right->type;
    if (type_holds_secret(left) || type_holds_secret(right))
        report_secret_compared(c, node->span);
    else if (left != right || !type_is_ordered(left))
        wrong_operands(c, node);
    else if (node->binary.right->kind == NODE_PERCENT && node->binary.left->kind == NODE_CAST &&
             !is_percent(node->binary.left->cast.type)) {
        Diag *diag =
            report(c, P0311, node->span,
                   "`%%` is compared with a plain `as float`: is 12.3 of the answer 12.3 %% or 1230 %%?");
        report_help(c, diag, "`as percent` reads 12.3 as 12.3 %%");
    }
    return c->boolean;
}

static const Type *check_severity_order(Checker *c, Node *node)
{
    check_sides(c, node);
    const Type *severity = c->program->severity;
    if (node->binary.left->type != severity || node->binary.right->type != severity) wrong_operands(c, node);
    return c->boolean;
}

static const Type *check_in(Checker *c, Node *node)
{
    Node *left = node->binary.left, *right = node->binary.right;
    const Type *type = check_expression(c, left, NULL);
    if (right->kind == NODE_RANGE) {
        check_value(c, right->range.start, type);
        check_value(c, right->range.end, type);
        right->type = type;
        if (!type_is_ordered(type) && type->kind != TYPE_WRONG) wrong_operands(c, node);
        return c->boolean;
    }
    const Type *list = check_expression(c, right, type_list(c->types, type));
    bool compares = list->kind != TYPE_MAP; /* of a map only the names are looked at */
    if (type_holds_secret(type) || (compares && type_holds_secret(list))) {
        report_secret_compared(c, node->span);
        return c->boolean;
    }
    bool text = list->kind == TYPE_STRING && type->kind == TYPE_STRING;
    if (list->kind == TYPE_LIST && list->element == type) return c->boolean;
    if (list->kind == TYPE_MAP && type->kind == TYPE_STRING) return c->boolean;
    if (!text) wrong_operands(c, node);
    return c->boolean;
}

const Type *check_binary(Checker *c, Node *node, const Type *hint)
{
    (void)hint;
    switch (node->binary.op) {
    case BINARY_OR:
    case BINARY_AND:
        check_value(c, node->binary.left, c->boolean);
        check_value(c, node->binary.right, c->boolean);
        return c->boolean;
    case BINARY_EQ:
    case BINARY_NE: return check_equality(c, node);
    case BINARY_LT:
    case BINARY_LE:
    case BINARY_GT:
    case BINARY_GE: return check_order(c, node);
    case BINARY_AT_LEAST:
    case BINARY_WORSE: return check_severity_order(c, node);
    case BINARY_IN:
    case BINARY_NOT_IN: return check_in(c, node);
    case BINARY_MATCHES:
        check_value(c, node->binary.left, c->string);
        check_value(c, node->binary.right, c->string);
        check_pattern_text(c, node->binary.right);
        return c->boolean;
    case BINARY_ADD:
    case BINARY_SUB:
    case BINARY_MUL:
    case BINARY_DIV:
    case BINARY_MOD: return check_arithmetic(c, node);
    }
    return c->wrong;
}

const Type *check_unary(Checker *c, Node *node, const Type *hint)
{
    if (node->unary.op == UNARY_NOT) return check_value(c, node->unary.operand, c->boolean);
    const Type *type = check_expression(c, node->unary.operand, hint);
    if (type_is_number(type) || type->kind == TYPE_DURATION || type->kind == TYPE_WRONG) return type;
    report(c, P0306, node->span, "`-` does not go with `%.*s`", STR_ARG(type->name));
    return c->wrong;
}

/* What a json value can be read as. */
static bool is_readable(const Type *type)
{
    switch (type->kind) {
    case TYPE_WRONG:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_DURATION:
    case TYPE_TIME:
    case TYPE_STRING:
    case TYPE_JSON: return true;
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_OPTIONAL: return is_readable(type->element);
    default: return false;
    }
}

const Type *check_cast(Checker *c, Node *node)
{
    const Type *from = check_expression(c, node->cast.value, NULL);
    const Type *to;
    if (is_percent(node->cast.type)) {
        node->cast.type->type = to = c->real;
    } else {
        to = type_of_node(c, node->cast.type);
    }
    const Type *plain = type_unwrap(from);
    if (plain->kind == TYPE_STRING && !type_is_optional(from)) {
        node_set_goal(c, node->cast.value, c->json);
    } else if (plain->kind != TYPE_JSON && plain->kind != TYPE_WRONG) {
        Diag *diag = report(c, P0308, node->span, "`as` reads json and strings, and this is `%.*s`",
                            STR_ARG(from->name));
        if (from->kind == TYPE_INT) report_help(c, diag, "in a text it needs no conversion: \"${…}\"");
        return to;
    }
    if (!is_readable(to))
        report(c, P0308, node->cast.type->span, "json cannot be read as `%.*s`", STR_ARG(to->name));
    bool absent = node->cast.optional || type_is_optional(from);
    return absent ? type_optional(c->types, to) : to;
}

const Type *check_default(Checker *c, Node *node, const Type *hint)
{
    bool guarded = c->guarded;
    c->guarded = !node->fallback.fail;
    const Type *type = check_expression(c, node->fallback.value, hint ? type_optional(c->types, hint) : NULL);
    c->guarded = guarded;
    if (!type_is_optional(type) && type->kind != TYPE_WRONG) {
        report(c, P0304, node->fallback.value->span,
               "this is `%.*s`, which is never absent, so `??` has nothing to do", STR_ARG(type->name));
    }
    const Type *plain = type_unwrap(type);
    if (node->fallback.fail) {
        check_shown(c, node->fallback.fail, "a reason");
        return plain;
    }
    const Type *other = check_expression(c, node->fallback.otherwise, plain);
    if (type_is_optional(other) && other->element == plain) return other;
    want_type(c, node->fallback.otherwise, plain);
    return plain;
}
