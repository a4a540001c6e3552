/* A run of the past as a drill: what the world answered then becomes the drill's lines, what people did its signals, what
 * the run said its expectations.
 *
 * In: the rows of a run and the metadata of its image. Out: the text of a drill for its plan's file. Running that drill
 * gives the run's timeline again. */
#ifndef PLAN_DRILL_RETELL_H
#define PLAN_DRILL_RETELL_H

#include "vm/drill/record.h"

/* A run that is retold. */
typedef struct Retelling {
    Record *record;
    const Json *metadata; /* of its image */
    Str program;          /* the image itself */
    const Json *start;    /* the run's arguments; set by retell_write */
    Buffer *out;
} Retelling;

/* plan: its name; title: of the drill. False: there is nothing to tell, and *error says why. */
bool retell_write(Retelling *telling, Str plan, Str title, Error *error);

/* retell_answers.c: the lines that answer the run's effects. */
void retell_answers(const Retelling *telling, Buffer *out);
/* How often the run began each of its changes, as expectations. */
void retell_changes(Record *record, Buffer *out);

/* When the run went on after the process was away: the time of its first event behind that LEASE row. */
int64_t retell_back_at(const Record *record, size_t lease);

/* A text as a string literal of the language, with its quotes. */
void retell_string(Buffer *out, Str text);
/* Any value as the language writes it. */
void retell_value(Buffer *out, const Json *value);

#endif
