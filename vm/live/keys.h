/* Keys of the person at the terminal, each one signal to the run. */
#ifndef PLAN_LIVE_KEYS_H
#define PLAN_LIVE_KEYS_H

#include "vm/live/people.h"
#include "vm/live/questions.h"
#include "vm/live/terminal.h"

typedef struct Keys {
    const PeopleOptions *options; /* who, and where signals go */
    Questions *questions;
    Terminal *terminal;
    int64_t opened; /* for names of messages that no other process has used */
    uint64_t count;
    int64_t asked;      /* the question that the line being typed answers */
    const char *typing; /* kind of the signal that the line being typed becomes */
    Json *half;         /* a signal whose reason is being typed; NULL: none */
} Keys;

void keys_press(Keys *keys, char key);
/* Appends one line: the keys that matter most, as many as fit into the columns. */
void keys_write(Buffer *out, size_t columns);

#endif
