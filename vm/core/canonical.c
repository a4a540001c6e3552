/* Extents: which part of a buffer, data or table do the values see that share it? Found by two walks through
 * a block that was just collected, so that every object in it lives. The collector calls this when it settles
 * a state.
 *
 * Two states that will do the same are the same bytes after settling, whatever they did before:
 *   - registers that nothing reads any more are zero (collect.c, by what vm/code/liveness.h says);
 *   - a buffer or data begins with the first and ends with the last element that is seen, a table with the
 * last entry;
 *   - a slice that alone sees its buffer is a string; an empty list or map has no memory;
 *   - index slots are made for the entries that there are; padding is zero; no object is owned. */
#include "vm/core/collect.h"

enum { SEEN_ONCE = 1, SEEN_OFTEN = 2 }; /* in the `aux` of a buffer */

static ObjectHeader *object_at(const Vm *vm, size_t at)
{
    return (ObjectHeader *)(void *)(vm->block + at);
}

static void extent_clear(ObjectHeader *header)
{
    switch ((ObjectKind)header->kind) {
    case OBJECT_BUFFER:
    case OBJECT_DATA_S:
    case OBJECT_DATA_R: {
        DataObject *data = (DataObject *)(void *)header;
        header->aux = 0;
        data->used = 0;
        data->pad = header->len;
        break;
    }
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: ((TableObject *)(void *)header)->used = 0; break;
    default: break;
    }
}

static void extent_add(const Vm *vm, Ref shared, uint32_t start, uint32_t end)
{
    if (!shared) return;
    DataObject *data = heap_object(vm, shared);
    if (end > data->used) data->used = end;
    if (start < data->pad) data->pad = start;
    if (data->header.kind == OBJECT_BUFFER) data->header.aux = data->header.aux ? SEEN_OFTEN : SEEN_ONCE;
}

static void view_add(const Vm *vm, const ObjectHeader *header)
{
    const void *object = header;
    switch ((ObjectKind)header->kind) {
    case OBJECT_SLICE: {
        const SliceObject *slice = object;
        extent_add(vm, slice->buffer, slice->start, slice->start + header->len);
        break;
    }
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: {
        const ListObject *list = object;
        extent_add(vm, list->data, list->start, list->start + header->len);
        break;
    }
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: {
        Ref ref = ((const MapObject *)object)->table;
        if (!ref) break;
        TableObject *table = heap_object(vm, ref);
        if (header->len > table->used) table->used = header->len;
        break;
    }
    default: break;
    }
}

void extents_find(Vm *vm)
{
    size_t first = (sizeof(State) + 7) / 8 * 8, used = vm_state(vm)->used;
    for (size_t at = first; at < used; at += heap_object_size(object_at(vm, at)))
        extent_clear(object_at(vm, at));
    for (size_t at = first; at < used; at += heap_object_size(object_at(vm, at)))
        view_add(vm, object_at(vm, at));
}

bool extent_is_alone(const Vm *vm, const SliceObject *slice)
{
    return ((const BufferObject *)heap_object(vm, slice->buffer))->header.aux == SEEN_ONCE;
}
