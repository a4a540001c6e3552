/* What is known before the run is computed before the run: a core program comes in and is made smaller in
 * place. */
#ifndef PLAN_LOWER_FOLD_H
#define PLAN_LOWER_FOLD_H

#include "compiler/lower/core.h"

/* Computes operators, texts, choices and branches whose operands are constants. What would fail when run (an
 * overflow, a division by zero) stays as it is, so that it fails in its place with its message. */
void core_fold(CoreProgram *program);

#endif
