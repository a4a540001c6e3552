/* The worst case of one phase, for tools: what the checker compares with the phase's window. */
#ifndef PLAN_CHECK_PHASE_BUDGET_H
#define PLAN_CHECK_PHASE_BUDGET_H

#include "compiler/check/checked.h"

typedef struct PhaseBudget {
    int64_t window;      /* ms; -1: none, or not known before the run */
    int64_t needs;       /* ms: limits, retries and waits added up; what has no limit counts as nothing */
    const Node *longest; /* the one effect or limit that counts most; NULL: none */
    int64_t longest_ms;
    size_t unlimited; /* how many things wait for a person without a limit */
} PhaseBudget;

/* phase: NODE_PHASE of a program without errors. */
PhaseBudget phase_budget(const Node *phase);

#endif
