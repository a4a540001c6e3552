/* The lines of running programs that the people at a run's own terminal see, for those who look on from
 * elsewhere: a small file in the run's folder, written by the process that owns the run and read by `planvm
 * attach`.
 *
 * It is a picture, not a record: it is short, it begins anew when it is full, and it goes when the process
 * does. */
#ifndef PLAN_LIVE_SHOWN_H
#define PLAN_LIVE_SHOWN_H

#include "vm/live/people.h"

typedef struct Shown Shown;

Shown *shown_open(const char *run_dir);
void shown_write(Shown *shown, const PeopleLine *line);
void shown_close(Shown *shown); /* and removes the file; NULL is fine */

/* How far the file was read. Zero-initialise it: the first look only notes where the file stands then. */
typedef struct ShownPlace {
    bool is_known;
    uint64_t at;
} ShownPlace;

/* Shows what came since the last look. */
void shown_follow(const char *run_dir, ShownPlace *place, People *people);

#endif
