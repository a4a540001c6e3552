/* Which fiber waits for the result of an effect? Results are asked for by number, and tens of thousands of fibers may wait
 * at once.
 *
 * Of few fibers one looks at each. Of many there is a table by the effect's number (open addressing, half full at most).
 * It is no part of the state: it is forgotten when objects move or another state comes, and made again when it is
 * next needed, which costs as much as the collection before. Entries stay when their effects have ended; the fiber
 * itself says what it waits for. */
#include "vm/core/machine.h"

#include <stdlib.h>

enum { FEW_FIBERS = 32, ROOM_LEAST = 64 };

typedef struct Awaited {
    uint64_t effect; /* 0: a free slot */
    Ref fiber;
} Awaited;

struct AwaitedTable {
    Awaited *slots;
    size_t room, count;
    bool known;
};

struct AwaitedTable *awaited_new(void)
{
    return memory_alloc(sizeof(struct AwaitedTable));
}

void awaited_free(struct AwaitedTable *table)
{
    free(table->slots);
    free(table);
}

void awaited_forget(Vm *vm)
{
    vm->awaited->known = false;
}

static bool awaits(const FiberObject *fiber, uint64_t effect)
{
    return fiber->state == FIBER_IN_EFFECT && fiber->effect == effect;
}

/* Where the effect's entry is, or would be. */
static Awaited *slot_of(const struct AwaitedTable *table, uint64_t effect)
{
    size_t at = (size_t)(effect * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (table->room - 1);
    while (table->slots[at].effect && table->slots[at].effect != effect)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static void table_add(struct AwaitedTable *table, uint64_t effect, Ref fiber)
{
    *slot_of(table, effect) = (Awaited){effect, fiber};
    table->count++;
}

/* Of all fibers that wait for an effect now, with room for as many again. */
static void table_fill(const Vm *vm)
{
    size_t waiting = 0;
    const FiberObject *fiber;
    for (Ref ref = vm_state(vm)->first; ref; ref = fiber->next) {
        fiber = heap_object(vm, ref);
        waiting += fiber->state == FIBER_IN_EFFECT;
    }
    struct AwaitedTable *table = vm->awaited;
    size_t room = ROOM_LEAST;
    while (room < waiting * 4)
        room *= 2;
    free(table->slots);
    *table = (struct AwaitedTable){.slots = memory_alloc(room * sizeof *table->slots), .room = room, .known = true};
    for (Ref ref = vm_state(vm)->first; ref; ref = fiber->next) {
        fiber = heap_object(vm, ref);
        if (fiber->state == FIBER_IN_EFFECT) table_add(table, fiber->effect, ref);
    }
}

void awaited_note(Vm *vm, Ref fiber, uint64_t effect)
{
    struct AwaitedTable *table = vm->awaited;
    if (!table->known) return;
    if (table->count >= table->room / 2)
        table->known = false;
    else
        table_add(table, effect, fiber);
}

Ref fiber_of_effect(const Vm *vm, uint64_t effect)
{
    if (vm_state(vm)->fiber_count < FEW_FIBERS) {
        const FiberObject *fiber;
        for (Ref ref = vm_state(vm)->first; ref; ref = fiber->next) {
            fiber = heap_object(vm, ref);
            if (awaits(fiber, effect)) return ref;
        }
        return 0;
    }
    if (!vm->awaited->known) table_fill(vm);
    const Awaited *found = slot_of(vm->awaited, effect);
    return found->effect && awaits(heap_object(vm, found->fiber), effect) ? found->fiber : 0;
}
