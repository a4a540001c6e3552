/* What the collector's two files share: one collection, and the extents of memory that several values share.
 * Used by collect.c and canonical.c only. */
#ifndef PLAN_CORE_COLLECT_H
#define PLAN_CORE_COLLECT_H

#include "vm/core/heap.h"

typedef struct Collector {
    Vm *vm;
    uint8_t *to; /* where copies are placed */
    size_t used;
    bool canonical; /* all fibers wait: what only the past or speed explains is dropped */
    bool cutting;   /* extents_find ran: shared memory is cut to what is seen of it */
    bool loose;     /* found: there is shared memory of which less is seen than there is */
} Collector;

/* Notes in every buffer, data and table which part of it values see: from `pad` to before `used`, and in a
 * buffer whether one slice alone does. Of a block that was just collected. */
void extents_find(Vm *vm);
/* Known after extents_find. */
bool extent_is_alone(const Vm *vm, const SliceObject *slice);

#endif
