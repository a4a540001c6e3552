/* One drill from its start to its verdict: a machine and a world for it, the driver between them, its
 * expectations.
 *
 * In: an image and one of its drills. Out: whether it holds, why not, and its log. vm/drill/runner.c calls
 * it. */
#ifndef PLAN_DRILL_REHEARSE_H
#define PLAN_DRILL_REHEARSE_H

#include "vm/code/image.h"
#include "vm/drill/record.h"

typedef struct Rehearsal {
    bool holds;
    Buffer messages; /* why not; lines without indentation */
    Record record;
} Rehearsal;

/* drill: one of metadata's; metadata is the image's, parsed. Free the rehearsal with rehearsal_free. */
void rehearse(const Image *image, const Json *metadata, const Json *drill, Rehearsal *rehearsal);
void rehearsal_free(Rehearsal *rehearsal);

#endif
