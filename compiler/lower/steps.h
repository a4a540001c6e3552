/* What steps.c and remedies.c share: the parts of a step or remedy, and the locals of the function that runs it. Nobody else
 * includes this. */
#ifndef PLAN_LOWER_STEPS_H
#define PLAN_LOWER_STEPS_H

#include "compiler/lower/context.h"

/* A step or remedy with its clauses. */
typedef struct StepParts {
    Node *node;
    Node *title;
    NodeList body;
    const char *kind; /* "step" or "remedy" */
    Node *only_if, *timeout, *retry, *on_failure, *by;
    bool undo_on_failure, no_skip;
} StepParts;

/* Locals of the function around a step that is being run. */
typedef struct StepRun {
    uint32_t name, failed, reason, place, stack, error, keep, bent;
} StepRun;

StepParts step_parts(Node *node);
StepRun step_run(Context *context, const StepParts *parts);
/* failed, reason, place = how one attempt went. */
void step_attempt(Context *context, const StepParts *parts, const StepRun *run);
/* Does `doing` unless somebody said beforehand that it is to be skipped, and only where `only if` holds. */
void step_guard(Context *context, const StepParts *parts, const StepRun *run, Core *doing);
/* Where `retry` leaves attempts, counted in `tries`: waits and goes round again. */
void step_retry(Context *context, const StepParts *parts, uint32_t tries);
void step_emit_failed(Context *context, const StepParts *parts, const StepRun *run);
void step_emit_skipped(Context *context, const StepRun *run, Core *reason, Span span);
void step_undo_if_wanted(Context *context, const StepParts *parts, const StepRun *run);

#endif
