/* A drill's record as lines for people: "+4m30s  page to oncall by pager".
 *
 * In: a record. Out: text, for --verbose and for the surroundings of what was expected and did not happen. */
#ifndef PLAN_DRILL_TIMELINE_H
#define PLAN_DRILL_TIMELINE_H

#include "vm/drill/record.h"

/* Writes the row as one line with its newline. False: it is one that only the whole log shows; nothing is
 * written. */
bool timeline_row(const Record *record, Row *row, const char *indent, Buffer *out);
/* All rows that have a line. */
void timeline_whole(const Record *record, const char *indent, Buffer *out);
/* A few lines before and after a time (ms since the epoch). */
void timeline_around(const Record *record, int64_t time, const char *indent, Buffer *out);

/* Adds text for people: the stand-ins of secrets read as the plan writes them, `${name}`. */
void timeline_text(Buffer *out, Str text);

#endif
