/* The driver between a real machine, a real journal and a world made here: nothing begins before it is
 * durable, what was under way when the process died is begun again or is unknown, a log that does not fit
 * stops the run, a signal counts once. */
#include "compiler/compile.h"
#include "vm/run.h"

#include "tests/unit/check.h"

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char plan[] =
    "service \"Test\" { owner \"T\" }\n"
    "plan p \"A plan\" {\n"
    "  step \"Work\" {\n"
    "    observe `look at it` with (timeout: 10s)\n"
    "    run `change it` with (timeout: 10s)\n"
    "    run http.post(\"http://here/post\", json: {a: 1}, timeout: 10s) on unknown fail\n"
    "  }\n"
    "}\n";

static char root[64];
static Buffer program;
static Image image;

/* ---- a world that answers everything with success, and dies or misbehaves where it is told to ---- */

typedef struct Effect {
    uint64_t id;
    bool http, again;
} Effect;

typedef struct FakeWorld {
    World world;
    const char *id;   /* of the run whose journal is looked into at every start; NULL: none */
    uint64_t dies_at; /* SIGKILL instead of beginning this effect */
    int64_t clock;
    VEC(Effect) started;
    size_t answered;
    int signals; /* to give before anything else, all with the same msg */
    bool leaves; /* says WORLD_INTERRUPT at once */
    int marks, old_marks, durable;
    bool late; /* an effect began that was not in the journal */
} FakeWorld;

static int64_t fake_now(World *world)
{
    return ((FakeWorld *)(void *)world)->clock;
}

static bool is_committed(const char *id, uint64_t effect)
{
    Error error = {""};
    Journal *journal = journal_open_read(root, str_from_c(id), &error);
    JournalCursor *cursor = journal ? journal_rows(journal, 0, &error) : NULL;
    LogRow row;
    bool found = false;
    while (cursor && journal_next(cursor, &row, &error))
        found = found || (row.kind == LOG_INTENT && row.effect == effect);
    journal_rows_end(cursor);
    journal_close(journal);
    return found;
}

static void fake_start(World *world, const EffectRequest *request)
{
    FakeWorld *fake = (FakeWorld *)(void *)world;
    if (fake->id && !is_committed(fake->id, request->id)) fake->late = true;
    if (request->id == fake->dies_at) raise(SIGKILL);
    vec_push(&fake->started,
             (Effect){.id = request->id, .http = str_equal_c(request->op, "http"), .again = request->again});
}

static void fake_cancel(World *world, uint64_t effect)
{
    (void)world, (void)effect;
}

static void fake_mark(World *world, const WorldMark *mark)
{
    FakeWorld *fake = (FakeWorld *)(void *)world;
    fake->marks += !mark->again;
    fake->old_marks += mark->again;
}

static WorldEvent fake_next(World *world, int64_t deadline, bool wait)
{
    FakeWorld *fake = (FakeWorld *)(void *)world;
    fake->clock += 10;
    WorldEvent event = {.now = fake->clock};
    if (fake->leaves) {
        event.kind = WORLD_INTERRUPT;
    } else if (fake->signals) {
        fake->signals--;
        event.kind = WORLD_SIGNAL;
        event.json = STR("{\"kind\":\"note\",\"by\":\"x\",\"text\":\"hello\",\"msg\":\"m1\"}");
    } else if (fake->answered < fake->started.count) {
        Effect *effect = &fake->started.items[fake->answered++];
        event.kind = WORLD_RESULT;
        event.effect = effect->id;
        event.json = effect->http ? STR("{\"ok\":true,\"status\":200}")
                                  : STR("{\"ok\":true,\"exit\":0,\"out\":\"fine\"}");
    } else if (wait) {
        event.kind = deadline == INT64_MAX ? WORLD_QUIET : WORLD_TIME;
        if (deadline != INT64_MAX && deadline > fake->clock) event.now = fake->clock = deadline;
    }
    return event;
}

static void fake_close(World *world)
{
    vec_free(&((FakeWorld *)(void *)world)->started);
}

static FakeWorld fake_world(void)
{
    return (FakeWorld){.world = {.now = fake_now,
                                 .start = fake_start,
                                 .cancel = fake_cancel,
                                 .mark = fake_mark,
                                 .next = fake_next,
                                 .close = fake_close},
                       .clock = 1772421120000};
}

static void count_durable(void *ctx, Str msg)
{
    CHECK_STR_C(msg, "m1");
    ((FakeWorld *)ctx)->durable++;
}

/* ---- runs ---- */

static const char start[] =
    "{\"plan\":\"p\",\"severity\":null,\"attended\":false,\"params\":{},\"starter\":\"x\","
    "\"since\":null,\"run\":\"r\",\"drill\":false}";

static RunOutcome drive(FakeWorld *fake, Journal *journal, RunSource *source)
{
    RunOutcome outcome = {.end = RUN_BROKEN};
    Vm *vm = vm_new(&image, STR("plan.p"), NULL, &outcome.error);
    RunObserver observer = {.ctx = fake, .durable = count_durable};
    RunSetup setup = {.vm = vm,
                      .world = &fake->world,
                      .journal = journal,
                      .observer = &observer,
                      .run_id = STR("r"),
                      .retell = true};
    if (CHECK(vm != NULL))
        outcome = source ? run_resume(&setup, source) : run_drive(&setup, str_from_c(start));
    vm_free(vm);
    return outcome;
}

static Journal *create(const char *id)
{
    JournalRun run = {.id = str_from_c(id),
                      .plan = STR("p"),
                      .service = STR("Test"),
                      .file = STR("t.plan"),
                      .entry = STR("plan.p"),
                      .starter = STR("x"),
                      .created = 1772421120000};
    Error error = {""};
    Journal *journal = journal_create(root, &run, buffer_str(&program), &error);
    if (!journal) fprintf(stderr, "%s\n", error.text);
    return journal;
}

static bool old_row(void *ctx, LogRow *row, Error *error)
{
    return journal_next(ctx, row, error);
}

static RunOutcome resume(FakeWorld *fake, const char *id)
{
    RunOutcome outcome = {.end = RUN_BROKEN};
    Journal *journal = journal_open(root, str_from_c(id), &outcome.error);
    if (CHECK(journal != NULL)) {
        RunSource source = {.ctx = journal_rows(journal, 0, &outcome.error), .next = old_row};
        outcome = drive(fake, journal, &source);
        journal_rows_end(source.ctx);
    }
    journal_close(journal);
    return outcome;
}

static void whole_run(void)
{
    FakeWorld fake = fake_world();
    fake.id = "whole";
    fake.signals = 2;
    Journal *journal = create("whole");
    RunOutcome outcome = drive(&fake, journal, NULL);
    CHECK_INT(outcome.end, RUN_ENDED);
    CHECK(!outcome.failed);
    CHECK_STR_C(str_from_c(outcome.outcome), "completed");
    CHECK_STR_C(str_from_c(outcome.error.text), "");
    CHECK_INT((int64_t)fake.started.count, 3);
    CHECK(!fake.late);
    CHECK(fake.marks > 2);
    CHECK_INT(fake.durable, 2);
    CHECK(journal_run(journal)->ended);
    Error error = {""};
    JournalCursor *cursor = journal_rows(journal, 0, &error);
    LogRow row;
    int signals = 0, results = 0;
    while (journal_next(cursor, &row, &error)) {
        signals += row.kind == LOG_SIGNAL;
        results += row.kind == LOG_RESULT;
    }
    CHECK_INT(signals, 1);
    CHECK_INT(results, 3);
    journal_rows_end(cursor);
    journal_close(journal);
    fake.world.close(&fake.world);

    /* An ended run is replayed and nothing more. */
    fake = fake_world();
    outcome = resume(&fake, "whole");
    CHECK_INT(outcome.end, RUN_ENDED);
    CHECK_STR_C(str_from_c(outcome.outcome), "completed");
    CHECK_INT((int64_t)fake.started.count, 0);
    CHECK(fake.old_marks > 2);
    fake.world.close(&fake.world);
}

/* Killed after the intent's commit and before the effect begins: the look, then the command, then the
 * request. */
static void killed_before(uint64_t effect)
{
    char id[16];
    snprintf(id, sizeof id, "killed-%d", (int)effect);
    pid_t child = fork();
    if (child == 0) {
        FakeWorld fake = fake_world();
        fake.dies_at = effect;
        drive(&fake, create(id), NULL);
        _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(is_committed(id, effect));

    FakeWorld fake = fake_world();
    fake.id = id;
    fake.clock += 3600000;
    RunOutcome outcome = resume(&fake, id);
    CHECK_INT(outcome.end, RUN_ENDED);
    CHECK(!fake.late);
    CHECK(fake.old_marks > 0);
    if (effect == 3) {
        /* A request that changes something: it is not sent again, and `on unknown fail` fails. */
        CHECK_INT((int64_t)fake.started.count, 0);
        CHECK_STR_C(str_from_c(outcome.outcome), "failed");
        CHECK_CONTAINS(str_from_c(outcome.error.text), "not known");
    } else if (CHECK(fake.started.count == 4 - effect)) {
        CHECK_STR_C(str_from_c(outcome.outcome), "completed");
        CHECK_INT((int64_t)fake.started.items[0].id, (int64_t)effect);
        CHECK(fake.started.items[0].again);
        CHECK(!fake.started.items[1].again);
    }
    fake.world.close(&fake.world);
}

static void leaving(void)
{
    FakeWorld fake = fake_world();
    fake.leaves = true;
    Journal *journal = create("left");
    CHECK_INT(drive(&fake, journal, NULL).end, RUN_INTERRUPTED);
    CHECK(!journal_run(journal)->ended);
    journal_close(journal);
    fake.world.close(&fake.world);
    fake = fake_world();
    RunOutcome outcome = resume(&fake, "left");
    CHECK_INT(outcome.end, RUN_ENDED);
    CHECK_STR_C(str_from_c(outcome.outcome), "completed");
    fake.world.close(&fake.world);
}

typedef struct Tampered {
    JournalCursor *rows;
    LogKind kind;
    Str json;
    uint64_t stop; /* there are no rows after this one; 0: all */
} Tampered;

static bool tampered_row(void *ctx, LogRow *row, Error *error)
{
    Tampered *tampered = ctx;
    if (!journal_next(tampered->rows, row, error)) return false;
    if (row->kind == tampered->kind && tampered->json.len) row->json = tampered->json;
    return !tampered->stop || row->seq <= tampered->stop;
}

/* Another program, or a log that somebody has written in: the run stops, nothing begins. */
static void divergence(LogKind kind, const char *json, uint64_t stop)
{
    FakeWorld fake = fake_world();
    Error error = {""};
    Journal *journal = journal_open_read(root, STR("whole"), &error);
    if (!CHECK(journal != NULL)) return;
    Tampered tampered = {
        .rows = journal_rows(journal, 0, &error), .kind = kind, .json = str_from_c(json), .stop = stop};
    RunSource source = {.ctx = &tampered, .next = tampered_row};
    RunOutcome outcome = drive(&fake, NULL, &source);
    CHECK_INT(outcome.end, RUN_DIVERGED);
    CHECK_CONTAINS(str_from_c(outcome.error.text), "replayed");
    CHECK_INT((int64_t)fake.started.count, 0);
    CHECK_INT((int64_t)fake.answered, 0);
    journal_rows_end(tampered.rows);
    journal_close(journal);
    fake.world.close(&fake.world);
}

/* A disk that takes no more: the run stops, and what was not durable has not begun. */
static void full_disk(void)
{
    pid_t child = fork();
    if (child == 0) {
        FakeWorld fake = fake_world();
        Journal *journal = create("full");
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit none = {4096, 4096};
        setrlimit(RLIMIT_FSIZE, &none);
        RunOutcome outcome = drive(&fake, journal, NULL);
        _exit(outcome.end == RUN_BROKEN && outcome.error.text[0] && !fake.started.count && !fake.marks ? 0
                                                                                                       : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
}

static bool make_program(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/t.plan", root);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL)) return false;
    fputs(plan, file);
    fclose(file);
    Buffer messages = {0};
    Error error = {""};
    bool fine = compile_file(path, false, &program, &messages, NULL) == COMPILE_OK &&
                image_open(buffer_str(&program), &image, &error);
    if (!CHECK(fine)) fprintf(stderr, "%s%s\n", messages.len ? messages.data : "", error.text);
    buffer_free(&messages);
    return fine;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

int main(void)
{
    snprintf(root, sizeof root, "/tmp/plan-run-XXXXXX");
    if (!CHECK(mkdtemp(root) != NULL)) return check_done();
    if (make_program()) {
        whole_run();
        killed_before(1);
        killed_before(2);
        killed_before(3);
        leaving();
        divergence(LOG_RESULT, "{\"ok\":false,\"exit\":1}", 0);
        divergence(LOG_INTENT, "{}", 0);
        divergence(LOG_MARK, "", 2);
        full_disk();
        image_close(&image);
    }
    buffer_free(&program);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return check_done();
}
