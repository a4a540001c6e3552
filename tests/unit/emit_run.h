/* Running what was emitted: a case's program is fed events, and what it puts out is gathered as lines of
 * text.
 *
 *   out 3                        a mark of that kind with its value
 *   effect 1 http look {…} Look  number, operation, class, arguments, step
 *   cancel 1
 *   done null                    or: failed {"kind":…} */
#ifndef PLAN_TESTS_UNIT_EMIT_RUN_H
#define PLAN_TESTS_UNIT_EMIT_RUN_H

#include "tests/unit/emit_case.h"
#include "vm/core/vm.h"

typedef struct Run {
    Case *test;
    Vm *vm;
    Buffer lines;
} Run;

static inline void run_line(Buffer *lines, const VmOutput *output)
{
    switch (output->kind) {
    case VM_EFFECT:
        buffer_printf(lines, "effect %llu %.*s %s %.*s %.*s\n", (unsigned long long)output->effect,
                      STR_ARG(output->name), effect_class_name(output->effect_class), STR_ARG(output->json),
                      STR_ARG(output->step));
        break;
    case VM_CANCEL: buffer_printf(lines, "cancel %llu\n", (unsigned long long)output->effect); break;
    case VM_MARK: buffer_printf(lines, "%.*s %.*s\n", STR_ARG(output->name), STR_ARG(output->json)); break;
    case VM_DONE:
        buffer_printf(lines, "%s %.*s\n", output->failed ? "failed" : "done", STR_ARG(output->json));
        break;
    }
}

/* Gives the lines of this event alone. */
static inline Str run_feed(Run *run, VmEventKind kind, int64_t now, uint64_t effect, const char *json)
{
    Error error = {0};
    VmEvent event = {.kind = kind, .now = now, .effect = effect, .json = str_from_c(json)};
    buffer_clear(&run->lines);
    if (!run->vm) return STR("");
    if (!CHECK(vm_feed(run->vm, &event, &error))) fprintf(stderr, "%s\n", error.text);
    for (size_t i = 0; i < vm_output_count(run->vm); i++)
        run_line(&run->lines, vm_output(run->vm, i));
    return buffer_str(&run->lines);
}

/* Starts the program at the time 1000. */
static inline Str run_begin(Run *run, Case *test)
{
    Error error = {0};
    *run = (Run){.test = test};
    if (!case_open(test)) return STR("");
    run->vm = vm_new(&test->image, STR("main"), NULL, &error);
    if (!CHECK(run->vm != NULL)) fprintf(stderr, "%s\n", error.text);
    return run_feed(run, VM_START, 1000, 0, "{\"plan\":\"main\"}");
}

static inline void run_end(Run *run)
{
    if (run->vm) vm_free(run->vm);
    buffer_free(&run->lines);
    case_end(run->test);
}

/* For programs that wait for nothing: runs them once and compares all lines. */
static inline void run_check(Case *test, const char *lines, const char *file, int line)
{
    Run run;
    Str found = run_begin(&run, test);
    if (!check_str(found, str_from_c(lines), file, line, "what it put out")) {
        Buffer listing = {0};
        if (test->is_open) image_disassemble(&test->image, NULL, NULL, &listing);
        fprintf(stderr, "%s\n", listing.data ? listing.data : "");
        buffer_free(&listing);
    }
    run_end(&run);
}
#define RUN_CHECK(test, lines) run_check((test), (lines), __FILE__, __LINE__)

/* Every kind from first to last must have been in a program of this test. */
static inline void run_check_kinds(CoreKind first, CoreKind last)
{
    for (int kind = (int)first; kind <= (int)last; kind++) {
        if (!CHECK(kinds_seen[kind])) fprintf(stderr, "no program has core of kind %d\n", kind);
    }
}

#endif
