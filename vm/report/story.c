/* Folding a log (vm/report/story.h): each mark has one function that notes what it says. A mark that a newer
 * plan makes and nobody here knows is a line in the timeline and nothing else. */
#include "vm/report/story.h"

#include "vm/marks.h"

#include <stdlib.h>
#include <string.h>

typedef void MarkNote(Story *story, int64_t now, const Json *args);

static Str keep(Story *story, const Json *args, const char *key)
{
    return arena_copy(&story->arena, json_string(args, key, ""));
}

void story_begin(Story *story, Str metadata)
{
    story->metadata = metadata.len ? json_parse(metadata, NULL) : NULL;
    story->began = story->last = story->opened = story->acknowledged = story->mitigated = STORY_NEVER;
    story->resolved = story->reopened = story->ended = story->first_acknowledged = story->since = STORY_NEVER;
    story->phase_started = story->phase_limit = story->phase_ended = STORY_NEVER;
}

void story_free(Story *story)
{
    for (size_t i = 0; i < story->pages.count; i++)
        vec_free(&story->pages.items[i].attempts);
    json_free(story->metadata);
    vec_free(&story->steps);
    vec_free(&story->pages);
    vec_free(&story->questions);
    vec_free(&story->effects);
    vec_free(&story->severities);
    vec_free(&story->missed);
    vec_free(&story->followups);
    vec_free(&story->deadlines);
    vec_free(&story->rungs);
    vec_free(&story->emergencies);
    vec_free(&story->facts);
    vec_free(&story->attachments);
    vec_free(&story->notes);
    vec_free(&story->undos);
    vec_free(&story->lines);
    arena_free(&story->arena);
}

Str story_severity(const Story *story)
{
    return story->severities.count ? story->severities.items[story->severities.count - 1].name : STR("");
}

size_t story_open_questions(const Story *story)
{
    size_t open = 0;
    for (size_t i = 0; i < story->questions.count; i++)
        open += story->questions.items[i].answered == STORY_NEVER;
    return open;
}

/* ---- the incident ---- */

static void note_opened(Story *story, int64_t now, const Json *args)
{
    story->opened = story->since != STORY_NEVER ? story->since : now;
    story->title = keep(story, args, "title");
    vec_push(&story->severities, (StorySeverity){.since = now, .name = keep(story, args, "severity")});
}

static void note_acknowledged(Story *story, int64_t now, const Json *args)
{
    story->acknowledged = now;
    story->acknowledged_by = keep(story, args, "by");
    story->is_acknowledged = true;
    if (story->first_acknowledged != STORY_NEVER) return;
    story->first_acknowledged = now;
    story->first_acknowledged_by = story->acknowledged_by;
}

static void note_unacknowledged(Story *story, int64_t now, const Json *args)
{
    (void)now, (void)args;
    story->is_acknowledged = false;
}

static void note_mitigated(Story *story, int64_t now, const Json *args)
{
    story->mitigated = now;
    story->mitigated_by = keep(story, args, "by");
}

static void note_resolved(Story *story, int64_t now, const Json *args)
{
    story->resolved = now;
    story->resolved_by = keep(story, args, "by");
    story->because = keep(story, args, "because");
}

static void note_reopened(Story *story, int64_t now, const Json *args)
{
    (void)args;
    story->reopened = now;
    story->resolved = story->mitigated = STORY_NEVER;
    story->is_acknowledged = false;
}

static void note_severity(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->severities, (StorySeverity){.since = now,
                                                 .name = keep(story, args, "to"),
                                                 .by = keep(story, args, "by"),
                                                 .because = keep(story, args, "because")});
}

static void note_missed(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->missed, (StoryTarget){.what = keep(story, args, "what"),
                                           .severity = story_severity(story),
                                           .target = json_int(args, "target", 0),
                                           .missed = now});
}

static void note_fact(Story *story, int64_t now, const Json *args)
{
    Str name = keep(story, args, "name"), value = keep(story, args, "value");
    StoryText fact = {.name = name, .text = value, .by = keep(story, args, "by"), .at = now};
    for (size_t i = 0; i < story->facts.count; i++) {
        if (!str_equal(story->facts.items[i].name, name)) continue;
        story->facts.items[i] = fact;
        return;
    }
    vec_push(&story->facts, fact);
}

static void note_ended(Story *story, int64_t now, const Json *args)
{
    story->ended = now;
    story->outcome = keep(story, args, "outcome");
    story->error = keep(story, args, "error");
}

/* ---- phases and steps ---- */

static void note_phase(Story *story, int64_t now, const Json *args)
{
    const Json *window = json_get(args, "window_to");
    int64_t opened = story->opened != STORY_NEVER ? story->opened : story->began;
    /* A window counts from the plan's beginning; without a first end it is `within`, which counts from here.
     */
    int64_t begin = json_is_null(json_get(args, "window_from")) ? now : opened;
    story->phase = keep(story, args, "name");
    story->phase_started = now;
    story->phase_ended = STORY_NEVER;
    story->phase_limit = json_kind(window) == JSON_NUMBER ? begin + json_as_int(window) : STORY_NEVER;
}

static void note_phase_ended(Story *story, int64_t now, const Json *args)
{
    if (str_equal(json_string(args, "name", ""), story->phase)) story->phase_ended = now;
}

static void note_step(Story *story, int64_t now, const Json *args)
{
    Str phase = keep(story, args, "phase");
    vec_push(&story->steps, (StoryStep){.name = keep(story, args, "name"),
                                        .kind = keep(story, args, "kind"),
                                        .phase = phase.len ? phase : story->phase,
                                        .started = now,
                                        .ended = STORY_NEVER});
}

static StoryStep *end_step(Story *story, int64_t now, const Json *args, StoryStepState state, const char *why)
{
    Str name = json_string(args, "name", "");
    StoryStep *step = NULL;
    for (size_t i = story->steps.count; i-- > 0 && !step;) {
        if (story->steps.items[i].state == STEP_RUNNING && str_equal(story->steps.items[i].name, name))
            step = &story->steps.items[i];
    }
    if (!step) { /* skipped before it began */
        note_step(story, now, args);
        step = &story->steps.items[story->steps.count - 1];
    }
    step->ended = now;
    step->state = state;
    step->error = keep(story, args, why);
    return step;
}

static void note_done(Story *story, int64_t now, const Json *args)
{
    end_step(story, now, args, STEP_DONE, "");
}
static void note_failed(Story *story, int64_t now, const Json *args)
{
    StoryStep *step = end_step(story, now, args, STEP_FAILED, "error");
    Str stack = json_string(args, "stack", "");
    if (stack.len) step->error = arena_printf(&story->arena, "%.*s, %.*s", STR_ARG(step->error), STR_ARG(stack));
}
static void note_skipped(Story *story, int64_t now, const Json *args)
{
    end_step(story, now, args, STEP_SKIPPED, "reason");
}

static void note_undone(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->undos,
             (StoryText){.name = keep(story, args, "step"), .text = keep(story, args, "error"), .at = now});
}

/* ---- people ---- */

static StoryPage *page_of(Story *story, int64_t now, const Json *args)
{
    int64_t number = json_int(args, "page", 0);
    Str contact = json_string(args, "contact", "");
    for (size_t i = story->pages.count; i-- > 0;) {
        StoryPage *page = &story->pages.items[i];
        if (page->number == number && str_equal(page->contact, contact)) return page;
    }
    vec_push(&story->pages, (StoryPage){.number = number,
                                        .started = now,
                                        .answered = STORY_NEVER,
                                        .ended = STORY_NEVER,
                                        .contact = keep(story, args, "contact"),
                                        .reason = keep(story, args, "reason")});
    return &story->pages.items[story->pages.count - 1];
}

static void note_page(Story *story, int64_t now, const Json *args)
{
    page_of(story, now, args);
}

static void add_attempt(Story *story, int64_t now, const Json *args, Str how)
{
    StoryPage *page = page_of(story, now, args);
    vec_push(&page->attempts, (StoryAttempt){.at = now,
                                             .way = keep(story, args, "way"),
                                             .how = how,
                                             .error = keep(story, args, "error")});
}

static void note_page_sent(Story *story, int64_t now, const Json *args)
{
    add_attempt(story, now, args, STR("sent"));
}
static void note_page_failed(Story *story, int64_t now, const Json *args)
{
    add_attempt(story, now, args, STR("failed"));
}
static void note_page_unknown(Story *story, int64_t now, const Json *args)
{
    add_attempt(story, now, args, STR("unknown"));
}

/* The mark names the contact, and the page where the plan knows which one it was. */
static void note_page_answered(Story *story, int64_t now, const Json *args)
{
    Str contact = json_string(args, "contact", "");
    int64_t number = json_int(args, "page", 0);
    for (size_t i = story->pages.count; i-- > 0;) {
        StoryPage *page = &story->pages.items[i];
        if (!str_equal(page->contact, contact) || (number && page->number != number)) continue;
        if (page->answered == STORY_NEVER) page->answered = now;
        return;
    }
}

static void note_page_ended(Story *story, int64_t now, const Json *args)
{
    StoryPage *page = page_of(story, now, args);
    page->ended = now;
    page->how = keep(story, args, "how");
}

static void note_asked(Story *story, int64_t now, const Json *args)
{
    Buffer people = {0};
    const Json *by = json_get(args, "by");
    for (const Json *name = json_first(by); name; name = json_next(name))
        buffer_printf(&people, "%s%s", people.len ? ", " : "", json_text(name).data);
    const Json *deadline = json_get(args, "deadline");
    vec_push(&story->questions,
             (StoryQuestion){.id = json_int(args, "id", 0),
                             .asked = now,
                             .answered = STORY_NEVER,
                             .deadline = json_is_null(deadline) ? STORY_NEVER : json_as_int(deadline),
                             .kind = keep(story, args, "kind"),
                             .what = keep(story, args, "what"),
                             .text = keep(story, args, "text"),
                             .silence = keep(story, args, "silence"),
                             .people = arena_copy(&story->arena, buffer_str(&people))});
    buffer_free(&people);
}

static void note_answered(Story *story, int64_t now, const Json *args)
{
    int64_t id = json_int(args, "id", 0);
    for (size_t i = 0; i < story->questions.count; i++) {
        StoryQuestion *question = &story->questions.items[i];
        if (question->id != id || question->answered != STORY_NEVER) continue;
        question->answered = now;
        question->value = keep(story, args, "value");
        question->by = keep(story, args, "by");
        question->how = keep(story, args, "how");
    }
}

static void note_followup(Story *story, int64_t now, const Json *args)
{
    (void)now;
    vec_push(&story->followups, (StoryFollowup){.text = keep(story, args, "text"),
                                                .by = keep(story, args, "by"),
                                                .due = json_int(args, "due", STORY_NEVER)});
}

static StoryDeadline *deadline_of(Story *story, const Json *args)
{
    Str text = json_string(args, "text", "");
    for (size_t i = story->deadlines.count; i-- > 0;) {
        if (str_equal(story->deadlines.items[i].text, text)) return &story->deadlines.items[i];
    }
    vec_push(&story->deadlines, (StoryDeadline){.text = keep(story, args, "text"),
                                                .at = json_int(args, "at", STORY_NEVER),
                                                .met = STORY_NEVER,
                                                .missed = STORY_NEVER});
    return &story->deadlines.items[story->deadlines.count - 1];
}

static void note_deadline(Story *story, int64_t now, const Json *args)
{
    (void)now;
    StoryDeadline *deadline = deadline_of(story, args);
    deadline->at = json_int(args, "at", deadline->at);
}

static void note_deadline_met(Story *story, int64_t now, const Json *args)
{
    deadline_of(story, args)->met = now;
}
static void note_deadline_missed(Story *story, int64_t now, const Json *args)
{
    deadline_of(story, args)->missed = now;
}

enum { LATE = 1000 }; /* ms; less is how long a turn may take, not lateness */

static void add_rung(Story *story, int64_t now, const Json *args, bool passed)
{
    int64_t late = json_int(args, "late", 0);
    vec_push(&story->rungs, (StoryRung){.escalation = keep(story, args, "escalation"),
                                        .rule = keep(story, args, "rule"),
                                        .reason = keep(story, args, "reason"),
                                        .at = now,
                                        .late = late < LATE ? 0 : late,
                                        .passed = passed});
}

static void note_rung(Story *story, int64_t now, const Json *args)
{
    add_rung(story, now, args, false);
}
static void note_rung_passed(Story *story, int64_t now, const Json *args)
{
    add_rung(story, now, args, true);
}

static void note_gate(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->emergencies, (StoryText){.name = keep(story, args, "what"),
                                              .text = keep(story, args, "because"),
                                              .by = keep(story, args, "by"),
                                              .at = now});
}

static void note_attached(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->attachments,
             (StoryText){.name = keep(story, args, "name"), .text = keep(story, args, "text"), .at = now});
}

static void note_note(Story *story, int64_t now, const Json *args)
{
    vec_push(&story->notes,
             (StoryText){.text = keep(story, args, "text"), .by = keep(story, args, "by"), .at = now});
}

static const struct {
    const char *kind;
    MarkNote *note;
} notes[] = {{"incident.opened", note_opened},
             {"acknowledged", note_acknowledged},
             {"unacknowledged", note_unacknowledged},
             {"ack.lapsed", note_unacknowledged},
             {"mitigated", note_mitigated},
             {"resolved", note_resolved},
             {"reopened", note_reopened},
             {"severity.changed", note_severity},
             {"target.missed", note_missed},
             {"fact.set", note_fact},
             {"run.ended", note_ended},
             {"phase.started", note_phase},
             {"phase.ended", note_phase_ended},
             {"step.started", note_step},
             {"step.done", note_done},
             {"step.failed", note_failed},
             {"step.skipped", note_skipped},
             {"undo.done", note_undone},
             {"undo.failed", note_undone},
             {"page.started", note_page},
             {"page.sent", note_page_sent},
             {"page.failed", note_page_failed},
             {"page.unknown", note_page_unknown},
             {"page.answered", note_page_answered},
             {"page.ended", note_page_ended},
             {"question.asked", note_asked},
             {"question.answered", note_answered},
             {"followup", note_followup},
             {"deadline.set", note_deadline},
             {"deadline.met", note_deadline_met},
             {"deadline.missed", note_deadline_missed},
             {"rung.due", note_rung},
             {"rung.passed", note_rung_passed},
             {"gate.passed", note_gate},
             {"attached", note_attached},
             {"note", note_note}};

/* ---- rows ---- */

static void add_line(Story *story, const LogRow *row, Str mark, Buffer *text)
{
    vec_push(&story->lines, (StoryLine){.at = row->now,
                                        .kind = row->kind,
                                        .mark = mark,
                                        .text = arena_copy(&story->arena, buffer_str(text))});
}

static void add_mark(Story *story, const LogRow *row, const Json *args)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        if (str_equal_c(row->name, notes[i].kind)) notes[i].note(story, row->now, args);
    }
    Buffer text = {0};
    if (mark_write(&text, row->name, args)) add_line(story, row, arena_copy(&story->arena, row->name), &text);
    buffer_free(&text);
}

static void add_intent(Story *story, const LogRow *row, const Json *args)
{
    Buffer what = {0};
    effect_write(&what, row->name, args);
    vec_push(&story->effects, (StoryEffect){.id = row->effect,
                                            .effect_class = row->effect_class,
                                            .started = row->now,
                                            .ended = STORY_NEVER,
                                            .op = arena_copy(&story->arena, row->name),
                                            .step = arena_copy(&story->arena, row->step),
                                            .at = arena_copy(&story->arena, row->at),
                                            .what = arena_copy(&story->arena, buffer_str(&what)),
                                            .is_delivery = story->body_runs});
    story->body_runs = false;
    buffer_free(&what);
}

static void end_effect(Story *story, const LogRow *row, const Json *result)
{
    StoryEffect *effect = NULL;
    for (size_t i = story->effects.count; i-- > 0 && !effect;) {
        if (story->effects.items[i].id == row->effect) effect = &story->effects.items[i];
    }
    if (!effect || (row->kind == LOG_CANCEL && effect->outcome.len)) return;
    Buffer outcome = {0}, text = {0};
    if (row->kind == LOG_CANCEL) {
        effect->cancelled = true;
        buffer_add_c(&outcome, "no longer wanted");
    } else {
        effect_result_write(&outcome, effect->op, result);
        effect->good = effect_result_is_good(result);
        effect->unknown = json_bool(result, "unknown", false);
        effect->is_read = json_bool(result, "body", false);
        /* The fiber that waited goes on at once, so that what it begins next is the provider's. */
        story->body_runs = effect->is_read && str_equal_c(effect->op, "deliver");
    }
    effect->ended = row->now;
    effect->outcome = arena_copy(&story->arena, buffer_str(&outcome));
    if (effect->effect_class == EFFECT_CHANGE && !effect->is_read && !effect->is_delivery) {
        buffer_printf(&text, "%s: %s", effect->what.data, effect->outcome.data);
        add_line(story, row, STR(""), &text);
    }
    buffer_free(&outcome);
    buffer_free(&text);
}

void story_add(Story *story, const LogRow *row)
{
    Json *json = row->json.len ? json_parse(row->json, NULL) : NULL;
    if (story->began == STORY_NEVER) story->began = row->now;
    if (story->last == STORY_NEVER || row->now > story->last) story->last = row->now;
    if (log_kind_direction(row->kind) == LOG_INPUT) story->body_runs = false;
    switch (row->kind) {
    case LOG_START:
        story->plan = keep(story, json, "plan");
        story->starter = keep(story, json, "starter");
        story->since = json_int(json, "since", STORY_NEVER);
        break;
    case LOG_MARK: add_mark(story, row, json); break;
    case LOG_INTENT: add_intent(story, row, json); break;
    case LOG_RESULT:
    case LOG_CANCEL: end_effect(story, row, json); break;
    case LOG_END:
        if (story->ended == STORY_NEVER) story->ended = row->now;
        story->failed = json_bool(json, "failed", false);
        if (story->failed && !story->outcome.len) story->outcome = STR("failed");
        if (!story->error.len) story->error = keep(story, json_get(json, "error"), "message");
        break;
    case LOG_LEFT:
    case LOG_LEASE: {
        Buffer text = {0};
        buffer_add_c(&text, row->kind == LOG_LEFT ? "planvm left the run" : "planvm goes on with the run");
        add_line(story, row, STR(""), &text);
        buffer_free(&text);
        break;
    }
    case LOG_SIGNAL:
    case LOG_TIME:
    case LOG_KIND_COUNT: break;
    }
    json_free(json);
}
