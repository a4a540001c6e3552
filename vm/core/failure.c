/* Failures become error objects and leave functions until a handler takes them. */
#include "vm/core/machine.h"

/* ---- the functions that were under way ---- */

enum { INNERMOST = 16, OUTERMOST = 8, GAP = -1 }; /* of how many the places are kept */

/* The places of a fiber's functions, from the inside out, then those of the fiber that started it, and so on.
 * Gives how many there are; `places` (NULL: only counted) gets those that are kept of `total`. */
static uint32_t stack_walk(const Vm *vm, Ref ref, uint32_t total, int64_t *places)
{
    uint32_t count = 0;
    while (ref) {
        const FiberObject *fiber = heap_object(vm, ref);
        const StackObject *stack = fiber->stack ? heap_object(vm, fiber->stack) : NULL;
        uint32_t pc = fiber_place(fiber), s = fiber->s;
        while (stack) {
            bool kept = count < INNERMOST || count + OUTERMOST >= total;
            if (places && (kept || count == INNERMOST)) *places++ = kept ? (int64_t)pc : GAP;
            count++;
            uint64_t way_back = (uint64_t)stack->scalars[s - 1];
            if (way_back == FRAME_FIRST) break;
            pc = frame_caller(way_back) - 1;
            s -= frame_scalars(way_back);
        }
        ref = fiber->parent;
    }
    return count;
}

/* A list of places; 0: there was no memory for it. temps[place] is the fiber. */
static Ref stack_note(Vm *vm, size_t place)
{
    uint32_t total = stack_walk(vm, vm->temps.items[place], 0, NULL);
    uint32_t kept = total > INNERMOST + OUTERMOST ? INNERMOST + OUTERMOST + 1 : total;
    Ref list = list_new(vm, OBJECT_LIST_S, kept);
    if (list && kept) stack_walk(vm, vm->temps.items[place], total, list_fill_scalars(vm, list));
    return list;
}

/* What people wrote: neither the standard library nor what the compiler made. */
static bool place_is_of_plan(const Image *image, uint32_t pc)
{
    const ImageLine *line = image_line_at(image, pc);
    return line && !str_starts_with(image_string(image, image->files[line->file].name), STR("std/"));
}

uint32_t error_stack_write(const Vm *vm, const ErrorObject *error, Buffer *out)
{
    uint32_t shown = 0;
    if (!error->stack) return 0;
    const int64_t *places = list_scalars(vm, error->stack);
    for (uint32_t i = 0; i < list_len(vm, error->stack); i++) {
        if (places[i] == GAP) {
            buffer_add_c(out, ", and so on");
            continue;
        }
        uint32_t pc = (uint32_t)places[i];
        if (!place_is_of_plan(vm->image, pc)) continue;
        Str name = image_string(vm->image, image_function_at(vm->image, pc)->name);
        if (str_starts_with(name, STR("fn."))) name = str_slice(name, 3, name.len);
        bool is_whole = str_starts_with(name, STR("plan.")); /* a step's function names its plan already */
        if (is_whole && shown) continue;
        buffer_printf(out, "%s%.*s at ", shown++ ? ", from " : "in ", STR_ARG(name));
        image_place(vm->image, pc, out);
    }
    return shown;
}

/* ---- errors ---- */

static Ref error_new(Vm *vm, FailureKind kind, Ref fiber, Str text)
{
    bool emergency = vm->emergency;
    vm->emergency = true; /* a run without memory can still say so */
    size_t place = temp_push(vm, fiber);
    temp_push(vm, text_new(vm, str_slice(text, 0, text_clip(text, 4096))));
    temp_push(vm, kind == FAILURE_RUN || kind == FAILURE_LIMIT ? stack_note(vm, place) : 0);
    Ref ref = heap_alloc(vm, OBJECT_ERROR, sizeof(ErrorObject));
    if (ref) {
        ErrorObject *error = heap_object(vm, ref);
        error->kind = (uint32_t)kind;
        error->pc = fiber_place(heap_object(vm, vm->temps.items[place]));
        error->message = vm->temps.items[place + 1] ? vm->temps.items[place + 1] : REF_EMPTY;
        error->stack = vm->temps.items[place + 2];
    }
    temp_drop(vm, place);
    vm->emergency = emergency;
    return ref;
}

Ref error_take(Vm *vm, Ref fiber)
{
    Failure failure = vm->failure;
    vm->failure = (Failure){0};
    Ref ref = error_new(vm, failure.kind, fiber, buffer_str(&failure.text));
    if (ref) ((ErrorObject *)heap_object(vm, ref))->fatal = failure.fatal;
    buffer_free(&vm->failure.text);
    vm->failure = (Failure){.text = failure.text};
    buffer_clear(&vm->failure.text);
    return ref;
}

Ref error_cancelled(Vm *vm, Ref fiber)
{
    return error_new(vm, FAILURE_CANCELLED, fiber, STR("cancelled"));
}

const char *failure_kind_name(uint32_t kind)
{
    static const char *const names[] = {"failure", "run error", "limit", "cancelled"};
    return names[kind];
}

/* `own`: the fiber itself was cancelled; the end of a cancelled one that it joined is a failure like any
 * other. */
static const ImageHandler *handler_find(const Image *image, uint32_t pc, const ErrorObject *error, bool own)
{
    if (error->fatal) return NULL;
    bool leaving = own && error->kind == FAILURE_CANCELLED;
    const ImageFunction *fn = image_function_at(image, pc);
    for (uint32_t i = 0; i < fn->handler_count; i++) {
        const ImageHandler *handler = &image->handlers[fn->first_handler + i];
        if (pc < handler->start || pc >= handler->end) continue;
        if (!leaving || handler->catches_cancel) return handler;
    }
    return NULL;
}

bool fiber_unwind(Vm *vm, Ref ref)
{
    Ref current = vm_state(vm)->current;
    FiberObject *fiber = heap_object(vm, current);
    const ErrorObject *error = heap_object(vm, ref);
    const StackObject *stack = heap_object(vm, fiber->stack);
    uint32_t pc = fiber_place(fiber);
    for (;;) {
        const ImageHandler *handler = handler_find(vm->image, pc, error, fiber->flags & FIBER_CANCELLED);
        if (handler) {
            fiber->pc = handler->target;
            *fiber_ref(vm, current, handler->error) = ref;
            return true;
        }
        uint64_t way_back = (uint64_t)stack->scalars[fiber->s - 1];
        if (way_back == FRAME_FIRST) break;
        fiber->s -= frame_scalars(way_back);
        fiber->r -= frame_refs(way_back);
        fiber->depth--;
        pc = frame_caller(way_back) - 1;
    }
    fiber_end(vm, current, ref);
    return false;
}
