/* The machine's state: collections, snapshots, hashes and limits. */
#include "tests/unit/machine.h"

/* A program that makes rubbish, keeps some of everything, waits in a function whose frame is smaller than its
 * caller's, and shows what it kept. Each feed is one more round. */
static void busy_program(Machine *m)
{
    uint32_t integer = m->types[IMAGE_INT], text = m->types[IMAGE_STRING];
    uint32_t ints = image_builder_type(m->builder, IMAGE_LIST, integer);
    uint32_t texts = image_builder_type(m->builder, IMAGE_MAP, text);
    image_builder_globals(m->builder, 2, 3);
    uint32_t pause = image_builder_function(m->builder, STR("pause"));
    image_builder_begin(m->builder, pause, 0, 0, RESULT_NONE);
    emit_wide(m, 1, INT64_MAX);
    emit(m, OPCODE_INT, 2, 0, 0, 1);
    emit(m, OPCODE_WAIT, 1, 1, 2, 0);
    emit(m, OPCODE_RETURN, 0, 0, 0, 0);
    image_builder_end(m->builder, 3, 0);
    uint32_t side = function_begin(m, "side", 1, 1, RESULT_NONE);
    uint32_t top = emit(m, OPCODE_CALL, 5, 5, 0, pause);
    emit(m, OPCODE_ADD_I, 0, 0, 0, 1);
    uint32_t again = emit(m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m->builder, again, top);
    function_end(m);
    main_begin(m);
    emit(m, OPCODE_LIST_S, 1, 1, 0, 0);
    emit(m, OPCODE_MAP_R, 2, 0, 0, 0);
    emit_string(m, 3, "");
    emit(m, OPCODE_INT, 7, 0, 0, 0);
    emit(m, OPCODE_MOVE_R, 9, 0, 0, 0);
    emit(m, OPCODE_SPAWN, 7, 9, 7, side);
    emit(m, OPCODE_CLOSURE, 10, 7, 9, immediate_closure(side, 1, 1));
    top = emit(m, OPCODE_SIGNAL, 4, 0, 0, 0);
    emit(m, OPCODE_APPEND_S, 1, 7, 0, 0);
    emit(m, OPCODE_MOVE_S, 8, 7, 0, 0);
    emit(m, OPCODE_BUILTIN, 8, 5, 0, builtin_imm(BUILTIN_INT_TO_TEXT, 0));
    emit(m, OPCODE_MOVE_R, 4, 3, 0, 0);
    emit(m, OPCODE_CONCAT, 3, 4, 2, 0);
    emit(m, OPCODE_PUT_R, 2, 5, 3, 0);
    emit(m, OPCODE_SET_R, 2, 0, 0, 1);
    emit(m, OPCODE_SET_S, 7, 0, 0, 1);
    emit(m, OPCODE_BOX, 6, 7, 0, 0);
    emit(m, OPCODE_CALL, 20, 20, 0, pause);
    emit(m, OPCODE_ADD_I, 7, 7, 0, 1);
    again = emit(m, OPCODE_IF_LT_I, 7, 30, 0, 0);
    image_builder_patch_jump(m->builder, again, top);
    show_ref(m, 1, ints);
    show_text(m, 3);
    emit(m, OPCODE_UNBOX, 8, 6, 0, 0);
    show_int(m, 8);
    emit(m, OPCODE_GET_R, 11, 0, 0, 1);
    emit(m, OPCODE_EQUAL, 8, 11, 2, texts);
    show_int(m, 8);
    emit_string(m, 12, "3");
    emit(m, OPCODE_BUILTIN, 8, 11, 0, builtin_imm(BUILTIN_MAP_GET, text));
    show_text(m, 11);
    main_end(m);
}

static const char *const busy_result =
    "v [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]\n"
    "v \"01234567891011121314151617181920212223242526272829\"\nv 29\nv 1\nv \"0123\"\ndone null\n";

static void busy_feed(Machine *m, int64_t round)
{
    machine_feed(m, round ? VM_SIGNAL : VM_START, round, 0, "{\"kind\":\"note\",\"text\":\"a text\"}");
}

/* Hashing after each event collects each time; the result is the same as without. */
static void collections(void)
{
    for (int collecting = 0; collecting < 2; collecting++) {
        Machine m = machine_new();
        busy_program(&m);
        if (!machine_open(&m)) return;
        for (int64_t i = 0; i <= 30; i++) {
            busy_feed(&m, i);
            uint64_t hash[2];
            if (collecting) vm_hash(m.vm, hash);
        }
        CHECK_STR_C(buffer_str(&m.log), busy_result);
        CHECK(vm_memory(m.vm) < 64 * 1024);
        machine_free(&m);
    }
}

/* At each point a snapshot goes on as the original does, and twice the same events give the same hash. */
static void snapshots(void)
{
    Machine m = machine_new();
    busy_program(&m);
    if (!machine_open(&m)) return;
    Error error;
    Buffer snapshot = {0};
    Vm *original = m.vm;
    uint64_t hashes[31][2], hash[2];
    for (int64_t i = 0; i <= 30; i++) {
        busy_feed(&m, i);
        vm_hash(m.vm, hashes[i]);
        if (i) CHECK(hashes[i][0] != hashes[i - 1][0]);
    }
    vm_free(original);
    m.vm = vm_new(&m.image, STR("main"), NULL, &error);
    for (int64_t i = 0; i <= 30; i++) {
        buffer_clear(&m.log);
        busy_feed(&m, i);
        vm_hash(m.vm, hash);
        CHECK(hash[0] == hashes[i][0] && hash[1] == hashes[i][1]);
        buffer_clear(&snapshot);
        vm_snapshot(m.vm, &snapshot);
        Vm *restored = vm_new(&m.image, STR("main"), NULL, &error);
        CHECK(vm_restore(restored, buffer_str(&snapshot), &error));
        CHECK_INT(vm_now(restored), i);
        vm_free(m.vm);
        m.vm = restored;
        vm_hash(m.vm, hash);
        CHECK(hash[0] == hashes[i][0] && hash[1] == hashes[i][1]);
    }
    CHECK_STR_C(buffer_str(&m.log), busy_result);
    snapshot.data[snapshot.len / 2] ^= 1;
    CHECK(!vm_restore(m.vm, buffer_str(&snapshot), &error));
    CHECK_STR_C(str_from_c(error.text), "the snapshot is damaged");
    CHECK(!vm_restore(m.vm, str_slice(buffer_str(&snapshot), 0, 30), &error));
    CHECK_INT(vm_status(m.vm), VM_ENDED);
    buffer_free(&snapshot);
    machine_free(&m);
}

/* What registers held that nothing reads any more does not tell two states apart. */
static void dead_registers(void)
{
    uint64_t hashes[2][2];
    for (int i = 0; i < 2; i++) {
        Machine m = machine_new();
        main_begin(&m);
        emit_string(&m, 2, "x");
        emit_string(&m, 3, "y");
        uint32_t top = emit(&m, OPCODE_SIGNAL, 1, 0, 0, 0);
        emit(&m, OPCODE_TO_JSON_R, 4, 1, 0, image_builder_type(m.builder, IMAGE_OPTIONAL, IMAGE_TYPE_JSON));
        emit(&m, OPCODE_BUILTIN, 0, 4, 0, builtin_imm(BUILTIN_JSON_WRITE, 0));
        emit(&m, OPCODE_BUILTIN, 5, 4, 0, builtin_imm(BUILTIN_TEXT_LEN, 0));
        emit_wide(&m, 1, INT64_MAX);
        emit(&m, OPCODE_INT, 2, 0, 0, 1);
        emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
        uint32_t again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
        image_builder_patch_jump(m.builder, again, top);
        main_end(&m);
        if (!machine_open(&m)) return;
        machine_feed(&m, VM_START, 0, 0, "{}");
        machine_feed(&m, VM_SIGNAL, 1, 0, i ? "{\"kind\":\"one\"}" : "{\"kind\":\"another\"}");
        machine_feed(&m, VM_SIGNAL, 2, 0, i ? "{\"kind\":\"another\"}" : "{\"kind\":\"one\"}");
        vm_hash(m.vm, hashes[i]);
        machine_free(&m);
    }
    CHECK(hashes[0][0] == hashes[1][0] && hashes[0][1] == hashes[1][1]);
}

/* ---- shared memory ---- */

#define LETTERS_40 "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
#define LETTERS_160 LETTERS_40 LETTERS_40 LETTERS_40 LETTERS_40

/* R[4] a long text, R[5] two numbers, R[6] none, R[7] a map with one key: each made for itself. */
static void emit_whole(Machine *m)
{
    emit_string(m, 4, LETTERS_160 "W");
    emit(m, OPCODE_BUILTIN, 0, 4, 0, builtin_imm(BUILTIN_TEXT_LOWER, 0));
    emit(m, OPCODE_INT, 3, 0, 0, 1);
    emit(m, OPCODE_INT, 4, 0, 0, 2);
    emit(m, OPCODE_LIST_S, 5, 3, 2, 0);
    emit(m, OPCODE_LIST_S, 6, 3, 0, 0);
    emit_string(m, 2, "key");
    emit(m, OPCODE_MAP_R, 7, 0, 0, 0);
    emit(m, OPCODE_PUT_R, 7, 2, 2, 0);
}

/* The same as parts of memory that longer values saw, which are gone. */
static void emit_parts(Machine *m)
{
    emit_string(m, 9, LETTERS_160);
    emit_string(m, 10, "w");
    emit(m, OPCODE_CONCAT, 4, 9, 2, 0);
    emit(m, OPCODE_MOVE_R, 9, 4, 0, 0);
    emit(m, OPCODE_CONCAT, 9, 9, 2, 0); /* in the buffer of R[4] */
    for (unsigned i = 0; i < 4; i++)
        emit(m, OPCODE_INT, 3 + i, 0, 0, i);
    emit(m, OPCODE_LIST_S, 5, 3, 4, 0);
    emit(m, OPCODE_APPEND_S, 5, 3, 0, 0);
    emit(m, OPCODE_MOVE_R, 6, 5, 0, 0);
    emit(m, OPCODE_INT, 3, 0, 0, 1);
    emit(m, OPCODE_INT, 4, 0, 0, 3);
    emit(m, OPCODE_BUILTIN, 3, 5, 0, builtin_imm(BUILTIN_LIST_SLICE, m->types[IMAGE_INT]));
    emit(m, OPCODE_BUILTIN, 4, 6, 0, builtin_imm(BUILTIN_LIST_SLICE, m->types[IMAGE_INT])); /* from 3 to 2 */
    emit_string(m, 2, "key");
    emit(m, OPCODE_MAP_R, 7, 0, 0, 0);
    emit(m, OPCODE_PUT_R, 7, 2, 2, 1);
    emit(m, OPCODE_MOVE_R, 9, 7, 0, 0);
    emit(m, OPCODE_SHARE, 9, 0, 0, 0);
    emit(m, OPCODE_PUT_R, 9, 10, 2, 0); /* in the table of R[7] */
}

static void shared_program(Machine *m)
{
    uint32_t text = m->types[IMAGE_STRING];
    uint32_t ints = image_builder_type(m->builder, IMAGE_LIST, m->types[IMAGE_INT]);
    uint32_t texts = image_builder_type(m->builder, IMAGE_MAP, text);
    main_begin(m);
    emit_wide(m, 1, INT64_MAX);
    emit(m, OPCODE_INT, 2, 0, 0, 1);
    emit(m, OPCODE_WAIT, 0, 1, 2, 0);
    emit(m, OPCODE_SIGNAL, 1, 0, 0, 0);
    emit(m, OPCODE_BUILTIN, 0, 1, 0, builtin_imm(BUILTIN_JSON_LEN, 0));
    uint32_t parts = emit(m, OPCODE_IF_GT_I, 0, 1, 0, 0);
    emit_whole(m);
    uint32_t on = emit(m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m->builder, parts, image_builder_here(m->builder));
    emit_parts(m);
    image_builder_patch_jump(m->builder, on, image_builder_here(m->builder));
    emit_wide(m, 1, INT64_MAX);
    emit(m, OPCODE_INT, 2, 0, 0, 1);
    emit(m, OPCODE_WAIT, 1, 1, 2, 0);
    show_text(m, 4);
    show_ref(m, 5, ints);
    show_ref(m, 6, ints);
    show_ref(m, 7, texts);
    main_end(m);
}

/* Memory that no value sees any more tells no two states apart, and is gone from a snapshot. */
static void shared_memory(void)
{
    uint64_t hashes[2][2];
    Buffer snapshots[2] = {{0}, {0}};
    for (int parts = 0; parts < 2; parts++) {
        Machine m = machine_new();
        shared_program(&m);
        if (!machine_open(&m)) return;
        machine_feed(&m, VM_START, 0, 0, "{}");
        machine_feed(&m, VM_SIGNAL, 1, 0, parts ? "{\"kind\":\"x\",\"more\":true}" : "{\"kind\":\"x\"}");
        vm_hash(m.vm, hashes[parts]);
        vm_snapshot(m.vm, &snapshots[parts]);
        machine_feed(&m, VM_SIGNAL, 2, 0, "{\"kind\":\"y\"}");
        CHECK_STR_C(buffer_str(&m.log), "v \"" LETTERS_160 "w\"\nv [1,2]\nv []\nv {\"key\":\"key\"}\ndone null\n");
        machine_free(&m);
    }
    CHECK(hashes[0][0] == hashes[1][0] && hashes[0][1] == hashes[1][1]);
    CHECK_STR(buffer_str(&snapshots[0]), buffer_str(&snapshots[1]));
    buffer_free(&snapshots[0]);
    buffer_free(&snapshots[1]);
}

/* A copy goes on as the original does, and the original is as it was. */
static void copies(void)
{
    Machine m = machine_new();
    busy_program(&m);
    if (!machine_open(&m)) return;
    Error error;
    uint64_t before[2], after[2], copied[2], again[2];
    for (int64_t i = 0; i < 10; i++)
        busy_feed(&m, i);
    Vm *original = m.vm, *copy = vm_new(&m.image, STR("main"), NULL, &error);
    vm_hash(original, before);
    for (int round = 0; round < 2; round++) {
        vm_copy(copy, original);
        m.vm = copy;
        busy_feed(&m, 10);
        vm_hash(copy, round ? again : copied);
    }
    vm_hash(original, after);
    CHECK(before[0] == after[0] && before[1] == after[1] && before[0] != copied[0]);
    m.vm = original;
    busy_feed(&m, 10);
    vm_hash(original, after);
    CHECK(copied[0] == after[0] && copied[1] == after[1] && copied[0] == again[0]);
    vm_free(copy);
    machine_free(&m);
}

/* A result that was read before does what its text does. */
static void read_results(void)
{
    const Str text = STR("{\"n\":7,\"name\":\"x\",\"all\":[1,{\"a\":null,\"b\":\"y\"}],\"more\":{\"k\":\"v\"}}");
    uint64_t hashes[2][2];
    Error error;
    for (int read = 0; read < 2; read++) {
        Machine m = machine_new();
        uint32_t texts = image_builder_type(m.builder, IMAGE_MAP, m.types[IMAGE_STRING]);
        uint32_t row = image_builder_record(m.builder, STR("Row"));
        const Str names[] = {STR("n"), STR("name"), STR("all"), STR("more")};
        const uint32_t types[] = {m.types[IMAGE_INT], m.types[IMAGE_STRING], IMAGE_TYPE_JSON, texts};
        image_builder_fields(m.builder, row, names, types, 4);
        uint32_t effect = image_builder_effect(m.builder, STR("http"), EFFECT_LOOK, form_of_json(&m, ""), row);
        main_begin(&m);
        emit(&m, OPCODE_EFFECT, 1, 0, 0, effect);
        emit(&m, OPCODE_EFFECT, 2, 0, 0, effect);
        show_ref(&m, 1, row);
        show_ref(&m, 2, row);
        main_end(&m);
        if (!machine_open(&m)) return;
        machine_feed(&m, VM_START, 0, 0, "{}");
        VmValue *value = vm_value_of_result(m.vm, 1, text, &error);
        CHECK(value && !vm_value_of_result(m.vm, 1, STR("[1]"), &error));
        CHECK_CONTAINS(str_from_c(error.text), "Row is expected, but this is list");
        CHECK(!vm_value_of_result(m.vm, 2, text, &error));
        for (uint64_t number = 1; number <= 2; number++) {
            VmEvent event = {.kind = VM_RESULT, .now = 1, .effect = number, .json = text};
            if (read) event.value = value;
            CHECK(vm_feed(m.vm, &event, &error));
            if (number == 1) vm_hash(m.vm, hashes[read]);
        }
        vm_value_free(value);
        CHECK_INT(vm_status(m.vm), VM_ENDED);
        const VmOutput *shown = vm_output(m.vm, 1);
        CHECK_STR(shown->json, text);
        machine_free(&m);
    }
    CHECK(hashes[0][0] == hashes[1][0] && hashes[0][1] == hashes[1][1]);
}

/* ---- limits ---- */

static void loop(Machine *m, Opcode op, unsigned a, unsigned b, unsigned c, int64_t imm)
{
    uint32_t top = emit(m, op, a, b, c, imm);
    uint32_t again = emit(m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m->builder, again, top);
}

/* A collection per object takes minutes where a limit has to be filled first. */
#ifdef PLAN_GC_STRESS
enum { COLLECTS_ALWAYS = 1 };
#else
enum { COLLECTS_ALWAYS = 0 };
#endif

static void memory_limit(void)
{
    Machine m = machine_new();
    m.limits.heap_bytes = 1 << 20;
    main_begin(&m);
    emit_string(&m, 1, "abc");
    emit(&m, OPCODE_LIST_R, 2, 1, 1, 0);
    uint32_t start = image_builder_here(m.builder);
    loop(&m, OPCODE_APPEND_R, 2, 1, 0, 0);
    uint32_t target = image_builder_here(m.builder);
    image_builder_handler(m.builder, start, target, target, 3, false);
    emit(&m, OPCODE_BUILTIN, 1, 3, 0, builtin_imm(BUILTIN_ERROR_TEXT, 0));
    emit(&m, OPCODE_NONE, 2, 0, 0, 0);
    show_text(&m, 3); /* what was too large is gone: the program can go on */
    main_end(&m);
    machine_expect(&m, "v \"the run needs too much memory: the limit is 1M, --limit heap=2M doubles it\"\ndone null\n");
}

static void string_limit(void)
{
    Machine m = machine_new();
    m.limits.string_bytes = 1000;
    main_begin(&m);
    emit_string(&m, 1, "abc");
    uint32_t top = emit(&m, OPCODE_MOVE_R, 2, 1, 0, 0);
    emit(&m, OPCODE_CONCAT, 1, 1, 2, 0);
    uint32_t again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    main_end(&m);
    machine_expect(
        &m, "failed {\"kind\":\"limit\",\"message\":\"a string is too long: the limit is 1000, --limit string=2000 doubles it\","
            "\"at\":\"test.plan:7\"}\n");
}

static void depth_limit(void)
{
    Machine m = machine_new();
    uint32_t fn = function_begin(&m, "deeper", 1, 0, RESULT_NONE);
    emit(&m, OPCODE_ADD_I, 2, 0, 0, 1);
    emit(&m, OPCODE_SET_S, 2, 0, 0, 0);
    emit(&m, OPCODE_CALL, 2, 1, 0, fn);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    image_builder_globals(m.builder, 1, 0);
    main_begin(&m);
    uint32_t start = emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_CALL, 2, 1, 0, fn);
    uint32_t target = image_builder_here(m.builder);
    image_builder_handler(m.builder, start, target, target, 3, false);
    emit(&m, OPCODE_GET_S, 1, 0, 0, 0);
    show_int(&m, 1);
    emit(&m, OPCODE_RAISE, 3, 0, 0, 0);
    function_end(&m);
    machine_expect(
        &m,
        "v 10000\nfailed {\"kind\":\"limit\",\"message\":\"functions call each other too deeply: the limit is 10000, --limit stack=20000 doubles it\","
        "\"at\":\"\"}\n");
}

/* A loop without an end ends its fiber, whatever its handlers, and a run that makes such fibers for ever
 * ends, too. */
static void instruction_limit(void)
{
    Machine m = machine_new();
    m.limits.instructions = 10000;
    uint32_t runaway = function_begin(&m, "runaway", 0, 0, RESULT_NONE);
    uint32_t start = image_builder_here(m.builder);
    loop(&m, OPCODE_INT, 1, 0, 0, 0);
    uint32_t target = image_builder_here(m.builder);
    image_builder_handler(m.builder, start, target, target, 3, true);
    emit_mark(&m, "not reached");
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    for (int i = 0; i < 2; i++) {
        emit(&m, OPCODE_INT, 1, 0, 0, 5);
        emit(&m, OPCODE_SPAWN, 1, 1, 1, runaway);
        emit(&m, OPCODE_JOIN_QUIET, 1, 1, 0, 0);
        show_int(&m, 1);
    }
    uint32_t top = emit(&m, OPCODE_INT, 1, 0, 0, 5);
    emit(&m, OPCODE_SPAWN, 1, 1, 1, runaway);
    emit(&m, OPCODE_JOIN_QUIET, 1, 1, 0, 0);
    uint32_t again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    main_end(&m);
    machine_expect(
        &m,
        "v 0\nv 0\nfailed {\"kind\":\"limit\",\"message\":\"it runs without end, calling and repeating "
        "without waiting: the limit is 10000, --limit instructions=20000 doubles it\",\"at\":\"test.plan:7\"}\n");
}

/* Fibers that start each other, timers that are due at once, handlers that fail again: nothing hangs. */
static void endless_chains(void)
{
    for (int kind = 0; kind < 3; kind++) {
        Machine m = machine_new();
        m.limits.instructions = 5000;
        uint32_t link = image_builder_function(m.builder, STR("link"));
        image_builder_begin(m.builder, link, 0, 0, RESULT_NONE);
        emit(&m, OPCODE_INT, 1, 0, 0, 5);
        if (kind == 0) emit(&m, OPCODE_SPAWN, 1, 1, 1, link);
        if (kind == 1) {
            emit(&m, OPCODE_WAIT, 2, 3, 4, 0);
            emit(&m, OPCODE_SPAWN, 1, 1, 1, link);
        }
        if (kind == 2) {
            emit(&m, OPCODE_DIV, 1, 1, 3, 0);
            image_builder_handler(m.builder, 0, 2, 0, 1, true);
        }
        emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
        function_end(&m);
        main_begin(&m);
        emit(&m, OPCODE_INT, 1, 0, 0, 5);
        emit(&m, OPCODE_SPAWN, 1, 1, 1, link);
        emit_wide(&m, 1, INT64_MAX);
        emit(&m, OPCODE_WAIT, 1, 1, 2, 0);
        main_end(&m);
        if (machine_open(&m)) {
            machine_feed(&m, VM_START, 1, 0, "{}");
            if (kind == 1) machine_feed(&m, VM_TICK, 1, 0, NULL); /* that is where timers fire */
            CHECK_CONTAINS(buffer_str(&m.log), "it runs without end");
        }
        machine_free(&m);
    }
}

static void fiber_limit(void)
{
    Machine m = machine_new();
    m.limits.fibers = 100;
    uint32_t idle = function_begin(&m, "idle", 0, 0, RESULT_NONE);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 5);
    loop(&m, OPCODE_SPAWN, 1, 1, 1, idle);
    function_end(&m);
    machine_expect(
        &m, "failed {\"kind\":\"limit\",\"message\":\"the run has too many fibers at once: the limit is 100, --limit fibers=200 doubles it\",\"at\":"
            "\"test.plan:7\"}\n");
}

static void list_limit(void)
{
    Machine m = machine_new();
    m.limits.list_items = 100;
    main_begin(&m);
    emit(&m, OPCODE_LIST_S, 1, 0, 0, 0);
    loop(&m, OPCODE_APPEND_S, 1, 1, 1, 0);
    function_end(&m);
    machine_expect(&m, "failed {\"kind\":\"limit\",\"message\":\"a list has too many elements: the limit is 100, "
                       "--limit list=200 doubles it\",\"at\":\"test.plan:7\"}\n");
}

/* A run that goes on and on ends at the limit of its log, also when it waits without an end. */
static void log_limit(void)
{
    Machine m = machine_new();
    m.limits.events = 3;
    main_begin(&m);
    emit(&m, OPCODE_SCALAR, 1, 0, 0, image_builder_scalar(m.builder, INT64_MAX));
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit(&m, OPCODE_WAIT, 3, 1, 2, 0);
    main_end(&m);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, "{}");
        for (int64_t now = 1; now < 6; now++)
            machine_feed(&m, VM_TICK, now, 0, "null");
        CHECK_STR_C(buffer_str(&m.log), "failed {\"kind\":\"limit\",\"message\":\"the run has too many events: the limit "
                                        "is 3, --limit log=6 doubles it\",\"at\":\"test.plan:7\"}\n");
        CHECK_INT(vm_status(m.vm), VM_ENDED);
    }
    machine_free(&m);
}

static void limits_as_text(void)
{
    VmLimits limits = vm_default_limits();
    Error error = {0};
    CHECK(vm_limit_set(&limits, "heap=64M", &error));
    CHECK(limits.heap_bytes == 64 << 20);
    CHECK(vm_limit_set(&limits, "stack=7", &error));
    CHECK_INT(limits.depth, 7);
    static const char *const wrong[] = {"heap", "heap=", "heap=0", "heap=-1", "heap=1X", "heap=1MM", "stack=5G",
                                        "heap=99999999999999999999", "=1", "", "room=5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!vm_limit_set(&limits, wrong[i], &error));
    CHECK_CONTAINS(str_from_c(error.text), "there are the limits heap, string");
}

/* Values that share their parts and nest without bound are walked no further than a limit. */
static void nesting_limit(void)
{
    Machine m = machine_new();
    m.limits.input_bytes = 100000;
    main_begin(&m);
    emit(&m, OPCODE_LIST_R, 1, 0, 0, 0);
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    uint32_t top = emit(&m, OPCODE_MOVE_R, 2, 1, 0, 0);
    emit(&m, OPCODE_LIST_R, 1, 1, 2, 0);
    emit(&m, OPCODE_ADD_I, 1, 1, 0, 1);
    uint32_t again = emit(&m, OPCODE_IF_LT_I, 1, 200, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    uint32_t start = emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_JSON_WRITE, 0));
    uint32_t target = image_builder_here(m.builder);
    image_builder_handler(m.builder, start, target, target, 3, false);
    emit(&m, OPCODE_BUILTIN, 1, 3, 0, builtin_imm(BUILTIN_ERROR_TEXT, 0));
    show_text(&m, 3);
    emit(&m, OPCODE_MOVE_R, 2, 1, 0, 0);
    emit(&m, OPCODE_LIST_R, 4, 1, 2, 0);
    emit(&m, OPCODE_EQUAL, 1, 4, 4, IMAGE_TYPE_JSON);
    main_end(&m);
    machine_expect(
        &m,
        "v \"a value is too much JSON at once: the limit is 100000, --limit input=200000 doubles it\"\nfailed {\"kind\":\"limit\",\"message\":"
        "\"values are too large to be compared\",\"at\":\"test.plan:7\"}\n");
}

int main(void)
{
    collections();
    snapshots();
    dead_registers();
    shared_memory();
    copies();
    read_results();
    if (!COLLECTS_ALWAYS) {
        memory_limit();
        depth_limit();
        nesting_limit();
    }
    string_limit();
    instruction_limit();
    endless_chains();
    fiber_limit();
    list_limit();
    log_limit();
    limits_as_text();
    return check_done();
}
