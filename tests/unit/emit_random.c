/* Programs made by chance do in the machine what a reader of core would say that they do: a small evaluator
 * walks the same core, and both must put out the same. Finds what shares a register that it must not, and
 * what folding changes. */
#include "compiler/lower/fold.h"
#include "tests/unit/emit_run.h"

#ifndef LOCALS
#define LOCALS 120
#define KEPT 4
#endif

enum { PROGRAMS = 400, LOOPS = 3, DEPTH = 4 };

/* ---- making ---- */

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(chance_state >> 33) % below;
}

typedef struct Maker {
    bool assigned[LOCALS]; /* on every way to this place */
    uint32_t next;         /* local that was never used */
    int in_loops, in_try;
} Maker;

static Maker maker;
static uint32_t first_text; /* locals from here on are texts, those before numbers */

static Core *make_number(int depth);
static Core *make_block(int depth);

static bool is_text(uint32_t index)
{
    return index >= first_text && index < LOCALS;
}

/* One that may be read; the first ones of both types always may. */
static uint32_t readable(bool wants_text)
{
    for (int tries = 0; tries < 8; tries++) {
        uint32_t index = chance(LOCALS);
        if (maker.assigned[index] && is_text(index) == wants_text) return index;
    }
    return wants_text ? first_text : 0;
}

static Core *make_text(int depth)
{
    static const char *const words[] = {"", "a", "b", "ab", "zz"};
    switch (chance(depth > 0 ? 4 : 2)) {
    case 0: return text(words[chance(5)]);
    case 2:
        return node_of(CORE_CHOOSE, type_of(TYPE_STRING), binary(CORE_LT, make_number(depth - 1), num(3)),
                       make_text(depth - 1), make_text(depth - 1));
    default: return local(readable(true));
    }
}

static Core *make_condition(int depth)
{
    CoreOperator op = (CoreOperator)(CORE_EQ + chance(6));
    switch (chance(depth > 0 ? 6 : 2)) {
    case 0: return binary(op, local(readable(false)), num(chance(7)));
    case 1: return binary(op, local(readable(false)), local(readable(false)));
    case 2: return binary(op, make_text(depth - 1), make_text(depth - 1));
    case 3: return unary(CORE_NOT, make_condition(depth - 1));
    default:
        return node_of(chance(2) ? CORE_AND : CORE_OR, type_of(TYPE_BOOL), make_condition(depth - 1),
                       make_condition(depth - 1), NULL);
    }
}

static Core *make_set(int depth)
{
    bool wants_text = chance(3) == 0;
    uint32_t index = readable(wants_text);
    if (!wants_text && chance(2) && maker.next < first_text) index = maker.next++;
    if (wants_text && chance(2)) index = first_text + KEPT + chance(LOCALS - first_text - KEPT);
    if (index >= 1 && index <= LOOPS) index = 0; /* those count the loops */
    Core *value = wants_text ? make_text(depth) : make_number(depth);
    maker.assigned[index] = true;
    return set(index, value);
}

static Core *make_number(int depth)
{
    switch (chance(depth > 0 ? 7 : 2)) {
    case 0: return num((int64_t)chance(9) - 2);
    case 2:
        return binary((CoreOperator)(CORE_ADD + chance(3)), make_number(depth - 1), make_number(depth - 1));
    case 3: return binary(CORE_MOD, make_number(depth - 1), num(1 + chance(5)));
    case 4:
        return node_of(CORE_CHOOSE, type_of(TYPE_INT), make_condition(depth - 1), make_number(depth - 1),
                       make_number(depth - 1));
    case 5: {
        Maker before = maker;
        Core *sequence = node_new(CORE_SEQUENCE, type_of(TYPE_INT));
        for (unsigned i = chance(3); i > 0; i--)
            core_append(sequence, make_set(depth - 1));
        sequence->a = make_number(depth - 1);
        before.next = maker.next;
        maker = before; /* it may stand where it is not always evaluated */
        return sequence;
    }
    default: return local(readable(false));
    }
}

/* Goes round at most three times: the counter is one of the first locals, for each depth its own; that of a counting loop
 * is known in the loop only. */
static Core *make_loop(int depth)
{
    bool counts = chance(2);
    uint32_t counter = counts ? var("counter", type_of(TYPE_INT)) : (uint32_t)(1 + maker.in_loops);
    Core *whole = block(), *over = binary(CORE_GE, local(counter), num(3));
    if (!counts) core_append(whole, set(counter, num(0)));
    maker.in_loops++;
    Core *body = block();
    if (!counts) {
        node_list(body, when(over, statement(CORE_BREAK, 0, NULL), NULL),
                  set(counter, binary(CORE_ADD, local(counter), num(1))), NULL);
    } else {
        core_append(body, out(local(counter)));
    }
    core_append(body, make_block(depth - 1));
    if (chance(3) == 0) {
        Core *leave =
            statement(chance(2) ? CORE_BREAK : CORE_CONTINUE, chance((unsigned)maker.in_loops), NULL);
        core_append(body, when(make_condition(1), leave, NULL));
    }
    core_append(body, make_block(depth - 1));
    maker.in_loops--;
    core_append(whole, counts ? count_of(counter, num((int64_t)chance(3)), num((int64_t)chance(4)), body) : loop_of(body));
    return whole;
}

static Core *make_try(int depth)
{
    uint32_t error = var("error", type_of(TYPE_ERROR));
    maker.in_try++;
    Core *body = make_block(depth - 1);
    maker.in_try--;
    Core *handler = node_list(block(), out(error_text(error)), make_block(depth - 1), NULL);
    return attempt(body, error, handler, false);
}

static Core *make_statement(int depth)
{
    switch (chance(depth > 0 ? 8 : 3)) {
    case 0: return out(make_number(depth));
    case 1: return out(make_text(depth));
    case 3: return when(make_condition(2), make_block(depth - 1), chance(2) ? make_block(depth - 1) : NULL);
    case 4: return maker.in_loops < LOOPS ? make_loop(depth) : out(num(1));
    case 5: return make_try(depth);
    case 6:
        if (maker.in_try == 0) return out(num(2));
        return when(make_condition(1), statement(CORE_FAIL, 0, make_text(1)), NULL);
    default: return make_set(depth);
    }
}

static Core *make_block(int depth)
{
    Maker before = maker;
    Core *made = block();
    for (unsigned i = 1 + chance(5); i > 0; i--)
        core_append(made, make_statement(depth));
    before.next = maker.next;
    maker = before;
    return made;
}

static void make_program(void)
{
    maker = (Maker){.next = KEPT};
    first_text = LOCALS - LOCALS / 3;
    for (uint32_t i = 0; i < LOCALS; i++)
        var("v", type_of(is_text(i) ? TYPE_STRING : TYPE_INT));
    for (uint32_t i = 0; i < KEPT; i++) {
        add(set(i, num(i)));
        add(set(first_text + i, text("t")));
        maker.assigned[i] = maker.assigned[first_text + i] = true;
    }
    add(make_block(DEPTH));
    for (uint32_t i = 0; i < KEPT; i++)
        add(out(local(i)));
}

/* ---- reading ---- */

typedef enum Way { WAY_ON, WAY_BREAK, WAY_CONTINUE, WAY_FAIL } Way;

typedef struct Reader {
    int64_t numbers[LOCALS * 4];
    Str texts[LOCALS * 4];
    Way way; /* how the last statement ended */
    uint32_t loops;
    Str reason;
    Buffer lines;
} Reader;

static Reader reader;

static void read_statement(const Core *node);
static int64_t read_number(const Core *node);

static Str read_text(const Core *node)
{
    switch (node->kind) {
    case CORE_STRING: return node->text;
    case CORE_LOCAL: return reader.texts[node->index];
    case CORE_CHOOSE: return read_text(read_number(node->a) ? node->b : node->c);
    default: return reader.reason; /* the text of the error that is being handled */
    }
}

static int64_t read_binary(const Core *node)
{
    bool texts = node->a->type->kind == TYPE_STRING;
    int64_t a = texts ? str_compare(read_text(node->a), read_text(node->b)) : read_number(node->a);
    int64_t b = texts ? 0 : read_number(node->b);
    switch (node->op) {
    case CORE_ADD: return a + b;
    case CORE_SUB: return a - b;
    case CORE_MUL: return a * b;
    case CORE_MOD: return a % b;
    case CORE_EQ: return a == b;
    case CORE_NE: return a != b;
    case CORE_LT: return a < b;
    case CORE_LE: return a <= b;
    case CORE_GT: return a > b;
    default: return a >= b;
    }
}

static int64_t read_number(const Core *node)
{
    switch (node->kind) {
    case CORE_INT: return node->number;
    case CORE_LOCAL: return reader.numbers[node->index];
    case CORE_UNARY: return !read_number(node->a);
    case CORE_BINARY: return read_binary(node);
    case CORE_AND: return read_number(node->a) && read_number(node->b);
    case CORE_OR: return read_number(node->a) || read_number(node->b);
    case CORE_CHOOSE: return read_number(read_number(node->a) ? node->b : node->c);
    default:
        for (const Core *item = node->list.first; item; item = item->next)
            read_statement(item);
        return read_number(node->a);
    }
}

/* One round; false: the loop ends. */
static bool read_round(const Core *node)
{
    read_statement(node->b);
    if (reader.way == WAY_FAIL) return false;
    if (reader.way != WAY_ON && reader.loops > 0) {
        reader.loops--;
        return false;
    }
    bool ends = reader.way == WAY_BREAK;
    reader.way = WAY_ON;
    return !ends;
}

static void read_loop(const Core *node)
{
    while (read_round(node)) {}
}

static void read_count(const Core *node)
{
    int64_t end = read_number(node->c);
    for (int64_t i = read_number(node->a); i < end; i++) {
        reader.numbers[node->index] = i;
        if (!read_round(node)) return;
    }
}

static void read_mark(const Core *json)
{
    const Core *value = json->a;
    if (value->type->kind == TYPE_STRING) {
        Str shown = read_text(value);
        buffer_printf(&reader.lines, "out \"%.*s\"\n", STR_ARG(shown));
    } else {
        buffer_printf(&reader.lines, "out %lld\n", (long long)read_number(value));
    }
}

static void read_set(const Core *node)
{
    if (node->a->type->kind == TYPE_STRING)
        reader.texts[node->index] = read_text(node->a);
    else
        reader.numbers[node->index] = read_number(node->a);
}

static void read_statement(const Core *node)
{
    switch (node->kind) {
    case CORE_BLOCK:
        for (const Core *item = node->list.first; item && reader.way == WAY_ON; item = item->next) {
            read_statement(item);
        }
        break;
    case CORE_IF:
        if (read_number(node->a))
            read_statement(node->b);
        else if (node->c)
            read_statement(node->c);
        break;
    case CORE_LOOP: read_loop(node); break;
    case CORE_COUNT: read_count(node); break;
    case CORE_BREAK:
    case CORE_CONTINUE:
        reader.way = node->kind == CORE_BREAK ? WAY_BREAK : WAY_CONTINUE;
        reader.loops = node->index;
        break;
    case CORE_FAIL:
        reader.reason = read_text(node->a);
        reader.way = WAY_FAIL;
        break;
    case CORE_TRY:
        read_statement(node->b);
        if (reader.way != WAY_FAIL) break;
        reader.way = WAY_ON;
        read_statement(node->c);
        break;
    case CORE_EMIT: read_mark(node->a); break;
    default: read_set(node); break;
    }
}

static bool test_one(uint64_t seed, bool folds)
{
    Case test;
    Run run;
    chance_state = seed;
    case_begin(&test);
    make_program();
    buffer_clear(&reader.lines);
    reader.way = WAY_ON;
    read_statement(test.fn->body);
    buffer_add_c(&reader.lines, "done null\n");
    if (folds) core_fold(&test.program);
    bool same = CHECK_STR(run_begin(&run, &test), buffer_str(&reader.lines));
    if (!same) fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    run_end(&run);
    return same;
}

int main(void)
{
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        if (!test_one(seed, false) || !test_one(seed, true)) break;
    }
    buffer_free(&reader.lines);
    return check_done();
}
