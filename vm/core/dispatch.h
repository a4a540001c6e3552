/* How the interpreter's loop goes from one word to the next, and the shapes that its instructions share. Used by
 * interpret.c only, whose function's variables (vm, pc, word, S, R, frame, ...) the macros name. */
#ifndef PLAN_CORE_DISPATCH_H
#define PLAN_CORE_DISPATCH_H

#include "vm/core/instructions.h"

#if defined(__GNUC__) && !defined(PLAN_SWITCH_DISPATCH)
#define THREADED 1
#pragma GCC diagnostic ignored "-Wpedantic"
/* Keeps a conditional jump from becoming a conditional move, behind which every dispatch would wait. */
#define BARRIER() __asm__ volatile("")
#else
#define THREADED 0
#define BARRIER() ((void)0)
#endif

/* Into place: a copy of what was just stored would wait for the stores. */
static void frame_load(const Vm *vm, Frame *frame)
{
    const FiberObject *fiber = heap_object(vm, vm_state(vm)->current);
    StackObject *stack = heap_object(vm, fiber->stack);
    Ref *refs = stack_refs(stack);
    frame->pc = vm->image->code + fiber->pc;
    frame->s = stack->scalars + fiber->s;
    frame->s_end = stack->scalars + stack->scalar_room;
    frame->r = refs + fiber->r;
    frame->r_end = refs + stack->header.len;
    frame->depth = fiber->depth;
}

static void frame_save(const Vm *vm, const uint64_t *pc, const int64_t *s, const Ref *r, uint32_t depth)
{
    FiberObject *fiber = heap_object(vm, vm_state(vm)->current);
    StackObject *stack = heap_object(vm, fiber->stack);
    fiber->pc = (uint32_t)(pc - vm->image->code);
    fiber->s = (uint32_t)(s - stack->scalars);
    fiber->r = (uint32_t)(r - stack_refs(stack));
    fiber->depth = depth;
}

#define A instruction_a(word)
#define B instruction_b(word)
#define C instruction_c(word)
#define IMM instruction_imm(word)
#define REAL(number) real_of_bits(S[number])
#define SAVE() frame_save(vm, pc, S, R, frame.depth)
#define LOAD() (frame_load(vm, &frame), pc = frame.pc, S = frame.s, R = frame.r)
/* What interpret_watched.c, which compiles this file once more, notes of instructions and of jumps. */
#ifndef NOTE
#define NOTE(what) ((void)0)
#define FIBER_RUN fiber_run
#endif
#define JUMP()                                                                                               \
    do {                                                                                                     \
        BARRIER();                                                                                           \
        NOTE(COVERED_JUMPED);                                                                                \
        if (IMM < 0 && --vm->budget == 0) goto budget;                                                       \
        pc += IMM;                                                                                           \
        NEXT;                                                                                                \
    } while (0)
#define JUMP_IF(condition)                                                                                   \
    do {                                                                                                     \
        if (condition) JUMP();                                                                               \
        NEXT;                                                                                                \
    } while (0)
#define SCALAR(value)                                                                                        \
    do {                                                                                                     \
        S[A] = (value);                                                                                      \
        NEXT;                                                                                                \
    } while (0)
/* Work in C that may collect, and its result. */
#define WORK(condition)                                                                                      \
    do {                                                                                                     \
        SAVE();                                                                                              \
        if (!(condition)) goto raise;                                                                        \
        LOAD();                                                                                              \
    } while (0)
#define MAKE(expression)                                                                                     \
    do {                                                                                                     \
        WORK((made = (expression)) != 0);                                                                    \
        R[A] = made;                                                                                         \
        NEXT;                                                                                                \
    } while (0)
#define ARITHMETIC(function, op)                                                                             \
    do {                                                                                                     \
        int64_t number;                                                                                      \
        if (__builtin_##function##_overflow(S[B], S[C], &number)) {                                          \
            overflow_raise(vm, S[B], op, S[C]);                                                              \
            goto unsaved;                                                                                    \
        }                                                                                                    \
        SCALAR(number);                                                                                      \
    } while (0)
#define ARITHMETIC_I(function, op)                                                                           \
    do {                                                                                                     \
        int64_t number;                                                                                      \
        if (__builtin_##function##_overflow(S[B], (int64_t)IMM, &number)) {                                  \
            overflow_raise(vm, S[B], op, IMM);                                                               \
            goto unsaved;                                                                                    \
        }                                                                                                    \
        SCALAR(number);                                                                                      \
    } while (0)
#define FLOATING(expression)                                                                                 \
    do {                                                                                                     \
        real = (expression);                                                                                 \
        if (!isfinite(real)) {                                                                               \
            infinite_raise(vm, real);                                                                        \
            goto unsaved;                                                                                    \
        }                                                                                                    \
        SCALAR(bits_of_real(real));                                                                          \
    } while (0)
#if THREADED
#define OP(id) op_##id:
#define NEXT                                                                                                 \
    do {                                                                                                     \
        word = *pc++;                                                                                        \
        NOTE(COVERED_RUN);                                                                                   \
        goto *labels[word & 255];                                                                            \
    } while (0)
#else
#define OP(id) case OPCODE_##id:
#define NEXT goto dispatch
#endif

#endif
