/* What is kept on disk of one changing program, in RUN/fx/<effect>.…, so that it survives planvm and the keeper.
 *
 * `state` is made before the program begins, never twice; then it says its process and this boot of the machine, and in the
 * end how it ended. `out` and `err` are its output, written by the program itself; `exits` is what a pipe says of its
 * parts; `out.whole` and `err.whole` say where planvm has put all of a long output.
 *
 * The keeper writes, planvm reads; both link this file. `run` is a descriptor of the run's folder. */
#ifndef PLAN_LIVE_EFFECT_FILES_H
#define PLAN_LIVE_EFFECT_FILES_H

#include "vm/live/spawn.h"

/* The process of a started program. Its number alone says little: numbers are used again. */
typedef struct EffectProcess {
    pid_t pid;
    uint64_t ticks;   /* when it began, as /proc says it */
    char boot[64];    /* the machine's boot */
    int64_t deadline; /* ms of the boot-time clock; 0: none */
} EffectProcess;

typedef enum EffectClaim {
    EFFECT_CLAIMED, /* it is ours to start */
    EFFECT_TAKEN,   /* it was started before */
    EFFECT_FAILED,  /* the files cannot be written: error */
} EffectClaim;

/* Makes `state`: whoever makes it may start the program, nobody else ever. Nothing here is synced, because
 * what a killed process wrote survives it. A power failure can lose it; for that the run's folder knows the
 * boot of the machine in which its programs were started (`boot`, synced before the first of them). */
EffectClaim effect_files_claim(int run, uint64_t effect, Error *error);
bool effect_files_set_process(int run, uint64_t effect, pid_t pid, int64_t deadline);
bool effect_files_set_end(int run, uint64_t effect, const SpawnEnd *end);

bool effect_files_is_started(int run, uint64_t effect);
bool effect_files_get_process(int run, uint64_t effect, EffectProcess *process); /* false: not known */
bool effect_files_get_end(int run, uint64_t effect, SpawnEnd *end);              /* false: it has not ended */
bool effect_process_is_alive(const EffectProcess *process);

/* Was the machine started anew since this run began a program? Then one without an end may have run, whatever
 * is here. */
bool effect_files_is_other_boot(int run);
bool effect_files_note_boot(int run); /* durable */
/* Puts down, durably, that nobody knows how it ended. */
bool effect_files_settle_unknown(int run, uint64_t effect, const SpawnEnd *end);

int effect_files_open(int run, uint64_t effect, const char *name, int flags); /* "out", "err"; -1 */
uint64_t effect_files_size(int run, uint64_t effect, const char *name); /* bytes; 0 where there is none */
/* A small file; empty where there is none. */
void effect_files_read(int run, uint64_t effect, const char *name, Buffer *into);
bool effect_files_replace(int run, uint64_t effect, const char *name, Str text);
/* Empty files in the place of `out` and `err`. A program that still runs writes on into the old ones, which
 * nobody can open any more. */
void effect_files_forget_output(int run, uint64_t effect);

#endif
