/* How long something was so in a drill: for expectations with `for D`.
 *
 * In: a record and an expectation about a state (severity, acknowledged, unresolved, …). Out: its longest stretch. */
#ifndef PLAN_DRILL_LASTING_H
#define PLAN_DRILL_LASTING_H

#include "vm/drill/record.h"
#include "vm/drill/script.h"

typedef struct Stretch {
    bool known;           /* it was so at some time */
    int64_t from, length; /* ms; from: since the drill's start */
} Stretch;

/* Only what lies between the expectation's `after` and `before` counts. */
Stretch lasting_longest(Record *record, const ScriptExpect *expect);

#endif
