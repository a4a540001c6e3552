/* The pure machine: events go in, effect requests and marks come out, and nothing else happens.
 *
 * State = f(image, ordered events). The machine does no I/O, reads no clock, draws no random number and
 * starts no thread: `now` is the time of the last event. A run's whole state is one block of memory in which
 * references are offsets, so a snapshot is a copy. Values never leave it: arguments and results are canonical
 * JSON. vm/run.c is the caller; drills, replay and tests call it the same way. */
#ifndef PLAN_CORE_VM_H
#define PLAN_CORE_VM_H

#include "vm/base/error.h"
#include "vm/code/image.h"

typedef struct Vm Vm;

/* Exceeding one is a run error that names it; instructions: a failure of the fiber that no handler catches.
 */
typedef struct VmLimits {
#define LIMIT(id, name, member, type, value, doc) type member;
#include "vm/core/limits.def"
#undef LIMIT
    size_t slack_bytes; /* that are kept free in the state block: more is faster, 0 is smallest */
} VmLimits;

typedef enum LimitId {
#define LIMIT(id, name, member, type, value, doc) LIMIT_##id,
#include "vm/core/limits.def"
#undef LIMIT
} LimitId;

enum {
#define LIMIT(id, name, member, type, value, doc) +1
    LIMIT_COUNT = 0
#include "vm/core/limits.def"
#undef LIMIT
};

/* Sets what a text like `heap=64M` says. False: error says what can be set. */
bool vm_limit_set(VmLimits *limits, const char *text, Error *error);
/* The same for the defaults of this process, from then on: for a program's options, before any machine is
 * made. */
bool vm_default_limit_set(const char *text, Error *error);
VmLimits vm_default_limits(void);

typedef struct VmValue VmValue; /* a result that was read: vm_value_of_result */

typedef enum VmEventKind {
    VM_START,  /* json: arguments of the run, handed to the entry function; the first event, once */
    VM_RESULT, /* effect, json: its result. One that nobody waits for is ignored */
    VM_SIGNAL, /* json: an object; kept until the program takes it */
    VM_TICK,   /* time has passed */
} VmEventKind;

typedef struct VmEvent {
    VmEventKind kind;
    int64_t now;          /* ms since 1970; one before the event before counts as that */
    uint64_t effect;      /* RESULT */
    Str json;             /* START, RESULT, SIGNAL */
    const VmValue *value; /* RESULT: instead of json; NULL: json counts */
} VmEvent;

typedef enum VmOutputKind {
    VM_EFFECT, /* to be begun; a RESULT with its number is awaited */
    VM_CANCEL, /* the effect's result is no longer wanted */
    VM_MARK,   /* something to be shown or kept */
    VM_DONE,   /* the entry's fiber has ended, other fibers are dropped: the last output */
} VmOutputKind;

/* Strings are valid until the next vm_feed, vm_restore or vm_free. */
typedef struct VmOutput {
    VmOutputKind kind;
    uint64_t effect;          /* EFFECT, CANCEL; counts from 1 in the run */
    EffectClass effect_class; /* EFFECT */
    uint32_t fiber;           /* EFFECT, MARK: number of the fiber */
    uint32_t pc;              /* EFFECT, MARK, failed DONE */
    Str name;                 /* EFFECT: op; MARK: its kind */
    Str step;                 /* EFFECT, MARK: the step that the fiber is in; may be empty */
    Str at;                   /* "file:line"; may be empty */
    Str json;    /* EFFECT: arguments; MARK: its value; DONE: null, or {"kind":…,"message":…,"at":…} */
    bool failed; /* DONE */
} VmOutput;

typedef enum VmStatus {
    VM_NEW,     /* before START */
    VM_WAITING, /* for results, signals or time */
    VM_ENDED,   /* DONE was put out; further events do nothing */
} VmStatus;

/* A machine for a run of the image, which must outlive it, beginning at the entry of that name. limits may be
 * NULL (the defaults). NULL: there is no such entry. */
Vm *vm_new(const Image *image, Str entry, const VmLimits *limits, Error *error);
void vm_free(Vm *vm);

/* From now on every instruction that is run is noted in `covered`, one byte for each word of the image's
 * code, which must outlive the machine: COVERED_RUN, and COVERED_JUMPED when it jumped. NULL: no more.
 * Nothing of a run depends on it, and a machine that is not asked pays nothing for it. */
void vm_cover(Vm *vm, uint8_t *covered);

/* From now on every event, instruction and output is told as a line of text, without a newline, for people to read. NULL:
 * no more. Nothing of a run depends on it, and a machine that is not asked pays nothing for it. */
typedef void VmTrace(void *ctx, Str line);
void vm_trace(Vm *vm, VmTrace *tell, void *ctx);

/* Takes one event and runs every fiber until all wait. At a TICK the timers that are due fire, in order of (deadline,
 * rank, number of the fiber); what else comes at the same instant is fed before it. False: the event is not one that can be taken (no JSON, START twice, …); nothing has
 * changed. What goes wrong inside the program is a failure there. */
bool vm_feed(Vm *vm, const VmEvent *event, Error *error);

/* Reads a result once, for all machines of the image in which the same EFFECT instruction awaits it. NULL: it
 * is no result for that effect; what vm_feed would make of it as text is then a failure in the program. */
VmValue *vm_value_of_result(const Vm *vm, uint64_t effect, Str json, Error *error);
void vm_value_free(VmValue *value);

/* What the last vm_feed put out, in order. */
size_t vm_output_count(const Vm *vm);
const VmOutput *vm_output(const Vm *vm, size_t index);

VmStatus vm_status(const Vm *vm);
int64_t vm_now(const Vm *vm);
int64_t vm_next_deadline(const Vm *vm);        /* when a TICK is wanted at the latest; INT64_MAX: none */
bool vm_awaits(const Vm *vm, uint64_t effect); /* is there a fiber that waits for its result? */

/* The state as bytes, for the same image only. Outputs are not part of it: read them first. */
void vm_snapshot(Vm *vm, Buffer *out);
bool vm_restore(Vm *vm, Str snapshot, Error *error); /* false: not one of this image; nothing has changed */
/* The other machine's state, too: a fork is one copy. Both are of the same image, opened once. Outputs are
 * not part of it. */
void vm_copy(Vm *vm, const Vm *from);
/* Identifies the state: machines that got the same events have the same hash. Collects garbage first. */
void vm_hash(Vm *vm, uint64_t hash[2]);
size_t vm_memory(const Vm *vm); /* bytes of the state block */

#endif
