/* Marks as lines for people: vm/live/marks.def made text. */
#ifndef PLAN_LIVE_MARKS_H
#define PLAN_LIVE_MARKS_H

#include "vm/base/json.h"

typedef enum Tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_ASK, TONE_HEAD } Tone;

/* Appends the line without its time. False: a mark of this kind is not shown. */
bool mark_write(Buffer *out, Str kind, const Json *args, Tone *tone);

#endif
