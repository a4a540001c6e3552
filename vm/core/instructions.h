/* What single instructions do beyond a line of the interpreter. Used by interpret.c only.
 *
 * `word` is the instruction; the running fiber is saved, and its registers are reached through it, because
 * most of this may collect. 0, NULL or false: a failure is set. */
#ifndef PLAN_CORE_INSTRUCTIONS_H
#define PLAN_CORE_INSTRUCTIONS_H

#include "vm/core/machine.h"
#include "vm/core/marshal.h"

#include <math.h>

/* Where the running fiber's registers are. */
typedef struct Frame {
    const uint64_t *pc;
    int64_t *s, *s_end;
    Ref *r, *r_end;
    uint32_t depth;
} Frame;

static inline const RecordObject *record_view(Vm *vm, Ref ref, uint32_t field, bool scalar)
{
    const RecordObject *record = heap_view(vm, ref);
    if (record->header.kind != OBJECT_RECORD || field >= (scalar ? record->header.aux : record->header.len)) {
        vm_raise_kind(vm, "a record with such a field", ref);
        return NULL;
    }
    return record;
}

/* The data of a list that one variable alone holds; NULL: it is none, or others may hold it. */
static inline DataObject *list_own_data(const Vm *vm, Ref ref, ObjectKind kind, ListObject **list)
{
    ListObject *object = heap_object(vm, ref);
    if (ref & REF_CONSTANT || object->header.kind != kind || !(object->header.flags & OBJECT_OWNED))
        return NULL;
    *list = object;
    return object->data ? heap_object(vm, object->data) : NULL;
}

/* Room in such data for one more element, counted in; NULL: there is none. */
static inline DataObject *list_own_room(const Vm *vm, Ref ref, ObjectKind kind, uint32_t *at)
{
    ListObject *list;
    DataObject *data = list_own_data(vm, ref, kind, &list);
    if (!data || data->used >= data->header.len || list->start + list->header.len != data->used) return NULL;
    list->header.len++;
    *at = data->used++;
    return data;
}

void infinite_raise(Vm *vm, double real) PLAN_COLD;

bool stack_grow(Vm *vm, const ImageFunction *fn);
const ImageFunction *closure_enter(Vm *vm, Ref ref, uint32_t counts, int64_t *s, Ref *r, const Frame *frame);
Ref closure_new(Vm *vm, uint64_t word);
Ref record_new(Vm *vm, uint64_t word);
Ref record_blank(Vm *vm, uint64_t word);
Ref record_with(Vm *vm, uint64_t word, bool scalar);
Ref list_make(Vm *vm, uint64_t word, bool scalar);
Ref list_add(Vm *vm, uint64_t word, bool scalar);
Ref list_change(Vm *vm, uint64_t word, bool scalar);
Ref map_make(Vm *vm, uint64_t word, ObjectKind kind);
Ref map_add(Vm *vm, uint64_t word, bool scalar);
/* NULL: a failure is set, or there is no such key. Does not allocate. */
const MapEntryObject *map_look(Vm *vm, Ref map, ObjectKind kind, Ref key);
Ref concat_make(Vm *vm, uint64_t word);
Ref text_make(Vm *vm, uint64_t word);
bool value_from_json(Vm *vm, uint64_t word, int64_t *scalar, Ref *ref);
bool value_try_json(Vm *vm, uint64_t word, Ref *ref);
Ref fiber_spawn(Vm *vm, uint64_t word, bool detached);
bool effect_begin(Vm *vm, uint64_t word);
Ref signal_take(Vm *vm);
Ref error_again(Vm *vm, Ref ref);
void overflow_raise(Vm *vm, int64_t left, const char *op, int64_t right) PLAN_COLD;
void budget_exceeded(Vm *vm);

#endif
