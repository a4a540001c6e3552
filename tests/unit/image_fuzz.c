/* Images whose parts are changed by chance, with a checksum that is right again, are refused or run without leaving
 * their memory and without running for ever: fields of tables, operands of instructions and constants become other
 * plausible numbers, words are moved, the file is cut. What the verifier lets through is fed events, hashed and
 * restored from its snapshot.
 *
 *   image_fuzz [SECONDS [FILE.planc…]]     default: 3 seconds, on images made here; meant for a sanitized build */
#include "tests/unit/emit_run.h"
#include "vm/base/hash.h"
#include "vm/code/layout.h"

#include <signal.h>
#include <time.h>

/* So many seconds of CPU for one image are too many. */
#ifdef PLAN_GC_STRESS
enum { PATIENCE = 60 };
#else
enum { PATIENCE = 5 };
#endif
enum { EVENTS = 12, MOST_SEEDS = 16, MOST_CHANGES = 4 };

static uint64_t chance_state = 1;
static volatile uint64_t current_seed = 1;

/* With ASAN_OPTIONS=abort_on_error=1 also what a sanitizer finds can be tried again. */
static void tell_seed(int number)
{
    fprintf(stderr, "signal %d: again with FUZZ_SEED=%llu\n", number, (unsigned long long)current_seed);
}

static uint32_t chance(uint32_t below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance_state >> 33) % below;
}

static struct {
    Buffer images[MOST_SEEDS];
    size_t count;
    uint64_t tried, opened, ran;
} fuzz;

/* ---- images to begin with ---- */

static Core *item_at(uint32_t list, int64_t number)
{
    const Type *element = now_testing->fn->locals.items[list].type->element;
    return value_of(node_of(CORE_GET_ITEM, type_optional(now_testing->program.types, element), local(list),
                            num(number), NULL), "no element");
}

static CoreFunction *make_worker(const Type *list)
{
    CoreFunction *main = now_testing->fn, *worker = make_fn("worker", TYPE_INT);
    now_testing->fn = worker;
    uint32_t xs = param(worker, "xs", list), n = param(worker, "n", type_of(TYPE_INT));
    uint32_t error = var("error", type_of(TYPE_ERROR));
    Core *changed = node_of(CORE_WITH_ITEM, list, local(xs), local(n), num(7));
    add(attempt(node_list(block(), set(xs, changed), NULL), error, node_list(block(), out(error_text(error)), NULL),
                false));
    Core *wait = node_new(CORE_WAIT, type_of(TYPE_BOOL));
    wait->a = scalar(TYPE_TIME, 5000);
    wait->number = 1;
    add(statement(CORE_DO, 0, wait));
    add(statement(CORE_RETURN, 0, binary(CORE_ADD, item_at(xs, 0), local(n))));
    now_testing->fn = main;
    return worker;
}

static void add_values(const Type *list, uint32_t xs)
{
    TypeTable *types = now_testing->program.types;
    TypeField fields[] = {{.name = STR("n"), .type = type_of(TYPE_INT)}, {.name = STR("s"), .type = type_of(TYPE_STRING)},
                          {.name = STR("xs"), .type = list}};
    const Type *row = type_record(types, STR("Row"), fields, 3, NULL), *map = type_map(types, type_of(TYPE_STRING));
    uint32_t record = var("record", row), names = var("names", map), word = var("word", type_of(TYPE_STRING));
    add(set(xs, node_list(node_new(CORE_LIST, list), num(3), num(1), num(2), NULL)));
    add(set(xs, node_of(CORE_APPEND, list, local(xs), num(9), NULL)));
    add(set(xs, node_list(builtin(BUILTIN_LIST_SORT, list), local(xs), NULL)));
    add(set(word, node_list(node_new(CORE_CONCAT, type_of(TYPE_STRING)), text("a"), text("bc"), NULL)));
    add(set(names, node_list(node_new(CORE_MAP, map), text("x"), text("y"), text("z"), local(word), NULL)));
    add(set(record, node_list(node_new(CORE_RECORD, row), num(1), local(word), local(xs), NULL)));
    add(out(local(record)));
    Core *back = node_of(CORE_FROM_JSON, row, json_of(local(record)), NULL, NULL);
    back->text = STR("record");
    add(out(binary(CORE_EQ, local(record), back)));
    Core *with = node_of(CORE_WITH_FIELD, row, local(record), text("new"), NULL);
    with->index = 1;
    add(set(record, with));
    add(out(field(local(record), "s")));
    add(out(node_list(builtin(BUILTIN_TEXT_SLICE, type_of(TYPE_STRING)), local(word), num(0), num(2), NULL)));
    add(out(node_of(CORE_GET_ITEM, type_optional(types, type_of(TYPE_STRING)), local(names), text("z"), NULL)));
}

static void add_waits(const Type *list, uint32_t xs)
{
    CoreFunction *worker = make_worker(list);
    uint32_t fiber = var("fiber", type_of(TYPE_FIBER)), i = var("i", type_of(TYPE_INT));
    Core *spawn = call(CORE_SPAWN, worker, type_of(TYPE_FIBER));
    spawn->index = 1000;
    add(set(fiber, node_list(spawn, local(xs), num(1), NULL)));
    Core *closure = call(CORE_CLOSURE, worker, type_fn(now_testing->program.types, NULL, 0, type_of(TYPE_INT)));
    node_list(closure, local(xs), num(2), NULL);
    add(out(node_of(CORE_CALL_VALUE, type_of(TYPE_INT), closure, NULL, NULL)));
    Core *effect = node_new(CORE_EFFECT, type_of(TYPE_JSON));
    effect->text = STR("http");
    effect->a = json_of(local(xs));
    add(out(effect));
    add(set(i, num(0)));
    add(loop_of(node_list(block(), when(binary(CORE_GE, local(i), num(20)), statement(CORE_BREAK, 0, NULL), NULL),
                          set(i, binary(CORE_ADD, local(i), num(1))), NULL)));
    add(statement(CORE_STEP, 0, text("step")));
    add(statement(CORE_DO, 0, node_of(CORE_JOIN, type_of(TYPE_BOOL), local(fiber), NULL, NULL)));
    add(out(node_new(CORE_SIGNAL, type_optional(now_testing->program.types, type_of(TYPE_JSON)))));
    add(statement(CORE_FAIL, 0, text("the end")));
}

static void seed_made_here(void)
{
    Case test;
    case_begin(&test);
    const Type *list = type_list(test.program.types, type_of(TYPE_INT));
    uint32_t xs = var("xs", list);
    add_values(list, xs);
    add_waits(list, xs);
    if (case_open(&test)) buffer_add_str(&fuzz.images[fuzz.count++], buffer_str(&test.bytes));
    case_end(&test);
}

static void seed_from_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char block[4096];
    if (!CHECK(file != NULL)) return;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        buffer_add(&fuzz.images[fuzz.count], block, n);
    fclose(file);
    fuzz.count++;
}

/* ---- changing one ---- */

static uint32_t plausible(void)
{
    static const uint32_t numbers[] = {0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 65535, 65536, 0x7FFFFFFF, 0x80000000u,
                                       0xFFFFFFFEu, 0xFFFFFFFFu};
    return chance(2) ? numbers[chance(sizeof numbers / sizeof *numbers)] : chance(64);
}

static const size_t element_sizes[SECTION_COUNT] = {
#define SECTION(member, counter, T) sizeof(T),
    IMAGE_SECTIONS(SECTION)
#undef SECTION
        1,
};

static void change_code(uint8_t *word)
{
    switch (chance(4)) {
    case 0: word[0] = (uint8_t)chance(OPCODE_COUNT_OF + 1); break;
    case 1: word[1 + chance(3)] = (uint8_t)plausible(); break;
    case 2: word[chance(8)] ^= (uint8_t)(1u << chance(8)); break;
    default: {
        uint32_t imm = chance(2) ? plausible() : (uint32_t)((int32_t)chance(40) - 20);
        memcpy(word + 4, &imm, sizeof imm);
    }
    }
}

static void change_part(uint8_t *bytes, size_t size, const ImageHeader *header)
{
    uint32_t which = chance(3) ? SECTION_code : chance(SECTION_COUNT);
    const ImageSection *section = &header->sections[which];
    size_t element = element_sizes[which], from = section->offset;
    if (!section->count || from + section->count * element > size) return;
    uint8_t *at = bytes + from + chance(section->count) * element;
    if (which == SECTION_code && chance(8)) {
        change_code(at);
    } else if (chance(4) == 0) {
        memcpy(at, bytes + from + chance(section->count) * element, element);
    } else if (element >= 4) {
        uint32_t number = plausible();
        memcpy(at + chance((uint32_t)(element / 4)) * 4, &number, sizeof number);
    } else {
        *at = (uint8_t)plausible();
    }
}

static void change_header(uint8_t *bytes, ImageHeader *header)
{
    uint32_t number = plausible();
    if (chance(2))
        header->sections[chance(SECTION_COUNT)].count = number;
    else if (chance(2))
        header->sections[chance(SECTION_COUNT)].offset = number * 8;
    else
        header->global_scalars = number, header->global_refs = plausible();
    memcpy(bytes, header, sizeof *header);
}

static void mutate(Buffer *out, const Buffer *seed)
{
    buffer_clear(out);
    buffer_add_str(out, buffer_str(seed));
    uint8_t *bytes = (uint8_t *)out->data;
    ImageHeader header;
    memcpy(&header, bytes, sizeof header);
    for (uint32_t i = 1 + chance(MOST_CHANGES); i > 0; i--) {
        if (chance(40) == 0)
            change_header(bytes, &header);
        else
            change_part(bytes, out->len, &header);
    }
    if (chance(200) == 0) out->len = chance((uint32_t)out->len);
    if (out->len < sizeof header) return;
    Hash hash = hash_bytes(bytes + IMAGE_HASHED_FROM, out->len - IMAGE_HASHED_FROM);
    memcpy(bytes + offsetof(ImageHeader, hash), hash.words, sizeof hash.words);
}

/* ---- running what is let through ---- */

static void feed(Vm *vm, VmEventKind kind, int64_t now, uint64_t effect, const char *json)
{
    Error error = {0};
    VmEvent event = {.kind = kind, .now = now, .effect = effect, .json = str_from_c(json)};
    vm_feed(vm, &event, &error);
}

static void run_image(const Image *image, const VmLimits *limits)
{
    static const char *const values[] = {"null", "{}", "[1,2]", "\"x\"", "{\"n\":1,\"s\":\"a\",\"xs\":[1]}", "7"};
    Error error = {0};
    Vm *vm = vm_new(image, image_string(image, image->entries[0].name), limits, &error);
    if (!vm) return;
    fuzz.ran++;
    feed(vm, VM_START, 1000, 0, "{}");
    for (int i = 0; i < EVENTS && vm_status(vm) == VM_WAITING; i++) {
        const char *value = values[chance(6)];
        switch (chance(4)) {
        case 0: feed(vm, VM_SIGNAL, 1000 + i, 0, "{\"kind\":\"x\"}"); break;
        case 1: feed(vm, VM_TICK, 1000 + i * 1000, 0, "null"); break;
        default: feed(vm, VM_RESULT, 1000 + i, 1 + chance(3), value); break;
        }
        uint64_t hash[2];
        if (chance(3) == 0) vm_hash(vm, hash);
        if (chance(4) == 0) {
            Buffer snapshot = {0};
            vm_snapshot(vm, &snapshot);
            CHECK(vm_restore(vm, buffer_str(&snapshot), &error));
            buffer_free(&snapshot);
        }
    }
    vm_free(vm);
}

static void fuzz_one(Buffer *bytes, const VmLimits *limits)
{
    Image image;
    Error error = {0};
    mutate(bytes, &fuzz.images[chance((uint32_t)fuzz.count)]);
    fuzz.tried++;
    if (!image_open(buffer_str(bytes), &image, &error)) return;
    fuzz.opened++;
    if (image.entry_count) run_image(&image, limits);
    if (chance(50) == 0) {
        Buffer text = {0};
        image_disassemble(&image, NULL, NULL, &text);
        buffer_free(&text);
    }
    image_close(&image);
}

int main(int count, char **args)
{
    int seconds = count > 1 ? atoi(args[1]) : 3;
    for (int i = 2; i < count && fuzz.count < MOST_SEEDS - 1; i++)
        seed_from_file(args[i]);
    seed_made_here();
    VmLimits limits = vm_default_limits();
    limits.heap_bytes = 1 << 20;
    limits.string_bytes = 1 << 16;
    limits.depth = 100;
    limits.fibers = 50;
    limits.instructions = 5000;
    Buffer bytes = {0};
    signal(SIGABRT, tell_seed);
    time_t end = time(NULL) + seconds;
    if (getenv("FUZZ_SEED")) chance_state = strtoull(getenv("FUZZ_SEED"), NULL, 10);
    while (time(NULL) < end) {
        current_seed = chance_state;
        clock_t before = clock();
        fuzz_one(&bytes, &limits);
        if (!CHECK((clock() - before) / CLOCKS_PER_SEC < PATIENCE)) fprintf(stderr, "slow: FUZZ_SEED=%llu\n", (unsigned long long)current_seed);
    }
    CHECK(fuzz.opened > 0 && fuzz.ran > 0 && fuzz.opened < fuzz.tried);
    if (count > 1) printf("%llu images, %llu let through, %llu run\n", (unsigned long long)fuzz.tried,
                          (unsigned long long)fuzz.opened, (unsigned long long)fuzz.ran);
    buffer_free(&bytes);
    for (size_t i = 0; i < fuzz.count; i++)
        buffer_free(&fuzz.images[i]);
    return check_done();
}
