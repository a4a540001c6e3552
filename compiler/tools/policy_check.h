/* `planc check --policy`: what of a plan its policy would not let happen, found before it runs. */
#ifndef PLAN_TOOLS_POLICY_CHECK_H
#define PLAN_TOOLS_POLICY_CHECK_H

#include "compiler/check/checked.h"
#include "vm/code/policy.h"

/* Adds a finding for each effect that the policy denies, whatever the values are that only the run knows. */
void policy_check(const Policy *policy, const Program *program, Arena *arena, Diagnostics *diagnostics);

#endif
