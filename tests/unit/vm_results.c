/* Results of effects become values of their type, whichever of the two ways they are read; numbers are sorted; texts with
 * ints in them are made. */
#include "tests/unit/machine.h"

static uint32_t answer_type(Machine *m)
{
    uint32_t record = image_builder_record(m->builder, STR("Answer"));
    uint32_t exits = image_builder_type(m->builder, IMAGE_LIST, m->types[IMAGE_INT]);
    uint32_t maybe = image_builder_type(m->builder, IMAGE_OPTIONAL, m->types[IMAGE_STRING]);
    uint32_t headers = image_builder_type(m->builder, IMAGE_MAP, m->types[IMAGE_STRING]);
    const Str names[] = {STR("ok"), STR("exit"), STR("out"), STR("exits"), STR("error"), STR("headers"), STR("more")};
    const uint32_t types[] = {
        m->types[IMAGE_BOOL], m->types[IMAGE_INT], m->types[IMAGE_STRING], exits, maybe, headers, IMAGE_TYPE_JSON};
    image_builder_fields(m->builder, record, names, types, 7);
    return record;
}

typedef struct Answer {
    const char *given, *shown;
} Answer;

static const Answer answers[] = {
    /* In one go. */
    {"{\"ok\":true,\"exit\":3,\"out\":\"a\\nb\",\"exits\":[0,-1],\"error\":null,\"headers\":{\"x\":\"y\"},\"more\":[1,{}]}",
     "v {\"ok\":true,\"exit\":3,\"out\":\"a\\nb\",\"exits\":[0,-1],\"error\":null,\"headers\":{\"x\":\"y\"},\"more\":[1,{}]}\n"},
    {" { \"more\" : null , \"unknown\" : [ {} ] , \"error\" : \"no\" } ",
     "v {\"ok\":false,\"exit\":0,\"out\":\"\",\"exits\":[],\"error\":\"no\",\"headers\":{},\"more\":null}\n"},
    /* The long way: a number as text and as float, a member twice, a wide number. */
    {"{\"exit\":\"12\",\"exits\":[2.0]}",
     "v {\"ok\":false,\"exit\":12,\"out\":\"\",\"exits\":[2],\"error\":null,\"headers\":{},\"more\":null}\n"},
    {"{\"exit\":1,\"exit\":-9223372036854775808}",
     "v {\"ok\":false,\"exit\":-9223372036854775808,\"out\":\"\",\"exits\":[],\"error\":null,\"headers\":{},\"more\":null}\n"},
    /* What is no JSON is refused, and the effect still waits. */
    {"{\"exit\":01}", NULL},
    {"{\"exit\":1,}", NULL},
    {"{\"exit\":1} x", NULL},
    {"{\"exit\":[}", NULL},
    {"{\"ok\":tru}", NULL},
};

static void results(void)
{
    Machine m = machine_new();
    uint32_t record = answer_type(&m);
    uint32_t effect = image_builder_effect(m.builder, STR("command"), EFFECT_LOOK, form_of_json(&m, ""), record);
    main_begin(&m);
    uint32_t top = emit(&m, OPCODE_JSON_NULL, 1, 0, 0, 0);
    emit(&m, OPCODE_EFFECT, 2, 0, 1, effect);
    show_ref(&m, 2, record);
    uint32_t again = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    main_end(&m);
    if (!CHECK(machine_open(&m))) return;
    machine_feed(&m, VM_START, 0, 0, "{}");
    uint64_t number = 1;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        buffer_clear(&m.log);
        bool fed = machine_feed(&m, VM_RESULT, 0, number, answers[i].given);
        CHECK(fed == (answers[i].shown != NULL));
        if (!fed) continue;
        number++;
        CHECK(str_starts_with(buffer_str(&m.log), str_from_c(answers[i].shown)));
    }
    buffer_clear(&m.log);
    machine_feed(&m, VM_RESULT, 0, number, "{\"exits\":[true]}");
    CHECK_STR_C(buffer_str(&m.log), "failed {\"kind\":\"run error\",\"message\":\".exits[0]: int is expected, but this is bool "
                                    "true\",\"at\":\"test.plan:7\"}\n");
    machine_free(&m);
}

/* A hundred numbers that fall, below and above zero. */
static void sorting(void)
{
    Machine m = machine_new();
    uint32_t integer = m.types[IMAGE_INT], ints = image_builder_type(m.builder, IMAGE_LIST, integer);
    Buffer expected = {0};
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, -60);
    emit(&m, OPCODE_INT, 2, 0, 0, 40);
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_LIST_RANGE, 0));
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_LIST_REVERSE, integer));
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_LIST_SORT, integer));
    show_ref(&m, 1, ints);
    emit(&m, OPCODE_INT, 1, 0, 0, -7);
    emit(&m, OPCODE_INT, 2, 0, 0, 0);
    emit_string(&m, 2, "from ");
    emit_string(&m, 3, " to ");
    emit(&m, OPCODE_TEXT, 1, 1, 2, 2 | 8 | 16);
    show_text(&m, 1);
    main_end(&m);
    buffer_add_c(&expected, "v [");
    for (int i = -60; i < 40; i++)
        buffer_printf(&expected, "%s%d", i > -60 ? "," : "", i);
    buffer_add_c(&expected, "]\nv \"from -7 to 0\"\ndone null\n");
    machine_expect(&m, expected.data);
    buffer_free(&expected);
}

int main(void)
{
    results();
    sorting();
    return check_done();
}
