/* The canonical form of a plan's text.
 *
 * In: a file of the set. Out: the same tokens and comments with canonical blanks, indentation and empty
 * lines. Two blanks for each level; columns that the author aligned inside of a line stay aligned; texts of
 * literals are never changed. */
#ifndef PLAN_TOOLS_FMT_H
#define PLAN_TOOLS_FMT_H

#include "compiler/diag/diag.h"

/* False, with the syntax errors in diagnostics and nothing in out, when the file does not parse. */
bool fmt_source(SourceSet *sources, uint32_t file, Buffer *out, Diagnostics *diagnostics);

#endif
