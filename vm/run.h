/* The driver: carries events from a world to the machine, and what the machine answers to a world.
 *
 *   world ──event──► row ──► vm_feed ──► rows of its outputs ──► ONE commit ──► world: cancel, start, mark
 *
 * Nothing leaves the process before everything that it depends on is durable: what the machine puts out in
 * one turn is handed to the world only after the turn's commit. An error of the journal ends the run at once
 * and nothing more is started. planvm calls this with a live world and a journal; drills with a virtual one
 * and without. */
#ifndef PLAN_RUN_H
#define PLAN_RUN_H

#include "vm/core/vm.h"
#include "vm/journal/journal.h"
#include "vm/log.h"
#include "vm/world.h"

typedef struct RunObserver {
    void *ctx;
    void (*row)(void *ctx, const LogRow *row); /* every new row; strings valid during the call; may be NULL */
    void (*durable)(void *ctx, Str msg); /* the signal with this `msg` is kept (or was before); may be NULL */
    void (*replayed)(void *ctx, const LogRow *row); /* run_resume: every old row, in order; may be NULL */
} RunObserver;

typedef struct RunSetup {
    Vm *vm;
    World *world;
    Journal *journal;            /* NULL: nothing is kept (drills) */
    const RunObserver *observer; /* may be NULL */
    Str run_id;                  /* idempotency keys begin with it */
    bool retell;                 /* run_resume: old marks are told to the world again, as such */
} RunSetup;

/* Where run_resume gets the old rows from, in order: false at the end, or with error->text not empty. */
typedef struct RunSource {
    void *ctx;
    bool (*next)(void *ctx, LogRow *row, Error *error);
} RunSource;

typedef enum RunEnd {
    RUN_ENDED,       /* the plan is at its end: outcome and failed say how */
    RUN_INTERRUPTED, /* the world said so; the run can be resumed */
    RUN_QUIET,       /* nothing can happen any more (drills) */
    RUN_DIVERGED,    /* the machine did not do again what the log says: error says where */
    RUN_BROKEN,      /* the journal or the world failed: error says how */
} RunEnd;

typedef struct RunOutcome {
    RunEnd end;
    bool failed;      /* ENDED: the program ended with a failure that nothing caught */
    char outcome[24]; /* ENDED: from the mark run.ended ("resolved", "completed", "failed", "cancelled"), or
                         empty */
    Error error;      /* DIVERGED, BROKEN; ENDED: what failed, or empty */
} RunOutcome;

/* Feeds START with these arguments and goes on to the end. */
RunOutcome run_drive(const RunSetup *setup, Str start);

/* Feeds the old rows to the machine (a fresh one of the same image), compares what it answers with them,
 * deals with effects that have an intent and no result, and goes on to the end. A run that has ended is only
 * replayed. A look, a notification, whatever says `on unknown again`, and commands (the world knows what
 * became of them) are begun again; other changes get a result that says `unknown`. */
RunOutcome run_resume(const RunSetup *setup, RunSource *source);

/* Only the replay: brings the machine to where the log ends. False: diverged or unreadable, and outcome says
 * so. */
bool run_replay(const RunSetup *setup, RunSource *source, RunOutcome *outcome);

#endif
