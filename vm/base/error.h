/* How our surroundings' failures travel: a function returns false and fills an Error that the caller owns.
 *
 * An Error is for what goes wrong around us (a file, a database, a damaged image). Mistakes in a plan are
 * diagnostics (compiler/diag); failures of the world are values in the plan's own flow; a bug is an assert. */
#ifndef PLAN_BASE_ERROR_H
#define PLAN_BASE_ERROR_H

#include "vm/base/memory.h"

typedef struct Error {
    char text[1024]; /* one sentence, no newline at the end; cut when longer */
} Error;

/* Fills the error and returns false, so that a function can say `return error_set(error, …);`. error may be NULL. */
bool error_set(Error *error, const char *format, ...) PLAN_PRINTF(2, 3);

/* Puts "format: " before what the error says already; returns false. */
bool error_wrap(Error *error, const char *format, ...) PLAN_PRINTF(2, 3);

#endif
