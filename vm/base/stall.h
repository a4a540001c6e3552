/* How long planvm's one thread works before it waits again: whoever is served by the loop waits for as long.
 *
 * A measurement for tests. It is off unless the environment's PLAN_STALLS names a file: then every stretch
 * beyond STALL_MOST becomes a line there. Time in which other processes had the CPU is not counted, nor that
 * of a sync to the disk, which a durable step has to wait for. The loop, the driver's commit and drills of
 * neither know more of it than these calls. */
#ifndef PLAN_BASE_STALL_H
#define PLAN_BASE_STALL_H

enum { STALL_MOST = 50 }; /* ms */

/* A stretch begins here. */
void stall_begin(void);
/* It ends here, and was `what`; the next one begins. */
void stall_end(const char *what);

/* Around a wait that is meant to be one. */
void stall_sync_begin(void);
void stall_sync_end(void);

#endif
