/* Arithmetic on floats: what one operation gives most often is what the next one takes, and up to three of them become one
 * word (FLOATS). Called by expressions.c.
 *
 * Operations are carried out in the order in which they stand, so that the same failure is the first one: the value is
 * carried on from a right operand, before which the left one was evaluated, or from a left one if evaluating the right
 * one does nothing and cannot fail. */
#include "compiler/emit/emitter.h"

enum { LINKS_AT_MOST = 3 };

typedef struct Links {
    const Core *at[LINKS_AT_MOST]; /* from the outside in */
    bool from_right[LINKS_AT_MOST]; /* the next link is its right operand */
    unsigned count;
} Links;

static bool is_link(const Core *node)
{
    return node->kind == CORE_BINARY && node->type->kind == TYPE_FLOAT && node->op >= CORE_ADD && node->op <= CORE_DIV;
}

/* Evaluating it does nothing and cannot fail. */
static bool is_plain(const Core *node)
{
    switch (node->kind) {
    case CORE_LOCAL:
    case CORE_FLOAT:
    case CORE_INT: return true;
    case CORE_UNARY: return node->op == CORE_TO_FLOAT && is_plain(node->a);
    case CORE_DEFAULT: return node->a->kind == CORE_GET_ITEM && is_plain(node->b) && is_plain(node->a->a) && is_plain(node->a->b);
    default: return false;
    }
}

static uint32_t line_of(const Emitter *e, const Core *node)
{
    const SourceFile *file = e->program->sources ? source_file(e->program->sources, node->span.file) : NULL;
    return file ? source_place(file, node->span.start).line : 0;
}

/* The operations that one word can carry out: a failure of each has its place, so they stand in one line. */
static Links links_find(const Emitter *e, const Core *node)
{
    Links links = {.at = {node}, .count = 1};
    while (links.count < LINKS_AT_MOST) {
        bool right = is_link(node->b);
        if (!right && !(is_link(node->a) && is_plain(node->b))) break;
        const Core *next = right ? node->b : node->a;
        if (next->span.file != node->span.file || line_of(e, next) != line_of(e, node)) break;
        links.from_right[links.count - 1] = right;
        links.at[links.count++] = next;
        node = next;
    }
    return links;
}

/* What a further operation does with the value so far and its operand. */
static uint32_t further_operation(const Core *node, bool from_right)
{
    switch (node->op) {
    case CORE_ADD: return FLOATS_ADD;
    case CORE_SUB: return from_right ? FLOATS_FROM : FLOATS_SUB;
    case CORE_MUL: return FLOATS_MUL;
    default: return from_right ? FLOATS_INTO : FLOATS_DIV;
    }
}

bool emit_floats(Emitter *e, const Core *node, unsigned target)
{
    if (!is_link(node)) return false;
    Links links = links_find(e, node);
    if (links.count < 2) return false;
    unsigned operands[LINKS_AT_MOST];
    unsigned last = links.count - 1;
    for (unsigned i = 0; i < last; i++) {
        if (links.from_right[i]) operands[i] = emit_operand_before(e, links.at[i]->a, links.at[i]->b);
    }
    const Core *first = links.at[last];
    unsigned a = emit_left(e, first->a, first->b, target), b = emit_operand(e, first->b);
    for (unsigned i = last; i-- > 0;) {
        if (!links.from_right[i]) operands[i] = emit_operand(e, links.at[i]->b);
    }
    uint32_t word = (uint32_t)(first->op - CORE_ADD) << FLOATS_FIRST;
    for (unsigned i = last, place = 0; i-- > 0; place++) {
        word |= operands[i] << 8 * place;
        word |= further_operation(links.at[i], links.from_right[i]) << (FLOATS_FIRST + 4 * (place + 1));
    }
    emitter_put(e, node, OPCODE_FLOATS, target, a, b, (int32_t)word);
    return true;
}
