/* What a tree is not needed for: one number or text as canonical JSON, for those who write JSON by hand. */
#ifndef PLAN_BASE_JSON_TEXT_H
#define PLAN_BASE_JSON_TEXT_H

#include "vm/base/memory.h"

void json_write_number(Buffer *out, double value); /* integers without a point; null for what JSON cannot say */
void json_write_string(Buffer *out, Str text);     /* with its quotes */

/* How many bytes at the beginning of a text stand in a JSON string for themselves and are ASCII. */
size_t json_plain_length(Str text);

#endif
