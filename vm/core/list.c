/* Lists: a part of a data object that several lists share. A list that ends where its data's used part ends
 * is appended to in place, as strings are; a list never sees what comes after its own end. */
#include "vm/core/values.h"

#include <inttypes.h>
#include <string.h>

bool list_is(const Vm *vm, Ref ref)
{
    ObjectKind kind = heap_kind(vm, ref);
    return kind == OBJECT_LIST_S || kind == OBJECT_LIST_R;
}

bool list_check(Vm *vm, Ref ref, ObjectKind kind)
{
    return heap_kind(vm, ref) == kind || vm_raise_kind(vm, "a list", ref);
}

uint32_t list_len(const Vm *vm, Ref list)
{
    return ((const ListObject *)heap_view(vm, list))->header.len;
}

const int64_t *list_scalars(const Vm *vm, Ref list)
{
    const ListObject *object = heap_view(vm, list);
    return object->data ? ((DataObject *)heap_object(vm, object->data))->scalars + object->start : NULL;
}

const Ref *list_refs(const Vm *vm, Ref list)
{
    const ListObject *object = heap_view(vm, list);
    return object->data ? data_refs(heap_object(vm, object->data)) + object->start : NULL;
}

int64_t *list_fill_scalars(Vm *vm, Ref list)
{
    const ListObject *object = heap_object(vm, list);
    return object->data ? ((DataObject *)heap_object(vm, object->data))->scalars : NULL;
}

Ref *list_fill_refs(Vm *vm, Ref list)
{
    const ListObject *object = heap_object(vm, list);
    return object->data ? data_refs(heap_object(vm, object->data)) : NULL;
}

/* What its elements are is for the caller to say before the next allocation. */
static Ref data_new(Vm *vm, bool scalar, uint32_t room, uint32_t used)
{
    size_t size = heap_round(sizeof(DataObject) + (size_t)room * (scalar ? 8 : 4));
    if (!heap_reserve(vm, size)) return 0;
    heap_charge(vm, size);
    Ref ref = heap_take(vm, scalar ? OBJECT_DATA_S : OBJECT_DATA_R, size);
    DataObject *data = heap_object(vm, ref);
    data->header.len = room;
    data->used = used;
    data->pad = 0;
    return ref;
}

/* A list of the data in the last temp. */
static Ref list_view(Vm *vm, ObjectKind kind, uint32_t start, uint32_t len)
{
    Ref ref = heap_alloc(vm, kind, sizeof(ListObject));
    if (!ref) return 0;
    ListObject *list = heap_object(vm, ref);
    list->header.len = len;
    list->data = vm->temps.items[vm->temps.count - 1];
    list->start = start;
    return ref;
}

static bool length_check(Vm *vm, size_t len)
{
    return (len <= vm->limits.list_items && len <= UINT32_MAX / 32) ||
           vm_raise_limit(vm, LIMIT_LIST, "a list has too many elements");
}

Ref list_new(Vm *vm, ObjectKind kind, uint32_t len)
{
    if (!length_check(vm, len)) return 0;
    bool scalar = kind == OBJECT_LIST_S;
    Ref data = len ? data_new(vm, scalar, len, len) : 0;
    if (len && !data) return 0;
    if (len) memset(((DataObject *)heap_object(vm, data))->scalars, 0, (size_t)len * (scalar ? 8 : 4));
    size_t place = temp_push(vm, data);
    Ref list = list_view(vm, kind, 0, len);
    temp_drop(vm, place);
    return list;
}

Ref list_of_temps(Vm *vm, size_t place)
{
    uint32_t count = (uint32_t)(vm->temps.count - place);
    Ref list = list_new(vm, OBJECT_LIST_R, count);
    if (list && count) memcpy(list_fill_refs(vm, list), vm->temps.items + place, count * sizeof(Ref));
    vm->temps.count = place;
    return list;
}

/* Room for one more behind the list in temps[place]: its own data, or a larger copy, which is left as the
 * last temp. */
static bool data_for_append(Vm *vm, size_t place, bool scalar, uint32_t *start, bool *copied)
{
    const ListObject *list = heap_object(vm, vm->temps.items[place]);
    uint32_t len = list->header.len;
    if (list->data) {
        const DataObject *data = heap_object(vm, list->data);
        if (list->start + len == data->used && data->used < data->header.len) {
            *start = list->start;
            temp_push(vm, list->data);
            return true;
        }
    }
    if (!length_check(vm, (size_t)len + 1)) return false;
    size_t room = len < 4 ? 4 : (size_t)len * 2;
    if (room > vm->limits.list_items) room = vm->limits.list_items;
    Ref ref = data_new(vm, scalar, (uint32_t)room, len);
    if (!ref) return false;
    DataObject *data = heap_object(vm, ref);
    const Ref from = vm->temps.items[place];
    if (len && scalar) memcpy(data->scalars, list_scalars(vm, from), len * sizeof(int64_t));
    if (len && !scalar) memcpy(data_refs(data), list_refs(vm, from), len * sizeof(Ref));
    *start = 0;
    *copied = true;
    temp_push(vm, ref);
    return true;
}

Ref list_append(Vm *vm, Ref list, int64_t scalar, Ref ref, bool own)
{
    ObjectKind kind = heap_kind(vm, list);
    bool is_scalar = kind == OBJECT_LIST_S, alone = heap_is_owned(vm, list);
    uint32_t len = list_len(vm, list), start = 0;
    size_t place = temp_push(vm, list);
    temp_push(vm, is_scalar ? 0 : ref);
    Ref appended = 0;
    if (data_for_append(vm, place, is_scalar, &start, &alone)) {
        /* Written before the next allocation, which would cut unused room away. */
        DataObject *data = heap_object(vm, vm->temps.items[place + 2]);
        if (is_scalar)
            data->scalars[start + len] = scalar;
        else
            data_refs(data)[start + len] = vm->temps.items[place + 1];
        data->used = start + len + 1;
        appended = list_view(vm, kind, start, len + 1);
        if (appended && own && alone) heap_own(vm, appended);
    }
    temp_drop(vm, place);
    return appended;
}

Ref list_put(Vm *vm, Ref list, int64_t at, int64_t scalar, Ref ref, bool own)
{
    ObjectKind kind = heap_kind(vm, list);
    uint32_t len = list_len(vm, list);
    if (at < 0 || at >= len) {
        vm_raise(vm, FAILURE_RUN, "there is no element %" PRId64 " in a list of %u", at, (unsigned)len);
        return 0;
    }
    size_t place = temp_push(vm, list);
    temp_push(vm, kind == OBJECT_LIST_R ? ref : 0);
    Ref changed = list_new(vm, kind, len);
    if (changed && kind == OBJECT_LIST_S) {
        int64_t *to = list_fill_scalars(vm, changed);
        memcpy(to, list_scalars(vm, vm->temps.items[place]), len * sizeof *to);
        to[at] = scalar;
    } else if (changed) {
        Ref *to = list_fill_refs(vm, changed);
        memcpy(to, list_refs(vm, vm->temps.items[place]), len * sizeof *to);
        to[at] = vm->temps.items[place + 1];
    }
    if (changed && own) heap_own(vm, changed);
    temp_drop(vm, place);
    return changed;
}

Ref list_part(Vm *vm, Ref list, uint32_t from, uint32_t to)
{
    const ListObject *whole = heap_object(vm, list);
    if (from == 0 && to == whole->header.len) return list;
    ObjectKind kind = (ObjectKind)whole->header.kind;
    uint32_t start = whole->start + from;
    size_t place = temp_push(vm, whole->data);
    Ref part = list_view(vm, kind, start, to - from);
    temp_drop(vm, place);
    return part;
}
