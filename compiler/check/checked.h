/* The checked program: what the checker knows, for the lowering, the tools and nobody else.
 *
 * In: a path. Out: a Program, whose nodes carry what was found out about them. Everything lives in the arena
 * that was given to check_program. If the Diagnostics hold an error, the annotations may be incomplete and
 * nothing may be lowered. Without an error they are complete: node->type    the type of the expression itself
 * (never NULL, never TYPE_WRONG) node->symbol  what a name, a declaration, a qualified name (a.b) or a target
 * stands for node->info    what else is known: goals, calls, members, effects, commands; read it through
 * node_goal, node_call and their like. A goal is the type that its place wants where that is another: T → T? or
 * any type → json. The reader lowers the node as `type` and then converts it. (Literals need no conversion: a
 * map or list literal where json is wanted has the type json, `none` has the optional type that is wanted, or
 * json.) Implicit optional chaining: where the receiver of a member, index or method has type T? and the member
 * belongs to T, the receiver keeps its type T? and the node's own type is optional: absent in, absent out. */
#ifndef PLAN_CHECK_CHECKED_H
#define PLAN_CHECK_CHECKED_H

#include "compiler/check/types.h"
#include "compiler/diag/diag.h"
#include "compiler/syntax/node.h"
#include "vm/code/effect_class.h"

typedef struct Module Module;
typedef struct Symbol Symbol;

/* ---- symbols ---- */

typedef enum SymbolKind {
    SYMBOL_LOCAL,      /* let, var, parameter, loop name, lambda parameter, in a body */
    SYMBOL_SETTING,    /* top-level `param` */
    SYMBOL_CONSTANT,   /* top-level `let` */
    SYMBOL_VAR,        /* top-level `var` of the prelude */
    SYMBOL_SECRET,     /* type secret */
    SYMBOL_HOST,       /* no value; only after `on` */
    SYMBOL_CONTACT,    /* as a value: Contact */
    SYMBOL_ROLE,       /* as a value: Contact (who fills it) */
    SYMBOL_ROTATION,   /* as a value: Contact */
    SYMBOL_CHANNEL,    /* as a value: Channel (its first provider) */
    SYMBOL_CALENDAR,   /* no value */
    SYMBOL_SEVERITY,   /* as a value: the enum Severity; index is the member: 0 is the worst */
    SYMBOL_ESCALATION, /* no value */
    SYMBOL_TEMPLATE,   /* no value; after `using` */
    SYMBOL_FN,         /* fn and effect fn; as a value: fn(…) -> … */
    SYMBOL_EXTERN,     /* a function of an extern block */
    SYMBOL_RECORD,     /* type: the record; called to make one */
    SYMBOL_ENUM,       /* type: the enum */
    SYMBOL_MEMBER,     /* a member of a declared enum; index is its number */
    SYMBOL_CLASSIFY,
    SYMBOL_PLAN, /* also procedures */
    SYMBOL_DRILL,
    SYMBOL_PROMISE,
    SYMBOL_RECURRING,
    SYMBOL_MODULE,  /* an import's name; `target` is the module */
    SYMBOL_BUILTIN, /* incident, service, alert, now, me, this_run, http, vm, …; builtin says which */
    SYMBOL_STEP,    /* a step, remedy, phase or track; name is its text, empty if that has `${}` */
    SYMBOL_KIND_COUNT
} SymbolKind;

typedef enum BuiltinName {
    BUILTIN_NAME_NONE,
    BUILTIN_NAME_INCIDENT, /* the prelude's global of that name: type Incident; `target_var` is its symbol */
    BUILTIN_NAME_SERVICE,  /* members name, owner, runbook */
    BUILTIN_NAME_ALERT,    /* Alert?; the prelude's global: `target_var` */
    BUILTIN_NAME_NOW,      /* time: what the wall clock shows */
    BUILTIN_NAME_EVEN_NOW, /* the prelude's `now`: the clock that passes evenly, whoever sets the wall's */
    BUILTIN_NAME_ME,       /* string: who started the run */
    BUILTIN_NAME_THIS_RUN, /* string: the run's id */
    BUILTIN_NAME_HTTP,     /* the http functions */
    BUILTIN_NAME_VM,       /* std/ only */
    BUILTIN_NAME_SSH,      /* host x = ssh(…) */
} BuiltinName;

struct Symbol {
    SymbolKind kind;
    uint32_t hash; /* of its name: the checker's own */
    Str name;
    Node *decl;         /* the node that declares it; NULL for SYMBOL_BUILTIN */
    Span span;          /* of the name where it is declared */
    const Type *type;   /* of its value; of a function: fn(…) -> …; UNIT where it has none */
    Module *module;     /* that declares it; NULL for SYMBOL_BUILTIN */
    Module *target;     /* MODULE */
    Symbol *target_var; /* BUILTIN: incident, alert */
    BuiltinName builtin;
    uint32_t index; /* position among its kind in the program (a local: among the locals of its home) */
    Node *home; /* LOCAL: the fn, plan, template, lambda or classify declaration that it belongs to; NULL in a
                 * declaration's own expression. Seen from another home it is captured. */
    Symbol
        *parent;  /* STEP: the phase or track or step around it; NULL in the plan itself. MEMBER: its enum */
    Symbol *plan; /* STEP: its plan or drill */
    const Type *result; /* FN, EXTERN: what it gives (UNIT: nothing) */
    Symbol **params;    /* FN, EXTERN, TEMPLATE, PLAN, CLASSIFY: their locals, in order */
    size_t param_count;
    bool is_variable; /* LOCAL, VAR: may be assigned */
    bool is_effect;   /* FN: declared `effect fn`; EXTERN: likewise */
    bool looks;       /* FN: looks at the world, itself or through what it calls */
    bool waits;       /* FN: of the prelude: waits, marks or changes the run's state */
    bool is_assigned; /* LOCAL: assigned after its declaration */
    bool is_captured; /* LOCAL: read or assigned from a lambda or another home */
    bool is_read;
    bool is_missing;        /* its value is `missing "…"` */
    int check_state;        /* the checker's own */
    uint32_t number;        /* among all symbols of the program */
    Symbol *next_in_bucket; /* the checker's own */
};

typedef struct SymbolList {
    Symbol **items;
    size_t count, cap;
} SymbolList;

/* ---- modules and the program ---- */

struct Module {
    Str path;       /* as written on a message: "plans/x.plan", "std/slack" */
    Str short_name; /* the last part of its path without .plan: "slack" */
    uint32_t file;  /* of the SourceSet */
    Node *root;     /* NODE_FILE */
    bool is_std;    /* stdlib: vm.* and `run f()` of plain functions are allowed */
    bool is_prelude;
    struct Scope *scope; /* the checker's own */
    bool is_ready;       /* checked by the build, and not to be written to (check/ready.h) */
    Node **deeds;        /* of those: what it does (deeds.c) */
    size_t deed_count;
};

typedef struct Program {
    Arena *arena;
    SourceSet *sources;
    TypeTable *types;
    struct {
        Module **items;
        size_t count, cap;
    } modules; /* imported before importing; the prelude first, the root last */
    Module *prelude, *root;
    Node *service;        /* NODE_SERVICE, or NULL: a file without plans need not have one */
    const Type *severity; /* the enum Severity, worst first; without members where none is declared */
    uint32_t symbol_count;
    /* Every declaration of the program, in order of modules and then of source text. Steps: steps, remedies, phases, tracks
     * of all plans. */
    union {
        struct {
            SymbolList settings, constants, vars, secrets, hosts, contacts, roles, rotations, channels, calendars,
                severities, escalations, templates, fns, externs, records, enums, classifies, plans, drills, promises,
                recurrings, steps;
        };
        SymbolList lists[23];
    };
} Program;

/* Loads, parses and checks a file and all that it imports. NULL and *error if the file, or one that it
 * imports, cannot be read; otherwise never NULL. */
Program *check_program(Arena *arena, SourceSet *sources, TypeTable *types, Str root_path,
                       Diagnostics *diagnostics, Error *error);
/* The same for a text that is no file (tests, editors). Imports are relative to `path`. */
Program *check_text(Arena *arena, SourceSet *sources, TypeTable *types, Str path, Str text,
                    Diagnostics *diagnostics);

/* Before checking: may the shell and ShellCheck be asked about `sh` literals? Not unless somebody says so. */
void check_scripts_too(bool wanted);
/* The moment (milliseconds since 1970) that `review by` is held against; 0, as it is at first: now. */
void check_as_of(int64_t moment);

/* A function, var or record of the prelude by its name; NULL: there is none. For the lowering. */
Symbol *program_prelude(const Program *program, Str name);

/* ---- notes: what is known of a node beyond type and symbol ---- */

/* Methods and properties of the built-in types: compiler/check/methods.def. */
typedef enum MethodId {
#define METHOD(id, receiver, name, params, result, about) METHOD_##id,
#include "compiler/check/methods.def"
#undef METHOD
    METHOD_COUNT
} MethodId;

/* Intrinsics of std/ modules, and functions that are always there: compiler/check/functions.def. */
typedef enum FunctionId {
#define FUNCTION(id, module, name, params, result, about) FUNCTION_##id,
#include "compiler/check/functions.def"
#undef FUNCTION
    FUNCTION_COUNT
} FunctionId;

typedef enum CallTarget {
    CALL_FN,       /* symbol: FN; args by its params */
    CALL_EXTERN,   /* symbol: EXTERN */
    CALL_RECORD,   /* args by the fields of node->type; NULL: absent, false, 0 or "" */
    CALL_METHOD,   /* method; receiver */
    CALL_FUNCTION, /* function (vm.spawn, min, …) */
    CALL_HTTP,     /* http.get(…): the arguments are in the Effect's http */
    CALL_VALUE,    /* receiver: the function value */
    CALL_PLAN,     /* follow p(…), continue with p(…) */
    CALL_TEMPLATE, /* using t(…) */
    CALL_CLASSIFY, /* from classify(…) */
} CallTarget;

/* Without holes, as the fields of nodes are: see node.h. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
typedef struct Call {
    CallTarget target;
    MethodId method;
    FunctionId function;
    bool looks; /* calling it looks at the world */
    uint8_t unused[3];
    Symbol *symbol;
    Node *receiver;   /* METHOD, VALUE */
    Node **args;      /* in order of parameters; NULL: left out, its default holds */
    size_t arg_count; /* as many as there are parameters */
} Call;

typedef enum MemberKind {
    MEMBER_FIELD,    /* index: of the record's fields */
    MEMBER_JSON,     /* text: the member of a json value */
    MEMBER_PROPERTY, /* method: one that is written without (): for_shell, or_empty, … */
    MEMBER_SYMBOL,   /* node->symbol says all: people.lead, slack.post, Colour.red */
    MEMBER_SERVICE,  /* index: 0 name, 1 owner, 2 runbook */
    MEMBER_SEVERITY, /* incident.severity: of the type Severity */
    MEMBER_AGE,      /* incident.age */
    MEMBER_OPENED,   /* incident.opened, as the wall clock has it now */
    MEMBER_NEXT_UPDATE,
    MEMBER_OUT,       /* Result.out, guarded by ok */
    MEMBER_OUT_JSON,  /* Result.json: out read as JSON, guarded by ok */
    MEMBER_BODY,      /* Response.body, guarded by ok */
    MEMBER_BODY_JSON, /* Response.json */
    MEMBER_REASON,    /* Response.reason: why it is not ok, in words */
} MemberKind;

typedef struct Member {
    MemberKind kind;
    uint32_t index;
    MethodId method;
    bool in_default; /* a guarded member left of `??`: absent instead of a failure */
    uint8_t unused[3];
} Member;

/* One word of a command, in parts; a part is text or an expression. */
typedef struct CommandPart {
    Str text;    /* expr is NULL */
    Node *expr;  /* its type is string, int, float, bool, duration, …; with spread: [string] */
    bool spread; /* `${xs...}`: then the only part of its word */
    uint8_t unused[7];
} CommandPart;

typedef struct CommandWord {
    CommandPart *parts;
    size_t part_count;
    Span span;
    bool may_be_empty; /* `${x.or_empty}` */
    uint8_t unused[3];
} CommandWord;
#pragma GCC diagnostic pop

typedef enum CommandKnown { COMMAND_UNKNOWN, COMMAND_LOOKS, COMMAND_CHANGES } CommandKnown;

typedef struct Command {
    bool is_script;     /* sh `…` */
    CommandWord *words; /* not of a script */
    size_t word_count;
    Str script;    /* of a script: values stand in it as "$1", "$2", … already */
    const int64_t *places; /* of a script: where in it each part of the literal begins; < 0: before its first word */
    Node **values; /* of a script: their expressions, in this order */
    size_t value_count;
    Node *spread;       /* of a script: the list whose elements are "$@", behind the values; or NULL */
    CommandKnown known; /* what commands.def says of it */
    Str program;        /* the first word's text, without directories; empty if it is not fixed */
} Command;

typedef enum EffectForm {
    EFFECT_FORM_COMMAND,
    EFFECT_FORM_HTTP,
    EFFECT_FORM_FN,
    EFFECT_FORM_EXTERN
} EffectForm;

typedef struct EffectOptions { /* expressions; NULL: not said */
    Node *timeout, *dir, *env, *input, *user, *retry, *every, *growth, *jitter, *secret;
} EffectOptions;

typedef struct HttpRequest {
    Str method; /* "GET", … */
    Node *url, *headers, *json, *form, *body, *basic, *bearer, *hmac, *query, *ca, *cert, *key, *proxy,
        *connect_timeout; /* NULL: not said */
} HttpRequest;

typedef enum OnUnknown { ON_UNKNOWN_ASK, ON_UNKNOWN_AGAIN, ON_UNKNOWN_FAIL, ON_UNKNOWN_VERIFY } OnUnknown;

/* One effect: note of the node of the command literal or call itself, whatever word stands before it. */
typedef struct Effect {
    EffectForm form;
    EffectClass effect_class; /* observe, verify, conditions: look; run: change */
    Symbol *host;             /* on HOST; NULL: here */
    EffectOptions options;
    OnUnknown on_unknown;
    Node *unknown_condition; /* ON_UNKNOWN_VERIFY: the NODE_VERIFY-like clause */
    Command command;         /* COMMAND */
    HttpRequest http;        /* HTTP */
    Call call;               /* FN, EXTERN */
} Effect;

typedef enum NoteKind { NOTE_GOAL, NOTE_CALL, NOTE_MEMBER, NOTE_EFFECT, NOTE_COMMAND } NoteKind;

typedef struct Note Note;

/* Few nodes have a goal: what else is known of them stands behind it. */
typedef struct Goal {
    const Type *type;
    Note *note; /* or NULL */
} Goal;

struct Note {
    NoteKind kind;
    union {
        Goal goal;
        Call call;
        Member member;
        Effect effect;
        Command command; /* a drill's or a secret's command; a pattern's words are not split */
    };
};

/* The type that the node's place wants, where that is not its own; else NULL. */
const Type *node_goal(const Node *node);
/* The note of the kind, or NULL where the node has none of that kind. */
Call *node_call(const Node *node);
Member *node_member(const Node *node);
Effect *node_effect(const Node *node);
Command *node_command(const Node *node);

#endif
