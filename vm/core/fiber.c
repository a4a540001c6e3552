/* Fibers: starting, queueing, waking, joining, cancelling and ending them.
 *
 * Both queues are lists through the fibers themselves, kept in order from the tail on, where a new one nearly
 * always belongs: nothing here but fiber_new allocates, so that waking a fiber cannot fail. */
#include "vm/core/machine.h"

#include <string.h>

static FiberObject *fiber_at(const Vm *vm, Ref ref)
{
    return heap_object(vm, ref);
}

uint32_t fiber_place(const FiberObject *fiber)
{
    return fiber->flags & FIBER_STARTED ? fiber->pc - 1 : fiber->pc;
}

int64_t *fiber_scalar(const Vm *vm, Ref fiber, uint32_t number)
{
    const FiberObject *object = fiber_at(vm, fiber);
    return ((StackObject *)heap_object(vm, object->stack))->scalars + object->s + number;
}

Ref *fiber_ref(const Vm *vm, Ref fiber, uint32_t number)
{
    const FiberObject *object = fiber_at(vm, fiber);
    return stack_refs(heap_object(vm, object->stack)) + object->r + number;
}

/* ---- queues ---- */

static bool fiber_before(const FiberObject *a, const FiberObject *b, bool timers)
{
    if (timers && a->deadline != b->deadline) return a->deadline < b->deadline;
    if (a->rank != b->rank) return a->rank < b->rank;
    return a->header.len < b->header.len;
}

static void queue_insert(Vm *vm, Ref *first, Ref *last, Ref ref, bool timers)
{
    FiberObject *fiber = fiber_at(vm, ref);
    Ref before = *last;
    while (before && fiber_before(fiber, fiber_at(vm, before), timers))
        before = fiber_at(vm, before)->queue_before;
    Ref next = before ? fiber_at(vm, before)->queue_next : *first;
    fiber->queue_before = before;
    fiber->queue_next = next;
    *(before ? &fiber_at(vm, before)->queue_next : first) = ref;
    *(next ? &fiber_at(vm, next)->queue_before : last) = ref;
}

static void queue_remove(Vm *vm, Ref *first, Ref *last, Ref ref)
{
    FiberObject *fiber = fiber_at(vm, ref);
    *(fiber->queue_before ? &fiber_at(vm, fiber->queue_before)->queue_next : first) = fiber->queue_next;
    *(fiber->queue_next ? &fiber_at(vm, fiber->queue_next)->queue_before : last) = fiber->queue_before;
    fiber->queue_before = fiber->queue_next = 0;
}

void fiber_ready(Vm *vm, Ref fiber)
{
    State *state = vm_state(vm);
    fiber_at(vm, fiber)->state = FIBER_READY;
    queue_insert(vm, &state->ready_first, &state->ready_last, fiber, false);
}

Ref fiber_take_ready(Vm *vm)
{
    State *state = vm_state(vm);
    Ref fiber = state->ready_first;
    if (fiber) queue_remove(vm, &state->ready_first, &state->ready_last, fiber);
    return fiber;
}

/* ---- starting ---- */

/* The new fiber's stack, with its arguments: temps[place] is the fiber. */
static bool stack_start(Vm *vm, size_t place, const ImageFunction *fn, uint32_t a, uint32_t b)
{
    size_t scalar_room = fn->scalars + (size_t)1, refs = fn->refs;
    Ref ref = heap_alloc(vm, OBJECT_STACK, sizeof(StackObject) + scalar_room * 8 + refs * 4);
    if (!ref) return false;
    StackObject *stack = heap_object(vm, ref);
    stack->header.len = (uint32_t)refs;
    stack->scalar_room = (uint32_t)scalar_room;
    stack->scalars[0] = (int64_t)FRAME_FIRST;
    Ref current = vm_state(vm)->current;
    if (current) {
        if (fn->param_scalars)
            memcpy(stack->scalars + 1, fiber_scalar(vm, current, a), fn->param_scalars * 8u);
        if (fn->param_refs)
            memcpy(stack_refs(stack), fiber_ref(vm, current, b), fn->param_refs * sizeof(Ref));
    } else if (fn->param_refs) {
        stack_refs(stack)[0] = vm_state(vm)->start; /* the entry */
    }
    FiberObject *fiber = fiber_at(vm, vm->temps.items[place]);
    fiber->stack = ref;
    fiber->s = 1;
    return true;
}

static void fiber_enlist(Vm *vm, Ref ref)
{
    State *state = vm_state(vm);
    FiberObject *fiber = fiber_at(vm, ref);
    fiber->header.len = ++state->next_fiber;
    fiber->before = state->last;
    *(state->last ? &fiber_at(vm, state->last)->next : &state->first) = ref;
    state->last = ref;
    state->fiber_count++;
    fiber_ready(vm, ref);
}

Ref fiber_new(Vm *vm, uint32_t function, int32_t rank, Ref parent, uint32_t a, uint32_t b)
{
    if (vm_state(vm)->fiber_count >= vm->limits.fibers) {
        vm_raise_limit(vm, LIMIT_FIBERS, "the run has too many fibers at once");
        return 0;
    }
    const ImageFunction *fn = &vm->image->functions[function];
    size_t place = temp_push(vm, parent);
    Ref ref = heap_alloc(vm, OBJECT_FIBER, sizeof(FiberObject));
    if (ref) {
        FiberObject *fiber = fiber_at(vm, ref);
        fiber->rank = rank;
        fiber->pc = fn->code;
        fiber->state = FIBER_ENDED; /* until it has a stack */
        fiber->parent = vm->temps.items[place];
        Ref current = vm_state(vm)->current;
        fiber->step = current ? fiber_at(vm, current)->step : 0;
        temp_push(vm, ref);
        ref = stack_start(vm, place + 1, fn, a, b) ? vm->temps.items[place + 1] : 0;
    }
    temp_drop(vm, place);
    if (ref) fiber_enlist(vm, ref);
    return ref;
}

/* ---- waiting ---- */

void fiber_wait(Vm *vm, Ref ref, int64_t deadline, uint64_t topics, uint32_t target)
{
    State *state = vm_state(vm);
    FiberObject *fiber = fiber_at(vm, ref);
    fiber->state = FIBER_WAITING;
    fiber->deadline = deadline;
    fiber->topics = topics;
    fiber->target = (uint16_t)target;
    if (deadline != INT64_MAX) queue_insert(vm, &state->timer_first, &state->timer_last, ref, true);
}

static void wait_leave(Vm *vm, Ref ref)
{
    State *state = vm_state(vm);
    FiberObject *fiber = fiber_at(vm, ref);
    if (fiber->state == FIBER_WAITING && fiber->deadline != INT64_MAX) {
        queue_remove(vm, &state->timer_first, &state->timer_last, ref);
    } else if (fiber->state == FIBER_JOINING) {
        FiberObject *awaited = fiber_at(vm, fiber->joining);
        queue_remove(vm, &awaited->joiner_first, &awaited->joiner_last, ref);
    }
    fiber->deadline = 0;
    fiber->topics = 0;
    fiber->target = 0;
    fiber->flags &= (uint8_t)~FIBER_QUIET_JOIN;
}

void fiber_wake(Vm *vm, Ref ref, bool came)
{
    *fiber_scalar(vm, ref, fiber_at(vm, ref)->target) = came;
    wait_leave(vm, ref);
    fiber_ready(vm, ref);
}

void fibers_notify(Vm *vm, uint64_t topics)
{
    for (Ref ref = vm_state(vm)->first; ref; ref = fiber_at(vm, ref)->next) {
        const FiberObject *fiber = fiber_at(vm, ref);
        if (fiber->state == FIBER_WAITING && fiber->topics & topics) fiber_wake(vm, ref, false);
    }
}

bool fiber_join(Vm *vm, Ref ref, Ref other, uint32_t target, bool quiet, bool *waits, Ref *raised)
{
    if (!other || heap_kind(vm, other) != OBJECT_FIBER) return vm_raise_kind(vm, "a fiber", other);
    if (other == ref) return vm_raise(vm, FAILURE_RUN, "a fiber cannot wait for its own end");
    FiberObject *fiber = fiber_at(vm, ref), *awaited = fiber_at(vm, other);
    *waits = awaited->state != FIBER_ENDED || awaited->flags & FIBER_LINGERS;
    if (*waits) {
        awaited->flags |= FIBER_JOINED;
        queue_insert(vm, &awaited->joiner_first, &awaited->joiner_last, ref, false);
        fiber->state = FIBER_JOINING;
        fiber->joining = other;
        fiber->target = (uint16_t)target;
        fiber->flags &= (uint8_t)~FIBER_QUIET_JOIN;
        if (quiet) fiber->flags |= FIBER_QUIET_JOIN;
        return true;
    }
    bool failed = awaited->flags & FIBER_FAILED;
    if (failed && !quiet) {
        *raised = awaited->error;
        return false;
    }
    *fiber_scalar(vm, ref, target) = !failed;
    return true;
}

/* ---- ending ---- */

static void joiners_wake(Vm *vm, Ref ended)
{
    Ref error = fiber_at(vm, ended)->error;
    for (Ref ref; (ref = fiber_at(vm, ended)->joiner_first) != 0;) {
        FiberObject *fiber = fiber_at(vm, ref);
        if (error && !(fiber->flags & FIBER_QUIET_JOIN)) {
            fiber->flags |= FIBER_RAISES;
            fiber->error = error;
        }
        *fiber_scalar(vm, ref, fiber->target) = !error;
        wait_leave(vm, ref);
        fiber_ready(vm, ref);
    }
}

static void fiber_delist(Vm *vm, Ref ref)
{
    State *state = vm_state(vm);
    FiberObject *fiber = fiber_at(vm, ref);
    *(fiber->before ? &fiber_at(vm, fiber->before)->next : &state->first) = fiber->next;
    *(fiber->next ? &fiber_at(vm, fiber->next)->before : &state->last) = fiber->before;
    fiber->next = fiber->before = 0;
    state->fiber_count--;
}

/* The run is over: what still waits is dropped, what is under way in the world is no longer wanted. */
static void fibers_drop(Vm *vm)
{
    State *state = vm_state(vm);
    for (Ref ref = state->first; ref;) {
        FiberObject *fiber = fiber_at(vm, ref);
        Ref next = fiber->next;
        if (fiber->state == FIBER_IN_EFFECT) output_cancel(vm, fiber->effect);
        wait_leave(vm, ref);
        fiber->state = FIBER_ENDED;
        fiber->stack = fiber->next = fiber->before = fiber->queue_next = fiber->queue_before = 0;
        ref = next;
    }
    state->first = state->last = state->ready_first = state->ready_last = 0;
    state->timer_first = state->timer_last = 0;
    state->fiber_count = 0;
}

static bool fiber_descends(const Vm *vm, Ref ref, Ref ancestor)
{
    while (ref && ref != ancestor)
        ref = fiber_at(vm, ref)->parent;
    return ref != 0;
}

/* Is something under way still that was started by an ended fiber and cancelled with it: an `always`? */
static bool fiber_has_remains(const Vm *vm, Ref ended)
{
    for (Ref ref = vm_state(vm)->first; ref; ref = fiber_at(vm, ref)->next) {
        if (fiber_at(vm, ref)->flags & FIBER_CANCELLED && fiber_descends(vm, ref, ended)) return true;
    }
    return false;
}

/* A fiber has ended: which of those that started it were waiting for that? */
static void lingering_end(Vm *vm, Ref ended)
{
    for (Ref ref = fiber_at(vm, ended)->parent; ref; ref = fiber_at(vm, ref)->parent) {
        FiberObject *fiber = fiber_at(vm, ref);
        if (!(fiber->flags & FIBER_LINGERS) || fiber_has_remains(vm, ref)) continue;
        fiber->flags &= (uint8_t)~FIBER_LINGERS;
        joiners_wake(vm, ref);
    }
}

void fiber_end(Vm *vm, Ref ref, Ref error)
{
    State *state = vm_state(vm);
    FiberObject *fiber = fiber_at(vm, ref);
    bool joined = fiber->flags & FIBER_JOINED;
    fiber->state = FIBER_ENDED;
    fiber->error = error;
    if (error) fiber->flags |= FIBER_FAILED;
    if (error && !joined && ref != state->main) output_warning(vm, ref, error);
    fiber->stack = 0;
    fiber_delist(vm, ref);
    if (ref != state->main) {
        if (fiber->flags & FIBER_CANCELLED && fiber_has_remains(vm, ref))
            fiber->flags |= FIBER_LINGERS;
        else
            joiners_wake(vm, ref);
        lingering_end(vm, ref);
        return;
    }
    fibers_drop(vm);
    state->status = VM_ENDED;
    state->error = error;
    output_done(vm, error);
}

/* ---- cancelling ---- */

static void fiber_cancel_one(Vm *vm, Ref ref)
{
    FiberObject *fiber = fiber_at(vm, ref);
    if (fiber->flags & FIBER_CANCELLED) return;
    fiber->flags |= FIBER_CANCELLED | FIBER_RAISES;
    fiber->error = 0;
    if (fiber->state == FIBER_IN_EFFECT) output_cancel(vm, fiber->effect);
    if (fiber->state == FIBER_READY) return; /* running or about to */
    wait_leave(vm, ref);
    fiber_ready(vm, ref);
}

void fiber_fail(Vm *vm, Ref ref, Ref error)
{
    FiberObject *fiber = fiber_at(vm, ref);
    fiber->flags |= FIBER_RAISES;
    fiber->error = error;
    if (fiber->state == FIBER_IN_EFFECT) output_cancel(vm, fiber->effect);
    if (fiber->state == FIBER_READY) return;
    wait_leave(vm, ref);
    fiber_ready(vm, ref);
}

bool fiber_cancel(Vm *vm, Ref target)
{
    for (Ref ref = vm_state(vm)->first; ref; ref = fiber_at(vm, ref)->next) {
        if (fiber_descends(vm, ref, target)) fiber_cancel_one(vm, ref);
    }
    Ref current = vm_state(vm)->current;
    return current && fiber_at(vm, current)->flags & FIBER_RAISES;
}
