/* The compiler as a library: a path comes in, an image and rendered diagnostics go out.
 *
 * planc's commands and planvm (to run a .plan directly) call this and nothing else of the compiler. Nothing is kept
 * between calls. */
#ifndef PLAN_COMPILE_H
#define PLAN_COMPILE_H

#include "vm/base/error.h"

typedef enum CompileResult {
    COMPILE_OK,         /* there may be warnings and notes */
    COMPILE_FINDINGS,   /* at least one error: no image */
    COMPILE_UNREADABLE, /* the file cannot be read; messages says why */
} CompileResult;

typedef struct CompileCounts {
    size_t errors, warnings, notes;
} CompileCounts;

/* Compiles a file. `image` gets the bytes if the result is COMPILE_OK (NULL: check only); `messages` gets the
 * diagnostics as text, with colour if `colour`. counts may be NULL. */
CompileResult compile_file(const char *path, bool colour, Buffer *image, Buffer *messages, CompileCounts *counts);

/* What the plan can touch, as `planc effects --json` says it. False: messages says why. */
bool compile_effects(const char *path, Buffer *json, Buffer *messages);

#endif
