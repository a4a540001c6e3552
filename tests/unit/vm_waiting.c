/* Runs that wait: those of plans/omendb/outage.plan are small, many fit into one process, and equal ones have equal
 * hashes. A run that is written out at any of its waits goes on in another process to the same outputs, byte for byte.
 *
 *   vm_waiting              all of it
 *   vm_waiting IMAGE CUTS   the other process: goes on from every snapshot in the file CUTS and says what comes */
#include "compiler/compile.h"
#include "tests/unit/check.h"
#include "vm/base/hash.h"
#include "vm/core/vm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 400, FEWEST = 40, RUNS = 2000, WAITING_MOST = 16 * 1024 };

typedef struct Waiting {
    uint64_t effect;
    bool http;
} Waiting;

/* A world that answers the oldest effect, or else lets time pass; its state is what the machine put out so far. */
typedef struct Player {
    Vm *vm;
    VEC(Waiting) waiting;
    bool asked;
    int64_t now;
    Buffer *lines;
    size_t largest;
} Player;

static void player_note(Player *player)
{
    for (size_t i = 0; i < vm_output_count(player->vm); i++) {
        const VmOutput *output = vm_output(player->vm, i);
        if (output->kind == VM_EFFECT)
            vec_push(&player->waiting, ((Waiting){output->effect, str_equal(output->name, STR("http"))}));
        if (str_equal(output->name, STR("question.asked"))) player->asked = true;
        if (!player->lines) continue;
        buffer_printf(player->lines, "%d %llu %.*s %.*s\n", (int)output->kind, (unsigned long long)output->effect,
                      STR_ARG(output->name), STR_ARG(output->json));
    }
    if (vm_status(player->vm) == VM_WAITING && vm_memory(player->vm) > player->largest)
        player->largest = vm_memory(player->vm);
}

static void player_feed(Player *player, VmEventKind kind, uint64_t effect, const char *json)
{
    Error error = {""};
    VmEvent event = {.kind = kind, .now = player->now, .effect = effect, .json = str_from_c(json)};
    if (!CHECK(vm_feed(player->vm, &event, &error))) fprintf(stderr, "%s\n", error.text);
    player_note(player);
}

static void player_step(Player *player, int step)
{
    static const char http[] = "{\"ok\":false,\"status\":503,\"body\":\"down\",\"headers\":{},\"took\":\"20ms\","
                               "\"timed_out\":false,\"refused\":false,\"error\":\"\"}";
    static const char command[] = "{\"ok\":true,\"out\":\"fine\",\"err\":\"\",\"exit\":0,\"took\":\"1s\","
                                  "\"timed_out\":false,\"signal\":null}";
    if (player->asked) { /* somebody does whatever is to be done by hand */
        player->asked = false;
        player->now += 1000;
        player_feed(player, VM_SIGNAL, 0, "{\"kind\":\"done\",\"by\":\"lead\",\"via\":\"test\"}");
        player_feed(player, VM_SIGNAL, 0, "{\"kind\":\"approve\",\"by\":\"head\",\"via\":\"test\"}");
        return;
    }
    if (player->waiting.count && step % 8) {
        Waiting first = player->waiting.items[0];
        memmove(player->waiting.items, player->waiting.items + 1,
                --player->waiting.count * sizeof *player->waiting.items);
        player->now += 100;
        player_feed(player, VM_RESULT, first.effect, first.http ? http : command);
        return;
    }
    int64_t deadline = vm_next_deadline(player->vm);
    player->now = deadline == INT64_MAX ? player->now + 1000 : deadline > player->now ? deadline : player->now;
    player_feed(player, VM_TICK, 0, "null");
}

static bool load_image(const char *path, Buffer *bytes, Image *image)
{
    Error error = {""};
    Buffer messages = {0};
    bool good = compile_file(path, false, bytes, &messages, NULL) == COMPILE_OK;
    good = good && image_open(buffer_str(bytes), image, &error);
    if (!CHECK(good)) fprintf(stderr, "%s%s\n", messages.data ? messages.data : "", error.text);
    buffer_free(&messages);
    return good;
}

/* The first plan's. */
static Str entry_of(const Image *image)
{
    for (uint32_t i = 0; i < image->entry_count; i++) {
        Str name = image_string(image, image->entries[i].name);
        if (str_starts_with(name, STR("plan."))) return name;
    }
    return STR("main");
}

static Player player_begin(const Image *image, Buffer *lines)
{
    Error error = {""};
    Player player = {.vm = vm_new(image, entry_of(image), NULL, &error), .now = 1772420000000, .lines = lines};
    if (CHECK(player.vm != NULL)) player_feed(&player, VM_START, 0, "{\"plan\":\"outage\"}");
    else fprintf(stderr, "%s\n", error.text);
    return player;
}

static void player_end(Player *player)
{
    vm_free(player->vm);
    vec_free(&player->waiting);
}

static void test_waiting_runs_are_small(const Image *image)
{
    Player player = player_begin(image, NULL);
    int steps = 0;
    while (steps < STEPS && vm_status(player.vm) == VM_WAITING)
        player_step(&player, steps++);
    CHECK(steps > FEWEST);
    if (!CHECK(player.largest < WAITING_MOST)) fprintf(stderr, "a waiting run has %zu bytes\n", player.largest);
    player_end(&player);
}

static void test_many_runs(const Image *image)
{
    Player *players = memory_alloc(RUNS * sizeof *players);
    uint64_t first[2], other[2];
    for (int i = 0; i < RUNS; i++) {
        players[i] = player_begin(image, NULL);
        for (int step = 0; step < 10; step++)
            player_step(&players[i], step);
    }
    vm_hash(players[0].vm, first);
    vm_hash(players[RUNS - 1].vm, other);
    CHECK(memcmp(first, other, sizeof first) == 0);
    size_t all = 0;
    for (int i = 0; i < RUNS; i++) {
        all += vm_memory(players[i].vm);
        player_end(&players[i]);
    }
    CHECK(all / RUNS < WAITING_MOST);
    free(players);
}

/* ---- another process ---- */

/* To the end, or as far as anybody looks; then the state's hash. */
static void play_on(Player *player, int from)
{
    for (int step = from; step < STEPS && vm_status(player->vm) == VM_WAITING; step++)
        player_step(player, step);
    uint64_t hash[2];
    vm_hash(player->vm, hash);
    buffer_printf(player->lines, "%016llx%016llx\n", (unsigned long long)hash[0], (unsigned long long)hash[1]);
}

/* One line for what came from a step on: short, because there are many. */
static void say_rest(Buffer *out, int step, Str lines)
{
    char text[33];
    hash_write(hash_bytes(lines.data, lines.len), text);
    buffer_printf(out, "from %d: %zu bytes, %s\n", step, lines.len, text);
}

static void read_all(FILE *file, Buffer *bytes)
{
    char block[4096];
    for (size_t n; file && (n = fread(block, 1, sizeof block, file)) > 0;)
        buffer_add(bytes, block, n);
}

/* A cut in the file: this, what is awaited, the snapshot. */
typedef struct Cut {
    int64_t now;
    size_t waiting, snapshot;
    int step;
    bool asked;
} Cut;

static void cut_write(FILE *file, Player *player, int step)
{
    Buffer snapshot = {0};
    vm_snapshot(player->vm, &snapshot);
    Cut cut;
    memset(&cut, 0, sizeof cut);
    cut.now = player->now;
    cut.waiting = player->waiting.count;
    cut.snapshot = snapshot.len;
    cut.step = step;
    cut.asked = player->asked;
    fwrite(&cut, sizeof cut, 1, file);
    fwrite(player->waiting.items, sizeof *player->waiting.items, cut.waiting, file);
    fwrite(snapshot.data, 1, snapshot.len, file);
    buffer_free(&snapshot);
}

static bool cut_play(FILE *file, const Image *image, Buffer *said)
{
    Cut cut;
    Error error = {""};
    Buffer snapshot = {0}, lines = {0};
    if (fread(&cut, sizeof cut, 1, file) != 1) return false;
    Player player = {.vm = vm_new(image, entry_of(image), NULL, &error), .lines = &lines};
    player.now = cut.now;
    player.asked = cut.asked;
    for (size_t i = 0; i < cut.waiting; i++) {
        Waiting one;
        CHECK(fread(&one, sizeof one, 1, file) == 1);
        vec_push(&player.waiting, one);
    }
    buffer_reserve(&snapshot, cut.snapshot);
    snapshot.len = fread(snapshot.data, 1, cut.snapshot, file);
    if (CHECK(vm_restore(player.vm, buffer_str(&snapshot), &error))) {
        play_on(&player, cut.step);
        say_rest(said, cut.step, buffer_str(&lines));
    }
    player_end(&player);
    buffer_free(&snapshot);
    buffer_free(&lines);
    return true;
}

static int other_process(char **args)
{
    Buffer bytes = {0}, said = {0};
    Error error = {""};
    Image image;
    FILE *file = fopen(args[1], "rb");
    read_all(file, &bytes);
    if (file) fclose(file);
    if (!CHECK(image_open(buffer_str(&bytes), &image, &error))) return 1;
    file = fopen(args[2], "rb");
    while (file && cut_play(file, &image, &said)) {}
    if (file) fclose(file);
    fwrite(said.data, 1, said.len, stdout);
    image_close(&image);
    buffer_free(&bytes);
    buffer_free(&said);
    return check_done();
}

/* Plays a run, cutting it at every wait; `said` gets what comes after each cut. */
static int cut_everywhere(const Image *image, const char *path, Buffer *said)
{
    Buffer lines = {0};
    size_t starts[STEPS + 1];
    int step = 0;
    FILE *file = fopen(path, "wb");
    Player player = player_begin(image, &lines);
    for (; CHECK(file != NULL) && step < STEPS && vm_status(player.vm) == VM_WAITING; step++) {
        starts[step] = lines.len;
        cut_write(file, &player, step);
        player_step(&player, step);
    }
    if (file) fclose(file);
    play_on(&player, STEPS);
    for (int i = 0; i < step; i++)
        say_rest(said, i, str_slice(buffer_str(&lines), starts[i], lines.len));
    player_end(&player);
    buffer_free(&lines);
    return step;
}

static void test_another_process_goes_on(const char *self, const char *plan, int fewest)
{
    char image_path[] = "/tmp/vm_waiting_image_XXXXXX", cuts_path[] = "/tmp/vm_waiting_cuts_XXXXXX";
    Buffer bytes = {0}, said = {0}, command = {0}, found = {0};
    Image image;
    if (!load_image(plan, &bytes, &image)) return;
    close(mkstemp(image_path));
    close(mkstemp(cuts_path));
    FILE *file = fopen(image_path, "wb");
    if (CHECK(file != NULL)) {
        fwrite(bytes.data, 1, bytes.len, file);
        fclose(file);
    }
    CHECK(cut_everywhere(&image, cuts_path, &said) >= fewest);
    buffer_printf(&command, "%s %s %s", self, image_path, cuts_path);
    file = popen(command.data, "r");
    read_all(file, &found);
    CHECK(file && pclose(file) == 0);
    CHECK_STR(buffer_str(&found), buffer_str(&said));
    unlink(image_path);
    unlink(cuts_path);
    image_close(&image);
    buffer_free(&bytes);
    buffer_free(&said);
    buffer_free(&command);
    buffer_free(&found);
}

int main(int count, char **args)
{
    if (count == 3) return other_process(args);
    static const struct {
        const char *plan;
        int fewest; /* waits */
    } cut[] = {{"plans/omendb/outage.plan", FEWEST}, {"plans/demo/outage.plan", 10}, {"tests/drill/sample.plan", 10},
               {"tests/drill/people.plan", 3},       {"tests/drill/kill.plan", 3}};
    Buffer bytes = {0};
    Image image;
    if (load_image(cut[0].plan, &bytes, &image)) {
        test_waiting_runs_are_small(&image);
        test_many_runs(&image);
        image_close(&image);
    }
    buffer_free(&bytes);
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        test_another_process_goes_on(args[0], cut[i].plan, cut[i].fewest);
    return check_done();
}
