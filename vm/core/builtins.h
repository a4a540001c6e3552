/* How a builtin gets its arguments and gives its result. Used by the builtins' files only.
 *
 * Arguments are read from the running fiber's registers each time, which is right also after a collection.
 * Every builtin of vm/code/builtins.def is one function builtin_ID, which returns false when a failure is
 * set. */
#ifndef PLAN_CORE_BUILTINS_H
#define PLAN_CORE_BUILTINS_H

#include "vm/core/machine.h"
#include "vm/core/marshal.h"

typedef struct BuiltinCall {
    Vm *vm;
    uint32_t type; /* T */
    uint32_t a, b; /* windows */
} BuiltinCall;

#define BUILTIN(id, name, type, banks, doc) bool builtin_##id(const BuiltinCall *call);
#include "vm/code/builtins.def"
#undef BUILTIN

/* The n-th argument of the bank. */
static inline int64_t arg_scalar(const BuiltinCall *call, uint32_t n)
{
    return *fiber_scalar(call->vm, vm_state(call->vm)->current, call->a + n);
}
static inline Ref arg_ref(const BuiltinCall *call, uint32_t n)
{
    return *fiber_ref(call->vm, vm_state(call->vm)->current, call->b + n);
}
/* A string argument, which is work to read; *text is void after an allocation. */
static inline bool arg_text(const BuiltinCall *call, uint32_t n, Str *text)
{
    if (!text_check(call->vm, arg_ref(call, n))) return false;
    *text = text_view(call->vm, arg_ref(call, n));
    heap_charge(call->vm, text->len);
    return true;
}
/* Checks that the n-th reference is a list (a map) of T's bank. */
static inline bool type_is_scalar_of(const BuiltinCall *call)
{
    return image_type_is_scalar(call->vm->image, call->type);
}
static inline bool arg_list(const BuiltinCall *call, uint32_t n)
{
    return list_check(call->vm, arg_ref(call, n), type_is_scalar_of(call) ? OBJECT_LIST_S : OBJECT_LIST_R);
}
static inline bool arg_map(const BuiltinCall *call, uint32_t n)
{
    return map_check(call->vm, arg_ref(call, n), type_is_scalar_of(call) ? OBJECT_MAP_S : OBJECT_MAP_R);
}
static inline bool give_scalar(const BuiltinCall *call, int64_t value)
{
    *fiber_scalar(call->vm, vm_state(call->vm)->current, call->a) = value;
    return true;
}
/* An optional reference, or one that is there. */
static inline bool give_optional(const BuiltinCall *call, Ref ref)
{
    *fiber_ref(call->vm, vm_state(call->vm)->current, call->b) = ref;
    return true;
}
static inline bool give_ref(const BuiltinCall *call, Ref ref)
{
    return ref && give_optional(call, ref);
}
static inline bool give_box(const BuiltinCall *call, int64_t value)
{
    return give_ref(call, box_new(call->vm, OBJECT_BOX, value));
}
/* The string in vm->scratch. */
static inline bool give_scratch(const BuiltinCall *call)
{
    return give_ref(call, text_take_scratch(call->vm));
}
static inline Buffer *scratch_begin(const BuiltinCall *call)
{
    buffer_clear(&call->vm->scratch);
    return &call->vm->scratch;
}

#endif
