/* A run's state: one block of memory that begins with the State and goes on with objects. Used inside of
 * vm/core only.
 *
 * A Ref is an object's place in units of 8 bytes, counted from the block's beginning; with the top bit set it
 * is a constant's place in the image; 0 is "none". Every allocation may collect, which moves all objects:
 * pointers into the block are void after it, and so are Refs in C variables unless they stand where the
 * collector looks, which is in the state, in objects that the state reaches, and in vm->temps.
 * vm/core/collect.c knows each kind's layout. */
#ifndef PLAN_CORE_HEAP_H
#define PLAN_CORE_HEAP_H

#include "vm/code/object.h"
#include "vm/core/vm.h"

#include <string.h>

typedef uint32_t Ref;

#define REF_CONSTANT 0x80000000u

/* ---- what objects look like ---- */

typedef struct StringObject {
    ObjectHeader header; /* len: bytes */
    char bytes[];
} StringObject;

typedef struct SliceObject {
    ObjectHeader header; /* len: bytes */
    Ref buffer;
    uint32_t start;
} SliceObject;

typedef struct BufferObject {
    ObjectHeader header; /* len: room */
    uint32_t used, pad;
    char bytes[];
} BufferObject;

typedef struct BoxObject { /* BOX BOOL INT FLOAT */
    ObjectHeader header;
    int64_t value;
} BoxObject;

typedef struct ListObject {
    ObjectHeader header; /* len: elements */
    Ref data;            /* 0 if there never was an element */
    uint32_t start;
} ListObject;

typedef struct DataObject {
    ObjectHeader header; /* len: room */
    uint32_t used, pad;
    int64_t scalars[]; /* DATA_R: Refs */
} DataObject;

typedef struct MapObject {
    ObjectHeader header; /* len: entries */
    Ref table;           /* 0 if there never was an entry */
    uint32_t pad;
} MapObject;

typedef struct MapEntryObject {
    Ref key;
    uint32_t hash;
    int64_t value; /* TABLE_R: a Ref */
} MapEntryObject;

typedef struct TableObject { /* entries in order of insertion, then `slots` uint32_t: entry number + 1, or 0
                              */
    ObjectHeader header;     /* len: room */
    uint32_t used, slots;
    MapEntryObject entries[];
} TableObject;

typedef struct RecordObject {
    ObjectHeader header; /* aux: scalars; len: references, which follow them */
    int64_t scalars[];
} RecordObject;

typedef struct ClosureObject {
    ObjectHeader header; /* aux: scalars; len: references, which follow them */
    uint64_t function;
    int64_t scalars[];
} ClosureObject;

typedef enum FailureKind { FAILURE_REASON, FAILURE_RUN, FAILURE_LIMIT, FAILURE_CANCELLED } FailureKind;

typedef struct ErrorObject {
    ObjectHeader header;
    uint32_t kind, pc;
    Ref message;
    uint32_t fatal; /* no handler catches it */
    Ref stack;      /* list of places, from the inside out; 0: none */
    uint32_t pad;
} ErrorObject;

typedef struct StackObject {
    ObjectHeader header; /* len: references, which follow the scalars */
    uint32_t scalar_room, pad;
    int64_t scalars[];
} StackObject;

typedef enum FiberState {
    FIBER_READY,
    FIBER_WAITING,
    FIBER_IN_EFFECT,
    FIBER_JOINING,
    FIBER_ENDED
} FiberState;

enum {
    FIBER_STARTED = 1,    /* has run an instruction */
    FIBER_CANCELLED = 2,  /* somebody cancelled it */
    FIBER_RAISES = 4,     /* raises `error` when it runs next */
    FIBER_QUIET_JOIN = 8, /* the other's failure is not its own */
    FIBER_JOINED = 16,    /* somebody waits, or waited, for its end */
    FIBER_FAILED = 32,    /* ended by a failure, which is `error` */
    FIBER_LINGERS = 64,   /* ended; what was cancelled with it has not */
};

/* The word before a function's scalars: where its caller goes on and how far below its registers begin. */
#define FRAME_FIRST UINT64_MAX /* there is no caller */
static inline uint64_t frame_way_back(uint32_t pc, uint32_t scalars, uint32_t refs)
{
    return pc | (uint64_t)scalars << 32 | (uint64_t)refs << 40;
}
static inline uint32_t frame_caller(uint64_t way_back)
{
    return (uint32_t)way_back;
}
static inline uint32_t frame_scalars(uint64_t way_back)
{
    return (uint32_t)(way_back >> 32 & 255);
}
static inline uint32_t frame_refs(uint64_t way_back)
{
    return (uint32_t)(way_back >> 40 & 255);
}

typedef struct FiberObject {
    ObjectHeader header; /* len: the fiber's number */
    int32_t rank;
    uint8_t state, flags;
    uint16_t target;              /* register that gets what it waits for */
    uint32_t pc;                  /* next instruction */
    uint32_t s, r;                /* where the running function's registers begin in the stack */
    uint32_t depth;               /* calls */
    Ref stack;                    /* 0: ended */
    Ref parent;                   /* who started it; 0: detached */
    Ref next, before;             /* fibers that have not ended, by number */
    Ref queue_next, queue_before; /* among the ready ones, the timers, or those that wait for the same end */
    Ref joiner_first, joiner_last; /* fibers that wait for this one's end */
    Ref step;                     /* string, or 0 */
    Ref error;                    /* RAISES, FAILED; 0 when it RAISES: it was cancelled */
    union {              /* all of both is 0 in the other states */
        uint64_t topics; /* WAITING */
        uint64_t effect; /* IN_EFFECT */
    };
    union {
        int64_t deadline; /* WAITING; INT64_MAX: none */
        uint32_t table;   /* IN_EFFECT: entry of the effect table */
        Ref joining;      /* JOINING: whose end it waits for */
    };
} FiberObject;

/* ---- the state ---- */

typedef struct State {
    ObjectHeader header; /* kind NONE, so that reference 0 is of no kind */
    uint64_t used;       /* bytes of the block, with this */
    uint64_t capacity;
    uint64_t live; /* bytes that the last collection left */
    int64_t now;
    uint64_t next_effect;
    uint64_t events; /* that were taken */
    uint32_t next_fiber, fiber_count;
    uint32_t status;             /* VmStatus */
    Ref globals;                 /* record */
    Ref ready_first, ready_last; /* fibers that can run, by (rank, number) */
    Ref timer_first, timer_last; /* fibers that wait for a time, by (deadline, rank, number) */
    Ref first, last;             /* fibers that have not ended */
    Ref current;                 /* the running one */
    Ref main;
    Ref signals; /* list of json */
    Ref start;   /* json */
    Ref error;   /* why the run failed */
} State;

typedef struct Failure {
    bool set, fatal;
    FailureKind kind;
    Buffer text;
} Failure;

struct Vm {
    const Image *image;
    const uint8_t *constants; /* of the image */
    VmLimits limits;
    uint8_t *block;
    size_t block_room;
    uint8_t *spare; /* what the last collection left, for the next one; NULL: none */
    size_t spare_room;
    bool settled; /* nothing has changed since heap_settle */
    uint32_t entry;
    uint64_t budget;  /* what is left of limits.instructions */
    uint32_t refills; /* how often fibers used it up between two events */
    bool emergency;   /* the memory limit is lifted, so that a failure can be told */
    Failure failure;  /* raised in C, not yet in the fiber */
    struct AwaitedTable *awaited; /* awaited.c */
    VEC(Ref) temps;
    VEC(VmOutput) outputs;
    Arena arena; /* of the outputs' strings */
    Buffer scratch;
    uint8_t *covered;    /* vm_cover; NULL: nobody asks */
    struct Trace *trace; /* vm_trace; NULL: nobody listens */
};

/* Objects of the block by Ref; the caller knows the kind. */
static inline State *vm_state(const Vm *vm)
{
    return (State *)(void *)vm->block;
}
static inline void *heap_object(const Vm *vm, Ref ref)
{
    return vm->block + (size_t)ref * 8;
}
/* Also constants, which must not be written to. */
static inline const void *heap_view(const Vm *vm, Ref ref)
{
    return ref & REF_CONSTANT ? vm->constants + (size_t)(ref & ~REF_CONSTANT) * 8
                              : vm->block + (size_t)ref * 8;
}
static inline ObjectKind heap_kind(const Vm *vm, Ref ref)
{
    return (ObjectKind)((const ObjectHeader *)heap_view(vm, ref))->kind;
}
static inline Ref *record_refs(RecordObject *record)
{
    return (Ref *)(void *)(record->scalars + record->header.aux);
}
static inline const Ref *record_refs_view(const RecordObject *record)
{
    return (const Ref *)(const void *)(record->scalars + record->header.aux);
}
static inline Ref *closure_refs(ClosureObject *closure)
{
    return (Ref *)(void *)(closure->scalars + closure->header.aux);
}
static inline Ref *stack_refs(StackObject *stack)
{
    return (Ref *)(void *)(stack->scalars + stack->scalar_room);
}
static inline const Ref *stack_refs_view(const StackObject *stack)
{
    return (const Ref *)(const void *)(stack->scalars + stack->scalar_room);
}
static inline Ref *data_refs(DataObject *data)
{
    return (Ref *)(void *)data->scalars;
}
static inline uint32_t *table_slots(TableObject *table)
{
    return (uint32_t *)(void *)(table->entries + table->header.len);
}

/* Objects that one variable alone holds are changed in place. */
static inline bool heap_is_owned(const Vm *vm, Ref ref)
{
    return ((const ObjectHeader *)heap_view(vm, ref))->flags & OBJECT_OWNED;
}
static inline void heap_own(Vm *vm, Ref ref)
{
    ((ObjectHeader *)heap_object(vm, ref))->flags |= OBJECT_OWNED;
}
static inline void heap_share(Vm *vm, Ref ref)
{
    if (ref && !(ref & REF_CONSTANT)) ((ObjectHeader *)heap_object(vm, ref))->flags &= (uint8_t)~OBJECT_OWNED;
}

/* ---- work ---- */

enum { WORK_OF_ONE = 256 };

/* So many bytes are read or copied in one go: that counts as so many instructions as could have run meanwhile. Where none is
 * left, the next call or repetition fails. */
static inline void heap_charge(Vm *vm, size_t bytes)
{
    uint64_t cost = bytes / WORK_OF_ONE;
    vm->budget = vm->budget > cost ? vm->budget - cost : 1;
}
/* The same where there is no next one for long, inside of a builtin. False: none is left, and a failure is set. */
bool heap_work(Vm *vm, size_t bytes);

/* ---- allocation ---- */

/* Moves what is reachable into a new block with room for so many more bytes. False: the limit is reached. */
bool heap_collect(Vm *vm, size_t room) PLAN_COLD;
/* Room for so many bytes, without another collection before they are all taken. False: the memory limit is reached and
 * vm->failure set. */
static inline bool heap_reserve(Vm *vm, size_t size)
{
#ifdef PLAN_GC_STRESS
    return heap_collect(vm, size);
#else
    const State *state = vm_state(vm);
    return size <= state->capacity - state->used || heap_collect(vm, size);
#endif
}
/* So many more bytes are likely to be needed soon: where that is much and within the limit, the state gets room for them
 * in place, without a collection that would find them all alive. */
void heap_expect(Vm *vm, size_t size);
/* Takes an object of so many bytes, a multiple of 8, of what was reserved; only its header is set. */
static inline Ref heap_take(Vm *vm, ObjectKind kind, size_t size)
{
    State *state = vm_state(vm);
    Ref ref = (Ref)(state->used / 8);
    state->used += size;
    *(ObjectHeader *)heap_object(vm, ref) = (ObjectHeader){.kind = (uint8_t)kind};
    return ref;
}
static inline size_t heap_round(size_t size)
{
    return (size + 7) / 8 * 8;
}
/* A zeroed object of so many bytes, header included, rounded up to 8. 0: the memory limit is reached and
 * vm->failure set. */
static inline Ref heap_alloc(Vm *vm, ObjectKind kind, size_t size)
{
    size = heap_round(size);
    if (!heap_reserve(vm, size)) return 0;
    Ref ref = heap_take(vm, kind, size);
    memset((uint8_t *)heap_object(vm, ref) + sizeof(ObjectHeader), 0, size - sizeof(ObjectHeader));
    return ref;
}
/* When all fibers wait: collects, makes the state depend on what it will do alone, and leaves little room in
 * the block. */
void heap_settle(Vm *vm);
void heap_drop_spare(Vm *vm);
size_t heap_object_size(const ObjectHeader *header);

/* References that C code holds across allocations: pushed, read by their place, and dropped to where they
 * began. */
static inline size_t temp_push(Vm *vm, Ref ref)
{
    vec_push(&vm->temps, ref);
    return vm->temps.count - 1;
}
static inline Ref temp_drop(Vm *vm, size_t place) /* gives what stood at the place */
{
    Ref ref = vm->temps.items[place];
    vm->temps.count = place;
    return ref;
}

/* ---- failures in C code ---- */

/* Remembers a failure, which the interpreter raises in the fiber; returns false. The first one counts. */
bool vm_raise(Vm *vm, FailureKind kind, const char *format, ...) PLAN_PRINTF(3, 4) PLAN_COLD;
/* Says what exceeds the limit, the limit and the option that raises it. */
bool vm_raise_limit(Vm *vm, LimitId id, const char *what) PLAN_COLD;
/* A run error: the program is not what a compiler makes. */
bool vm_raise_kind(Vm *vm, const char *expected, Ref found) PLAN_COLD;

#endif
