/* What compiler/lower/fold.c computes, and what it leaves to the run. */
#include "compiler/lower/fold.h"
#include "tests/unit/emit_case.h"

/* Folds the mark of one value and gives the dump of that line. */
static Buffer dumped;

static Str folded(Core *value)
{
    Case *test = now_testing;
    test->fn->body = out(value);
    core_fold(&test->program);
    buffer_clear(&dumped);
    core_dump(&test->program, &dumped);
    Str line = str_trim(buffer_str(&dumped));
    ptrdiff_t at = str_find(line, STR("emit out "));
    return CHECK(at >= 0) ? str_slice(line, (size_t)at + 9, line.len) : line;
}

static void test_operators(void)
{
    CHECK_STR_C(folded(binary(CORE_ADD, num(2), binary(CORE_MUL, num(3), num(4)))), "to_json(14)");
    CHECK_STR_C(folded(binary(CORE_MOD, num(-7), num(3))), "to_json(-1)");
    CHECK_STR_C(folded(unary(CORE_NEG, unary(CORE_NEG, num(5)))), "to_json(5)");
    CHECK_STR_C(folded(unary(CORE_NOT, binary(CORE_LT, num(1), num(2)))), "to_json(false)");
    CHECK_STR_C(folded(binary(CORE_GE, text("b"), text("a"))), "to_json(true)");
    CHECK_STR_C(folded(binary(CORE_DIV, real(1), real(4))), "to_json(0.25)");
    CHECK_STR_C(folded(binary(CORE_MUL, unary(CORE_TO_FLOAT, num(3)), real(0.5))), "to_json(1.5)");
}

static void test_what_fails_stays(void)
{
    CHECK_STR_C(folded(binary(CORE_DIV, num(1), num(0))), "to_json((1 / 0))");
    CHECK_STR_C(folded(binary(CORE_ADD, num(INT64_MAX), num(1))), "to_json((9223372036854775807 + 1))");
    CHECK_STR_C(folded(binary(CORE_DIV, real(1), real(0))), "to_json((1 / 0))");
    CHECK_STR_C(folded(binary(CORE_DIV, num(INT64_MIN), num(-1))), "to_json((-9223372036854775808 / -1))");
    CHECK_STR_C(folded(unary(CORE_NEG, num(INT64_MIN))), "to_json(--9223372036854775808)");
}

static Core *logic(CoreKind kind, Core *a, Core *b)
{
    return node_of(kind, type_of(TYPE_BOOL), a, b, NULL);
}

static void test_logic_and_choices(void)
{
    uint32_t flag = var("x", type_of(TYPE_BOOL));
    Core *x = local(flag);
    CHECK_STR_C(folded(logic(CORE_AND, truth(true), x)), "to_json(x%0)");
    CHECK_STR_C(folded(logic(CORE_AND, truth(false), x)), "to_json(false)");
    CHECK_STR_C(folded(logic(CORE_OR, truth(false), x)), "to_json(x%0)");
    CHECK_STR_C(folded(logic(CORE_OR, x, truth(false))), "to_json(x%0)");
    CHECK_STR_C(folded(logic(CORE_AND, x, truth(false))), "to_json((x%0 and false))");
    CHECK_STR_C(folded(node_of(CORE_CHOOSE, type_of(TYPE_INT), truth(true), num(1), num(2))), "to_json(1)");
}

static void test_texts(void)
{
    const Type *string = type_of(TYPE_STRING);
    Core *inner = node_list(node_new(CORE_CONCAT, string), text("b"), text(""), text("c"), NULL);
    CHECK_STR_C(folded(node_list(node_new(CORE_CONCAT, string), text("a"), inner, text("d"), NULL)),
                "to_json(\"abcd\")");
    CHECK_STR_C(folded(node_new(CORE_CONCAT, string)), "to_json(\"\")");
    uint32_t name = var("x", string);
    Core *x = local(name);
    CHECK_STR_C(
        folded(node_list(node_new(CORE_CONCAT, string), text("a"), text("b"), x, text(""), text("c"), NULL)),
        "to_json(concat(\"ab\", x%0, \"c\"))");
    CHECK_STR_C(folded(node_list(node_new(CORE_CONCAT, string), text(""), local(0), NULL)), "to_json(x%0)");
}

static void test_optionals(void)
{
    const Type *optional = type_optional(now_testing->program.types, type_of(TYPE_INT));
    CHECK_STR_C(folded(value_of(some(num(3)), "")), "to_json(3)");
    CHECK_STR_C(folded(node_of(CORE_DEFAULT, type_of(TYPE_INT), none(optional), num(4), NULL)), "to_json(4)");
    CHECK_STR_C(folded(node_of(CORE_IS_SOME, type_of(TYPE_BOOL), none(optional), NULL, NULL)),
                "to_json(false)");
}

static void test_branches(void)
{
    Case *test = now_testing;
    test->fn->body = block();
    add(when(binary(CORE_EQ, num(1), num(1)), out(num(1)), out(num(2))));
    add(when(truth(false), out(num(3)), NULL));
    add(out(num(4)));
    core_fold(&test->program);
    buffer_clear(&dumped);
    core_dump(&test->program, &dumped);
    CHECK_STR_C(buffer_str(&dumped), "\nentry fn main()\n    emit out to_json(1)\n    emit out to_json(4)\n");
}

int main(void)
{
    static void (*const cases[])(void) = {test_operators, test_what_fails_stays, test_logic_and_choices,
                                          test_texts,     test_optionals,        test_branches};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Case test;
        case_begin(&test);
        cases[i]();
        case_end(&test);
    }
    buffer_free(&dumped);
    return check_done();
}
