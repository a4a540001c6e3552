/* Statements: core statements come in, words that do them go out. Each leaves the temporaries as it found
 * them. */
#include "compiler/emit/emitter.h"

/* What a branch does if it does nothing but leave a loop, else NULL. */
static const Core *only_break(const Core *node)
{
    while (node && node->kind == CORE_BLOCK && node->list.count == 1)
        node = node->list.first;
    return node && node->kind == CORE_BREAK ? node : NULL;
}

static void emit_if(Emitter *e, const Core *node)
{
    Label otherwise = {0}, end = {0};
    const Core *leaves = node->c ? NULL : only_break(node->b);
    Label *left = leaves ? emit_loop_end(e, leaves) : NULL;
    if (left) {
        emit_branch(e, node->a, true, left);
        return;
    }
    emit_branch(e, node->a, false, &otherwise);
    if (node->b) emit_statement(e, node->b);
    if (node->c) {
        emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
        emitter_place(e, &otherwise);
        emit_statement(e, node->c);
        emitter_place(e, &end);
    } else {
        emitter_place(e, &otherwise);
    }
}

/* The handler stands behind the body and is passed over when that ends well. */
static void emit_try(Emitter *e, const Core *node)
{
    Label end = {0};
    uint32_t start = image_builder_here(e->builder);
    emit_statement(e, node->b);
    uint32_t behind = image_builder_here(e->builder);
    if (behind == start) return; /* nothing that could go wrong, or nothing that can be reached */
    emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
    image_builder_handler(e->builder, start, behind, image_builder_here(e->builder), e->locals[node->index],
                          node->flag);
    e->reachable = true;
    if (node->c) emit_statement(e, node->c);
    emitter_place(e, &end);
}

static void emit_return(Emitter *e, const Core *node)
{
    if (!node->a) {
        emitter_put(e, node, OPCODE_RETURN, 0, 0, 0, 0);
    } else if (e->function->result->kind == TYPE_UNIT) {
        emit_drop(e, node->a);
        emitter_put(e, node, OPCODE_RETURN, 0, 0, 0, 0);
    } else {
        unsigned value = emit_operand(e, node->a);
        Opcode op = type_is_scalar(e->function->result) ? OPCODE_RETURN_S : OPCODE_RETURN_R;
        emitter_put(e, node, op, value, 0, 0, 0);
    }
}

static void emit_set_local(Emitter *e, const Core *node)
{
    unsigned target = emitter_local_target(e, node->index);
    if (emit_changes_itself(node)) e->owning = node->a;
    emit_into(e, node->a, target);
    emitter_store_local(e, node, node->index, target);
}

static void emit_set_global(Emitter *e, const Core *node)
{
    if (emit_changes_itself(node)) e->owning = node->a;
    unsigned value = emit_operand(e, node->a);
    Opcode op = type_is_scalar(node->a->type) ? OPCODE_SET_S : OPCODE_SET_R;
    emitter_put(e, node, op, value, 0, 0, (int32_t)e->globals[node->index]);
}

static void emit_notify(Emitter *e, const Core *node)
{
    unsigned topics = emitter_take(e, BANK_SCALAR, 1);
    emitter_load_int(e, node, topics, node->number);
    emitter_put(e, node, OPCODE_NOTIFY, topics, 0, 0, 0);
}

/* One operand in the bank of references, and nothing else. */
static void emit_with_ref(Emitter *e, const Core *node, Opcode op)
{
    unsigned value = emit_operand(e, node->a);
    emitter_put(e, node, op, value, 0, 0, 0);
}

void emit_statement(Emitter *e, const Core *node)
{
    Mark mark = emitter_mark(e);
    switch (node->kind) {
    case CORE_BLOCK:
        emitter_begin_block(e, node);
        for (const Core *item = node->list.first; item; item = item->next)
            emit_statement(e, item);
        break;
    case CORE_SET_LOCAL: emit_set_local(e, node); break;
    case CORE_SET_GLOBAL: emit_set_global(e, node); break;
    case CORE_IF: emit_if(e, node); break;
    case CORE_LOOP: emit_loop(e, node); break;
    case CORE_COUNT: emit_count(e, node); break;
    case CORE_BREAK:
    case CORE_CONTINUE: emit_jump_statement(e, node); break;
    case CORE_RETURN: emit_return(e, node); break;
    case CORE_FAIL: emit_with_ref(e, node, OPCODE_FAIL); break;
    case CORE_RAISE: emit_with_ref(e, node, OPCODE_RAISE); break;
    case CORE_TRY: emit_try(e, node); break;
    case CORE_DO: emit_drop(e, node->a); break;
    case CORE_EMIT: emit_mark(e, node); break;
    case CORE_NOTIFY: emit_notify(e, node); break;
    case CORE_CANCEL: emit_with_ref(e, node, OPCODE_CANCEL); break;
    case CORE_STEP: emit_with_ref(e, node, OPCODE_STEP); break;
    default: emit_drop(e, node); break;
    }
    emitter_release(e, mark);
}
