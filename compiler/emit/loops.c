/* Loops: core loops come in, words that go round and round go out.
 *
 * Numbers that do not fit into the words that use them are loaded once before the outermost loop, into registers that
 * are kept until its end (the held constants), where the loop itself would load them in every round. */
#include "compiler/emit/emitter.h"

#include <string.h>

/* So many registers are held at most; where few are free, none. */
enum { HELD_AT_MOST = 24, REGISTERS_TO_SPARE = 64 };

/* ---- held constants ---- */

/* What the register of a constant scalar holds. False: the node is none. */
static bool constant_bits(const Core *node, int64_t *bits)
{
    if (node->kind == CORE_FLOAT) memcpy(bits, &node->real, sizeof *bits);
    if (node->kind == CORE_INT) *bits = node->number;
    return node->kind == CORE_FLOAT || node->kind == CORE_INT;
}

bool emit_held_constant(const Emitter *e, const Core *node, unsigned *reg)
{
    int64_t bits;
    if (!e->held.count || !constant_bits(node, &bits)) return false;
    for (size_t i = 0; i < e->held.count; i++) {
        if (e->held.items[i].bits != bits) continue;
        *reg = e->held.items[i].reg;
        return true;
    }
    return false;
}

/* Loaded at the loop's place: the constant's own may never be reached. */
static void hold_constant(Emitter *e, const Core *loop, const Core *node)
{
    int64_t bits;
    unsigned reg;
    if (!node || !constant_bits(node, &bits) || emit_held_constant(e, node, &reg)) return;
    if (e->held.count >= HELD_AT_MOST || e->top[BANK_SCALAR] + REGISTERS_TO_SPARE > IMAGE_MAX_REGISTERS) return;
    reg = emitter_take(e, BANK_SCALAR, 1);
    Core constant = *node;
    constant.span = loop->span;
    emit_into(e, &constant, reg);
    vec_push(&e->held, ((HeldConstant){bits, reg}));
}

/* An operand of a binary operation: does its word have room for the number? */
static bool fits_operation(const Core *node, const Core *operand)
{
    if (operand->kind != CORE_INT) return operand->kind != CORE_FLOAT;
    bool compares = node->op >= CORE_EQ;
    return compares ? operand->number > INT16_MIN && operand->number < INT16_MAX
                    : operand->number > INT32_MIN && operand->number <= INT32_MAX;
}

static void hold_operands(Emitter *e, const Core *loop, const Core *node)
{
    switch (node->kind) {
    case CORE_BINARY:
        if (!fits_operation(node, node->a)) hold_constant(e, loop, node->a);
        if (!fits_operation(node, node->b)) hold_constant(e, loop, node->b);
        break;
    case CORE_APPEND:
    case CORE_GET_ITEM:
    case CORE_WITH_FIELD: hold_constant(e, loop, node->b); break;
    case CORE_WITH_ITEM:
        hold_constant(e, loop, node->b);
        hold_constant(e, loop, node->c);
        break;
    default: break;
    }
}

static void hold_constants(Emitter *e, const Core *loop, const Core *node)
{
    if (!node) return;
    hold_operands(e, loop, node);
    hold_constants(e, loop, node->a);
    hold_constants(e, loop, node->b);
    hold_constants(e, loop, node->c);
    for (const Core *item = node->list.first; item; item = item->next)
        hold_constants(e, loop, item);
}

static void loop_begin(Emitter *e, Loop *loop, const Core *node)
{
    if (!e->loop) hold_constants(e, node, node->b);
    loop->outer = e->loop;
    loop->head = image_builder_here(e->builder);
    e->loop = loop;
}

static void loop_end(Emitter *e, Loop *loop)
{
    e->loop = loop->outer;
    if (!e->loop) e->held.count = 0;
    emitter_place(e, &loop->end);
}

/* ---- loops ---- */

void emit_loop(Emitter *e, const Core *node)
{
    Loop loop = {0};
    loop_begin(e, &loop, node);
    emit_statement(e, node->b);
    emitter_jump_back(e, node, OPCODE_JUMP, 0, 0, loop.head);
    loop_end(e, &loop);
}

/* The test stands at the end, once more before the first round. */
void emit_count(Emitter *e, const Core *node)
{
    Loop loop = {.counts = true};
    unsigned counter = emitter_local_target(e, node->index), end = emitter_take(e, BANK_SCALAR, 1);
    emit_into(e, node->a, counter);
    emit_into(e, node->c, end);
    emitter_jump(e, node, OPCODE_IF_LE, end, counter, 0, &loop.end);
    loop_begin(e, &loop, node);
    emitter_store_local(e, node, node->index, counter);
    emit_statement(e, node->b);
    emitter_place(e, &loop.next);
    emitter_jump_back(e, node, OPCODE_COUNT, counter, end, loop.head);
    loop_end(e, &loop);
}

static Loop *enclosing_loop(Emitter *e, const Core *node)
{
    Loop *loop = e->loop;
    for (uint32_t i = 0; loop && i < node->index; i++)
        loop = loop->outer;
    if (!loop)
        emitter_fail(e, node, "a jump out of %u loops where there are fewer", (unsigned)node->index + 1);
    return loop;
}

Label *emit_loop_end(Emitter *e, const Core *leaves)
{
    Loop *loop = enclosing_loop(e, leaves);
    return loop ? &loop->end : NULL;
}

void emit_jump_statement(Emitter *e, const Core *node)
{
    Loop *loop = enclosing_loop(e, node);
    if (!loop) return;
    if (node->kind == CORE_BREAK)
        emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &loop->end);
    else if (loop->counts)
        emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &loop->next);
    else
        emitter_jump_back(e, node, OPCODE_JUMP, 0, 0, loop->head);
}
