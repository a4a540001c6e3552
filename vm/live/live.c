/* The live world behind vm/world.h: begins effects, queues what they and people give back, and lets time
 * pass. Called by vm/run.c. It must never hand out an event while the loop runs, nor keep anything that a
 * resumed run would miss. */
#include "vm/live/live.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vm/base/hash.h"
#include "vm/live/dry_run.h"
#include "vm/live/http.h"
#include "vm/live/inbox.h"
#include "vm/live/keeper_client.h"
#include "vm/live/people.h"
#include "vm/live/policy_gate.h"
#include "vm/live/shown.h"

/* ---- events ---- */

static void queue_push(EventQueue *queue, WorldEventKind kind, uint64_t effect, Buffer *json)
{
    QueuedEvent event = {.kind = kind, .effect = effect, .json = *json};
    *json = (Buffer){0};
    vec_push(queue, event);
}

static void queue_remove(EventQueue *queue, size_t index)
{
    queue->count--;
    memmove(queue->items + index, queue->items + index + 1, (queue->count - index) * sizeof *queue->items);
}

static void queue_free(EventQueue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        buffer_free(&queue->items[i].json);
    vec_free(queue);
}

/* The answer to a question that asks for a secret is one: its value goes no further than here. */
static void hide_answer(LiveWorld *live, Buffer *json)
{
    Json *signal = json_parse(buffer_str(json), NULL);
    const Json *question = NULL;
    if (str_equal_c(json_string(signal, "kind", ""), "answer"))
        question = people_question(live->people, signal);
    if (str_equal_c(json_string(question, "kind", ""), "secret")) {
        Buffer value = {0};
        Error error = {""};
        const Json *given = json_get(signal, "value");
        if (json_kind(given) == JSON_STRING)
            buffer_add_str(&value, json_text(given));
        else
            json_write(&value, given);
        if (!secrets_learn(live->secrets, json_string(question, "secret", ""), buffer_str(&value), &error))
            people_say(live->people, "the answer cannot be kept as a secret: %s", error.text);
        json_set_string(signal, "value", STR(""));
        if (json->len) explicit_bzero(json->data, json->len);
        buffer_clear(json);
        json_write(json, signal);
        buffer_free(&value);
    }
    json_free(signal);
}

void live_signal(LiveWorld *live, Buffer *json)
{
    hide_answer(live, json);
    queue_push(&live->signals, WORLD_SIGNAL, 0, json);
}

void live_interrupt(LiveWorld *live)
{
    live->interrupted = true;
}

bool live_has_events(const LiveWorld *live)
{
    return live->signals.count || live->results.count || live->interrupted;
}

/* ---- effects ---- */

static void effect_free(LiveEffect *effect)
{
    LiveWorld *live = effect->live;
    for (size_t i = 0; i < live->effects.count; i++) {
        if (live->effects.items[i] != effect) continue;
        live->effects.items[i] = live->effects.items[--live->effects.count];
        break;
    }
    json_free(effect->args);
    free(effect->op);
    free(effect->step);
    free(effect->at);
    free(effect->key);
    free(effect);
}

void effect_end(LiveEffect *effect, Buffer *json)
{
    PeopleEffect ended = {.op = effect->op,
                          .at = effect->at,
                          .effect_class = effect->effect_class,
                          .args = effect->args,
                          .args_hash = effect->args_hash,
                          .code = effect->code,
                          .result = buffer_str(json),
                          .now = clock_now(&effect->live->clock)};
    people_effect_ended(effect->live->people, &ended);
    queue_push(&effect->live->results, WORLD_RESULT, effect->id, json);
    effect_free(effect);
}

void effect_end_at_once(LiveEffect *effect, Buffer *json)
{
    LiveWorld *live = effect->live;
    effect_end(effect, json);
    live->results.items[live->results.count - 1].moment = order_moment(&live->order, clock_now(&live->clock));
}

void effect_fail(LiveEffect *effect, const char *text, bool unknown)
{
    Buffer json = {0};
    buffer_add_c(&json, unknown ? "{\"ok\":false,\"unknown\":true" : "{\"ok\":false");
    effect_add_text(effect, &json, "error", str_from_c(text));
    buffer_add_char(&json, '}');
    effect_end(effect, &json);
}

typedef struct Operation {
    const char *op;
    void (*start)(LiveEffect *effect);
} Operation;

static const Operation operations[] = {
    {"http", http_effect_start}, {"command", command_start},   {"call", call_start},
    {"deliver", deliver_start},  {"terminal", terminal_start}, {"native", native_start},
    {"mail", mail_start},
};

/* Programs and protocols end a text at U+0000: what stands behind it would be lost without a word. */
static bool loses_nul(const EffectRequest *request)
{
    bool told = str_equal_c(request->op, "call") || str_equal_c(request->op, "deliver") ||
                str_equal_c(request->op, "terminal");
    Str rest = request->args;
    for (ptrdiff_t at; !told && (at = str_find(rest, STR("\\u0000"))) >= 0;
         rest = str_slice(rest, (size_t)at + 6, rest.len)) {
        size_t slashes = 0;
        while (slashes < (size_t)at && rest.data[(size_t)at - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0) return true;
    }
    return false;
}

static void live_start(World *world, const EffectRequest *request)
{
    LiveWorld *live = live_of(world);
    LiveEffect *effect = memory_alloc(sizeof *effect);
    Error error = {0};
    *effect = (LiveEffect){.live = live,
                           .id = request->id,
                           .effect_class = request->effect_class,
                           .again = request->again,
                           .args = json_parse(request->args, &error),
                           .args_hash = hash_quick(request->args.data, request->args.len),
                           .code = -1,
                           .op = memory_copy_c(request->op),
                           .step = memory_copy_c(request->step),
                           .at = memory_copy_c(request->at),
                           .key = memory_copy_c(request->key)};
    vec_push(&live->effects, effect);
    order_begin(&live->order, request->id);
    if (!effect->args) {
        effect_fail(effect, error.text, false);
        return;
    }
    if (loses_nul(request)) {
        effect_fail(effect, "a value holds the character U+0000, with which it cannot be handed over", false);
        return;
    }
    if (!policy_gate_passes(live->policy, effect)) return;
    if (dry_run_holds(effect)) {
        dry_run_end(effect);
        return;
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].op, effect->op) == 0) {
            operations[i].start(effect);
            return;
        }
    }
    effect_fail(effect, "this planvm does not know the operation", false);
}

static void live_cancel(World *world, uint64_t id)
{
    LiveWorld *live = live_of(world);
    for (size_t i = 0; i < live->results.count; i++) {
        if (live->results.items[i].effect != id) continue;
        buffer_free(&live->results.items[i].json);
        queue_remove(&live->results, i);
        return;
    }
    for (size_t i = 0; i < live->effects.count; i++) {
        LiveEffect *effect = live->effects.items[i];
        if (effect->id != id) continue;
        if (effect->cancel) effect->cancel(effect, true);
        effect_free(effect);
        return;
    }
    /* planvm died after the cancel was recorded and before it was carried out. */
    keeper_client_stop(live->keeper, id, json_count(json_get(live->metadata, "secrets")) > 0);
}

/* ---- the driver's calls ---- */

static int64_t live_now(World *world)
{
    return clock_now(&live_of(world)->clock);
}

static void live_mark(World *world, const WorldMark *mark)
{
    policy_gate_mark(live_of(world)->policy, mark);
    people_mark(live_of(world)->people, mark);
}

static WorldEvent placed(LiveWorld *live, WorldEvent event, int64_t deadline)
{
    order_place(&live->order, &event, deadline);
    return event;
}

static bool take_event(LiveWorld *live, WorldEvent *event)
{
    EventQueue *queue = live->signals.count ? &live->signals : &live->results;
    if (!queue->count) return false;
    QueuedEvent first = queue->items[0];
    queue_remove(queue, 0);
    buffer_free(&live->current);
    live->current = first.json;
    int64_t now = first.moment ? first.moment : clock_now(&live->clock);
    *event = (WorldEvent){first.kind, now, first.effect, buffer_str(&live->current)};
    return true;
}

static WorldEvent live_next(World *world, int64_t deadline, bool wait)
{
    LiveWorld *live = live_of(world);
    WorldEvent event = {.kind = WORLD_NOTHING};
    bool looked = false; /* at what has come: an event goes before the time */
    for (;;) {
        int64_t now = clock_now(&live->clock);
        /* What is there was noticed after the deadline, so the time comes first. */
        if (live_has_events(live) && order_was_due(deadline, now))
            return placed(live, (WorldEvent){.kind = WORLD_TIME, .now = now}, deadline);
        if (take_event(live, &event)) return placed(live, event, deadline);
        if (!looked && !live->interrupted && (!wait || now >= deadline)) {
            looked = true;
            loop_turn(live->loop, false);
            continue;
        }
        if (live->interrupted) {
            live->interrupted = false;
            return (WorldEvent){.kind = WORLD_INTERRUPT, .now = now};
        }
        if (wait && deadline != INT64_MAX && now < deadline && dry_run_may_skip(live)) {
            clock_skip(&live->clock, deadline - now);
            continue;
        }
        if (now >= deadline) return placed(live, (WorldEvent){.kind = WORLD_TIME, .now = now}, deadline);
        if (!wait) return (WorldEvent){.kind = WORLD_NOTHING, .now = now};
        loop_alarm(live->loop, deadline == INT64_MAX ? -1 : deadline - now);
        loop_turn(live->loop, true);
    }
}

static void live_close(World *world)
{
    LiveWorld *live = live_of(world);
    while (live->effects.count) {
        LiveEffect *effect = live->effects.items[0];
        /* A change goes on under its keeper: to end it is for a cancel to say. */
        if (effect->cancel) effect->cancel(effect, effect->effect_class != EFFECT_CHANGE);
        effect_free(effect);
    }
    native_close(live->native);
    policy_gate_close(live->policy);
    people_close(live->people);
    shown_close(live->shown);
    inbox_close(live->inbox);
    http_close(live->http);
    keeper_client_close(live->keeper);
    secrets_close(live->secrets);
    loop_free(live->loop);
    queue_free(&live->signals);
    queue_free(&live->results);
    buffer_free(&live->current);
    vec_free(&live->effects);
    map_free(&live->programs);
    arena_free(&live->found);
    json_free(live->metadata);
    free(live->run_dir);
    free(live->run_id);
    free(live->as);
    free(live->kube_context);
    free(live->kube_namespace);
    free(live);
}

/* ---- opening ---- */

static void interrupt_came(void *ctx, int number)
{
    (void)number;
    live_interrupt(ctx);
}

static void hangup_came(void *ctx, int number)
{
    LiveWorld *live = ctx;
    (void)number;
    people_hangup(live->people);
}

static char *who_is_here(Str as)
{
    const char *user = getenv("USER");
    if (as.len) return memory_copy_c(as);
    return memory_copy_c(user && *user ? str_from_c(user) : STR("somebody"));
}

static int64_t people_now(void *ctx)
{
    LiveWorld *live = ctx;
    return clock_now(&live->clock);
}

static void people_send(void *ctx, Buffer *json)
{
    live_signal(ctx, json);
}

static void people_leave(void *ctx)
{
    live_interrupt(ctx);
}

static People *open_people(LiveWorld *live, const LiveOptions *options)
{
    return people_open(&(PeopleOptions){.loop = live->loop,
                                        .output = options->output,
                                        .attended = live->attended,
                                        .as = str_from_c(live->as),
                                        .view = options->view,
                                        .heartbeat = options->heartbeat,
                                        .ctx = live,
                                        .now = people_now,
                                        .send = people_send,
                                        .leave = people_leave,
                                        .leaving = "leave (the run stops here and can be resumed)"});
}

static bool open_parts(LiveWorld *live, const LiveOptions *options, Error *error)
{
    live->loop = loop_new(error);
    if (!live->loop) return false;
    live->metadata = options->metadata.len ? json_parse(options->metadata, error) : json_new_object();
    if (!live->metadata) return error_wrap(error, "the image's metadata");
    live->secrets = secrets_open(json_get(live->metadata, "secrets"), live->run_dir);
    Error wrong = {0};
    live->policy = policy_gate_open(live->run_dir, options->policy, &wrong);
    if (!live->policy && wrong.text[0]) return error_set(error, "%s", wrong.text);
    live->keeper = keeper_client_open(live->loop, live->run_dir, options->keeper, error);
    if (!live->keeper) return false;
    live->on_interrupt = loop_signal_start(live->loop, SIGINT, interrupt_came, live);
    live->on_terminate = loop_signal_start(live->loop, SIGTERM, interrupt_came, live);
    live->on_hangup = loop_signal_start(live->loop, SIGHUP, hangup_came, live);
    live->people = open_people(live, options);
    live->inbox = inbox_open(live, error);
    return live->inbox != NULL;
}

/* A folder keeps its number when it is moved, and a copy has another one. */
static void note_place(LiveWorld *live)
{
    struct stat info = {0};
    stat(live->run_dir, &info);
    snprintf(live->place, sizeof live->place, "%llx.%llx", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
}

World *live_open(const LiveOptions *options, Error *error)
{
    LiveWorld *live = memory_alloc(sizeof *live);
    /* A reader of our output that goes away, or of a request, must not take the run with it. */
    signal(SIGPIPE, SIG_IGN);
    /* Ignored by whoever started planvm, it would swallow exits. */
    signal(SIGCHLD, SIG_DFL);
    live->world = (World){live_now, live_start, live_cancel, live_mark, live_next, live_close};
    live->run_dir = memory_copy_c(options->run_dir);
    live->run_id = memory_copy_c(options->run_id);
    note_place(live);
    live->as = who_is_here(options->as);
    live->attended = options->attended;
    live->allow_native = options->allow_native;
    live->dry_run = options->dry_run;
    live->show = options->output == LIVE_QUIET ? LIVE_SHOW_NONE : options->show;
    if (options->kube_context.len) live->kube_context = memory_copy_c(options->kube_context);
    if (options->kube_namespace.len) live->kube_namespace = memory_copy_c(options->kube_namespace);
    clock_start(&live->clock, options->started);
    if (open_parts(live, options, error)) {
        if (live->dry_run)
            people_say(live->people,
                       "dry run: looks are done; changes and messages are only shown; waits are skipped");
        return &live->world;
    }
    live_close(&live->world);
    return NULL;
}

void live_inbox_consumed(World *world, Str msg)
{
    inbox_consumed(live_of(world)->inbox, msg);
}
