/* `planc coverage`: who has been paged when if nobody answers, and whether the phases fit their windows.
 *
 * In: a checked program without errors. Out: text for people, or one JSON document:
 * {"severities":[{"name","title","ladder","respond","resolve",
 *    "moments":[{"at","do":"page"|"notify"|"update","who","way","instead_of","because","first"}],
 *    "told":[{"minute","who":[…]}], "quiet":{"from","to"}, "last_new", "tried", "at_last", "others":[…]}],
 *  "plans":[{"name","title","severity","phases":[{"name","line","window","needs","fits","unlimited",
 *    "longest":{"text","line","takes"}|null}]}]}
 * Times are milliseconds since the opening, null where there is none. */
#ifndef PLAN_TOOLS_COVERAGE_H
#define PLAN_TOOLS_COVERAGE_H

#include "compiler/check/checked.h"

void coverage_text(const Program *program, Arena *arena, Buffer *out);
void coverage_json(const Program *program, Arena *arena, Buffer *out);

#endif
