/* Keys of the person at the terminal, each one signal to the run. */
#ifndef PLAN_LIVE_KEYS_H
#define PLAN_LIVE_KEYS_H

#include "vm/live/questions.h"
#include "vm/live/state.h"
#include "vm/live/terminal.h"

typedef struct Keys {
    LiveWorld *live;
    Questions *questions;
    Terminal *terminal;
    int64_t opened; /* for names of messages that no other process has used */
    uint64_t count;
    int64_t asked; /* the question that the line being typed answers */
} Keys;

void keys_press(Keys *keys, char key);

#endif
