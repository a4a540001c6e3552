/* What the files of the checker share. Nobody outside compiler/check includes this; they include checked.h.
 *
 * One Checker goes through the program: modules are loaded (program.c), declarations collected (declare.c),
 * then every declaration is checked (declarations.c, plans.c), with statements, expressions, calls, effects
 * and commands below it; at last what only the whole program shows (people.c, timing.c, flow.c, drills.c,
 * unused.c). */
#ifndef PLAN_CHECK_CHECK_H
#define PLAN_CHECK_CHECK_H

#include "compiler/check/checked.h"

#include <stdlib.h>

typedef struct Scope {
    struct Scope *outer;
    Symbol **buckets;
    size_t bucket_count; /* a power of two */
} Scope;

typedef enum BodyKind {
    BODY_FN,
    BODY_EFFECT_FN,
    BODY_PLAN,
    BODY_TEMPLATE,
    BODY_LAMBDA,
    BODY_VALUE, /* the expressions of a declaration: no effects, no people */
} BodyKind;

/* The function-like thing whose text is being checked. */
typedef struct Body {
    struct Body *outer; /* of a lambda: where it stands */
    BodyKind kind;
    Node *home;         /* see Symbol.home */
    Symbol *symbol;     /* the fn, plan, …; of a lambda that of its outer body; may be NULL */
    const Type *result; /* FN, EFFECT_FN: what `return` gives */
    uint32_t local_count;
    bool provides; /* LAMBDA: of the type of Channel.send: its body may be one call of an effect fn */
} Body;

typedef struct UnknownName {
    Str name;
    uint32_t file;
    Diag *diag;
} UnknownName;

typedef struct CallEdge {
    Symbol *from; /* may be NULL */
    Symbol *to;
    Call *call;
    Node *node;
    Node *observe; /* the `observe` that stands before the call, or NULL */
    BodyKind kind; /* of the body that it stands in */
} CallEdge;

typedef struct DeedRange {
    size_t from, to;
} DeedRange;

/* What the plans do, in the order of the text (deeds.c). */
typedef struct Deeds {
    Node **items;
    const Symbol **owners; /* the plan, severity or escalation that each stands in, or NULL */
    size_t count, cap;
    DeedRange *of_plan; /* by the plans' indexes */
    size_t *loose;      /* drill_reach.c's own */
    size_t loose_count;
} Deeds;

/* What a drill, or a promise of one plan, can come to (drill_reach.c). */
typedef struct Reach {
    const Node *home;
    const Symbol *plan;
    bool *plans;      /* by the plans' indexes */
    bool *severities; /* by their indexes */
    bool *paged;      /* by the contacts' indexes */
    bool incident;    /* the plan has a severity: a procedure that is run alone has no incident */
} Reach;

/* Where a command is cut into words: the next one uses it again. */
typedef struct CommandRoom {
    VEC(CommandWord) words;
    VEC(CommandPart) parts; /* of the word that is being read */
    Buffer text;            /* of the part that is being read */
} CommandRoom;

typedef struct Checker {
    Program *program;
    Arena *arena;
    Arena *bodies; /* of what is made for the bodies of the prelude's functions; else the arena itself */
    TypeTable *types;
    Diagnostics *diagnostics;
    size_t syntax_errors; /* reports of the parser: the first ones */
    Module *module;
    Scope *scope;
    Scope *universe;     /* names that are there in every file */
    Scope *std_universe; /* and in std/ files */
    Scope *prelude_universe;
    Scope *titles[SYMBOL_RECURRING - SYMBOL_DRILL + 1]; /* of what the module at hand declares by a title */
    Body *body;
    Symbol *plan, *step; /* around what is being checked, or NULL */
    struct {
        const Symbol *plan;
        Scope *steps, *phases;
    } step_names;        /* of the plan that declared one last: steps.c's own */
    Node *effect_root;   /* the call or command that `run` or `observe` stands before */
    int conditions;      /* depth: > 0 inside a condition, where only looks may stand */
    int loops;
    bool guarded;         /* the chain left of `??`: guarded members are absent instead of failing */
    bool secrets_allowed; /* inside the body of a request: a json value may hold a secret */
    bool in_extern;       /* a list may have a fixed size */
    bool in_secret_look;  /* its options, which stand behind it, say `secret: true` */
    bool in_span;         /* business time may stand here */
    bool in_template;     /* an absent `${}` leaves its line out */
    struct {
        CallEdge *items;
        size_t count, cap;
    } edges;
    struct {
        struct UnknownName *items;
        size_t count, cap;
    } unknown;         /* names that were reported not to exist */
    CommandRoom room;  /* commands.c's own */
    SymbolList locals; /* every local of every body, in order */
    Deeds deeds;       /* once declarations are checked */
    struct {
        Module **items;
        size_t count;
    } library; /* modules of the standard library beyond the prelude that the build made ready */
    Reach *reach;        /* of the drill that asked last, or NULL */
    size_t *first_steps; /* by plans' indexes: number of the first step + 1, or 0; NULL until a drill asks */
    const Type *wrong, *unit, *boolean, *integer, *real, *duration, *time, *string, *secret, *json, *fiber,
        *strings;
    const Type *secret_response, *secret_result; /* of looks with `secret: true` */
    const Type *response, *result, *message, *contact, *channel, *alert, *delivery, *incident;
} Checker;

void checker_free(Checker *c); /* what is not in the arena */
void command_room_free(CommandRoom *room);

/* ---- reporting ---- */
#define report(c, code, at, ...) diag_report((c)->diagnostics, DIAG_##code, (at), __VA_ARGS__)
#define report_help(c, diag, ...) diag_help((c)->diagnostics, (diag), __VA_ARGS__)
#define report_second(c, diag, at, ...) diag_second((c)->diagnostics, (diag), (at), __VA_ARGS__)
/* "… is not supported yet" */

/* ---- names (scope.c) ---- */
Scope *scope_new(Checker *c, Scope *outer, size_t buckets);
Symbol *symbol_new(Checker *c, SymbolKind kind, Str name, Node *decl, Span span);
/* Adds to the scope; reports and returns false where the name is taken in it. */
bool scope_add(Checker *c, Scope *scope, Symbol *symbol);
Symbol *scope_find_here(const Scope *scope, Str name);
Symbol *scope_find(const Scope *scope, Str name); /* outwards */
/* What `with NAME = …` means: a name of the scope, or a setting of any file of the program, as for `--set`. */
Symbol *setting_find(Checker *c, const Scope *scope, Str name);
void symbol_list_add(Checker *c, SymbolList *list, Symbol *symbol);
const char *symbol_kind_text(SymbolKind kind); /* "a contact" */
/* May it be said that this name does not exist? Not twice in one file (the first report gets a second place),
 * and not when the line that would declare it could not be read. When it may, reported_unknown takes the
 * report. */
bool may_report_unknown(Checker *c, Span at, Str name);
void reported_unknown(Checker *c, Str name, Diag *diag);
/* Is there a syntax error inside the span? */
bool has_syntax_error(const Checker *c, Span span);
/* Reports that nothing here has the name, with the nearest name as a suggestion. */
void report_unknown_name(Checker *c, Span at, Str name, const char *what);
/* A local of the body that is being checked, declared in the current scope. */
Symbol *declare_local(Checker *c, Node *decl, Str name, Span span, const Type *type, bool variable);
void push_scope(Checker *c);
void pop_scope(Checker *c);
void symbol_read(Symbol *symbol); /* marks it as read */
/* The same, and as captured where it belongs to another home. */
void symbol_use(Checker *c, Symbol *symbol);

/* ---- the program (program.c, prelude.c, declare.c) ---- */
Module *module_new(Checker *c, const SourceFile *file, bool is_std); /* parsed, not added */
void modules_add(Checker *c, Module *module);
SourceFile *open_std(Checker *c, Str path);      /* NULL: the standard library has none */
void std_open_all(Checker *c); /* gives its files the numbers that they have where it was made ready */
Module *load_std(Checker *c, Str path);          /* with its imports; NULL: the standard library has none */
bool std_has(Str path);                          /* "std/slack" */
void check_modules(Checker *c, size_t first);    /* those from that number on, whose imports are checked */
void prelude_from_source(Checker *c);            /* parses and checks it */
bool prelude_load_ready(Checker *c);             /* as the build left it; false: it did not */
void publish_prelude(Checker *c);                /* its types and globals become known by name */
void declare_module(Checker *c, Module *module);
/* What the lists have beyond `before`: fields of records, members of enums, Severity; then parameters and results. */
void declare_types(Checker *c, const Program *before);
void declare_signatures(Checker *c, const Program *before);
const Type *symbol_type(Checker *c, Symbol *symbol,
                        Span at); /* checks a setting or constant when first needed */

/* ---- what other languages call it (foreign.c) ---- */
const char *foreign_value(Str name);                                           /* help, or NULL */
const char *foreign_member(const Checker *c, const Type *type, Str name);      /* help, or NULL */
void check_text_names(Checker *c, const Node *text); /* `$ns` in a text, where ns is a value */
void check_pattern_text(Checker *c, Node *pattern); /* the right side of `matches` */
bool help_where_it_is(Checker *c, Diag *diag, Str name); /* it is declared, and written otherwise; false: it is not */

/* ---- types (type_nodes.c) ---- */
const Type *type_of_node(Checker *c, Node *node); /* never NULL */
const Type *type_unwrap(const Type *type);        /* T of T?; else itself */
bool type_is_optional(const Type *type);
/* May a value of type `from` stand where `to` is wanted? *converts: it has to be converted. */
bool type_agrees(Checker *c, const Type *from, const Type *to, bool *converts);
/* Makes node, whose type is known, stand where `goal` is wanted; reports where it cannot. */
const Type *want_type(Checker *c, Node *node, const Type *goal);
bool type_holds_secret(const Type *type); /* itself, its elements, or a field of a record in it */

/* ---- expressions (expressions.c, operators.c, members.c) ---- */
/* Gives node its type. `hint` may be NULL: the type that its place wants, for what has no type of its own. */
const Type *check_expression(Checker *c, Node *node, const Type *hint);
/* The same, and what it is must agree with the goal. */
const Type *check_value(Checker *c, Node *node, const Type *goal);
/* A condition: bool, or a bare look (Result, Response: it must be ok). declares: LET_CONDITION is allowed. */
void check_condition(Checker *c, Node *node, bool looks);
void check_if_condition(Checker *c,
                        Node *node); /* bool or LET_CONDITION, whose name is declared in the scope */
const Type *check_binary(Checker *c, Node *node, const Type *hint);
void report_secret_compared(Checker *c, Span at); /* operators.c; what compares need not be an operator */
const Type *check_unary(Checker *c, Node *node, const Type *hint);
const Type *check_cast(Checker *c, Node *node);
const Type *check_default(Checker *c, Node *node, const Type *hint);
const Type *check_member(Checker *c, Node *node);
const Type *check_index(Checker *c, Node *node);
const Type *check_string(Checker *c, Node *node);
const Type *check_lambda(Checker *c, Node *node, const Type *hint, const Type **param_types,
                         size_t param_count);
Note *note_new(Checker *c, Node *node, NoteKind kind);
void node_set_goal(Checker *c, Node *node, const Type *type);
bool type_is_ordered(const Type *type);
bool type_is_number(const Type *type);

/* ---- calls (calls.c, methods.c) ---- */
typedef struct ParamSpec {
    Str name;
    const Type *type; /* NULL: the caller checks the argument itself */
    bool may_be_left_out;
    uint8_t unused[7]; /* no holes: see syntax/node.h */
} ParamSpec;
/* Puts arguments in the order of parameters and checks them. what: "fn `post`" for messages. */
/* Who is called, as messages say it: "record `", its name, "`". */
typedef struct Callee {
    const char *before;
    Str name;
    const char *after;
} Callee;
Node **match_args(Checker *c, NodeList args, const ParamSpec *params, size_t count, Span at, Callee what);
const Type *check_call(Checker *c, Node *node, const Type *hint);
/* Calls that have their own words: using, follow, from classify. The Call note hangs on the node. */
void check_named_call(Checker *c, Node *node, Symbol *symbol, NodeList args, CallTarget target);
const Type *check_method_call(Checker *c, Node *node, const Type *receiver);
const Type *check_function_call(Checker *c, Node *node, FunctionId function, const Type *hint);
int method_find(const Type *receiver, Str name); /* -1: none */
int function_find(Str module, Str name);         /* -1: none */
bool method_is_property(MethodId method);
const Type *method_property_type(Checker *c, MethodId method);
void suggest_member(Checker *c, Diag *diag, const Type *type, Str name);

/* ---- effects (effects.c, http.c, commands.c, command_rules.c) ---- */
const Type *check_observe(Checker *c, Node *node);
/* bound: the local that `let x = run …` declares, or NULL; it is declared before the else block is checked.
 */
const Type *check_run(Checker *c, Node *node, Node *binding);
/* A bare look of `verify`: the call that is a condition by itself. */
void check_bare_look(Checker *c, Node *node);
const Type *check_http_call(Checker *c, Node *node, Str method, Effect *effect);
bool check_option(Checker *c, Node *arg, Effect *effect); /* false: no option of that name */
void check_command(Checker *c, Node *node, Command *command);
void check_command_rules(Checker *c, Node *node, const Command *command, const Effect *effect);
CommandKnown command_known(const Command *command);
void check_secret_command(Checker *c, Node *node);

/* ---- statements (statements.c, steps.c, people_statements.c) ---- */
void check_block(Checker *c, NodeList list); /* in a scope of its own */
void check_statements(Checker *c, NodeList list);
void check_statement(Checker *c, Node *node);
/* Does each value of a checked match's subject come to an arm: by `otherwise`, or since all of them are named? */
bool match_is_whole(const Node *match);
bool check_step_statement(Checker *c, Node *node);   /* false: not its business */
bool check_people_statement(Checker *c, Node *node); /* false: not its business */
bool check_beside_statement(Checker *c,
                            Node *node); /* watch, deadline, pause, follow, continue with (beside.c) */
void check_recursion(Checker *c);        /* once all plans are checked */
/* By the plans' indexes: the plan itself, and all that it follows or goes on as, at any depth. */
void plans_add_reached(const Checker *c, bool *reached, const Symbol *plan);
void check_notify(Checker *c, Node *node);
void check_page(Checker *c, Node *node);
void check_update(Checker *c, Node *node);
void check_references(Checker *c, NodeList list, uint32_t kinds, const char *what);
Symbol *declare_step(Checker *c, Node *node, Node *title);
void check_duration(Checker *c, Node *node); /* NULL is fine */
void check_shown(Checker *c, Node *node,
                 const char *what); /* a string that people see: no secret. NULL is fine */
/* A ref to a declaration of one of the kinds (a bit set of 1 << SymbolKind); reports others. May be NULL. */
Symbol *check_reference(Checker *c, Node *node, uint32_t kinds, const char *what);
void check_using(Checker *c, Node *node);
#define KIND(kind) (1u << SYMBOL_##kind)
#define KINDS_PERSON (KIND(CONTACT) | KIND(ROTATION) | KIND(ROLE))
#define KINDS_TARGET (KINDS_PERSON | KIND(CHANNEL))

/* ---- declarations (declarations.c, plans.c) ---- */
void check_declaration(Checker *c, Node *node);
void check_plan(Checker *c, Node *node);
void check_classify(Checker *c, Node *node);   /* classify.c */
void check_service(Checker *c, Node *node);    /* services.c */
void check_host(Checker *c, Node *node);       /* services.c */
void check_recurring(Checker *c, Node *node);  /* services.c */
void check_calendar(Checker *c, Node *node);   /* calendars.c */
void check_rotation(Checker *c, Node *node);   /* calendars.c */
const Type *check_business(Checker *c, Node *node); /* calendars.c */
void check_span(Checker *c, Node *node); /* a duration that may be business time; NULL is fine */
void check_extern(Checker *c, Node *node);     /* externs.c */
void declare_handle(Checker *c, Node *node);
void declare_extern_fn(Checker *c, Symbol *symbol);
void check_promises(Checker *c); /* promises.c */
void check_scripts(Checker *c);  /* scripts.c */
void check_evidence(Checker *c); /* evidence.c */
/* A fact of an expectation or promise; home: the drill or promise. */
void check_drill_fact(Checker *c, const Node *home, Node *fact);
void check_step_name(Checker *c, const Node *home, Node *what);
/* What the drill or promise can come to. NULL: anything, since its plan is not known or the file could not be read whole. */
const Reach *reach_of(Checker *c, const Node *home);
/* Is the deed of that number one that can be come to? reach: NULL is anything. */
bool reach_has_deed(const Checker *c, const Reach *reach, size_t number);
void check_texts(Checker *c, NodeList values); /* strings that people see, or `missing` */
void declare_params_here(Checker *c, const Symbol *symbol); /* the parameters as locals of the body that is entered */
void enter_body(Checker *c, Body *body, BodyKind kind, Node *home, Symbol *symbol, const Type *result);
void leave_body(Checker *c, Body *body);

/* ---- the whole program ---- */
void deeds_begin(Checker *c);
void gather_deeds(Checker *c, Node *declaration);  /* of the module at hand; it is checked */
void take_deeds(Checker *c, const Module *module); /* that is ready: as they were kept */
void keep_deeds(Checker *c, Module *module); /* gathers them as the module's own, to be ready */
/* Is there a deed for which the test holds, among those that can be come to (NULL: all)? Those of the plan itself are asked
 * first: mostly it is one of them. */
typedef bool DeedTest(Node *deed, void *context);
bool find_deed(const Checker *c, const Reach *reach, DeedTest *test, void *context);
/* Calls visit for the node and all below it, parents first; children of a node for which visit gives false
 * are left out. */
typedef bool TreeVisit(Node *node, void *context);
void tree_walk(Node *node, TreeVisit *visit, void *context);
void tree_walk_list(NodeList list, TreeVisit *visit, void *context);
/* Milliseconds of a duration that is known when the plan is compiled; -1: it is not, or there is none. */
int64_t duration_known(const Node *node);
Str duration_text(Checker *c, int64_t ms); /* "1h30m" */
Node *contact_backup(const Symbol *contact); /* the ref, or NULL */
/* Whom paging the contact, rotation or role can come to: they are added to those by the contacts' indexes. */
void add_paged(Checker *c, const Symbol *symbol, bool *paged);
/* Whom the deed pages. */
void add_paged_by(Checker *c, const Node *deed, bool *paged);
/* Is the contact, or somebody who may fill the role, among them? True for what is neither. */
bool is_among(const Symbol *symbol, const bool *paged);
void check_looks(Checker *c); /* which functions look: effects.c */
void check_people(Checker *c);
bool contact_is_vendor(const Node *contact); /* a vendor is never counted as told */
void check_timing(Checker *c);
void check_flow(Checker *c, Node *declaration);           /* within it; it is checked */
void check_flow_ends(Checker *c, const Program *before); /* of what was declared since */
void check_drill(Checker *c, Node *node);
void check_drills(Checker *c);
void check_drill_rules(Checker *c, Node *drill);
/* Is there a text that both patterns fit? `*` is any text in each. (drill_rules.c) */
bool patterns_meet(Str a, Str b);
/* A string's or command's text with its values as `*`; NULL is `*`. */
Str pattern_of_text(Checker *c, const Node *node);
Str pattern_of_command(Checker *c, const Command *command);
/* drill_expect.c: can the expectation fail? */
void check_expectation(Checker *c, Node *drill, const Node *expect);
/* drill_facts.c: false where its own words rule that out. */
bool check_clauses(Checker *c, const Node *drill, const Node *expect);
void report_says_nothing(Checker *c, const Node *expect, const char *what);
void check_assigned(Checker *c, NodeList list); /* assigned.c */
void check_unused(Checker *c);
void check_allowed(Checker *c);

#endif
