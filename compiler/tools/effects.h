/* `planc effects`: everything that a plan can touch, by step, looks and changes apart.
 *
 * In: a checked program without errors. Out: text for people, or one JSON document:
 * {"plans":[{"name","title","steps":[{"name","kind":"step"|"remedy"|"beside","phase","file","line",
 *    "looks":[EFFECT],"changes":[EFFECT],"people":[{"do","who","text","file","line"}]}]}],
 *  "ladders":[…],"severities":[…],"channels":[…] (as steps, with "name" and, of channels, "provider"),
 *  "together":{"programs","hosts","urls","channels","people","secrets":[{"name","from","value"}],"files","native"}}
 * EFFECT:
 * {"op":"command"|"http"|"call"|"native","text","program","script","host","method","url","url_by_default","dir",
 *    "user","secrets":[…],"through":[…],"on_word","file","line"}; what does not apply is null. A text is as
 * written, `${}` included; a URL by default has the settings' defaults put in, and what only the run knows
 * stays `${}`. */
#ifndef PLAN_TOOLS_EFFECTS_H
#define PLAN_TOOLS_EFFECTS_H

#include "compiler/check/checked.h"

void effects_text(const Program *program, Arena *arena, Buffer *out);
void effects_json(const Program *program, Arena *arena, Buffer *out);

#endif
