/* Values that are known when the plan is compiled, and a writer of JSON for them.
 *
 * In: expressions of declarations and drill lines. Out: a Constant, or CONSTANT_UNKNOWN where only a run
 * could tell. Only the files that write metadata use it. Nothing here reports a mistake; the caller says what
 * an unknown means. */
#ifndef PLAN_LOWER_CONSTANT_H
#define PLAN_LOWER_CONSTANT_H

#include "compiler/check/checked.h"

/* Writes one JSON value after another; commas come by themselves. */
typedef struct JsonOut {
    Buffer *buffer;
    bool comma;
} JsonOut;

void out_open(JsonOut *out, char bracket); /* { or [ */
void out_close(JsonOut *out, char bracket);
void out_key(JsonOut *out, const char *key);
void out_text(JsonOut *out, Str text);
void out_int(JsonOut *out, int64_t value);
void out_bool(JsonOut *out, bool value);
void out_null(JsonOut *out);
void out_raw(JsonOut *out, Str json); /* one value that is JSON already */
/* A key and its value. */
void out_text_at(JsonOut *out, const char *key, Str text);
void out_int_at(JsonOut *out, const char *key, int64_t value);

typedef enum ConstantKind {
    CONSTANT_UNKNOWN,
    CONSTANT_NONE,
    CONSTANT_BOOL,     /* number */
    CONSTANT_INT,      /* number */
    CONSTANT_FLOAT,    /* real */
    CONSTANT_DURATION, /* number: ms */
    CONSTANT_TIME,     /* number: ms since the epoch */
    CONSTANT_TEXT,     /* text */
    CONSTANT_JSON,     /* text: a list or an object as JSON */
} ConstantKind;

typedef struct Constant {
    ConstantKind kind;
    int64_t number;
    double real;
    Str text;
} Constant;

/* Where names are looked up. settings: NODE_SETTING that go before the program's own defaults (a drill's `with`); plan
 * and args: what stands for the plan's parameters (`drill … of outage(…)`). NULL: there are none. */
typedef struct ConstantScope {
    const Program *program;
    Arena *arena;
    const NodeList *settings;
    const Symbol *plan;
    const NodeList *args;
    int depth;    /* guards against declarations that name each other */
    bool stars;   /* `${1}` is what a pattern's first `*` stood for: STAR_BEGIN 1 STAR_END in the text */
    bool pattern; /* a `*` of a value is a star and nothing else (vm/code/stars.h) */
    bool unknown; /* set by the constant_… helpers below when something was not known */
} ConstantScope;

Constant constant_of(ConstantScope *scope, const Node *node); /* NULL gives CONSTANT_NONE */
/* The value as text, as `${}` would put it into a string. */
Str constant_text(ConstantScope *scope, const Node *node);
int64_t constant_int(ConstantScope *scope, const Node *node, int64_t absent);
void constant_write(ConstantScope *scope, const Node *node, JsonOut *out);
/* A key and the value, nothing at all where the node is NULL. */
void constant_int_at(ConstantScope *scope, const Node *node, const char *key, JsonOut *out);
void constant_text_at(ConstantScope *scope, const Node *node, const char *key, JsonOut *out);

/* The name that a ref (NODE_NAME, NODE_MEMBER) stands for: the symbol's own, or as written. */
Str reference_name(ConstantScope *scope, const Node *node);
/* A command literal as drills match it: the words joined by single blanks, quotes removed; a script as it
 * stands. */
Str command_text(ConstantScope *scope, const Node *command);

#endif
