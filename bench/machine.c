/* Drives the pure machine for measurements, without a journal and without a world.
 *
 * In: a mode, a plan (.plan or .planc) and sizes. Out: on standard output what the plan says in its notes, or one line of
 * figures. Effects are answered at once with a canned result. bench/run calls it; it is no part of what is installed.
 *
 *   machine run FILE [N [BODY]]   runs the plan "main" with n = N; an HTTP look gets the file BODY
 *   machine switch N              two fibers wake each other N times; assembled by hand, plans have no such words
 *   machine start FILE            opens the image, makes a machine, and ends
 *   machine waiting FILE N        N machines, each of which waits for its first effect
 *   machine forks FILE N [DEPTH]  N times: copy, a short turn, collection and hash
 *   machine pauses FILE N         the longest of some collections, while the plan waits with n = N
 *   machine drills FILE N         the file's drills, N times over */
#include "compiler/compile.h"
#include "vm/base/json.h"
#include "vm/core/heap.h"
#include "vm/core/vm.h"
#include "vm/drill/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define COMMAND_RESULT                                                                                                \
    "{\"ok\":true,\"exit\":0,\"signal\":null,\"out\":\"up 3 days\",\"err\":\"\",\"exits\":[0],\"timed_out\":false,"   \
    "\"unknown\":false,\"error\":null,\"elapsed\":3}"

typedef struct Bench {
    Buffer bytes; /* of the image */
    Image image;
    Str entry;
    VmLimits limits;
    Buffer answer; /* what an HTTP look gets */
    VEC(uint64_t) pending;
    VEC(bool) is_http; /* of the pending effects */
    bool quiet;
} Bench;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "machine: %s%s%s\n", what, *why ? ": " : "", why);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long resident_peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static bool read_whole(const char *path, Buffer *out)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    setvbuf(file, NULL, _IONBF, 0);
    struct stat about;
    if (fstat(fileno(file), &about) == 0) buffer_reserve(out, (size_t)about.st_size + 1);
    for (size_t n = 1; n > 0; out->len += n)
        n = fread(out->data + out->len, 1, out->cap - out->len - 1, file);
    fclose(file);
    return true;
}

/* The first plan's. */
static Str first_entry(const Image *image)
{
    for (uint32_t i = 0; i < image->entry_count; i++) {
        Str name = image_string(image, image->entries[i].name);
        if (str_starts_with(name, STR("plan."))) return name;
    }
    return STR("main");
}

static void bench_open(Bench *bench, const char *path)
{
    Error error = {0};
    size_t len = strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".plan") == 0) {
        Buffer messages = {0};
        if (compile_file(path, false, &bench->bytes, &messages, NULL) != COMPILE_OK) die(path, messages.data);
        buffer_free(&messages);
    } else if (!read_whole(path, &bench->bytes)) {
        die(path, "cannot be read");
    }
    if (!image_open(buffer_str(&bench->bytes), &bench->image, &error)) die(path, error.text);
    bench->entry = first_entry(&bench->image);
    bench->limits = vm_default_limits();
    bench->limits.heap_bytes = (size_t)8 << 30;
    bench->limits.string_bytes = (size_t)1 << 30;
    bench->limits.input_bytes = (size_t)1 << 30;
    bench->limits.fibers = UINT32_MAX;
    bench->limits.instructions = UINT64_MAX;
}

static void bench_close(Bench *bench)
{
    image_close(&bench->image);
    buffer_free(&bench->bytes);
    buffer_free(&bench->answer);
    vec_free(&bench->pending);
    vec_free(&bench->is_http);
}

static Vm *machine_open(const Bench *bench)
{
    Error error = {0};
    Vm *vm = vm_new(&bench->image, bench->entry, &bench->limits, &error);
    if (!vm) die("no machine", error.text);
    return vm;
}

static void bench_output(Bench *bench, const VmOutput *output)
{
    switch (output->kind) {
    case VM_EFFECT:
        vec_push(&bench->pending, output->effect);
        vec_push(&bench->is_http, str_equal_c(output->name, "http"));
        break;
    case VM_CANCEL: break;
    case VM_MARK:
        if (!bench->quiet && str_equal_c(output->name, "note")) {
            Error error = {0};
            Json *note = json_parse(output->json, &error);
            printf("%.*s\n", STR_ARG(json_string(note, "text", "")));
            json_free(note);
        }
        break;
    case VM_DONE:
        if (output->failed) die("the plan failed", output->json.data);
        break;
    }
}

static void bench_feed(Bench *bench, Vm *vm, const VmEvent *event)
{
    Error error = {0};
    if (!vm_feed(vm, event, &error)) die("an event is refused", error.text);
    for (size_t i = 0; i < vm_output_count(vm); i++)
        bench_output(bench, vm_output(vm, i));
}

static void bench_start(Bench *bench, Vm *vm, const char *n)
{
    Buffer start = {0};
    buffer_add_c(&start, "{\"plan\":\"main\",\"severity\":null,\"attended\":false,\"params\":{");
    if (n) buffer_printf(&start, "\"n\":%s", n);
    buffer_add_c(&start, "},\"starter\":\"bench\",\"since\":null,\"run\":\"bench\",\"drill\":true}");
    bench_feed(bench, vm, &(VmEvent){.kind = VM_START, .now = 1000, .json = buffer_str(&start)});
    buffer_free(&start);
}

/* Answers one effect, or lets the time of the next deadline come. False: there is nothing to wait for. */
static bool bench_step(Bench *bench, Vm *vm)
{
    if (bench->pending.count > 0) {
        bool http = bench->is_http.items[--bench->is_http.count];
        uint64_t effect = bench->pending.items[--bench->pending.count];
        Str result = http && bench->answer.len ? buffer_str(&bench->answer) : STR(COMMAND_RESULT);
        bench_feed(bench, vm, &(VmEvent){.kind = VM_RESULT, .now = vm_now(vm), .effect = effect, .json = result});
        return true;
    }
    int64_t deadline = vm_next_deadline(vm);
    if (vm_status(vm) != VM_WAITING || deadline == INT64_MAX) return false;
    bench_feed(bench, vm, &(VmEvent){.kind = VM_TICK, .now = deadline});
    return true;
}

static void mode_run(Bench *bench, const char *n, const char *body)
{
    Buffer text = {0};
    if (body) {
        if (!read_whole(body, &text)) die(body, "cannot be read");
        buffer_add_c(&bench->answer, "{\"ok\":true,\"status\":200,\"headers\":{\"content-type\":\"application/json\"},"
                                     "\"error\":null,\"timed_out\":false,\"elapsed\":1,\"unknown\":false,\"body\":");
        json_write_string(&bench->answer, buffer_str(&text));
        buffer_add_c(&bench->answer, "}");
    }
    bench->limits.slack_bytes = (size_t)64 << 10; /* as drills have it: it does not wait for long */
    Vm *vm = machine_open(bench);
    bench_start(bench, vm, n);
    while (vm_status(vm) == VM_WAITING && bench_step(bench, vm)) {}
    if (vm_status(vm) != VM_ENDED) die("the plan never ends", "");
    vm_free(vm);
    buffer_free(&text);
}

static void mode_waiting(Bench *bench, const char *path, long count)
{
    Vm **machines = memory_alloc((size_t)count * sizeof *machines);
    long before = resident_peak();
    size_t block = 0;
    bench->quiet = true;
    for (long i = 0; i < count; i++) {
        machines[i] = machine_open(bench);
        bench_start(bench, machines[i], NULL);
        bench->pending.count = bench->is_http.count = 0;
        uint64_t hash[2];
        vm_hash(machines[i], hash);
        block = vm_memory(machines[i]);
    }
    long after = resident_peak();
    printf("%s: %ld runs wait; block %zu bytes, resident %.1f KiB a run\n", path, count, block,
           (double)(after - before) / (double)count);
    for (long i = 0; i < count; i++)
        vm_free(machines[i]);
    free(machines);
}

/* One state, from which the run goes on in `count` copies, each for a turn. The result was read before. */
static void mode_forks(Bench *bench, long count, long depth)
{
    enum { SLACK = 4096 };
    bench->quiet = true;
    bench->limits.slack_bytes = SLACK;
    Vm *vm = machine_open(bench), *fork = machine_open(bench);
    Error error = {0};
    uint64_t hash[2], sum = 0;
    bench_start(bench, vm, NULL);
    for (long i = 0; i < depth && bench_step(bench, vm); i++) {}
    if (!bench->pending.count) die("no effect is under way there", "");
    uint64_t effect = bench->pending.items[bench->pending.count - 1];
    Buffer state = {0};
    vm_snapshot(vm, &state);
    VmValue *value = vm_value_of_result(vm, effect, STR(COMMAND_RESULT), &error);
    if (!value) die("the result is refused", error.text);
    double began = seconds_now();
    for (long i = 0; i < count; i++) {
        bench->pending.count = bench->is_http.count = 0;
        vm_copy(fork, vm);
        bench_feed(bench, fork, &(VmEvent){.kind = VM_RESULT, .now = 2000, .effect = effect, .value = value});
        vm_hash(fork, hash);
        sum += hash[0];
    }
    double took = seconds_now() - began;
    if (vm_status(fork) != VM_WAITING) die("a fork ends in its turn", "");
    printf("%ld forks of a state of %zu bytes: %.0f a second (%llx)\n", count, state.len, (double)count / took,
           (unsigned long long)sum);
    vm_value_free(value);
    vm_free(fork);
    vm_free(vm);
    buffer_free(&state);
}

static void mode_drills(Bench *bench, long rounds)
{
    Error error = {0};
    Json *metadata = json_parse(bench->image.metadata, &error);
    if (!metadata) die("metadata", error.text);
    long count = 0, failed = 0;
    double began = seconds_now();
    for (long i = 0; i < rounds; i++) {
        for (const Json *drill = json_first(json_get(metadata, "drills")); drill; drill = json_next(drill)) {
            Rehearsal rehearsal;
            rehearse(&(DrillCase){.image = &bench->image, .metadata = metadata, .drill = drill}, &rehearsal);
            count++;
            failed += !rehearsal.holds;
            rehearsal_free(&rehearsal);
        }
    }
    printf("%ld drills, %ld failed: %.0f a second\n", count, failed, (double)count / (seconds_now() - began));
    json_free(metadata);
}

static double wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* All that lives is copied each time; the first one also takes fresh pages. */
static void mode_pauses(Bench *bench, const char *n)
{
    enum { ROUNDS = 9 };
    Vm *vm = machine_open(bench);
    bench_start(bench, vm, n);
    double longest = 0, sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double began = wall_now();
        if (!heap_collect(vm, 0)) die("a collection fails", "");
        double took = wall_now() - began;
        sum += took;
        if (took > longest) longest = took;
    }
    printf("a collection of %.3f MB that live takes %.3f ms, the longest of %d %.3f ms\n",
           (double)vm_state(vm)->live / 1e6, sum / ROUNDS * 1e3, ROUNDS, longest * 1e3);
    vm_free(vm);
}

/* ---- two fibers, by hand ---- */

enum { TOPIC_THERE = 1 << 8, TOPIC_BACK = 1 << 9, WORD_REGISTERS = 8 };

static void put(ImageBuilder *builder, Opcode op, unsigned a, unsigned b, unsigned c, int64_t imm)
{
    image_builder_emit(builder, op, a, b, c, (int32_t)imm);
}

/* Wakes the other, and waits for being woken, S[0] times. */
static void put_exchange(ImageBuilder *builder, int wakes, int waits, bool first)
{
    put(builder, OPCODE_INT, 1, 0, 0, 0);
    put(builder, OPCODE_INT, 2, 0, 0, wakes);
    put(builder, OPCODE_INT, 3, 0, 0, waits);
    put(builder, OPCODE_SCALAR, 4, 0, 0, image_builder_scalar(builder, INT64_MAX));
    uint32_t top = image_builder_here(builder);
    if (!first) put(builder, OPCODE_WAIT, 5, 4, 3, 0);
    put(builder, OPCODE_NOTIFY, 2, 0, 0, 0);
    if (first) put(builder, OPCODE_WAIT, 5, 4, 3, 0);
    uint32_t at = image_builder_emit(builder, OPCODE_COUNT, 1, 0, 0, 0);
    image_builder_patch_jump(builder, at, top);
    put(builder, OPCODE_RETURN, 0, 0, 0, 0);
}

static void mode_switch(long count)
{
    Bench bench = {.entry = STR("main"), .limits = vm_default_limits(), .quiet = true};
    bench.limits.instructions = UINT64_MAX;
    ImageBuilder *builder = image_builder_new();
    Error error = {0};
    uint32_t other = image_builder_function(builder, STR("other"));
    image_builder_begin(builder, other, 1, 0, RESULT_NONE);
    put_exchange(builder, TOPIC_BACK, TOPIC_THERE, true);
    image_builder_end(builder, WORD_REGISTERS, 1);
    uint32_t entry = image_builder_function(builder, STR("main"));
    image_builder_begin(builder, entry, 0, 0, RESULT_NONE);
    put(builder, OPCODE_SCALAR, 0, 0, 0, image_builder_scalar(builder, count / 2 - 1));
    put(builder, OPCODE_MOVE_S, 2, 0, 0, 0);
    put(builder, OPCODE_INT, 1, 0, 0, 1);
    put(builder, OPCODE_SPAWN, 2, 0, 1, other);
    put_exchange(builder, TOPIC_THERE, TOPIC_BACK, false);
    image_builder_end(builder, WORD_REGISTERS, 2);
    image_builder_entry(builder, STR("main"), entry);
    if (!image_builder_finish(builder, &bench.bytes, &error)) die("switch", error.text);
    if (!image_open(buffer_str(&bench.bytes), &bench.image, &error)) die("switch", error.text);
    Vm *vm = machine_open(&bench);
    bench_start(&bench, vm, NULL);
    if (vm_status(vm) != VM_ENDED) die("the fibers wait for ever", "");
    printf("%ld\n", count);
    vm_free(vm);
    bench_close(&bench);
    image_builder_free(builder);
}

int main(int argc, char **argv)
{
    Bench bench = {0};
    const char *mode = argc > 2 ? argv[1] : "";
    long count = argc > 3 ? atol(argv[3]) : 1;
    if (strcmp(mode, "switch") == 0) {
        mode_switch(atol(argv[2]));
        return 0;
    }
    if (!*mode) die("MODE FILE [N]", "see the head of bench/machine.c");
    bench_open(&bench, argv[2]);
    if (strcmp(mode, "run") == 0) mode_run(&bench, argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL);
    else if (strcmp(mode, "start") == 0) vm_free(machine_open(&bench));
    else if (strcmp(mode, "waiting") == 0) mode_waiting(&bench, argv[2], count);
    else if (strcmp(mode, "forks") == 0) mode_forks(&bench, count, argc > 4 ? atol(argv[4]) : 0);
    else if (strcmp(mode, "pauses") == 0) mode_pauses(&bench, argc > 3 ? argv[3] : NULL);
    else if (strcmp(mode, "drills") == 0) mode_drills(&bench, count);
    else die("there is no mode", mode);
    bench_close(&bench);
    return 0;
}
