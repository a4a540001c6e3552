/* The report as Markdown: head, times and targets, timeline, people, actions, questions, and a post-mortem to
 * be written on, in this order. Each section is one function and leaves itself out when it has nothing to
 * say. */
#include "vm/report/markdown.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <stdlib.h>

static void fact_row(Buffer *out, const char *name, Str text)
{
    if (!text.len) return;
    buffer_printf(out, "| %s | ", name);
    markdown_text(out, text);
    buffer_add_c(out, " |\n");
}

static void moment_row(Buffer *out, const Story *story, const char *name, int64_t time, Str by)
{
    if (time == STORY_NEVER) return;
    buffer_printf(out, "| %s | ", name);
    markdown_time(out, time);
    if (by.len) {
        buffer_add_c(out, ", by ");
        markdown_person(out, story, by);
    }
    buffer_add_c(out, " |\n");
}

static void add_summary(Buffer *out, const Story *story, const ReportHead *head)
{
    buffer_add_c(out, "# Incident report: ");
    markdown_text(out, story->title.len ? story->title : head->plan);
    buffer_add_c(out, "\n\n| | |\n| --- | --- |\n");
    fact_row(out, "Run", head->id);
    fact_row(out, "Service", head->service);
    buffer_add_c(out, "| Plan | ");
    markdown_text(out, head->plan);
    buffer_add_c(out, " (");
    markdown_code(out, head->file);
    buffer_add_c(out, ") |\n");
    fact_row(out, "Started by", head->starter);
    fact_row(out, "State", head->state);
    fact_row(out, "Error", story->error);
    fact_row(out, "Severity", story_severity(story));
    moment_row(out, story, "Opened", story->opened, STR(""));
    moment_row(out, story, "Acknowledged", story->first_acknowledged, story->first_acknowledged_by);
    moment_row(out, story, "Mitigated", story->mitigated, story->mitigated_by);
    moment_row(out, story, "Resolved", story->resolved, story->resolved_by);
    fact_row(out, "Because", story->because);
    for (size_t i = 0; i < story->facts.count; i++)
        fact_row(out, story->facts.items[i].name.data, story->facts.items[i].text);
    buffer_add_char(out, '\n');
}

static void span_row(Buffer *out, const char *name, int64_t from, int64_t to)
{
    buffer_printf(out, "| %s | ", name);
    if (to == STORY_NEVER || from == STORY_NEVER)
        buffer_add_c(out, "never");
    else
        markdown_duration(out, to - from);
    buffer_add_c(out, " |\n");
}

static void target_row(Buffer *out, const Story *story, const StoryTarget *target)
{
    bool respond = str_equal_c(target->what, "respond");
    int64_t reached = respond ? story->first_acknowledged : story->resolved;
    buffer_add_c(out, "| ");
    markdown_text(out, target->severity);
    buffer_printf(out, " | %s within ", respond ? "acknowledge" : "resolve");
    markdown_duration(out, target->target);
    buffer_add_c(out, " | ");
    if (target->missed != STORY_NEVER)
        buffer_add_c(out, "**missed**");
    else
        buffer_add_c(out, reached != STORY_NEVER ? "kept" : "open when the run ended");
    buffer_add_c(out, " |\n");
}

static void add_times(Buffer *out, const Story *story)
{
    if (story->opened == STORY_NEVER) return;
    buffer_add_c(out, "## Times and targets\n\n| | |\n| --- | --- |\n");
    span_row(out, "Time to acknowledge", story->opened, story->first_acknowledged);
    span_row(out, "Time to mitigate", story->opened,
             story->mitigated != STORY_NEVER ? story->mitigated : story->resolved);
    span_row(out, "Time to resolve", story->opened, story->resolved);
    buffer_add_char(out, '\n');
    ReportTargets targets = {0};
    report_targets(story, &targets);
    if (targets.count) buffer_add_c(out, "| severity | target | |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < targets.count; i++)
        target_row(out, story, &targets.items[i]);
    if (targets.count) buffer_add_char(out, '\n');
    vec_free(&targets);
}

static void add_deadlines(Buffer *out, const Story *story)
{
    if (story->deadlines.count) buffer_add_c(out, "| deadline | until | |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < story->deadlines.count; i++) {
        const StoryDeadline *deadline = &story->deadlines.items[i];
        buffer_add_c(out, "| ");
        markdown_text(out, deadline->text);
        buffer_add_c(out, " | ");
        markdown_time(out, deadline->at);
        buffer_printf(out, " | %s |\n",
                      deadline->missed != STORY_NEVER ? "**missed**"
                      : deadline->met != STORY_NEVER  ? "met"
                                                      : "open");
    }
    if (story->deadlines.count) buffer_add_char(out, '\n');
    for (size_t i = 0; i < story->emergencies.count; i++) {
        const StoryText *gate = &story->emergencies.items[i];
        buffer_add_c(out, "**Approved in an emergency:** ");
        markdown_text(out, gate->name);
        buffer_add_c(out, ", by ");
        markdown_person(out, story, gate->by);
        buffer_add_c(out, gate->text.len ? ": " : "");
        markdown_text(out, gate->text);
        buffer_add_c(out, "\n\n");
    }
}

static void add_timeline(Buffer *out, const Story *story)
{
    buffer_add_c(out, "## Timeline (UTC)\n\n");
    int64_t day = STORY_NEVER;
    for (size_t i = 0; i < story->lines.count; i++) {
        const StoryLine *line = &story->lines.items[i];
        if (day == STORY_NEVER || line->at / 86400000 != day) {
            day = line->at / 86400000;
            buffer_add_c(out, i ? "\n### " : "### ");
            time_write_date(out, line->at);
            buffer_add_c(out, "\n\n");
        }
        buffer_add_c(out, "- ");
        markdown_clock(out, line->at);
        buffer_add_char(out, ' ');
        markdown_text(out, line->text);
        buffer_add_char(out, '\n');
    }
    buffer_add_char(out, '\n');
}

static void add_steps(Buffer *out, const Story *story)
{
    static const char *const states[] = {"not finished", "done", "**failed**", "skipped"};
    if (!story->steps.count) return;
    buffer_add_c(out, "## Steps\n\n| began | phase | step | | took |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < story->steps.count; i++) {
        const StoryStep *step = &story->steps.items[i];
        buffer_add_c(out, "| ");
        markdown_clock(out, step->started);
        buffer_add_c(out, " | ");
        markdown_text(out, step->phase);
        buffer_add_c(out, " | ");
        markdown_text(out, step->name);
        buffer_printf(out, " | %s", states[step->state]);
        if (step->error.len) {
            buffer_add_c(out, ": ");
            markdown_text(out, step->error);
        }
        buffer_add_c(out, " | ");
        if (step->ended != STORY_NEVER) markdown_duration(out, step->ended - step->started);
        buffer_add_c(out, " |\n");
    }
    buffer_add_char(out, '\n');
}

static void effect_row(Buffer *out, const StoryEffect *effect)
{
    buffer_add_c(out, "| ");
    markdown_clock(out, effect->started);
    buffer_add_c(out, " | ");
    markdown_text(out, effect->step);
    buffer_add_c(out, " | ");
    markdown_code(out, effect->what);
    buffer_add_c(out, " | ");
    markdown_text(out, effect->outcome.len ? effect->outcome : STR("under way"));
    buffer_add_c(out, " |\n");
}

static bool is_shown_change(const StoryEffect *effect)
{
    return effect->effect_class == EFFECT_CHANGE && !effect->is_read && !effect->is_delivery;
}

static void add_changes(Buffer *out, const Story *story)
{
    size_t changes = 0, looks = 0, good = 0;
    for (size_t i = 0; i < story->effects.count; i++) {
        const StoryEffect *effect = &story->effects.items[i];
        changes += is_shown_change(effect);
        looks += effect->effect_class == EFFECT_LOOK;
        good += effect->effect_class == EFFECT_LOOK && effect->good;
    }
    buffer_add_c(out, "## What was done\n\n");
    if (changes)
        buffer_add_c(out, "| when | step | change | outcome |\n| --- | --- | --- | --- |\n");
    else
        buffer_add_c(out, "Nothing was changed.\n");
    for (size_t i = 0; changes && i < story->effects.count; i++) {
        const StoryEffect *effect = &story->effects.items[i];
        if (is_shown_change(effect)) effect_row(out, effect);
    }
    for (size_t i = 0; i < story->undos.count; i++) {
        const StoryText *undo = &story->undos.items[i];
        buffer_add_c(out, "\nUndone: ");
        markdown_text(out, undo->name);
        if (undo->text.len) buffer_add_c(out, ", which failed: ");
        markdown_text(out, undo->text);
        buffer_add_char(out, '\n');
    }
    if (looks) buffer_printf(out, "\nLooks: %zu, of which %zu ended well.\n", looks, good);
    buffer_add_char(out, '\n');
}

static void add_texts(Buffer *out, const Story *story)
{
    if (story->notes.count) buffer_add_c(out, "## Notes\n\n");
    for (size_t i = 0; i < story->notes.count; i++) {
        buffer_add_c(out, "- ");
        markdown_clock(out, story->notes.items[i].at);
        buffer_add_char(out, ' ');
        markdown_text(out, story->notes.items[i].text);
        buffer_add_char(out, '\n');
    }
    if (story->notes.count) buffer_add_char(out, '\n');
    if (story->attachments.count) buffer_add_c(out, "## Attachments\n\n");
    for (size_t i = 0; i < story->attachments.count; i++) {
        const StoryText *attachment = &story->attachments.items[i];
        buffer_add_c(out, "### ");
        markdown_text(out, attachment->name);
        buffer_add_c(out, "\n\nTaken at ");
        markdown_clock(out, attachment->at);
        buffer_printf(out, ", %zu bytes.\n\n", attachment->text.len);
        markdown_block(out, attachment->text);
        buffer_add_char(out, '\n');
    }
}

void report_markdown(const Story *story, const ReportHead *head, Buffer *out)
{
    add_summary(out, story, head);
    add_times(out, story);
    add_deadlines(out, story);
    add_timeline(out, story);
    markdown_pages(out, story);
    markdown_escalations(out, story);
    add_steps(out, story);
    add_changes(out, story);
    markdown_questions(out, story);
    add_texts(out, story);
    markdown_followups(out, story);
    markdown_post_mortem(out, story);
}
