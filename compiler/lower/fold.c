/* Folding of constants in core (see fold.h). Called between lowering and emitting.
 *
 * Every node is replaced in place by one that means the same; a node's position in its list stays. Operands
 * are folded before what they stand in, so one walk is enough. */
#include "compiler/lower/fold.h"

#include <math.h>

static void fold_node(CoreProgram *program, Core *node);

/* node becomes other, but stays where it is. */
static void become(Core *node, const Core *other)
{
    Core *next = node->next;
    *node = *other;
    node->next = next;
}

static void become_int(Core *node, int64_t number)
{
    become(node, &(Core){.kind = CORE_INT, .type = node->type, .span = node->span, .number = number});
}

static void become_empty(Core *node)
{
    become(node, &(Core){.kind = CORE_BLOCK, .span = node->span});
}

static void fold_unary(Core *node)
{
    const Core *a = node->a;
    if (a->kind == CORE_FLOAT && node->op == CORE_NEG) {
        become(node, &(Core){.kind = CORE_FLOAT, .type = node->type, .span = node->span, .real = -a->real});
    } else if (a->kind == CORE_INT && node->op == CORE_TO_FLOAT) {
        become(
            node,
            &(Core){.kind = CORE_FLOAT, .type = node->type, .span = node->span, .real = (double)a->number});
    } else if (a->kind == CORE_INT && node->op == CORE_NOT) {
        become_int(node, a->number == 0);
    } else if (a->kind == CORE_INT && node->op == CORE_NEG && a->number != INT64_MIN) {
        become_int(node, -a->number);
    }
}

static bool compare(CoreOperator op, int order, bool *holds)
{
    switch (op) {
    case CORE_EQ: *holds = order == 0; return true;
    case CORE_NE: *holds = order != 0; return true;
    case CORE_LT: *holds = order < 0; return true;
    case CORE_LE: *holds = order <= 0; return true;
    case CORE_GT: *holds = order > 0; return true;
    case CORE_GE: *holds = order >= 0; return true;
    default: return false;
    }
}

/* False: it has no result, or it is for the run to say that it fails. */
static bool compute(CoreOperator op, int64_t a, int64_t b, int64_t *result)
{
    switch (op) {
    case CORE_ADD: return !__builtin_add_overflow(a, b, result);
    case CORE_SUB: return !__builtin_sub_overflow(a, b, result);
    case CORE_MUL: return !__builtin_mul_overflow(a, b, result);
    case CORE_DIV:
    case CORE_MOD:
        if (b == 0 || b == -1) return false;
        *result = op == CORE_DIV ? a / b : a % b;
        return true;
    default: return false;
    }
}

static bool compute_float(CoreOperator op, double a, double b, double *result)
{
    switch (op) {
    case CORE_ADD: *result = a + b; break;
    case CORE_SUB: *result = a - b; break;
    case CORE_MUL: *result = a * b; break;
    case CORE_DIV:
        if (b == 0) return false;
        *result = a / b;
        break;
    default: return false;
    }
    return isfinite(*result);
}

static void fold_binary(Core *node)
{
    const Core *a = node->a, *b = node->b;
    if (a->kind != b->kind) return;
    int order = 0;
    int64_t number;
    double real;
    bool holds;
    if (a->kind == CORE_INT) {
        order = (a->number > b->number) - (a->number < b->number);
        if (compute(node->op, a->number, b->number, &number)) become_int(node, number);
    } else if (a->kind == CORE_FLOAT) {
        order = (a->real > b->real) - (a->real < b->real);
        if (compute_float(node->op, a->real, b->real, &real)) {
            become(node, &(Core){.kind = CORE_FLOAT, .type = node->type, .span = node->span, .real = real});
        }
    } else if (a->kind == CORE_STRING) {
        order = str_compare(a->text, b->text);
    } else {
        return;
    }
    if (node->kind == CORE_BINARY && compare(node->op, order, &holds)) become_int(node, holds);
}

static void fold_logic(Core *node)
{
    bool decided = node->kind == CORE_OR; /* by this value of the first alone */
    if (node->a->kind == CORE_INT) {
        if ((node->a->number != 0) == decided)
            become_int(node, decided);
        else
            become(node, node->b);
    } else if (node->b->kind == CORE_INT && (node->b->number != 0) != decided) {
        become(node, node->a);
    }
}

static void fold_choice(Core *node)
{
    if (node->a->kind != CORE_INT) return;
    const Core *taken = node->a->number != 0 ? node->b : node->c;
    if (taken)
        become(node, taken);
    else
        become_empty(node);
}

/* Gives up nothing but the wrapping: `other` is of the same type. */
static void fold_optional(Core *node)
{
    const Core *a = node->a;
    switch (node->kind) {
    case CORE_VALUE:
        if (a->kind == CORE_SOME) become(node, a->a);
        break;
    case CORE_DEFAULT:
        if (a->kind == CORE_NONE && node->b->type == node->type)
            become(node, node->b);
        else if (a->kind == CORE_SOME && a->a->type == node->type)
            become(node, a->a);
        break;
    default:
        if (a->kind == CORE_NONE) become_int(node, 0);
        break;
    }
}

static bool join_texts(CoreProgram *program, Core *before, const Core *item)
{
    if (!before || before->kind != CORE_STRING || item->kind != CORE_STRING) return false;
    Buffer joined = {0};
    buffer_add_str(&joined, before->text);
    buffer_add_str(&joined, item->text);
    before->text = arena_copy(program->arena, buffer_str(&joined));
    buffer_free(&joined);
    return true;
}

/* Texts within texts become parts of the outer one, neighbours become one, empty ones go. */
static void fold_concat(CoreProgram *program, Core *node)
{
    Core flat = {0};
    for (Core *item = node->list.first, *next; item; item = next) {
        next = item->next;
        if (item->kind == CORE_CONCAT && item->list.first) {
            item->list.last->next = next;
            next = item->list.first;
            continue;
        }
        item->next = NULL;
        bool empty = item->kind == CORE_STRING && item->text.len == 0;
        if (!empty && !join_texts(program, flat.list.last, item)) core_append(&flat, item);
    }
    node->list = flat.list;
    if (node->list.count == 1) {
        become(node, node->list.first);
    } else if (node->list.count == 0) {
        become(node, &(Core){.kind = CORE_STRING, .type = node->type, .span = node->span});
    }
}

static void fold_children(CoreProgram *program, Core *node)
{
    if (node->a) fold_node(program, node->a);
    if (node->b) fold_node(program, node->b);
    if (node->c) fold_node(program, node->c);
    for (Core *item = node->list.first; item; item = item->next)
        fold_node(program, item);
}

static void fold_node(CoreProgram *program, Core *node)
{
    fold_children(program, node);
    switch (node->kind) {
    case CORE_UNARY: fold_unary(node); break;
    case CORE_BINARY: fold_binary(node); break;
    case CORE_AND:
    case CORE_OR: fold_logic(node); break;
    case CORE_CHOOSE:
    case CORE_IF: fold_choice(node); break;
    case CORE_VALUE:
    case CORE_DEFAULT:
    case CORE_IS_SOME: fold_optional(node); break;
    case CORE_CONCAT: fold_concat(program, node); break;
    default: break;
    }
}

void core_fold(CoreProgram *program)
{
    for (size_t i = 0; i < program->functions.count; i++) {
        if (program->functions.items[i]->body) fold_node(program, program->functions.items[i]->body);
    }
}
