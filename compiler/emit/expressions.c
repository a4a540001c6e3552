/* Expressions: typed core comes in, words that leave the value in a register go out.
 *
 * emit_into writes its target only after all operands were read, so the target may be a local that the
 * expression reads. Values with parts, calls and conditions have their own files. */
#include "compiler/emit/emitter.h"

#include <string.h>

bool may_assign(const Core *node)
{
    if (!node) return false; /* only a sequence holds statements */
    if (node->kind == CORE_SEQUENCE) return true;
    if (may_assign(node->a) || may_assign(node->b) || may_assign(node->c)) return true;
    for (const Core *item = node->list.first; item; item = item->next) {
        if (may_assign(item)) return true;
    }
    return false;
}

/* Those leave their result where the window puts it. */
static bool has_own_register(const Core *node)
{
    return node->kind == CORE_CALL || node->kind == CORE_CALL_VALUE || node->kind == CORE_SPAWN;
}

static unsigned emit_own(Emitter *e, const Core *node)
{
    return node->kind == CORE_SPAWN ? emit_spawn(e, node) : emit_call(e, node);
}

unsigned emit_operand(Emitter *e, const Core *node)
{
    if (node->kind == CORE_LOCAL) {
        unsigned local = emitter_local(e, node);
        emit_share(e, node, local);
        return local;
    }
    unsigned held;
    if (emit_held_constant(e, node, &held)) return held;
    Mark mark = emitter_mark(e);
    Bank bank = type_bank(node->type);
    if (has_own_register(node)) {
        unsigned reg = emit_own(e, node);
        emitter_release(e, mark);
        if (reg >= e->top[bank]) emitter_take(e, bank, reg + 1 - e->top[bank]);
        return reg;
    }
    unsigned reg = emitter_take(e, bank, 1);
    emit_into(e, node, reg);
    return reg;
}

unsigned emit_operand_before(Emitter *e, const Core *node, const Core *later)
{
    if (node->kind != CORE_LOCAL || !may_assign(later)) return emit_operand(e, node);
    unsigned reg = emitter_take(e, type_bank(node->type), 1);
    emit_into(e, node, reg);
    return reg;
}

unsigned emit_string(Emitter *e, const Core *at, Str text)
{
    unsigned reg = emitter_take(e, BANK_REF, 1);
    emitter_put(e, at, OPCODE_STRING, reg, 0, 0, (int32_t)image_builder_string(e->builder, text));
    return reg;
}

void emit_drop(Emitter *e, const Core *node)
{
    Mark mark = emitter_mark(e);
    if (node->kind == CORE_SEQUENCE) {
        for (const Core *item = node->list.first; item; item = item->next)
            emit_statement(e, item);
        if (node->a) emit_drop(e, node->a);
    } else if (has_own_register(node)) {
        emit_own(e, node);
    } else if (node->type && node->kind != CORE_LOCAL) {
        emit_into(e, node, emitter_take(e, type_bank(node->type), 1));
    }
    emitter_release(e, mark);
}

static void emit_unary(Emitter *e, const Core *node, unsigned target)
{
    unsigned a = emit_operand(e, node->a);
    Opcode op = OPCODE_NOT;
    if (node->op == CORE_NEG) op = node->a->type->kind == TYPE_FLOAT ? OPCODE_NEG_F : OPCODE_NEG;
    if (node->op == CORE_TO_FLOAT) op = OPCODE_TO_FLOAT;
    emitter_put(e, node, op, target, a, 0, 0);
}

unsigned emit_left(Emitter *e, const Core *node, const Core *right, unsigned target)
{
    Bank bank = type_bank(node->type);
    if (node->kind != CORE_BINARY || !emitter_is_temporary(e, bank, target))
        return emit_operand_before(e, node, right);
    emit_into(e, node, target);
    return target;
}

/* x + n, n + x, x - n, x * n, n * x, x / n and x mod n for numbers that fit into the word. */
static bool emit_with_number(Emitter *e, const Core *node, unsigned target)
{
    const Core *x = node->a, *n = node->b;
    bool commutes = node->op == CORE_ADD || node->op == CORE_MUL;
    if (commutes && x->kind == CORE_INT) x = node->b, n = node->a;
    if (n->kind != CORE_INT || n->number <= INT32_MIN || n->number > INT32_MAX) return false;
    int32_t number = (int32_t)(node->op == CORE_SUB ? -n->number : n->number);
    Opcode op = node->op == CORE_MUL   ? OPCODE_MUL_I
                : node->op == CORE_DIV ? OPCODE_DIV_I
                : node->op == CORE_MOD ? OPCODE_MOD_I
                                       : OPCODE_ADD_I;
    unsigned a = emit_left(e, x, NULL, target);
    emitter_put(e, node, op, target, a, 0, number);
    return true;
}

static bool arithmetic_opcode(const Core *node, Opcode *op)
{
    bool is_float = node->type->kind == TYPE_FLOAT;
    switch (node->op) {
    case CORE_ADD: *op = is_float ? OPCODE_ADD_F : OPCODE_ADD; return true;
    case CORE_SUB: *op = is_float ? OPCODE_SUB_F : OPCODE_SUB; return true;
    case CORE_MUL: *op = is_float ? OPCODE_MUL_F : OPCODE_MUL; return true;
    case CORE_DIV: *op = is_float ? OPCODE_DIV_F : OPCODE_DIV; return true;
    case CORE_MOD: *op = OPCODE_MOD; return !is_float;
    default: return false;
    }
}

static void emit_binary(Emitter *e, const Core *node, unsigned target)
{
    if (node->op >= CORE_EQ) {
        emit_comparison(e, node, target);
        return;
    }
    Opcode op;
    if (!type_is_scalar(node->type) || !arithmetic_opcode(node, &op)) {
        emitter_fail(e, node, "there is no such arithmetic on values of type %.*s",
                     STR_ARG(node->type->name));
        return;
    }
    if (node->type->kind == TYPE_FLOAT ? emit_floats(e, node, target) : emit_with_number(e, node, target)) return;
    unsigned a = emit_left(e, node->a, node->b, target), b = emit_operand(e, node->b);
    emitter_put(e, node, op, target, a, b, 0);
}

static void emit_choose(Emitter *e, const Core *node, unsigned target)
{
    Label no = {0}, end = {0};
    emit_branch(e, node->a, false, &no);
    emit_into(e, node->b, target);
    emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
    emitter_place(e, &no);
    emit_into(e, node->c, target);
    emitter_place(e, &end);
}

static void emit_sequence(Emitter *e, const Core *node, unsigned target)
{
    for (const Core *item = node->list.first; item; item = item->next)
        emit_statement(e, item);
    if (node->a) emit_into(e, node->a, target);
}

static void emit_global(Emitter *e, const Core *node, unsigned target)
{
    Opcode op = type_is_scalar(node->type) ? OPCODE_GET_S : OPCODE_GET_R;
    emitter_put(e, node, op, target, 0, 0, (int32_t)e->globals[node->index]);
    emit_share(e, node, target);
}

static void emit_float(Emitter *e, const Core *node, unsigned target)
{
    int64_t bits;
    memcpy(&bits, &node->real, sizeof bits);
    emitter_put(e, node, OPCODE_SCALAR, target, 0, 0, (int32_t)image_builder_scalar(e->builder, bits));
}

/* An absent deadline, at compile time or at run time, is the greatest time. */
static unsigned emit_deadline(Emitter *e, const Core *node)
{
    if (node->a && node->a->type->kind != TYPE_OPTIONAL) return emit_operand(e, node->a);
    unsigned until = emitter_take(e, BANK_SCALAR, 1);
    emitter_load_int(e, node, until, INT64_MAX);
    if (!node->a) return until;
    Mark mark = emitter_mark(e);
    Label none = {0};
    unsigned optional = emit_operand(e, node->a);
    emitter_jump(e, node, OPCODE_IF_NONE, optional, 0, 0, &none);
    emitter_put(e, node, OPCODE_UNBOX, until, optional, 0, 0);
    emitter_place(e, &none);
    emitter_release(e, mark);
    return until;
}

static void emit_waiting(Emitter *e, const Core *node, unsigned target)
{
    if (node->kind == CORE_EFFECT) {
        emit_effect(e, node, target);
    } else if (node->kind == CORE_JOIN) {
        unsigned fiber = emit_operand(e, node->a);
        emitter_put(e, node, node->flag ? OPCODE_JOIN_QUIET : OPCODE_JOIN, target, fiber, 0, 0);
    } else {
        unsigned until = emit_deadline(e, node);
        unsigned topics = emitter_take(e, BANK_SCALAR, 1);
        emitter_load_int(e, node, topics, node->number);
        emitter_put(e, node, OPCODE_WAIT, target, until, topics, 0);
    }
}

static void emit_simple(Emitter *e, const Core *node, unsigned target)
{
    switch (node->kind) {
    case CORE_INT: emitter_load_int(e, node, target, node->number); break;
    case CORE_FLOAT: emit_float(e, node, target); break;
    case CORE_STRING:
        emitter_put(e, node, OPCODE_STRING, target, 0, 0,
                    (int32_t)image_builder_string(e->builder, node->text));
        break;
    case CORE_NONE:
        emitter_put(e, node, node->type->kind == TYPE_JSON ? OPCODE_JSON_NULL : OPCODE_NONE, target, 0, 0, 0);
        break;
    case CORE_LOCAL:
        emitter_load_local(e, node, target);
        emit_share(e, node, target);
        break;
    case CORE_GLOBAL: emit_global(e, node, target); break;
    case CORE_SIGNAL: emitter_put(e, node, OPCODE_SIGNAL, target, 0, 0, 0); break;
    case CORE_NOW: emitter_put(e, node, OPCODE_NOW, target, 0, 0, 0); break;
    default: emitter_fail(e, node, "core that is no expression (kind %d)", (int)node->kind); break;
    }
}

void emit_into(Emitter *e, const Core *node, unsigned target)
{
    Mark mark = emitter_mark(e);
    switch (node->kind) {
    case CORE_UNARY: emit_unary(e, node, target); break;
    case CORE_BINARY: emit_binary(e, node, target); break;
    case CORE_AND:
    case CORE_OR: emit_logic(e, node, target); break;
    case CORE_CHOOSE: emit_choose(e, node, target); break;
    case CORE_SOME:
    case CORE_VALUE:
    case CORE_DEFAULT:
    case CORE_IS_SOME: emit_optional(e, node, target); break;
    case CORE_OBJECT:
    case CORE_TO_JSON:
    case CORE_FROM_JSON: emit_json(e, node, target); break;
    case CORE_FIELD:
    case CORE_RECORD:
    case CORE_LIST:
    case CORE_MAP:
    case CORE_CONCAT:
    case CORE_GET_ITEM:
    case CORE_WITH_FIELD:
    case CORE_WITH_ITEM:
    case CORE_APPEND:
    case CORE_LEN: emit_value(e, node, target); break;
    case CORE_CALL:
    case CORE_CALL_VALUE:
    case CORE_SPAWN: {
        unsigned own = emit_own(e, node);
        if (node->type->kind != TYPE_UNIT) emitter_move(e, node, type_bank(node->type), target, own);
        break;
    }
    case CORE_CLOSURE: emit_closure(e, node, target); break;
    case CORE_BUILTIN: emit_builtin_node(e, node, target); break;
    case CORE_EFFECT:
    case CORE_JOIN:
    case CORE_WAIT: emit_waiting(e, node, target); break;
    case CORE_SEQUENCE: emit_sequence(e, node, target); break;
    default: emit_simple(e, node, target); break;
    }
    emitter_release(e, mark);
}
