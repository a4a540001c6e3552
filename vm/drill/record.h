/* What happened in a drill, in order: the run's log, kept in memory.
 *
 * Expectations are held against it, --log writes it, and after a drill's `kill` it is what the run is resumed
 * from. A row owns copies of its strings (in the record's arena). The same image and the same drill give the
 * same rows, byte for byte: nothing in a row comes from the real clock or from memory addresses. */
#ifndef PLAN_DRILL_RECORD_H
#define PLAN_DRILL_RECORD_H

#include "vm/base/json.h"
#include "vm/log.h"

typedef struct Row {
    LogRow log;   /* of a RESULT, name and step are those of its intent */
    Json *parsed; /* of log.json, made at the first row_json */
    Str subject;  /* of an INTENT, once row_subject was asked for it; data NULL until then */
} Row;

/* Zero-initialise; record_free when done. */
typedef struct Record {
    int64_t start, end; /* ms since the epoch: when the drill began, and its latest moment */
    Arena arena;
    VEC(Row) rows;
    VEC(size_t) intents; /* of effect n + 1 the position of its intent in rows */
} Record;

/* Adds a copy of the row; its strings need to live only during the call. */
void record_add(Record *record, const LogRow *row);
/* The row's JSON, parsed; NULL when it has none. It belongs to the record. */
const Json *row_json(Row *row);
/* How the effect of an INTENT reads (effect_subject in vm/drill/script.h); it belongs to the record. */
Str row_subject(Record *record, Row *row);
/* A mark of this kind? */
bool row_is_mark(const Row *row, const char *kind);
/* Writes the rows as JSON, one object per line. */
void record_write(const Record *record, Buffer *out);
void record_free(Record *record);

#endif
