/* hashes FILE.planc…: runs every entry of the images with the same made-up world and prints the state's hash after
 * every event. Whatever built this program, the lines must be the same (tests/vm/determinism.sh). */
#include "vm/core/vm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 120, WORLDS = 6 };

typedef struct World {
    Vm *vm;
    VEC(uint64_t) effects;
    int64_t now;
    bool asked;
} World;

static void feed(World *world, VmEventKind kind, uint64_t effect, const char *json)
{
    Error error = {""};
    VmEvent event = {.kind = kind, .now = world->now, .effect = effect, .json = str_from_c(json)};
    if (!vm_feed(world->vm, &event, &error)) printf("refused: %s\n", error.text);
    for (size_t i = 0; i < vm_output_count(world->vm); i++) {
        const VmOutput *output = vm_output(world->vm, i);
        if (output->kind == VM_EFFECT) vec_push(&world->effects, output->effect);
        if (str_equal(output->name, STR("question.asked"))) world->asked = true;
    }
    uint64_t hash[2];
    vm_hash(world->vm, hash);
    printf("%016" PRIx64 "%016" PRIx64 " %zu\n", hash[0], hash[1], vm_memory(world->vm));
}

/* Each world has its own habits: how often something fails, takes long, or is answered with nonsense. */
static void step(World *world, int number, int habit)
{
    static const char *const results[] = {
        "{\"ok\":true,\"status\":200,\"exit\":0,\"out\":\"a b\\nc\",\"body\":\"{\\\"count\\\":1.25}\"}",
        "{\"ok\":false,\"status\":503,\"exit\":1,\"error\":\"down\"}",
        "{\"body\":false,\"ok\":true,\"value\":null}",
        "[1,2]",
    };
    world->now += 100;
    if (world->asked) {
        world->asked = false;
        feed(world, VM_SIGNAL, 0, "{\"kind\":\"done\",\"by\":\"lead\",\"via\":\"test\"}");
    } else if (world->effects.count && number % (3 + habit)) {
        feed(world, VM_RESULT, world->effects.items[--world->effects.count], results[number % (2 + 2 * habit) ? 0 : number % 4]);
    } else {
        int64_t deadline = vm_next_deadline(world->vm);
        world->now = deadline == INT64_MAX || deadline < world->now ? world->now : deadline;
        feed(world, VM_TICK, 0, "null");
    }
}

static void run_entry(const Image *image, Str entry, int habit)
{
    Error error = {""};
    World world = {.vm = vm_new(image, entry, NULL, &error), .now = 1772420000000};
    if (!world.vm) return;
    printf("entry %.*s in world %d\n", STR_ARG(entry), habit);
    feed(&world, VM_START, 0, "{\"plan\":\"x\",\"params\":{}}");
    for (int i = 0; i < STEPS && vm_status(world.vm) == VM_WAITING; i++)
        step(&world, i + 1, habit);
    vm_free(world.vm);
    vec_free(&world.effects);
}

static bool run_file(const char *path)
{
    Buffer bytes = {0};
    Image image;
    Error error = {""};
    char block[4096];
    FILE *file = fopen(path, "rb");
    for (size_t n; file && (n = fread(block, 1, sizeof block, file)) > 0;)
        buffer_add(&bytes, block, n);
    if (file) fclose(file);
    bool good = image_open(buffer_str(&bytes), &image, &error);
    if (!good) fprintf(stderr, "%s: %s\n", path, error.text);
    for (uint32_t i = 0; good && i < image.entry_count * WORLDS; i++)
        run_entry(&image, image_string(&image, image.entries[i / WORLDS].name), (int)(i % WORLDS));
    if (good) image_close(&image);
    buffer_free(&bytes);
    return good;
}

int main(int count, char **args)
{
    bool good = count > 1;
    for (int i = 1; i < count; i++)
        good = run_file(args[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
