/* Failures of the machine's own code are remembered here, and boxes made. Everything in vm/core calls this. */
#include "vm/core/heap.h"

#include "vm/core/values.h"

bool vm_raise(Vm *vm, FailureKind kind, const char *format, ...)
{
    if (vm->failure.set) return false;
    vm->failure.set = true;
    vm->failure.fatal = false;
    vm->failure.kind = kind;
    buffer_clear(&vm->failure.text);
    va_list args;
    va_start(args, format);
    buffer_vprintf(&vm->failure.text, format, args);
    va_end(args);
    return false;
}

bool vm_raise_kind(Vm *vm, const char *expected, Ref found)
{
    static const char *const names[OBJECT_KIND_COUNT] = {
        "nothing", "a string", "a string",   "a buffer", "null",    "a bool",  "an int",    "a float",
        "a value", "a list",   "a list",     "data",     "data",    "a map",   "a map",     "a table",
        "a table", "a record", "a function", "an error", "a fiber", "a stack", "a forward",
    };
    return vm_raise(vm, FAILURE_RUN, "%s is expected here, but this is %s", expected,
                    names[heap_kind(vm, found)]);
}

Ref box_new(Vm *vm, ObjectKind kind, int64_t value)
{
    Ref ref = heap_alloc(vm, kind, sizeof(BoxObject));
    if (ref) ((BoxObject *)heap_object(vm, ref))->value = value;
    return ref;
}
