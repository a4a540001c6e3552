/* One drill: see rehearse.h. After a `kill` a fresh machine replays the log and goes on, as planvm resume
 * does. */
#include "vm/drill/rehearse.h"

#include "vm/drill/expect.h"
#include "vm/drill/timeline.h"
#include "vm/drill/world.h"
#include "vm/run.h"

#include <inttypes.h>
#include <inttypes.h>
#include <stdio.h>

enum { SLACK_BYTES = 256 * 1024, IDLE_LIMIT = 8 };

/* What one drill's parts need to reach each other. */
typedef struct Stage {
    const DrillCase *drill_case;
    Script script;
    World *world;
    Rehearsal *rehearsal;
    RunObserver observer;
    Str entry;
} Stage;

static void keep_row(void *ctx, const LogRow *row)
{
    Stage *stage = ctx;
    record_add(&stage->rehearsal->record, row);
}

static Str entry_of(const Json *metadata, Str plan)
{
    for (const Json *item = json_first(json_get(metadata, "plans")); item; item = json_next(item)) {
        if (str_equal(json_string(item, "name", ""), plan)) return json_string(item, "entry", "");
    }
    return (Str){0};
}

static void write_start(const Stage *stage, Buffer *out)
{
    const Json *with = json_get(stage->script.drill, "with");
    const Json *params = json_get(with, "params");
    buffer_add_c(out, "{\"plan\":");
    json_write_string(out, stage->script.plan);
    buffer_add_c(out, ",\"severity\":");
    json_write(out, json_get(with, "severity"));
    const Json *since = json_get(with, "since");
    buffer_printf(out, ",\"attended\":%s,\"params\":", json_bool(with, "attended", true) ? "true" : "false");
    if (params)
        json_write(out, params);
    else
        buffer_add_c(out, "{}");
    buffer_add_c(out, ",\"starter\":");
    json_write_string(out, json_string(with, "starter", "drill"));
    buffer_add_c(out, ",\"since\":");
    if (since)
        buffer_printf(out, "%" PRId64, stage->script.start - json_as_int(since));
    else
        buffer_add_c(out, "null");
    buffer_add_c(out, ",\"run\":");
    json_write_string(out, json_string(with, "run_id", "drill"));
    if (json_get(with, "number_today")) buffer_printf(out, ",\"number_today\":%" PRId64, json_int(with, "number_today", 1));
    buffer_add_c(out, ",\"drill\":true}");
}

/* ---- resuming ---- */

typedef struct OldRows {
    const Record *record;
    size_t next, count;
} OldRows;

static bool next_old_row(void *ctx, LogRow *row, Error *error)
{
    OldRows *rows = ctx;
    (void)error;
    while (rows->next < rows->count) {
        *row = rows->record->rows.items[rows->next++].log;
        if (log_kind_direction(row->kind) == LOG_HOST) continue;
        if (row->kind == LOG_RESULT) row->step = row->name = (Str){0}; /* the record's own addition */
        return true;
    }
    return false;
}

static void trace_line(void *ctx, Str line)
{
    (void)ctx;
    fprintf(stderr, "%.*s\n", STR_ARG(line));
}

static bool fresh_machine(const Stage *stage, RunSetup *setup, RunOutcome *outcome)
{
    vm_free(setup->vm);
    /* A drill is over soon: there is no need to keep its machine small. */
    VmLimits limits = vm_default_limits();
    limits.slack_bytes = SLACK_BYTES;
    setup->vm = vm_new(stage->drill_case->image, stage->entry, &limits, &outcome->error);
    if (!setup->vm) outcome->end = RUN_BROKEN;
    if (setup->vm && stage->drill_case->covered) vm_cover(setup->vm, stage->drill_case->covered);
    if (setup->vm && stage->drill_case->traced) vm_trace(setup->vm, trace_line, NULL);
    return setup->vm != NULL;
}

static void note_host_row(Stage *stage, LogKind kind)
{
    Record *record = &stage->rehearsal->record;
    size_t count = record->rows.count;
    if (count && record->rows.items[count - 1].log.kind == kind) return;
    record_add(record, &(LogRow){.kind = kind, .now = stage->world->now(stage->world)});
}

static void go_through(Stage *stage, RunSetup *setup, RunOutcome *outcome)
{
    Buffer start = {0};
    write_start(stage, &start);
    if (fresh_machine(stage, setup, outcome)) *outcome = run_drive(setup, buffer_str(&start));
    while (outcome->end == RUN_INTERRUPTED) {
        note_host_row(stage, LOG_LEFT);
        drill_resume(stage->world);
        note_host_row(stage, LOG_LEASE);
        OldRows rows = {.record = &stage->rehearsal->record, .count = stage->rehearsal->record.rows.count};
        RunSource source = {.ctx = &rows, .next = next_old_row};
        if (fresh_machine(stage, setup, outcome)) *outcome = run_resume(setup, &source);
    }
    buffer_free(&start);
}

/* ---- the verdict ---- */

/* Lines that speak of an effect or a person. */
static bool is_to_answer(const ScriptLine *line)
{
    bool silent = line->kind == LINE_PERSON && line->act == PERSON_NEVER;
    return line->kind != LINE_AT && line->kind != LINE_SWEEP && !silent;
}

/* Where a drill fails, a line that answered nothing often is the reason. */
static void tell_idle_lines(const Script *script, Buffer *out)
{
    size_t idle = 0;
    for (size_t i = 0; i < script->lines.count; i++) {
        const ScriptLine *line = &script->lines.items[i];
        if (line->answered || !is_to_answer(line) || idle++ >= IDLE_LIMIT) continue;
        if (idle == 1) buffer_add_c(out, "these lines of the drill answered nothing:\n");
        buffer_printf(out, "  %.*s:%" PRId64 ": %.*s\n", STR_ARG(line->file), line->line, STR_ARG(line->text));
    }
    if (idle > IDLE_LIMIT) buffer_printf(out, "  and %zu more\n", idle - IDLE_LIMIT);
}

/* The drill could not be gone through. */
static void tell_broken(Stage *stage, const char *what, Str why)
{
    Rehearsal *rehearsal = stage->rehearsal;
    buffer_printf(&rehearsal->messages, "%s%.*s\n", what, STR_ARG(why));
    timeline_around(&rehearsal->record, stage->world->now(stage->world), "    ", &rehearsal->messages);
}

static void judge(Stage *stage, const RunOutcome *outcome)
{
    Rehearsal *rehearsal = stage->rehearsal;
    Str trouble = drill_trouble(stage->world);
    int64_t now = stage->world->now(stage->world);
    if (now > rehearsal->record.end && outcome->end == RUN_QUIET) rehearsal->record.end = now;
    rehearsal->holds = false;
    if (trouble.len) {
        tell_broken(stage, "", trouble);
    } else if (outcome->end == RUN_BROKEN || outcome->end == RUN_DIVERGED) {
        tell_broken(stage, "the drill broke off: ", str_from_c(outcome->error.text));
    } else if (outcome->end == RUN_ENDED && outcome->failed) {
        tell_broken(stage, "the run broke off: ", str_from_c(outcome->error.text));
    } else {
        rehearsal->holds = expect_check(&stage->script, &rehearsal->record, "", &rehearsal->messages) == 0;
    }
    if (!rehearsal->holds) tell_idle_lines(&stage->script, &rehearsal->messages);
}

void rehearse_variant(const DrillCase *drill_case, const Variant *variant, Rehearsal *rehearsal)
{
    Error error = {{0}};
    RunOutcome outcome = {.end = RUN_BROKEN};
    Stage stage = {.drill_case = drill_case, .rehearsal = rehearsal};
    *rehearsal = (Rehearsal){0};
    if (!script_read(&stage.script, drill_case->metadata, drill_case->drill, variant, &error)) {
        buffer_printf(&rehearsal->messages, "%s\n", error.text);
        script_free(&stage.script);
        return;
    }
    rehearsal->record.start = rehearsal->record.end = stage.script.start;
    stage.entry = entry_of(drill_case->metadata, stage.script.plan);
    stage.world = drill_open(&stage.script);
    stage.observer = (RunObserver){.ctx = &stage, .row = keep_row};
    RunSetup setup = {.world = stage.world, .observer = &stage.observer, .run_id = STR("drill")};
    go_through(&stage, &setup, &outcome);
    judge(&stage, &outcome);
    if (drill_case->seen) drill_case->seen(drill_case->ctx, &rehearsal->record);
    vm_free(setup.vm);
    stage.world->close(stage.world);
    script_free(&stage.script);
}

const Json *drill_sweep_line(const Json *drill)
{
    for (const Json *line = json_first(json_get(drill, "lines")); line; line = json_next(line)) {
        if (str_equal_c(json_string(line, "on", ""), "sweep")) return line;
    }
    return NULL;
}

void rehearse(const DrillCase *drill_case, Rehearsal *rehearsal)
{
    const Json *sweep = drill_sweep_line(drill_case->drill);
    if (sweep)
        rehearse_sweep(drill_case, sweep, rehearsal);
    else
        rehearse_variant(drill_case, NULL, rehearsal);
}

void rehearsal_free(Rehearsal *rehearsal)
{
    record_free(&rehearsal->record);
    buffer_free(&rehearsal->messages);
    buffer_free(&rehearsal->table);
}
