/* Time zones by name, as the machine's tzdata has them: the only place that reads them.
 *
 * In: a zone's name and a time. Out: its offset, the time that a local one stands for, or the table of its changes. What a
 * zone says depends on the machine, so vm/core never asks: the compiler puts the table into the image, and hosts ask for
 * what people are shown. Not for several threads at once. */
#ifndef PLAN_BASE_ZONE_H
#define PLAN_BASE_ZONE_H

#include "vm/base/error.h"

/* Local time minus UTC, in ms, at a time in ms since the epoch. False: there is no such zone. */
bool zone_offset(Str zone, int64_t time, int64_t *offset, Error *error);

/* The time at which the zone's clocks show `local` (ms, reckoned as if it were UTC). One that comes twice is the first;
 * one that is left out is as much later as the clocks jump. */
bool zone_to_utc(Str zone, int64_t local, int64_t *time, Error *error);

/* False, with the reason: tzdata has no such zone, or is not there. UTC is always known. */
bool zone_known(Str zone, Error *error);

/* The zone's offsets from 2000 to 2070, as vm/base/zone_table.h says. */
bool zone_table(Str zone, Buffer *out, Error *error);

#endif
