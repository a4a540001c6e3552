/* What compiler/emit puts into an image: registers, jumps, lines, tables, and what it leaves out. Nothing
 * runs here. */
#include "tests/unit/emit_case.h"

static Buffer listing;

static Str disassembled(Case *test)
{
    buffer_clear(&listing);
    if (case_open(test)) image_disassemble(&test->image, NULL, NULL, &listing);
    return buffer_str(&listing);
}

static size_t occurrences(Str where, const char *what)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = str_find(where, str_from_c(what))) >= 0; count++) {
        where = str_slice(where, (size_t)at + 1, where.len);
    }
    return count;
}

static void test_unreached_functions_are_left_out(void)
{
    Case test;
    case_begin(&test);
    CoreFunction *used = make_fn("used", TYPE_UNIT);
    make_fn("unused", TYPE_UNIT);
    add(statement(CORE_DO, 0, call(CORE_CALL, used, type_of(TYPE_UNIT))));
    CHECK(str_find(disassembled(&test), STR("unused")) < 0);
    CHECK_INT(test.image.function_count, 2);
    uint32_t function;
    CHECK(image_find_entry(&test.image, STR("main"), &function));
    CHECK(!image_find_entry(&test.image, STR("used"), &function));
    case_end(&test);
}

static void test_comparisons_are_part_of_jumps(void)
{
    Case test;
    case_begin(&test);
    uint32_t i = var("i", type_of(TYPE_INT));
    add(set(i, num(0)));
    Core *body = block(), *stop = statement(CORE_BREAK, 0, NULL);
    node_list(body, when(binary(CORE_GE, local(i), num(10)), stop, NULL),
              set(i, binary(CORE_ADD, local(i), num(1))), NULL);
    add(loop_of(body));
    Str found = disassembled(&test);
    CHECK_CONTAINS(found, "if.gt.i");
    CHECK_CONTAINS(found, "add.i");
    CHECK_INT((int64_t)occurrences(found, "move"), 0);
    CHECK(test.image.code_count <= 5);
    case_end(&test);
}

static void test_dead_code_is_not_put(void)
{
    Case test;
    case_begin(&test);
    add(when(truth(false), out(text("never")), out(text("always"))));
    add(statement(CORE_RETURN, 0, NULL));
    add(out(text("after")));
    Str found = disassembled(&test);
    CHECK_CONTAINS(found, "always");
    CHECK(str_find(found, STR("never")) < 0);
    CHECK(str_find(found, STR("after")) < 0);
    case_end(&test);
}

static void test_lines_follow_the_spans(void)
{
    Case test;
    case_begin(&test);
    test.span = (Span){0, 4, 7};
    add(out(num(1)));
    test.span = (Span){0, 8, 13};
    add(out(num(2)));
    Str found = disassembled(&test);
    (void)found;
    bool second = false, third = false;
    for (uint32_t pc = 0; pc < test.image.code_count; pc++) {
        const ImageLine *line = image_line_at(&test.image, pc);
        if (line && line->line == 2 && line->offset == 4) second = true;
        if (line && line->line == 3 && line->offset == 8) third = true;
    }
    CHECK(second && third);
    CHECK_INT(test.image.file_count, 1);
    CHECK_STR_C(image_string(&test.image, test.image.files[0].name), "case.plan");
    case_end(&test);
}

static void test_the_same_program_gives_the_same_bytes(void)
{
    Case first, second;
    case_begin(&first);
    add(out(text("a")));
    add(out(real(1.5)));
    CHECK(case_open(&first));
    case_begin(&second);
    add(out(text("a")));
    add(out(real(1.5)));
    CHECK(case_open(&second));
    CHECK(str_equal(buffer_str(&first.bytes), buffer_str(&second.bytes)));
    case_end(&first);
    case_end(&second);
}

static void test_a_record_may_hold_itself(void)
{
    Case test;
    case_begin(&test);
    TypeTable *types = test.program.types;
    const Type *node = type_record(types, STR("Node"), NULL, 0, NULL);
    TypeField fields[] = {{.name = STR("size"), .type = type_of(TYPE_INT)},
                          {.name = STR("next"), .type = type_optional(types, node)},
                          {.name = STR("all"), .type = type_list(types, node)}};
    type_set_fields(types, node, fields, 3);
    Core *all = node_new(CORE_LIST, fields[2].type);
    Core *made = node_list(node_new(CORE_RECORD, node), num(1), none(fields[1].type), all, NULL);
    add(out(made));
    CHECK_CONTAINS(disassembled(&test), "Node");
    case_end(&test);
}

static void test_metadata_and_globals_go_along(void)
{
    Case test;
    case_begin(&test);
    test.program.metadata = STR("{\"plans\":[]}");
    core_global(&test.program, STR("phase"), type_of(TYPE_STRING));
    core_global(&test.program, STR("count"), type_of(TYPE_INT));
    core_global(&test.program, STR("severity"), type_of(TYPE_INT));
    add(statement(CORE_SET_GLOBAL, 2, num(7)));
    CHECK(case_open(&test));
    CHECK_STR_C(test.image.metadata, "{\"plans\":[]}");
    CHECK_INT(test.image.global_scalars, 2);
    CHECK_INT(test.image.global_refs, 1);
    case_end(&test);
}

static void test_too_many_registers_are_a_clear_error(void)
{
    Case test;
    case_begin(&test);
    for (int i = 0; i < 300; i++) {
        uint32_t index = var("x", type_of(TYPE_INT));
        add(set(index, num(i)));
    }
    Core *sum = num(0);
    for (uint32_t i = 0; i < 300; i++)
        sum = binary(CORE_SUB, local(i), sum); /* all are begun before the first is done */
    add(out(sum));
    Error error = {0};
    CHECK(!emit_image(&test.program, &test.bytes, &error));
    CHECK_CONTAINS(str_from_c(error.text), "`main` needs more than 256 registers");
    case_end(&test);
}

static void test_dump_reads_like_the_program(void)
{
    Case test;
    case_begin(&test);
    uint32_t i = var("i", type_of(TYPE_INT));
    add(set(i, num(3)));
    add(when(binary(CORE_LT, local(i), num(4)), out(local(i)), NULL));
    Buffer dump = {0};
    core_dump(&test.program, &dump);
    CHECK_STR_C(buffer_str(&dump), "\nentry fn main()\n    var i%0: int\n    i%0 = 3\n    if (i%0 < 4)\n"
                                   "        emit out to_json(i%0)\n");
    buffer_free(&dump);
    case_end(&test);
}

/* 300 locals, each used only beside where it is set; one that lives through all of them, one through a loop.
 */
static void test_locals_share_registers(void)
{
    Case test;
    case_begin(&test);
    uint32_t all = var("all", type_of(TYPE_INT));
    add(set(all, num(1)));
    for (int i = 0; i < 300; i++) {
        uint32_t index = var("x", type_of(TYPE_INT));
        add(set(index, num(i)));
        add(set(all, binary(CORE_ADD, local(all), local(index))));
    }
    CHECK(case_open(&test));
    CHECK_INT(test.image.functions[0].scalars, 2);
    case_end(&test);
}

static void test_locals_live_through_loops(void)
{
    Case test;
    case_begin(&test);
    uint32_t kept = var("kept", type_of(TYPE_INT)), inner = var("inner", type_of(TYPE_INT));
    uint32_t maybe = var("maybe", type_of(TYPE_INT)), after = var("after", type_of(TYPE_INT));
    add(set(kept, num(1)));
    Core *body = node_list(block(), out(local(kept)), set(inner, num(2)), out(local(inner)), NULL);
    add(loop_of(node_list(body, when(binary(CORE_EQ, local(inner), num(3)), set(maybe, num(5)), NULL),
                          when(binary(CORE_EQ, local(maybe), num(4)), statement(CORE_BREAK, 0, NULL), NULL),
                          NULL)));
    add(set(after, num(6)));
    add(out(local(after)));
    Str found = disassembled(&test);
    /* maybe is not set on every path and lives through the whole loop, beside inner; kept and after meet nobody. */
    CHECK_CONTAINS(found, "int            S0, 1\n");
    CHECK_CONTAINS(found, "int            S2, 2\n");
    CHECK_CONTAINS(found, "int            S1, 5\n");
    CHECK_CONTAINS(found, "int            S0, 6\n");
    case_end(&test);
}

int main(void)
{
    test_unreached_functions_are_left_out();
    test_comparisons_are_part_of_jumps();
    test_dead_code_is_not_put();
    test_lines_follow_the_spans();
    test_the_same_program_gives_the_same_bytes();
    test_a_record_may_hold_itself();
    test_metadata_and_globals_go_along();
    test_too_many_registers_are_a_clear_error();
    test_locals_share_registers();
    test_locals_live_through_loops();
    test_dump_reads_like_the_program();
    buffer_free(&listing);
    return check_done();
}
