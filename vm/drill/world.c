/* The drill's clock and queue behind the World interface: see world.h. */
#include "vm/drill/world_parts.h"

#include <stdlib.h>
#include <string.h>

/* So many events without the clock moving mean that it never will. */
enum { INSTANT_LIMIT = 100000 };

static DrillWorld *drill_of(World *world)
{
    return (DrillWorld *)(void *)world;
}

static void queue_add(DrillWorld *world, Pending pending, Str json)
{
    pending.sequence = world->sequence++;
    pending.json = json.len ? memory_copy_c(json) : NULL;
    vec_push(&world->queue, pending);
}

void world_expect_signal(DrillWorld *world, int64_t after, Str json)
{
    queue_add(world, (Pending){.kind = PENDING_SIGNAL, .at = world->now + after}, json);
}

void world_expect_result(DrillWorld *world, int64_t after, uint64_t effect, bool survives, Str json)
{
    Pending pending = {
        .kind = PENDING_RESULT, .at = world->now + after, .effect = effect, .survives = survives};
    queue_add(world, pending, json);
}

void world_stop(DrillWorld *world, const char *format, ...)
{
    if (world->trouble.len) return;
    va_list args;
    va_start(args, format);
    buffer_vprintf(&world->trouble, format, args);
    va_end(args);
}

static bool comes_before(const Pending *a, const Pending *b, int64_t now)
{
    /* What came due while no process ran is all there at once when one runs again. */
    int64_t a_at = a->at < now ? now : a->at, b_at = b->at < now ? now : b->at;
    if (a_at != b_at) return a_at < b_at;
    if (a->kind != b->kind) return a->kind < b->kind;
    if (a->kind == PENDING_RESULT) return a->effect < b->effect;
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

/* Position of what happens next, or the queue's count. */
static size_t queue_first(const DrillWorld *world)
{
    size_t first = world->queue.count;
    for (size_t i = 0; i < world->queue.count; i++) {
        if (first == world->queue.count ||
            comes_before(&world->queue.items[i], &world->queue.items[first], world->now)) {
            first = i;
        }
    }
    return first;
}

static void queue_remove(DrillWorld *world, size_t at)
{
    free(world->queue.items[at].json);
    world->queue.items[at] = world->queue.items[--world->queue.count];
}

static ptrdiff_t queue_find_result(const DrillWorld *world, uint64_t effect)
{
    for (size_t i = 0; i < world->queue.count; i++) {
        const Pending *pending = &world->queue.items[i];
        if (pending->kind == PENDING_RESULT && pending->effect == effect) return (ptrdiff_t)i;
    }
    return -1;
}

/* ---- the interface ---- */

static int64_t world_now(World *world)
{
    return drill_of(world)->now;
}

static void world_start(World *world, const EffectRequest *request)
{
    DrillWorld *drill = drill_of(world);
    if (request->again && queue_find_result(drill, request->id) >= 0) return; /* its keeper has it */
    answer_effect(drill, request);
}

static void world_cancel(World *world, uint64_t effect)
{
    DrillWorld *drill = drill_of(world);
    ptrdiff_t at = queue_find_result(drill, effect);
    if (at >= 0) queue_remove(drill, (size_t)at);
}

/* Who says no end wants to see what becomes of the follow-ups, too. */
static void end_move(DrillWorld *drill, const WorldMark *mark)
{
    bool followup = str_equal_c(mark->kind, "followup");
    if (!followup && !str_equal_c(mark->kind, "resolved")) return;
    Json *args = followup ? json_parse(mark->args, NULL) : NULL;
    int64_t from = json_int(args, "due", mark->now), end;
    json_free(args);
    if (!__builtin_add_overflow(from, drill->script->until, &end) && end > drill->end) drill->end = end;
}

static void world_mark(World *world, const WorldMark *mark)
{
    DrillWorld *drill = drill_of(world);
    if (!mark->again) people_see(drill, mark);
    if (!drill->script->says_until) end_move(drill, mark);
}

/* Takes what is at the position out of the queue and makes an event of it. */
static WorldEvent give(DrillWorld *drill, size_t at)
{
    Pending *pending = &drill->queue.items[at];
    WorldEvent event = {.now = drill->now, .effect = pending->effect};
    PendingKind kind = pending->kind;
    drill->kill_for = pending->kill_for;
    buffer_clear(&drill->event);
    if (pending->json) buffer_add_c(&drill->event, pending->json);
    queue_remove(drill, at);
    if (kind == PENDING_SIGNAL) people_address(drill, &drill->event);
    event.json = buffer_str(&drill->event);
    event.kind = kind == PENDING_SIGNAL   ? WORLD_SIGNAL
                 : kind == PENDING_RESULT ? WORLD_RESULT
                                          : WORLD_INTERRUPT;
    return event;
}

static bool stands_still(DrillWorld *drill, int64_t now)
{
    if (now > drill->now) drill->at_instant = 0;
    if (++drill->at_instant <= INSTANT_LIMIT) return false;
    world_stop(drill,
               "so much happened at one instant that time will not go on: something is done again and again "
               "without a pause; give it an `every`, or its line a `delayed`");
    return true;
}

static WorldEvent world_next(World *world, int64_t deadline, bool wait)
{
    DrillWorld *drill = drill_of(world);
    WorldEvent quiet = {.kind = WORLD_QUIET, .now = drill->now};
    if (drill->trouble.len) return quiet;
    size_t first = queue_first(drill);
    bool queued = first < drill->queue.count;
    int64_t at = queued ? drill->queue.items[first].at : INT64_MAX;
    if (at < drill->now) at = drill->now;
    if (!wait && at > drill->now) return (WorldEvent){.kind = WORLD_NOTHING, .now = drill->now};
    /* While a turn goes on, time does not: what is begun in it at this instant may have its result at this
     * instant. */
    int64_t due = !wait ? INT64_MAX : deadline < drill->now ? drill->now : deadline;
    int64_t then = at <= due ? at : due;
    if (then == INT64_MAX) return quiet;
    if (then > drill->end) {
        drill->now = drill->end;
        quiet.now = drill->end;
        return quiet;
    }
    if (stands_still(drill, then)) return quiet;
    drill->now = then;
    if (queued && at <= due) return give(drill, first);
    return (WorldEvent){.kind = WORLD_TIME, .now = drill->now};
}

static void world_close(World *world)
{
    DrillWorld *drill = drill_of(world);
    while (drill->queue.count)
        queue_remove(drill, drill->queue.count - 1);
    vec_free(&drill->queue);
    people_free(drill);
    buffer_free(&drill->event);
    buffer_free(&drill->trouble);
    free(drill);
}

World *drill_open(Script *script)
{
    DrillWorld *drill = memory_alloc(sizeof *drill);
    drill->world = (World){
        .now = world_now,
        .start = world_start,
        .cancel = world_cancel,
        .mark = world_mark,
        .next = world_next,
        .close = world_close,
    };
    drill->script = script;
    drill->now = script->start;
    if (__builtin_add_overflow(script->start, script->until, &drill->end)) drill->end = INT64_MAX - 1;
    people_plan(drill);
    return &drill->world;
}

Str drill_trouble(const World *world)
{
    const DrillWorld *drill = (const DrillWorld *)(const void *)world;
    return buffer_str(&drill->trouble);
}

void drill_resume(World *world)
{
    DrillWorld *drill = drill_of(world);
    drill->now += drill->kill_for;
    drill->kill_for = 0;
    if (drill->now > drill->end) drill->end = drill->now;
    for (size_t i = drill->queue.count; i-- > 0;) {
        if (drill->queue.items[i].kind == PENDING_RESULT && !drill->queue.items[i].survives)
            queue_remove(drill, i);
    }
}
