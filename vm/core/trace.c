/* Tells what the machine does, for people: each event, each instruction with the values that it reads, each
 * output, one line of text at a time. Called by vm.c and by the watched interpreter; nothing of a run depends
 * on it.
 *
 * A line without indentation names an event, an output, or where in the plan a fiber is from here on. */
#include "vm/core/machine.h"

#include "vm/base/json_text.h"
#include "vm/base/time.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TEXT_SHOWN = 60, JSON_SHOWN = 300 };

typedef struct Trace {
    VmTrace *tell;
    void *ctx;
    const ImageLine *line; /* of the last word */
    uint32_t fiber;
    Buffer text;
} Trace;

void vm_trace(Vm *vm, VmTrace *tell, void *ctx)
{
    if (vm->trace) buffer_free(&vm->trace->text);
    free(vm->trace);
    vm->trace = NULL;
    if (!tell) return;
    vm->trace = memory_alloc(sizeof *vm->trace);
    vm->trace->tell = tell;
    vm->trace->ctx = ctx;
}

static void tell(Trace *trace)
{
    trace->tell(trace->ctx, buffer_str(&trace->text));
    buffer_clear(&trace->text);
}

static void clipped(Buffer *out, Str text, size_t most)
{
    size_t len = text_clip(text, most);
    buffer_add(out, text.data, len);
    if (len < text.len) buffer_printf(out, "... (%zu bytes)", text.len);
}

/* ---- values ---- */

static void text_show(Buffer *out, Str text)
{
    Buffer quoted = {0};
    json_write_string(&quoted, str_slice(text, 0, text_clip(text, TEXT_SHOWN)));
    buffer_add_str(out, buffer_str(&quoted));
    if (text.len > TEXT_SHOWN) buffer_printf(out, "... (%zu bytes)", text.len);
    buffer_free(&quoted);
}

static void ref_show(const Vm *vm, Buffer *out, Ref ref)
{
    const ObjectHeader *header = heap_view(vm, ref);
    switch (heap_kind(vm, ref)) {
    case OBJECT_STRING:
    case OBJECT_SLICE: text_show(out, text_view(vm, ref)); break;
    case OBJECT_NULL: buffer_add_c(out, "null"); break;
    case OBJECT_BOOL: buffer_add_c(out, box_value(vm, ref) ? "true" : "false"); break;
    case OBJECT_BOX:
    case OBJECT_INT: buffer_add_int(out, box_value(vm, ref)); break;
    case OBJECT_FLOAT: float_write(out, real_of_bits(box_value(vm, ref))); break;
    case OBJECT_LIST_S:
    case OBJECT_LIST_R: buffer_printf(out, "list of %u", (unsigned)header->len); break;
    case OBJECT_MAP_S:
    case OBJECT_MAP_R: buffer_printf(out, "map of %u", (unsigned)header->len); break;
    case OBJECT_RECORD: buffer_printf(out, "record of %u", header->aux + (unsigned)header->len); break;
    case OBJECT_CLOSURE: buffer_add_c(out, "a function"); break;
    case OBJECT_ERROR: buffer_add_c(out, "an error"); break;
    case OBJECT_FIBER:
        buffer_printf(out, "fiber %u", (unsigned)((const FiberObject *)heap_object(vm, ref))->header.len);
        break;
    default: buffer_add_c(out, ref ? "?" : "none");
    }
}

static void operand_show(const Vm *vm, Buffer *out, OperandKind kind, unsigned number, const int64_t *s,
                         const Ref *r, const char **separator)
{
    bool scalar = kind == OPERAND_SS || kind == OPERAND_SX;
    if (!scalar && kind != OPERAND_RS && kind != OPERAND_RX) return;
    buffer_printf(out, "%s%c%u = ", *separator, scalar ? 'S' : 'R', number);
    *separator = ", ";
    if (scalar)
        buffer_add_int(out, s[number]);
    else
        ref_show(vm, out, r[number]);
}

/* ---- lines ---- */

static void place_tell(Vm *vm, uint32_t pc)
{
    Trace *trace = vm->trace;
    const FiberObject *fiber = heap_object(vm, vm_state(vm)->current);
    const ImageLine *line = image_line_at(vm->image, pc);
    const ImageLine *last = trace->line;
    bool same = line == last || (line && last && line->line == last->line && line->file == last->file);
    if (same && fiber->header.len == trace->fiber) return;
    trace->line = line;
    trace->fiber = fiber->header.len;
    buffer_printf(&trace->text, "fiber %u in %.*s", (unsigned)fiber->header.len,
                  STR_ARG(image_string(vm->image, image_function_at(vm->image, pc)->name)));
    if (line) {
        buffer_add_c(&trace->text, ", ");
        image_place(vm->image, pc, &trace->text);
    }
    tell(trace);
}

void trace_word(Vm *vm, uint32_t pc, const int64_t *s, const Ref *r)
{
    uint64_t word = vm->image->code[pc];
    const OpcodeInfo *info = &opcode_info[instruction_op(word)];
    const char *separator = "    # ";
    place_tell(vm, pc);
    Buffer *out = &vm->trace->text;
    buffer_printf(out, "%8u  ", (unsigned)(pc - image_function_at(vm->image, pc)->code));
    image_disassemble_word(vm->image, pc, out);
    operand_show(vm, out, info->a, instruction_a(word), s, r, &separator);
    operand_show(vm, out, info->b, instruction_b(word), s, r, &separator);
    operand_show(vm, out, info->c, instruction_c(word), s, r, &separator);
    tell(vm->trace);
}

void trace_event(Vm *vm, const VmEvent *event)
{
    static const char *const names[] = {"start", "result", "signal", "tick"};
    Buffer *out = &vm->trace->text;
    vm->trace->line = NULL;
    vm->trace->fiber = 0;
    buffer_printf(out, "event %s", names[event->kind]);
    if (event->kind == VM_RESULT) buffer_printf(out, " of effect %" PRIu64, event->effect);
    buffer_add_c(out, " at ");
    time_write(out, event->now);
    if (event->kind != VM_TICK) {
        buffer_add_char(out, ' ');
        clipped(out, event->json, JSON_SHOWN);
    }
    tell(vm->trace);
}

void trace_outputs(Vm *vm)
{
    Buffer *out = &vm->trace->text;
    for (size_t i = 0; i < vm->outputs.count; i++) {
        const VmOutput *output = &vm->outputs.items[i];
        switch (output->kind) {
        case VM_EFFECT:
            buffer_printf(out, "effect %" PRIu64 " %.*s ", output->effect, STR_ARG(output->name));
            break;
        case VM_CANCEL: buffer_printf(out, "cancel of effect %" PRIu64, output->effect); break;
        case VM_MARK: buffer_printf(out, "mark %.*s ", STR_ARG(output->name)); break;
        case VM_DONE: buffer_add_c(out, output->failed ? "failed " : "done "); break;
        }
        clipped(out, output->json, JSON_SHOWN);
        tell(vm->trace);
    }
}
