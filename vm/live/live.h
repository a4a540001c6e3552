/* The live world: real processes, real HTTP, real time, and the people at the terminal.
 *
 * vm/planvm.c opens it, vm/run.c drives it through vm/world.h; its close() frees it. What it needs of the
 * run's folder: inbox/ (signals that other processes drop), fx/ and keeper/ (vm/live/effect_files.h); it
 * makes what is missing. */
#ifndef PLAN_LIVE_LIVE_H
#define PLAN_LIVE_LIVE_H

#include "vm/world.h"

typedef enum LiveOutput {
    LIVE_TERMINAL, /* lines with colour, keys, and the questions that are open */
    LIVE_PLAIN,    /* one line per event */
    LIVE_JSON,     /* one JSON object per event */
    LIVE_QUIET,    /* nothing */
} LiveOutput;

/* Of what commands print, what people see as it comes. */
typedef enum LiveShow {
    LIVE_SHOW_CHANGES, /* of changes, and of looks that take long */
    LIVE_SHOW_ALL,
    LIVE_SHOW_NONE,
} LiveShow;

/* What whoever knows the run's story writes for the person at a terminal. Each may be NULL. */
typedef struct LiveView {
    void *ctx;
    /* The lines that stand below, each with its '\n'; colour: SGR sequences are welcome. */
    void (*panel)(void *ctx, int64_t now, size_t columns, size_t rows, bool colour, Buffer *out);
    /* What happens next if nobody does anything, as lines. */
    void (*next)(void *ctx, int64_t now, Buffer *out);
} LiveView;

typedef struct LiveOptions {
    Str run_dir; /* the run's folder, which exists */
    Str run_id;
    Str metadata;                     /* of the image, JSON (docs/image.md); may be empty */
    Str as;                           /* who sits at the terminal; empty: $USER */
    bool allow_native;                /* native libraries may be loaded */
    bool attended;                    /* somebody is there to be asked */
    bool dry_run;                     /* changes and messages are only shown */
    const char *policy;               /* path of the run's policy; NULL: the one that the run has, or none */
    Str kube_context, kube_namespace; /* for kubectls that name none; empty: kubectl's own */
    const char *keeper; /* path of plan-keeper; NULL: $PLAN_KEEPER, else beside planvm, else in its libexec */
    LiveOutput output;
    LiveShow show;
    LiveView view;
    int64_t heartbeat; /* ms; without a terminal: how long it may be silent before it says that the run goes
                          on; 0: for ever */
    int64_t started;   /* ms; the run's clock never says less (at resume: the time of the last event) */
} LiveOptions;

/* NULL and an error: the world cannot be opened. The options are needed only during the call. SIGINT and
 * SIGTERM become WORLD_INTERRUPT from here to close(); SIGHUP means that the terminal is gone and the run
 * goes on without it. */
World *live_open(const LiveOptions *options, Error *error);

/* The signal with this `msg`, if it came from the inbox, is durable in the journal: its file may go. */
void live_inbox_consumed(World *world, Str msg);

#endif
