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
/* From here on the compiler knows nothing of what the variable holds. */
#define OPAQUE(variable) __asm__ volatile("" : "+r"(variable))
#else
#define THREADED 0
#define BARRIER() ((void)0)
#define OPAQUE(variable) ((void)0)
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
#define LOAD() (frame_load(vm, &frame), head = pc = frame.pc, S = frame.s, R = frame.r)
/* What interpret_watched.c, which compiles this file once more, notes of instructions and of jumps. */
#ifndef NOTE
#define NOTE(what) ((void)0)
#define FIBER_RUN fiber_run
#endif
/* A word is found by adding what the last jump's word says, so a loop would run as fast as one load follows the other: 5 to 7
 * cycles a jump. Where the target is likely one that is known without that word, it is compared and taken from there; the
 * processor goes on with its guess. OPAQUE keeps the compiler from seeing that both are the same. Worth 40 % of a small
 * loop. The likely ones: the head of the loop that was jumped to last, and the word behind the next one. */
#define JUMP_BACK()                                                                                          \
    do {                                                                                                     \
        NOTE(COVERED_JUMPED);                                                                                \
        if (--vm->budget == 0) goto budget; /* the place is this word, not the one before the target */       \
        const uint64_t *target = pc + IMM;                                                                   \
        ptrdiff_t off = target - head;                                                                       \
        OPAQUE(off);                                                                                         \
        if (off == 0) {                                                                                      \
            pc = head;                                                                                       \
            NEXT;                                                                                            \
        }                                                                                                    \
        head = pc = target;                                                                                  \
        NEXT;                                                                                                \
    } while (0)
#define JUMP()                                                                                               \
    do {                                                                                                     \
        BARRIER();                                                                                           \
        if (IMM < 0) JUMP_BACK();                                                                            \
        NOTE(COVERED_JUMPED);                                                                                \
        if (IMM == 1) {                                                                                      \
            pc++;                                                                                            \
            OPAQUE(pc);                                                                                      \
            NEXT;                                                                                            \
        }                                                                                                    \
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
        if (!isfinite(real)) goto infinite;                                                                  \
        SCALAR(bits_of_real(real));                                                                          \
    } while (0)
/* A further operation of FLOATS on `real` and x. */
#define FURTHER(operation, x)                                                                                \
    do {                                                                                                     \
        switch ((FloatsOperation)(operation)) {                                                              \
        case FLOATS_NONE: break;                                                                             \
        case FLOATS_ADD: real += (x); break;                                                                 \
        case FLOATS_SUB: real -= (x); break;                                                                 \
        case FLOATS_FROM: real = (x)-real; break;                                                            \
        case FLOATS_MUL: real *= (x); break;                                                                 \
        case FLOATS_DIV:                                                                                     \
            if ((x) == 0) goto real_divided_by_zero;                                                         \
            real /= (x);                                                                                     \
            break;                                                                                           \
        case FLOATS_INTO:                                                                                    \
            if (real == 0) {                                                                                 \
                real = (x);                                                                                  \
                goto real_divided_by_zero;                                                                   \
            }                                                                                                \
            real = (x) / real;                                                                               \
            break;                                                                                           \
        }                                                                                                    \
        if (!isfinite(real)) goto infinite;                                                                  \
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
