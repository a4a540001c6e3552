/* Failures become error objects and leave functions until a handler takes them. */
#include "vm/core/machine.h"

static Ref error_new(Vm *vm, FailureKind kind, uint32_t pc, Str text)
{
    vm->emergency = true; /* a run without memory can still say so */
    Ref message = text_new(vm, str_slice(text, 0, text_clip(text, 4096)));
    size_t place = temp_push(vm, message);
    Ref ref = heap_alloc(vm, OBJECT_ERROR, sizeof(ErrorObject));
    message = temp_drop(vm, place);
    vm->emergency = false;
    if (!ref) return 0;
    ErrorObject *error = heap_object(vm, ref);
    error->kind = (uint32_t)kind;
    error->pc = pc;
    error->message = message ? message : REF_EMPTY;
    return ref;
}

Ref error_take(Vm *vm, uint32_t pc)
{
    Failure failure = vm->failure;
    vm->failure = (Failure){0};
    Ref ref = error_new(vm, failure.kind, pc, buffer_str(&failure.text));
    if (ref) ((ErrorObject *)heap_object(vm, ref))->fatal = failure.fatal;
    buffer_free(&vm->failure.text);
    vm->failure = (Failure){.text = failure.text};
    buffer_clear(&vm->failure.text);
    return ref;
}

Ref error_cancelled(Vm *vm, uint32_t pc)
{
    return error_new(vm, FAILURE_CANCELLED, pc, STR("cancelled"));
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
