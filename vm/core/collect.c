/* The collector: everything that the state reaches is copied to another block, in an order that depends on
 * the state alone. It runs when there is no room for an object and, to settle the state, when all fibers
 * wait.
 *
 * A copy drops what only speed needs: room at the end of buffers, data, tables and the stacks of waiting
 * fibers. Settling also drops registers that nothing reads any more and parts of shared memory that no value
 * sees (canonical.c says which). The block that was left is kept for the next collection, until the run
 * waits. */
#include "vm/core/collect.h"

#include "vm/code/liveness.h"
#include "vm/core/block.h"
#include "vm/core/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SMALLEST = 4096, ROOM_LEAST = 32 * 1024, ROOM_PART = 64, LARGE = 2 * 1024 * 1024, EXPECTED_FROM = 64 * 1024 };

static inline size_t object_size(const ObjectHeader *header)
{
    size_t len = header->len;
    switch ((ObjectKind)header->kind) {
    case OBJECT_STRING: return heap_round(sizeof(StringObject) + len);
    case OBJECT_SLICE: return sizeof(SliceObject);
    case OBJECT_BUFFER: return heap_round(sizeof(BufferObject) + len);
    case OBJECT_NULL: return sizeof(ObjectHeader);
    case OBJECT_BOOL:
    case OBJECT_INT:
    case OBJECT_FLOAT:
    case OBJECT_BOX: return sizeof(BoxObject);
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: return sizeof(ListObject);
    case OBJECT_DATA_S: return sizeof(DataObject) + len * 8;
    case OBJECT_DATA_R: return heap_round(sizeof(DataObject) + len * 4);
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: return sizeof(MapObject);
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: {
        const TableObject *table = (const TableObject *)(const void *)header;
        return heap_round(sizeof(TableObject) + len * sizeof(MapEntryObject) + (size_t)table->slots * 4);
    }
    case OBJECT_RECORD: return heap_round(sizeof(RecordObject) + header->aux * (size_t)8 + len * 4);
    case OBJECT_CLOSURE: return heap_round(sizeof(ClosureObject) + header->aux * (size_t)8 + len * 4);
    case OBJECT_ERROR: return sizeof(ErrorObject);
    case OBJECT_FIBER: return sizeof(FiberObject);
    case OBJECT_STACK: {
        const StackObject *stack = (const StackObject *)(const void *)header;
        return heap_round(sizeof(StackObject) + (size_t)stack->scalar_room * 8 + len * 4);
    }
    case OBJECT_NONE:
    case OBJECT_FORWARD:
    case OBJECT_KIND_COUNT: break;
    }
    abort(); /* the heap is broken: a bug of the machine */
}

size_t heap_object_size(const ObjectHeader *header)
{
    return object_size(header);
}

/* ---- copying one object ---- */

static void *collector_place(Collector *collector, size_t size)
{
    void *place = collector->to + collector->used;
    collector->used += size;
    return place;
}

/* `used` elements of a buffer or data from `first` on; its padding is zero. */
static void copy_cut(Collector *collector, const ObjectHeader *from, uint32_t first, uint32_t used,
                     size_t element)
{
    enum { FIXED = sizeof(DataObject) };
    size_t bytes = used * element;
    uint8_t *copy = collector_place(collector, heap_round(FIXED + bytes));
    memcpy(copy, from, FIXED);
    memcpy(copy + FIXED, (const uint8_t *)from + FIXED + first * element, bytes);
    memset(copy + FIXED + bytes, 0, heap_round(bytes) - bytes);
    DataObject *data = (DataObject *)(void *)copy;
    data->header.aux = 0;
    data->header.len = data->used = used;
    data->pad = 0;
}

/* All that is used, or, when extents are known, what a value sees. */
static void copy_shared(Collector *collector, const ObjectHeader *from, size_t element)
{
    const DataObject *data = (const DataObject *)(const void *)from;
    uint32_t first = collector->cutting ? data->pad : 0;
    copy_cut(collector, from, first, data->used - first, element);
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
    size_t size = heap_round(bytes + (size_t)slots * 4);
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

/* A slice that alone sees its buffer becomes a string of its own. */
static void copy_flat(Collector *collector, const SliceObject *slice)
{
    const BufferObject *buffer = heap_object(collector->vm, slice->buffer);
    size_t size = heap_round(sizeof(StringObject) + slice->header.len);
    StringObject *copy = collector_place(collector, size);
    memset((uint8_t *)copy + size - 8, 0, 8);
    copy->header = (ObjectHeader){.kind = OBJECT_STRING, .len = slice->header.len};
    memcpy(copy->bytes, buffer->bytes + slice->start, slice->header.len);
}

static void copy_whole(Collector *collector, const ObjectHeader *from)
{
    size_t size = object_size(from);
    uint64_t *copy = collector_place(collector, size);
    const uint64_t *words = (const uint64_t *)(const void *)from;
    if (size > 128)
        memcpy(copy, words, size);
    else
        for (size_t i = 0; i < size / 8; i++)
            copy[i] = words[i];
    if (collector->canonical)
        ((ObjectHeader *)(void *)copy)->flags = 0; /* who owned it is a matter of speed */
}

static Ref object_move(Collector *collector, Ref ref)
{
    ObjectHeader *from = heap_object(collector->vm, ref);
    if (from->kind == OBJECT_FORWARD) return from->len;
    Ref moved = (Ref)(collector->used / 8);
    switch ((ObjectKind)from->kind) {
    case OBJECT_BUFFER: copy_shared(collector, from, 1); break;
    case OBJECT_DATA_S: copy_shared(collector, from, 8); break;
    case OBJECT_DATA_R: copy_shared(collector, from, 4); break;
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: copy_table(collector, (TableObject *)(void *)from); break;
    case OBJECT_SLICE:
        if (collector->cutting && extent_is_alone(collector->vm, (SliceObject *)(void *)from)) {
            copy_flat(collector, (SliceObject *)(void *)from);
            break;
        } /* fall through */
    default: copy_whole(collector, from);
    }
    *from = (ObjectHeader){.kind = OBJECT_FORWARD, .len = moved};
    return moved;
}

static inline Ref ref_move(Collector *collector, Ref ref)
{
    return !ref || ref & REF_CONSTANT ? ref : object_move(collector, ref);
}

static void refs_move(Collector *collector, Ref *refs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        refs[i] = ref_move(collector, refs[i]);
}

/* ---- stacks ---- */

/* The room that a fiber's functions need: that of a caller may reach beyond that of the function it called.
 * One that is ready may stand anywhere: it has lost its turn to the main fiber (budget_exceeded). */
static void stack_measure(const Collector *collector, const FiberObject *fiber, uint32_t *scalars,
                          uint32_t *refs)
{
    const Image *image = collector->vm->image;
    const StackObject *stack = heap_object(collector->vm, fiber->stack);
    uint32_t s = fiber->s, r = fiber->r;
    const ImageFunction *fn =
        fiber->state == FIBER_READY ? image_function_at(image, fiber_place(fiber)) : NULL;
    const ImageSite *site = fn ? NULL : image_site(image, fiber_place(fiber));
    *scalars = s + (fn ? fn->scalars : site->scalars);
    *refs = r + (fn ? fn->refs : site->refs);
    for (uint64_t way_back; (way_back = (uint64_t)stack->scalars[s - 1]) != FRAME_FIRST;) {
        site = image_site(image, frame_caller(way_back) - 1);
        s -= frame_scalars(way_back);
        r -= frame_refs(way_back);
        if (s + site->scalars > *scalars) *scalars = s + site->scalars;
        if (r + site->refs > *refs) *refs = r + site->refs;
    }
}

/* What the functions of a waiting fiber still read, each up to where the registers of the one that it called
 * begin. */
static void frames_copy(const Collector *collector, const FiberObject *fiber, const StackObject *from,
                        StackObject *to)
{
    uint32_t pc = fiber_place(fiber), s = fiber->s, r = fiber->r;
    const ImageSite *site = image_site(collector->vm->image, pc);
    uint32_t scalars = site->scalars, refs = site->refs;
    for (;;) {
        for (uint32_t i = 0; i < scalars; i++)
            to->scalars[s + i] = site_keeps_scalar(site, i) ? from->scalars[s + i] : 0;
        const Ref *from_refs = stack_refs_view(from) + r;
        Ref *to_refs = stack_refs(to) + r;
        for (uint32_t i = 0; i < refs; i++)
            to_refs[i] = site_keeps_ref(site, i) ? from_refs[i] : 0;
        uint64_t way_back = (uint64_t)from->scalars[s - 1];
        to->scalars[s - 1] = (int64_t)way_back;
        if (way_back == FRAME_FIRST) return;
        site = image_site(collector->vm->image, frame_caller(way_back) - 1);
        scalars = frame_scalars(way_back) - 1;
        refs = frame_refs(way_back);
        s -= frame_scalars(way_back);
        r -= refs;
    }
}

/* A fiber's stack belongs to it alone. Of a waiting fiber the room that it needs is kept; the running one
 * keeps all. What lies beyond the running function's registers is lost to its callers, too, and becomes zero.
 */
static void stack_move(Collector *collector, FiberObject *fiber, bool running)
{
    if (!fiber->stack) return;
    const StackObject *from = heap_object(collector->vm, fiber->stack);
    uint32_t scalar_room = from->scalar_room, ref_room = from->header.len, scalars = 0, refs = 0;
    bool waits = !running && fiber->flags & FIBER_STARTED;
    bool cleared = waits && collector->canonical && fiber->state != FIBER_READY;
    if (waits) stack_measure(collector, fiber, &scalar_room, &ref_room);
    if (!cleared) {
        const ImageFunction *fn = image_function_at(collector->vm->image, fiber_place(fiber));
        scalars = fiber->s + fn->scalars;
        refs = fiber->r + fn->refs;
        assert(scalars <= scalar_room && refs <= ref_room);
    }
    size_t size = heap_round(sizeof *from + (size_t)scalar_room * 8 + (size_t)ref_room * 4);
    fiber->stack = (Ref)(collector->used / 8);
    StackObject *copy = collector_place(collector, size);
    memset(copy, 0, size);
    copy->header = (ObjectHeader){.kind = OBJECT_STACK, .len = ref_room};
    copy->scalar_room = scalar_room;
    if (cleared) frames_copy(collector, fiber, from, copy);
    memcpy(copy->scalars, from->scalars, (size_t)scalars * 8);
    memcpy(stack_refs(copy), stack_refs_view(from), (size_t)refs * 4);
}

/* ---- what objects refer to ---- */

static void fiber_scan(Collector *collector, FiberObject *fiber, bool running)
{
    stack_move(collector, fiber, running);
    fiber->parent = ref_move(collector, fiber->parent);
    fiber->next = ref_move(collector, fiber->next);
    fiber->before = ref_move(collector, fiber->before);
    fiber->queue_next = ref_move(collector, fiber->queue_next);
    fiber->queue_before = ref_move(collector, fiber->queue_before);
    fiber->joiner_first = ref_move(collector, fiber->joiner_first);
    fiber->joiner_last = ref_move(collector, fiber->joiner_last);
    fiber->step = ref_move(collector, fiber->step);
    if (fiber->state == FIBER_JOINING) fiber->joining = ref_move(collector, fiber->joining);
    fiber->error = ref_move(collector, fiber->error);
}

/* A list or slice: its start moves with the beginning of what it sees a part of. */
static void view_scan(Collector *collector, ObjectHeader *header, Ref *shared, uint32_t *start)
{
    if (collector->canonical && !header->len) *shared = *start = 0;
    if (!*shared) return;
    const DataObject *data = heap_object(collector->vm, *shared);
    if (collector->cutting)
        *start -= data->pad;
    else if (header->kind == OBJECT_SLICE || *start || header->len != data->used)
        collector->loose = true;
    *shared = ref_move(collector, *shared);
}

static void map_scan(Collector *collector, MapObject *map)
{
    if (collector->canonical && !map->header.len) map->table = 0;
    if (!map->table) return;
    const TableObject *table = heap_object(collector->vm, map->table);
    if (map->header.len != table->used) collector->loose = true;
    map->table = ref_move(collector, map->table);
}

static void table_scan(Collector *collector, TableObject *table)
{
    for (uint32_t i = 0; i < table->used; i++) {
        MapEntryObject *entry = &table->entries[i];
        entry->key = ref_move(collector, entry->key);
        if (table->header.kind == OBJECT_TABLE_R) entry->value = ref_move(collector, (Ref)entry->value);
    }
}

static void object_scan(Collector *collector, ObjectHeader *header, bool running)
{
    void *object = header;
    switch ((ObjectKind)header->kind) {
    case OBJECT_SLICE: {
        SliceObject *slice = object;
        view_scan(collector, header, &slice->buffer, &slice->start);
        break;
    }
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: {
        ListObject *list = object;
        view_scan(collector, header, &list->data, &list->start);
        break;
    }
    case OBJECT_DATA_R: refs_move(collector, data_refs(object), header->len); break;
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: map_scan(collector, object); break;
    case OBJECT_TABLE_S:
    case OBJECT_TABLE_R: table_scan(collector, object); break;
    case OBJECT_RECORD: refs_move(collector, record_refs(object), header->len); break;
    case OBJECT_CLOSURE: refs_move(collector, closure_refs(object), header->len); break;
    case OBJECT_ERROR: {
        ErrorObject *error = object;
        error->message = ref_move(collector, error->message);
        error->stack = ref_move(collector, error->stack);
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

/* ---- blocks ---- */

/* The block that the last collection left, if it is not far too large; a fresh one if it is too small. A large one grows
 * instead: its pages need not be cleared once more. */
static uint8_t *block_take(Vm *vm, size_t size, size_t *room)
{
    if (vm->spare_room >= size && vm->spare_room / 8 <= size + BLOCK_SMALLEST) {
        uint8_t *block = vm->spare;
        *room = vm->spare_room;
        vm->spare = NULL;
        vm->spare_room = 0;
        return block;
    }
    *room = size;
    if (vm->spare_room < LARGE) return block_open(size);
    uint8_t *block = block_resize(vm->spare, vm->spare_room, size);
    vm->spare = NULL;
    vm->spare_room = 0;
    return block;
}

static void block_leave(Vm *vm, uint8_t *block, size_t room)
{
#ifdef PLAN_GC_STRESS
    (void)vm;
    memset(block, 0xDD, room); /* whoever still looks there finds nonsense, or a sanitizer */
    block_close(block, room);
#else
    if (vm->spare_room >= room) {
        block_close(block, room);
        return;
    }
    block_close(vm->spare, vm->spare_room);
    vm->spare = block;
    vm->spare_room = room;
#endif
}

void heap_drop_spare(Vm *vm)
{
    block_close(vm->spare, vm->spare_room);
    vm->spare = NULL;
    vm->spare_room = 0;
}

/* Copies all that lives; the new block has room for as much as the old one used, and a little more. */
static void collector_run(Collector *collector)
{
    Vm *vm = collector->vm;
    State *from = vm_state(vm);
    size_t room;
    collector->to = block_take(vm, from->used + BLOCK_SMALLEST, &room);
    collector->used = heap_round(sizeof(State));
    State *to = (State *)(void *)collector->to;
    *to = *from;
    roots_move(collector, to);
    for (size_t at = heap_round(sizeof(State)); at < collector->used;) {
        ObjectHeader *header = (ObjectHeader *)(void *)(collector->to + at);
        /* The size first: a fiber's stack is placed behind it while it is scanned. */
        size_t size = object_size(header);
        object_scan(collector, header, to->current && at / 8 == to->current);
        at += size;
    }
    block_leave(vm, vm->block, vm->block_room);
    vm->block = collector->to;
    awaited_forget(vm);
    vm->block_room = room;
    to->used = to->live = collector->used;
}

static void room_set(Vm *vm, size_t room)
{
    vm->block = block_resize(vm->block, vm->block_room, room);
    vm->block_room = room;
}

/* The state gets so much room, and the block at least that. */
static void capacity_set(Vm *vm, size_t capacity)
{
    if (vm->block_room < capacity) room_set(vm, capacity);
    vm_state(vm)->capacity = capacity;
}

/* What lives, what is wanted, and room that makes the next collection worth its while: where most of it lives on, the
 * next one would find little as well and waits for longer. 0: beyond the limit, or so near that the run would do little
 * but collect. */
static size_t room_for(const Vm *vm, size_t before, size_t live, size_t room)
{
    size_t limit = vm->emergency ? SIZE_MAX : vm->limits.heap_bytes;
    if (live > limit || room > limit - live || limit - live < limit / ROOM_PART) return 0;
    size_t capacity = live * (live > before / 2 ? 3 : 2) + room + ROOM_LEAST + vm->limits.slack_bytes;
    return (capacity > limit ? limit : capacity) / 8 * 8;
}

bool heap_collect(Vm *vm, size_t room)
{
    Collector collector = {.vm = vm};
    size_t before = vm_state(vm)->used;
    collector_run(&collector);
    /* Where nearly everything lived on, the state only grows: idle pages would make the process larger. */
    if (vm->spare_room >= LARGE && collector.used > before / 4 * 3) heap_drop_spare(vm);
    size_t capacity = room_for(vm, before, collector.used, heap_round(room));
    if (!capacity) { /* go on with what there is; the failure is told */
        capacity_set(vm, collector.used);
        return vm_raise_limit(vm, LIMIT_HEAP, "the run needs too much memory");
    }
    capacity_set(vm, capacity);
    return true;
}

void heap_expect(Vm *vm, size_t size)
{
    const State *state = vm_state(vm);
    size_t limit = vm->limits.heap_bytes;
    if (size < EXPECTED_FROM || size <= state->capacity - state->used) return;
    if (state->used >= limit / 2 || size >= limit / 2 - state->used) return;
    capacity_set(vm, heap_round(state->used + size));
}

void heap_settle(Vm *vm)
{
    if (vm->settled) return;
    Collector collector = {.vm = vm, .canonical = true};
    collector_run(&collector);
    if (collector.loose) {
        extents_find(vm);
        collector = (Collector){.vm = vm, .canonical = true, .cutting = true};
        collector_run(&collector);
    }
    size_t capacity = heap_round(collector.used + collector.used / 64 + 512 + vm->limits.slack_bytes);
    if (capacity > vm->limits.heap_bytes)
        capacity = collector.used > vm->limits.heap_bytes ? collector.used : vm->limits.heap_bytes / 8 * 8;
    capacity_set(vm, capacity);
    if (!vm->limits.slack_bytes) {
        room_set(vm, capacity);
        heap_drop_spare(vm);
    }
    vm->settled = true;
}
