/* The panel: what it is about, the targets, the phase with its steps, what runs just now, what comes next. A
 * line with nothing to say is left out. Colours and marks come from the style; text of the log cannot bring
 * its own. */
#include "vm/report/panel.h"

#include "vm/base/time.h"
#include "vm/report/report.h"

#include <stdlib.h>

typedef enum Tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_HEAD, TONE_BUSY } Tone;

typedef struct Panel {
    const Story *story;
    const PanelStyle *style;
    int64_t now;
    Buffer *out;
} Panel;

static void add_tone(const Panel *panel, Tone tone, const char *format, ...) PLAN_PRINTF(3, 4);

static void add_tone(const Panel *panel, Tone tone, const char *format, ...)
{
    static const char *const colours[] = {"", "\033[2m", "\033[32m", "\033[1;31m", "\033[1m", "\033[33m"};
    bool coloured = panel->style->colour && colours[tone][0];
    va_list args;
    va_start(args, format);
    if (coloured) buffer_add_c(panel->out, colours[tone]);
    buffer_vprintf(panel->out, format, args);
    if (coloured) buffer_add_c(panel->out, "\033[0m");
    va_end(args);
}

static void end_line(const Panel *panel)
{
    buffer_add_char(panel->out, '\n');
}

/* Whole seconds: what changes more often cannot be read. */
static void add_span(Buffer *out, int64_t span)
{
    if (span < 0) span = 0;
    duration_write_short(out, span - span % 1000);
}

static void add_rule(const Panel *panel, Str run)
{
    const char *bar = panel->style->utf8 ? "─" : "-";
    Buffer line = {0};
    buffer_printf(&line, "%s%s %.*s ", bar, bar, STR_ARG(run));
    for (size_t used = run.len + 4; used + 1 < panel->style->columns; used++)
        buffer_add_c(&line, bar);
    add_tone(panel, TONE_DIM, "%s", line.data);
    end_line(panel);
    buffer_free(&line);
}

/* ---- the incident ---- */

static void add_incident(const Panel *panel)
{
    const Story *story = panel->story;
    Buffer age = {0}, since = {0};
    Str severity = story_severity(story);
    bool incident = story->opened != STORY_NEVER;
    add_span(&age, panel->now - (incident ? story->opened : story->began));
    if (severity.len) {
        add_tone(panel, TONE_BAD, "%.*s", STR_ARG(severity));
        buffer_add_c(panel->out, "  ");
    }
    add_tone(panel, TONE_HEAD, "%.*s", STR_ARG(story->title.len ? story->title : story->plan));
    buffer_printf(panel->out, "  %s %s  ", incident ? "open for" : "running for", age.data);
    if (story->resolved != STORY_NEVER) {
        add_tone(panel, TONE_GOOD, "resolved");
    } else if (incident && story->is_acknowledged) {
        add_span(&since, panel->now - story->acknowledged);
        add_tone(panel, TONE_GOOD, "acknowledged by %.*s, %s ago", STR_ARG(story->acknowledged_by),
                 since.data);
    } else if (incident) {
        add_tone(panel, TONE_BAD, "acknowledged by nobody");
    }
    if (story->mitigated != STORY_NEVER && story->resolved == STORY_NEVER)
        add_tone(panel, TONE_GOOD, "  mitigated");
    end_line(panel);
    buffer_free(&age);
    buffer_free(&since);
}

static void add_target(const Panel *panel, const StoryTarget *target, bool *any)
{
    const Story *story = panel->story;
    bool respond = str_equal_c(target->what, "respond");
    int64_t reached = respond ? story->first_acknowledged : story->resolved;
    if (reached != STORY_NEVER && target->missed == STORY_NEVER) return;
    if (!str_equal(target->severity, story_severity(story))) return;
    Buffer text = {0};
    int64_t left = story->opened + target->target - panel->now;
    buffer_printf(&text, "%s within ", respond ? "respond" : "resolve");
    duration_write_short(&text, target->target);
    if (left >= 0) {
        buffer_add_c(&text, ": ");
        add_span(&text, left);
        buffer_add_c(&text, " left");
    } else {
        buffer_add_c(&text, ": missed");
    }
    buffer_add_c(panel->out, *any ? "   " : "");
    add_tone(panel, left >= 0 ? TONE_PLAIN : TONE_BAD, "%s", text.data);
    *any = true;
    buffer_free(&text);
}

static void add_targets(const Panel *panel)
{
    if (panel->story->opened == STORY_NEVER || panel->story->resolved != STORY_NEVER) return;
    ReportTargets targets = {0};
    bool any = false;
    report_targets(panel->story, &targets);
    for (size_t i = 0; i < targets.count; i++)
        add_target(panel, &targets.items[i], &any);
    if (any) end_line(panel);
    vec_free(&targets);
}

/* ---- phase and steps ---- */

static void add_phase(const Panel *panel)
{
    const Story *story = panel->story;
    if (!story->phase.len || story->phase_ended != STORY_NEVER) return;
    Buffer took = {0}, window = {0};
    int64_t spent = panel->now - story->phase_started;
    int64_t limit =
        story->phase_limit != STORY_NEVER ? story->phase_limit - story->phase_started : STORY_NEVER;
    add_span(&took, spent);
    if (limit != STORY_NEVER) {
        buffer_add_c(&window, " of ");
        add_span(&window, limit);
    }
    buffer_add_c(panel->out, "phase ");
    add_tone(panel, TONE_HEAD, "%.*s", STR_ARG(story->phase));
    buffer_add_c(panel->out, "  ");
    add_tone(panel, limit != STORY_NEVER && spent > limit ? TONE_BAD : TONE_PLAIN, "%s%s", took.data,
             window.data ? window.data : "");
    end_line(panel);
    buffer_free(&took);
    buffer_free(&window);
}

static const char *mark_of(const Panel *panel, StoryStepState state)
{
    static const char *const marks[] = {"▶", "✓", "✗", "–"}, *const plain[] = {">", "+", "x", "-"};
    return panel->style->utf8 ? marks[state] : plain[state];
}

static bool is_of_phase(const Story *story, const StoryStep *step)
{
    return str_equal(step->phase, story->phase) || step->state == STEP_RUNNING;
}

/* The steps of this phase in one line; where they do not fit, the latest. */
static void add_steps(const Panel *panel)
{
    static const Tone tones[] = {TONE_BUSY, TONE_GOOD, TONE_BAD, TONE_DIM};
    const Story *story = panel->story;
    size_t from = story->steps.count, used = 0;
    while (from > 0) {
        const StoryStep *step = &story->steps.items[from - 1];
        size_t len = is_of_phase(story, step) ? step->name.len + 4 : 0;
        if (used + len > panel->style->columns) break;
        used += len;
        from--;
    }
    for (size_t i = from; i < story->steps.count; i++) {
        const StoryStep *step = &story->steps.items[i];
        if (!is_of_phase(story, step)) continue;
        add_tone(panel, tones[step->state], "%s %.*s", mark_of(panel, step->state), STR_ARG(step->name));
        buffer_add_c(panel->out, "  ");
    }
    if (used) end_line(panel);
}

enum { EFFECTS_MOST = 2 };

static void add_effects(const Panel *panel)
{
    const Story *story = panel->story;
    size_t shown = 0, running = 0;
    for (size_t i = story->effects.count; i-- > 0;) {
        const StoryEffect *effect = &story->effects.items[i];
        if (effect->ended != STORY_NEVER || effect->is_read || effect->is_delivery) continue;
        if (++running > EFFECTS_MOST) continue;
        Buffer took = {0};
        add_span(&took, panel->now - effect->started);
        add_tone(panel, TONE_BUSY, "  %.*s", STR_ARG(effect->what));
        add_tone(panel, TONE_DIM, "  for %s", took.data);
        end_line(panel);
        buffer_free(&took);
        shown++;
    }
    if (running > shown) {
        add_tone(panel, TONE_DIM, "  and %zu more under way", running - shown);
        end_line(panel);
    }
}

void panel_write(const Story *story, Str run, int64_t now, Str coming, const PanelStyle *style, Buffer *out)
{
    Panel panel = {.story = story, .style = style, .now = now, .out = out};
    add_rule(&panel, run);
    if (story->began == STORY_NEVER) return;
    add_incident(&panel);
    if (style->rows >= 16) add_targets(&panel);
    add_phase(&panel);
    add_steps(&panel);
    if (style->rows >= 12) add_effects(&panel);
    if (!coming.len) return;
    buffer_add_c(out, "next: ");
    add_tone(&panel, TONE_HEAD, "%.*s", STR_ARG(coming));
    end_line(&panel);
}
