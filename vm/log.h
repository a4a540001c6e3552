/* One row of a run's log: what the driver writes, the journal keeps, replay reads, and reports tell.
 *
 * vm/run.c makes rows from events and outputs; a drill keeps them in memory, the journal in its database.
 * docs/log.md says what the payloads hold. A row owns none of its strings. */
#ifndef PLAN_LOG_H
#define PLAN_LOG_H

#include "vm/base/str.h"
#include "vm/code/effect_class.h"

typedef enum LogKind {
#define LOG_KIND(id, name, direction, doc) LOG_##id,
#include "vm/log.def"
#undef LOG_KIND
    LOG_KIND_COUNT
} LogKind;

/* The error in the result of a change that was under way when its process died, and of which nobody knows more. */
#define LOG_LOST "planvm ended while this was under way"

typedef enum LogDirection { LOG_INPUT, LOG_OUTPUT, LOG_HOST } LogDirection;

typedef struct LogRow {
    uint64_t seq; /* from 1, without gaps; 0 before the journal has given one */
    LogKind kind;
    EffectClass effect_class; /* INTENT */
    int64_t now;              /* the machine's time, ms since the epoch: never less than in the row before */
    uint64_t effect;          /* INTENT, RESULT, CANCEL; else 0 */
    Str name;                 /* INTENT: operation; MARK: kind */
    Str step;                 /* INTENT, MARK: path of the step; may be empty */
    Str at;                   /* INTENT, MARK: "file:line"; may be empty */
    Str json; /* payload, the very bytes that were fed or came out; empty where there is none */
} LogRow;

/* The folder of a run in which outputs lie that are longer than a result may be: HASH.zst, by the hash that the result
 * says. */
#define LOG_OUTPUTS "outputs"

static inline const char *log_kind_name(LogKind kind)
{
    static const char *const names[] = {
#define LOG_KIND(id, name, direction, doc) name,
#include "vm/log.def"
#undef LOG_KIND
    };
    return names[kind];
}

static inline LogDirection log_kind_direction(LogKind kind)
{
    static const LogDirection directions[] = {
#define LOG_KIND(id, name, direction, doc) LOG_##direction,
#include "vm/log.def"
#undef LOG_KIND
    };
    return directions[kind];
}

#endif
