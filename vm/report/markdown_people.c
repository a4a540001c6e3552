/* What a report says of people: who was paged, the ladders as they were planned and as they went, and what
 * was asked. */
#include "vm/report/markdown.h"

#include <stdlib.h>

static void page_outcome(Buffer *out, const StoryPage *page)
{
    if (page->answered != STORY_NEVER) {
        buffer_add_c(out, "answered after ");
        markdown_duration(out, page->answered - page->started);
        return;
    }
    static const struct {
        const char *how, *text;
    } ends[] = {{"acknowledged", "not needed: the incident was acknowledged"},
                {"unanswered", "**nobody answered**"},
                {"passed", "no longer needed"},
                {"", "open when the run ended"}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (str_equal_c(page->how, ends[i].how)) buffer_add_c(out, ends[i].text);
    }
}

static void page_ways(Buffer *out, const StoryPage *page)
{
    for (size_t i = 0; i < page->attempts.count; i++) {
        const StoryAttempt *attempt = &page->attempts.items[i];
        if (i) buffer_add_c(out, ", ");
        markdown_clock(out, attempt->at);
        buffer_add_char(out, ' ');
        markdown_text(out, attempt->way.len ? attempt->way : STR("(no way)"));
        if (str_equal_c(attempt->how, "sent")) continue;
        buffer_printf(out, " %.*s", STR_ARG(attempt->how));
        if (!attempt->error.len) continue;
        buffer_add_c(out, " (");
        markdown_text(out, attempt->error);
        buffer_add_char(out, ')');
    }
    if (!page->attempts.count) buffer_add_c(out, "not sent");
}

void markdown_pages(Buffer *out, const Story *story)
{
    if (!story->pages.count) return;
    buffer_add_c(out, "## Who was paged\n\n| when | whom | why | by which way | what came of it |\n"
                      "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < story->pages.count; i++) {
        const StoryPage *page = &story->pages.items[i];
        buffer_add_c(out, "| ");
        markdown_clock(out, page->started);
        buffer_add_c(out, " | ");
        markdown_person(out, story, page->contact);
        buffer_add_c(out, " | ");
        markdown_text(out, page->reason);
        buffer_add_c(out, " | ");
        page_ways(out, page);
        buffer_add_c(out, " | ");
        page_outcome(out, page);
        buffer_add_c(out, " |\n");
    }
    buffer_add_char(out, '\n');
}

/* ---- escalations ---- */

static bool is_rung_of(const StoryRung *rung, Str escalation, Str rule)
{
    return str_equal(rung->escalation, escalation) && str_equal(rung->rule, rule);
}

static void rung_outcome(Buffer *out, const StoryRung *rung)
{
    markdown_clock(out, rung->at);
    if (rung->passed) {
        buffer_add_c(out, " passed over");
        if (rung->reason.len) buffer_add_c(out, ": ");
        markdown_text(out, rung->reason);
    } else {
        buffer_add_c(out, " fired");
    }
    if (!rung->late) return;
    buffer_add_c(out, ", **");
    markdown_duration(out, rung->late);
    buffer_add_c(out, " late**");
}

static void rule_row(Buffer *out, const Story *story, Str escalation, Str rule)
{
    bool any = false;
    buffer_add_c(out, "| ");
    markdown_text(out, rule);
    buffer_add_c(out, " | ");
    for (size_t i = 0; i < story->rungs.count; i++) {
        if (!is_rung_of(&story->rungs.items[i], escalation, rule)) continue;
        if (any) buffer_add_c(out, "; ");
        rung_outcome(out, &story->rungs.items[i]);
        any = true;
    }
    buffer_add_c(out, any ? " |\n" : "was not due |\n");
}

static Str ladder_of(const Story *story, Str severity)
{
    const Json *severities = json_get(story->metadata, "severities");
    for (const Json *one = json_first(severities); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), severity)) return json_string(one, "escalate", "");
    }
    return STR("");
}

static bool was_used(const Story *story, Str escalation)
{
    for (size_t i = 0; i < story->severities.count; i++) {
        if (str_equal(ladder_of(story, story->severities.items[i].name), escalation)) return true;
    }
    return false;
}

void markdown_escalations(Buffer *out, const Story *story)
{
    const Json *escalations = json_get(story->metadata, "escalations");
    bool any = false;
    for (const Json *one = json_first(escalations); one; one = json_next(one)) {
        Str name = json_string(one, "name", "");
        if (!was_used(story, name)) continue;
        if (!any) buffer_add_c(out, "## Escalation, as planned and as it went\n\n");
        any = true;
        buffer_add_c(out, "| ");
        markdown_text(out, name);
        buffer_add_c(out, " | |\n| --- | --- |\n");
        for (const Json *rule = json_first(json_get(one, "rules")); rule; rule = json_next(rule))
            rule_row(out, story, name, json_string(rule, "text", ""));
        buffer_add_char(out, '\n');
    }
}

/* ---- questions ---- */

void markdown_questions(Buffer *out, const Story *story)
{
    if (!story->questions.count) return;
    buffer_add_c(out, "## Questions and answers\n\n| asked | question | answer | by | after |\n"
                      "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < story->questions.count; i++) {
        const StoryQuestion *question = &story->questions.items[i];
        buffer_add_c(out, "| ");
        markdown_clock(out, question->asked);
        buffer_add_c(out, " | ");
        markdown_text(out, question->text);
        buffer_add_c(out, " | ");
        markdown_text(out, question->answered == STORY_NEVER ? STR("open") : question->value);
        buffer_add_c(out, " | ");
        if (question->answered != STORY_NEVER && question->by.len)
            markdown_person(out, story, question->by);
        else
            markdown_text(out, question->how);
        buffer_add_c(out, " | ");
        if (question->answered != STORY_NEVER) markdown_duration(out, question->answered - question->asked);
        buffer_add_c(out, " |\n");
    }
    buffer_add_char(out, '\n');
}
