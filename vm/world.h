/* The world, as the driver sees it: where effects are done, people live and time passes.
 *
 * vm/run.c is the only caller. Two worlds stand behind this interface: vm/live (processes, HTTP, a terminal, real
 * time) and vm/drill (mocks and a virtual clock). A world gets effect requests and marks and gives events back; it
 * never sees the machine's values, only canonical JSON, and knows neither the journal nor the machine. */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include "vm/base/error.h"
#include "vm/code/effect_class.h"

/* One effect to begin. Everything in it is durable before it is handed over. Strings are valid during the call. */
typedef struct EffectRequest {
    uint64_t id; /* counts from 1 in the run */
    Str op;      /* vm/code/effects.def */
    EffectClass effect_class;
    Str step; /* path of the step that it stands in; may be empty */
    Str at;   /* "file:line" */
    Str args; /* canonical JSON object */
    Str key;  /* idempotency key: the same whenever this effect is begun again */
    bool again; /* it was begun before, by a process that died */
} EffectRequest;

/* Something that the machine says and that needs no answer: see docs/log.md for kinds and members. */
typedef struct WorldMark {
    int64_t now; /* ms since the epoch */
    Str kind;
    Str step;
    Str args; /* canonical JSON object */
    bool again; /* it was said before, by a process that died: not to be shown, but to know what is open */
} WorldMark;

typedef enum WorldEventKind {
    WORLD_NOTHING,   /* only when not waiting: there is nothing just now */
    WORLD_RESULT,    /* effect `effect` ended; json is its result */
    WORLD_SIGNAL,    /* json is {"kind":…,"by":…,…}: somebody did something */
    WORLD_TIME,      /* the deadline came */
    WORLD_INTERRUPT, /* leave the run as it is, resumable (^C, SIGTERM; a drill's `kill`) */
    WORLD_QUIET,     /* nothing can happen any more (drill: no deadline, no answer to come; or its end was reached) */
} WorldEventKind;

typedef struct WorldEvent {
    WorldEventKind kind;
    int64_t now; /* ms since the epoch, never less than in the event before */
    uint64_t effect;
    Str json; /* valid until the next call of next() */
} WorldEvent;

typedef struct World World;
struct World {
    int64_t (*now)(World *world);
    void (*start)(World *world, const EffectRequest *request);
    void (*cancel)(World *world, uint64_t effect); /* its result is no longer wanted; end what runs */
    void (*mark)(World *world, const WorldMark *mark);
    /* The next event. `deadline`: when the machine wants to be woken (INT64_MAX: never). Without `wait` it returns
     * at once. Of several at one instant signals come first, then results, then the time. */
    WorldEvent (*next)(World *world, int64_t deadline, bool wait);
    void (*close)(World *world); /* ends everything that is the world's own, and frees it */
};

#endif
