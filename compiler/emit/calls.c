/* Calls: arguments are evaluated straight into the registers in which the callee will find them. Functions,
 * closures, fibers and builtins differ in what stands below the window and where the result comes. */
#include "compiler/emit/emitter.h"

typedef struct Window {
    unsigned first[BANK_COUNT];
    unsigned count[BANK_COUNT];
} Window;

static Window window_open(Emitter *e, const Core *call, unsigned below)
{
    Window window = {0};
    for (const Core *arg = call->list.first; arg; arg = arg->next)
        window.count[type_bank(arg->type)]++;
    if (below) emitter_take(e, BANK_SCALAR, below);
    for (int bank = 0; bank < BANK_COUNT; bank++) {
        window.first[bank] = emitter_take(e, (Bank)bank, window.count[bank]);
    }
    return window;
}

static void window_fill(Emitter *e, const Core *call, const Window *window)
{
    unsigned next[BANK_COUNT] = {window->first[BANK_SCALAR], window->first[BANK_REF]};
    for (const Core *arg = call->list.first; arg; arg = arg->next)
        emit_into(e, arg, next[type_bank(arg->type)]++);
}

/* The result may stand in a register beyond the arguments: there must be one. */
static void window_reserve_result(Emitter *e, const Window *window, Bank bank)
{
    if (window->count[bank] == 0) emitter_take(e, bank, 1);
}

static bool list_may_assign(const Core *first)
{
    for (const Core *item = first; item; item = item->next) {
        if (may_assign(item)) return true;
    }
    return false;
}

static unsigned closure_register(Emitter *e, const Core *node)
{
    if (node->a->kind != CORE_LOCAL || !list_may_assign(node->list.first)) return emit_operand(e, node->a);
    unsigned reg = emitter_take(e, BANK_REF, 1);
    emit_into(e, node->a, reg);
    return reg;
}

unsigned emit_call(Emitter *e, const Core *node)
{
    unsigned closure = node->kind == CORE_CALL_VALUE ? closure_register(e, node) : 0;
    Window window = window_open(e, node, 1); /* the word below keeps the way back */
    window_fill(e, node, &window);
    if (node->kind == CORE_CALL_VALUE) {
        int32_t counts = (int32_t)(window.count[BANK_SCALAR] + 256 * window.count[BANK_REF]);
        emitter_put(e, node, OPCODE_CALL_CLOSURE, window.first[BANK_SCALAR], window.first[BANK_REF], closure,
                    counts);
    } else {
        emitter_put(e, node, OPCODE_CALL, window.first[BANK_SCALAR], window.first[BANK_REF], 0,
                    (int32_t)e->functions[node->function->number]);
    }
    if (node->type->kind == TYPE_UNIT) return window.first[BANK_REF];
    Bank bank = type_bank(node->type);
    window_reserve_result(e, &window, bank);
    return window.first[bank];
}

unsigned emit_spawn(Emitter *e, const Core *node)
{
    unsigned rank = emitter_take(e, BANK_SCALAR, 1);
    emitter_load_int(e, node, rank, node->index);
    Window window = window_open(e, node, 0);
    window_reserve_result(e, &window, BANK_REF);
    window_fill(e, node, &window);
    emitter_put(e, node, node->flag ? OPCODE_SPAWN_DETACHED : OPCODE_SPAWN, window.first[BANK_SCALAR],
                window.first[BANK_REF], rank, (int32_t)e->functions[node->function->number]);
    return window.first[BANK_REF];
}

void emit_closure(Emitter *e, const Core *node, unsigned target)
{
    Window window = window_open(e, node, 0);
    window_fill(e, node, &window);
    int32_t what = immediate_closure(e->functions[node->function->number], window.count[BANK_SCALAR],
                                     window.count[BANK_REF]);
    emitter_put(e, node, OPCODE_CLOSURE, target, window.first[BANK_SCALAR], window.first[BANK_REF], what);
}

/* Where the arguments of one bank of a builtin stand. `single` is set if the one argument may stay where it
 * is. */
typedef struct Place {
    unsigned first, next;
    bool single;
} Place;

static Place builtin_place(Emitter *e, Bank bank, unsigned count, bool has_result, unsigned target)
{
    Place place = {0};
    if (!has_result && count <= 1) {
        place.single = count == 1;
        return place;
    }
    if (has_result && count == 0) {
        place.first = place.next = target;
        return place;
    }
    /* A temporary that was taken last may hold the first argument until the result comes. */
    bool reuse = has_result && emitter_is_temporary(e, bank, target) && target + 1 == e->top[bank];
    place.first = reuse ? target : emitter_take(e, bank, 1);
    if (count > 1) emitter_take(e, bank, count - 1);
    place.next = place.first;
    return place;
}

static bool later_may_assign(const Core *const *args, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        if (may_assign(args[i])) return true;
    }
    return false;
}

static void place_argument(Emitter *e, Place *place, const Core *const *args, size_t i, size_t count,
                           bool looks)
{
    /* Of what only looks, the one other argument comes after. */
    const Core *later = i + 1 < count ? args[i + 1] : NULL;
    looks = looks && i == 0 && count <= 2;
    if (!place->single) {
        unsigned next = place->next++;
        if (looks)
            emit_looked_at_into(e, args[i], later, next);
        else
            emit_into(e, args[i], next);
        return;
    }
    bool in_place = args[i]->kind == CORE_LOCAL && !later_may_assign(args, i + 1, count);
    if (in_place) {
        place->first = looks ? emit_looked_at(e, args[i], later) : emit_operand(e, args[i]);
    } else {
        place->first = emitter_take(e, type_bank(args[i]->type), 1);
        emit_into(e, args[i], place->first);
    }
}

void emit_builtin(Emitter *e, BuiltinId id, const Type *type, const Core *at, const Core *const *args,
                  size_t count, unsigned target)
{
    Mark mark = emitter_mark(e);
    BuiltinShape shape = builtin_shape(id, type && type_is_scalar(type));
    unsigned found[BANK_COUNT] = {0};
    for (size_t i = 0; i < count; i++)
        found[type_bank(args[i]->type)]++;
    if (found[BANK_SCALAR] != shape.scalars || found[BANK_REF] != shape.refs) {
        emitter_fail(e, at, "builtin %s is called with %u scalars and %u references, it takes %u and %u",
                     builtin_info[id].name, found[BANK_SCALAR], found[BANK_REF], shape.scalars, shape.refs);
        return;
    }
    Bank result = shape.result_is_scalar ? BANK_SCALAR : BANK_REF;
    Place places[BANK_COUNT];
    for (int bank = 0; bank < BANK_COUNT; bank++) {
        places[bank] = builtin_place(e, (Bank)bank, found[bank], bank == (int)result, target);
    }
    for (size_t i = 0; i < count; i++)
        place_argument(e, &places[type_bank(args[i]->type)], args, i, count, builtin_only_looks(id));
    uint32_t number = shape.needs_type && type ? emitter_type(e, type) : 0;
    emitter_put(e, at, OPCODE_BUILTIN, places[BANK_SCALAR].first, places[BANK_REF].first, 0,
                immediate_builtin(id, number));
    emitter_move(e, at, result, target, places[result].first);
    emitter_release(e, mark);
}

enum { BUILTIN_MAX_ARGS = 8 };

void emit_builtin_node(Emitter *e, const Core *node, unsigned target)
{
    const Core *args[BUILTIN_MAX_ARGS];
    size_t count = 0;
    if (node->index >= BUILTIN_COUNT_OF || node->list.count > BUILTIN_MAX_ARGS) {
        emitter_fail(e, node, "there is no builtin %u with %zu arguments", (unsigned)node->index,
                     node->list.count);
        return;
    }
    for (const Core *arg = node->list.first; arg; arg = arg->next)
        args[count++] = arg;
    /* The type that an instruction names is that of a list's or a map's elements, else of the value itself.
     */
    const Type *type = count ? args[0]->type : NULL;
    if (type && (type->kind == TYPE_LIST || type->kind == TYPE_MAP)) type = type->element;
    emit_builtin(e, (BuiltinId)node->index, type, node, args, count, target);
}
