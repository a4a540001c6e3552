/* Time zones by name, as the host's tzdata has them: the only place that reads them.
 *
 * In: a zone's name and a time. Out: its offset, or the time that a local one stands for. Hosts only: what a zone says
 * depends on the machine, so neither the compiler nor vm/core may ask. Not for several threads at once. */
#ifndef PLAN_BASE_ZONE_H
#define PLAN_BASE_ZONE_H

#include "vm/base/error.h"

/* Local time minus UTC, in ms, at a time in ms since the epoch. False: there is no such zone. */
bool zone_offset(Str zone, int64_t time, int64_t *offset, Error *error);

/* The time at which the zone's clocks show `local` (ms, reckoned as if it were UTC). One that comes twice is the first;
 * one that is left out is as much later as the clocks jump. */
bool zone_to_utc(Str zone, int64_t local, int64_t *time, Error *error);

#endif
