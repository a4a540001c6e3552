/* Makes a state depend on what it will do alone, before it is hashed: registers that nothing reads any more
 * are cleared in every frame of every fiber. Only for a machine whose fibers all wait. */
#include "vm/core/machine.h"

#include "vm/code/liveness.h"

#include <stdlib.h>

static const RegisterSet *frame_keeps(Vm *vm, uint32_t pc)
{
    const ImageFunction *fn = image_function_at(vm->image, pc);
    if (!vm->liveness) vm->liveness = memory_alloc(vm->image->function_count * sizeof *vm->liveness);
    RegisterSet **sets = &vm->liveness[fn - vm->image->functions];
    if (!*sets) *sets = image_liveness(vm->image, fn);
    return &(*sets)[pc - fn->code];
}

/* Clears a frame's dead registers up to where those of the function that it called begin. */
static void frame_clear(const RegisterSet *keeps, int64_t *scalars, uint32_t scalar_count, Ref *refs,
                        uint32_t ref_count)
{
    for (uint32_t i = 0; i < scalar_count; i++) {
        if (!register_has(keeps->scalars, i)) scalars[i] = 0;
    }
    for (uint32_t i = 0; i < ref_count; i++) {
        if (!register_has(keeps->refs, i)) refs[i] = 0;
    }
}

static void fiber_clear(Vm *vm, const FiberObject *fiber)
{
    StackObject *stack = heap_object(vm, fiber->stack);
    uint32_t pc = fiber_place(fiber), s = fiber->s, r = fiber->r;
    const ImageFunction *fn = image_function_at(vm->image, pc);
    uint32_t scalars = fn->scalars, refs = fn->refs;
    for (;;) {
        frame_clear(frame_keeps(vm, pc), stack->scalars + s, scalars, stack_refs(stack) + r, refs);
        uint64_t way_back = (uint64_t)stack->scalars[s - 1];
        if (way_back == FRAME_FIRST) return;
        pc = frame_caller(way_back) - 1;
        scalars = frame_scalars(way_back) - 1;
        refs = frame_refs(way_back);
        s -= frame_scalars(way_back);
        r -= refs;
    }
}

void state_canonize(Vm *vm)
{
    for (Ref ref = vm_state(vm)->first; ref;) {
        const FiberObject *fiber = heap_object(vm, ref);
        if (fiber->flags & FIBER_STARTED && fiber->state != FIBER_READY) fiber_clear(vm, fiber);
        ref = fiber->next;
    }
}

void liveness_free(Vm *vm)
{
    for (uint32_t i = 0; vm->liveness && i < vm->image->function_count; i++)
        free(vm->liveness[i]);
    free(vm->liveness);
    vm->liveness = NULL;
}
