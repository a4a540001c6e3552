/* Results that are read once and fed often. JSON goes in, the objects of a value of the effect's type come
 * out, with references that count from their own beginning; feeding one is a copy and an addition for each
 * reference.
 *
 * The value is made in the heap of a machine of its own, which runs nothing. Who forks a run calls this. */
#include "vm/core/machine.h"
#include "vm/core/marshal.h"

#include <stdlib.h>
#include <string.h>

struct VmValue {
    uint32_t type;
    Ref root; /* constant, none, or counted as if the bytes stood at FIRST */
    uint8_t *bytes;
    size_t size;
    VEC(uint32_t) places; /* of references in the bytes, in units of 4 bytes */
};

enum { FIRST = (sizeof(State) + 7) / 8 }; /* where the maker's first object is */

/* The references of one object of the maker's block. */
static void refs_note(const Vm *maker, VmValue *value, const Ref *refs, uint32_t count, uint32_t stride)
{
    for (uint32_t i = 0; i < count; i++) {
        const Ref *place = refs + (size_t)i * stride;
        if (*place && !(*place & REF_CONSTANT))
            vec_push(&value->places, (uint32_t)((const uint8_t *)place - maker->block) / 4 - FIRST * 2);
    }
}

static void object_note(const Vm *maker, VmValue *value, void *object)
{
    const ObjectHeader *header = object;
    switch ((ObjectKind)header->kind) {
    case OBJECT_SLICE: refs_note(maker, value, &((SliceObject *)object)->buffer, 1, 1); break;
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: refs_note(maker, value, &((ListObject *)object)->data, 1, 1); break;
    case OBJECT_DATA_R: refs_note(maker, value, data_refs(object), header->len, 1); break;
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: refs_note(maker, value, &((MapObject *)object)->table, 1, 1); break;
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: {
        TableObject *table = object;
        enum { STRIDE = sizeof(MapEntryObject) / sizeof(Ref) };
        refs_note(maker, value, &table->entries[0].key, table->used, STRIDE);
        if (header->kind == OBJECT_TABLE_R)
            refs_note(maker, value, (const Ref *)(const void *)&table->entries[0].value, table->used, STRIDE);
        break;
    }
    case OBJECT_RECORD: refs_note(maker, value, record_refs(object), header->len, 1); break;
    default: break;
    }
}

/* Takes the only value of the maker's block. */
static void value_take(Vm *maker, VmValue *value)
{
    heap_settle(maker);
    const State *state = vm_state(maker);
    value->root = state->start;
    for (size_t at = FIRST * 8; at < state->used;) {
        ObjectHeader *header = (ObjectHeader *)(void *)(maker->block + at);
        object_note(maker, value, header);
        at += heap_object_size(header);
    }
    value->size = state->used - FIRST * 8;
    value->bytes = memory_alloc(value->size);
    memcpy(value->bytes, maker->block + FIRST * 8, value->size);
    Ref *words = (Ref *)(void *)value->bytes;
    for (size_t i = 0; i < value->places.count; i++)
        words[value->places.items[i]] -= FIRST;
}

VmValue *vm_value_of_result(const Vm *vm, uint64_t effect, Str json, Error *error)
{
    Ref waiting = fiber_of_effect(vm, effect);
    if (!waiting) {
        error_set(error, "nobody waits for that effect");
        return NULL;
    }
    VmValue *value = memory_alloc(sizeof *value);
    value->type = vm->image->effects[((const FiberObject *)heap_object(vm, waiting))->table].result;
    Vm *maker = vm_bare(vm->image, &vm->limits);
    vm_state(maker)->globals = 0;
    int64_t scalar = 0;
    Ref ref = 0;
    bool read = json_read_typed(maker, json, value->type, &ref);
    if (!read) {
        ref = json_read(maker, json, true);
        read = ref && json_to_value(maker, ref, value->type, 0, &scalar, &ref);
    }
    if (read) {
        vm_state(maker)->start = ref;
        value_take(maker, value);
    } else {
        error_set(error, "%.*s", STR_ARG(buffer_str(&maker->failure.text)));
        vm_value_free(value);
        value = NULL;
    }
    vm_free(maker);
    return value;
}

void vm_value_free(VmValue *value)
{
    if (!value) return;
    vec_free(&value->places);
    free(value->bytes);
    free(value);
}

bool value_place(Vm *vm, const VmValue *value, uint32_t type, Ref *ref)
{
    if (value->type != type) return vm_raise(vm, FAILURE_RUN, "the result was read for another effect");
    *ref = value->root;
    if (!value->root || value->root & REF_CONSTANT) return true;
    Ref base = heap_alloc(vm, OBJECT_NONE, value->size);
    if (!base) return false;
    Ref *words = heap_object(vm, base);
    memcpy(words, value->bytes, value->size);
    for (size_t i = 0; i < value->places.count; i++)
        words[value->places.items[i]] += base;
    *ref = base + value->root - FIRST;
    return true;
}
