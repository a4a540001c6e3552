/* The programs that a keeper has running: started once, ended in time, their exits written down. */
#ifndef PLAN_LIVE_KEEPER_JOBS_H
#define PLAN_LIVE_KEEPER_JOBS_H

#include "vm/live/effect_files.h"

typedef struct Job {
    uint64_t effect;
    pid_t pid;
    char *mark;
    int64_t started, deadline; /* ms of the boot-time clock; deadline 0: none */
    bool timed_out, stopping, killed;
} Job;

typedef struct Jobs {
    int run; /* descriptor of the run's folder */
    VEC(Job) list;
} Jobs;

/* Starts what the spec says, unless it was started before. Gives the protocol's answer (KEEPER_RUNS, …). */
char jobs_start(Jobs *jobs, const SpawnSpec *spec);
char jobs_ask(const Jobs *jobs, uint64_t effect);
void jobs_stop(Jobs *jobs, uint64_t effect, bool forget); /* all output, also what is still to come */

/* Collects one program that ended and writes its exit; false: none did. Also collects orphans that came to
 * us. */
bool jobs_collect(Jobs *jobs, uint64_t *effect);

/* Ends what has passed its deadline; gives the ms until it must be called again, -1: never. */
int64_t jobs_enforce(Jobs *jobs);
void jobs_free(Jobs *jobs); /* what runs goes on */

#endif
