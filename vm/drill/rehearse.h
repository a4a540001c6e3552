/* One drill from its start to its verdict: a machine and a world for it, the driver between them, its expectations; and
 * a drill with a `sweep` as many times as it has variants.
 *
 * In: an image and one of its drills. Out: whether it holds, why not, and its log. vm/drill/runner.c calls it. */
#ifndef PLAN_DRILL_REHEARSE_H
#define PLAN_DRILL_REHEARSE_H

#include "vm/code/image.h"
#include "vm/drill/record.h"
#include "vm/drill/script.h"

typedef struct DrillCase {
    const Image *image;
    const Json *metadata, *drill; /* the image's, parsed; one of its drills */
    uint8_t *covered;             /* see vm_cover in vm/core/vm.h; NULL: nobody wants to know */
    const char *variant;          /* of a sweep only those whose label is like this (`effect 7` will do); NULL: all */
    bool traced;                  /* every event, instruction and output goes to standard error (vm_trace) */
    void (*seen)(void *ctx, Record *record); /* every record that was made, whole; may be NULL */
    void *ctx;
} DrillCase;

typedef struct Rehearsal {
    bool holds;
    Buffer messages; /* why not; lines without indentation */
    Buffer table;    /* of a sweep: its variants and what became of them; else empty */
    size_t variants; /* of a sweep; else 0 */
    Record record;   /* of a sweep: of the first variant that does not hold, else of the first one */
} Rehearsal;

/* Free the rehearsal with rehearsal_free. */
void rehearse(const DrillCase *drill_case, Rehearsal *rehearsal);
/* The drill's `sweep`, or NULL. */
const Json *drill_sweep_line(const Json *drill);
/* One variant (NULL: the drill as it stands). */
void rehearse_variant(const DrillCase *drill_case, const Variant *variant, Rehearsal *rehearsal);
void rehearsal_free(Rehearsal *rehearsal);

/* sweep.c: all variants of a drill that has a sweep line. */
void rehearse_sweep(const DrillCase *drill_case, const Json *sweep, Rehearsal *rehearsal);

#endif
