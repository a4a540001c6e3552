/* What the files of compiler/emit share: the state of one emission, and putting words into the function at
 * hand.
 *
 * A function's locals have fixed registers in the bank of their type, parameters first. Above them
 * temporaries come and go like a stack: who takes some notes the mark before, and releases to it. A call's
 * window is taken in the same way, so that it always lies above all that must survive the call.
 *
 * Words at places that cannot be reached are never put: after a jump or a failure, everything is dropped
 * until a label that something jumps to is placed. So nobody has to ask whether the code before can fall
 * through.
 *
 * Mistakes do not stop the emission: the first one is kept, the image is then not finished. */
#ifndef PLAN_EMIT_EMITTER_H
#define PLAN_EMIT_EMITTER_H

#include "compiler/lower/core.h"
#include "vm/base/error.h"
#include "vm/code/image.h"

typedef enum Bank { BANK_SCALAR, BANK_REF, BANK_COUNT } Bank;

/* A place further on, to which jumps are put before it is known. */
typedef struct Label {
    VEC(uint32_t) jumps;
} Label;

/* A local that is none when its block begins. */
typedef struct FreshLocal {
    const Core *block;
    uint32_t local;
} FreshLocal;

typedef struct Loop {
    struct Loop *outer;
    uint32_t head;
    bool counts; /* and goes on at `next`, else at the head */
    Label next, end;
} Loop;

/* A register that keeps a constant while a loop runs (loops.c). */
typedef struct HeldConstant {
    int64_t bits;
    unsigned reg;
} HeldConstant;

typedef struct Emitter {
    const CoreProgram *program;
    ImageBuilder *builder;
    Error *error;
    bool failed;
    uint32_t *types; /* by id of the core type: type of the image + 1, 0: not made yet */
    size_t type_cap;
    uint32_t *functions; /* by position in the program: number in the image */
    bool *reached;       /* by position in the program */
    VEC(const CoreFunction *) order; /* those that are reached, as the program mentions them */
    uint32_t *globals;   /* by number: position in its bank */
    bool *global_owns;   /* by number: it is changed in place (ownership.c) */
    uint32_t *files;     /* by file of the source set: file of the image + 1 */
    size_t file_count;
    /* The function at hand */
    const CoreFunction *function;
    unsigned *locals;      /* by number: register, or NO_REGISTER: it lies in the frame record */
    uint32_t *slots;       /* by number: field in its bank of the frame record */
    bool *local_owns;      /* by number: it is changed in place (ownership.c) */
    VEC(FreshLocal) fresh; /* by block */
    unsigned frame;        /* register of the frame record; NO_REGISTER: there is none */
    const Core *owning;    /* the change at hand whose result one variable alone will hold */
    unsigned local_count[BANK_COUNT];
    unsigned top[BANK_COUNT]; /* next free register */
    unsigned max[BANK_COUNT]; /* registers used at most */
    bool reachable;
    Loop *loop; /* innermost */
    VEC(HeldConstant) held;
    Span place; /* of the word put last */
    bool has_place;
} Emitter;

/* Notes a mistake: the emission goes on, but no image comes out. */
void emitter_fail(Emitter *e, const Core *at, const char *format, ...) PLAN_PRINTF(3, 4);

/* Registers. */
typedef struct Mark {
    unsigned top[BANK_COUNT];
} Mark;
Mark emitter_mark(const Emitter *e);
void emitter_release(Emitter *e, Mark mark);
unsigned emitter_take(Emitter *e, Bank bank, unsigned count); /* the first of `count` consecutive ones */
static inline Bank type_bank(const Type *type)
{
    return type_is_scalar(type) ? BANK_SCALAR : BANK_REF;
}
/* Is the register one that only the code at hand knows of (no local)? Then it may be written in several goes.
 */
bool emitter_is_temporary(const Emitter *e, Bank bank, unsigned reg);

/* Words. `at` gives the place for the line table. */
#define NO_POSITION UINT32_MAX
uint32_t emitter_put(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, unsigned c, int32_t imm);
void emitter_jump(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, unsigned c, Label *label);
void emitter_jump_back(Emitter *e, const Core *at, Opcode op, unsigned a, unsigned b, uint32_t target);
void emitter_place(Emitter *e, Label *label); /* here; the label is used up */
void emitter_move(Emitter *e, const Core *at, Bank bank, unsigned to, unsigned from);
void emitter_load_int(Emitter *e, const Core *at, unsigned to, int64_t number);

/* Locals (locals.c). Each has a register; those of a large function that find none lie in a record in the
 * heap, the frame record. */
#define NO_REGISTER UINT32_MAX
void emitter_place_locals(Emitter *e, const CoreFunction *function);
void emitter_begin_frame(Emitter *e,
                         const CoreFunction *function); /* makes the frame record, if there is one */
unsigned emitter_local(Emitter *e, const Core *local);  /* its register, or a temporary with its value */
void emitter_load_local(Emitter *e, const Core *local, unsigned target);
void emitter_begin_block(Emitter *e, const Core *block); /* puts the words that a block begins with */
/* Where its new value is to be put, and, when it is there, telling the frame record. */
unsigned emitter_local_target(Emitter *e, uint32_t local);
void emitter_store_local(Emitter *e, const Core *at, uint32_t local, unsigned value);

/* The image's number for a type (image_types.c). */
uint32_t emitter_type(Emitter *e, const Type *type);

/* Expressions (expressions.c). The register belongs to the bank of the node's type. */
void emit_into(Emitter *e, const Core *node,
               unsigned target);                     /* written last, after all operands were read */
unsigned emit_operand(Emitter *e, const Core *node); /* a local's own register, or a temporary */
/* The same, but safe from what `later` does to locals; NULL: nothing comes later. */
unsigned emit_operand_before(Emitter *e, const Core *node, const Core *later);
bool may_assign(const Core *node);                          /* can evaluating it assign a local? NULL: no */
unsigned emit_string(Emitter *e, const Core *at, Str text); /* a temporary */
void emit_drop(Emitter *e, const Core *node);               /* for what it does */

/* The left operand of a chain of them: in the target, if nothing else reads that, so that a long chain does not need a
 * register for each link. */
unsigned emit_left(Emitter *e, const Core *node, const Core *right, unsigned target);

/* Several operations on floats as one word (floats.c). False: it is none, or a single one. */
bool emit_floats(Emitter *e, const Core *node, unsigned target);

/* Changing in place (ownership.c). */
bool emit_changes_itself(const Core *set); /* is it a SET of a variable to itself with one part changed? */
bool is_quiet(const Core *node);           /* can evaluating it change no variable? NULL: yes */
void emitter_find_owners(const Core *node, bool *locals, bool *globals); /* either may be NULL */
void emit_share(Emitter *e, const Core *node, unsigned reg); /* of a variable's value that others will hold */
/* Operands of what only looks into the value; `later`, which may be NULL, is evaluated before it does. */
unsigned emit_looked_at(Emitter *e, const Core *node, const Core *later);
void emit_looked_at_into(Emitter *e, const Core *node, const Core *later, unsigned target);
bool builtin_only_looks(BuiltinId id); /* into its first argument */

/* Effects and marks (forms.c). */
void emit_effect(Emitter *e, const Core *node, unsigned target);
void emit_mark(Emitter *e, const Core *node);

/* Conditions (conditions.c). */
void emit_branch(Emitter *e, const Core *condition, bool sense, Label *label); /* jumps if it is `sense` */
void emit_logic(Emitter *e, const Core *node, unsigned target);                /* AND, OR */
void emit_comparison(Emitter *e, const Core *node, unsigned target);

/* Calls (calls.c). Each gives the register of its result; temporaries are left taken. */
unsigned emit_call(Emitter *e, const Core *node);
unsigned emit_spawn(Emitter *e, const Core *node);
void emit_builtin(Emitter *e, BuiltinId id, const Type *type, const Core *at, const Core *const *args,
                  size_t count, unsigned target);
void emit_builtin_node(Emitter *e, const Core *node, unsigned target);
void emit_closure(Emitter *e, const Core *node, unsigned target);

/* Values with parts (values.c). */
void emit_value(Emitter *e, const Core *node, unsigned target);
void emit_optional(Emitter *e, const Core *node, unsigned target); /* SOME, VALUE, DEFAULT, IS_SOME */
void emit_json(Emitter *e, const Core *node, unsigned target);     /* OBJECT, TO_JSON, FROM_JSON */
unsigned field_position(const Type *record, uint32_t index);       /* in its bank */

/* Loops (loops.c). */
void emit_loop(Emitter *e, const Core *node);
void emit_count(Emitter *e, const Core *node);
void emit_jump_statement(Emitter *e, const Core *node);      /* BREAK, CONTINUE */
Label *emit_loop_end(Emitter *e, const Core *leaves);        /* where that BREAK jumps; NULL: a mistake was noted */
bool emit_held_constant(const Emitter *e, const Core *node, unsigned *reg); /* is the constant in a register? */

/* Statements (statements.c). */
void emit_statement(Emitter *e, const Core *node);

#endif
