/* The machine seen from outside: events are fed, fibers run until all wait, outputs are read; snapshots and
 * hashes.
 *
 * One event at a time: it is applied, every ready fiber runs until all wait; at a tick timers that are due
 * then fire one by one, each followed by the fibers that it made ready. */
#include "vm/core/vm.h"

#include "vm/base/hash.h"
#include "vm/core/block.h"
#include "vm/core/machine.h"
#include "vm/core/marshal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Kept beside the block, between two events at most. */
enum { ARENA_FROM = 512, SCRATCH_KEPT = 1024 };

static void state_create(Vm *vm)
{
    size_t head = heap_round(sizeof(State));
    size_t globals = heap_round(sizeof(RecordObject) + vm->image->global_scalars * sizeof(int64_t) +
                                vm->image->global_refs * sizeof(Ref));
    size_t capacity = heap_round(head + globals + vm->limits.slack_bytes + 4096);
    vm->block = block_open(capacity);
    vm->block_room = capacity;
    memset(vm->block, 0, head + globals);
    State *state = vm_state(vm);
    state->used = state->live = head + globals;
    state->capacity = capacity;
    Ref ref = (Ref)(head / 8);
    RecordObject *record = heap_object(vm, ref);
    record->header.kind = OBJECT_RECORD;
    record->header.aux = (uint16_t)vm->image->global_scalars;
    record->header.len = vm->image->global_refs;
    state->globals = ref;
    state->now = INT64_MIN;
}

Vm *vm_bare(const Image *image, const VmLimits *limits)
{
    Vm *vm = memory_alloc(sizeof *vm);
    vm->image = image;
    vm->constants = image->constants;
    vm->limits = limits ? *limits : vm_default_limits();
    vm->arena.chunk = ARENA_FROM;
    vm->awaited = awaited_new();
    state_create(vm);
    return vm;
}

Vm *vm_new(const Image *image, Str entry, const VmLimits *limits, Error *error)
{
    uint32_t function;
    if (!image_find_entry(image, entry, &function)) {
        error_set(error, "the program has no entry %.*s", STR_ARG(entry));
        return NULL;
    }
    Vm *vm = vm_bare(image, limits);
    vm->entry = function;
    return vm;
}

void vm_free(Vm *vm)
{
    if (!vm) return;
    heap_drop_spare(vm);
    block_close(vm->block, vm->block_room);
    awaited_free(vm->awaited);
    vec_free(&vm->temps);
    vec_free(&vm->outputs);
    arena_free(&vm->arena);
    buffer_free(&vm->failure.text);
    buffer_free(&vm->scratch);
    vm_trace(vm, NULL, NULL);
    free(vm);
}

void vm_cover(Vm *vm, uint8_t *covered)
{
    vm->covered = covered;
}

/* ---- running ---- */

static void ready_run(Vm *vm)
{
    for (Ref ref; (ref = fiber_take_ready(vm)) != 0;) {
        vm_state(vm)->current = ref;
        if (vm->covered || vm->trace)
            fiber_run_watched(vm);
        else
            fiber_run(vm);
        vm_state(vm)->current = 0;
    }
}

static void timers_run(Vm *vm)
{
    for (;;) {
        const State *state = vm_state(vm);
        Ref ref = state->timer_first;
        if (!ref || ((const FiberObject *)heap_object(vm, ref))->deadline > state->now) return;
        fiber_wake(vm, ref, true);
        ready_run(vm);
    }
}

/* A waiting run is small. What is counted is part of the state, so that equal runs do this at equal times. */
static void state_shrink(Vm *vm)
{
    enum { SMALL = 8 * 1024, GROWTH = 16 * 1024, GARBAGE = 256, ROOM = 768 };
    const State *state = vm_state(vm);
    if (vm->limits.slack_bytes) {
        if (state->used <= state->live * 3 + GROWTH + vm->limits.slack_bytes) return;
    } else {
        bool little_garbage = state->used - state->live <= state->live / 32 + GARBAGE;
        bool little_room = state->capacity - state->used <= state->used / 32 + ROOM;
        if (state->capacity <= SMALL || (little_garbage && little_room)) return;
    }
    heap_settle(vm);
}

/* What only work needs is given back. */
static void scratch_shrink(Vm *vm)
{
    if (vm->limits.slack_bytes) return;
    heap_drop_spare(vm);
    if (vm->scratch.cap > SCRATCH_KEPT) buffer_free(&vm->scratch);
    if (vm->temps.cap > SCRATCH_KEPT / sizeof(Ref)) vec_free(&vm->temps);
}

/* At one instant signals and results come before timers: those fire at a tick only. */
static void all_run(Vm *vm, bool timers)
{
    vm->budget = vm->limits.instructions;
    vm->refills = 0;
    ready_run(vm);
    if (timers) timers_run(vm);
    state_shrink(vm);
    scratch_shrink(vm);
}

/* ---- events ---- */

/* The event's JSON as a value; 0 and an error, or (out of memory) a failure that is still set. */
static Ref event_json(Vm *vm, Str json, Error *error)
{
    if (json.len > vm->limits.input_bytes) {
        vm_raise_limit(vm, LIMIT_INPUT, "there is too much JSON at once");
    }
    Ref value = vm->failure.set ? 0 : json_read(vm, json, true);
    if (!value) error_set(error, "%.*s", STR_ARG(buffer_str(&vm->failure.text)));
    return value;
}

static bool start_feed(Vm *vm, const VmEvent *event, Error *error)
{
    if (vm_state(vm)->status != VM_NEW) return error_set(error, "the run has been started already");
    Ref json = event_json(vm, event->json, error);
    vm->failure.set = false;
    if (!json) return error_wrap(error, "the run's arguments");
    vm_state(vm)->start = json;
    vm_state(vm)->now = event->now;
    Ref main = fiber_new(vm, vm->entry, RANK_MAIN, 0, 0, 0);
    vm->failure.set = false;
    if (!main) return error_set(error, "the limits are too small for the run to start");
    vm_state(vm)->main = main;
    vm_state(vm)->status = VM_WAITING;
    return true;
}

/* The result into the waiting fiber's register (the fiber is a temp), or the failure that is set, which it raises when it
 * runs. */
static void result_place(Vm *vm, size_t place, Ref ref)
{
    size_t held = temp_push(vm, ref);
    Ref error = vm->failure.set ? error_take(vm, vm->temps.items[place]) : 0;
    ref = temp_drop(vm, held);
    Ref waiting = vm->temps.items[place];
    FiberObject *fiber = heap_object(vm, waiting);
    fiber->effect = 0;
    fiber->deadline = 0;
    if (error) {
        fiber->flags |= FIBER_RAISES;
        fiber->error = error;
    } else {
        *fiber_ref(vm, waiting, fiber->target) = ref;
    }
    fiber->target = 0;
    fiber_ready(vm, waiting);
}

/* The result into the waiting fiber's register, or a failure that it raises when it runs. */
static void result_take(Vm *vm, size_t place, const VmValue *value, Ref json)
{
    FiberObject *fiber = heap_object(vm, vm->temps.items[place]);
    const ImageEffect *effect = &vm->image->effects[fiber->table];
    int64_t scalar = 0;
    Ref ref = 0;
    if (value)
        value_place(vm, value, effect->result, &ref);
    else if (json)
        json_to_value(vm, json, effect->result, 0, &scalar, &ref);
    result_place(vm, place, ref);
}

static bool result_feed(Vm *vm, const VmEvent *event, Error *error)
{
    Ref waiting = fiber_of_effect(vm, event->effect);
    if (!waiting) return true;
    size_t place = temp_push(vm, waiting);
    Ref typed = 0;
    const ImageEffect *effect = &vm->image->effects[((const FiberObject *)heap_object(vm, waiting))->table];
    if (!event->value && event->json.len <= vm->limits.input_bytes &&
        json_read_typed(vm, event->json, effect->result, &typed)) {
        result_place(vm, place, typed);
        temp_drop(vm, place);
        return true;
    }
    Ref json = event->value ? 0 : event_json(vm, event->json, error);
    bool taken = event->value || json || vm->failure.kind == FAILURE_LIMIT;
    if (taken) result_take(vm, place, event->value, json);
    vm->failure.set = false;
    temp_drop(vm, place);
    return taken || error_wrap(error, "the result of effect %llu", (unsigned long long)event->effect);
}

static bool signal_feed(Vm *vm, const VmEvent *event, Error *error)
{
    Ref json = event_json(vm, event->json, error);
    if (json && heap_kind(vm, json) != OBJECT_MAP_R) {
        vm->failure.set = false;
        return error_set(error, "a signal is an object");
    }
    size_t place = temp_push(vm, json);
    Ref list = json ? vm_state(vm)->signals : 0;
    if (json && !list) list = list_new(vm, OBJECT_LIST_R, 0);
    if (list) list = list_append(vm, list, 0, vm->temps.items[place], false);
    temp_drop(vm, place);
    vm->failure.set = false;
    if (!list) return error_wrap(error, "a signal");
    vm_state(vm)->signals = list;
    fibers_notify(vm, TOPIC_SIGNAL);
    return true;
}

static bool event_apply(Vm *vm, const VmEvent *event, Error *error)
{
    switch (event->kind) {
    case VM_START: return start_feed(vm, event, error);
    case VM_RESULT: return result_feed(vm, event, error);
    case VM_SIGNAL: return signal_feed(vm, event, error);
    case VM_TICK: return true;
    }
    return error_set(error, "there is no such event");
}

/* The run has gone on for longer than anybody wants to read: its main fiber fails, whatever its handlers. */
static void log_exceeded(Vm *vm)
{
    vm_raise_limit(vm, LIMIT_LOG, "the run has too many events");
    vm->failure.fatal = true;
    size_t place = temp_push(vm, error_take(vm, vm_state(vm)->main));
    Ref error = temp_drop(vm, place);
    if (error) fiber_fail(vm, vm_state(vm)->main, error);
}

static void outputs_clear(Vm *vm)
{
    vm->outputs.count = 0;
    arena_clear(&vm->arena);
}

bool vm_feed(Vm *vm, const VmEvent *event, Error *error)
{
    outputs_clear(vm);
    State *state = vm_state(vm);
    if (state->status == VM_ENDED && event->kind != VM_START) return true;
    if (state->status == VM_NEW && event->kind != VM_START)
        return error_set(error, "the run has not been started");
    vm->settled = false;
    if (vm->trace) trace_event(vm, event);
    int64_t before = state->now;
    if (event->now > state->now) state->now = event->now;
    if (!event_apply(vm, event, error)) {
        vm_state(vm)->now = before;
        return false;
    }
    if (++vm_state(vm)->events > vm->limits.events) log_exceeded(vm);
    all_run(vm, event->kind == VM_TICK);
    if (vm->trace) trace_outputs(vm);
    return true;
}

/* ---- what hosts ask ---- */

size_t vm_output_count(const Vm *vm)
{
    return vm->outputs.count;
}

const VmOutput *vm_output(const Vm *vm, size_t index)
{
    return &vm->outputs.items[index];
}

VmStatus vm_status(const Vm *vm)
{
    return (VmStatus)vm_state(vm)->status;
}

int64_t vm_now(const Vm *vm)
{
    return vm_state(vm)->now;
}

int64_t vm_next_deadline(const Vm *vm)
{
    Ref ref = vm_state(vm)->timer_first;
    return ref ? ((const FiberObject *)heap_object(vm, ref))->deadline : INT64_MAX;
}

bool vm_awaits(const Vm *vm, uint64_t effect)
{
    return fiber_of_effect(vm, effect) != 0;
}

size_t vm_memory(const Vm *vm)
{
    return vm_state(vm)->capacity;
}

/* ---- snapshots ---- */

typedef struct SnapshotHeader {
    char magic[8];
    uint64_t image[2];
    uint64_t hash[2]; /* of the state that follows */
    uint64_t size;
} SnapshotHeader;

static const char snapshot_magic[8] = {'P', 'L', 'A', 'N', 's', 't', 'a', '1'};

void vm_snapshot(Vm *vm, Buffer *out)
{
    heap_settle(vm);
    SnapshotHeader header = {.size = vm_state(vm)->used};
    memcpy(header.magic, snapshot_magic, sizeof header.magic);
    memcpy(header.image, vm->image->hash, sizeof header.image);
    Hash hash = hash_bytes(vm->block, header.size);
    memcpy(header.hash, hash.words, sizeof header.hash);
    buffer_add(out, &header, sizeof header);
    buffer_add(out, vm->block, header.size);
}

/* Another state in place of the one that there is. */
static void state_put(Vm *vm, const void *bytes, size_t used, size_t capacity)
{
    if (vm->block_room < capacity) {
        vm->block = block_resize(vm->block, vm->block_room, capacity);
        vm->block_room = capacity;
    }
    memcpy(vm->block, bytes, used);
    awaited_forget(vm);
    vm->settled = false;
    outputs_clear(vm);
}

bool vm_restore(Vm *vm, Str snapshot, Error *error)
{
    SnapshotHeader header;
    if (snapshot.len < sizeof header + sizeof(State)) return error_set(error, "this is no snapshot of a run");
    memcpy(&header, snapshot.data, sizeof header);
    const char *bytes = snapshot.data + sizeof header;
    if (memcmp(header.magic, snapshot_magic, sizeof header.magic) != 0 ||
        header.size != snapshot.len - sizeof header) {
        return error_set(error, "this is no snapshot of a run");
    }
    if (memcmp(header.image, vm->image->hash, sizeof header.image) != 0) {
        return error_set(error, "the snapshot is of another program");
    }
    Hash hash = hash_bytes(bytes, header.size);
    if (memcmp(header.hash, hash.words, sizeof header.hash) != 0)
        return error_set(error, "the snapshot is damaged");
    State state;
    memcpy(&state, bytes, sizeof state);
    if (state.used != header.size || state.capacity < state.used || state.capacity > UINT32_MAX)
        return error_set(error, "the snapshot is damaged");
    state_put(vm, bytes, header.size, state.capacity);
    vm->settled = true;
    return true;
}

void vm_copy(Vm *vm, const Vm *from)
{
    assert(vm->image == from->image);
    state_put(vm, from->block, vm_state(from)->used, vm_state(from)->capacity);
    vm->settled = from->settled;
}

void vm_hash(Vm *vm, uint64_t hash[2])
{
    heap_settle(vm);
    Hash found = hash_bytes(vm->block, vm_state(vm)->used);
    memcpy(hash, found.words, sizeof found.words);
}
