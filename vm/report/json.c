/* The report as one JSON object, for programs: times in ms since the epoch, null for what did not happen. */
#include "vm/report/report.h"

#include <stdlib.h>

static void set_time(Json *object, const char *key, int64_t time)
{
    json_set(object, key, time == STORY_NEVER ? json_new_null() : json_new_int(time));
}

static void set_took(Json *object, const char *key, int64_t from, int64_t to)
{
    json_set(object, key,
             from == STORY_NEVER || to == STORY_NEVER ? json_new_null() : json_new_int(to - from));
}

static Json *times_of(const Story *story)
{
    Json *times = json_new_object();
    set_time(times, "opened", story->opened);
    set_time(times, "acknowledged", story->first_acknowledged);
    set_time(times, "mitigated", story->mitigated);
    set_time(times, "resolved", story->resolved);
    set_time(times, "ended", story->ended);
    set_took(times, "to_acknowledge", story->opened, story->first_acknowledged);
    set_took(times, "to_mitigate", story->opened,
             story->mitigated != STORY_NEVER ? story->mitigated : story->resolved);
    set_took(times, "to_resolve", story->opened, story->resolved);
    return times;
}

static Json *targets_of(const Story *story)
{
    Json *list = json_new_list();
    ReportTargets targets = {0};
    report_targets(story, &targets);
    for (size_t i = 0; i < targets.count; i++) {
        Json *one = json_new_object();
        json_set_string(one, "severity", targets.items[i].severity);
        json_set_string(one, "what", targets.items[i].what);
        json_set_int(one, "target", targets.items[i].target);
        set_time(one, "missed", targets.items[i].missed);
        json_push(list, one);
    }
    vec_free(&targets);
    return list;
}

static Json *pages_of(const Story *story)
{
    Json *list = json_new_list();
    for (size_t i = 0; i < story->pages.count; i++) {
        const StoryPage *page = &story->pages.items[i];
        Json *one = json_new_object(), *attempts = json_new_list();
        json_set_string(one, "contact", page->contact);
        json_set_string(one, "reason", page->reason);
        set_time(one, "started", page->started);
        for (size_t j = 0; j < page->attempts.count; j++) {
            Json *attempt = json_new_object();
            set_time(attempt, "at", page->attempts.items[j].at);
            json_set_string(attempt, "way", page->attempts.items[j].way);
            json_set_string(attempt, "how", page->attempts.items[j].how);
            json_set_string(attempt, "error", page->attempts.items[j].error);
            json_push(attempts, attempt);
        }
        json_set(one, "attempts", attempts);
        set_time(one, "answered", page->answered);
        json_set_string(one, "ended", page->how);
        json_push(list, one);
    }
    return list;
}

static Json *steps_of(const Story *story)
{
    static const char *const states[] = {"running", "done", "failed", "skipped"};
    Json *list = json_new_list();
    for (size_t i = 0; i < story->steps.count; i++) {
        const StoryStep *step = &story->steps.items[i];
        Json *one = json_new_object();
        json_set_string(one, "name", step->name);
        json_set_string(one, "kind", step->kind);
        json_set_string(one, "phase", step->phase);
        json_set_string(one, "state", str_from_c(states[step->state]));
        json_set_string(one, "error", step->error);
        set_time(one, "started", step->started);
        set_time(one, "ended", step->ended);
        json_push(list, one);
    }
    return list;
}

static Json *effects_of(const Story *story)
{
    Json *list = json_new_list();
    for (size_t i = 0; i < story->effects.count; i++) {
        const StoryEffect *effect = &story->effects.items[i];
        Json *one = json_new_object();
        json_set_int(one, "id", (int64_t)effect->id);
        json_set_string(one, "op", effect->op);
        json_set_string(one, "class", str_from_c(effect_class_name(effect->effect_class)));
        json_set_string(one, "step", effect->step);
        json_set_string(one, "at", effect->at);
        json_set_string(one, "what", effect->what);
        json_set_string(one, "outcome", effect->outcome);
        json_set_bool(one, "ok", effect->good);
        json_set_bool(one, "unknown", effect->unknown);
        set_time(one, "started", effect->started);
        set_time(one, "ended", effect->ended);
        json_push(list, one);
    }
    return list;
}

static Json *questions_of(const Story *story)
{
    Json *list = json_new_list();
    for (size_t i = 0; i < story->questions.count; i++) {
        const StoryQuestion *question = &story->questions.items[i];
        Json *one = json_new_object();
        json_set_int(one, "id", question->id);
        json_set_string(one, "kind", question->kind);
        json_set_string(one, "text", question->text);
        json_set_string(one, "value", question->value);
        json_set_string(one, "by", question->by);
        json_set_string(one, "how", question->how);
        set_time(one, "asked", question->asked);
        set_time(one, "answered", question->answered);
        json_push(list, one);
    }
    return list;
}

static Json *timeline_of(const Story *story)
{
    Json *list = json_new_list();
    for (size_t i = 0; i < story->lines.count; i++) {
        Json *one = json_new_object();
        set_time(one, "at", story->lines.items[i].at);
        json_set_string(one, "mark", story->lines.items[i].mark);
        json_set_string(one, "text", story->lines.items[i].text);
        json_push(list, one);
    }
    return list;
}

void report_json(const Story *story, const ReportHead *head, Buffer *out)
{
    Json *report = json_new_object();
    json_set_string(report, "run", head->id);
    json_set_string(report, "service", head->service);
    json_set_string(report, "plan", head->plan);
    json_set_string(report, "starter", head->starter);
    json_set_string(report, "state", head->state);
    json_set_string(report, "error", story->error);
    json_set_string(report, "severity", story_severity(story));
    json_set(report, "times", times_of(story));
    json_set(report, "targets", targets_of(story));
    json_set(report, "pages", pages_of(story));
    json_set(report, "steps", steps_of(story));
    json_set(report, "effects", effects_of(story));
    json_set(report, "questions", questions_of(story));
    json_set(report, "timeline", timeline_of(story));
    json_write(out, report);
    buffer_add_char(out, '\n');
    json_free(report);
}
