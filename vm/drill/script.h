/* A drill as its world and its expectations use it: the metadata's JSON, read once.
 *
 * In: the image's metadata and one of its drills. Out: a Script, which points into that JSON (it must outlive
 * the script) and counts what was used while the drill runs. Nobody else reads the JSON of a drill. Times are
 * ms; -1 is "not said". Empty strings are "not said", too. */
#ifndef PLAN_DRILL_SCRIPT_H
#define PLAN_DRILL_SCRIPT_H

#include "vm/base/json.h"

/* An effect by how it reads: a command's words, or a request's method and URL; `*` stands for any text. */
typedef struct EffectPattern {
    bool said;
    Str command, host; /* host empty: on any, or here */
    Str method, url; /* url empty: it is a command */
} EffectPattern;

typedef struct ScriptAnswer {
    const Json *gives;
    int64_t before; /* since the drill's start */
    int64_t delay;
    int64_t times; /* `fails 2 times`, `once`: for so many effects; -1: for all */
    int64_t used;
} ScriptAnswer;

typedef enum ScriptLineKind {
    LINE_HTTP,
    LINE_COMMAND,
    LINE_CALL,    /* an effect fn, or the provider of a channel */
    LINE_CHANNEL, /* what is delivered through it */
    LINE_WAY,     /* what is delivered to a contact that way */
    LINE_PERSON,
    LINE_ANSWER,
    LINE_MANUAL,
    LINE_AT,
    LINE_ANY,   /* whatever is asked of the world */
    LINE_SWEEP, /* not answered by: it makes the drill's variants */
} ScriptLineKind;

typedef enum PersonAct {
    PERSON_ACKNOWLEDGES, /* the incident, after the first page that reaches him */
    PERSON_ANSWERS,      /* every page that reaches him */
    PERSON_NEVER,        /* never answers */
    PERSON_APPROVES,
    PERSON_REFUSES,
} PersonAct;

typedef struct ScriptLine {
    ScriptLineKind kind;
    Str text, file; /* as the plan has it */
    int64_t line;
    EffectPattern effect; /* HTTP, COMMAND */
    EffectPattern ran;    /* the line answers only once such an effect began */
    const Json *with;     /* HTTP: what the request's JSON body must contain (its texts are patterns; a text: one for the body), or NULL */
    const Json *headers;  /* HTTP: headers that the request must have (texts are patterns), or NULL */
    const Json *args;     /* CALL: the arguments that it must have (texts are patterns), or NULL */
    Str name;             /* CALL: fn; CHANNEL: its name; WAY: the way; PERSON: contact or role */
    Str contact;          /* WAY */
    PersonAct act;
    Str what; /* PERSON, ANSWER, MANUAL: pattern of the question */
    int64_t after, before;
    bool never;         /* MANUAL: `never done` */
    const Json *value;  /* ANSWER */
    int64_t number;     /* ANY: the one effect that it answers, as the log counts; 0: any */
    int64_t at;         /* AT: since the start */
    const Json *signal; /* AT */
    bool has_ran;       /* such an effect began (see ran) */
    bool used;          /* PERSON acknowledges: he did */
    bool answered;      /* it answered something, or kept the silence that it says */
    VEC(ScriptAnswer) answers;
} ScriptLine;

typedef struct ScriptExpect {
    Str text, file;
    int64_t line;
    bool negated;
    Str fact;         /* "paged", "resolved", … */
    const Json *args; /* contact, way, channel, matching, what, role, to, severity, op, value */
    EffectPattern pattern, before_ran, after_ran;
    int64_t before, after, at, lasting;
    Str times_op; /* "==", ">=", "<="; empty: at least once */
    int64_t times;
} ScriptExpect;

typedef struct RoleHolder {
    Str role, contact;
} RoleHolder;

/* What a sweep changes in one of its variants. Zeroed: nothing. */
typedef struct Variant {
    int64_t effect;        /* the effect that the sweep's answer takes, counted from 1; 0: none */
    const Json *signal;    /* sent at a time, or NULL */
    int64_t at;            /* since the start */
} Variant;

typedef struct Script {
    const Json *metadata, *drill;
    Str name, plan, file;
    int64_t line;
    int64_t start; /* ms since the epoch */
    int64_t until;     /* since the start */
    bool says_until;   /* else the end moves with the resolution and its follow-ups */
    ScriptLine *sweep; /* into lines, or NULL */
    Variant variant;
    Str swept_op, swept_subject; /* of the effect that the sweep's answer took; in the arena */
    VEC(ScriptLine) lines;
    VEC(ScriptExpect) expects;
    VEC(RoleHolder) holders; /* who got a role during the drill, in order */
    Arena arena;             /* of the holders' names */
} Script;

/* False and *error when the drill says something that cannot be done. script_free in either case. variant: of its sweep,
 * or NULL. */
bool script_read(Script *script, const Json *metadata, const Json *drill, const Variant *variant, Error *error);
void script_free(Script *script);

/* How an effect reads: a command's words joined by blanks, a request's URL. The buffer is appended to. */
void effect_subject(Str op, const Json *args, Buffer *out);
/* Is the effect one that the pattern means? `subject` is its effect_subject. */
bool effect_matches(const EffectPattern *pattern, Str op, const Json *args, Str subject);

/* Does the name of a line or expectation (a contact, or a role) mean this contact? A role means whoever may
 * fill it. */
bool script_means_contact(const Script *script, Str name, Str contact);
/* During the drill the role was given to the contact. */
void script_assign(Script *script, Str role, Str contact);

#endif
