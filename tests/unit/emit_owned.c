/* Values stay values although they are changed in place: programs made by chance copy, change and pass on lists,
 * maps and records, a model in C does the same with real copies, and both must say the same after every step. A
 * second test changes a long list so often that the copies would be too much work for one turn. */
#include "tests/unit/emit_run.h"

enum { PROGRAMS = 300, STEPS = 24, ROUNDS = 3, LISTS = 5, LOCAL_LISTS = 3, MOST = 256, KEYS = 4 };

typedef struct List {
    int64_t items[MOST];
    unsigned count;
} List;

typedef struct Row { /* record { number: int, list: [int] } */
    int64_t number;
    List list;
} Row;

static struct {
    List lists[LISTS]; /* the last two are globals */
    List nest[3];
    Row rows[2];
    int64_t maps[2][KEYS];
} model;

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(chance_state >> 33) % below;
}

typedef struct Step {
    unsigned kind, x, y, i, j;
    int64_t v;
} Step;

enum {
    PUT, APPEND, COPY, LITERAL, PUT_FROM, CALL, PUT_CALLED, NEST_IN, NEST_OUT, NEST_PUT, ROW_IN, ROW_OUT, ROW_PUT,
    ROW_NUMBER, ROW_COPY, MAP_PUT, MAP_COPY, TAKE, EITHER, STEP_KINDS
};

/* ---- the program ---- */

static uint32_t nest_local, row_locals[2], map_locals[2], round_local;
static const Type *list_type, *row_type;
static CoreFunction *changer, *meddler;
static const char *const keys[KEYS] = {"a", "b", "c", "d"};

static Core *list_read(unsigned x)
{
    return x < LOCAL_LISTS ? local(x) : global(x - LOCAL_LISTS);
}

static Core *list_set(unsigned x, Core *value)
{
    return x < LOCAL_LISTS ? set(x, value) : statement(CORE_SET_GLOBAL, x - LOCAL_LISTS, value);
}

static Core *item_of(Core *list, unsigned i)
{
    return value_of(node_of(CORE_GET_ITEM, type_optional(now_testing->program.types, list->type->element), list,
                            num(i), NULL), "");
}

static Core *with(Core *whole, Core *key, Core *value)
{
    return node_of(CORE_WITH_ITEM, whole->type, whole, key, value);
}

static Core *with_field(Core *record, uint32_t index, Core *value)
{
    Core *node = node_of(CORE_WITH_FIELD, record->type, record, value, NULL);
    node->index = index;
    return node;
}

static Core *three(int64_t v)
{
    return node_list(node_new(CORE_LIST, list_type), num(v), num(v + 1), num(v + 2), NULL);
}

static Core *make_step(const Step *s)
{
    Core *x = list_read(s->x), *y = list_read(s->y), *row = local(row_locals[s->x % 2]);
    switch (s->kind) {
    case PUT: return list_set(s->x, with(x, num(s->i), num(s->v)));
    case APPEND: return list_set(s->x, node_of(CORE_APPEND, list_type, x, num(s->v), NULL));
    case COPY: return list_set(s->x, y);
    case LITERAL: return list_set(s->x, three(s->v));
    case PUT_FROM: return list_set(s->x, with(x, num(s->i), item_of(y, s->j)));
    case CALL: return list_set(s->x, node_list(call(CORE_CALL, changer, list_type), y, NULL));
    case PUT_CALLED: return list_set(s->x, with(x, num(s->i), call(CORE_CALL, meddler, type_of(TYPE_INT))));
    case NEST_IN: return set(nest_local, with(local(nest_local), num(s->i), y));
    case NEST_OUT: return list_set(s->x, item_of(local(nest_local), s->i));
    case NEST_PUT:
        return set(nest_local, with(local(nest_local), num(s->i),
                                    with(item_of(local(nest_local), s->i), num(s->j), num(s->v))));
    case ROW_IN: return set(row_locals[s->x % 2], with_field(row, 1, y));
    case ROW_OUT: return list_set(s->y, field(row, "list"));
    case ROW_PUT:
        return set(row_locals[s->x % 2],
                   with_field(row, 1, with(field(local(row_locals[s->x % 2]), "list"), num(s->i), num(s->v))));
    case ROW_NUMBER: return set(row_locals[s->x % 2], with_field(row, 0, num(s->v)));
    case ROW_COPY: return set(row_locals[s->x % 2], local(row_locals[1 - s->x % 2]));
    case MAP_PUT: return set(map_locals[s->x % 2], with(local(map_locals[s->x % 2]), text(keys[s->i]), num(s->v)));
    case MAP_COPY: return set(map_locals[s->x % 2], local(map_locals[1 - s->x % 2]));
    case TAKE: return list_set(s->x, node_list(builtin(BUILTIN_LIST_TAKE, list_type), y, num(3), NULL));
    default:
        return list_set(s->x, node_of(CORE_CHOOSE, list_type, binary(CORE_EQ, local(round_local), num(1)),
                                      with(x, num(s->i), num(s->v)), y));
    }
}

static void add_all(Core *body)
{
    for (unsigned x = 0; x < LISTS; x++)
        core_append(body, out(list_read(x)));
    core_append(body, out(local(nest_local)));
    for (unsigned i = 0; i < 2; i++) {
        core_append(body, out(local(row_locals[i])));
        core_append(body, out(local(map_locals[i])));
    }
}

/* changer(p): p[0] = 50; p += 60; gives p. meddler(): changes the first global and gives 70. */
static void make_functions(void)
{
    CoreFunction *main = now_testing->fn;
    now_testing->fn = changer = core_function(&now_testing->program, STR("changer"), list_type, now_testing->span);
    changer->body = block();
    uint32_t p = param(changer, "p", list_type);
    add(set(p, with(local(p), num(0), num(50))));
    add(set(p, node_of(CORE_APPEND, list_type, local(p), num(60), NULL)));
    add(statement(CORE_RETURN, 0, local(p)));
    now_testing->fn = meddler = make_fn("meddler", TYPE_INT);
    add(statement(CORE_SET_GLOBAL, 0, with(global(0), num(1), num(80))));
    add(statement(CORE_RETURN, 0, num(70)));
    now_testing->fn = main;
}

static void make_variables(void)
{
    TypeTable *types = now_testing->program.types;
    list_type = type_list(types, type_of(TYPE_INT));
    for (unsigned x = 0; x < LISTS; x++) {
        if (x < LOCAL_LISTS)
            var("list", list_type);
        else
            core_global(&now_testing->program, STR("shared"), list_type);
    }
    round_local = var("round", type_of(TYPE_INT));
    nest_local = var("nest", type_list(types, list_type));
    TypeField fields[] = {{.name = STR("number"), .type = type_of(TYPE_INT)}, {.name = STR("list"), .type = list_type}};
    row_type = type_record(types, STR("Row"), fields, 2, NULL);
    for (unsigned i = 0; i < 2; i++) {
        row_locals[i] = var("row", row_type);
        map_locals[i] = var("map", type_map(types, type_of(TYPE_INT)));
    }
    for (unsigned x = 0; x < LISTS; x++)
        add(list_set(x, three(x)));
    add(set(nest_local, node_list(node_new(CORE_LIST, type_list(types, list_type)), three(20), three(30), three(40), NULL)));
    for (unsigned i = 0; i < 2; i++) {
        add(set(row_locals[i], node_list(node_new(CORE_RECORD, row_type), num(i), three(10), NULL)));
        Core *map = node_new(CORE_MAP, type_map(types, type_of(TYPE_INT)));
        for (unsigned k = 0; k < KEYS; k++)
            node_list(map, text(keys[k]), num(k), NULL);
        add(set(map_locals[i], map));
    }
}

static void make_program(const Step *steps)
{
    make_variables();
    make_functions();
    Core *body = block();
    add(set(round_local, num(0)));
    node_list(body, when(binary(CORE_GE, local(round_local), num(ROUNDS)), statement(CORE_BREAK, 0, NULL), NULL), NULL);
    for (unsigned i = 0; i < STEPS; i++) {
        core_append(body, make_step(&steps[i]));
        add_all(body);
    }
    core_append(body, set(round_local, binary(CORE_ADD, local(round_local), num(1))));
    add(loop_of(body));
}

/* ---- the model ---- */

static void list_push(List *list, int64_t v)
{
    if (CHECK(list->count < MOST)) list->items[list->count++] = v;
}

static List list_three(int64_t v)
{
    return (List){{v, v + 1, v + 2}, 3};
}

static void model_step(const Step *s, unsigned round)
{
    List *x = &model.lists[s->x], *y = &model.lists[s->y];
    Row *row = &model.rows[s->x % 2];
    switch (s->kind) {
    case PUT: x->items[s->i] = s->v; break;
    case APPEND: list_push(x, s->v); break;
    case COPY: *x = *y; break;
    case LITERAL: *x = list_three(s->v); break;
    case PUT_FROM: x->items[s->i] = y->items[s->j]; break;
    case CALL:
        *x = *y;
        x->items[0] = 50;
        list_push(x, 60);
        break;
    case PUT_CALLED: {
        List old = *x; /* read before the call */
        model.lists[LOCAL_LISTS].items[1] = 80;
        *x = old;
        x->items[s->i] = 70;
        break;
    }
    case NEST_IN: model.nest[s->i] = *y; break;
    case NEST_OUT: *x = model.nest[s->i]; break;
    case NEST_PUT: model.nest[s->i].items[s->j] = s->v; break;
    case ROW_IN: row->list = *y; break;
    case ROW_OUT: *y = row->list; break;
    case ROW_PUT: row->list.items[s->i] = s->v; break;
    case ROW_NUMBER: row->number = s->v; break;
    case ROW_COPY: *row = model.rows[1 - s->x % 2]; break;
    case MAP_PUT: model.maps[s->x % 2][s->i] = s->v; break;
    case MAP_COPY: memcpy(model.maps[s->x % 2], model.maps[1 - s->x % 2], sizeof model.maps[0]); break;
    case TAKE:
        *x = *y;
        x->count = 3;
        break;
    default:
        if (round == 1)
            x->items[s->i] = s->v;
        else
            *x = *y;
    }
}

static void list_write(Buffer *lines, const List *list)
{
    buffer_add_c(lines, "[");
    for (unsigned i = 0; i < list->count; i++)
        buffer_printf(lines, i ? ",%d" : "%d", (int)list->items[i]);
    buffer_add_c(lines, "]");
}

static void model_write(Buffer *lines)
{
    for (unsigned x = 0; x < LISTS; x++) {
        buffer_add_c(lines, "out ");
        list_write(lines, &model.lists[x]);
        buffer_add_c(lines, "\n");
    }
    buffer_add_c(lines, "out [");
    for (unsigned i = 0; i < 3; i++) {
        if (i) buffer_add_c(lines, ",");
        list_write(lines, &model.nest[i]);
    }
    buffer_add_c(lines, "]\n");
    for (unsigned i = 0; i < 2; i++) {
        buffer_printf(lines, "out {\"number\":%d,\"list\":", (int)model.rows[i].number);
        list_write(lines, &model.rows[i].list);
        buffer_printf(lines, "}\nout {\"a\":%d,\"b\":%d,\"c\":%d,\"d\":%d}\n", (int)model.maps[i][0],
                      (int)model.maps[i][1], (int)model.maps[i][2], (int)model.maps[i][3]);
    }
}

static void model_run(const Step *steps, Buffer *lines)
{
    memset(&model, 0, sizeof model);
    for (unsigned x = 0; x < LISTS; x++)
        model.lists[x] = list_three(x);
    for (unsigned i = 0; i < 3; i++)
        model.nest[i] = list_three(20 + 10 * i);
    for (unsigned i = 0; i < 2; i++) {
        model.rows[i] = (Row){i, list_three(10)};
        for (unsigned k = 0; k < KEYS; k++)
            model.maps[i][k] = k;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < STEPS; i++) {
            model_step(&steps[i], round);
            model_write(lines);
        }
    }
}

static bool test_one(uint64_t seed)
{
    Case test;
    Run run;
    Step steps[STEPS];
    Buffer lines = {0};
    chance_state = seed;
    for (unsigned i = 0; i < STEPS; i++) {
        steps[i] = (Step){chance(STEP_KINDS), chance(LISTS), chance(LISTS), chance(3), chance(3), 100 + chance(900)};
    }
    case_begin(&test);
    make_program(steps);
    model_run(steps, &lines);
    buffer_add_c(&lines, "done null\n");
    bool same = CHECK_STR(run_begin(&run, &test), buffer_str(&lines));
    if (!same) fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    run_end(&run);
    buffer_free(&lines);
    return same;
}

/* A list of 100,000 elements is changed 100,000 times: 80 GB if each change copied it, which counts as more instructions
 * than a turn has. (Where every allocation collects, a short list is enough to try.) */
static void test_in_place(bool shared)
{
#ifdef PLAN_GC_STRESS
    enum { LEN = 1000 };
#else
    enum { LEN = 100000 };
#endif
    Case test;
    Run run;
    case_begin(&test);
    list_type = type_list(test.program.types, type_of(TYPE_INT));
    uint32_t xs = shared ? core_global(&test.program, STR("xs"), list_type) : var("xs", list_type);
    uint32_t i = var("i", type_of(TYPE_INT)), copy = var("copy", list_type);
#define XS (shared ? global(xs) : local(xs))
#define SET_XS(value) (shared ? statement(CORE_SET_GLOBAL, xs, value) : set(xs, value))
    Core *fill = block(), *change = block();
    add(SET_XS(node_new(CORE_LIST, list_type)));
    add(set(i, num(0)));
    node_list(fill, when(binary(CORE_GE, local(i), num(LEN)), statement(CORE_BREAK, 0, NULL), NULL),
              SET_XS(node_of(CORE_APPEND, list_type, XS, local(i), NULL)),
              set(i, binary(CORE_ADD, local(i), num(1))), NULL);
    add(loop_of(fill));
    add(set(copy, XS));
    add(set(i, num(0)));
    node_list(change, when(binary(CORE_GE, local(i), num(LEN)), statement(CORE_BREAK, 0, NULL), NULL),
              SET_XS(with(XS, local(i), binary(CORE_ADD, item_of(XS, 7), num(1)))),
              set(i, binary(CORE_ADD, local(i), num(1))), NULL);
    add(loop_of(change));
    Core *last = item_of(XS, LEN - 1), *old = item_of(local(copy), LEN - 1);
    add(out(last));
    add(out(old));
    char expected[64];
    snprintf(expected, sizeof expected, "out 9\nout %d\ndone null\n", LEN - 1);
    if (case_open(&test)) {
        run = (Run){.test = &test};
        run.vm = vm_new(&test.image, STR("main"), NULL, NULL);
        CHECK_STR(run_feed(&run, VM_START, 1000, 0, "{}"), str_from_c(expected));
        run_end(&run);
    } else {
        case_end(&test);
    }
}

int main(void)
{
    for (uint64_t seed = 1; seed <= PROGRAMS && test_one(seed); seed++)
        continue;
    test_in_place(false);
    test_in_place(true);
    return check_done();
}
