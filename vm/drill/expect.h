/* A drill's expectations, held against what happened.
 *
 * In: a script and the record of its drill. Out: for each expectation that does not hold a message that names
 * its place, says what happened instead and shows the time around it. Nothing here runs or changes anything.
 */
#ifndef PLAN_DRILL_EXPECT_H
#define PLAN_DRILL_EXPECT_H

#include "vm/drill/record.h"
#include "vm/drill/script.h"

/* How many do not hold; their messages are appended, each line indented by `indent`. */
size_t expect_check(const Script *script, Record *record, const char *indent, Buffer *messages);

#endif
