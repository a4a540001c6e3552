/* A run of the past as a drill: what the world answered then becomes the drill's lines, what people did its signals, what
 * the run said its expectations.
 *
 * In: the rows of a run and the metadata of its image. Out: the text of a drill for its plan's file. Running that drill
 * gives the run's timeline again. */
#ifndef PLAN_DRILL_RETELL_H
#define PLAN_DRILL_RETELL_H

#include "vm/drill/record.h"

/* plan: its name; title: of the drill. */
void retell_write(Record *record, const Json *metadata, Str plan, Str title, Buffer *out);

/* retell_answers.c: the lines that answer the run's effects. */
void retell_answers(Record *record, Buffer *out);
/* How often the run began each of its changes, as expectations. */
void retell_changes(Record *record, Buffer *out);

/* A text as a string literal of the language, with its quotes. */
void retell_string(Buffer *out, Str text);

#endif
