/* The driver's loop and the replay (vm/run.h). Turns: take what the world has, feed, write, commit once, hand
 * out.
 *
 * Called by planvm and by drills. It knows the machine, the journal and the world's interface, and keeps
 * nothing between two calls. It must hand nothing to the world that is not committed. */
#include "vm/run.h"

#include "vm/base/json.h"
#include "vm/base/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Events of one turn at most, so that a flood of results does not hold back what is to be started. */
#define TURN_EVENTS 256

/* How long rows may stay without a commit while the world is only looked at. */
#define HELD_MAX 200 /* ms */

/* What the machine put out in this turn, copied into the turn's arena until it may leave. */
typedef struct Outgoing {
    LogKind kind; /* INTENT, CANCEL or MARK */
    bool dropped; /* an effect that was cancelled in the same turn */
    bool again;
    int64_t now;
    EffectRequest effect;
    WorldMark mark;
} Outgoing;

/* An effect of the log that has an intent and no result. */
typedef struct Pending {
    EffectRequest effect;
    bool cancelled;
} Pending;

typedef struct Driver {
    const RunSetup *setup;
    RunOutcome *outcome;
    Arena turn;
    VEC(Outgoing) outgoing;
    VEC(Str) consumed; /* msgs of this turn's signals */
    Arena kept;        /* for the whole call */
    Map seen;          /* msgs of all signals so far */
    VEC(Pending) pending;
    bool held; /* rows are written and not committed: nothing outside depends on them yet */
    int64_t held_since;
    bool leaving; /* nothing more is begun: what has its intent now is begun at resume */
    bool failed;  /* stop: outcome says why */
} Driver;

static void driver_close(Driver *driver)
{
    arena_free(&driver->turn);
    arena_free(&driver->kept);
    vec_free(&driver->outgoing);
    vec_free(&driver->consumed);
    vec_free(&driver->pending);
    map_free(&driver->seen);
}

static bool broken(Driver *driver, RunEnd end)
{
    driver->outcome->end = end;
    driver->failed = true;
    return false;
}

/* ---- rows ---- */

static LogRow row_of_output(const VmOutput *output, int64_t now, Buffer *end)
{
    LogRow row = {.now = now,
                  .effect = output->effect,
                  .name = output->name,
                  .step = output->step,
                  .at = output->at,
                  .json = output->json,
                  .effect_class = output->effect_class};
    switch (output->kind) {
    case VM_EFFECT: row.kind = LOG_INTENT; break;
    case VM_CANCEL: return (LogRow){.kind = LOG_CANCEL, .now = now, .effect = output->effect};
    case VM_MARK:
        row.kind = LOG_MARK;
        row.effect = 0;
        row.effect_class = EFFECT_LOOK;
        break;
    case VM_DONE:
        buffer_clear(end);
        buffer_printf(end, "{\"failed\":%s,\"error\":%.*s}", output->failed ? "true" : "false",
                      STR_ARG(output->json.len ? output->json : STR("null")));
        row = (LogRow){.kind = LOG_END, .now = now, .json = buffer_str(end)};
        break;
    }
    return row;
}

static bool row_add(Driver *driver, LogRow *row)
{
    const RunSetup *setup = driver->setup;
    if (setup->journal && !journal_append(setup->journal, row, &driver->outcome->error))
        return broken(driver, RUN_BROKEN);
    if (setup->observer && setup->observer->row) setup->observer->row(setup->observer->ctx, row);
    return true;
}

/* What broke the plan off, and where: in which of its functions, if there were several. */
static void note_failure(Error *error, const Json *json)
{
    Str at = json_string(json, "at", ""), stack = json_string(json, "stack", "");
    error_set(error, "%s%s%s", json_string(json, "message", "the plan failed").data,
              stack.len ? ", " : at.len ? ", at " : "", stack.len ? stack.data : at.data);
}

/* The run's end in words, from the plan's own last mark and from what the machine says. */
static void note_end(Driver *driver, const LogRow *row)
{
    RunOutcome *outcome = driver->outcome;
    if (row->kind == LOG_MARK && !str_equal_c(row->name, "run.ended")) return;
    Json *json = json_parse(row->json, NULL);
    if (row->kind == LOG_MARK) {
        Str word = str_slice(json_string(json, "outcome", ""), 0, sizeof outcome->outcome - 1);
        memcpy(outcome->outcome, word.len ? word.data : "", word.len);
        outcome->outcome[word.len] = '\0';
        error_set(&outcome->error, "%s", json_string(json, "error", "").data);
    } else {
        const Json *error = json_get(json, "error");
        outcome->failed = json_bool(json, "failed", false);
        if (outcome->failed && !outcome->error.text[0])
            note_failure(&outcome->error, error);
    }
    json_free(json);
}

static EffectRequest request_of(Arena *arena, const LogRow *row, Str run_id)
{
    return (EffectRequest){.id = row->effect,
                           .op = arena_copy(arena, row->name),
                           .effect_class = row->effect_class,
                           .step = arena_copy(arena, row->step),
                           .at = arena_copy(arena, row->at),
                           .args = arena_copy(arena, row->json),
                           .key = arena_printf(arena, "%.*s-%" PRIu64, STR_ARG(run_id), row->effect)};
}

/* ---- one turn ---- */

static void outgoing_cancel(Driver *driver, uint64_t effect, int64_t now)
{
    for (size_t i = 0; i < driver->outgoing.count; i++) {
        Outgoing *out = &driver->outgoing.items[i];
        if (out->kind != LOG_INTENT || out->effect.id != effect) continue;
        out->dropped = true;
        return;
    }
    vec_push(&driver->outgoing, (Outgoing){.kind = LOG_CANCEL, .now = now, .effect = {.id = effect}});
}

/* Writes the rows of what the machine just put out, and keeps what is to leave after the commit. */
static bool outputs_take(Driver *driver)
{
    Vm *vm = driver->setup->vm;
    int64_t now = vm_now(vm);
    Buffer end = {0};
    bool fine = true;
    for (size_t i = 0; fine && i < vm_output_count(vm); i++) {
        LogRow row = row_of_output(vm_output(vm, i), now, &end);
        fine = row_add(driver, &row);
        if (row.kind == LOG_CANCEL) {
            outgoing_cancel(driver, row.effect, now);
        } else if (row.kind == LOG_INTENT) {
            EffectRequest effect = request_of(&driver->turn, &row, driver->setup->run_id);
            vec_push(&driver->outgoing, (Outgoing){.kind = LOG_INTENT, .now = now, .effect = effect});
        } else if (row.kind == LOG_MARK) {
            WorldMark mark = {.now = now,
                              .kind = arena_copy(&driver->turn, row.name),
                              .step = arena_copy(&driver->turn, row.step),
                              .args = arena_copy(&driver->turn, row.json)};
            vec_push(&driver->outgoing, (Outgoing){.kind = LOG_MARK, .now = now, .mark = mark});
        }
        if (row.kind == LOG_MARK || row.kind == LOG_END) note_end(driver, &row);
    }
    buffer_free(&end);
    return fine;
}

/* Feeds one event and writes its row and those of its outputs. */
static bool event_feed(Driver *driver, const VmEvent *event, LogKind kind)
{
    Vm *vm = driver->setup->vm;
    Error error = {""};
    if (!vm_feed(vm, event, &error)) {
        /* Whoever sent a signal that is none can be told nothing; the run must not suffer. */
        if (kind == LOG_SIGNAL) return true;
        driver->outcome->error = error;
        error_wrap(&driver->outcome->error, "%s cannot be taken", log_kind_name(kind));
        return broken(driver, RUN_BROKEN);
    }
    LogRow row = {.kind = kind, .now = vm_now(vm), .effect = event->effect, .json = event->json};
    return row_add(driver, &row) && outputs_take(driver);
}

/* The signal's own number: gives whether it was seen before, and remembers it. */
static bool signal_is_repeated(Driver *driver, Str json, Str *msg)
{
    *msg = STR("");
    if (str_find(json, STR("\"msg\"")) < 0) return false;
    Json *signal = json_parse(json, NULL);
    Str found = json_string(signal, "msg", "");
    bool repeated = found.len && map_has(&driver->seen, found);
    if (found.len) *msg = arena_copy(repeated ? &driver->turn : &driver->kept, found);
    if (found.len && !repeated) map_set(&driver->seen, *msg, driver);
    json_free(signal);
    return repeated;
}

static bool signal_take(Driver *driver, const WorldEvent *event)
{
    Str msg;
    bool repeated = signal_is_repeated(driver, event->json, &msg);
    if (msg.len) vec_push(&driver->consumed, msg);
    if (repeated) return true;
    return event_feed(driver, &(VmEvent){.kind = VM_SIGNAL, .now = event->now, .json = event->json},
                      LOG_SIGNAL);
}

/* A turn after which the world is only looked at needs no commit of its own: were it lost, the looks would be
 * made again, and nothing would have been changed or said. Such turns share one, HELD_MAX after the first of
 * them at the latest. */
static bool turn_may_wait(Driver *driver)
{
    if (driver->consumed.count || driver->leaving || vm_status(driver->setup->vm) == VM_ENDED) return false;
    for (size_t i = 0; i < driver->outgoing.count; i++) {
        const Outgoing *out = &driver->outgoing.items[i];
        if (out->kind != LOG_INTENT || out->effect.effect_class != EFFECT_LOOK) return false;
    }
    int64_t now = driver->setup->world->now(driver->setup->world);
    if (!driver->held) driver->held_since = now;
    driver->held = now - driver->held_since < HELD_MAX;
    return driver->held;
}

/* After this nothing of the turn that anybody could see can be lost: now it may be seen. */
static bool turn_publish(Driver *driver)
{
    const RunSetup *setup = driver->setup;
    World *world = setup->world;
    if (setup->journal && !turn_may_wait(driver)) {
        driver->held = false;
        if (!journal_commit(setup->journal, &driver->outcome->error)) return broken(driver, RUN_BROKEN);
    }
    for (size_t i = 0; i < driver->consumed.count; i++) {
        if (setup->observer && setup->observer->durable)
            setup->observer->durable(setup->observer->ctx, driver->consumed.items[i]);
    }
    for (size_t i = 0; i < driver->outgoing.count; i++) {
        Outgoing *out = &driver->outgoing.items[i];
        if (out->kind == LOG_CANCEL)
            world->cancel(world, out->effect.id);
        else if (out->kind == LOG_MARK)
            world->mark(world, &out->mark);
        else if (!out->dropped && !driver->leaving)
            world->start(world, &out->effect);
    }
    driver->outgoing.count = driver->consumed.count = 0;
    arena_clear(&driver->turn);
    return true;
}

/* Takes one event of the world; gives whether the turn may take another one. */
static bool event_take(Driver *driver, const WorldEvent *event)
{
    switch (event->kind) {
    case WORLD_NOTHING: return false;
    case WORLD_RESULT:
        return event_feed(
            driver,
            &(VmEvent){.kind = VM_RESULT, .now = event->now, .effect = event->effect, .json = event->json},
            LOG_RESULT);
    case WORLD_SIGNAL: return signal_take(driver, event);
    case WORLD_TIME: return event_feed(driver, &(VmEvent){.kind = VM_TICK, .now = event->now}, LOG_TIME);
    case WORLD_INTERRUPT:
    case WORLD_QUIET:
        driver->leaving = true;
        driver->outcome->end = event->kind == WORLD_QUIET ? RUN_QUIET : RUN_INTERRUPTED;
        LogRow row = {.kind = LOG_LEFT, .now = vm_now(driver->setup->vm)};
        row_add(driver, &row);
        return false;
    }
    return false;
}

static void loop(Driver *driver)
{
    Vm *vm = driver->setup->vm;
    World *world = driver->setup->world;
    while (!driver->leaving && !driver->failed && vm_status(vm) != VM_ENDED) {
        for (int taken = 0; taken < TURN_EVENTS && vm_status(vm) != VM_ENDED; taken++) {
            int64_t due = vm_next_deadline(vm), held_due = driver->held_since + HELD_MAX;
            bool sooner = driver->held && held_due < due;
            WorldEvent event = world->next(world, sooner ? held_due : due, taken == 0);
            /* It is what is held that is due, not the machine. */
            if (event.kind == WORLD_TIME && sooner && event.now < due) break;
            if (!event_take(driver, &event)) break;
        }
        if (!driver->failed) turn_publish(driver);
    }
    if (!driver->leaving && !driver->failed) driver->outcome->end = RUN_ENDED;
}

RunOutcome run_drive(const RunSetup *setup, Str start)
{
    RunOutcome outcome = {0};
    Driver driver = {.setup = setup, .outcome = &outcome};
    VmEvent event = {.kind = VM_START, .now = setup->world->now(setup->world), .json = start};
    if (event_feed(&driver, &event, LOG_START) && turn_publish(&driver)) loop(&driver);
    driver_close(&driver);
    return outcome;
}

/* ---- replay ---- */

static bool rows_agree(const LogRow *made, const LogRow *kept)
{
    return made->kind == kept->kind && made->effect == kept->effect &&
           made->effect_class == kept->effect_class && str_equal(made->name, kept->name) &&
           str_equal(made->step, kept->step) && str_equal(made->at, kept->at) &&
           str_equal(made->json, kept->json);
}

static void row_describe(const LogRow *row, Buffer *out)
{
    buffer_printf(out, "%s %.*s", log_kind_name(row->kind), STR_ARG(row->name));
    if (row->effect) buffer_printf(out, " %" PRIu64, row->effect);
    if (row->at.len) buffer_printf(out, " at %.*s", STR_ARG(row->at));
    if (row->json.len) buffer_printf(out, " %.*s", STR_ARG(str_slice(row->json, 0, 160)));
}

static bool diverged(Driver *driver, uint64_t seq, const LogRow *made, const LogRow *kept)
{
    Buffer was = {0}, is = {0};
    if (kept)
        row_describe(kept, &was);
    else
        buffer_add_c(&was, "nothing");
    if (made)
        row_describe(made, &is);
    else
        buffer_add_c(&is, "nothing");
    error_set(&driver->outcome->error,
              "the run cannot be replayed: row %" PRIu64 " of its log is `%s`, and the program now says `%s`",
              seq, was.data, is.data);
    buffer_free(&was);
    buffer_free(&is);
    return broken(driver, RUN_DIVERGED);
}

static void pending_note(Driver *driver, const LogRow *row)
{
    if (row->kind == LOG_INTENT) {
        vec_push(&driver->pending,
                 (Pending){.effect = request_of(&driver->kept, row, driver->setup->run_id)});
        return;
    }
    for (size_t i = driver->pending.count; i-- > 0;) {
        Pending *pending = &driver->pending.items[i];
        if (pending->effect.id != row->effect) continue;
        if (row->kind == LOG_CANCEL)
            pending->cancelled = true;
        else
            *pending = driver->pending.items[--driver->pending.count];
        return;
    }
}

static bool input_replay(Driver *driver, const LogRow *row)
{
    static const VmEventKind kinds[] = {
        [LOG_START] = VM_START, [LOG_RESULT] = VM_RESULT, [LOG_SIGNAL] = VM_SIGNAL, [LOG_TIME] = VM_TICK};
    VmEvent event = {.kind = kinds[row->kind], .now = row->now, .effect = row->effect, .json = row->json};
    Str msg;
    if (row->kind == LOG_SIGNAL) signal_is_repeated(driver, row->json, &msg);
    if (row->kind == LOG_RESULT) pending_note(driver, row);
    if (vm_feed(driver->setup->vm, &event, &driver->outcome->error)) return true;
    error_wrap(&driver->outcome->error, "row %" PRIu64 " of the log cannot be replayed", row->seq);
    return broken(driver, RUN_DIVERGED);
}

static void mark_retell(Driver *driver, const LogRow *row)
{
    World *world = driver->setup->world;
    if (driver->setup->retell)
        world->mark(
            world,
            &(WorldMark){
                .now = row->now, .kind = row->name, .step = row->step, .args = row->json, .again = true});
}

/* One old row: an input is fed, an output must be what the machine put out as the `next`-th since the last
 * input. */
static bool row_replay(Driver *driver, const LogRow *row, size_t *next)
{
    Vm *vm = driver->setup->vm;
    const RunObserver *observer = driver->setup->observer;
    if (observer && observer->replayed) observer->replayed(observer->ctx, row);
    LogDirection direction = log_kind_direction(row->kind);
    if (direction == LOG_HOST) return true;
    size_t count = vm_output_count(vm);
    Buffer end = {0};
    bool fine = true;
    LogRow made = *next < count ? row_of_output(vm_output(vm, *next), vm_now(vm), &end) : (LogRow){0};
    if (direction == LOG_INPUT) {
        fine = *next >= count || diverged(driver, row->seq, &made, row);
        *next = 0;
        fine = fine && input_replay(driver, row);
    } else {
        fine = (*next < count && rows_agree(&made, row)) ||
               diverged(driver, row->seq, *next < count ? &made : NULL, row);
        (*next)++;
        if (fine && (row->kind == LOG_INTENT || row->kind == LOG_CANCEL)) pending_note(driver, row);
        if (fine && (row->kind == LOG_MARK || row->kind == LOG_END)) note_end(driver, row);
        if (fine && row->kind == LOG_MARK) mark_retell(driver, row);
    }
    buffer_free(&end);
    return fine;
}

static bool replay(Driver *driver, RunSource *source)
{
    size_t next = 0;
    uint64_t last = 0;
    LogRow row;
    Error error = {""};
    while (source->next(source->ctx, &row, &error)) {
        last = row.seq;
        if (!row_replay(driver, &row, &next)) return false;
    }
    if (error.text[0]) {
        driver->outcome->error = error;
        return broken(driver, RUN_BROKEN);
    }
    if (vm_status(driver->setup->vm) == VM_NEW) {
        error_set(&driver->outcome->error, "the run ended before it began: there is nothing to resume");
        return broken(driver, RUN_BROKEN);
    }
    if (next < vm_output_count(driver->setup->vm)) {
        Buffer end = {0};
        LogRow made = row_of_output(vm_output(driver->setup->vm, next), 0, &end);
        diverged(driver, last + 1, &made, NULL);
        buffer_free(&end);
        return false;
    }
    return true;
}

bool run_replay(const RunSetup *setup, RunSource *source, RunOutcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    Driver driver = {.setup = setup, .outcome = outcome};
    bool fine = replay(&driver, source);
    if (fine) outcome->end = vm_status(setup->vm) == VM_ENDED ? RUN_ENDED : RUN_INTERRUPTED;
    driver_close(&driver);
    return fine;
}

/* ---- effects in doubt ---- */

/* A request that changes something in another machine, or a native function: nobody here can tell what became
 * of it. */
static bool is_unknowable(const EffectRequest *effect)
{
    if (effect->effect_class != EFFECT_CHANGE) return false;
    bool far = str_equal_c(effect->op, "http") || str_equal_c(effect->op, "mail");
    if (!far && !str_equal_c(effect->op, "native")) return false;
    Json *args = json_parse(effect->args, NULL);
    bool again = str_equal_c(json_string(args, "on_unknown", "ask"), "again");
    json_free(args);
    return !again;
}

static int compare_pending(const void *a, const void *b)
{
    uint64_t x = ((const Pending *)a)->effect.id, y = ((const Pending *)b)->effect.id;
    return x < y ? -1 : x > y;
}

static bool settle_unknown(Driver *driver, uint64_t effect)
{
    static const char unknown[] =
        "{\"ok\":false,\"unknown\":true,\"error\":\"" LOG_LOST "\"}";
    World *world = driver->setup->world;
    VmEvent event = {
        .kind = VM_RESULT, .now = world->now(world), .effect = effect, .json = str_from_c(unknown)};
    return event_feed(driver, &event, LOG_RESULT);
}

/* First what is begun again, then what only gets its answer: an answer may cancel something that was begun.
 */
static bool settle_doubt(Driver *driver)
{
    World *world = driver->setup->world;
    if (driver->pending.count)
        qsort(driver->pending.items, driver->pending.count, sizeof *driver->pending.items, compare_pending);
    /* The lease is durable before anything is begun. */
    if (!turn_publish(driver)) return false;
    VEC(uint64_t) unknown = {0};
    for (size_t i = 0; i < driver->pending.count; i++) {
        Pending *pending = &driver->pending.items[i];
        if (pending->cancelled) {
            world->cancel(world, pending->effect.id);
        } else if (vm_awaits(driver->setup->vm, pending->effect.id)) {
            pending->effect.again = true;
            if (is_unknowable(&pending->effect))
                vec_push(&unknown, pending->effect.id);
            else
                world->start(world, &pending->effect);
        }
    }
    bool fine = true;
    for (size_t i = 0; fine && i < unknown.count; i++) {
        if (vm_awaits(driver->setup->vm, unknown.items[i])) fine = settle_unknown(driver, unknown.items[i]);
    }
    vec_free(&unknown);
    return fine && turn_publish(driver);
}

RunOutcome run_resume(const RunSetup *setup, RunSource *source)
{
    RunOutcome outcome = {0};
    Driver driver = {.setup = setup, .outcome = &outcome};
    if (replay(&driver, source)) {
        if (vm_status(setup->vm) == VM_ENDED)
            outcome.end = RUN_ENDED;
        else if (settle_doubt(&driver))
            loop(&driver);
    }
    driver_close(&driver);
    return outcome;
}
