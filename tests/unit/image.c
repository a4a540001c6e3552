/* Image files: what is built can be opened and read back, the same calls give the same bytes, and what is
 * damaged is refused, or at least cannot hurt. */
#include "tests/unit/machine.h"
#include "vm/base/hash.h"
#include "vm/code/layout.h"

/* A program with a little of everything. */
static void sample_program(Machine *m)
{
    ImageBuilder *b = m->builder;
    const Str members[] = {STR("low"), STR("high")};
    uint32_t grade = image_builder_enum(b, STR("Grade"), members, 2);
    uint32_t record = image_builder_record(b, STR("Pod"));
    const Str names[] = {STR("name"), STR("grade"), STR("next")};
    const uint32_t types[] = {m->types[IMAGE_STRING], grade, image_builder_type(b, IMAGE_OPTIONAL, record)};
    image_builder_fields(b, record, names, types, 3);
    uint32_t ints = image_builder_type(b, IMAGE_LIST, m->types[IMAGE_INT]);
    const Str texts[] = {STR("{\"argv\":[\"echo\","), STR("],\"n\":"), STR("}")};
    const uint32_t holes[] = {IMAGE_TYPE_JSON, m->types[IMAGE_INT]};
    uint32_t form = image_builder_form(b, STR(""), texts, holes, 2);
    CHECK_INT(image_builder_form(b, STR(""), texts, holes, 2), form);
    uint32_t effect = image_builder_effect(b, STR("command"), EFFECT_CHANGE, form, record);
    image_builder_globals(b, 2, 2);
    image_builder_metadata(b, STR("{\"plans\":[]}"));
    uint32_t helper = function_begin(m, "helper", 1, 1, RESULT_REF);
    emit(m, OPCODE_BUILTIN, 0, 1, 0, builtin_imm(BUILTIN_INT_TO_TEXT, 0));
    emit(m, OPCODE_CONCAT, 0, 0, 2, 0);
    emit(m, OPCODE_RETURN_R, 0, 0, 0, 0);
    image_builder_end(b, 2, 3);
    uint32_t side = function_begin(m, "side", 0, 0, RESULT_NONE);
    emit_string(m, 2, "{\"name\":\"x\",\"grade\":\"high\"}");
    emit(m, OPCODE_BUILTIN, 2, 2, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
    emit(m, OPCODE_FROM_JSON_R, 2, 2, 1, record);
    emit(m, OPCODE_SET_R, 2, 0, 0, 1);
    emit(m, OPCODE_FIELD_S, 1, 2, 0, 0);
    emit_string(m, 4, "x");
    emit(m, OPCODE_RECORD, 3, 1, 4, record);
    emit(m, OPCODE_EQUAL, 1, 2, 3, record);
    emit_string(m, 1, "side failed");
    emit(m, OPCODE_FAIL, 1, 0, 0, 0);
    function_end(m);
    main_begin(m);
    emit(m, OPCODE_INT, 1, 0, 0, 3);
    emit_string(m, 4, "n = ");
    uint32_t top = emit(m, OPCODE_MOVE_R, 5, 4, 0, 0);
    emit(m, OPCODE_MOVE_S, 5, 1, 0, 0);
    emit(m, OPCODE_CALL, 5, 5, 0, helper);
    show_text(m, 5);
    emit(m, OPCODE_ADD_I, 1, 1, 0, -1);
    uint32_t again = emit(m, OPCODE_IF_GT_I, 1, 0, 0, 0);
    image_builder_patch_jump(b, again, top);
    emit(m, OPCODE_LIST_S, 6, 1, 3, 0);
    emit(m, OPCODE_MOVE_R, 7, 6, 0, 0);
    emit(m, OPCODE_BUILTIN, 9, 7, 0, builtin_imm(BUILTIN_LIST_SORT, m->types[IMAGE_INT]));
    show_ref(m, 7, ints);
    emit(m, OPCODE_CLOSURE, 8, 1, 4, immediate_closure(helper, 1, 1));
    emit(m, OPCODE_CALL_CLOSURE, 9, 9, 8, 0);
    emit(m, OPCODE_INT, 10, 0, 0, 5);
    emit(m, OPCODE_SPAWN, 1, 9, 10, side);
    uint32_t start = emit(m, OPCODE_JOIN, 1, 9, 0, 0);
    uint32_t target = image_builder_here(b);
    image_builder_handler(b, start, target, target, 9, true);
    emit(m, OPCODE_MAP_R, 10, 0, 0, 0);
    emit(m, OPCODE_PUT_R, 10, 4, 5, 0);
    emit(m, OPCODE_EFFECT, 11, 10, 10, effect);
    emit(m, OPCODE_FIELD_R, 12, 11, 0, 0);
    show_text(m, 12);
    emit(m, OPCODE_SIGNAL, 13, 0, 0, 0);
    emit(m, OPCODE_RAISE, 9, 0, 0, 0);
    function_end(m);
}

static const char *const sample_log =
    "v \"n = 3\"\nv \"n = 2\"\nv \"n = 1\"\nv [0,0,0]\neffect 1 command {\"argv\":[\"echo\",{\"n = \":\"n = 1\"}],\"n\":5}\n"
    "v \"y\"\nfailed {\"kind\":\"failure\",\"message\":\"side failed\",\"at\":\"\"}\n";

static void sample_run(Machine *m)
{
    machine_feed(m, VM_START, 0, 0, "{}");
    machine_feed(m, VM_SIGNAL, 1, 0, "{\"kind\":\"note\"}");
    machine_feed(m, VM_RESULT, 2, 1, "{\"name\":\"y\",\"grade\":\"low\",\"next\":{\"name\":\"z\"}}");
    machine_feed(m, VM_TICK, 3, 0, "");
}

static void built_and_read(void)
{
    Machine m = machine_new(), again = machine_new();
    sample_program(&m);
    sample_program(&again);
    if (!machine_open(&m) || !machine_open(&again)) return;
    CHECK_STR(buffer_str(&m.bytes), buffer_str(&again.bytes));
    CHECK_STR_C(m.image.metadata, "{\"plans\":[]}");
    CHECK_INT(m.image.function_count, 3);
    uint32_t function;
    CHECK(image_find_entry(&m.image, STR("main"), &function));
    CHECK(!image_find_entry(&m.image, STR("nothing"), &function));
    const ImageFunction *fn = &m.image.functions[function];
    CHECK(image_function_at(&m.image, fn->code) == fn);
    CHECK(image_function_at(&m.image, fn->code + fn->code_count - 1) == fn);
    Buffer text = {0};
    image_place(&m.image, fn->code, &text);
    CHECK_STR_C(buffer_str(&text), "test.plan:7");
    buffer_clear(&text);
    image_disassemble(&m.image, NULL, NULL, &text);
    Str shown = buffer_str(&text);
    CHECK_CONTAINS(shown, "entry main = main\n");
    CHECK_CONTAINS(shown, "function helper (S1, R1) gives R0; frame S2, R3\n");
    CHECK_CONTAINS(shown, "     1  concat         R0, R0.., 2\n");
    CHECK_CONTAINS(shown, "string         R4, \"n = \"\n");
    CHECK_CONTAINS(shown, "builtin        S9.., R7.., list.sort of int\n");
    CHECK_CONTAINS(shown, "effect         R11, S10.., R10.., command (change) {\"argv\":[\"echo\",«json»],\"n\":«int»}\n");
    CHECK_CONTAINS(shown, "if.gt.i        S1, 0, -> 2\n");
    CHECK_CONTAINS(shown, "  # test.plan:7\n");
    CHECK_CONTAINS(shown, "cancelling too");
    CHECK_CONTAINS(shown, "     1  next: Pod?\n");
    sample_run(&m);
    CHECK_STR_C(buffer_str(&m.log), sample_log);
    buffer_free(&text);
    machine_free(&m);
    machine_free(&again);
}

/* ---- what is wrong is refused ---- */

/* Opens a program of one function with these words; what it says must contain `expected`. */
static void refused(const uint64_t *words, size_t count, const char *expected)
{
    Machine m = machine_new();
    main_begin(&m);
    for (size_t i = 0; i < count; i++) {
        emit(&m, (Opcode)instruction_op(words[i]), instruction_a(words[i]), instruction_b(words[i]),
             instruction_c(words[i]), instruction_imm(words[i]));
    }
    function_end(&m);
    Error error = {0};
    CHECK(image_builder_finish(m.builder, &m.bytes, &error));
    bool opened = image_open(buffer_str(&m.bytes), &m.image, &error);
    CHECK(!opened);
    CHECK_CONTAINS(str_from_c(error.text), expected);
    machine_free(&m);
}

static void wrong_words(void)
{
    const uint64_t end = instruction_make(OPCODE_RETURN, 0, 0, 0, 0);
    const struct {
        uint64_t word;
        const char *expected;
    } cases[] = {
        {instruction_make((Opcode)250, 0, 0, 0, 0), "there is no such instruction"},
        {instruction_make(OPCODE_MOVE_S, 32, 0, 0, 0), "a scalar register lies outside"},
        {instruction_make(OPCODE_MOVE_R, 0, 32, 0, 0), "a reference register lies outside"},
        {instruction_make(OPCODE_MOVE_R, 0, 0, 1, 0), "an operand that means nothing is not zero"},
        {instruction_make(OPCODE_JUMP, 0, 0, 0, 1), "it jumps out of the function"},
        {instruction_make(OPCODE_JUMP, 0, 0, 0, -2), "it jumps out of the function"},
        {instruction_make(OPCODE_STRING, 0, 0, 0, 3), "its number is of nothing that is there"},
        {instruction_make(OPCODE_STRING, 0, 0, 0, INT32_MAX), "its number is of nothing that is there"},
        {instruction_make(OPCODE_SCALAR, 0, 0, 0, 0), "its number is of nothing that is there"},
        {instruction_make(OPCODE_GET_S, 0, 0, 0, 0), "its number is of nothing that is there"},
        {instruction_make(OPCODE_CALL, 1, 0, 0, 1), "its number is of nothing that is there"},
        {instruction_make(OPCODE_CALL, 1, 32, 0, 0), "a reference register lies outside"},
        {instruction_make(OPCODE_CALL, 0, 0, 0, 0), "there is no room for the way back"},
        {instruction_make(OPCODE_BUILTIN, 0, 0, 0, BUILTIN_COUNT_OF),
         "its number is of nothing that is there"},
        {instruction_make(OPCODE_BUILTIN, 0, 31, 0, BUILTIN_TEXT_REPLACE),
         "a reference register lies outside"},
        {instruction_make(OPCODE_LIST_S, 0, 30, 3, 0), "a scalar register lies outside"},
        {instruction_make(OPCODE_RECORD, 0, 0, 0, IMAGE_TYPE_JSON), "its type is no record"},
        {instruction_make(OPCODE_EQUAL, 0, 0, 0, 999), "its number is of nothing that is there"},
        {instruction_make(OPCODE_TO_JSON_S, 0, 0, 0, IMAGE_TYPE_JSON), "its type is that of a reference"},
        {instruction_make(OPCODE_RETURN_S, 0, 0, 0, 0), "the function's result is another"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, 0), "there is no such operation on floats"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, 4 << FLOATS_FIRST | FLOATS_ADD << FLOATS_SECOND), "no such operation"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, 7 << FLOATS_SECOND), "no such operation"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, FLOATS_ADD << FLOATS_SECOND | 7 << FLOATS_THIRD), "no such operation"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, FLOATS_ADD << FLOATS_SECOND | 1 << 28), "no such operation"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, FLOATS_ADD << FLOATS_SECOND | 32), "a scalar register lies outside"},
        {instruction_make(OPCODE_FLOATS, 0, 0, 0, FLOATS_ADD << FLOATS_SECOND | FLOATS_ADD << FLOATS_THIRD | 32 << 8),
         "a scalar register lies outside"},
        {instruction_make(OPCODE_CLOSURE, 0, 0, 0, immediate_closure(0, 1, 0)), "it captures more"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t words[] = {cases[i].word, end};
        refused(words, 2, cases[i].expected);
    }
    const uint64_t open[] = {instruction_make(OPCODE_NOW, 0, 0, 0, 0)};
    refused(open, 1, "the function's end can be passed");
}

/* Forms must become JSON: else what goes to the journal would be none. */
static void wrong_forms(void)
{
    static const struct {
        const char *before, *behind;
        bool good;
    } cases[] = {
        {"", "", true},
        {"{\"a\":", ",\"b\":[1,-20,true,null,\"\\u001f\\n\"]}", true},
        {"[[],{},", "]", true},
        {"{", "}", false},
        {"{\"a\":", "", false},
        {"{\"a\":", "}}", false},
        {"{\"a\":1", "}", false},
        {"\"", "\"", false},
        {"[01,", "]", false},
        {"[\"\\x\",", "]", false},
        {"[\"\n\",", "]", false},
        {"[", ",]", false},
        {"[nul,", "]", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Machine m = machine_new();
        const Str texts[] = {str_from_c(cases[i].before), str_from_c(cases[i].behind)};
        const uint32_t hole = IMAGE_TYPE_JSON;
        image_builder_form(m.builder, STR(""), texts, &hole, 1);
        main_begin(&m);
        emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
        function_end(&m);
        Error error = {0};
        CHECK(image_builder_finish(m.builder, &m.bytes, &error));
        CHECK_INT(image_open(buffer_str(&m.bytes), &m.image, &error), cases[i].good);
        if (!cases[i].good) CHECK_STR_C(str_from_c(error.text), "the program file is damaged: a form is no JSON");
        machine_free(&m);
    }
}

/* A form of forms, or of itself, has no end. */
static void nested_forms(void)
{
    Machine m = machine_new();
    const Str texts[] = {STR("["), STR("]")};
    const uint32_t hole = form_of_json(&m, "");
    image_builder_form(m.builder, STR(""), texts, &hole, 1);
    main_begin(&m);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    function_end(&m);
    Error error = {0};
    CHECK(image_builder_finish(m.builder, &m.bytes, &error));
    CHECK(!image_open(buffer_str(&m.bytes), &m.image, &error));
    CHECK_STR_C(str_from_c(error.text), "the program file is damaged: a form is no value's type");
    machine_free(&m);
}

static void wrong_files(void)
{
    Machine m = machine_new();
    sample_program(&m);
    Error error;
    Image image;
    CHECK(image_builder_finish(m.builder, &m.bytes, &error));
    CHECK(!image_open(STR(""), &image, &error));
    CHECK_STR_C(str_from_c(error.text), "this is no compiled plan");
    Str whole = buffer_str(&m.bytes);
    for (size_t len = 0; len < whole.len; len += 97)
        CHECK(!image_open(str_slice(whole, 0, len), &image, &error));
    m.bytes.data[m.bytes.len - 9] ^= 4;
    CHECK(!image_open(buffer_str(&m.bytes), &image, &error));
    CHECK_STR_C(str_from_c(error.text), "the program file is damaged: its checksum does not match");
    m.bytes.data[4] ^= 9;
    CHECK(!image_open(buffer_str(&m.bytes), &image, &error));
    CHECK_CONTAINS(str_from_c(error.text), "has format 0");
    machine_free(&m);
}

static void too_large(void)
{
    Machine m = machine_new();
    main_begin(&m);
    emit(&m, OPCODE_RETURN, 0, 0, 0, 0);
    image_builder_end(m.builder, 300, 2);
    Error error;
    CHECK(!image_builder_finish(m.builder, &m.bytes, &error));
    CHECK_STR_C(str_from_c(error.text), "`main` needs more than 256 values at a time; divide it");
    machine_free(&m);
}

/* ---- mutations ---- */

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % bound;
}

static void checksum_mend(Buffer *bytes)
{
    Hash hash = hash_bytes(bytes->data + IMAGE_HASHED_FROM, bytes->len - IMAGE_HASHED_FROM);
    memcpy(bytes->data + offsetof(ImageHeader, hash), hash.words, sizeof hash.words);
}

/* Images with flipped bits whose checksum is right again: refused, or harmless to show and to run. */
static void mutations(void)
{
    Machine m = machine_new();
    sample_program(&m);
    Error error;
    CHECK(image_builder_finish(m.builder, &m.bytes, &error));
    Buffer copy = {0}, text = {0};
    VmLimits limits = vm_default_limits();
    limits.heap_bytes = 1 << 18;
    limits.string_bytes = limits.input_bytes = 1 << 16;
    limits.instructions = 2000;
    limits.depth = limits.fibers = 100;
    int opened = 0;
    for (int i = 0; i < 20000; i++) {
        buffer_clear(&copy);
        buffer_add_str(&copy, buffer_str(&m.bytes));
        for (uint32_t flips = 1 + random_below(3); flips; flips--) {
            uint32_t at = IMAGE_HASHED_FROM + 8 + random_below((uint32_t)copy.len - IMAGE_HASHED_FROM - 8);
            copy.data[at] = (char)(copy.data[at] ^ (1 << random_below(8)));
        }
        checksum_mend(&copy);
        Machine mutant = {0};
        if (!image_open(buffer_str(&copy), &mutant.image, &error)) continue;
        opened++;
        buffer_clear(&text);
        image_disassemble(&mutant.image, NULL, NULL, &text);
        mutant.vm = vm_new(&mutant.image, STR("main"), &limits, &error);
        if (mutant.vm) {
            sample_run(&mutant);
            uint64_t hash[2];
            vm_hash(mutant.vm, hash);
        }
        machine_free(&mutant);
    }
    CHECK(opened > 1000); /* otherwise this tests only the door */
    buffer_free(&copy);
    buffer_free(&text);
    machine_free(&m);
}

int main(void)
{
    built_and_read();
    wrong_words();
    wrong_forms();
    nested_forms();
    wrong_files();
    too_large();
    mutations();
    return check_done();
}
