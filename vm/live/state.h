/* What the files of the live world share: the world's state, and the way an effect goes through it.
 *
 * live.c owns the state. An effect is begun by one of the functions below, which either finishes it at once
 * or keeps it and finishes it later from the loop; to finish is to call effect_end exactly once, unless it
 * was cancelled. */
#ifndef PLAN_LIVE_STATE_H
#define PLAN_LIVE_STATE_H

#include "vm/base/map.h"
#include "vm/live/clock.h"
#include "vm/live/live.h"
#include "vm/live/loop.h"
#include "vm/live/order.h"
#include "vm/live/secrets.h"

typedef struct Http Http;
typedef struct KeeperClient KeeperClient;
typedef struct Inbox Inbox;
typedef struct People People;
typedef struct LiveWorld LiveWorld;
typedef struct LiveEffect LiveEffect;

struct LiveEffect {
    LiveWorld *live;
    uint64_t id;
    EffectClass effect_class;
    bool again;
    Json *args;
    uint64_t args_hash; /* of their text */
    int code;           /* of a command or request that went well: its exit or status; -1: of nothing such */
    char *op, *step, *at, *key;
    void *work; /* of whoever does it */
    /* Forgets the work without a result, and ends what runs if `end_it`; NULL: there is nothing to forget. */
    void (*cancel)(LiveEffect *effect, bool end_it);
};

typedef struct QueuedEvent {
    WorldEventKind kind;
    uint64_t effect;
    int64_t moment; /* when it happened; 0: when it is taken */
    Buffer json;
} QueuedEvent;

typedef VEC(QueuedEvent) EventQueue;

struct LiveWorld {
    World world; /* first: the driver's pointer is ours */
    Clock clock;
    EventOrder order; /* of what the driver was told */
    Loop *loop;
    char *run_dir, *run_id, *as;
    char place[48]; /* the run's folder, as this machine tells it from all others: ids may be the same elsewhere */
    LiveShow show;
    Json *metadata;
    bool attended, allow_native, dry_run;
    char *kube_context, *kube_namespace; /* NULL: kubectl's own */
    bool interrupted;
    EventQueue signals, results;
    Buffer current; /* the JSON of the event that was given last */
    VEC(LiveEffect *) effects;
    Secrets *secrets;
    Arena found;  /* names and files of `programs` */
    Map programs; /* name → file, as the environment's PATH found it last */
    struct PolicyGate *policy; /* NULL: everything may begin */
    Http *http;                /* NULL until the first HTTP effect */
    struct Native *native;     /* NULL until the first native call */
    KeeperClient *keeper;
    Inbox *inbox;
    People *people;
    struct Shown *shown; /* NULL until a program printed something */
    LoopSignal *on_interrupt, *on_terminate, *on_hangup;
};

static inline LiveWorld *live_of(World *world)
{
    return (LiveWorld *)world;
}

/* For Arena.chunk: room for what an ordinary effect takes, and not more, because it is zeroed each time. */
enum { EFFECT_CHUNK = 1024 };

/* Begins of the operations (vm/code/effects.def). */
void command_start(LiveEffect *effect);
void http_effect_start(LiveEffect *effect);
void mail_start(LiveEffect *effect);      /* mail */
void deliver_start(LiveEffect *effect);   /* deliver */
void call_start(LiveEffect *effect);      /* call */
void terminal_start(LiveEffect *effect);  /* terminal */
void native_start(LiveEffect *effect);    /* native */
void native_close(struct Native *native); /* NULL is fine */

/* The effect is done: `json` is its result and is emptied; the effect is freed. */
void effect_end(LiveEffect *effect, Buffer *json);
/* The same for what takes no time: it ends at the moment at which it began. */
void effect_end_at_once(LiveEffect *effect, Buffer *json);
/* The same with {"ok":false,"error":…}; with `unknown` when nobody knows whether it happened. */
void effect_fail(LiveEffect *effect, const char *text, bool unknown);

/* Appends `,"name":"text"` with the text made fit for the machine: secrets taken out, what is not UTF-8
 * replaced, and nothing in it that could be taken for a secret's handle. */
void effect_add_text(const LiveEffect *effect, Buffer *json, const char *name, Str text);
/* The text with its secrets put in, in an arena that is wiped when the effect is over. NULL: one cannot be
 * had. */
char *effect_fill(const LiveEffect *effect, Arena *arena, Str text, SecretForm form, Error *error);
/* Is the output to be a secret of the run? Then it is kept, before any other text of the effect is added, and no part of the
 * result: the machine has its handle. False, with *error: it cannot be kept. */
bool effect_is_secret(const LiveEffect *effect);
bool effect_keep_secret(const LiveEffect *effect, Str text, Error *error);
void text_clean(const Secrets *secrets, Buffer *out, Str text);
/* The same for a text without secrets: UTF-8, and no handles. */
void text_repair(Buffer *out, Str text);
void text_write(const Secrets *secrets, Buffer *json, Str text); /* the same as a string of JSON */
/* Cuts the text to at most `cap` bytes, whole characters; true: there was more. */
bool text_bound(Buffer *text, size_t cap);
/* The length of a control character at the beginning (a terminal would obey it), 0: there is none. */
size_t text_control(Str text);

/* Somebody did something; `json` is emptied. */
void live_signal(LiveWorld *live, Buffer *json);
/* The person at the terminal leaves; the run stays resumable. */
void live_interrupt(LiveWorld *live);
/* Are there results or signals that the driver has not had yet? */
bool live_has_events(const LiveWorld *live);

#endif
