/* A run of the past as a drill: what the world answered then becomes the drill's lines, what people did its signals, what
 * the run said its expectations.
 *
 * In: the rows of a run and its image. Out: the text of a drill for its plan's file. Running that drill gives the run's
 * timeline again, moment by moment. What the usual words of a drill would not say exactly is said as the log has it. */
#ifndef PLAN_DRILL_RETELL_H
#define PLAN_DRILL_RETELL_H

#include "vm/base/map.h"
#include "vm/drill/record.h"

/* A run that is retold. */
typedef struct Retelling {
    Record *record;
    const Json *metadata; /* of its image */
    Str program;          /* the image without the metadata */
    const Json *start;    /* the run's arguments; set by retell_write */
    Buffer *out;
    const char *files;    /* the folder where long outputs go; NULL: they stand in the drill */
    Str id;               /* of the run; set by retell_write */
    Error trouble;        /* a file that could not be written */
    Map imports; /* what the file has to import, too, by its name there; set and freed by retell_write */
} Retelling;

/* plan: its name; id: the run's. False: there is nothing to tell, and *error says why. */
bool retell_write(Retelling *telling, Str plan, Str id, Error *error);

/* ---- retell_answers.c, retell_events.c, retell_expect.c: the parts of the drill, in this order ---- */

void retell_answers(Retelling *telling);
void retell_events(Retelling *telling);
void retell_expectations(Retelling *telling);

/* ---- retell_results.c ---- */

/* One answer, without its delay: `gives 503 with "…"`. */
void retell_result(Retelling *telling, Row *intent, const Json *result, Buffer *out);

/* ---- retell_files.c ---- */

/* `gives file "…"`, where the text is long and is to be a file, which is then written. False: it is to stand in the drill. */
bool retell_file(Retelling *telling, const Row *intent, Str text, const char *ending, Buffer *out);

/* ---- retell_text.c ---- */

/* Can a drill say the text? A secret that the program does not declare (an answer, what a look gave) has no name there. */
bool retell_says(const Retelling *telling, Str text);
/* A text as a string literal of the language, with its quotes. */
void retell_string(Buffer *out, Str text);
/* The same as a pattern that means this text alone; secrets in it are named. Of what a drill can say. */
void retell_pattern(Retelling *telling, Buffer *out, Str text);
/* Any value as the language writes it. */
void retell_value(Buffer *out, const Json *value);
/* What the plan's file calls something: list is the metadata's ("contacts", "channels", …). */
void retell_name(Retelling *telling, Buffer *out, const char *list, Str name);
/* Is it in that list? */
bool retell_has(const Retelling *telling, const char *list, Str name);
/* A contact, rotation or role under the name that the plan's file has for it; false: it is none. */
bool retell_person(Retelling *telling, Buffer *out, Str name);
/* The effect as a pattern, `on db1 command `…`` or `http GET "…"`, with those words, which are other ones behind `ran`. False: it
 * is neither, or a drill cannot say it. */
bool retell_effect(Retelling *telling, Row *intent, const char *before_request, const char *before_command, Buffer *out);

/* When the run went on after the process was away: the time of its first event behind that LEASE row. */
int64_t retell_back_at(const Record *record, size_t lease);

#endif
