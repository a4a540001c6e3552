/* What the files of the drill's world share: its inside, the queue of what is going to happen, answers and
 * people. */
#ifndef PLAN_DRILL_WORLD_PARTS_H
#define PLAN_DRILL_WORLD_PARTS_H

#include "vm/drill/world.h"

/* In the order in which they come at one instant. */
typedef enum PendingKind { PENDING_KILL, PENDING_SIGNAL, PENDING_RESULT } PendingKind;

typedef struct Pending {
    PendingKind kind;
    int64_t at;        /* ms since the epoch */
    uint64_t sequence; /* order of being put here, for SIGNALs and KILLs of one instant */
    uint64_t effect;   /* RESULT: those of one instant come in the order in which their effects began */
    bool survives;     /* RESULT: also the death of the process */
    int64_t kill_for;  /* KILL */
    char *json;        /* SIGNAL, RESULT: owned */
} Pending;

/* A question that nobody has answered yet: a copy of its mark. */
typedef struct OpenQuestion {
    int64_t id;
    Json *mark;
} OpenQuestion;

typedef struct DrillWorld {
    World world; /* first: a World * is a DrillWorld * */
    Script *script;
    int64_t now, end; /* ms since the epoch */
    int64_t kill_for; /* of the last interrupt */
    uint64_t sequence;
    uint64_t at_instant; /* events given without the clock moving */
    VEC(Pending) queue;
    VEC(OpenQuestion) questions;
    Buffer event; /* JSON of the event that was given last */
    Buffer trouble;
} DrillWorld;

/* world.c: puts something that happens `after` from now into the queue; json is copied. */
void world_expect_signal(DrillWorld *world, int64_t after, Str json);
void world_expect_result(DrillWorld *world, int64_t after, uint64_t effect, bool survives, Str json);
/* The drill cannot go on; only the first reason is kept. */
void world_stop(DrillWorld *world, const char *format, ...) PLAN_PRINTF(2, 3);

/* answer.c: finds the line that answers the effect and puts its result into the queue, or stops the drill. */
void answer_effect(DrillWorld *world, const EffectRequest *request);

/* people.c: what the mark makes people do. */
void people_see(DrillWorld *world, const WorldMark *mark);
/* The signals and kills that the drill has at fixed times. */
void people_plan(DrillWorld *world);
/* A reply may name its question by a pattern; the machine knows it by its number, which then takes the pattern's place. The
 * signal is the JSON in the buffer. */
void people_address(const DrillWorld *world, Buffer *signal);
void people_free(DrillWorld *world);

/* A text as it can stand in a drill's line: secrets become `*`, and so does what would need an escape. */
void line_text(Buffer *out, Str text);

#endif
