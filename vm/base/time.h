/* Times and durations as text, and the wall clock. Both are int64 milliseconds; times count from
 * 1970-01-01T00:00Z.
 *
 * Text is always UTC. Hosts and reports call this; the machine's core must not ask the clock (it is told the
 * time). */
#ifndef PLAN_BASE_TIME_H
#define PLAN_BASE_TIME_H

#include "vm/base/error.h"

#define TIME_NEVER INT64_MAX

int64_t time_now(void); /* of the wall clock; it may go backwards when somebody sets it */

void time_write(Buffer *out, int64_t time); /* 2026-03-02T03:12:04Z; with .123 if it is not a whole second */
void time_write_date(Buffer *out, int64_t time);   /* 2026-03-02 */
void time_write_clock(Buffer *out, int64_t time);  /* 03:12:04 */
void time_write_minute(Buffer *out, int64_t time); /* 2026-03-02 03:12 */

/* Reads RFC 3339 (`T` or a blank between; seconds and zone may be left out: UTC then), or a date alone. */
bool time_parse(Str text, int64_t *time, Error *error);

/* "4m30s", "2d", "250ms", "0s"; every unit that is not zero, the largest first; '-' before negative ones. */
void duration_write(Buffer *out, int64_t duration);
/* The same to its two largest units, for people: "3h12m", "45s"; below a second as it is. */
void duration_write_short(Buffer *out, int64_t duration);
bool duration_parse(Str text, int64_t *duration,
                    Error *error); /* units w d h m s ms, each at most once, no blanks */

#endif
