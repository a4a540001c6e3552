/* Lowering: a checked program comes in, core goes out.
 *
 * Everything that the language declares becomes functions, fibers, waits and calls here; much of it calls what
 * stdlib/prelude.plan says in the language itself. The program must have been checked without an error. */
#ifndef PLAN_LOWER_LOWER_H
#define PLAN_LOWER_LOWER_H

#include "compiler/check/checked.h"
#include "compiler/lower/core.h"

/* The core program lives in the arena (core_free its arrays). Its metadata is filled as well. */
CoreProgram *lower_program(const Program *checked, TypeTable *types, SourceSet *sources, Arena *arena);

#endif
