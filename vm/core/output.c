/* What the machine puts out: requests, cancellings, marks, the end. Values become canonical JSON here; the
 * strings live in the machine's arena until the next event. */
#include "vm/core/marshal.h"

#include "vm/base/json_text.h"
#include "vm/core/machine.h"

/* Text is put together in vm->scratch, whose room stays for the next one. */
static Buffer *scratch_begin(Vm *vm)
{
    buffer_clear(&vm->scratch);
    return &vm->scratch;
}

static Str scratch_keep(Vm *vm)
{
    return arena_copy(&vm->arena, buffer_str(&vm->scratch));
}

/* The members that tell where in the program an output arose. */
static VmOutput output_of(Vm *vm, VmOutputKind kind, Ref ref, uint32_t pc)
{
    VmOutput output = {.kind = kind, .pc = pc, .at = image_place_text(vm->image, pc)};
    if (ref) {
        const FiberObject *fiber = heap_object(vm, ref);
        output.fiber = fiber->header.len;
        if (fiber->step && text_is(vm, fiber->step))
            output.step = arena_copy(&vm->arena, text_view(vm, fiber->step));
    }
    return output;
}

bool output_effect(Vm *vm, Ref ref, uint32_t table, const int64_t *scalars, const Ref *refs)
{
    const ImageEffect *effect = &vm->image->effects[table];
    VmOutput output = output_of(vm, VM_EFFECT, ref, fiber_place(heap_object(vm, ref)));
    if (!json_write_form(vm, scratch_begin(vm), scalars, refs, effect->args)) return false;
    output.effect = ++vm_state(vm)->next_effect;
    output.effect_class = (EffectClass)effect->effect_class;
    output.name = image_string(vm->image, effect->op);
    output.json = scratch_keep(vm);
    vec_push(&vm->outputs, output);
    return true;
}

void output_cancel(Vm *vm, uint64_t effect)
{
    vec_push(&vm->outputs, (VmOutput){.kind = VM_CANCEL, .effect = effect});
}

bool output_mark(Vm *vm, Ref ref, uint32_t form, const int64_t *scalars, const Ref *refs)
{
    VmOutput output = output_of(vm, VM_MARK, ref, fiber_place(heap_object(vm, ref)));
    if (!json_write_form(vm, scratch_begin(vm), scalars, refs, form)) return false;
    output.name = image_string(vm->image, vm->image->types[form].name);
    output.json = scratch_keep(vm);
    vec_push(&vm->outputs, output);
    return true;
}

/* A failure that nobody waits for must not vanish. */
void output_warning(Vm *vm, Ref ref, Ref error_ref)
{
    const ErrorObject *error = heap_object(vm, error_ref);
    if (error->kind == FAILURE_CANCELLED) return;
    VmOutput output = output_of(vm, VM_MARK, ref, error->pc);
    Buffer text = {0}, *json = scratch_begin(vm);
    buffer_add_c(&text, "a part of the run failed: ");
    buffer_add_str(&text, text_view(vm, error->message));
    buffer_add_c(json, "{\"text\":");
    json_write_string(json, buffer_str(&text));
    buffer_add_char(json, '}');
    output.name = STR("warn");
    output.json = scratch_keep(vm);
    vec_push(&vm->outputs, output);
    buffer_free(&text);
}

void output_done(Vm *vm, Ref error_ref)
{
    VmOutput output = {.kind = VM_DONE, .json = STR("null")};
    if (error_ref) {
        const ErrorObject *error = heap_object(vm, error_ref);
        output = output_of(vm, VM_DONE, 0, error->pc);
        output.failed = true;
        Buffer *json = scratch_begin(vm);
        buffer_printf(json, "{\"kind\":\"%s\",\"message\":", failure_kind_name(error->kind));
        json_write_string(json, text_view(vm, error->message));
        buffer_add_c(json, ",\"at\":");
        json_write_string(json, output.at);
        Buffer stack = {0};
        if (error_stack_write(vm, error, &stack) > 1) { /* one alone is what "at" says */
            buffer_add_c(json, ",\"stack\":");
            json_write_string(json, buffer_str(&stack));
        }
        buffer_free(&stack);
        buffer_add_char(json, '}');
        output.json = scratch_keep(vm);
    }
    vec_push(&vm->outputs, output);
}
