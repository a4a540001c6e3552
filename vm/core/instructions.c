/* The instructions that do more than move a number: making records, lists, maps and closures, conversions,
 * starting fibers and effects. Called by the interpreter with the running fiber saved. */
#include "vm/core/instructions.h"

#include <inttypes.h>
#include <string.h>

/* Beyond what is needed, in registers: a stack is cut when its fiber waits, and most fibers make few calls until they wait
 * again. */
enum { STACK_ROOM = 48 };

/* Room for a call, or a failure. The fiber is saved. */
bool stack_grow(Vm *vm, const ImageFunction *fn)
{
    Ref current = vm_state(vm)->current;
    FiberObject *fiber = heap_object(vm, current);
    if (fiber->depth >= vm->limits.depth) {
        return vm_raise_limit(vm, LIMIT_STACK, "functions call each other too deeply");
    }
    const StackObject *from = heap_object(vm, fiber->stack);
    uint32_t scalar_room = from->scalar_room * 2 + fn->scalars + STACK_ROOM,
             ref_room = from->header.len * 2 + fn->refs + STACK_ROOM;
    Ref ref =
        heap_alloc(vm, OBJECT_STACK, sizeof(StackObject) + (size_t)scalar_room * 8 + (size_t)ref_room * 4);
    if (!ref) return false;
    fiber = heap_object(vm, current = vm_state(vm)->current);
    from = heap_object(vm, fiber->stack);
    StackObject *stack = heap_object(vm, ref);
    stack->header.len = ref_room;
    stack->scalar_room = scalar_room;
    memcpy(stack->scalars, from->scalars, (size_t)from->scalar_room * 8);
    memcpy(stack_refs(stack), stack_refs_view(from), (size_t)from->header.len * 4);
    fiber->stack = ref;
    return true;
}

/* Moves a closure call's arguments behind the captured values. NULL: a failure is set. */
const ImageFunction *closure_enter(Vm *vm, Ref ref, uint32_t counts, int64_t *s, Ref *r, const Frame *frame)
{
    if (heap_kind(vm, ref) != OBJECT_CLOSURE) {
        vm_raise_kind(vm, "a function", ref);
        return NULL;
    }
    ClosureObject *closure = heap_object(vm, ref);
    const ImageFunction *fn = &vm->image->functions[closure->function];
    uint32_t scalars = counts & 255, refs = counts >> 8;
    if (closure->header.aux + scalars != fn->param_scalars || closure->header.len + refs != fn->param_refs) {
        vm_raise(vm, FAILURE_RUN, "a function is called with another number of arguments than it takes");
        return NULL;
    }
    if (s + fn->scalars > frame->s_end || r + fn->refs > frame->r_end) return fn;
    memmove(s + closure->header.aux, s, scalars * sizeof *s);
    memcpy(s, closure->scalars, closure->header.aux * sizeof *s);
    memmove(r + closure->header.len, r, refs * sizeof *r);
    memcpy(r, closure_refs(closure), closure->header.len * sizeof *r);
    return fn;
}

Ref closure_new(Vm *vm, uint64_t word)
{
    uint32_t imm = (uint32_t)instruction_imm(word), scalars = imm >> 16 & 255, refs = imm >> 24;
    Ref ref = heap_alloc(vm, OBJECT_CLOSURE,
                         sizeof(ClosureObject) + scalars * sizeof(int64_t) + refs * sizeof(Ref));
    if (!ref) return 0;
    ClosureObject *closure = heap_object(vm, ref);
    Ref current = vm_state(vm)->current;
    closure->header.aux = (uint16_t)scalars;
    closure->header.len = refs;
    closure->function = imm & UINT16_MAX;
    memcpy(closure->scalars, fiber_scalar(vm, current, instruction_b(word)), scalars * sizeof(int64_t));
    memcpy(closure_refs(closure), fiber_ref(vm, current, instruction_c(word)), refs * sizeof(Ref));
    return ref;
}

Ref record_new(Vm *vm, uint64_t word)
{
    const ImageType *type = &vm->image->types[instruction_imm(word)];
    Ref ref = heap_alloc(vm, OBJECT_RECORD,
                         sizeof(RecordObject) + type->scalars * sizeof(int64_t) + type->refs * sizeof(Ref));
    if (!ref) return 0;
    RecordObject *record = heap_object(vm, ref);
    Ref current = vm_state(vm)->current;
    record->header.aux = (uint16_t)type->scalars;
    record->header.len = type->refs;
    memcpy(record->scalars, fiber_scalar(vm, current, instruction_b(word)), type->scalars * sizeof(int64_t));
    memcpy(record_refs(record), fiber_ref(vm, current, instruction_c(word)), type->refs * sizeof(Ref));
    return ref;
}

Ref record_blank(Vm *vm, uint64_t word)
{
    const ImageType *type = &vm->image->types[instruction_imm(word)];
    Ref ref = heap_alloc(vm, OBJECT_RECORD,
                         sizeof(RecordObject) + type->scalars * sizeof(int64_t) + type->refs * sizeof(Ref));
    if (!ref) return 0;
    RecordObject *record = heap_object(vm, ref);
    record->header.aux = (uint16_t)type->scalars;
    record->header.len = type->refs;
    heap_own(vm, ref);
    return ref;
}

Ref record_with(Vm *vm, uint64_t word, bool scalar)
{
    uint32_t field = (uint32_t)instruction_imm(word), a = instruction_a(word), b = instruction_b(word);
    Ref from = *fiber_ref(vm, vm_state(vm)->current, a);
    if (!record_view(vm, from, field, scalar)) return 0;
    bool own = instruction_c(word);
    Ref ref = from;
    if (!own || !heap_is_owned(vm, from)) {
        size_t size = heap_object_size(heap_view(vm, from));
        ref = heap_alloc(vm, OBJECT_RECORD, size);
        if (!ref) return 0;
        memcpy(heap_object(vm, ref), heap_view(vm, *fiber_ref(vm, vm_state(vm)->current, a)), size);
        heap_share(vm, ref);
        if (own) heap_own(vm, ref);
    }
    Ref current = vm_state(vm)->current;
    RecordObject *record = heap_object(vm, ref);
    if (scalar)
        record->scalars[field] = *fiber_scalar(vm, current, b);
    else
        record_refs(record)[field] = *fiber_ref(vm, current, b);
    return ref;
}

Ref list_make(Vm *vm, uint64_t word, bool scalar)
{
    uint32_t len = instruction_c(word);
    Ref ref = list_new(vm, scalar ? OBJECT_LIST_S : OBJECT_LIST_R, len);
    if (!ref || !len) return ref;
    Ref current = vm_state(vm)->current;
    if (scalar)
        memcpy(list_fill_scalars(vm, ref), fiber_scalar(vm, current, instruction_b(word)),
               len * sizeof(int64_t));
    else
        memcpy(list_fill_refs(vm, ref), fiber_ref(vm, current, instruction_b(word)), len * sizeof(Ref));
    return ref;
}

Ref list_add(Vm *vm, uint64_t word, bool scalar)
{
    Ref current = vm_state(vm)->current, list = *fiber_ref(vm, current, instruction_a(word));
    if (!list_check(vm, list, scalar ? OBJECT_LIST_S : OBJECT_LIST_R)) return 0;
    bool own = instruction_c(word);
    return scalar ? list_append(vm, list, *fiber_scalar(vm, current, instruction_b(word)), 0, own)
                  : list_append(vm, list, 0, *fiber_ref(vm, current, instruction_b(word)), own);
}

Ref list_change(Vm *vm, uint64_t word, bool scalar)
{
    Ref current = vm_state(vm)->current, list = *fiber_ref(vm, current, instruction_a(word));
    if (!list_check(vm, list, scalar ? OBJECT_LIST_S : OBJECT_LIST_R)) return 0;
    int64_t at = *fiber_scalar(vm, current, instruction_b(word));
    bool own = instruction_imm(word);
    return scalar ? list_put(vm, list, at, *fiber_scalar(vm, current, instruction_c(word)), 0, own)
                  : list_put(vm, list, at, 0, *fiber_ref(vm, current, instruction_c(word)), own);
}

Ref map_make(Vm *vm, uint64_t word, ObjectKind kind)
{
    enum { ROOM_AT_MOST = 256 }; /* the word may say anything */
    uint32_t room = (uint32_t)instruction_imm(word);
    return map_with_room(vm, kind, room < ROOM_AT_MOST ? room : ROOM_AT_MOST);
}

Ref map_add(Vm *vm, uint64_t word, bool scalar)
{
    Ref current = vm_state(vm)->current;
    Ref map = *fiber_ref(vm, current, instruction_a(word)),
        key = *fiber_ref(vm, current, instruction_b(word));
    if (!map_check(vm, map, scalar ? OBJECT_MAP_S : OBJECT_MAP_R) || !text_check(vm, key)) return 0;
    return map_put(vm, map, key,
                   scalar ? *fiber_scalar(vm, current, instruction_c(word))
                          : (int64_t)*fiber_ref(vm, current, instruction_c(word)),
                   instruction_imm(word));
}

const MapEntryObject *map_look(Vm *vm, Ref map, ObjectKind kind, Ref key)
{
    if (!map_check(vm, map, kind) || !text_check(vm, key)) return NULL;
    heap_charge(vm, text_view(vm, key).len);
    return map_find(vm, map, text_view(vm, key));
}

Ref concat_make(Vm *vm, uint64_t word)
{
    size_t place = vm->temps.count;
    for (uint32_t i = 0; i < instruction_c(word); i++) {
        temp_push(vm, *fiber_ref(vm, vm_state(vm)->current, instruction_b(word) + i));
    }
    Ref text = text_concat(vm, place);
    vm->temps.count = place;
    return text;
}

/* The parts as strings among the temps, where they are many bytes: the first may be one that grows. */
static Ref text_of_temps(Vm *vm, uint64_t word)
{
    Ref current = vm_state(vm)->current;
    uint32_t kinds = (uint32_t)instruction_imm(word), scalar = instruction_b(word), ref = instruction_c(word);
    size_t place = vm->temps.count;
    for (; kinds > 1; kinds >>= 1) {
        Ref part;
        if (kinds & 1) {
            buffer_clear(&vm->scratch);
            buffer_add_int(&vm->scratch, *fiber_scalar(vm, current, scalar++));
            part = text_take_scratch(vm);
            if (!part) return 0;
            current = vm_state(vm)->current;
        } else {
            part = *fiber_ref(vm, current, ref++);
        }
        temp_push(vm, part);
    }
    return text_concat(vm, place);
}

Ref text_make(Vm *vm, uint64_t word)
{
    enum { SHORT = 100 };
    Ref current = vm_state(vm)->current;
    uint32_t kinds = (uint32_t)instruction_imm(word);
    const int64_t *scalar = fiber_scalar(vm, current, instruction_b(word));
    const Ref *ref = fiber_ref(vm, current, instruction_c(word));
    Buffer *out = &vm->scratch;
    buffer_clear(out);
    for (; kinds > 1; kinds >>= 1) {
        if (kinds & 1) {
            buffer_add_int(out, *scalar++);
            continue;
        }
        if (!text_check(vm, *ref)) return 0;
        Str part = text_view(vm, *ref++);
        if (out->len + part.len > SHORT) break;
        buffer_add_str(out, part);
    }
    if (kinds <= 1) return text_take_scratch(vm);
    size_t place = vm->temps.count;
    Ref text = text_of_temps(vm, word);
    vm->temps.count = place;
    return text;
}

bool value_from_json(Vm *vm, uint64_t word, int64_t *scalar, Ref *ref)
{
    Ref current = vm_state(vm)->current;
    return json_to_value(vm, *fiber_ref(vm, current, instruction_b(word)), (uint32_t)instruction_imm(word),
                         *fiber_ref(vm, current, instruction_c(word)), scalar, ref);
}

/* A value that does not fit is none; only a failure of the machine itself (a limit) stays one. */
bool value_try_json(Vm *vm, uint64_t word, Ref *ref)
{
    uint32_t type = (uint32_t)instruction_imm(word);
    Ref json = *fiber_ref(vm, vm_state(vm)->current, instruction_b(word));
    int64_t scalar = 0;
    *ref = 0;
    if (!json) return true;
    if (!json_to_value(vm, json, type, 0, &scalar, ref)) {
        *ref = 0;
        if (vm->failure.kind == FAILURE_LIMIT) return false;
        vm->failure.set = false;
        return true;
    }
    if (!image_type_is_scalar(vm->image, type)) return true;
    *ref = box_new(vm, OBJECT_BOX, scalar);
    return *ref != 0;
}

Ref fiber_spawn(Vm *vm, uint64_t word, bool detached)
{
    Ref current = vm_state(vm)->current;
    int64_t rank = *fiber_scalar(vm, current, instruction_c(word));
    if (rank < INT32_MIN || rank > INT32_MAX) {
        vm_raise(vm, FAILURE_RUN, "%" PRId64 " is no rank of a fiber", rank);
        return 0;
    }
    return fiber_new(vm, (uint32_t)instruction_imm(word), (int32_t)rank, detached ? 0 : current,
                     instruction_a(word), instruction_b(word));
}

bool effect_begin(Vm *vm, uint64_t word)
{
    Ref current = vm_state(vm)->current;
    uint32_t table = (uint32_t)instruction_imm(word);
    const int64_t *scalars = fiber_scalar(vm, current, instruction_b(word));
    const Ref *refs = fiber_ref(vm, current, instruction_c(word));
    if (!output_effect(vm, current, table, scalars, refs)) return false;
    FiberObject *fiber = heap_object(vm, current);
    fiber->state = FIBER_IN_EFFECT;
    fiber->effect = vm_state(vm)->next_effect;
    awaited_note(vm, current, fiber->effect);
    fiber->table = table;
    fiber->target = (uint16_t)instruction_a(word);
    return true;
}

Ref signal_take(Vm *vm)
{
    State *state = vm_state(vm);
    uint32_t len = state->signals ? list_len(vm, state->signals) : 0;
    if (!len) return 0;
    size_t place = temp_push(vm, list_refs(vm, state->signals)[0]);
    Ref rest = len == 1 ? 0 : list_part(vm, state->signals, 1, len);
    if (len == 1 || rest) vm_state(vm)->signals = rest;
    return temp_drop(vm, place);
}

/* The error that RAISE raises again. */
Ref error_again(Vm *vm, Ref ref)
{
    if (heap_kind(vm, ref) == OBJECT_ERROR) return ref;
    vm_raise_kind(vm, "an error", ref);
    return 0;
}

void overflow_raise(Vm *vm, int64_t left, const char *op, int64_t right)
{
    vm_raise(vm, FAILURE_RUN, "%" PRId64 " %s %" PRId64 " is too large for an int", left, op, right);
}

void infinite_raise(Vm *vm, double real)
{
    vm_raise(vm, FAILURE_RUN, isnan(real) ? "the result is no number" : "the result is too large for a float");
}

bool heap_work(Vm *vm, size_t bytes)
{
    heap_charge(vm, bytes);
    return vm->budget > 1 || vm_raise_limit(vm, LIMIT_INSTRUCTIONS, "one operation works on too much");
}

/* All instructions of this event are used up. The first few times the fiber at fault ends, uncatchably; then
 * the run. */
void budget_exceeded(Vm *vm)
{
    enum { REFILLS = 8 };
    vm_raise_limit(vm, LIMIT_INSTRUCTIONS, "it runs without end, calling and repeating without waiting");
    vm->failure.fatal = true;
    if (++vm->refills > REFILLS) vm_state(vm)->current = vm_state(vm)->main;
    vm->budget = vm->limits.instructions;
}
