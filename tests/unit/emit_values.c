/* Core expressions do what they say when they run: every expression kind that neither waits nor leaves. */
#include "tests/unit/emit_run.h"

static Buffer expected;

static void expect(Core *value, const char *json)
{
    add(out(value));
    buffer_printf(&expected, "out %s\n", json);
}

/* Runs what was expected since the last time. */
static void check_expected(Case *test, int line)
{
    buffer_add_c(&expected, "done null\n");
    run_check(test, expected.data, __FILE__, line);
    buffer_clear(&expected);
}

static Core *logic(CoreKind kind, Core *a, Core *b)
{
    return node_of(kind, type_of(TYPE_BOOL), a, b, NULL);
}

static uint32_t var_set(const char *name, Core *value)
{
    uint32_t index = var(name, value->type);
    add(set(index, value));
    return index;
}

static void test_integers(void)
{
    Case test;
    case_begin(&test);
    uint32_t x = var_set("x", num(7)), y = var_set("y", num(-2)), big = var_set("big", num(INT64_MAX));
    expect(binary(CORE_ADD, local(x), local(y)), "5");
    expect(binary(CORE_SUB, local(x), local(y)), "9");
    expect(binary(CORE_SUB, local(x), num(10)), "-3");
    expect(binary(CORE_SUB, num(10), local(x)), "3");
    expect(binary(CORE_ADD, num(INT32_MAX), local(x)), "2147483654");
    expect(binary(CORE_ADD, local(x), num(5000000000)), "5000000007");
    expect(binary(CORE_SUB, local(x), num(INT32_MIN)), "2147483655");
    expect(binary(CORE_MUL, local(x), num(3)), "21");
    expect(binary(CORE_MUL, num(-3), local(x)), "-21");
    expect(binary(CORE_MUL, local(x), local(y)), "-14");
    expect(binary(CORE_DIV, local(x), local(y)), "-3");
    expect(binary(CORE_MOD, local(x), local(y)), "1");
    expect(unary(CORE_NEG, local(x)), "-7");
    expect(local(big), "9223372036854775807");
    expect(binary(CORE_MUL, binary(CORE_ADD, local(x), num(1)), binary(CORE_SUB, local(x), num(1))), "48");
    check_expected(&test, __LINE__);
}

static void test_integer_comparisons(void)
{
    static const CoreOperator ops[] = {CORE_EQ, CORE_NE, CORE_LT, CORE_LE, CORE_GT, CORE_GE};
    static const int64_t others[] = {6, 7, 8};
    Case test;
    case_begin(&test);
    uint32_t x = var_set("x", num(7)), y = var("y", type_of(TYPE_INT));
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 3; k++) {
            int64_t other = others[k];
            bool holds[] = {other == 7, other != 7, 7 < other, 7 <= other, 7 > other, 7 >= other};
            bool turned[] = {other == 7, other != 7, other<7, other <= 7, other> 7, other >= 7};
            const char *found = holds[i] ? "true" : "false", *back = turned[i] ? "true" : "false";
            add(set(y, num(other)));
            expect(binary(ops[i], local(x), num(other)), found);
            expect(binary(ops[i], local(x), local(y)), found);
            expect(binary(ops[i], num(other), local(x)), back);
            Core *by_number = node_of(CORE_CHOOSE, type_of(TYPE_STRING), binary(ops[i], local(x), num(other)),
                                      text("true"), text("false"));
            Core *by_local =
                node_of(CORE_CHOOSE, type_of(TYPE_STRING),
                        unary(CORE_NOT, binary(ops[i], local(x), local(y))), text("false"), text("true"));
            expect(by_number, holds[i] ? "\"true\"" : "\"false\"");
            expect(by_local, holds[i] ? "\"true\"" : "\"false\"");
        }
    }
    expect(binary(CORE_LE, local(x), num(INT32_MAX)), "true");
    expect(binary(CORE_GE, local(x), num(INT64_MIN)), "true");
    check_expected(&test, __LINE__);
}

static void test_other_scalars(void)
{
    static const Str members[] = {STR_INIT("SEV1"), STR_INIT("SEV2")};
    Case test;
    case_begin(&test);
    const Type *severity = type_enum(test.program.types, STR("Severity"), members, 2, NULL);
    Core *second = node_new(CORE_INT, severity);
    second->number = 1;
    uint32_t f = var_set("f", real(2.5)), b = var_set("b", truth(true)), i = var_set("i", num(2));
    uint32_t s = var_set("s", second);
    expect(binary(CORE_ADD, local(f), real(0.25)), "2.75");
    expect(binary(CORE_SUB, local(f), real(4)), "-1.5");
    expect(binary(CORE_MUL, local(f), unary(CORE_TO_FLOAT, local(i))), "5");
    expect(binary(CORE_DIV, local(f), real(10)), "0.25");
    expect(unary(CORE_NEG, local(f)), "-2.5");
    expect(binary(CORE_LT, local(f), real(2.5)), "false");
    expect(binary(CORE_LE, local(f), real(2.5)), "true");
    expect(binary(CORE_GT, local(f), real(2.25)), "true");
    expect(binary(CORE_GE, local(f), real(3)), "false");
    expect(binary(CORE_EQ, local(f), real(2.5)), "true");
    expect(binary(CORE_NE, local(f), real(2.5)), "false");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_NE, local(f), real(2.5)), num(1), num(2)),
           "2");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_EQ, local(f), real(2.5)), num(1), num(2)),
           "1");
    expect(unary(CORE_NOT, local(b)), "false");
    expect(local(s), "\"SEV2\"");
    expect(binary(CORE_ADD, scalar(TYPE_TIME, 1000), scalar(TYPE_DURATION, 60000)), "61000");
    expect(node_new(CORE_NOW, type_of(TYPE_TIME)), "1000");
    check_expected(&test, __LINE__);
}

static void test_logic(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *main_fn = test.fn;
    CoreFunction *loud = test.fn = make_fn("loud", TYPE_BOOL);
    uint32_t given = param(loud, "given", type_of(TYPE_BOOL));
    add(out(local(given)));
    add(statement(CORE_RETURN, 0, local(given)));
    test.fn = main_fn;
    uint32_t yes = var_set("yes", truth(true)), no = var_set("no", truth(false));
    Core *said_yes = node_list(call(CORE_CALL, loud, type_of(TYPE_BOOL)), local(yes), NULL);
    Core *said_no = node_list(call(CORE_CALL, loud, type_of(TYPE_BOOL)), local(no), NULL);
    buffer_add_c(&expected, "out true\nout false\n"); /* what loud says before the result */
    expect(logic(CORE_AND, said_yes, said_no), "false");
    expect(logic(CORE_AND, local(no), node_list(call(CORE_CALL, loud, type_of(TYPE_BOOL)), local(yes), NULL)),
           "false");
    expect(logic(CORE_OR, local(yes), node_list(call(CORE_CALL, loud, type_of(TYPE_BOOL)), local(yes), NULL)),
           "true");
    expect(logic(CORE_OR, local(no), local(yes)), "true");
    Core *deep = logic(CORE_OR, logic(CORE_AND, local(yes), local(no)),
                       unary(CORE_NOT, logic(CORE_OR, local(no), logic(CORE_AND, local(no), local(yes)))));
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), deep, num(1), num(2)), "1");
    Core *not_deep = unary(CORE_NOT, logic(CORE_AND, local(yes), logic(CORE_OR, local(yes), local(no))));
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), not_deep, num(1), num(2)), "2");
    add(set(no, logic(CORE_OR, local(no), unary(CORE_NOT, local(no)))));
    expect(local(no), "true");
    check_expected(&test, __LINE__);
}

static void test_texts(void)
{
    Case test;
    case_begin(&test);
    const Type *string = type_of(TYPE_STRING);
    uint32_t a = var_set("a", text("ab")), c = var_set("c", text("cd"));
    expect(node_list(node_new(CORE_CONCAT, string), local(a), text("-"), local(c), NULL), "\"ab-cd\"");
    expect(node_new(CORE_CONCAT, string), "\"\"");
    Core *many = node_new(CORE_CONCAT, string);
    Buffer all = {0};
    buffer_add_char(&all, '"');
    for (int i = 0; i < 70; i++) {
        char piece[2] = {(char)('a' + i % 26), '\0'};
        core_append(many, text(arena_copy_c(&test.arena, str_from_c(piece))));
        buffer_add_c(&all, piece);
    }
    buffer_add_char(&all, '"');
    expect(many, all.data);
    buffer_free(&all);
    expect(binary(CORE_EQ, local(a), text("ab")), "true");
    expect(binary(CORE_NE, local(a), local(c)), "true");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_NE, local(a), local(c)), num(1), num(2)), "1");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), unary(CORE_NOT, binary(CORE_NE, local(a), local(c))),
                   num(1), num(2)),
           "2");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_GE, local(a), local(c)), num(1), num(2)), "2");
    expect(node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_LE, local(a), local(a)), num(1), num(2)), "1");
    expect(binary(CORE_LT, local(a), local(c)), "true");
    expect(binary(CORE_LE, local(c), local(a)), "false");
    expect(binary(CORE_GT, local(a), local(c)), "false");
    expect(binary(CORE_GE, local(a), local(a)), "true");
    expect(node_list(builtin(BUILTIN_TEXT_LEN, type_of(TYPE_INT)), local(a), NULL), "2");
    expect(node_list(builtin(BUILTIN_TEXT_UPPER, string), local(a), NULL), "\"AB\"");
    expect(node_list(builtin(BUILTIN_TEXT_SLICE, string), local(a), num(1), num(2), NULL), "\"b\"");
    Core *nested = node_list(builtin(BUILTIN_TEXT_REPLACE, string), local(a), text("b"),
                             node_list(builtin(BUILTIN_INT_TO_TEXT, string), num(42), NULL), NULL);
    expect(nested, "\"a42\"");
    add(set(a, node_list(node_new(CORE_CONCAT, string), local(c), local(a), NULL)));
    expect(local(a), "\"cdab\"");
    check_expected(&test, __LINE__);
}

static void test_optionals(void)
{
    Case test;
    case_begin(&test);
    const Type *maybe_int = type_optional(test.program.types, type_of(TYPE_INT));
    const Type *maybe_text = type_optional(test.program.types, type_of(TYPE_STRING));
    uint32_t n = var_set("n", some(num(5))), s = var_set("s", some(text("x")));
    uint32_t no = var_set("no", none(maybe_int)), nix = var_set("nix", none(maybe_text));
    expect(local(n), "5");
    expect(local(no), "null");
    expect(value_of(local(n), "no n"), "5");
    expect(value_of(local(s), "no s"), "\"x\"");
    expect(node_of(CORE_DEFAULT, type_of(TYPE_INT), local(no), num(9), NULL), "9");
    expect(node_of(CORE_DEFAULT, type_of(TYPE_INT), local(n), num(9), NULL), "5");
    expect(node_of(CORE_DEFAULT, maybe_text, local(nix), local(s), NULL), "\"x\"");
    expect(node_of(CORE_DEFAULT, type_of(TYPE_STRING), local(nix), text("y"), NULL), "\"y\"");
    expect(node_of(CORE_DEFAULT, maybe_int, local(n), local(no), NULL), "5");
    expect(node_of(CORE_IS_SOME, type_of(TYPE_BOOL), local(n), NULL, NULL), "true");
    expect(node_of(CORE_IS_SOME, type_of(TYPE_BOOL), local(nix), NULL, NULL), "false");
    expect(binary(CORE_EQ, local(no), none(maybe_int)), "true");
    expect(binary(CORE_NE, none(maybe_text), local(s)), "true");
    expect(binary(CORE_EQ, local(n), some(num(5))), "true");
    expect(
        node_of(CORE_CHOOSE, type_of(TYPE_INT), binary(CORE_EQ, local(n), none(maybe_int)), num(1), num(2)),
        "2");
    add(set(nix, node_of(CORE_DEFAULT, maybe_text, local(nix), local(nix), NULL)));
    expect(local(nix), "null");
    check_expected(&test, __LINE__);
}

static void test_records(void)
{
    Case test;
    case_begin(&test);
    TypeField fields[] = {
        {.name = STR("name"), .type = type_of(TYPE_STRING)},
        {.name = STR("size"), .type = type_of(TYPE_INT)},
        {.name = STR("note"), .type = type_optional(test.program.types, type_of(TYPE_STRING))},
        {.name = STR("ok"), .type = type_of(TYPE_BOOL)}};
    const Type *backup = type_record(test.program.types, STR("Backup"), fields, 4, NULL);
    Core *made = node_list(node_new(CORE_RECORD, backup), text("b1"), num(10), none(fields[2].type),
                           truth(true), NULL);
    uint32_t b = var_set("b", made);
    uint32_t old = var_set("old", local(b));
    expect(local(b), "{\"name\":\"b1\",\"size\":10,\"note\":null,\"ok\":true}");
    expect(field(local(b), "size"), "10");
    expect(field(local(b), "ok"), "true");
    Core *larger =
        node_of(CORE_WITH_FIELD, backup, local(b), binary(CORE_ADD, field(local(b), "size"), num(1)), NULL);
    larger->index = 1;
    Core *noted = node_of(CORE_WITH_FIELD, backup, larger, some(text("n")), NULL);
    noted->index = 2;
    add(set(b, noted));
    expect(local(b), "{\"name\":\"b1\",\"size\":11,\"note\":\"n\",\"ok\":true}");
    expect(field(local(old), "size"), "10");
    expect(binary(CORE_EQ, local(b), local(old)), "false");
    Core *renamed = node_of(CORE_WITH_FIELD, backup, local(b), text("b2"), NULL);
    expect(field(renamed, "name"), "\"b2\"");
    expect(field(local(b), "name"), "\"b1\"");
    check_expected(&test, __LINE__);
}

static Core *item_of(Core *from, Core *key)
{
    const Type *optional = type_optional(now_testing->program.types, from->type->element);
    return node_of(CORE_GET_ITEM, optional, from, key, NULL);
}

static Core *item_or(Core *whole, Core *key, Core *otherwise)
{
    return node_of(CORE_DEFAULT, otherwise->type, item_of(whole, key), otherwise, NULL);
}

static void test_lists(void)
{
    Case test;
    case_begin(&test);
    const Type *ints = type_list(test.program.types, type_of(TYPE_INT));
    const Type *texts = type_list(test.program.types, type_of(TYPE_STRING));
    uint32_t xs = var_set("xs", node_list(node_new(CORE_LIST, ints), num(3), num(4), NULL));
    uint32_t ss = var_set("ss", node_list(node_new(CORE_LIST, texts), text("a"), text("b"), NULL));
    uint32_t old = var_set("old", local(xs));
    add(set(xs, node_of(CORE_APPEND, ints, local(xs),
                        node_of(CORE_LEN, type_of(TYPE_INT), local(xs), NULL, NULL), NULL)));
    expect(local(xs), "[3,4,2]");
    expect(local(old), "[3,4]");
    expect(node_of(CORE_WITH_ITEM, ints, local(xs), num(0), num(8)), "[8,4,2]");
    expect(node_of(CORE_WITH_ITEM, texts, local(ss), num(1), text("c")), "[\"a\",\"c\"]");
    expect(node_of(CORE_APPEND, texts, local(ss), text("c"), NULL), "[\"a\",\"b\",\"c\"]");
    expect(local(ss), "[\"a\",\"b\"]");
    expect(item_of(local(xs), num(1)), "4");
    expect(item_of(local(xs), num(5)), "null");
    expect(item_or(local(xs), num(1), num(9)), "4");
    expect(item_or(local(xs), num(5), num(9)), "9");
    expect(item_or(local(xs), num(-1), num(INT64_MAX)), "9223372036854775807");
    expect(item_or(local(xs), num(2), num(INT64_MAX)), "2");
    expect(item_or(local(ss), num(1), text("z")), "\"b\"");
    expect(item_or(local(ss), num(2), text("z")), "\"z\"");
    uint32_t n = var_set("n", num(1)), s = var_set("s", text("kept"));
    add(set(n, item_or(local(xs), local(n), local(n))));
    expect(local(n), "4");
    add(set(n, item_or(local(xs), local(n), local(n))));
    expect(local(n), "4");
    add(set(s, item_or(local(ss), num(7), local(s))));
    expect(local(s), "\"kept\"");
    expect(item_of(local(ss), num(0)), "\"a\"");
    expect(value_of(item_of(local(ss), num(1)), ""), "\"b\"");
    expect(value_of(item_of(local(xs), num(2)), ""), "2");
    expect(node_list(builtin(BUILTIN_LIST_CONTAINS, type_of(TYPE_BOOL)), local(ss), text("b"), NULL), "true");
    expect(node_list(builtin(BUILTIN_LIST_SORT, ints), local(xs), NULL), "[2,3,4]");
    Core *many = node_new(CORE_LIST, ints);
    for (int i = 0; i < 100; i++)
        core_append(many, num(i));
    add(set(xs, many));
    expect(node_of(CORE_LEN, type_of(TYPE_INT), local(xs), NULL, NULL), "100");
    expect(item_of(local(xs), num(99)), "99");
    expect(item_of(local(xs), num(31)), "31");
    expect(item_of(local(xs), num(32)), "32");
    check_expected(&test, __LINE__);
}

static void test_maps(void)
{
    Case test;
    case_begin(&test);
    const Type *sizes = type_map(test.program.types, type_of(TYPE_INT));
    const Type *names = type_map(test.program.types, type_of(TYPE_STRING));
    uint32_t m =
        var_set("m", node_list(node_new(CORE_MAP, sizes), text("a"), num(1), text("b"), num(2), NULL));
    uint32_t n = var_set("n", node_list(node_new(CORE_MAP, names), text("k"), text("v"), NULL));
    expect(local(m), "{\"a\":1,\"b\":2}");
    add(set(m, node_of(CORE_WITH_ITEM, sizes, local(m), text("a"), num(7))));
    expect(local(m), "{\"a\":7,\"b\":2}");
    expect(item_of(local(m), text("b")), "2");
    expect(item_of(local(m), text("z")), "null");
    expect(item_or(local(m), text("b"), num(9)), "2");
    expect(item_or(local(m), text("z"), num(9)), "9");
    expect(item_or(local(m), text("z"), num(INT64_MIN)), "-9223372036854775808");
    expect(item_or(local(n), text("k"), text("w")), "\"v\"");
    expect(item_or(local(n), text("z"), text("w")), "\"w\"");
    expect(value_of(item_of(local(n), text("k")), "no k"), "\"v\"");
    expect(node_of(CORE_WITH_ITEM, names, local(n), text("l"), text("w")), "{\"k\":\"v\",\"l\":\"w\"}");
    expect(local(n), "{\"k\":\"v\"}");
    expect(node_of(CORE_LEN, type_of(TYPE_INT), local(m), NULL, NULL), "2");
    expect(node_list(builtin(BUILTIN_MAP_KEYS, type_list(test.program.types, type_of(TYPE_STRING))), local(m),
                     NULL),
           "[\"a\",\"b\"]");
    check_expected(&test, __LINE__);
}

static Core *from_json(Core *a, const Type *type)
{
    Core *node = node_of(CORE_FROM_JSON, type, a, NULL, NULL);
    node->text = STR("/n");
    return node;
}

static void test_json(void)
{
    Case test;
    case_begin(&test);
    TypeTable *types = test.program.types;
    Core *object = node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("n"), json_of(num(3)), text("s"),
                             text("x"), text("no"), none(type_of(TYPE_JSON)), NULL);
    uint32_t j = var_set("j", object);
    expect(local(j), "{\"n\":3,\"s\":\"x\",\"no\":null}");
    Core *n = node_list(builtin(BUILTIN_JSON_MEMBER, type_of(TYPE_JSON)), local(j), text("n"), NULL);
    uint32_t member = var_set("member", n);
    expect(binary(CORE_ADD, from_json(local(member), type_of(TYPE_INT)), num(1)), "4");
    expect(from_json(local(j), type_map(types, type_of(TYPE_JSON))), "{\"n\":3,\"s\":\"x\",\"no\":null}");
    expect(from_json(local(member), type_optional(types, type_of(TYPE_INT))), "3");
    expect(from_json(local(j), type_optional(types, type_of(TYPE_INT))), "null");
    expect(json_of(json_of(text("y"))), "\"y\"");
    Core *list =
        node_list(node_new(CORE_LIST, type_list(types, type_of(TYPE_JSON))), json_of(num(1)), local(j), NULL);
    expect(list, "[1,{\"n\":3,\"s\":\"x\",\"no\":null}]");
    expect(binary(CORE_EQ, local(j), local(j)), "true");
    check_expected(&test, __LINE__);
}

/* fn mixed(s: string, i: int, t: string, f: float) -> string, which puts its arguments together */
static CoreFunction *make_mixed(Case *test)
{
    CoreFunction *main_fn = test->fn, *mixed = test->fn = make_fn("mixed", TYPE_STRING);
    const Type *string = type_of(TYPE_STRING);
    uint32_t s = param(mixed, "s", string), i = param(mixed, "i", type_of(TYPE_INT));
    uint32_t t = param(mixed, "t", string), f = param(mixed, "f", type_of(TYPE_FLOAT));
    Core *joined = node_list(node_new(CORE_CONCAT, string), local(s),
                             node_list(builtin(BUILTIN_INT_TO_TEXT, string), local(i), NULL), local(t),
                             node_list(builtin(BUILTIN_FLOAT_TO_TEXT, string), local(f), NULL), NULL);
    add(statement(CORE_RETURN, 0, joined));
    test->fn = main_fn;
    return mixed;
}

static void test_calls(void)
{
    Case test;
    case_begin(&test);
    const Type *string = type_of(TYPE_STRING);
    CoreFunction *mixed = make_mixed(&test), *main_fn = test.fn;
    CoreFunction *fib = test.fn = make_fn("fib", TYPE_INT);
    uint32_t n = param(fib, "n", type_of(TYPE_INT));
    Core *less = node_list(call(CORE_CALL, fib, type_of(TYPE_INT)), binary(CORE_SUB, local(n), num(1)), NULL);
    Core *lesser =
        node_list(call(CORE_CALL, fib, type_of(TYPE_INT)), binary(CORE_SUB, local(n), num(2)), NULL);
    add(when(binary(CORE_LT, local(n), num(2)), statement(CORE_RETURN, 0, local(n)), NULL));
    add(statement(CORE_RETURN, 0, binary(CORE_ADD, less, lesser)));
    test.fn = main_fn;
    expect(node_list(call(CORE_CALL, fib, type_of(TYPE_INT)), num(15), NULL), "610");
    Core *inner = node_list(call(CORE_CALL, mixed, string), text("x"), num(1), text("y"), real(0.5), NULL);
    Core *number = node_list(call(CORE_CALL, fib, type_of(TYPE_INT)), num(7), NULL);
    expect(node_list(call(CORE_CALL, mixed, string), text("("), number, inner, real(2.5), NULL),
           "\"(13x1y0.52.5\"");
    check_expected(&test, __LINE__);
}

static void test_closures(void)
{
    Case test;
    case_begin(&test);
    const Type *string = type_of(TYPE_STRING);
    CoreFunction *mixed = make_mixed(&test);
    TypeField params[] = {{.type = string}, {.type = type_of(TYPE_FLOAT)}};
    const Type *fn_type = type_fn(test.program.types, params, 2, string);
    uint32_t s = var_set("s", text("a"));
    Core *closure = node_list(call(CORE_CLOSURE, mixed, fn_type), local(s), num(3), NULL);
    uint32_t f = var_set("f", closure);
    add(set(s, text("z"))); /* what was captured stays */
    expect(node_list(node_of(CORE_CALL_VALUE, string, local(f), NULL, NULL), text("b"), real(1.5), NULL),
           "\"a3b1.5\"");
    Core *again =
        node_list(node_of(CORE_CALL_VALUE, string, local(f), NULL, NULL), text("c"), real(2.5), NULL);
    expect(node_list(node_of(CORE_CALL_VALUE, string, local(f), NULL, NULL), again, real(0.5), NULL),
           "\"a3a3c2.50.5\"");
    check_expected(&test, __LINE__);
}

/* What stands left is evaluated first, whatever the right does to it. */
static void test_order_of_evaluation(void)
{
    Case test;
    case_begin(&test);
    uint32_t x = var_set("x", num(1)), s = var_set("s", text("a"));
    Core *sequence =
        node_list(node_of(CORE_SEQUENCE, type_of(TYPE_INT), local(x), NULL, NULL), set(x, num(10)), NULL);
    expect(binary(CORE_ADD, local(x), sequence), "11");
    Core *changed = node_list(node_of(CORE_SEQUENCE, type_of(TYPE_STRING), local(s), NULL, NULL),
                              set(s, text("b")), NULL);
    expect(binary(CORE_EQ, local(s), changed), "false");
    add(set(x, num(1)));
    Core *later =
        node_list(node_of(CORE_SEQUENCE, type_of(TYPE_INT), local(x), NULL, NULL), set(x, num(5)), NULL);
    const Type *ints = type_list(test.program.types, type_of(TYPE_INT));
    expect(node_list(node_new(CORE_LIST, ints), local(x), later, local(x), NULL), "[1,5,5]");
    check_expected(&test, __LINE__);
}

static void test_globals(void)
{
    Case test;
    case_begin(&test);
    uint32_t count = core_global(&test.program, STR("count"), type_of(TYPE_INT));
    uint32_t name = core_global(&test.program, STR("name"), type_of(TYPE_STRING));
    CoreFunction *main_fn = test.fn, *bump = test.fn = make_fn("bump", TYPE_UNIT);
    add(statement(CORE_SET_GLOBAL, count, binary(CORE_ADD, global(count), num(2))));
    test.fn = main_fn;
    add(statement(CORE_SET_GLOBAL, count, num(40)));
    add(statement(CORE_SET_GLOBAL, name, text("n")));
    add(statement(CORE_DO, 0, call(CORE_CALL, bump, type_of(TYPE_UNIT))));
    expect(global(count), "42");
    expect(global(name), "\"n\"");
    check_expected(&test, __LINE__);
}

int main(void)
{
    test_integers();
    test_integer_comparisons();
    test_other_scalars();
    test_logic();
    test_texts();
    test_optionals();
    test_records();
    test_lists();
    test_maps();
    test_json();
    test_calls();
    test_closures();
    test_order_of_evaluation();
    test_globals();
    run_check_kinds(CORE_INT, CORE_BUILTIN);
    run_check_kinds(CORE_NOW, CORE_LEN);
    buffer_free(&expected);
    return check_done();
}
