/* A run's future: see forecast.h. */
#include "vm/forecast.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/core/vm.h"
#include "vm/marks.h"
#include "vm/run.h"

#include <stdlib.h>

/* An effect that the log leaves open: a message that was under way has gone out. */
typedef struct Open {
    uint64_t effect;
} Open;

typedef struct Seer {
    Forecast *forecast;
    const ForecastOptions *options;
    Vm *vm;
    JournalCursor *rows;
    VEC(Open) messages; /* notifications without a result */
} Seer;

/* What people want to know beforehand; the rest follows from it. */
static const char *const told[] = {
    "rung.due",        "rung.passed",       "page.sent",   "page.failed",     "page.capped", "notify.sent",   "notify.failed",
    "ack.lapsed",      "acknowledged",      "target.near", "target.missed",   "resolved",    "reopened",      "phase.overran",
    "deadline.missed", "question.answered", "step.failed", "severity.changed", "run.ended",  "signal.refused", "followup",
    "step.started",    "step.skipped",      "unacknowledged", "mitigated"};

static bool is_told(Str kind)
{
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (str_equal_c(kind, told[i])) return true;
    return false;
}

static void see_mark(Seer *seer, const VmOutput *output)
{
    if (!is_told(output->name)) return;
    if (seer->forecast->items.count >= seer->options->most) {
        seer->forecast->more = true;
        return;
    }
    Json *args = json_parse(output->json, NULL);
    Buffer text = {0};
    if (mark_write(&text, output->name, args)) {
        Coming coming = {vm_now(seer->vm), memory_copy_c(output->name), memory_copy_c(buffer_str(&text))};
        vec_push(&seer->forecast->items, coming);
    }
    buffer_free(&text);
    json_free(args);
}

/* One event; what the machine puts out is seen, and messages wait for their turn to be delivered. */
static bool see(Seer *seer, VmEvent event, Error *error)
{
    if (event.now < vm_now(seer->vm)) event.now = vm_now(seer->vm);
    if (!vm_feed(seer->vm, &event, error)) return false;
    for (size_t i = 0; i < vm_output_count(seer->vm); i++) {
        const VmOutput *output = vm_output(seer->vm, i);
        if (output->kind == VM_MARK) see_mark(seer, output);
        if (output->kind == VM_EFFECT && output->effect_class == EFFECT_NOTIFY) vec_push(&seer->messages, (Open){output->effect});
    }
    return true;
}

static bool deliver_messages(Seer *seer, int64_t now, Error *error)
{
    static const char delivered[] = "{\"body\":false,\"ok\":true,\"unknown\":false}";
    for (size_t i = 0; i < seer->messages.count; i++) {
        uint64_t effect = seer->messages.items[i].effect;
        if (!vm_awaits(seer->vm, effect)) continue;
        VmEvent result = {.kind = VM_RESULT, .now = now, .effect = effect, .json = str_from_c(delivered)};
        if (!see(seer, result, error)) return false;
    }
    seer->messages.count = 0;
    return true;
}

/* From one deadline to the next. */
static bool go_on(Seer *seer, Error *error)
{
    int64_t now = seer->options->now;
    if (!deliver_messages(seer, now, error)) return false;
    while (vm_status(seer->vm) == VM_WAITING && !seer->forecast->more) {
        int64_t deadline = vm_next_deadline(seer->vm);
        if (deadline == INT64_MAX) return true;
        if (deadline > seer->options->until) {
            seer->forecast->more = true;
            return true;
        }
        if (deadline > now) now = deadline;
        if (!see(seer, (VmEvent){.kind = VM_TICK, .now = now}, error)) return false;
        if (!deliver_messages(seer, now, error)) return false;
    }
    return true;
}

/* ---- up to now ---- */

static bool old_row(void *ctx, LogRow *row, Error *error)
{
    Seer *seer = ctx;
    if (!journal_next(seer->rows, row, error)) return false;
    if (row->kind == LOG_INTENT && row->effect_class == EFFECT_NOTIFY) vec_push(&seer->messages, (Open){row->effect});
    for (size_t i = 0; row->kind == LOG_RESULT && i < seer->messages.count; i++)
        if (seer->messages.items[i].effect == row->effect) seer->messages.items[i--] = seer->messages.items[--seer->messages.count];
    return true;
}

/* A machine where the log ends. */
static bool replay(Seer *seer, const Image *image, Journal *journal, Error *error)
{
    seer->vm = vm_new(image, journal_run(journal)->entry, NULL, error);
    seer->rows = seer->vm ? journal_rows(journal, 0, error) : NULL;
    if (!seer->rows) return false;
    RunSetup setup = {.vm = seer->vm};
    RunSource source = {.ctx = seer, .next = old_row};
    RunOutcome outcome;
    bool fine = run_replay(&setup, &source, &outcome);
    if (!fine) *error = outcome.error;
    journal_rows_end(seer->rows);
    return fine;
}

bool forecast_make(Forecast *forecast, Journal *journal, const ForecastOptions *options, Error *error)
{
    Buffer bytes = {0};
    Image image;
    Seer seer = {.forecast = forecast, .options = options};
    *forecast = (Forecast){0};
    bool open = journal_image(journal, &bytes, error) && image_open(buffer_str(&bytes), &image, error);
    bool fine = open && replay(&seer, &image, journal, error);
    if (fine && options->signal.len && vm_status(seer.vm) == VM_WAITING)
        fine = see(&seer, (VmEvent){.kind = VM_SIGNAL, .now = options->now, .json = options->signal}, error);
    fine = fine && go_on(&seer, error);
    vm_free(seer.vm);
    vec_free(&seer.messages);
    if (open) image_close(&image);
    buffer_free(&bytes);
    return fine;
}

void forecast_free(Forecast *forecast)
{
    for (size_t i = 0; i < forecast->items.count; i++) {
        free(forecast->items.items[i].kind);
        free(forecast->items.items[i].text);
    }
    vec_free(&forecast->items);
}

void forecast_write(const Forecast *forecast, int64_t now, Buffer *out)
{
    for (size_t i = 0; i < forecast->items.count; i++) {
        const Coming *coming = &forecast->items.items[i];
        Buffer left = {0};
        if (coming->at <= now)
            buffer_add_c(&left, "now");
        else {
            buffer_add_c(&left, "in ");
            duration_write_short(&left, coming->at - now);
        }
        buffer_printf(out, "%-10s ", left.data);
        time_write_clock(out, coming->at);
        buffer_printf(out, "  %s\n", coming->text);
        buffer_free(&left);
    }
    if (forecast->more) buffer_add_c(out, "and so on\n");
}
