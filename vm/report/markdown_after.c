/* What a report says of the time after: follow-ups with owner and day, and the post-mortem's skeleton, in
 * which all that the log knows is filled in; the rest is for people to write. */
#include "vm/report/markdown.h"

#include "vm/base/time.h"

void markdown_followups(Buffer *out, const Story *story)
{
    if (!story->followups.count) return;
    buffer_add_c(out, "## Follow-ups\n\n| what | owner | due |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < story->followups.count; i++) {
        const StoryFollowup *followup = &story->followups.items[i];
        buffer_add_c(out, "| ");
        markdown_text(out, followup->text);
        buffer_add_c(out, " | ");
        if (followup->by.len)
            markdown_person(out, story, followup->by);
        else
            buffer_add_c(out, "nobody yet");
        buffer_add_c(out, " | ");
        if (followup->due != STORY_NEVER) time_write_minute(out, followup->due);
        buffer_add_c(out, " |\n");
    }
    buffer_add_char(out, '\n');
}

static Str fact_of(const Story *story, const char *name)
{
    for (size_t i = 0; i < story->facts.count; i++) {
        if (str_equal_c(story->facts.items[i].name, name)) return story->facts.items[i].text;
    }
    return STR("");
}

static void part_begin(Buffer *out, const char *title)
{
    buffer_printf(out, "### %s\n\n", title);
}

static void part_fact(Buffer *out, const Story *story, const char *title, const char *fact)
{
    Str text = fact_of(story, fact);
    part_begin(out, title);
    if (text.len)
        markdown_text(out, text);
    else
        buffer_add_c(out, "_to be written_");
    buffer_add_c(out, "\n\n");
}

static void part_course(Buffer *out, const Story *story)
{
    part_begin(out, "What happened");
    buffer_add_c(out, "It began at ");
    markdown_time(out, story->opened);
    if (story->severities.count) {
        buffer_add_c(out, " as ");
        markdown_text(out, story->severities.items[0].name);
    }
    if (story->first_acknowledged != STORY_NEVER) {
        buffer_add_c(out, "; ");
        markdown_person(out, story, story->first_acknowledged_by);
        buffer_add_c(out, " had it after ");
        markdown_duration(out, story->first_acknowledged - story->opened);
    } else {
        buffer_add_c(out, "; nobody acknowledged it");
    }
    buffer_printf(out, ". Pages: %zu.", story->pages.count);
    for (size_t i = 1; i < story->severities.count; i++) {
        const StorySeverity *severity = &story->severities.items[i];
        buffer_add_c(out, " At ");
        markdown_clock(out, severity->since);
        buffer_add_c(out, " it became ");
        markdown_text(out, severity->name);
        if (severity->because.len) buffer_add_c(out, ": ");
        markdown_text(out, severity->because);
        buffer_add_char(out, '.');
    }
    if (story->resolved != STORY_NEVER) {
        buffer_add_c(out, " It was over after ");
        markdown_duration(out, story->resolved - story->opened);
        if (story->because.len) buffer_add_c(out, ": ");
        markdown_text(out, story->because);
        buffer_add_char(out, '.');
    } else {
        buffer_add_c(out, " It was not over when the run ended.");
    }
    buffer_add_c(out, "\n\n");
}

static void part_tried(Buffer *out, const Story *story)
{
    bool any = false;
    for (size_t i = 0; i < story->steps.count; i++) {
        const StoryStep *step = &story->steps.items[i];
        if (!str_equal_c(step->kind, "remedy")) continue;
        if (!any) part_begin(out, "What was tried");
        any = true;
        buffer_add_c(out, "- ");
        markdown_text(out, step->name);
        buffer_add_c(out, step->state == STEP_DONE     ? ": done"
                          : step->state == STEP_FAILED ? ": failed"
                                                       : ": not finished");
        if (step->error.len) buffer_add_c(out, ", ");
        markdown_text(out, step->error);
        buffer_add_char(out, '\n');
    }
    if (any) buffer_add_char(out, '\n');
}

static void went_badly(Buffer *out, const Story *story)
{
    for (size_t i = 0; i < story->missed.count; i++) {
        buffer_printf(out, "- the target to %.*s within ", STR_ARG(story->missed.items[i].what));
        markdown_duration(out, story->missed.items[i].target);
        buffer_add_c(out, " was missed\n");
    }
    for (size_t i = 0; i < story->pages.count; i++) {
        const StoryPage *page = &story->pages.items[i];
        if (!str_equal_c(page->how, "unanswered")) continue;
        buffer_add_c(out, "- ");
        markdown_person(out, story, page->contact);
        buffer_add_c(out, " did not answer the page of ");
        markdown_clock(out, page->started);
        buffer_add_char(out, '\n');
    }
    for (size_t i = 0; i < story->rungs.count; i++) {
        if (!story->rungs.items[i].late) continue;
        buffer_add_c(out, "- the escalation came ");
        markdown_duration(out, story->rungs.items[i].late);
        buffer_add_c(out, " late: ");
        markdown_text(out, story->rungs.items[i].rule);
        buffer_add_char(out, '\n');
    }
    for (size_t i = 0; i < story->steps.count; i++) {
        if (story->steps.items[i].state != STEP_FAILED) continue;
        buffer_add_c(out, "- it failed: ");
        markdown_text(out, story->steps.items[i].name);
        buffer_add_char(out, '\n');
    }
}

void markdown_post_mortem(Buffer *out, const Story *story)
{
    if (story->opened == STORY_NEVER) return;
    buffer_add_c(out, "## Post-mortem\n\n");
    part_course(out, story);
    part_fact(out, story, "Impact", "impact");
    part_fact(out, story, "Root cause", "cause");
    part_tried(out, story);
    part_fact(out, story, "What ended it", "fix");
    part_fact(out, story, "What went well", "");
    part_begin(out, "What went badly");
    went_badly(out, story);
    buffer_add_c(out, "- _to be written_\n\n");
    part_fact(out, story, "Where we were lucky", "");
    part_begin(out, "What we change");
    buffer_add_c(out, story->followups.count ? "See the follow-ups above; more: _to be written_\n"
                                             : "_to be written_\n");
}
