/* Runs of plans/omendb/outage.plan that wait: each is small, many fit into one process, equal ones have equal hashes,
 * and one that is written out goes on in another process to the same outputs, byte for byte.
 *
 *   vm_waiting                      all of it
 *   vm_waiting IMAGE SNAPSHOT STEP  goes on from there (the other process) and prints what comes */
#include "compiler/compile.h"
#include "tests/unit/check.h"
#include "vm/core/vm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 400, CUT = 30, RUNS = 2000, WAITING_MOST = 16 * 1024 };

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

static bool load_image(Buffer *bytes, Image *image)
{
    Error error = {""};
    Buffer messages = {0};
    bool good = compile_file("plans/omendb/outage.plan", false, bytes, &messages, NULL) == COMPILE_OK;
    good = good && image_open(buffer_str(bytes), image, &error);
    if (!CHECK(good)) fprintf(stderr, "%s%s\n", messages.data ? messages.data : "", error.text);
    buffer_free(&messages);
    return good;
}

static Player player_begin(const Image *image, Buffer *lines)
{
    Error error = {""};
    Player player = {.vm = vm_new(image, STR("plan.outage"), NULL, &error), .now = 1772420000000, .lines = lines};
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
    CHECK(steps > CUT + 10);
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

static void play_on(Player *player, int from)
{
    for (int step = from; step < STEPS && vm_status(player->vm) == VM_WAITING; step++)
        player_step(player, step);
    uint64_t hash[2];
    vm_hash(player->vm, hash);
    buffer_printf(player->lines, "%016llx%016llx\n", (unsigned long long)hash[0], (unsigned long long)hash[1]);
}

static void read_all(FILE *file, Buffer *bytes)
{
    char block[4096];
    for (size_t n; file && (n = fread(block, 1, sizeof block, file)) > 0;)
        buffer_add(bytes, block, n);
}

/* The file: the time, whether somebody was asked, what is awaited, then the machine's snapshot. */
static void write_player(const char *path, Player *player)
{
    Buffer snapshot = {0};
    vm_snapshot(player->vm, &snapshot);
    FILE *file = fopen(path, "wb");
    if (CHECK(file != NULL)) {
        fwrite(&player->now, sizeof player->now, 1, file);
        fwrite(&player->asked, sizeof player->asked, 1, file);
        fwrite(&player->waiting.count, sizeof player->waiting.count, 1, file);
        fwrite(player->waiting.items, sizeof *player->waiting.items, player->waiting.count, file);
        fwrite(snapshot.data, 1, snapshot.len, file);
        fclose(file);
    }
    buffer_free(&snapshot);
}

static int other_process(char **args)
{
    Buffer bytes = {0}, snapshot = {0}, lines = {0};
    Error error = {""};
    Image image;
    FILE *file = fopen(args[1], "rb");
    read_all(file, &bytes);
    if (file) fclose(file);
    if (!CHECK(image_open(buffer_str(&bytes), &image, &error))) return 1;
    Player player = {.vm = vm_new(&image, STR("plan.outage"), NULL, &error), .lines = &lines};
    size_t count = 0;
    file = fopen(args[2], "rb");
    if (!file || !player.vm) return 1;
    bool good = fread(&player.now, sizeof player.now, 1, file) == 1 &&
                fread(&player.asked, sizeof player.asked, 1, file) == 1 && fread(&count, sizeof count, 1, file) == 1;
    for (size_t i = 0; good && i < count; i++) {
        Waiting one;
        good = fread(&one, sizeof one, 1, file) == 1;
        vec_push(&player.waiting, one);
    }
    read_all(file, &snapshot);
    fclose(file);
    if (!CHECK(good && vm_restore(player.vm, buffer_str(&snapshot), &error))) return 1;
    play_on(&player, atoi(args[3]));
    fwrite(lines.data, 1, lines.len, stdout);
    player_end(&player);
    image_close(&image);
    buffer_free(&bytes);
    buffer_free(&snapshot);
    buffer_free(&lines);
    return 0;
}

static void test_another_process_goes_on(const char *self, const Buffer *bytes, const Image *image)
{
    char image_path[] = "/tmp/vm_waiting_image_XXXXXX", snapshot_path[] = "/tmp/vm_waiting_state_XXXXXX";
    Buffer lines = {0}, command = {0}, found = {0};
    close(mkstemp(image_path));
    close(mkstemp(snapshot_path));
    FILE *file = fopen(image_path, "wb");
    if (CHECK(file != NULL)) {
        fwrite(bytes->data, 1, bytes->len, file);
        fclose(file);
    }
    Player player = player_begin(image, &lines);
    for (int step = 0; step < CUT; step++)
        player_step(&player, step);
    write_player(snapshot_path, &player);
    buffer_clear(&lines);
    play_on(&player, CUT);
    buffer_printf(&command, "%s %s %s %d", self, image_path, snapshot_path, (int)CUT);
    file = popen(command.data, "r");
    read_all(file, &found);
    CHECK(file && pclose(file) == 0);
    CHECK_STR(buffer_str(&found), buffer_str(&lines));
    CHECK(lines.len > 1000);
    unlink(image_path);
    unlink(snapshot_path);
    player_end(&player);
    buffer_free(&lines);
    buffer_free(&command);
    buffer_free(&found);
}

int main(int count, char **args)
{
    if (count == 4) return other_process(args);
    Buffer bytes = {0};
    Image image;
    if (load_image(&bytes, &image)) {
        test_waiting_runs_are_small(&image);
        test_many_runs(&image);
        test_another_process_goes_on(args[0], &bytes, &image);
        image_close(&image);
    }
    buffer_free(&bytes);
    return check_done();
}
