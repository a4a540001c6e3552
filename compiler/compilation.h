/* One compilation and everything that it owns: for compile.c and the commands of planc. */
#ifndef PLAN_COMPILATION_H
#define PLAN_COMPILATION_H

#include "compiler/check/checked.h"
#include "compiler/compile.h"
#include "compiler/lower/core.h"

/* Zero-initialise; compilation_free when done, also after a failure. */
typedef struct Compilation {
    Arena arena;
    SourceSet sources;
    Diagnostics diagnostics;
    TypeTable *types;
    Program *program;  /* once checked */
    CoreProgram *core; /* once lowered */
} Compilation;

/* Loads, parses and checks; COMPILE_UNREADABLE fills the error. */
CompileResult compilation_check(Compilation *compilation, const char *path, Error *error);
/* Only after compilation_check gave COMPILE_OK. */
void compilation_lower(Compilation *compilation);
void compilation_free(Compilation *compilation);

#endif
