/* What a run's log tells, folded: the incident, its people, steps, effects and questions, in the order they
 * came.
 *
 * Rows come in one after the other (story_add), the story can be asked at any time. status, list and the
 * report read it; nothing here reads a journal or writes text. All strings belong to the story's arena. */
#ifndef PLAN_REPORT_STORY_H
#define PLAN_REPORT_STORY_H

#include "vm/base/json.h"
#include "vm/log.h"

/* Times are ms since the epoch; this one says that it did not happen. */
#define STORY_NEVER INT64_MIN

typedef enum StoryStepState { STEP_RUNNING, STEP_DONE, STEP_FAILED, STEP_SKIPPED } StoryStepState;

typedef struct StoryStep {
    Str name, kind, phase, error; /* error: why it failed or was skipped */
    int64_t started, ended;
    StoryStepState state;
} StoryStep;

typedef struct StoryAttempt {
    int64_t at;
    Str way, how, error; /* how: "sent", "failed", "unknown" */
} StoryAttempt;

typedef struct StoryPage {
    int64_t number, started, answered, ended;
    Str contact, reason, how; /* how it ended; empty while it is open */
    VEC(StoryAttempt) attempts;
} StoryPage;

typedef struct StoryQuestion {
    int64_t id, asked, deadline, answered;
    Str kind, what, text, silence, value, by, how;
    Str people; /* who may answer, "lead, head"; empty: anybody */
} StoryQuestion;

typedef struct StoryEffect {
    uint64_t id;
    EffectClass effect_class;
    int64_t started, ended;
    Str op, step, at, what;
    Str outcome; /* empty while it runs */
    bool good, unknown, cancelled;
    bool is_read;     /* a `call` or `deliver` whose body ran: its own effects say what happened */
    bool is_delivery; /* it is how a channel hands a message over: pages and notifications tell of it */
} StoryEffect;

typedef struct StorySeverity {
    int64_t since;
    Str name, by, because;
} StorySeverity;

typedef struct StoryTarget {
    Str what, severity;     /* "respond" or "resolve", of which severity */
    int64_t target, missed; /* duration; missed: when, or STORY_NEVER */
} StoryTarget;

typedef struct StoryFollowup {
    Str text, by;
    int64_t due;
} StoryFollowup;

typedef struct StoryDeadline {
    Str text;
    int64_t at, met, missed;
} StoryDeadline;

typedef struct StoryRung {
    Str escalation, rule, reason; /* rule: as it is written; reason: why it was passed over */
    int64_t at, late;             /* late: after it was due */
    bool passed;
} StoryRung;

typedef struct StoryText {
    Str name, text, by;
    int64_t at;
} StoryText;

typedef struct StoryLine {
    int64_t at;
    LogKind kind;
    Str mark, text;
} StoryLine;

typedef struct Story {
    Arena arena;
    Json *metadata; /* of the image; may be NULL */
    Str plan, starter, phase;
    int64_t began, last; /* the first and the latest row */
    int64_t since;       /* when the incident began, where somebody said so at the start */
    int64_t opened, acknowledged, mitigated, resolved, reopened, ended;
    Str title, acknowledged_by, mitigated_by, resolved_by, because; /* because: of resolving */
    Str first_acknowledged_by, outcome, error;
    int64_t first_acknowledged;
    int64_t phase_started, phase_limit, phase_ended; /* of `phase`; limit: when its window closes */
    bool is_acknowledged, failed;
    bool body_runs; /* since the last input: a provider's function hands a message over */
    VEC(StoryStep) steps;
    VEC(StoryPage) pages;
    VEC(StoryQuestion) questions;
    VEC(StoryEffect) effects;
    VEC(StorySeverity) severities;
    VEC(StoryTarget) missed;
    VEC(StoryFollowup) followups;
    VEC(StoryDeadline) deadlines;
    VEC(StoryRung) rungs;
    VEC(StoryText) emergencies; /* gates that were passed: name is the gate, text why */
    VEC(StoryText) facts, attachments, notes, undos;
    VEC(StoryLine) lines; /* the timeline: every mark that is shown, and every changing effect's end */
} Story;

/* Zero-initialise the story. metadata: the image's, or empty. */
void story_begin(Story *story, Str metadata);
void story_add(Story *story, const LogRow *row);
void story_free(Story *story);

Str story_severity(const Story *story); /* the present one; empty outside an incident */
size_t story_open_questions(const Story *story);

#endif
