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
/* Why lines for the same request or command do not answer this one, each on a line of its own; nothing when there are
 * none. */
void matching_explain(const Asked *asked, Buffer *out);

#endif
