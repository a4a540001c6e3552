/* What the files of compiler/lower share: the state of one lowering and of the function that is being made.
 *
 * A plan's body becomes several core functions: the plan's own, and one for each step, remedy, undo block and so on,
 * which run as fibers. Inside, a name of the plan is either a local of the function (also a captured one, handed over
 * when the fiber starts) or a global (every `var` of a plan, so that all its fibers see one variable). */
#ifndef PLAN_LOWER_CONTEXT_H
#define PLAN_LOWER_CONTEXT_H

#include "compiler/check/checked.h"
#include "compiler/lower/build.h"
#include "compiler/lower/reach.h"
#include "compiler/syntax/node.h"

/* Topics of stdlib/prelude.plan. */
enum {
    TOPIC_SIGNAL = 1,
    TOPIC_ACK = 2,
    TOPIC_SEVERITY = 4,
    TOPIC_STATE = 8,
    TOPIC_PAGE = 16,
    TOPIC_QUESTION = 32,
    TOPIC_REMEDY = 64,
    TOPIC_PHASE = 128,
    TOPIC_LADDER = 256,
};

/* Fibers that wake at one instant do so in the order of their rank. */
enum { RANK_SIGNALS = 0, RANK_RULES = 10, RANK_PLAN = 1000, RANK_UPDATES = 2000 };

/* What became of a symbol, which itself stays as the checker left it. */
typedef struct Lowered {
    CoreFunction *function; /* or NULL */
    uint32_t global;
    bool has_global;
} Lowered;

typedef struct Lower {
    CoreProgram *core;
    const Program *program;
    Arena *arena;
    Lowered *lowered;    /* by the symbols' numbers */
    CoreFunction *setup; /* once it is made */
    CoreFunction *severities; /* once it is made */
    VEC(Symbol *) pending; /* functions that are declared and have no body yet */
    Reach early; /* once it is asked for: what is reckoned before a run has begun */
    VEC(const Symbol *) outliving; /* names of plans that their `afterwards` read: globals besides */
} Lower;

typedef struct Binding {
    const Symbol *symbol;
    uint32_t local;
} Binding;

/* A change that a gate let through with values, which a local holds as text. */
typedef struct Gated {
    const Node *run;
    Node *gate;
    uint32_t words;
} Gated;

/* The function that is being made. */
typedef struct Context {
    Lower *lower;
    CoreFunction *function;
    VEC(Binding) bindings;
    const Symbol *plan; /* the plan whose body this is a part of, or NULL */
    Core *block;        /* statements go to its end */
    Str phase;          /* title of the phase around, for marks */
    const Node *step;   /* STEP or REMEDY around, or NULL */
    Node *by;           /* the people whose step or track it is: who does what it leaves open; or NULL */
    bool local_vars;    /* a round of a loop with several at once: its `var`s are its own */
    bool counts_changes; /* a watch of the plan may have to wait for a change's end */
    bool stoppable;      /* and may stop a phase */
    bool in_watch;
    const Node *afterwards; /* whose statements these are, or NULL: what was said and done is not again after a reopening */
    uint32_t stop_reason; /* IN_WATCH: a local, "" as long as the phase is not to stop */
    VEC(Gated) gated;
    VEC(uint32_t) watches; /* fibers (locals) that end with the phase or plan around */
} Context;

/* lower.c */
CoreFunction *lower_prelude_function(Lower *lower, const char *name); /* asserts that there is one */
uint32_t lower_prelude_global(Lower *lower, const char *name);
const Type *lower_record_type(Lower *lower, const char *name);
CoreFunction *lower_fn_symbol(Lower *lower, Symbol *symbol); /* declares it on first use */
CoreFunction **lowered_function(Lower *lower, const Symbol *symbol); /* where the function of a name is kept; NULL in it: not yet */
Str lower_source(Lower *lower, Span span); /* the plan's own words, on one line and with single blanks */
uint32_t symbol_global(Lower *lower, Symbol *symbol); /* the global of a top-level name or of a plan's var */

/* context.c */
Context context_new(Lower *lower, CoreFunction *function, const Symbol *plan);
void context_free(Context *context);
void context_bind_local(Context *context, const Symbol *symbol, uint32_t local); /* a name for one that is there */
uint32_t context_bind(Context *context, const Symbol *symbol, const Type *type); /* a new local for the name */
uint32_t context_temp(Context *context, const Type *type);
const Binding *context_find(const Context *context, const Symbol *symbol);
void context_add(Context *context, Core *statement); /* NULL is left out */
/* A call of the prelude as a statement; its arguments (Core *) end with NULL. */
void context_call(Context *context, const char *function, Span span, ...);
Core *context_local(Context *context, uint32_t local, Span span);
/* A function made of a part of this one: names of this context that `nodes` mention become its first parameters.
 * `captured` gets the arguments that stand for them (values of this context). */
Context context_split(Context *context, Str name, const Type *result, Span span, const NodeList *lists, size_t list_count,
                      Core *captured);
const Type *simple_type(Lower *lower, TypeKind kind);

/* values.c, calls.c, texts.c: expressions */
Core *lower_value(Context *context, Node *node);  /* converted to its goal */
Core *lower_string(Context *context, Node *node); /* NODE_STRING */
Core *lower_text_of(Context *context, Core *value, Span span); /* any value → string */
Core *lower_call(Context *context, Node *node, Call *call);
Core *lower_zero(Context *context, const Type *type, Span span); /* none, false, 0, "", [] or {} */
Core *lower_method(Context *context, Node *node, MethodId method, Core *receiver, Node **args);
Core *lower_function_call(Context *context, Node *node, Call *call);
Core *lower_lambda(Context *context, Node *node);
Core *lower_ask(Context *context, Node *node);
Core *lower_answer_as(Context *context, Core *text, const Type *type, Span span); /* a person's words as a value */
Core *lower_convert(Context *context, Core *value, const Type *goal);
Core *lower_message(Context *context, Node *node); /* NODE_STRING or NODE_USING → Message */

/* effects.c */
Core *lower_effect(Context *context, Node *node); /* a node with an Effect: its result, whatever came of it */
Core *lower_effect_once(Context *context, Node *node); /* without its `retry` */
Core *lower_effect_trouble(Context *context, Node *node, Core *result); /* why a result is not ok, as a string */
Core *lower_effect_words(Context *context, Node *node); /* the effect as people read it, with its values */

/* retries.c */
Core *lower_retried(Context *context, Node *node); /* a command or request: until it is ok, unknown, or refused for good */
/* A call that fails instead of giving a result, all of it: until it does not, if the options say so. */
Core *lower_retried_call(Context *context, const EffectOptions *options, Core *doing, Span span);

/* changes.c */
void lower_run(Context *context, Node *run, uint32_t result_local, bool wants_result);

Str lower_qualified_name(Lower *lower, const Symbol *fn); /* slack.post; what a file of its own declares has no prefix */

/* native.c */
Core *lower_native(Context *context, const Call *call, EffectClass effect_class, Span span);

/* statements.c */
void lower_statements(Context *context, NodeList list);
Core *lower_block(Context *context, NodeList list); /* as a block of its own */
void lower_assign_symbol(Context *context, Symbol *symbol, Core *value);
void lower_declare(Context *context, Node *node, Core *value); /* let, var, loop name, … */

/* loops.c */
Core *lower_branch(Context *context, Node *node); /* an `if`, as a block */
void lower_match(Context *context, Node *node);
void lower_for(Context *context, Node *node);
void lower_repeat(Context *context, Node *node);

/* deeds.c */
void lower_verify(Context *context, Node *node);
void lower_verify_all(Context *context, Node *node);
void lower_parallel(Context *context, Node *node);
void lower_wait(Context *context, Node *node);
/* Statements that follow a failure; `first` (error) stays the reason where they fail, too. NULL: the plan goes on then. */
void lower_recovery(Context *context, NodeList body, const uint32_t *first, Span span);
void lower_deed(Context *context, Node *node); /* every statement that is none of the others */

/* conditions.c */
/* Tries a condition until it holds: sets `met` (bool) and `reason` (string); see verify, until. NULL: not said. */
typedef struct AwaitLimits {
    Node *holds, *within, *every;
} AwaitLimits;
void lower_await(Context *context, Node *condition, AwaitLimits limits, uint32_t met, uint32_t reason);
bool lower_is_bare_look(const Node *condition);
/* One trial: `unknown` (bool) where neither yes nor no could be found out. */
void lower_try(Context *context, Node *condition, uint32_t met, uint32_t unknown, uint32_t reason);
/* After a trial: met only if it has held for `holds`; since (time) and holding (bool) are kept between trials. */
void lower_require_holding(Context *context, Node *holds, uint32_t met, uint32_t since, uint32_t holding, Span span);

/* steps.c */
void lower_phase(Context *context, Node *node);
void lower_step(Context *context, Node *node);
/* The name of the step or remedy around; `outside` where there is none. */
Core *lower_step_name(Context *context, Str outside, Span span);
void lower_remedies(Context *context, Node *node);
void lower_undo(Context *context, Node *undo);

/* people.c */
void lower_notify(Context *context, Node *node);
void lower_page(Context *context, Node *node);
void lower_manual(Context *context, Node *node);
void lower_ask_acknowledgement(Context *context, Node *node);
Core *lower_name_list(Context *context, NodeList refs); /* [string]: names of contacts, roles, channels */
Core *lower_target(Context *context, Node *ref);        /* string */
Core *lower_deadline_after(Context *context, Node *within, Span span); /* time?; within may be NULL */
Core *lower_one_name(Context *context, Node *ref, Span span); /* [string]: of the ref, or of nobody (NULL) */

/* beside.c */
void lower_for_at_once(Context *context, Node *node, Core *items);
void lower_watch(Context *context, Node *node);
void lower_end_watches(Context *context, size_t keep, Span span); /* all but the first `keep` */
void lower_deadline(Context *context, Node *node);
void lower_follow(Context *context, Node *node);
void lower_continue_with(Context *context, Node *node);

/* gates.c */
void lower_approval(Context *context, Node *node);
void lower_gated(Context *context, const Node *run); /* before the change: is it still what was approved? */

/* stopping.c */
void lower_find_stops(Context *context, const Symbol *plan); /* sets counts_changes and stoppable */
void lower_counted(Context *context, Core *change, Span span); /* adds the statement; the prelude knows that it goes on */
void lower_stoppable_phase(Context *context, Node *node);      /* the body of the phase as a fiber */
void lower_watched_roll_back(Context *context, Core *steps, Span span); /* steps: [string], empty: all */
void lower_stop_phase(Context *context, Node *node);
void lower_stop_if_wanted(Context *context, Span span); /* at the end of a watch's block */

/* takeover.c */
void lower_find_outliving(Lower *lower, const Symbol *plan); /* before the plan's body is lowered */
bool lower_outlives(const Lower *lower, const Symbol *symbol);
void lower_running_plan(Context *context, const Symbol *plan, Span span);
void lower_plan_updates(Context *context, const Symbol *plan);
void lower_take_over(Context *context, const Symbol *plan, Span span);
void lower_raise_followed(Context *context, const Symbol *plan, Span span);
/* The body has ended (failure: why, or ""): its resolution is awaited, its afterwards follow. Breaks the loop around, unless
 * the incident is open again or somebody says where to go on. */
void lower_after_body(Context *context, const Symbol *plan, uint32_t failure, Span span);
void lower_procedures(Context *context, Span span); /* those that can be followed beside a plan, for the prelude */
void lower_phase_names(Context *context, const Symbol *plan); /* those that people can go to */
Core *lower_way_to(Context *context, const Node *node); /* is a statement of the plan itself done, or passed over on the way to
                                                           a phase? NULL: it always is done */
bool lower_only_once(Context *context, Node *node); /* lowers what `afterwards` does only once; false: it is no such statement */

/* ladder.c */
void lower_rules(Context *entry, Symbol *severity); /* its escalation's rules go into the prelude's table */

/* calendars.c */
Core *lower_span(Context *context, Node *node, Span span); /* a duration, also `2h of office`, as the prelude's Span; NULL: 0s */
Core *lower_plain_span(Lower *lower, int64_t length, Span span);
Core *lower_business(Context *context, Node *node); /* NODE_BUSINESS as a duration that begins now */
Core *lower_time_after(Context *context, Core *from, Node *length); /* from + length, by its calendar */
void lower_calendars(Context *context, Span span);                  /* fills the prelude's tables */
void lower_rotations(Context *context, Span span);

/* missing.c */
void lower_refuse_missing(Context *context, const Symbol *plan);

/* incident.c */
CoreFunction *lower_plan_body(Lower *lower, Symbol *plan);
void lower_plan(Lower *lower, Symbol *plan);
Core *lower_started_param(Context *context, Symbol *param); /* from the start's arguments, or its default */

/* settings.c */
void lower_settings(Context *context); /* what is known of them at the start */
Core *lower_setting(Context *context, Symbol *setting, Span span);

/* setup.c: the function that fills the globals at the start of a run */
CoreFunction *lower_setup(Lower *lower);
/* A record of the prelude, its fields by name: pairs of const char * and Core *, ended by NULL, in any order. */
Core *lower_record_of(Lower *lower, const char *name, Span span, ...);

#endif
