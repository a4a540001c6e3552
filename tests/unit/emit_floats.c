/* Chains of operations on floats give what C gives, in every order, and fail at the first operation that fails. */
#include "tests/unit/emit_run.h"

static const CoreOperator operators[] = {CORE_ADD, CORE_SUB, CORE_MUL, CORE_DIV};
static const double values[] = {1.1, 3.7, -0.3, 2.9};

static double calculated(CoreOperator op, double a, double b)
{
    switch (op) {
    case CORE_ADD: return a + b;
    case CORE_SUB: return a - b;
    case CORE_MUL: return a * b;
    default: return a / b;
    }
}

static Core *is_exactly(Core *expression, double value)
{
    return out(binary(CORE_EQ, expression, real(value)));
}

/* v op1 w op2 x op3 y, with all five ways to put the parentheses. */
static void chains(const CoreOperator op[3])
{
    Case test;
    case_begin(&test);
    uint32_t at[4];
    double v[4];
    for (int i = 0; i < 4; i++) {
        v[i] = values[i];
        at[i] = var("v", type_of(TYPE_FLOAT));
        add(set(at[i], real(v[i])));
    }
#define OP(i, a, b) binary(op[i], (a), (b))
#define CALC(i, a, b) calculated(op[i], (a), (b))
    add(is_exactly(OP(2, OP(1, OP(0, local(at[0]), local(at[1])), local(at[2])), local(at[3])),
                   CALC(2, CALC(1, CALC(0, v[0], v[1]), v[2]), v[3])));
    add(is_exactly(OP(2, OP(0, local(at[0]), OP(1, local(at[1]), local(at[2]))), local(at[3])),
                   CALC(2, CALC(0, v[0], CALC(1, v[1], v[2])), v[3])));
    add(is_exactly(OP(1, OP(0, local(at[0]), local(at[1])), OP(2, local(at[2]), local(at[3]))),
                   CALC(1, CALC(0, v[0], v[1]), CALC(2, v[2], v[3]))));
    add(is_exactly(OP(0, local(at[0]), OP(2, OP(1, local(at[1]), local(at[2])), local(at[3]))),
                   CALC(0, v[0], CALC(2, CALC(1, v[1], v[2]), v[3]))));
    add(is_exactly(OP(0, local(at[0]), OP(1, local(at[1]), OP(2, local(at[2]), local(at[3])))),
                   CALC(0, v[0], CALC(1, v[1], CALC(2, v[2], v[3])))));
#undef CALC
#undef OP
    RUN_CHECK(&test, "out true\nout true\nout true\nout true\nout true\ndone null\n");
}

/* The value into a variable that the expression itself reads, in a program that is long enough for several words. */
static void long_chain(void)
{
    Case test;
    case_begin(&test);
    uint32_t x = var("x", type_of(TYPE_FLOAT));
    add(set(x, real(1.5)));
    Core *sum = local(x);
    double expected = 1.5;
    for (int i = 0; i < 2000; i++) {
        sum = binary(i % 2 ? CORE_ADD : CORE_MUL, sum, i % 2 ? local(x) : real(0.5));
        expected = i % 2 ? expected + 1.5 : expected * 0.5;
    }
    add(set(x, sum));
    add(is_exactly(local(x), expected));
    RUN_CHECK(&test, "out true\ndone null\n");
}

static void fails(Core *expression)
{
    uint32_t error = var("error", type_of(TYPE_ERROR));
    add(attempt(out(expression), error, out(error_text(error)), false));
}

static void failures(void)
{
    Case test;
    case_begin(&test);
    uint32_t big = var("big", type_of(TYPE_FLOAT)), none = var("none", type_of(TYPE_FLOAT));
    add(set(big, real(1e308)));
    add(set(none, real(0)));
    /* 2 / (big * 10) is 0 in C: the product fails first. */
    fails(binary(CORE_DIV, real(2), binary(CORE_MUL, local(big), real(10))));
    fails(binary(CORE_MUL, binary(CORE_DIV, local(big), local(none)), real(2)));
    fails(binary(CORE_DIV, binary(CORE_ADD, local(big), real(1)), local(none)));
    fails(binary(CORE_DIV, real(7), binary(CORE_SUB, local(none), local(none))));
    fails(binary(CORE_ADD, binary(CORE_DIV, real(1), local(none)), binary(CORE_MUL, local(big), local(big))));
    RUN_CHECK(&test, "out \"the result is too large for a float\"\n"
                     "out \"1e+308 / 0 is a division by zero\"\n"
                     "out \"1e+308 / 0 is a division by zero\"\n"
                     "out \"7 / 0 is a division by zero\"\n"
                     "out \"1 / 0 is a division by zero\"\n"
                     "done null\n");
}

int main(void)
{
    for (int i = 0; i < 64; i++) {
        const CoreOperator op[3] = {operators[i % 4], operators[i / 4 % 4], operators[i / 16]};
        chains(op);
    }
    long_chain();
    failures();
    return check_done();
}
