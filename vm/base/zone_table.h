/* The table of a time zone, as text: zone_table writes it, the compiler puts it into the image, vm/core reads it.
 *
 *     SSSSSSSSSSSS +OOOOOO\n     seconds since 1970 at which an offset begins to hold, and the offset, in seconds
 *
 * Lines are of fixed width and rise. The first one's offset holds before it, too; the last one's for ever. UTC has an
 * empty table. */
#ifndef PLAN_BASE_ZONE_TABLE_H
#define PLAN_BASE_ZONE_TABLE_H

enum { ZONE_SECONDS_WIDTH = 12, ZONE_OFFSET_WIDTH = 7, ZONE_LINE = ZONE_SECONDS_WIDTH + 1 + ZONE_OFFSET_WIDTH + 1 };

#endif
