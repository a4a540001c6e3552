/* Starting one program and ending it with everything it started: what looks (vm/live/process.c) and the
 * keeper of changes (vm/live/keeper) have in common.
 *
 * A program gets exactly the words it is given, a process group of its own, an environment, its input, and no
 * descriptor beyond the three. Each carries the variable PLAN_EFFECT, by which its descendants are found
 * again wherever they went. */
#ifndef PLAN_LIVE_SPAWN_H
#define PLAN_LIVE_SPAWN_H

#include "vm/base/error.h"

#include <sys/types.h>

#define SPAWN_MARK "PLAN_EFFECT="
#define SPAWN_GRACE 2000                   /* ms between TERM and KILL */

typedef struct SpawnSpec {
    uint64_t effect;
    char *program;   /* the file */
    char **argv;     /* NULL-terminated, as are the strings of env */
    char **env;      /* its last entry is the mark */
    char *dir;       /* NULL: ours */
    Str input;       /* empty: end of file at once */
    int64_t timeout; /* ms; 0: none */
    uint64_t parts;  /* of a pipe that says how each ended on descriptor 3; 0: it is none */
} SpawnSpec;

/* How a program ended. A program that could not be started has an error and exit 126 or 127. */
typedef struct SpawnEnd {
    int exit;
    int signal; /* 0: it ended by itself */
    bool timed_out;
    bool unknown; /* it may or may not have run to its end */
    int64_t elapsed;
    char error[512]; /* empty: none */
} SpawnEnd;

/* Starts it with the two descriptors as stdout and stderr, and `exits` as descriptor 3 unless it is -1; they
 * stay the caller's. False: it did not start, and `end` says why. */
bool spawn_start(const SpawnSpec *spec, int out, int err, int exits, pid_t *pid, SpawnEnd *end);

/* What becomes of a program's descendants that are left when it has ended. */
typedef enum SpawnRest {
    SPAWN_REST_LIVES, /* they were left in the background */
    SPAWN_REST_ENDS,  /* they were told to end: the program has not ended before they have */
    SPAWN_REST_DIES,  /* they are killed */
} SpawnRest;

/* Collects a program that has ended; does not block if it has not (returns false). */
bool spawn_collect(pid_t pid, SpawnRest rest, const char *mark, SpawnEnd *end);

/* Sends a signal to the program's group and to every process that carries its mark. */
void spawn_signal(pid_t pid, const char *mark, int number);

const char *spawn_mark(const SpawnSpec *spec); /* the whole entry, "PLAN_EFFECT=…" */

/* A spec as bytes, for the way to the keeper, and back. Reading: everything lies in the arena; false if it is
 * no spec. */
void spawn_write(Buffer *out, const SpawnSpec *spec);
bool spawn_read(Arena *arena, Str bytes, SpawnSpec *spec);

#endif
