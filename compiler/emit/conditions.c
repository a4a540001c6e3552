/* Conditions: comparisons and logic come in, jumps or truth values go out. Where a comparison decides a jump,
 * the two are one instruction if there is one. */
#include "compiler/emit/emitter.h"

static bool is_comparison(const Core *node)
{
    return node->kind == CORE_BINARY && node->op >= CORE_EQ && node->op <= CORE_GE;
}

/* a OP b is b MIRRORED a. */
static CoreOperator mirrored(CoreOperator op)
{
    switch (op) {
    case CORE_LT: return CORE_GT;
    case CORE_LE: return CORE_GE;
    case CORE_GT: return CORE_LT;
    case CORE_GE: return CORE_LE;
    default: return op;
    }
}

static CoreOperator negated(CoreOperator op)
{
    switch (op) {
    case CORE_EQ: return CORE_NE;
    case CORE_NE: return CORE_EQ;
    case CORE_LT: return CORE_GE;
    case CORE_LE: return CORE_GT;
    case CORE_GT: return CORE_LE;
    case CORE_GE: return CORE_LT;
    default: return op;
    }
}

/* A comparison of whole numbers as the machine has it: with a register, or with a number beyond which (or up
 * to which) it holds. op is EQ, NE, LT, LE with a register; EQ, NE, LT, GT with a number. */
typedef struct Comparison {
    CoreOperator op;
    const Core *a, *b; /* b is NULL: compares with `number` */
    int64_t number;
} Comparison;

static Comparison comparison_of(const Core *node, int64_t least, int64_t greatest)
{
    Comparison c = {.op = node->op, .a = node->a, .b = node->b};
    if (c.a->kind == CORE_INT && c.b->kind != CORE_INT) {
        c = (Comparison){.op = mirrored(node->op), .a = node->b, .b = node->a};
    }
    /* One to spare on both sides, so that <= n can be < n + 1. */
    if (c.b->kind == CORE_INT && c.b->number > least && c.b->number < greatest) {
        c.number = c.b->number;
        c.b = NULL;
        if (c.op == CORE_LE) c = (Comparison){.op = CORE_LT, .a = c.a, .number = c.number + 1};
        if (c.op == CORE_GE) c = (Comparison){.op = CORE_GT, .a = c.a, .number = c.number - 1};
    }
    return c;
}

static Opcode jump_with_number(CoreOperator op)
{
    switch (op) {
    case CORE_EQ: return OPCODE_IF_EQ_I;
    case CORE_NE: return OPCODE_IF_NE_I;
    case CORE_LT: return OPCODE_IF_LT_I;
    default: return OPCODE_IF_GT_I;
    }
}

static Opcode jump_with_register(CoreOperator op)
{
    switch (op) {
    case CORE_EQ: return OPCODE_IF_EQ;
    case CORE_NE: return OPCODE_IF_NE;
    case CORE_LT:
    case CORE_GT: return OPCODE_IF_LT;
    default: return OPCODE_IF_LE;
    }
}

static void branch_integers(Emitter *e, const Core *node, bool sense, Label *label)
{
    Core turned = *node;
    if (!sense) turned.op = negated(node->op);
    Comparison c = comparison_of(&turned, INT16_MIN, INT16_MAX);
    if (!c.b) {
        unsigned a = emit_operand(e, c.a);
        unsigned bits = (unsigned)(uint16_t)(int16_t)c.number;
        emitter_jump(e, node, jump_with_number(c.op), a, bits & 255, bits >> 8, label);
        return;
    }
    unsigned a = emit_operand_before(e, c.a, c.b), b = emit_operand(e, c.b);
    bool swap = c.op == CORE_GT || c.op == CORE_GE;
    emitter_jump(e, node, jump_with_register(c.op), swap ? b : a, swap ? a : b, 0, label);
}

static void branch_texts(Emitter *e, const Core *node, bool sense, Label *label)
{
    unsigned a = emit_operand_before(e, node->a, node->b), b = emit_operand(e, node->b);
    unsigned order = emitter_take(e, BANK_SCALAR, 1);
    emitter_put(e, node, OPCODE_COMPARE, order, a, b, 0);
    CoreOperator op = sense ? node->op : negated(node->op);
    switch (op) { /* the order is -1, 0 or 1 */
    case CORE_LT: emitter_jump(e, node, OPCODE_IF_EQ_I, order, 255, 255, label); break;
    case CORE_LE: emitter_jump(e, node, OPCODE_IF_NE_I, order, 1, 0, label); break;
    case CORE_GT: emitter_jump(e, node, OPCODE_IF_EQ_I, order, 1, 0, label); break;
    case CORE_GE: emitter_jump(e, node, OPCODE_IF_NE_I, order, 255, 255, label); break;
    default: break;
    }
}

static void branch_value(Emitter *e, const Core *condition, bool sense, Label *label)
{
    unsigned reg = emit_operand(e, condition);
    emitter_jump(e, condition, sense ? OPCODE_IF : OPCODE_UNLESS, reg, 0, 0, label);
}

/* a != b jumps where a == b does not: there is no need to turn the value around. */
static void branch_equality(Emitter *e, const Core *node, bool sense, Label *label)
{
    Core equality = *node;
    if (node->op == CORE_NE) equality.op = CORE_EQ;
    branch_value(e, &equality, sense == (node->op == CORE_EQ), label);
}

static void branch_some(Emitter *e, const Core *at, const Core *optional, bool sense, Label *label)
{
    unsigned reg = emit_operand(e, optional);
    emitter_jump(e, at, sense ? OPCODE_IF_SOME : OPCODE_IF_NONE, reg, 0, 0, label);
}

/* `x == none` is a question about x alone. */
static const Core *compared_with_none(const Core *node)
{
    if (node->op != CORE_EQ && node->op != CORE_NE) return NULL;
    if (node->b->kind == CORE_NONE) return node->a;
    return node->a->kind == CORE_NONE ? node->b : NULL;
}

static void branch_comparison(Emitter *e, const Core *node, bool sense, Label *label)
{
    const Type *type = node->a->type;
    if (compared_with_none(node)) {
        branch_some(e, node, compared_with_none(node), sense == (node->op == CORE_NE), label);
    } else if (type_is_scalar(type) && type->kind != TYPE_FLOAT) {
        branch_integers(e, node, sense, label);
    } else if ((type->kind == TYPE_STRING || type->kind == TYPE_SECRET) && node->op != CORE_EQ &&
               node->op != CORE_NE) {
        branch_texts(e, node, sense, label);
    } else if (node->op == CORE_EQ || node->op == CORE_NE) {
        branch_equality(e, node, sense, label);
    } else {
        branch_value(e, node, sense, label);
    }
}

/* Jumps if both hold. */
static void branch_both(Emitter *e, const Core *a, const Core *b, bool sense, Label *label)
{
    Label past = {0};
    emit_branch(e, a, !sense, &past);
    emit_branch(e, b, sense, label);
    emitter_place(e, &past);
}

void emit_branch(Emitter *e, const Core *condition, bool sense, Label *label)
{
    Mark mark = emitter_mark(e);
    if (condition->kind == CORE_INT) {
        if ((condition->number != 0) == sense) emitter_jump(e, condition, OPCODE_JUMP, 0, 0, 0, label);
    } else if (condition->kind == CORE_UNARY && condition->op == CORE_NOT) {
        emit_branch(e, condition->a, !sense, label);
    } else if (condition->kind == CORE_AND || condition->kind == CORE_OR) {
        bool either = (condition->kind == CORE_OR) == sense; /* one of the two is enough to jump */
        if (either) {
            emit_branch(e, condition->a, sense, label);
            emit_branch(e, condition->b, sense, label);
        } else {
            branch_both(e, condition->a, condition->b, sense, label);
        }
    } else if (condition->kind == CORE_IS_SOME) {
        branch_some(e, condition, condition->a, sense, label);
    } else if (is_comparison(condition)) {
        branch_comparison(e, condition, sense, label);
    } else {
        branch_value(e, condition, sense, label);
    }
    emitter_release(e, mark);
}

void emit_logic(Emitter *e, const Core *node, unsigned target)
{
    bool decided = node->kind == CORE_OR; /* by the first alone, and then this is the result */
    Label first = {0}, end = {0};
    emit_branch(e, node->a, decided, &first);
    emit_into(e, node->b, target);
    emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
    emitter_place(e, &first);
    emitter_put(e, node, OPCODE_INT, target, 0, 0, decided);
    emitter_place(e, &end);
}

static Opcode value_with_register(CoreOperator op)
{
    switch (op) {
    case CORE_EQ: return OPCODE_EQ;
    case CORE_NE: return OPCODE_NE;
    case CORE_LT:
    case CORE_GT: return OPCODE_LT;
    default: return OPCODE_LE;
    }
}

static void compare_integers(Emitter *e, const Core *node, unsigned target)
{
    Comparison c = comparison_of(node, INT32_MIN, INT32_MAX);
    if (!c.b) {
        Opcode op = c.op == CORE_LT ? OPCODE_LT_I : c.op == CORE_GT ? OPCODE_GT_I : OPCODE_EQ_I;
        unsigned a = emit_operand(e, c.a);
        emitter_put(e, node, op, target, a, 0, (int32_t)c.number);
        if (c.op == CORE_NE) emitter_put(e, node, OPCODE_NOT, target, target, 0, 0);
        return;
    }
    unsigned a = emit_operand_before(e, c.a, c.b), b = emit_operand(e, c.b);
    bool swap = c.op == CORE_GT || c.op == CORE_GE;
    emitter_put(e, node, value_with_register(c.op), target, swap ? b : a, swap ? a : b, 0);
}

static void compare_floats(Emitter *e, const Core *node, unsigned target)
{
    unsigned a = emit_operand_before(e, node->a, node->b), b = emit_operand(e, node->b);
    bool swap = node->op == CORE_GT || node->op == CORE_GE;
    bool equality = node->op == CORE_EQ || node->op == CORE_NE;
    Opcode op = equality                                     ? OPCODE_EQ_F
                : node->op == CORE_LT || node->op == CORE_GT ? OPCODE_LT_F
                                                             : OPCODE_LE_F;
    emitter_put(e, node, op, target, swap ? b : a, swap ? a : b, 0);
    if (node->op == CORE_NE) emitter_put(e, node, OPCODE_NOT, target, target, 0, 0);
}

static void compare_refs(Emitter *e, const Core *node, unsigned target)
{
    unsigned a = emit_operand_before(e, node->a, node->b), b = emit_operand(e, node->b);
    emitter_put(e, node, OPCODE_EQUAL, target, a, b, (int32_t)emitter_type(e, node->a->type));
    if (node->op == CORE_NE) emitter_put(e, node, OPCODE_NOT, target, target, 0, 0);
}

/* Through jumps, for comparisons that have no instruction that gives a value. */
static void compare_by_jumps(Emitter *e, const Core *node, unsigned target)
{
    Label no = {0}, end = {0};
    emit_branch(e, node, false, &no);
    emitter_put(e, node, OPCODE_INT, target, 0, 0, 1);
    emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
    emitter_place(e, &no);
    emitter_put(e, node, OPCODE_INT, target, 0, 0, 0);
    emitter_place(e, &end);
}

void emit_comparison(Emitter *e, const Core *node, unsigned target)
{
    const Type *type = node->a->type;
    const Core *asked = compared_with_none(node);
    if (asked) {
        emitter_put(e, node, OPCODE_IS_SOME, target, emit_operand(e, asked), 0, 0);
        if (node->op == CORE_EQ) emitter_put(e, node, OPCODE_NOT, target, target, 0, 0);
    } else if (type->kind == TYPE_FLOAT) {
        compare_floats(e, node, target);
    } else if (type_is_scalar(type)) {
        compare_integers(e, node, target);
    } else if (node->op == CORE_EQ || node->op == CORE_NE) {
        compare_refs(e, node, target);
    } else if (type->kind == TYPE_STRING || type->kind == TYPE_SECRET) {
        compare_by_jumps(e, node, target);
    } else {
        emitter_fail(e, node, "values of type %.*s have no order", STR_ARG(type->name));
    }
}
