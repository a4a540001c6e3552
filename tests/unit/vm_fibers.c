/* Fibers of the machine: order, waiting, effects, signals, failures and handlers, cancelling. */
#include "tests/unit/machine.h"

/* A function that marks its name, waits for a time and topics, and marks whether the time came. */
static uint32_t waiter(Machine *m, const char *name, int64_t deadline, int64_t topics)
{
    uint32_t function = function_begin(m, name, 0, 0, RESULT_NONE);
    emit_mark(m, name);
    emit_wide(m, 1, deadline);
    emit_wide(m, 2, topics);
    emit(m, OPCODE_WAIT, 1, 1, 2, 0);
    emit_mark(m, name);
    show_int(m, 1);
    emit(m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(m);
    return function;
}

static void spawn(Machine *m, unsigned to, uint32_t function, int64_t rank)
{
    emit(m, OPCODE_INT, 20, 0, 0, rank);
    emit(m, OPCODE_SPAWN, 0, to, 20, function);
}

static void wait_for_ever(Machine *m)
{
    emit_wide(m, 1, INT64_MAX);
    emit(m, OPCODE_INT, 2, 0, 0, 0);
    emit(m, OPCODE_WAIT, 1, 1, 2, 0);
}

/* By rank, then by number; timers by deadline first, also when the clock jumps over several. */
static void order(void)
{
    Machine m = machine_new();
    uint32_t late = waiter(&m, "late", 300, 0), low = waiter(&m, "low", 200, 0),
             high = waiter(&m, "high", 200, 0);
    main_begin(&m);
    spawn(&m, 1, late, 1);
    spawn(&m, 1, low, 7);
    spawn(&m, 1, high, 3);
    spawn(&m, 1, low, 7);
    emit_mark(&m, "main");
    wait_for_ever(&m);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 100, 0, "{}");
        CHECK_STR_C(buffer_str(&m.log), "main null\nlate null\nhigh null\nlow null\nlow null\n");
        CHECK_INT(vm_next_deadline(m.vm), 200);
        buffer_clear(&m.log);
        machine_feed(&m, VM_TICK, 199, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "");
        machine_feed(&m, VM_TICK, 900, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "high null\nv 1\nlow null\nv 1\nlow null\nv 1\nlate null\nv 1\n");
        CHECK_INT(vm_next_deadline(m.vm), INT64_MAX);
        CHECK_INT(vm_now(m.vm), 900);
        machine_feed(&m, VM_TICK, 500, 0, "");
        CHECK_INT(vm_now(m.vm), 900);
    }
    machine_free(&m);
}

/* A topic wakes those that wait for it and takes them off the clock. */
static void topics(void)
{
    Machine m = machine_new();
    uint32_t a = waiter(&m, "a", 500, 4), b = waiter(&m, "b", INT64_MAX, 8), c = waiter(&m, "c", 600, 6);
    main_begin(&m);
    spawn(&m, 1, a, 1);
    spawn(&m, 2, b, 2);
    spawn(&m, 3, c, 3);
    emit_wide(&m, 1, 50);
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
    emit(&m, OPCODE_INT, 2, 0, 0, 4);
    emit(&m, OPCODE_NOTIFY, 2, 0, 0, 0);
    emit_mark(&m, "notified");
    emit(&m, OPCODE_JOIN, 3, 1, 0, 0);
    emit(&m, OPCODE_JOIN, 3, 3, 0, 0);
    show_int(&m, 3);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        buffer_clear(&m.log);
        machine_feed(&m, VM_TICK, 60, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "notified null\na null\nv 0\nc null\nv 0\nv 1\ndone null\n");
        CHECK_INT(vm_status(m.vm), VM_ENDED);
        CHECK_INT(vm_next_deadline(m.vm), INT64_MAX);
    }
    machine_free(&m);
}

static uint32_t http(Machine *m)
{
    uint32_t result = image_builder_record(m->builder, STR("Result"));
    const Str names[] = {STR("ok"), STR("body"), STR("status")};
    const uint32_t types[] = {m->types[IMAGE_BOOL], m->types[IMAGE_STRING], m->types[IMAGE_INT]};
    image_builder_fields(m->builder, result, names, types, 3);
    return image_builder_effect(m->builder, STR("http"), EFFECT_LOOK, form_of_json(m, ""), result);
}

static void effects(void)
{
    Machine m = machine_new();
    uint32_t effect = http(&m);
    main_begin(&m);
    emit_string(&m, 1, "Look / http");
    emit(&m, OPCODE_STEP, 1, 0, 0, 0);
    emit(&m, OPCODE_MAP_R, 2, 0, 0, 0);
    emit_string(&m, 3, "url");
    emit_string(&m, 4, "http://x");
    emit(&m, OPCODE_PUT_R, 2, 3, 4, 0);
    for (int i = 0; i < 2; i++) {
        emit(&m, OPCODE_EFFECT, 5, 0, 2, effect);
        emit(&m, OPCODE_FIELD_R, 6, 5, 0, 0);
        show_text(&m, 6);
        emit(&m, OPCODE_FIELD_S, 3, 5, 0, 1);
        show_int(&m, 3);
    }
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        CHECK_STR_C(buffer_str(&m.log), "effect 1 http {\"url\":\"http://x\"}\n");
        const VmOutput *output = vm_output(m.vm, 0);
        CHECK_STR_C(output->step, "Look / http");
        CHECK_STR_C(output->at, "test.plan:7");
        CHECK_INT(output->effect_class, EFFECT_LOOK);
        CHECK(vm_awaits(m.vm, 1) && !vm_awaits(m.vm, 2));
        machine_feed(&m, VM_RESULT, 5, 9, "nonsense"); /* nobody waits for it */
        CHECK(!machine_feed(&m, VM_RESULT, 5, 1, "{\"ok\""));
        CHECK(vm_awaits(m.vm, 1));
        buffer_clear(&m.log);
        machine_feed(&m, VM_RESULT, 5, 1,
                     "{\"ok\":true,\"body\":\"b\xFF\xEF\xB7\x90x\xEF\xB7\x91\",\"extra\":[]}");
        CHECK_STR_C(
            buffer_str(&m.log),
            "v \"b\xEF\xBF\xBD\xEF\xBF\xBDx\xEF\xBF\xBD\"\nv 0\neffect 2 http {\"url\":\"http://x\"}\n");
        buffer_clear(&m.log);
        machine_feed(&m, VM_RESULT, 6, 2, "{\"status\":\"many\"}");
        CHECK_STR_C(buffer_str(&m.log),
                    "failed {\"kind\":\"run error\",\"message\":\".status: int is expected, but this is "
                    "string \\\"many\\\"\",\"at\":\"test.plan:7\"}\n");
    }
    machine_free(&m);
}

/* Signals are kept until they are taken; topic 1 says that there is one. */
static void signals(void)
{
    Machine m = machine_new();
    main_begin(&m);
    uint32_t top = emit(&m, OPCODE_SIGNAL, 1, 0, 0, 0);
    uint32_t some = emit(&m, OPCODE_IF_SOME, 1, 0, 0, 0);
    emit_wide(&m, 1, INT64_MAX);
    emit(&m, OPCODE_INT, 2, 0, 0, 1);
    emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
    uint32_t again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    image_builder_patch_jump(m.builder, some, image_builder_here(m.builder));
    show_ref(&m, 1, IMAGE_TYPE_JSON);
    emit_wide(&m, 1, 100);
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
    again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    main_end(&m);
    if (machine_open(&m)) {
        CHECK(!machine_feed(&m, VM_SIGNAL, 0, 0, "{}"));
        machine_feed(&m, VM_START, 0, 0, "{}");
        CHECK(!machine_feed(&m, VM_START, 0, 0, "{}"));
        CHECK(!machine_feed(&m, VM_SIGNAL, 0, 0, "[1]"));
        buffer_clear(&m.log);
        machine_feed(&m, VM_SIGNAL, 1, 0, "{\"kind\":\"a\"}");
        machine_feed(&m, VM_SIGNAL, 2, 0, "{\"kind\":\"b\"}");
        machine_feed(&m, VM_SIGNAL, 3, 0, "{\"kind\":\"c\"}");
        CHECK_STR_C(buffer_str(&m.log), "v {\"kind\":\"a\"}\n");
        buffer_clear(&m.log);
        machine_feed(&m, VM_TICK, 100, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "v {\"kind\":\"b\"}\nv {\"kind\":\"c\"}\n");
    }
    machine_free(&m);
}

/* Inner handlers before outer ones, through calls, raised again, and what the error says. */
static void handlers(void)
{
    Machine m = machine_new();
    uint32_t failing = function_begin(&m, "failing", 0, 0, RESULT_NONE);
    uint32_t start = image_builder_here(m.builder);
    emit_string(&m, 1, "why");
    emit(&m, OPCODE_FAIL, 1, 0, 0, 0);
    uint32_t end = image_builder_here(m.builder);
    emit_mark(&m, "inner");
    emit(&m, OPCODE_RAISE, 2, 0, 0, 0);
    image_builder_handler(m.builder, start, end, end, 2, false);
    function_end(&m);
    main_begin(&m);
    start = image_builder_here(m.builder);
    emit(&m, OPCODE_CALL, 5, 5, 0, failing);
    end = image_builder_here(m.builder);
    uint32_t skip = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    uint32_t target = image_builder_here(m.builder);
    const BuiltinId questions[] = {BUILTIN_ERROR_TEXT, BUILTIN_ERROR_KIND};
    for (size_t i = 0; i < 2; i++) {
        emit(&m, OPCODE_MOVE_R, 4, 3, 0, 0);
        emit(&m, OPCODE_BUILTIN, 1, 4, 0, builtin_imm(questions[i], 0));
        show_text(&m, 4);
    }
    image_builder_patch_jump(m.builder, skip, image_builder_here(m.builder));
    image_builder_handler(m.builder, start, end, target, 3, false);
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    emit(&m, OPCODE_DIV, 1, 1, 1, 0);
    main_end(&m);
    machine_expect(&m, "inner null\nv \"why\"\nv \"failure\"\nfailed {\"kind\":\"run "
                       "error\",\"message\":\"0 / 0 is a division by zero\","
                       "\"at\":\"test.plan:7\"}\n");
}

/* A fiber in an effect, with a handler that takes failures only and one that takes cancelling, too. */
static uint32_t cancellable(Machine *m, uint32_t effect, uint32_t child)
{
    uint32_t function = function_begin(m, "cancellable", 0, 0, RESULT_NONE);
    spawn(m, 4, child, 5);
    uint32_t start = image_builder_here(m->builder);
    emit(m, OPCODE_JSON_NULL, 1, 0, 0, 0);
    emit(m, OPCODE_EFFECT, 2, 0, 1, effect);
    uint32_t end = image_builder_here(m->builder);
    emit(m, OPCODE_RETURN, 0, 0, 0, 0);
    uint32_t failed = image_builder_here(m->builder);
    emit_mark(m, "not reached");
    emit(m, OPCODE_RETURN, 0, 0, 0, 0);
    uint32_t always = image_builder_here(m->builder);
    emit_mark(m, "always");
    emit_wide(m, 1, 90);
    emit(m, OPCODE_INT, 2, 0, 0, 0);
    emit(m, OPCODE_WAIT, 1, 1, 2, 0); /* a cancelled fiber may still wait here */
    emit_mark(m, "cleaned");
    emit(m, OPCODE_RAISE, 3, 0, 0, 0);
    image_builder_handler(m->builder, start, end, failed, 3, false);
    image_builder_handler(m->builder, start, failed, always, 3, true);
    function_end(m);
    return function;
}

static void cancelling(void)
{
    Machine m = machine_new();
    uint32_t effect = http(&m), child = waiter(&m, "child", 1000, 0);
    uint32_t fiber = cancellable(&m, effect, child);
    main_begin(&m);
    spawn(&m, 1, fiber, 3);
    emit_wide(&m, 1, 50);
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
    emit(&m, OPCODE_CANCEL, 1, 0, 0, 0);
    emit(&m, OPCODE_CANCEL, 1, 0, 0, 0);
    emit_mark(&m, "cancelled");
    emit(&m, OPCODE_JOIN_QUIET, 1, 1, 0, 0);
    show_int(&m, 1);
    emit(&m, OPCODE_NONE, 2, 0, 0, 0);
    emit(&m, OPCODE_CANCEL, 2, 0, 0, 0);
    emit(&m, OPCODE_JOIN, 1, 1, 0, 0);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        CHECK_STR_C(buffer_str(&m.log), "effect 1 http null\nchild null\n");
        buffer_clear(&m.log);
        machine_feed(&m, VM_TICK, 50, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "cancel 1\ncancelled null\nalways null\n");
        CHECK(!vm_awaits(m.vm, 1));
        CHECK_INT(vm_next_deadline(m.vm), 90);
        buffer_clear(&m.log);
        machine_feed(&m, VM_TICK, 90, 0, "");
        CHECK_STR_C(
            buffer_str(&m.log),
            "cleaned null\nv 0\nfailed {\"kind\":\"cancelled\",\"message\":\"cancelled\",\"at\":\"\"}\n");
    }
    machine_free(&m);
}

/* Cancelling an ancestor from within unwinds the one that does it; detached fibers stay. */
static void cancelling_oneself(void)
{
    Machine m = machine_new();
    uint32_t detached = waiter(&m, "detached", 70, 0);
    uint32_t inner = function_begin(&m, "inner", 0, 1, RESULT_NONE);
    emit(&m, OPCODE_CANCEL, 0, 0, 0, 0);
    emit_mark(&m, "not reached");
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    uint32_t outer = function_begin(&m, "outer", 0, 1, RESULT_NONE);
    emit(&m, OPCODE_INT, 20, 0, 0, 9);
    emit(&m, OPCODE_SPAWN_DETACHED, 0, 3, 20, detached);
    emit(&m, OPCODE_GET_R, 4, 0, 0, 0);
    spawn(&m, 4, inner, 5);
    wait_for_ever(&m);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    image_builder_globals(m.builder, 1, 1);
    main_begin(&m);
    spawn(&m, 1, outer, 3);
    emit(&m, OPCODE_SET_R, 1, 0, 0, 0);
    emit(&m, OPCODE_JOIN_QUIET, 1, 1, 0, 0);
    show_int(&m, 1);
    wait_for_ever(&m);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        CHECK_STR_C(buffer_str(&m.log), "detached null\nv 0\n");
        CHECK_INT(vm_next_deadline(m.vm), 70);
    }
    machine_free(&m);
}

/* A fiber that fails: who joins it fails with it; if nobody does, there is a warning. */
static void failing_fibers(void)
{
    Machine m = machine_new();
    uint32_t failing = function_begin(&m, "failing", 0, 0, RESULT_NONE);
    emit_string(&m, 1, "broken");
    emit(&m, OPCODE_FAIL, 1, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    spawn(&m, 1, failing, 1);
    spawn(&m, 2, failing, 2);
    emit(&m, OPCODE_JOIN_QUIET, 1, 1, 0, 0);
    show_int(&m, 1);
    emit(&m, OPCODE_JOIN, 1, 2, 0, 0);
    main_end(&m);
    machine_expect(
        &m,
        "warn {\"text\":\"a part of the run failed: broken\"}\nv 0\nfailed {\"kind\":\"failure\",\"message\":"
        "\"broken\",\"at\":\"\"}\n");
}

/* The main fiber's end ends the run: others are dropped and their effects no longer wanted. */
static void ending(void)
{
    Machine m = machine_new();
    uint32_t effect = http(&m);
    uint32_t other = function_begin(&m, "other", 0, 0, RESULT_NONE);
    emit(&m, OPCODE_JSON_NULL, 1, 0, 0, 0);
    emit(&m, OPCODE_EFFECT, 2, 0, 1, effect);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    show_ref(&m, 0, IMAGE_TYPE_JSON);
    spawn(&m, 1, other, 1);
    emit_wide(&m, 1, 10);
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{\"plan\":\"x\"}");
        machine_feed(&m, VM_TICK, 10, 0, "");
        CHECK_STR_C(buffer_str(&m.log), "v {\"plan\":\"x\"}\neffect 1 http null\ncancel 1\ndone null\n");
        buffer_clear(&m.log);
        CHECK(machine_feed(&m, VM_RESULT, 11, 1, "{}"));
        CHECK_STR_C(buffer_str(&m.log), "");
    }
    machine_free(&m);
}

/* Many fibers wait at once, and their results come in another order: each goes to the fiber that asked, also in a state
 * that was restored, and asks once more. */
static void many_effects(void)
{
    enum { FIBERS = 100, STRIDE = 37 };
    Machine m = machine_new();
    uint32_t effect = http(&m);
    uint32_t asker = function_begin(&m, "asker", 1, 0, RESULT_NONE);
    for (int i = 0; i < 2; i++) {
        emit(&m, OPCODE_JSON_NULL, 1, 0, 0, 0);
        emit(&m, OPCODE_EFFECT, 2, 0, 1, effect);
        emit(&m, OPCODE_FIELD_S, 1, 2, 0, 1); /* the number of the fiber */
        emit(&m, OPCODE_EQ, 2, 0, 1, 0);
        show_scalar(&m, 2, m.types[IMAGE_BOOL]);
    }
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    emit(&m, OPCODE_INT, 2, 0, 0, FIBERS);
    emit(&m, OPCODE_INT, 4, 0, 0, 5);
    uint32_t top = emit(&m, OPCODE_MOVE_S, 3, 1, 0, 0);
    emit(&m, OPCODE_SPAWN_DETACHED, 3, 2, 4, asker);
    uint32_t again = emit(&m, OPCODE_COUNT, 1, 2, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    emit_wide(&m, 5, INT64_MAX);
    emit(&m, OPCODE_INT, 6, 0, 0, 1 << 8);
    emit(&m, OPCODE_WAIT, 7, 5, 6, 0);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        CHECK(vm_awaits(m.vm, 1) && vm_awaits(m.vm, FIBERS) && !vm_awaits(m.vm, FIBERS + 1));
        uint64_t asked = FIBERS;
        for (int i = 0; i < FIBERS; i++) {
            int fiber = i * STRIDE % FIBERS;
            char json[40];
            snprintf(json, sizeof json, "{\"status\":%d}", fiber);
            buffer_clear(&m.log);
            if (i == FIBERS / 2) {
                Buffer snapshot = {0};
                Error error;
                vm_snapshot(m.vm, &snapshot);
                CHECK(vm_restore(m.vm, buffer_str(&snapshot), &error));
                buffer_free(&snapshot);
            }
            machine_feed(&m, VM_RESULT, 1, (uint64_t)fiber + 1, json);
            CHECK(str_starts_with(buffer_str(&m.log), STR("v true\n")));
            CHECK(!vm_awaits(m.vm, (uint64_t)fiber + 1) && vm_awaits(m.vm, ++asked));
            if (i % 3 == 0) machine_feed(&m, VM_RESULT, 1, asked, json);
            CHECK(vm_awaits(m.vm, asked) == (i % 3 != 0));
        }
    }
    machine_free(&m);
}

int main(void)
{
    order();
    topics();
    effects();
    signals();
    handlers();
    cancelling();
    cancelling_oneself();
    failing_fibers();
    ending();
    many_effects();
    return check_done();
}
