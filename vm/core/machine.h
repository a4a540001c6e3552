/* Fibers and what they put out: between the interpreter and the feeding of events. Used inside of vm/core
 * only.
 *
 * A fiber is ready, waits (for a time, topics, an effect, another's end) or has ended. Of those that are
 * ready the one with the least (rank, number) runs until it waits. */
#ifndef PLAN_CORE_MACHINE_H
#define PLAN_CORE_MACHINE_H

#include "vm/core/marshal.h"
#include "vm/core/values.h"

enum { RANK_MAIN = 1000, TOPIC_SIGNAL = 1 };

/* ---- fiber.c ---- */

/* A ready fiber in a function; its arguments are the registers of the running fiber from a and b on (ignored
 * where the function has no parameters). 0: a failure is set. */
Ref fiber_new(Vm *vm, uint32_t function, int32_t rank, Ref parent, uint32_t a, uint32_t b);
void fiber_ready(Vm *vm, Ref fiber);
Ref fiber_take_ready(Vm *vm); /* 0: none */
void fiber_wait(Vm *vm, Ref fiber, int64_t deadline, uint64_t topics, uint32_t target);
/* Ends the wait for time or topics; the fiber's result register gets `came`. */
void fiber_wake(Vm *vm, Ref fiber, bool came);
void fibers_notify(Vm *vm, uint64_t topics);
/* Waits for another's end, or takes the result at once. False: a failure is set or `*raised` is the error to
 * raise. */
bool fiber_join(Vm *vm, Ref fiber, Ref other, uint32_t target, bool quiet, bool *waits, Ref *raised);
/* Ends a fiber, well (0) or with an error; joiners get ready. The main fiber's end is the run's. */
void fiber_end(Vm *vm, Ref fiber, Ref error);
/* Makes a fiber, that does not run just now, fail when it runs next. */
void fiber_fail(Vm *vm, Ref fiber, Ref error);
/* Cancels a fiber and what it started; true: the running fiber is among them and must be unwound. */
bool fiber_cancel(Vm *vm, Ref fiber);
uint32_t fiber_place(const FiberObject *fiber);                  /* pc of the instruction that it is at */
int64_t *fiber_scalar(const Vm *vm, Ref fiber, uint32_t number); /* its running function's registers */
Ref *fiber_ref(const Vm *vm, Ref fiber, uint32_t number);

/* ---- vm.c, value.c ---- */

Vm *vm_bare(const Image *image, const VmLimits *limits); /* a machine that has no entry */
/* The value in the heap. False: a failure is set. */
bool value_place(Vm *vm, const VmValue *value, uint32_t type, Ref *ref);

/* ---- awaited.c ---- */

Ref fiber_of_effect(const Vm *vm, uint64_t effect); /* who waits for its result; 0: nobody */
void awaited_note(Vm *vm, Ref fiber, uint64_t effect); /* it waits from now on */
void awaited_forget(Vm *vm);                           /* objects have moved, or are others */
struct AwaitedTable *awaited_new(void);
void awaited_free(struct AwaitedTable *table);

/* ---- failure.c ---- */

/* An error object of the failure that is set, which is then set no more. Never 0. */
Ref error_take(Vm *vm, Ref fiber);
Ref error_cancelled(Vm *vm, Ref fiber);
/* "in f at shop.plan:3, from g at shop.plan:9": the plan's own functions. Gives how many. */
uint32_t error_stack_write(const Vm *vm, const ErrorObject *error, Buffer *out);
/* Leaves the running fiber's functions until a handler takes the error. False: none does, the fiber has
 * ended. */
bool fiber_unwind(Vm *vm, Ref error);
const char *failure_kind_name(uint32_t kind);

/* ---- output.c ---- */

/* Numbers it; its arguments are filled from the windows' registers. False: a failure is set. */
bool output_effect(Vm *vm, Ref fiber, uint32_t table, const int64_t *scalars, const Ref *refs);
void output_cancel(Vm *vm, uint64_t effect);
bool output_mark(Vm *vm, Ref fiber, uint32_t form, const int64_t *scalars, const Ref *refs);
void output_warning(Vm *vm, Ref fiber, Ref error);
void output_done(Vm *vm, Ref error);

/* ---- interpret.c ---- */

/* Runs the fiber, which is state->current, until it waits or ends. */
void fiber_run(Vm *vm);
/* The same, and notes and tells what it runs (interpret_watched.c). */
void fiber_run_watched(Vm *vm);

/* ---- trace.c: only while vm->trace is there ---- */

void trace_word(Vm *vm, uint32_t pc, const int64_t *s, const Ref *r); /* before it runs, with its registers */
void trace_event(Vm *vm, const VmEvent *event);
void trace_outputs(Vm *vm);

/* ---- builtins.c ---- */

/* A builtin on the running fiber's registers from a and b on. False: a failure is set. */
bool builtin_call(Vm *vm, BuiltinId id, uint32_t type, uint32_t a, uint32_t b);

#endif
