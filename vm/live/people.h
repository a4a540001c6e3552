/* The people at the terminal: what they are shown, and what they do. */
#ifndef PLAN_LIVE_PEOPLE_H
#define PLAN_LIVE_PEOPLE_H

#include "vm/live/state.h"

People *people_open(LiveWorld *live);
void people_close(People *people);
void people_mark(People *people, const WorldMark *mark);
/* One line that is no mark: an effect's outcome, a message, a call to make. */
void people_say(People *people, const char *format, ...) PLAN_PRINTF(2, 3);
/* What an effect came to; looks that say the same as last time are not repeated. */
void people_effect_ended(People *people, const LiveEffect *effect, Str result);
void people_hangup(People *people); /* the terminal is gone */

#endif
