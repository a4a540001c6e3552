/* Everything of the world that a plan can touch, found by walking its checked tree.
 *
 * In: a checked program without errors. Out: groups (the steps of each plan, what stands beside them,
 * ladders, updates, channels) with what each can do, also through the functions that it calls. Nothing is run
 * or reckoned: a branch that is never taken counts like any other. Everything lives in the arena. */
#ifndef PLAN_TOOLS_TOUCHES_H
#define PLAN_TOOLS_TOUCHES_H

#include "compiler/lower/constant.h"

typedef enum TouchKind {
    TOUCH_EFFECT, /* effect: a command, a request, a call */
    TOUCH_NOTIFY, /* who: a channel or person is told */
    TOUCH_PAGE,   /* who: is paged */
    TOUCH_UPDATE, /* who: is told at intervals */
    TOUCH_ASK,    /* a question, a gate, something that a person does; who: by whom, or NULL */
    TOUCH_FOLLOW, /* who: the plan that is followed or gone on with */
} TouchKind;

/* The functions through which something is reached, the innermost first. */
typedef struct Through {
    const Symbol *fn;
    const Call *call; /* what it was called with */
    const struct Through *outer;
} Through;

typedef struct Touch {
    TouchKind kind;
    bool is_change;   /* EFFECT: not a look */
    bool on_word;     /* EFFECT: that it only looks is what the author says */
    const Node *node; /* where it stands */
    const Effect *effect;
    const Symbol *who; /* may be NULL: known only when it runs */
    const Through *through;
    SymbolList secrets; /* EFFECT: that are handed to it */
} Touch;

typedef enum GroupKind {
    GROUP_STEP,
    GROUP_REMEDY,
    GROUP_BESIDE,
    GROUP_LADDER,
    GROUP_SEVERITY,
    GROUP_CHANNEL
} GroupKind;

typedef struct TouchGroup {
    GroupKind kind;
    const Symbol *plan;   /* STEP, REMEDY, BESIDE (the plan's own statements) */
    const Node *phase;    /* or NULL */
    const Node *node;     /* the step or remedy, or the declaration */
    const Symbol *symbol; /* LADDER, SEVERITY, CHANNEL */
    struct {
        Touch *items;
        size_t count, cap;
    } touches;
} TouchGroup;

typedef struct TouchList {
    VEC(TouchGroup *)
    groups; /* plans in order, each with its groups in order; then ladders, severities, channels */
} TouchList;

/* Groups that touch nothing are left out, but for steps. Zero-initialise the list; touches_free when done. */
void touches_find(TouchList *list, const Program *program, Arena *arena);
void touches_free(TouchList *list);

#endif
