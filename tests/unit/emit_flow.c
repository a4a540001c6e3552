/* Core statements, failures and fibers do what they say when they run. */
#include "tests/unit/emit_run.h"

static Core *in_block(Core *first, Core *second)
{
    return node_list(block(), first, second, NULL);
}

static Core *call_unit(CoreFunction *fn)
{
    return statement(CORE_DO, 0, call(CORE_CALL, fn, type_of(TYPE_UNIT)));
}

static Core *increment(uint32_t index)
{
    return set(index, binary(CORE_ADD, local(index), num(1)));
}

static void test_loops(void)
{
    Case test;
    case_begin(&test);
    uint32_t i = var("i", type_of(TYPE_INT)), k = var("k", type_of(TYPE_INT));
    add(set(i, num(0)));
    /* Inner: counts k to 3, but goes on with the outer loop when k is i; outer ends from within at i == 3. */
    Core *inner = node_list(
        block(), when(binary(CORE_EQ, local(i), num(3)), statement(CORE_BREAK, 1, NULL), NULL),
        when(binary(CORE_EQ, local(k), local(i)), statement(CORE_CONTINUE, 1, NULL), NULL),
        when(binary(CORE_GE, local(k), num(3)), in_block(statement(CORE_BREAK, 0, NULL), NULL), NULL),
        out(local(k)), increment(k), NULL);
    Core *outer = node_list(block(), increment(i), out(text("outer")), set(k, num(0)), loop_of(inner),
                            out(text("inner ended")), NULL);
    add(loop_of(outer));
    add(out(local(i)));
    RUN_CHECK(&test, "out \"outer\"\nout 0\nout \"outer\"\nout 0\nout 1\nout \"outer\"\nout 3\ndone null\n");
}

/* Both bounds are evaluated once; what goes on with the next number does not repeat this one. A wide constant is the same
 * one in each round. */
static void test_counting_loops(void)
{
    Case test;
    case_begin(&test);
    uint32_t i = var("i", type_of(TYPE_INT)), k = var("k", type_of(TYPE_INT)), end = var("end", type_of(TYPE_INT));
    add(set(end, num(3)));
    Core *wide = binary(CORE_ADD, local(k), num(1000000000000));
    Core *inner = node_list(block(), when(binary(CORE_EQ, local(k), num(1)), statement(CORE_CONTINUE, 0, NULL), NULL),
                            when(binary(CORE_EQ, local(i), num(1)), statement(CORE_CONTINUE, 1, NULL), NULL), out(wide),
                            NULL);
    Core *outer = node_list(block(), set(end, num(99)), out(local(i)),
                            count_of(k, local(i), binary(CORE_SUB, local(end), num(96)), inner), NULL);
    add(count_of(i, num(0), local(end), outer));
    add(count_of(i, num(5), num(5), out(text("never"))));
    add(count_of(i, num(INT64_MAX - 1), num(INT64_MAX), out(text("once"))));
    RUN_CHECK(&test, "out 0\nout 1000000000000\nout 1000000000002\nout 1\nout 2\nout 1000000000002\nout \"once\"\n"
                     "done null\n");
}

static void test_branches_and_returns(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *main_fn = test.fn, *size = test.fn = make_fn("size", TYPE_STRING);
    uint32_t n = param(size, "n", type_of(TYPE_INT));
    Core *large = when(binary(CORE_GT, local(n), num(100)), statement(CORE_RETURN, 0, text("large")),
                       statement(CORE_RETURN, 0, text("middle")));
    add(when(binary(CORE_LT, local(n), num(10)), statement(CORE_RETURN, 0, text("small")), large));
    test.fn = main_fn;
    static const int64_t sizes[] = {5, 50, 500};
    for (size_t i = 0; i < 3; i++) {
        add(out(node_list(call(CORE_CALL, size, type_of(TYPE_STRING)), num(sizes[i]), NULL)));
    }
    add(statement(CORE_RETURN, 0, NULL));
    add(out(text("never")));
    RUN_CHECK(&test, "out \"small\"\nout \"middle\"\nout \"large\"\ndone null\n");
}

static void test_failures_are_caught(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *main_fn = test.fn, *fails = test.fn = make_fn("fails", TYPE_INT);
    uint32_t n = param(fails, "n", type_of(TYPE_INT));
    add(when(binary(CORE_EQ, local(n), num(0)), statement(CORE_FAIL, 0, text("it was zero")), NULL));
    add(statement(CORE_RETURN, 0, binary(CORE_DIV, num(10), binary(CORE_SUB, local(n), num(1)))));
    test.fn = main_fn;
    uint32_t error = var("error", type_of(TYPE_ERROR)), outer = var("outer", type_of(TYPE_ERROR));
    uint32_t i = var("i", type_of(TYPE_INT));
    add(set(i, num(0)));
    Core *say = out(node_list(call(CORE_CALL, fails, type_of(TYPE_INT)), local(i), NULL));
    Core *once = attempt(say, error, out(error_text(error)), false);
    Core *stop = when(binary(CORE_GT, local(i), num(2)), statement(CORE_BREAK, 0, NULL), NULL);
    add(loop_of(node_list(block(), stop, once, increment(i), NULL)));
    /* An inner handler that raises again, and an outer one that gets it; an empty one after that. */
    Core *again = attempt(statement(CORE_FAIL, 0, text("deep")), error,
                          in_block(out(text("inner")), statement(CORE_RAISE, 0, local(error))), false);
    add(attempt(again, outer, out(error_text(outer)), false));
    add(attempt(statement(CORE_FAIL, 0, text("nobody hears")), error, block(), false));
    add(out(text("on")));
    Run run;
    Str lines = run_begin(&run, &test);
    CHECK_CONTAINS(lines, "out \"it was zero\"\n");
    CHECK_CONTAINS(lines, "zero");
    CHECK_CONTAINS(lines, "out 10\nout \"inner\"\nout \"deep\"\nout \"on\"\ndone null\n");
    run_end(&run);
}

static void test_uncaught_failures_say_where(void)
{
    Case test;
    case_begin(&test);
    const Type *maybe = type_optional(test.program.types, type_of(TYPE_STRING));
    uint32_t x = var("x", maybe);
    add(set(x, none(maybe)));
    test.span = (Span){0, 8, 13};
    add(out(value_of(local(x), "there is no x")));
    Run run;
    Str lines = run_begin(&run, &test);
    CHECK_CONTAINS(lines, "failed {");
    CHECK_CONTAINS(lines, "there is no x");
    CHECK_CONTAINS(lines, "case.plan:3");
    run_end(&run);
}

/* A function that says its name, waits for the topics and says it again. */
static CoreFunction *make_waiter(Case *test, const char *name, int64_t topics, Core *until)
{
    CoreFunction *main_fn = test->fn, *fn = test->fn = make_fn(name, TYPE_UNIT);
    uint32_t late = var("late", type_of(TYPE_BOOL));
    Core *wait = node_of(CORE_WAIT, type_of(TYPE_BOOL), until, NULL, NULL);
    wait->number = topics;
    add(out(text(name)));
    add(set(late, wait));
    add(out(local(late)));
    add(out(text(name)));
    test->fn = main_fn;
    return fn;
}

static Core *spawn(CoreFunction *fn, uint32_t rank)
{
    Core *node = call(CORE_SPAWN, fn, type_of(TYPE_FIBER));
    node->index = rank;
    return node;
}

static Core *join(Core *fiber, bool quiet)
{
    Core *node = node_of(CORE_JOIN, type_of(TYPE_BOOL), fiber, NULL, NULL);
    node->flag = quiet;
    return node;
}

static void test_fibers_wait_and_are_woken(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *a = make_waiter(&test, "a", 0, scalar(TYPE_TIME, 5000));
    CoreFunction *b = make_waiter(&test, "b", 4, NULL);
    uint32_t first = var("first", type_of(TYPE_FIBER)), second = var("second", type_of(TYPE_FIBER));
    add(set(first, spawn(a, 2)));
    add(set(second, spawn(b, 1)));
    add(statement(CORE_DO, 0, join(local(first), false)));
    Core *notify = statement(CORE_NOTIFY, 0, NULL);
    notify->number = 6;
    add(notify);
    add(out(join(local(second), false)));
    Run run;
    Str lines = run_begin(&run, &test);
    CHECK_CONTAINS(lines, "out \"a\"");
    CHECK_CONTAINS(lines, "out \"b\"");
    if (run.vm) CHECK_INT(vm_next_deadline(run.vm), 5000);
    CHECK_STR_C(run_feed(&run, VM_TICK, 4999, 0, ""), "");
    CHECK_STR_C(run_feed(&run, VM_TICK, 5000, 0, ""),
                "out true\nout \"a\"\nout false\nout \"b\"\nout true\ndone null\n");
    run_end(&run);
}

static void test_optional_deadlines(void)
{
    Case test;
    case_begin(&test);
    const Type *maybe = type_optional(test.program.types, type_of(TYPE_TIME));
    uint32_t until = var("until", maybe);
    add(set(until, some(scalar(TYPE_TIME, 2000))));
    for (int i = 0; i < 2; i++) {
        Core *wait = node_of(CORE_WAIT, type_of(TYPE_BOOL), local(until), NULL, NULL);
        wait->number = 1;
        add(out(wait));
        add(set(until, none(maybe)));
    }
    Run run;
    CHECK_STR_C(run_begin(&run, &test), "");
    CHECK_STR_C(run_feed(&run, VM_TICK, 2000, 0, ""), "out true\n");
    if (run.vm) CHECK(vm_next_deadline(run.vm) == INT64_MAX);
    CHECK_STR_C(run_feed(&run, VM_SIGNAL, 3000, 0, "{\"kind\":\"ack\"}"), "out false\ndone null\n");
    run_end(&run);
}

static void test_signals(void)
{
    Case test;
    case_begin(&test);
    const Type *maybe = type_optional(test.program.types, type_of(TYPE_JSON));
    uint32_t signal = var("signal", maybe);
    Core *wait = node_of(CORE_WAIT, type_of(TYPE_BOOL), NULL, NULL, NULL);
    wait->number = 1;
    Core *got = node_of(CORE_IS_SOME, type_of(TYPE_BOOL), local(signal), NULL, NULL);
    Core *take =
        node_list(block(), set(signal, node_new(CORE_SIGNAL, maybe)),
                  when(got, statement(CORE_BREAK, 0, NULL), NULL), statement(CORE_DO, 0, wait), NULL);
    add(loop_of(take));
    add(out(value_of(local(signal), "")));
    Run run;
    CHECK_STR_C(run_begin(&run, &test), "");
    CHECK_STR_C(run_feed(&run, VM_SIGNAL, 1500, 0, "{\"kind\":\"ack\",\"by\":\"oncall\"}"),
                "out {\"kind\":\"ack\",\"by\":\"oncall\"}\ndone null\n");
    run_end(&run);
}

static Core *effect(const char *op, EffectClass effect_class, Core *args, const Type *type)
{
    Core *node = node_of(CORE_EFFECT, type, args, NULL, NULL);
    node->text = str_from_c(op);
    node->index = effect_class;
    return node;
}

static void test_effects_and_steps(void)
{
    Case test;
    case_begin(&test);
    TypeField fields[] = {{.name = STR("ok"), .type = type_of(TYPE_BOOL)},
                          {.name = STR("out"), .type = type_of(TYPE_STRING)},
                          {.name = STR("exit"), .type = type_of(TYPE_INT)}};
    const Type *result = type_record(test.program.types, STR("Result"), fields, 3, NULL);
    uint32_t r = var("r", result);
    Core *args = node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("sh"), json_of(text("ls")), NULL);
    add(statement(CORE_STEP, 0, text("Look")));
    add(set(r, effect("command", EFFECT_LOOK, args, result)));
    add(out(field(local(r), "out")));
    add(out(field(local(r), "exit")));
    add(statement(CORE_DO, 0, effect("terminal", EFFECT_NOTIFY, local(r), type_of(TYPE_JSON))));
    Core *known = node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("say \"x\""), json_of(num(-7)), text("none"),
                            json_of(none(type_optional(test.program.types, type_of(TYPE_STRING)))), text("empty"),
                            node_new(CORE_OBJECT, type_of(TYPE_JSON)), NULL);
    Core *twice = node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("a"), text("1"), text("a"), text("2"), NULL);
    Core *mixed = node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("exit"), json_of(field(local(r), "exit")), text("known"),
                            known, text("out"), field(local(r), "out"), text("ok"), json_of(field(local(r), "ok")),
                            text("twice"), twice, NULL);
    add(statement(CORE_DO, 0, effect("http", EFFECT_LOOK, mixed, type_of(TYPE_JSON))));
    add(statement(CORE_DO, 0, effect("call", EFFECT_LOOK, NULL, type_of(TYPE_JSON))));
    Run run;
    CHECK_STR_C(run_begin(&run, &test), "effect 1 command look {\"sh\":\"ls\"} Look\n");
    CHECK_STR_C(
        run_feed(&run, VM_RESULT, 1100, 1, "{\"ok\":true,\"out\":\"files\",\"exit\":3}"),
        "out \"files\"\nout 3\neffect 2 terminal notify {\"ok\":true,\"out\":\"files\",\"exit\":3} Look\n");
    CHECK_STR_C(run_feed(&run, VM_RESULT, 1200, 2, "null"),
                "effect 3 http look {\"exit\":3,\"known\":{\"say \\\"x\\\"\":-7,\"none\":null,\"empty\":{}},"
                "\"out\":\"files\",\"ok\":true,\"twice\":{\"a\":\"2\"}} Look\n");
    CHECK_STR_C(run_feed(&run, VM_RESULT, 1300, 3, "null"), "effect 4 call look null Look\n");
    CHECK_STR_C(run_feed(&run, VM_RESULT, 1400, 4, "null"), "done null\n");
    run_end(&run);
}

/* More holes than a form has, and a list of more items than stand in its text. */
static void test_large_marks(void)
{
    enum { MEMBERS = 40, ITEMS = 20 };
    Case test;
    case_begin(&test);
    uint32_t s = var("s", type_of(TYPE_STRING)), n = var("n", type_of(TYPE_INT));
    add(set(s, text("x")));
    add(set(n, num(7)));
    Core *object = node_new(CORE_OBJECT, type_of(TYPE_JSON));
    Buffer expected = {0};
    buffer_add_c(&expected, "out {");
    for (int i = 0; i < MEMBERS; i++) {
        char name[8];
        snprintf(name, sizeof name, "m%d", i);
        Core *key = text("");
        key->text = arena_copy(test.program.arena, str_from_c(name));
        core_append(object, key);
        core_append(object, local(s));
        buffer_printf(&expected, "%s\"%s\":\"x\"", i ? "," : "", name);
    }
    add(out(object));
    Core *list = node_new(CORE_LIST, type_list(test.program.types, type_of(TYPE_INT)));
    buffer_add_c(&expected, "}\nout {\"few\":[7,1],\"many\":[");
    for (int i = 0; i < ITEMS; i++) {
        core_append(list, local(n));
        buffer_add_c(&expected, i ? ",7" : "7");
    }
    Core *few = node_list(node_new(CORE_LIST, list->type), local(n), num(1), NULL);
    add(out(node_list(node_new(CORE_OBJECT, type_of(TYPE_JSON)), text("few"), json_of(few), text("many"), json_of(list), NULL)));
    buffer_add_c(&expected, "]}\ndone null\n");
    RUN_CHECK(&test, expected.data);
    buffer_free(&expected);
}

/* A fiber that asks for an effect; on cancelling it says so and lets the cancelling go on. */
static CoreFunction *make_always(Case *test)
{
    CoreFunction *main_fn = test->fn, *fn = test->fn = make_fn("always", TYPE_UNIT);
    uint32_t error = var("error", type_of(TYPE_ERROR));
    Core *work = statement(CORE_DO, 0, effect("http", EFFECT_LOOK, json_of(text("u")), type_of(TYPE_JSON)));
    Core *clean = in_block(out(text("always")), statement(CORE_RAISE, 0, local(error)));
    add(attempt(work, error, clean, true));
    add(out(text("not here")));
    test->fn = main_fn;
    return fn;
}

static void test_cancelling(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *always = make_always(&test);
    const Type *maybe = type_optional(test.program.types, type_of(TYPE_FIBER));
    uint32_t fiber = var("fiber", maybe);
    add(statement(CORE_CANCEL, 0, none(maybe)));
    add(set(fiber, some(spawn(always, 0))));
    Core *wait = node_of(CORE_WAIT, type_of(TYPE_BOOL), scalar(TYPE_TIME, 2000), NULL, NULL);
    add(statement(CORE_DO, 0, wait));
    add(statement(CORE_CANCEL, 0, local(fiber)));
    add(out(join(value_of(local(fiber), ""), true)));
    Run run;
    CHECK_STR_C(run_begin(&run, &test), "effect 1 http look \"u\" \n");
    Str lines = run_feed(&run, VM_TICK, 2000, 0, "");
    CHECK_CONTAINS(lines, "cancel 1\n");
    CHECK_CONTAINS(lines, "out \"always\"\n");
    CHECK_CONTAINS(lines, "out false\ndone null\n");
    CHECK(str_find(lines, STR("not here")) < 0);
    run_end(&run);
}

static void test_a_failed_fiber_fails_who_joins_it(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *main_fn = test.fn, *fails = test.fn = make_fn("fails", TYPE_UNIT);
    uint32_t why = param(fails, "why", type_of(TYPE_STRING)),
             times = param(fails, "times", type_of(TYPE_INT));
    add(out(local(times)));
    add(statement(CORE_FAIL, 0, local(why)));
    test.fn = main_fn;
    uint32_t fiber = var("fiber", type_of(TYPE_FIBER)), error = var("error", type_of(TYPE_ERROR));
    add(set(fiber, node_list(spawn(fails, 0), text("broken"), num(3), NULL)));
    add(out(join(local(fiber), true)));
    add(attempt(statement(CORE_DO, 0, join(local(fiber), false)), error, out(error_text(error)), false));
    RUN_CHECK(&test, "out 3\nout false\nout \"broken\"\ndone null\n");
}

static void test_calls_of_units(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *main_fn = test.fn, *twice = test.fn = make_fn("twice", TYPE_UNIT);
    uint32_t f = param(twice, "f", type_fn(test.program.types, NULL, 0, type_of(TYPE_UNIT)));
    for (int i = 0; i < 2; i++) {
        add(statement(CORE_DO, 0, node_of(CORE_CALL_VALUE, type_of(TYPE_UNIT), local(f), NULL, NULL)));
    }
    CoreFunction *hello = test.fn = make_fn("hello", TYPE_UNIT);
    uint32_t name = param(hello, "name", type_of(TYPE_STRING));
    add(out(local(name)));
    CoreFunction *nothing = test.fn = make_fn("nothing", TYPE_UNIT);
    test.fn = main_fn;
    const Type *fn_type = twice->locals.items[f].type;
    Core *closure = node_list(call(CORE_CLOSURE, hello, fn_type), text("hi"), NULL);
    add(statement(CORE_DO, 0, node_list(call(CORE_CALL, twice, type_of(TYPE_UNIT)), closure, NULL)));
    add(call_unit(nothing));
    RUN_CHECK(&test, "out \"hi\"\nout \"hi\"\ndone null\n");
}

static void test_start_arguments(void)
{
    Case test;
    case_begin(&test);
    add(out(builtin(BUILTIN_START_ARGS, type_of(TYPE_JSON))));
    RUN_CHECK(&test, "out {\"plan\":\"main\"}\ndone null\n");
}

int main(void)
{
    test_loops();
    test_counting_loops();
    test_branches_and_returns();
    test_failures_are_caught();
    test_uncaught_failures_say_where();
    test_fibers_wait_and_are_woken();
    test_optional_deadlines();
    test_signals();
    test_effects_and_steps();
    test_large_marks();
    test_cancelling();
    test_a_failed_fiber_fails_who_joins_it();
    test_calls_of_units();
    test_start_arguments();
    run_check_kinds(CORE_EFFECT, CORE_SIGNAL);
    run_check_kinds(CORE_BLOCK, CORE_SET_LOCAL);
    run_check_kinds(CORE_IF, CORE_STEP);
    return check_done();
}
