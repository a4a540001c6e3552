/* Finds a builtin's function by its number; and the builtins about the run itself. Called by the interpreter.
 */
#include "vm/core/builtins.h"

bool builtin_call(Vm *vm, BuiltinId id, uint32_t type, uint32_t a, uint32_t b)
{
    static bool (*const functions[])(const BuiltinCall *) = {
#define BUILTIN(id, name, type, banks, doc) builtin_##id,
#include "vm/code/builtins.def"
#undef BUILTIN
    };
    BuiltinCall call = {vm, type, a, b};
    size_t temps = vm->temps.count;
    bool good = functions[id](&call);
    vm->temps.count = temps;
    return good;
}

bool builtin_START_ARGS(const BuiltinCall *call)
{
    return give_ref(call, vm_state(call->vm)->start);
}

static const ErrorObject *arg_error(const BuiltinCall *call)
{
    Ref ref = arg_ref(call, 0);
    if (heap_kind(call->vm, ref) == OBJECT_ERROR) return heap_object(call->vm, ref);
    vm_raise_kind(call->vm, "an error", ref);
    return NULL;
}

bool builtin_ERROR_TEXT(const BuiltinCall *call)
{
    const ErrorObject *error = arg_error(call);
    return error && give_ref(call, error->message);
}

bool builtin_ERROR_PLACE(const BuiltinCall *call)
{
    const ErrorObject *error = arg_error(call);
    if (!error) return false;
    image_place(call->vm->image, error->pc, scratch_begin(call));
    return give_scratch(call);
}

bool builtin_ERROR_STACK(const BuiltinCall *call)
{
    const ErrorObject *error = arg_error(call);
    if (!error) return false;
    error_stack_write(call->vm, error, scratch_begin(call));
    return give_scratch(call);
}

bool builtin_ERROR_KIND(const BuiltinCall *call)
{
    const ErrorObject *error = arg_error(call);
    return error && give_ref(call, text_new(call->vm, str_from_c(failure_kind_name(error->kind))));
}

