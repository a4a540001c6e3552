/* Which variables a function (or, for globals, the program) changes in place: core comes in, marks go out.
 *
 * `xs[i] = v` is, in core, xs = (xs with v under i). The machine may do that without a copy while nobody else
 * holds the value, which it knows by a flag of the object that only such a statement sets. What the flag says
 * stays true because every other reading of a marked variable first takes the flag away (SHARE), unless it
 * only looks into the value: a marked variable's object is held by that variable alone or has no flag. */
#include "compiler/emit/emitter.h"

bool emit_changes_itself(const Core *set)
{
    const Core *value = set->a;
    bool is_local = set->kind == CORE_SET_LOCAL;
    if ((!is_local && set->kind != CORE_SET_GLOBAL) || !value) return false;
    bool changes =
        value->kind == CORE_WITH_ITEM || value->kind == CORE_WITH_FIELD || value->kind == CORE_APPEND;
    if (!changes || value->a->kind != (is_local ? CORE_LOCAL : CORE_GLOBAL) || value->a->index != set->index)
        return false;
    /* Between reading and setting it nothing may change it, or run anything that could. */
    return is_quiet(value->b) && is_quiet(value->c);
}

bool is_quiet(const Core *node)
{
    if (!node) return true;
    switch (node->kind) {
    case CORE_SEQUENCE:
    case CORE_CALL:
    case CORE_CALL_VALUE:
    case CORE_EFFECT:
    case CORE_SPAWN:
    case CORE_JOIN:
    case CORE_WAIT: return false;
    default: break;
    }
    for (const Core *item = node->list.first; item; item = item->next) {
        if (!is_quiet(item)) return false;
    }
    return is_quiet(node->a) && is_quiet(node->b) && is_quiet(node->c);
}

void emitter_find_owners(const Core *node, bool *locals, bool *globals)
{
    if (!node) return;
    if (emit_changes_itself(node)) {
        if (node->kind == CORE_SET_LOCAL && locals) locals[node->index] = true;
        if (node->kind == CORE_SET_GLOBAL && globals) globals[node->index] = true;
    }
    emitter_find_owners(node->a, locals, globals);
    emitter_find_owners(node->b, locals, globals);
    emitter_find_owners(node->c, locals, globals);
    for (const Core *item = node->list.first; item; item = item->next)
        emitter_find_owners(item, locals, globals);
}

static bool is_owner(const Emitter *e, const Core *node)
{
    if (node->kind == CORE_LOCAL) return e->local_owns[node->index];
    return node->kind == CORE_GLOBAL && e->global_owns[node->index];
}

void emit_share(Emitter *e, const Core *node, unsigned reg)
{
    if (is_owner(e, node)) emitter_put(e, node, OPCODE_SHARE, reg, 0, 0, 0);
}

/* The value without taking the flag away. */
static void emit_look_into(Emitter *e, const Core *node, unsigned target)
{
    if (node->kind == CORE_LOCAL) {
        emitter_load_local(e, node, target);
    } else {
        emitter_put(e, node, OPCODE_GET_R, target, 0, 0, (int32_t)e->globals[node->index]);
    }
}

void emit_looked_at_into(Emitter *e, const Core *node, const Core *later, unsigned target)
{
    if (is_owner(e, node) && is_quiet(later))
        emit_look_into(e, node, target);
    else
        emit_into(e, node, target);
}

unsigned emit_looked_at(Emitter *e, const Core *node, const Core *later)
{
    if (!is_owner(e, node) || !is_quiet(later)) return emit_operand_before(e, node, later);
    if (node->kind == CORE_LOCAL) return emitter_local(e, node);
    unsigned reg = emitter_take(e, BANK_REF, 1);
    emit_look_into(e, node, reg);
    return reg;
}

bool builtin_only_looks(BuiltinId id)
{
    switch (id) {
    case BUILTIN_LIST_GET:
    case BUILTIN_LIST_FIRST:
    case BUILTIN_LIST_LAST:
    case BUILTIN_LIST_CONTAINS:
    case BUILTIN_LIST_INDEX:
    case BUILTIN_LIST_JOIN:
    case BUILTIN_LIST_MIN:
    case BUILTIN_LIST_MAX:
    case BUILTIN_LIST_SUM:
    case BUILTIN_MAP_GET:
    case BUILTIN_MAP_HAS:
    case BUILTIN_MAP_KEYS: return true;
    default: return false;
    }
}
