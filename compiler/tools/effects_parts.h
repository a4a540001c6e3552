/* What effects.c (text), effects_json.c and effects_sum.c share: the words of a touch, and what all touches
 * come to. */
#ifndef PLAN_TOOLS_EFFECTS_PARTS_H
#define PLAN_TOOLS_EFFECTS_PARTS_H

#include "compiler/tools/touches.h"

typedef VEC(Str) StrList;

typedef struct Telling {
    const Program *program;
    Arena *arena;
    ConstantScope scope;
    TouchList list;
    JsonOut json;
    Buffer *out;
} Telling;

/* Each name once, in the order in which it was met. */
typedef struct EffectsSum {
    StrList programs; /* "kubectl", "psql on db1"; a script is "sh" */
    StrList hosts, urls, channels, people, secrets, files, native;
} EffectsSum;

Telling telling_new(const Program *program, Arena *arena, Buffer *out);
void telling_free(Telling *telling);

Str words_of(Telling *telling, const Node *node);
Str touch_text(Telling *telling, const Touch *touch); /* as written, on one line */
Str title_of(Telling *telling, const Node *title);    /* NULL: empty */
Str group_name(Telling *telling, const TouchGroup *group);
Str url_written(Telling *telling, const Effect *effect); /* of HTTP: without its quotes */
/* The settings' defaults and what functions are called with put in; what only the run knows stays `${}`. */
Str url_by_default(Telling *telling, const Touch *touch);
const char *deed_of(const Touch *touch); /* "notify", "page", … of one that is no effect */

EffectsSum effects_sum(Telling *telling);
void effects_sum_free(EffectsSum *sum);

#endif
