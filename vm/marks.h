/* Marks, effects and their results as sentences for people: one wording for the terminal, logs, drills and
 * reports.
 *
 * JSON comes in, one line of text goes out, on one line whatever the members hold. Callers cut what is too
 * long. */
#ifndef PLAN_MARKS_H
#define PLAN_MARKS_H

#include "vm/base/json.h"

/* Adds the sentence of a mark; false, and nothing is added, where it is not shown. A mark that is not in
 * vm/marks.def is shown by its kind and members. */
bool mark_write(Buffer *out, Str kind, const Json *args);

/* Adds what an effect does, as short as it can be known by: `kubectl get pods`, GET http://lb/health, page to
 * lead. */
void effect_write(Buffer *out, Str op, const Json *args);

/* How an effect ended: "ok", "503", "exit 3: the last line of what it said", "timed out", "not known whether
 * it was done". */
void effect_result_write(Buffer *out, Str op, const Json *result);

/* Did it end as it should? */
bool effect_result_is_good(const Json *result);

#endif
