/* What a program prints, as lines for people: whole lines only, no more at once than a person is given,
 * nothing in them that a terminal would obey.
 *
 * Text comes in pieces, without secrets. What there is no room for is counted, and the last of it is shown
 * when the program has ended. */
#ifndef PLAN_LIVE_LINES_H
#define PLAN_LIVE_LINES_H

#include "vm/base/memory.h"

typedef struct LinesEvents {
    void *ctx;
    bool (*room)(void *ctx); /* takes the room for one more line; false: there is none just now */
    /* One line; `skipped` lines before it were not shown. */
    void (*line)(void *ctx, Str line, uint64_t skipped);
} LinesEvents;

typedef struct Lines {
    LinesEvents events;
    Buffer held;      /* the end of what came and was not shown; its last line may not be whole */
    uint64_t skipped; /* whole lines that came and are not in `held` */
} Lines;

void lines_add(Lines *lines, Str text);
void lines_end(Lines *lines); /* what is still held is shown */
void lines_free(Lines *lines);

#endif
