/* Core: the small language between the checked plan and bytecode.
 *
 * compiler/lower makes it from checked nodes: everything that the language declares (escalations, windows, remedies,
 * templates) is by then functions, fibers, waits and calls. compiler/emit turns it into an image. Core is typed and
 * fully resolved; making or reading it looks nothing up. All of it lives in the compilation's arena.
 *
 * One node type serves for expressions (type says of what kind their value is) and statements (type is NULL). */
#ifndef PLAN_LOWER_CORE_H
#define PLAN_LOWER_CORE_H

#include "compiler/check/types.h"
#include "compiler/source/source.h"

typedef struct Core Core;
typedef struct CoreFunction CoreFunction;

typedef enum CoreKind {
    /* Expressions */
    CORE_INT,     /* number: bool, int, duration, time, enum member */
    CORE_FLOAT,   /* real */
    CORE_STRING,  /* text (also secrets) */
    CORE_NONE,    /* the absent value of an optional type */
    CORE_LOCAL,   /* index into the function's locals (parameters come first) */
    CORE_GLOBAL,  /* index into the program's globals */
    CORE_UNARY,   /* op: CORE_NEG, CORE_NOT, CORE_TO_FLOAT (of an int); a */
    CORE_BINARY,  /* op; a, b: of one type (time and duration mix as integers). EQ and NE compare references deeply */
    CORE_AND,     /* a, b: b only if a holds */
    CORE_OR,      /* a, b: b only if a does not hold */
    CORE_CHOOSE,  /* a ? b : c */
    CORE_SOME,    /* a: T → T? */
    CORE_VALUE,   /* a: T? → T; absent is a run error with `text` as its message */
    CORE_DEFAULT, /* a ?? b, where b is of type T or T?, as is the whole */
    CORE_IS_SOME, /* a: T? → bool */
    CORE_FIELD,   /* a: record; index */
    CORE_RECORD,  /* list: one for each field of `type`, in order */
    CORE_LIST,    /* list */
    CORE_MAP,     /* list: key, value, key, value, … ; keys are strings */
    CORE_OBJECT,  /* the same as json: keys are strings, values of type json */
    CORE_TO_JSON, /* a: any type → json */
    CORE_FROM_JSON, /* a: json → `type`; where that is optional (`as?`) a mismatch is none, else a run error; text = path */
    CORE_CONCAT,    /* list of strings → string (secret if one of them is) */
    CORE_CALL,      /* function; list: arguments */
    CORE_CALL_VALUE, /* a: function value; list: arguments */
    CORE_CLOSURE,    /* function; list: captured values, which are its first parameters */
    CORE_BUILTIN,    /* index: BuiltinId of vm/code/builtins.def; list: arguments */
    CORE_EFFECT,     /* text: op (vm/code/effects.def); index: EffectClass; a: arguments (a record or json); waits */
    CORE_SPAWN,      /* function; list: arguments; index: rank; flag: detached → fiber */
    CORE_JOIN,       /* a: fiber; waits for its end. flag: its failure is not ours. → bool: it ended well */
    CORE_WAIT,       /* a: time (or NULL: no deadline); number: topic mask. → bool: the deadline came */
    CORE_SIGNAL,     /* takes the oldest signal that nobody took → json? */
    CORE_NOW,        /* → time: of the last event */
    CORE_SEQUENCE,   /* list: statements; a: the value */
    CORE_GET_ITEM,   /* a[b]: of a list (b: int) or a map (b: string) → element? */
    CORE_WITH_FIELD, /* the record a, its field `index` now b (a copy; the machine may do it in place) */
    CORE_WITH_ITEM,  /* the list or map a with c under b; beyond a list's end is a run error */
    CORE_APPEND,     /* the list a with b at its end */
    CORE_LEN,        /* a: list, map → int: number of elements */
    /* Statements */
    CORE_BLOCK,      /* list */
    CORE_SET_LOCAL,  /* index; a */
    CORE_SET_GLOBAL, /* index; a */
    CORE_IF,         /* a; b: then; c: else, or NULL */
    CORE_LOOP,       /* b: body, for ever */
    CORE_COUNT,      /* b: body, for each number from a to before c (both evaluated once) in the local `index`, which the
                        body does not set */
    CORE_BREAK,      /* index: how many loops out beyond the innermost (0 = the innermost) */
    CORE_CONTINUE,   /* index: as for BREAK; a counting loop goes on with its next number */
    CORE_RETURN,     /* a, or NULL */
    CORE_FAIL,       /* a: string, the reason; raises a failure */
    CORE_RAISE,      /* a: an error that a handler caught; raises it again */
    CORE_TRY,        /* b: body; index: local of type ERROR; c: handler. flag: catches cancelling, too (must RAISE) */
    CORE_DO,         /* a: evaluated and dropped */
    CORE_EMIT,       /* text: the mark's kind; a: json */
    CORE_NOTIFY,     /* number: topic mask */
    CORE_CANCEL,     /* a: fiber? ; its children end with it */
    CORE_STEP,       /* a: string: the path of the step that this fiber (and those it spawns) is in */
} CoreKind;

typedef enum CoreOperator {
    CORE_NEG, CORE_NOT, CORE_TO_FLOAT,
    CORE_ADD, CORE_SUB, CORE_MUL, CORE_DIV, CORE_MOD,
    CORE_EQ, CORE_NE, CORE_LT, CORE_LE, CORE_GT, CORE_GE,
} CoreOperator;

struct Core {
    CoreKind kind;
    CoreOperator op;
    bool flag;
    uint32_t index;
    const Type *type; /* NULL: a statement */
    Span span;        /* the place in the plan that messages and the line table name */
    Core *next;       /* in the list that it stands in */
    Core *a, *b, *c;
    struct {
        Core *first, *last;
        size_t count;
    } list;
    CoreFunction *function;
    int64_t number;
    double real;
    Str text;
};

typedef struct CoreLocal {
    Str name; /* for the reader of a dump; may be empty */
    const Type *type;
} CoreLocal;

struct CoreFunction {
    Str name; /* unique in the program: "outage", "rule.leadership.2" */
    Span span;
    uint32_t param_count;
    VEC(CoreLocal) locals; /* parameters first */
    const Type *result;    /* UNIT: none */
    Core *body;            /* a statement */
    bool is_entry; /* named in the image and started by the host; without parameters */
    uint32_t number;       /* position in the program */
};

typedef struct CoreProgram {
    Arena *arena;
    TypeTable *types;
    SourceSet *sources;
    VEC(CoreFunction *) functions;
    VEC(CoreLocal) globals;
    Str metadata; /* JSON: what hosts show (see docs/image.md) */
} CoreProgram;

/* Building blocks (compiler/lower/core.c). Nodes are zeroed and get the span. */
Core *core_new(CoreProgram *program, CoreKind kind, const Type *type, Span span);
void core_append(Core *parent, Core *child); /* to parent's list; NULL child is left out */
CoreFunction *core_function(CoreProgram *program, Str name, const Type *result, Span span);
uint32_t core_local(CoreFunction *function, Str name, const Type *type);
uint32_t core_global(CoreProgram *program, Str name, const Type *type);
void core_free(CoreProgram *program); /* the growing arrays; nodes and functions are the arena's */
void core_dump(const CoreProgram *program, Buffer *out); /* `planc dump --core` */

#endif
