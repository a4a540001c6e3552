/* The collector: everything that the state reaches is copied to a new block, in an order that depends on the
 * state alone; the old block is freed. It runs when there is no room for an object, before snapshots and
 * hashes, and when a run that waits has grown.
 *
 * A copy drops what only speed needs: room at the end of buffers, data, tables and the stacks of waiting
 * fibers. */
#include "vm/core/heap.h"
#include "vm/core/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SMALLEST = 4096 };

typedef struct Collector {
    Vm *vm;
    uint8_t *to;
    size_t used;
} Collector;

static size_t round_up(size_t size)
{
    return (size + 7) / 8 * 8;
}

size_t heap_object_size(const ObjectHeader *header)
{
    size_t len = header->len;
    switch ((ObjectKind)header->kind) {
    case OBJECT_STRING: return round_up(sizeof(StringObject) + len);
    case OBJECT_SLICE: return sizeof(SliceObject);
    case OBJECT_BUFFER: return round_up(sizeof(BufferObject) + len);
    case OBJECT_NULL: return sizeof(ObjectHeader);
    case OBJECT_BOOL:
    case OBJECT_INT:
    case OBJECT_FLOAT:
    case OBJECT_BOX: return sizeof(BoxObject);
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: return sizeof(ListObject);
    case OBJECT_DATA_S: return sizeof(DataObject) + len * 8;
    case OBJECT_DATA_R: return round_up(sizeof(DataObject) + len * 4);
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: return sizeof(MapObject);
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: {
        const TableObject *table = (const TableObject *)(const void *)header;
        return round_up(sizeof(TableObject) + len * sizeof(MapEntryObject) + (size_t)table->slots * 4);
    }
    case OBJECT_RECORD: return round_up(sizeof(RecordObject) + header->aux * (size_t)8 + len * 4);
    case OBJECT_CLOSURE: return round_up(sizeof(ClosureObject) + header->aux * (size_t)8 + len * 4);
    case OBJECT_ERROR: return sizeof(ErrorObject);
    case OBJECT_FIBER: return sizeof(FiberObject);
    case OBJECT_STACK: {
        const StackObject *stack = (const StackObject *)(const void *)header;
        return round_up(sizeof(StackObject) + (size_t)stack->scalar_room * 8 + len * 4);
    }
    case OBJECT_NONE:
    case OBJECT_FORWARD:
    case OBJECT_KIND_COUNT: break;
    }
    abort(); /* the heap is broken: a bug of the machine */
}

static void *collector_place(Collector *collector, size_t size)
{
    void *place = collector->to + collector->used;
    collector->used += size;
    return place;
}

/* Buffers and data are cut to what is used; their padding is zero again. */
static void copy_cut(Collector *collector, const ObjectHeader *from, size_t fixed, uint32_t used,
                     size_t element)
{
    size_t bytes = fixed + used * element;
    uint8_t *copy = collector_place(collector, round_up(bytes));
    memcpy(copy, from, bytes);
    memset(copy + bytes, 0, round_up(bytes) - bytes);
    ((ObjectHeader *)(void *)copy)->len = used;
}

/* The slots are made again for the entries that there are, so that they do not depend on the table's past. */
static void copy_table(Collector *collector, const TableObject *from)
{
    size_t bytes = sizeof *from + (size_t)from->used * sizeof(MapEntryObject);
    uint32_t slots = 0;
    if (from->used > 8) {
        for (slots = 32; slots < from->used * 2; slots *= 2)
            continue;
        if (slots > from->slots) slots = from->slots; /* never larger than it was */
    }
    size_t size = round_up(bytes + (size_t)slots * 4);
    TableObject *copy = collector_place(collector, size);
    memcpy(copy, from, bytes);
    memset((uint8_t *)copy + bytes, 0, size - bytes);
    copy->header.len = from->used;
    copy->slots = slots;
    uint32_t *slot = table_slots(copy);
    for (uint32_t i = 0; i < copy->used && slots; i++) {
        uint32_t at = copy->entries[i].hash & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = i + 1;
    }
}

static Ref ref_move(Collector *collector, Ref ref)
{
    if (!ref || ref & REF_CONSTANT) return ref;
    ObjectHeader *from = heap_object(collector->vm, ref);
    if (from->kind == OBJECT_FORWARD) return from->len;
    Ref moved = (Ref)(collector->used / 8);
    switch ((ObjectKind)from->kind) {
    case OBJECT_BUFFER:
        copy_cut(collector, from, sizeof(BufferObject), ((BufferObject *)(void *)from)->used, 1);
        break;
    case OBJECT_DATA_S:
        copy_cut(collector, from, sizeof(DataObject), ((DataObject *)(void *)from)->used, 8);
        break;
    case OBJECT_DATA_R:
        copy_cut(collector, from, sizeof(DataObject), ((DataObject *)(void *)from)->used, 4);
        break;
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: copy_table(collector, (TableObject *)(void *)from); break;
    default: {
        size_t size = heap_object_size(from);
        memcpy(collector_place(collector, size), from, size);
    }
    }
    *from = (ObjectHeader){.kind = OBJECT_FORWARD, .len = moved};
    return moved;
}

static void refs_move(Collector *collector, Ref *refs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        refs[i] = ref_move(collector, refs[i]);
}

/* The room that a fiber's functions need: that of a caller may reach beyond that of the function it called.
 */
static void stack_measure(const Collector *collector, const FiberObject *fiber, uint32_t *scalars,
                          uint32_t *refs)
{
    const StackObject *stack = heap_object(collector->vm, fiber->stack);
    uint32_t at = fiber->flags & FIBER_STARTED ? fiber->pc - 1 : fiber->pc, s = fiber->s, r = fiber->r;
    for (*scalars = *refs = 0;;) {
        const ImageFunction *fn = image_function_at(collector->vm->image, at);
        if (s + fn->scalars > *scalars) *scalars = s + fn->scalars;
        if (r + fn->refs > *refs) *refs = r + fn->refs;
        uint64_t way_back = (uint64_t)stack->scalars[s - 1];
        if (way_back == FRAME_FIRST) return;
        at = frame_caller(way_back) - 1;
        s -= frame_scalars(way_back);
        r -= frame_refs(way_back);
    }
}

/* A fiber's stack belongs to it alone. Of a waiting fiber the room that it needs is kept; the running one
 * keeps all. What lies beyond the running function's registers is lost to its callers, too, and becomes zero.
 */
static void stack_move(Collector *collector, FiberObject *fiber, bool running)
{
    if (!fiber->stack) return;
    const StackObject *from = heap_object(collector->vm, fiber->stack);
    uint32_t at = fiber->flags & FIBER_STARTED ? fiber->pc - 1 : fiber->pc;
    const ImageFunction *fn = image_function_at(collector->vm->image, at);
    uint32_t scalar_room = from->scalar_room, ref_room = from->header.len;
    assert(fiber->s + fn->scalars <= scalar_room && fiber->r + fn->refs <= ref_room);
    if (!running) stack_measure(collector, fiber, &scalar_room, &ref_room);
    size_t size = round_up(sizeof *from + (size_t)scalar_room * 8 + (size_t)ref_room * 4);
    fiber->stack = (Ref)(collector->used / 8);
    StackObject *copy = collector_place(collector, size);
    memset(copy, 0, size);
    copy->header = (ObjectHeader){.kind = OBJECT_STACK, .len = ref_room};
    copy->scalar_room = scalar_room;
    memcpy(copy->scalars, from->scalars, (size_t)(fiber->s + fn->scalars) * 8);
    memcpy(stack_refs(copy), stack_refs_view(from), (size_t)(fiber->r + fn->refs) * 4);
}

static void fiber_scan(Collector *collector, FiberObject *fiber, bool running)
{
    stack_move(collector, fiber, running);
    fiber->parent = ref_move(collector, fiber->parent);
    fiber->next = ref_move(collector, fiber->next);
    fiber->before = ref_move(collector, fiber->before);
    fiber->queue_next = ref_move(collector, fiber->queue_next);
    fiber->queue_before = ref_move(collector, fiber->queue_before);
    fiber->step = ref_move(collector, fiber->step);
    fiber->joining = ref_move(collector, fiber->joining);
    fiber->error = ref_move(collector, fiber->error);
}

static void object_scan(Collector *collector, ObjectHeader *header, bool running)
{
    void *object = header;
    switch ((ObjectKind)header->kind) {
    case OBJECT_SLICE: {
        SliceObject *slice = object;
        slice->buffer = ref_move(collector, slice->buffer);
        break;
    }
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: {
        ListObject *list = object;
        list->data = ref_move(collector, list->data);
        break;
    }
    case OBJECT_DATA_R: refs_move(collector, data_refs(object), header->len); break;
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: {
        MapObject *map = object;
        map->table = ref_move(collector, map->table);
        break;
    }
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: {
        TableObject *table = object;
        for (uint32_t i = 0; i < table->used; i++) {
            MapEntryObject *entry = &table->entries[i];
            entry->key = ref_move(collector, entry->key);
            if (header->kind == OBJECT_TABLE_R) entry->value = ref_move(collector, (Ref)entry->value);
        }
        break;
    }
    case OBJECT_RECORD: refs_move(collector, record_refs(object), header->len); break;
    case OBJECT_CLOSURE: refs_move(collector, closure_refs(object), header->len); break;
    case OBJECT_ERROR: {
        ErrorObject *error = object;
        error->message = ref_move(collector, error->message);
        break;
    }
    case OBJECT_FIBER: fiber_scan(collector, object, running); break;
    case OBJECT_STACK: refs_move(collector, stack_refs(object), header->len); break;
    default: break; /* no references in it */
    }
}

static void roots_move(Collector *collector, State *state)
{
    Ref *const roots[] = {&state->globals,    &state->first,       &state->last,       &state->current,
                          &state->main,       &state->ready_first, &state->ready_last, &state->timer_first,
                          &state->timer_last, &state->signals,     &state->start,      &state->error};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        *roots[i] = ref_move(collector, *roots[i]);
    Vm *vm = collector->vm;
    for (size_t i = 0; i < vm->temps.count; i++)
        vm->temps.items[i] = ref_move(collector, vm->temps.items[i]);
}

/* The new block's room follows from what lives, so that equal states have equal room. */
static size_t room_for(const Vm *vm, size_t live, size_t room)
{
    size_t limit = vm->emergency ? SIZE_MAX : vm->limits.heap_bytes;
    if (live > limit || room > limit - live) return 0;
    size_t capacity = live * 2 + room + vm->limits.slack_bytes;
    if (capacity < BLOCK_SMALLEST) capacity = BLOCK_SMALLEST;
    return round_up(capacity > limit ? limit : capacity) / 8 * 8;
}

bool heap_collect(Vm *vm, size_t room)
{
    State *from = vm_state(vm);
    Collector collector = {.vm = vm};
    collector.to = memory_alloc(from->used + BLOCK_SMALLEST);
    collector.used = round_up(sizeof(State));
    State *to = (State *)(void *)collector.to;
    *to = *from;
    roots_move(&collector, to);
    for (size_t at = round_up(sizeof(State)); at < collector.used;) {
        ObjectHeader *header = (ObjectHeader *)(void *)(collector.to + at);
        /* The size first: a fiber's stack is placed behind it while it is scanned. */
        size_t size = heap_object_size(header);
        object_scan(&collector, header, to->current && at / 8 == to->current);
        at += size;
    }
    size_t capacity = room_for(vm, collector.used, room);
    bool fits = capacity != 0;
    if (!fits) capacity = collector.used + BLOCK_SMALLEST; /* go on with what there is; the failure is told */
    free(vm->block);
    vm->block = memory_resize(collector.to, capacity);
    State *state = vm_state(vm);
    state->used = state->live = collector.used;
    state->capacity = fits ? capacity : collector.used;
    if (!fits) {
        return vm_raise_limit(vm, LIMIT_HEAP, "the run needs too much memory");
    }
    return true;
}

void heap_trim(Vm *vm)
{
    State *state = vm_state(vm);
    size_t capacity = round_up(state->used + state->used / 8 + 512 + vm->limits.slack_bytes);
    if (capacity >= state->capacity) return;
    vm->block = memory_resize(vm->block, capacity);
    vm_state(vm)->capacity = capacity;
}
