/* What answer.c asks of matching.c: the line that answers an effect, and the texts that its answer gives. */
#ifndef PLAN_DRILL_MATCHING_H
#define PLAN_DRILL_MATCHING_H

#include "vm/drill/world_parts.h"

/* One effect that waits for its answer. */
typedef struct Asked {
    DrillWorld *world;
    const EffectRequest *request;
    const Json *args;
    Str subject; /* effect_subject */
} Asked;

/* The answer that holds now, which is used up by one, and its line; NULL: no line answers. */
ScriptAnswer *matching_find(const Asked *asked, ScriptLine **line);
/* Lines that wait for this effect to have run answer from now on. */
void matching_note_ran(const Asked *asked);
/* Adds the text with what the line's stars stood for in place of `${1}`, `${2}`, … */
void matching_fill(const Asked *asked, const ScriptLine *line, Str text, Buffer *out);

/* Has `found` all that is wanted? Texts that are wanted are patterns; an object may have more members, a list is compared item
 * by item. */
bool matching_json(const Json *found, const Json *wanted);
/* Has the request the body that the line wants (NULL: any)? And each of its headers; their names are alike in any case. */
bool matching_body(const Asked *asked, const Json *wanted);
bool matching_headers(const Asked *asked, const Json *wanted);
/* The request's header of that name, or NULL. */
const Json *matching_header(const Json *headers, const char *name);
/* Has the call the arguments that the line wants (NULL: any)? */
bool matching_args(const Asked *asked, const Json *wanted);

/* near.c: which lines come near the effect and why they do not answer it, each on a line of its own; nothing when there are
 * none. */
void near_effect(const Asked *asked, Buffer *out);

#endif
