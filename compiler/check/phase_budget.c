/* The worst case of one phase (see phase_budget.h), by the reckoning of budget.c. */
#include "compiler/check/phase_budget.h"

#include "compiler/check/budget.h"

static int64_t window_of(const Node *phase)
{
    if (phase->phase.within) return duration_known(phase->phase.within);
    int64_t start = duration_known(phase->phase.start), end = duration_known(phase->phase.end);
    return start >= 0 && end > start ? end - start : -1;
}

PhaseBudget phase_budget(const Node *phase)
{
    Budget budget = {0};
    PhaseBudget result = {.window = window_of(phase), .needs = budget_of_list(&budget, phase->phase.body)};
    result.longest = budget.longest;
    result.longest_ms = budget.longest_ms;
    result.unlimited = budget.unlimited.count;
    vec_free(&budget.unlimited);
    return result;
}
