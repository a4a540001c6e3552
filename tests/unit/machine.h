/* For tests of the machine: programs are put together by hand, run, and what they put out is one text.
 *
 * A Machine is filled with a program between machine_new and machine_open; machine_feed adds a line per
 * output to `log`: effect 1 command {…}      cancel 1      mark KIND {…}      done      failed KIND: MESSAGE
 */
#ifndef PLAN_TESTS_UNIT_MACHINE_H
#define PLAN_TESTS_UNIT_MACHINE_H

#include "tests/unit/check.h"
#include "vm/core/vm.h"

#include <stdlib.h>
#include <string.h>

typedef struct Machine {
    ImageBuilder *builder;
    Image image;
    Vm *vm;
    VmLimits limits;
    Buffer bytes, log;
    uint32_t types[IMAGE_ERROR + 1]; /* those without parts */
} Machine;

static inline Machine machine_new(void)
{
    Machine machine = {.builder = image_builder_new(), .limits = vm_default_limits()};
    for (uint32_t kind = 0; kind <= IMAGE_ERROR; kind++) {
        bool whole = kind < IMAGE_LIST && kind != IMAGE_ENUM;
        if (whole) machine.types[kind] = image_builder_type(machine.builder, (ImageTypeKind)kind, 0);
    }
    return machine;
}

static inline uint32_t machine_text(Machine *machine, const char *text)
{
    return image_builder_string(machine->builder, str_from_c(text));
}

/* One instruction of the function that is open. */
static inline uint32_t emit(Machine *machine, Opcode op, unsigned a, unsigned b, unsigned c, int64_t imm)
{
    return image_builder_emit(machine->builder, op, a, b, c, (int32_t)imm);
}

static inline void emit_string(Machine *machine, unsigned a, const char *text)
{
    emit(machine, OPCODE_STRING, a, 0, 0, machine_text(machine, text));
}

static inline void emit_wide(Machine *machine, unsigned a, int64_t value)
{
    emit(machine, OPCODE_SCALAR, a, 0, 0, image_builder_scalar(machine->builder, value));
}

/* A form that is one hole for json. */
static inline uint32_t form_of_json(Machine *machine, const char *name)
{
    const Str texts[] = {STR(""), STR("")};
    const uint32_t hole = IMAGE_TYPE_JSON;
    return image_builder_form(machine->builder, str_from_c(name), texts, &hole, 1);
}

/* A mark "v" with a value of the type; uses R[30]. */
static inline void show_scalar(Machine *machine, unsigned s, uint32_t type)
{
    emit(machine, OPCODE_TO_JSON_S, 30, s, 0, type);
    emit(machine, OPCODE_EMIT, 0, 0, 30, form_of_json(machine, "v"));
}

static inline void show_ref(Machine *machine, unsigned r, uint32_t type)
{
    emit(machine, OPCODE_TO_JSON_R, 30, r, 0, type);
    emit(machine, OPCODE_EMIT, 0, 0, 30, form_of_json(machine, "v"));
}

static inline void show_int(Machine *machine, unsigned s)
{
    show_scalar(machine, s, machine->types[IMAGE_INT]);
}

static inline void show_text(Machine *machine, unsigned r)
{
    show_ref(machine, r, machine->types[IMAGE_STRING]);
}

static inline void emit_mark(Machine *machine, const char *kind)
{
    emit(machine, OPCODE_JSON_NULL, 30, 0, 0, 0);
    emit(machine, OPCODE_EMIT, 0, 0, 30, form_of_json(machine, kind));
}

static inline uint32_t builtin_imm(BuiltinId id, uint32_t type)
{
    return (uint32_t)immediate_builtin(id, type);
}

static inline uint32_t function_begin(Machine *machine, const char *name, unsigned scalars, unsigned refs,
                                      FunctionResult result)
{
    uint32_t function = image_builder_function(machine->builder, str_from_c(name));
    image_builder_begin(machine->builder, function, scalars, refs, result);
    return function;
}

static inline void function_end(Machine *machine)
{
    image_builder_end(machine->builder, 32, 32);
}

static inline void main_begin(Machine *machine)
{
    uint32_t function = function_begin(machine, "main", 0, 1, RESULT_NONE);
    image_builder_entry(machine->builder, STR("main"), function);
    uint32_t file = image_builder_file(machine->builder, STR("test.plan"), STR(""));
    image_builder_line(machine->builder, file, 0, 7);
}

static inline void main_end(Machine *machine)
{
    emit(machine, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(machine);
}

static inline bool machine_open(Machine *machine)
{
    Error error;
    if (!CHECK(image_builder_finish(machine->builder, &machine->bytes, &error))) return false;
    if (!image_open(buffer_str(&machine->bytes), &machine->image, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return CHECK(false);
    }
    machine->vm = vm_new(&machine->image, STR("main"), &machine->limits, &error);
    return CHECK(machine->vm != NULL);
}

static inline void output_log(Machine *machine, const VmOutput *output)
{
    Buffer *log = &machine->log;
    switch (output->kind) {
    case VM_EFFECT:
        buffer_printf(log, "effect %llu %.*s %.*s\n", (unsigned long long)output->effect,
                      STR_ARG(output->name), STR_ARG(output->json));
        break;
    case VM_CANCEL: buffer_printf(log, "cancel %llu\n", (unsigned long long)output->effect); break;
    case VM_MARK: buffer_printf(log, "%.*s %.*s\n", STR_ARG(output->name), STR_ARG(output->json)); break;
    case VM_DONE:
        buffer_printf(log, "%s %.*s\n", output->failed ? "failed" : "done", STR_ARG(output->json));
        break;
    }
}

static inline bool machine_feed(Machine *machine, VmEventKind kind, int64_t now, uint64_t effect,
                                const char *json)
{
    Error error;
    VmEvent event = {.kind = kind, .now = now, .effect = effect, .json = str_from_c(json)};
    bool fed = vm_feed(machine->vm, &event, &error);
    if (!fed) buffer_printf(&machine->log, "refused: %s\n", error.text);
    for (size_t i = 0; fed && i < vm_output_count(machine->vm); i++)
        output_log(machine, vm_output(machine->vm, i));
    return fed;
}

static inline void machine_free(Machine *machine)
{
    vm_free(machine->vm);
    image_close(&machine->image);
    image_builder_free(machine->builder);
    buffer_free(&machine->bytes);
    buffer_free(&machine->log);
}

/* Opens, starts at time 0 and compares all that was put out; then frees. */
static inline void machine_expect(Machine *machine, const char *expected)
{
    if (machine_open(machine)) {
        machine_feed(machine, VM_START, 0, 0, "{}");
        CHECK_STR_C(buffer_str(&machine->log), expected);
    }
    machine_free(machine);
}

#endif
