/* Values and instructions of the machine: numbers, calls, strings, lists, maps, records, json. */
#include "tests/unit/machine.h"
#include "vm/base/json_text.h"

static void arithmetic(void)
{
    Machine m = machine_new();
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 17);
    emit(&m, OPCODE_INT, 2, 0, 0, -5);
    const Opcode ops[] = {OPCODE_ADD, OPCODE_SUB, OPCODE_MUL, OPCODE_DIV, OPCODE_MOD,
                          OPCODE_LT,  OPCODE_LE,  OPCODE_EQ,  OPCODE_NE};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        emit(&m, ops[i], 3, 1, 2, 0);
        show_int(&m, 3);
    }
    emit(&m, OPCODE_DIV_I, 3, 2, 0, 2);
    show_int(&m, 3);
    emit(&m, OPCODE_MOD_I, 3, 2, 0, 3);
    show_int(&m, 3);
    emit_wide(&m, 4, INT64_MAX);
    show_int(&m, 4);
    emit(&m, OPCODE_NEG, 4, 4, 0, 0);
    emit(&m, OPCODE_ADD_I, 4, 4, 0, -1);
    show_int(&m, 4);
    emit(&m, OPCODE_INT, 5, 0, 0, 1);
    emit(&m, OPCODE_TO_FLOAT, 6, 5, 0, 0);
    emit(&m, OPCODE_INT, 5, 0, 0, 3);
    emit(&m, OPCODE_TO_FLOAT, 7, 5, 0, 0);
    emit(&m, OPCODE_DIV_F, 8, 6, 7, 0);
    show_scalar(&m, 8, m.types[IMAGE_FLOAT]);
    show_scalar(&m, 8, m.types[IMAGE_PERCENT]);
    main_end(&m);
    machine_expect(&m, "v 12\nv 22\nv -85\nv -3\nv 2\nv 0\nv 0\nv 0\nv 1\nv -2\nv -2\nv 9223372036854775807\n"
                       "v -9223372036854775808\nv 0.3333333333333333\nv 33.33333333333333\ndone null\n");
}

static void run_errors(void)
{
    static const struct {
        Opcode op;
        int64_t b, c;
        const char *message;
    } cases[] = {
        {OPCODE_ADD, INT64_MAX, 1, "9223372036854775807 + 1 is too large for an int"},
        {OPCODE_SUB, INT64_MIN, 1, "-9223372036854775808 - 1 is too large for an int"},
        {OPCODE_MUL, INT64_MAX, 2, "9223372036854775807 * 2 is too large for an int"},
        {OPCODE_DIV, 1, 0, "1 / 0 is a division by zero"},
        {OPCODE_MOD, 1, 0, "1 / 0 is a division by zero"},
        {OPCODE_DIV, INT64_MIN, -1, "-9223372036854775808 / -1 is too large for an int"},
        {OPCODE_DIV_I, 1, 0, "1 / 0 is a division by zero"},
        {OPCODE_MOD_I, 1, 0, "1 / 0 is a division by zero"},
        {OPCODE_DIV_I, INT64_MIN, -1, "-9223372036854775808 / -1 is too large for an int"},
        {OPCODE_DIV_F, 0, 0, "0 / 0 is a division by zero"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Machine m = machine_new();
        main_begin(&m);
        emit_wide(&m, 1, cases[i].b);
        emit_wide(&m, 2, cases[i].c);
        bool immediate = opcode_info[cases[i].op].imm == IMMEDIATE_INT;
        emit(&m, cases[i].op, 3, 1, immediate ? 0 : 2, immediate ? cases[i].c : 0);
        main_end(&m);
        char expected[200];
        snprintf(expected, sizeof expected,
                 "failed {\"kind\":\"run error\",\"message\":\"%s\",\"at\":\"test.plan:7\"}\n",
                 cases[i].message);
        machine_expect(&m, expected);
    }
}

/* fib(20) by calls, and a sum by a counted loop. */
static void calls(void)
{
    Machine m = machine_new();
    uint32_t fib = function_begin(&m, "fib", 1, 0, RESULT_SCALAR);
    uint32_t small = emit(&m, OPCODE_IF_LT_I, 0, 2, 0, 0);
    emit(&m, OPCODE_ADD_I, 2, 0, 0, -1);
    emit(&m, OPCODE_CALL, 2, 0, 0, fib);
    emit(&m, OPCODE_ADD_I, 4, 0, 0, -2);
    emit(&m, OPCODE_CALL, 4, 0, 0, fib);
    emit(&m, OPCODE_ADD, 0, 2, 4, 0);
    image_builder_patch_jump(m.builder, small, image_builder_here(m.builder));
    emit(&m, OPCODE_RETURN_S, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 20);
    emit(&m, OPCODE_CALL, 1, 0, 0, fib);
    show_int(&m, 1);
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    emit(&m, OPCODE_INT, 2, 0, 0, 1001);
    emit(&m, OPCODE_INT, 3, 0, 0, 0);
    uint32_t enter = emit(&m, OPCODE_JUMP, 0, 0, 0, 0);
    uint32_t body = emit(&m, OPCODE_ADD, 3, 3, 1, 0);
    image_builder_patch_jump(m.builder, enter, image_builder_here(m.builder));
    uint32_t again = emit(&m, OPCODE_COUNT, 1, 2, 0, 0);
    image_builder_patch_jump(m.builder, again, body);
    show_int(&m, 3);
    main_end(&m);
    machine_expect(&m, "v 6765\nv 500500\ndone null\n");
}

/* A closure over a number and a string, called with one more of each. */
static void closures(void)
{
    Machine m = machine_new();
    uint32_t fn = function_begin(&m, "inner", 2, 2, RESULT_REF);
    emit(&m, OPCODE_ADD, 0, 0, 1, 0);
    show_int(&m, 0);
    emit(&m, OPCODE_CONCAT, 0, 0, 2, 0);
    emit(&m, OPCODE_RETURN_R, 0, 0, 0, 0);
    function_end(&m);
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 40);
    emit_string(&m, 1, "captured ");
    emit(&m, OPCODE_CLOSURE, 2, 1, 1, immediate_closure(fn, 1, 1));
    emit(&m, OPCODE_INT, 5, 0, 0, 2);
    emit_string(&m, 5, "given");
    emit(&m, OPCODE_CALL_CLOSURE, 5, 5, 2, 1 + 256);
    show_text(&m, 5);
    emit(&m, OPCODE_CALL_CLOSURE, 5, 5, 2, 0);
    main_end(&m);
    machine_expect(
        &m,
        "v 42\nv \"captured given\"\nfailed {\"kind\":\"run error\",\"message\":\"a function is called with "
        "another number of arguments than it takes\",\"at\":\"test.plan:7\"}\n");
}

/* A string that grows in a loop stays right, also where an older one is kept and appended to differently. */
static void strings(void)
{
    Machine m = machine_new();
    uint32_t texts = image_builder_type(m.builder, IMAGE_LIST, m.types[IMAGE_STRING]);
    main_begin(&m);
    emit_string(&m, 1, "");
    emit_string(&m, 3, "ab");
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    uint32_t top = emit(&m, OPCODE_MOVE_R, 2, 3, 0, 0);
    emit(&m, OPCODE_CONCAT, 1, 1, 2, 0);
    emit(&m, OPCODE_ADD_I, 1, 1, 0, 1);
    uint32_t again = emit(&m, OPCODE_IF_LT_I, 1, 1000 & 255, 1000 >> 8, 0);
    image_builder_patch_jump(m.builder, again, top);
    emit(&m, OPCODE_MOVE_R, 4, 1, 0, 0);
    emit_string(&m, 5, "X");
    emit(&m, OPCODE_CONCAT, 6, 4, 2, 0);
    emit(&m, OPCODE_MOVE_R, 4, 1, 0, 0);
    emit_string(&m, 5, "Y");
    emit(&m, OPCODE_CONCAT, 7, 4, 2, 0);
    emit(&m, OPCODE_COMPARE, 2, 6, 7, 0);
    show_int(&m, 2);
    emit(&m, OPCODE_MOVE_R, 8, 7, 0, 0);
    emit(&m, OPCODE_BUILTIN, 3, 8, 0, builtin_imm(BUILTIN_TEXT_LEN, 0));
    show_int(&m, 3);
    emit(&m, OPCODE_MOVE_R, 8, 6, 0, 0);
    emit(&m, OPCODE_INT, 10, 0, 0, 1998);
    emit(&m, OPCODE_INT, 11, 0, 0, 3000);
    emit(&m, OPCODE_BUILTIN, 10, 8, 0, builtin_imm(BUILTIN_TEXT_SLICE, 0));
    show_text(&m, 8);
    static const struct {
        BuiltinId id;
        const char *text, *other;
    } cases[] = {
        {BUILTIN_TEXT_TRIM, " \t a b\n", ""},
        {BUILTIN_TEXT_LINES, "one\ntwo\r\n\nlast", ""},
        {BUILTIN_TEXT_SPLIT, "a,b,,c", ","},
        {BUILTIN_TEXT_SPLIT, "a\xC3\xA4z", ""},
        {BUILTIN_TEXT_UPPER,
         "stra\xC3\x9F"
         "e",
         ""},
        {BUILTIN_TEXT_FOR_SHELL, "it's", ""},
        {BUILTIN_TEXT_FOR_URL, "a b/\xEF\xB7\x90key\xEF\xB7\x91&", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        emit_string(&m, 8, cases[i].text);
        emit_string(&m, 9, cases[i].other);
        emit(&m, OPCODE_BUILTIN, 20, 8, 0, builtin_imm(cases[i].id, 0));
        bool list = strstr(builtin_info[cases[i].id].type, "-> [") != NULL;
        show_ref(&m, 8, list ? texts : m.types[IMAGE_STRING]);
    }
    main_end(&m);
    machine_expect(&m,
                   "v -1\nv 2001\nv \"abX\"\nv \"a b\"\nv [\"one\",\"two\",\"\",\"last\"]\n"
                   "v [\"a\",\"b\",\"\",\"c\"]\nv [\"a\",\"\xC3\xA4\",\"z\"]\n"
                   "v \"STRA\xC3\x9F"
                   "E\"\nv \"'it'\\\\''s'\"\nv \"a%20b%2F\xEF\xB7\x94key\xEF\xB7\x91%26\"\ndone null\n");
}

static void lists(void)
{
    Machine m = machine_new();
    uint32_t integer = m.types[IMAGE_INT], text = m.types[IMAGE_STRING];
    uint32_t ints = image_builder_type(m.builder, IMAGE_LIST, integer);
    uint32_t texts = image_builder_type(m.builder, IMAGE_LIST, text);
    uint32_t maybe = image_builder_type(m.builder, IMAGE_OPTIONAL, integer);
    main_begin(&m);
    emit(&m, OPCODE_INT, 1, 0, 0, 3);
    emit(&m, OPCODE_INT, 2, 0, 0, 1);
    emit(&m, OPCODE_INT, 3, 0, 0, 2);
    emit(&m, OPCODE_LIST_S, 1, 1, 3, 0);
    emit(&m, OPCODE_MOVE_R, 2, 1, 0, 0);
    emit(&m, OPCODE_APPEND_S, 2, 1, 0, 0);
    emit(&m, OPCODE_MOVE_R, 3, 2, 0, 0);
    emit(&m, OPCODE_APPEND_S, 3, 2, 0, 0); /* one goes in place */
    emit(&m, OPCODE_APPEND_S, 2, 3, 0, 0); /* the other may not overwrite it */
    show_ref(&m, 1, ints);
    show_ref(&m, 2, ints);
    show_ref(&m, 3, ints);
    emit(&m, OPCODE_MOVE_R, 4, 3, 0, 0);
    emit(&m, OPCODE_BUILTIN, 10, 4, 0, builtin_imm(BUILTIN_LIST_SORT, integer));
    show_ref(&m, 4, ints);
    emit(&m, OPCODE_BUILTIN, 10, 4, 0, builtin_imm(BUILTIN_LIST_REVERSE, integer));
    show_ref(&m, 4, ints);
    emit(&m, OPCODE_MOVE_R, 5, 4, 0, 0);
    emit(&m, OPCODE_BUILTIN, 10, 5, 0, builtin_imm(BUILTIN_LIST_SUM, integer));
    show_int(&m, 10);
    emit(&m, OPCODE_MOVE_R, 5, 4, 0, 0);
    emit(&m, OPCODE_BUILTIN, 10, 5, 0, builtin_imm(BUILTIN_LIST_MAX, integer));
    show_ref(&m, 5, maybe);
    emit(&m, OPCODE_MOVE_R, 5, 4, 0, 0);
    emit(&m, OPCODE_INT, 10, 0, 0, 99);
    emit(&m, OPCODE_BUILTIN, 10, 5, 0, builtin_imm(BUILTIN_LIST_GET, integer));
    show_ref(&m, 5, maybe);
    emit_string(&m, 6, "b");
    emit_string(&m, 7, "a");
    emit(&m, OPCODE_LIST_R, 8, 6, 2, 0);
    emit(&m, OPCODE_MOVE_R, 9, 8, 0, 0);
    emit(&m, OPCODE_BUILTIN, 10, 9, 0, builtin_imm(BUILTIN_LIST_SORT, text));
    show_ref(&m, 9, texts);
    emit_string(&m, 10, "-");
    emit(&m, OPCODE_BUILTIN, 10, 9, 0, builtin_imm(BUILTIN_LIST_JOIN, 0));
    show_text(&m, 9);
    emit(&m, OPCODE_INT, 4, 0, 0, 2);
    emit(&m, OPCODE_AT_R, 9, 8, 4, 0);
    main_end(&m);
    machine_expect(
        &m,
        "v [3,1,2]\nv [3,1,2,3,2]\nv [3,1,2,3,1]\nv [1,1,2,3,3]\nv [3,3,2,1,1]\nv 10\nv 3\nv null\n"
        "v [\"a\",\"b\"]\nv \"a-b\"\nfailed {\"kind\":\"run error\",\"message\":\"there is no element 2 in "
        "a list of 2\",\"at\":\"test.plan:7\"}\n");
}

/* 40 keys, one replaced, one removed; an older map does not change. */
static void maps(void)
{
    Machine m = machine_new();
    uint32_t integer = m.types[IMAGE_INT];
    uint32_t map = image_builder_type(m.builder, IMAGE_MAP, integer);
    uint32_t maybe = image_builder_type(m.builder, IMAGE_OPTIONAL, integer);
    main_begin(&m);
    emit(&m, OPCODE_MAP_S, 1, 0, 0, 0);
    emit(&m, OPCODE_INT, 1, 0, 0, 0);
    uint32_t top = emit(&m, OPCODE_MOVE_S, 2, 1, 0, 0);
    emit(&m, OPCODE_BUILTIN, 2, 2, 0, builtin_imm(BUILTIN_INT_TO_TEXT, 0));
    emit(&m, OPCODE_PUT_S, 1, 2, 1, 0);
    emit(&m, OPCODE_ADD_I, 1, 1, 0, 1);
    uint32_t again = emit(&m, OPCODE_IF_LT_I, 1, 40, 0, 0);
    image_builder_patch_jump(m.builder, again, top);
    emit(&m, OPCODE_MOVE_R, 3, 1, 0, 0);
    emit_string(&m, 4, "7");
    emit(&m, OPCODE_INT, 3, 0, 0, 777);
    emit(&m, OPCODE_PUT_S, 3, 4, 3, 0);
    emit(&m, OPCODE_MOVE_R, 5, 3, 0, 0);
    emit_string(&m, 6, "8");
    emit(&m, OPCODE_BUILTIN, 4, 5, 0, builtin_imm(BUILTIN_MAP_WITHOUT, integer));
    emit(&m, OPCODE_LEN, 4, 5, 0, 0);
    show_int(&m, 4);
    const unsigned in[] = {1, 3, 5};
    const char *const keys[] = {"7", "8", "39"};
    for (int i = 0; i < 9; i++) {
        emit(&m, OPCODE_MOVE_R, 7, in[i % 3], 0, 0);
        emit_string(&m, 8, keys[i / 3]);
        emit(&m, OPCODE_BUILTIN, 4, 7, 0, builtin_imm(BUILTIN_MAP_GET, integer));
        show_ref(&m, 7, maybe);
    }
    emit(&m, OPCODE_MAP_S, 9, 0, 0, 0);
    emit_string(&m, 10, "z");
    emit_string(&m, 11, "a");
    emit(&m, OPCODE_PUT_S, 9, 10, 3, 0);
    emit(&m, OPCODE_PUT_S, 9, 11, 3, 0);
    show_ref(&m, 9, map);
    emit(&m, OPCODE_MAP_S, 12, 0, 0, 0);
    emit(&m, OPCODE_PUT_S, 12, 11, 3, 0);
    emit(&m, OPCODE_PUT_S, 12, 10, 3, 0);
    emit(&m, OPCODE_EQUAL, 4, 9, 12, map);
    show_int(&m, 4);
    emit(&m, OPCODE_EQUAL, 4, 9, 1, map);
    show_int(&m, 4);
    main_end(&m);
    machine_expect(
        &m, "v 39\nv 7\nv 777\nv 777\nv 8\nv 8\nv null\nv 39\nv 39\nv 39\nv {\"z\":777,\"a\":777}\nv 1\nv 0\n"
            "done null\n");
}

static const char *const sample =
    "{\"name\":\"pod\\u00e4\\ud83d\\ude00\",\"count\":\"12\",\"ratio\":12.3,\"flags\":[true,false],\"grade\":"
    "\"high\","
    "\"since\":\"2026-03-02T03:12:00Z\",\"inner\":{\"name\":\"x\"},\"unknown\":[{}]}";

/* A record with fields of many types, from JSON and back. */
static uint32_t sample_record(Machine *m)
{
    const Str members[] = {STR("low"), STR("high")};
    uint32_t grade = image_builder_enum(m->builder, STR("Grade"), members, 2);
    uint32_t record = image_builder_record(m->builder, STR("Pod"));
    uint32_t maybe = image_builder_type(m->builder, IMAGE_OPTIONAL, record);
    uint32_t flags = image_builder_type(m->builder, IMAGE_LIST, m->types[IMAGE_BOOL]);
    uint32_t maybe_int = image_builder_type(m->builder, IMAGE_OPTIONAL, m->types[IMAGE_INT]);
    const Str names[] = {STR("count"), STR("name"),  STR("ratio"), STR("flags"),
                         STR("grade"), STR("since"), STR("inner"), STR("limit")};
    const uint32_t types[] = {m->types[IMAGE_INT],
                              m->types[IMAGE_STRING],
                              m->types[IMAGE_PERCENT],
                              flags,
                              grade,
                              m->types[IMAGE_TIME],
                              maybe,
                              maybe_int};
    image_builder_fields(m->builder, record, names, types, 8);
    return record;
}

static void records(void)
{
    Machine m = machine_new();
    uint32_t record = sample_record(&m);
    main_begin(&m);
    emit_string(&m, 1, sample);
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
    emit_string(&m, 2, "answer");
    emit(&m, OPCODE_FROM_JSON_R, 3, 1, 2, record);
    show_ref(&m, 3, record);
    emit(&m, OPCODE_FIELD_S, 1, 3, 0, 0);
    show_int(&m, 1);
    emit(&m, OPCODE_INT, 2, 0, 0, 5);
    emit(&m, OPCODE_MOVE_R, 4, 3, 0, 0);
    emit(&m, OPCODE_WITH_S, 4, 2, 0, 0);
    emit(&m, OPCODE_FIELD_S, 1, 4, 0, 0);
    show_int(&m, 1);
    emit(&m, OPCODE_EQUAL, 1, 3, 4, record);
    show_int(&m, 1);
    emit(&m, OPCODE_FIELD_S, 2, 3, 0, 0);
    emit(&m, OPCODE_WITH_S, 4, 2, 0, 0);
    emit(&m, OPCODE_EQUAL, 1, 3, 4, record);
    show_int(&m, 1);
    emit(&m, OPCODE_FIELD_R, 5, 3, 0, 9);
    main_end(&m);
    machine_expect(
        &m, "v {\"count\":12,\"name\":\"pod\xC3\xA4\xF0\x9F\x98\x80\",\"ratio\":12.3,\"flags\":[true,false],"
            "\"grade\":\"high\",\"since\":1772421120000,\"inner\":{\"count\":0,\"name\":\"x\",\"ratio\":0,"
            "\"flags\":[],\"grade\":\"low\",\"since\":0,\"inner\":null,\"limit\":null},\"limit\":null}\n"
            "v 12\nv 5\nv 0\nv 1\nfailed {\"kind\":\"run error\",\"message\":\"a record with such a field is "
            "expected here, but this is a record\",\"at\":\"test.plan:7\"}\n");
}

/* `as T`: what fits, and what is said of what does not. */
static void conversions(void)
{
    static const struct {
        const char *json;
        ImageTypeKind kind;
        const char *expected;
    } cases[] = {
        {"17", IMAGE_INT, "v 17"},
        {"\"17\"", IMAGE_INT, "v 17"},
        {"3.0", IMAGE_INT, "v 3"},
        {"\"17x\"", IMAGE_INT, "!/status/replicas: int is expected, but this is string \\\"17x\\\""},
        {"3.5", IMAGE_INT, "!/status/replicas: int is expected, but this is float 3.5"},
        {"null", IMAGE_INT, "!/status/replicas: int is expected, but this is null"},
        {"9223372036854775807", IMAGE_INT, "v 9223372036854775807"},
        {"9223372036854775808", IMAGE_FLOAT, "v 9.223372036854776e+18"},
        {"\"1e3\"", IMAGE_FLOAT, "v 1000"},
        {"\"45%\"", IMAGE_PERCENT, "v 45"},
        {"\"true\"", IMAGE_BOOL, "v true"},
        {"1", IMAGE_BOOL, "!/status/replicas: bool is expected, but this is int 1"},
        {"\"1h30m\"", IMAGE_DURATION, "v 5400000"},
        {"\"2026-03-02T03:12:00Z\"", IMAGE_TIME, "v 1772421120000"},
        {"\"x\"", IMAGE_STRING, "v \"x\""},
        {"[1]", IMAGE_STRING, "!/status/replicas: string is expected, but this is list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Machine m = machine_new();
        uint32_t type = m.types[cases[i].kind];
        uint32_t maybe = image_builder_type(m.builder, IMAGE_OPTIONAL, type);
        main_begin(&m);
        emit_string(&m, 1, cases[i].json);
        emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
        emit(&m, OPCODE_TRY_JSON, 3, 1, 0, type);
        show_ref(&m, 3, maybe);
        emit_string(&m, 2, "/status/replicas");
        if (image_kind_is_scalar(cases[i].kind)) {
            emit(&m, OPCODE_FROM_JSON_S, 1, 1, 2, type);
            show_scalar(&m, 1, type);
        } else {
            emit(&m, OPCODE_FROM_JSON_R, 3, 1, 2, type);
            show_ref(&m, 3, type);
        }
        main_end(&m);
        char expected[400];
        const char *text = cases[i].expected;
        if (*text != '!')
            snprintf(expected, sizeof expected, "%s\n%s\ndone null\n", text, text);
        else
            snprintf(expected, sizeof expected,
                     "v null\nfailed {\"kind\":\"run error\",\"message\":\"%s\",\"at\":\"test.plan:7\"}\n",
                     text + 1);
        machine_expect(&m, expected);
    }
}

static void json_texts(void)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {" { \"a\" : [ 1 , -2.50, 1e2, true, null ] , \"b\" : {} } ",
         "{\"a\":[1,-2.5,100,true,null],\"b\":{}}"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u20ac\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\xE2\x82\xAC\""},
        {"\"\\ud800x\"", "\"\xEF\xBF\xBDx\""},
        {"-0", "0"},
        {"", NULL},
        {"[1,]", NULL},
        {"{\"a\" 1}", NULL},
        {"{a:1}", NULL},
        {"01", NULL},
        {"1 2", NULL},
        {"\"abc", NULL},
        {"nul", NULL},
        {"[", NULL},
        {"1e999", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Machine m = machine_new();
        uint32_t maybe = image_builder_type(m.builder, IMAGE_OPTIONAL, IMAGE_TYPE_JSON);
        main_begin(&m);
        emit_string(&m, 1, cases[i].text);
        emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
        show_ref(&m, 1, maybe);
        main_end(&m);
        char expected[200];
        snprintf(expected, sizeof expected, "v %s\ndone null\n",
                 cases[i].written ? cases[i].written : "null");
        machine_expect(&m, expected);
    }
}

static void json_paths(void)
{
    Machine m = machine_new();
    main_begin(&m);
    emit_string(&m, 1, "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
    const char *const paths[] = {"items[1].name", "items[-2].name", "items", "items[7]"};
    for (size_t i = 0; i < 4; i++) {
        emit(&m, OPCODE_MOVE_R, 2, 1, 0, 0);
        emit_string(&m, 3, paths[i]);
        emit(&m, OPCODE_BUILTIN, 1, 2, 0, builtin_imm(BUILTIN_JSON_PATH, 0));
        show_ref(&m, 2, IMAGE_TYPE_JSON);
    }
    main_end(&m);
    machine_expect(
        &m,
        "v \"b\"\nv \"a\"\nv [{\"name\":\"a\"},{\"name\":\"b\"}]\nfailed {\"kind\":\"run error\",\"message\":"
        "\"there is nothing under `items[7]`\",\"at\":\"test.plan:7\"}\n");
}

static void times(void)
{
    Machine m = machine_new();
    main_begin(&m);
    const int64_t moments[] = {0, -1, 1772421120000, 951782400000, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 6; i++) {
        emit_wide(&m, 1, moments[i]);
        emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TIME_TO_TEXT, 0));
        show_text(&m, 1);
    }
    emit_wide(&m, 1, 1772421120000);
    emit_string(&m, 1, "%a %e %B %Y %H:%M, day %j");
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_TIME_FORMAT, 0));
    show_text(&m, 1);
    emit_wide(&m, 1, 270000);
    emit(&m, OPCODE_BUILTIN, 1, 1, 0, builtin_imm(BUILTIN_DURATION_TO_TEXT, 0));
    show_text(&m, 1);
    main_end(&m);
    machine_expect(
        &m, "v \"1970-01-01T00:00:00Z\"\nv \"1969-12-31T23:59:59Z\"\nv \"2026-03-02T03:12:00Z\"\n"
            "v \"2000-02-29T00:00:00Z\"\nv \"-292275055-05-16T16:47:04Z\"\nv \"292278994-08-17T07:12:55Z\"\n"
            "v \"Mon  2 March 2026 03:12, day 061\"\nv \"4m30s\"\ndone null\n");
}

/* Floats are written in the fewest digits that read back the same. */
static void floats(void)
{
    static const struct {
        double real;
        const char *text;
    } cases[] = {
        {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {1e23, "1e+23"}, {123456.789, "123456.789"}, {-0.001, "-0.001"},
        {0x1p-44, "5.684341886080802e-14"}, {5e-324, "5e-324"}, {-0x1p-1070, "-8e-323"},
        {0x1p-1022, "2.2250738585072014e-308"}, {0x1.fffffffffffffp+1023, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"}, {0.1 + 0.2, "0.30000000000000004"}, {100, "100"},
    };
    Machine m = machine_new();
    Buffer expected = {0};
    main_begin(&m);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bits;
        memcpy(&bits, &cases[i].real, sizeof bits);
        emit_wide(&m, 1, bits);
        show_scalar(&m, 1, m.types[IMAGE_FLOAT]);
        buffer_printf(&expected, "v %s\n", cases[i].text);
    }
    buffer_add_c(&expected, "done null\n");
    main_end(&m);
    machine_expect(&m, expected.data);
    buffer_free(&expected);
}

/* A document of some size in a string of the run: it is read where it lies, though it moves meanwhile. */
static void document_in_text(void)
{
    enum { ITEMS = 40, PAD = 2000 };
    Machine m = machine_new();
    main_begin(&m);
    emit(&m, OPCODE_BUILTIN, 0, 0, 0, builtin_imm(BUILTIN_TEXT_TO_JSON, 0));
    show_ref(&m, 0, IMAGE_TYPE_JSON);
    main_end(&m);
    Buffer document = {0}, start = {0}, expected = {0};
    for (int i = 0; i < ITEMS; i++) {
        buffer_printf(&document, "%s{\"name\":\"server-%d\",\"said\":\"\\\"%d\\\"\\n\",\"pad\":\"", i ? "," : "[", i, i);
        for (int k = 0; k < PAD; k++)
            buffer_add_char(&document, (char)('a' + (i + k) % 26));
        buffer_printf(&document, "\",\"in \\\" it\":[%d,0.5,null,true]}", i);
    }
    buffer_add_char(&document, ']');
    json_write_string(&start, buffer_str(&document));
    buffer_printf(&expected, "v %s\ndone null\n", document.data);
    if (machine_open(&m)) {
        machine_feed(&m, VM_START, 0, 0, start.data);
        CHECK_STR(buffer_str(&m.log), buffer_str(&expected));
    }
    buffer_free(&document);
    buffer_free(&start);
    buffer_free(&expected);
    machine_free(&m);
}

int main(void)
{
    floats();
    arithmetic();
    run_errors();
    calls();
    closures();
    strings();
    lists();
    maps();
    records();
    conversions();
    json_texts();
    json_paths();
    times();
    document_in_text();
    return check_done();
}
