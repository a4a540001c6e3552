/* The people at the terminal: what they are shown, and what they do.
 *
 * Two processes show a run: the one that drives it (live.c) and one that only looks on (attach.c). Both feed
 * marks and ends of effects in; keys come out as signals. */
#ifndef PLAN_LIVE_PEOPLE_H
#define PLAN_LIVE_PEOPLE_H

#include "vm/base/json.h"
#include "vm/live/live.h"
#include "vm/live/loop.h"

typedef struct People People;

typedef struct PeopleOptions {
    Loop *loop;
    LiveOutput output;
    bool attended;     /* keys are read, where standard input is a terminal */
    Str as;            /* who sits there */
    LiveView view;     /* what stands below; all of it may be NULL */
    int64_t heartbeat; /* ms without a line until one says that the run still goes on; 0: never. Not on a
                          terminal */
    void *ctx;
    int64_t (*now)(void *ctx);
    void (*send)(void *ctx, Buffer *json); /* a signal; `json` is emptied */
    void (*leave)(void *ctx);
    const char *leaving; /* what the key of leaving means here */
} PeopleOptions;

/* The end of an effect, as it is shown. Strings are valid during the call. */
typedef struct PeopleEffect {
    const char *op, *at;
    EffectClass effect_class;
    const Json *args;
    uint64_t args_hash;
    int code; /* of what went well, so that arguments and code say all of its line; -1: they do not */
    Str result;
    int64_t now; /* when it ended */
} PeopleEffect;

/* A line that a running program printed. */
typedef struct PeopleLine {
    uint64_t effect;
    Str step, host; /* may be empty */
    const char *stream;
    Str text;
    uint64_t skipped; /* lines before it that nobody is shown */
} PeopleLine;

People *people_open(const PeopleOptions *options);
void people_close(People *people); /* NULL is fine */
/* The arguments of the open question that a signal `answer` is for: of its number or words, else the oldest. NULL: none. */
const Json *people_question(const People *people, const Json *signal);
void people_mark(People *people, const WorldMark *mark);
/* One line that is no mark: a message, a call to make. */
void people_say(People *people, const char *format, ...) PLAN_PRINTF(2, 3);
void people_ring(People *people); /* the terminal's bell, where there is one */
/* What an effect came to; looks that say the same as last time are not repeated. */
void people_effect_ended(People *people, const PeopleEffect *effect);
/* Takes the room for one more line of a running program: there is less of it than a flood of output would want. */
bool people_have_room(People *people);
void people_line(People *people, const PeopleLine *line);
bool people_are_asked(const People *people); /* is a question open? */
void people_hangup(People *people); /* the terminal is gone */

#endif
