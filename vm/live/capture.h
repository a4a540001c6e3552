/* One stream of an effect's output, as it comes: what the plan can read of it stays in memory, which is
 * bounded; all of it, without secrets and packed, goes into a file of the run where it is longer; lines of it
 * go to the people who look on.
 *
 * command.c and http_effect.c keep one for each stream. */
#ifndef PLAN_LIVE_CAPTURE_H
#define PLAN_LIVE_CAPTURE_H

#include "vm/packed.h"
#include "vm/live/lines.h"
#include "vm/live/state.h"

#define CAPTURE_CAP ((size_t)8 << 20)    /* bytes that the plan can read */
#define CAPTURE_MOST ((uint64_t)1 << 30) /* bytes that are kept at all */

typedef struct Capture {
    LiveEffect *effect;
    const char *name; /* of the stream: "out", "err", "body" */
    bool secret;      /* it is a value that nobody may see: neither shown nor kept in a file */
    bool shown;
    int64_t shown_from; /* ms of the boot-time clock */
    Buffer head;        /* the first CAPTURE_CAP bytes, as they came */
    uint64_t size;      /* of all that came */
    Buffer pending;     /* what may be the beginning of a secret */
    Lines lines;
    Packer *packer;
    Buffer whole;  /* "HASH SIZE" of the file that has all of it; empty: `head` has */
    Error trouble; /* why there is no such file */
} Capture;

/* The effect and the name must outlive it. */
void capture_begin(Capture *capture, LiveEffect *effect, const char *name);
/* Lines of it are shown, of what comes at `from` (ms of the boot-time clock) or later. */
void capture_show(Capture *capture, int64_t from);
void capture_add(Capture *capture, Str bytes);
/* Before anything is added: an earlier process has put all of it into a file, and `whole` is what it said of
 * that. */
void capture_recall(Capture *capture, Str whole);
/* It is at its end: adds `,"NAME":"…"` to the result, and where that is not all of it `"NAME_cut":true` and
 * where the rest is. `clean`: what of the head the run may keep. Not for a secret. */
void capture_write(Capture *capture, Buffer *json, Buffer *clean);
bool capture_is_cut(const Capture *capture);
void capture_free(Capture *capture);

#endif
