/* `planc fmt`: the one form of a plan's text. */
#ifndef PLAN_TOOLS_FMT_H
#define PLAN_TOOLS_FMT_H

#include "compiler/diag/diag.h"

/* Appends the formatted text of a file of the set. False: the file has syntax errors, which are in the diagnostics, and
 * nothing is appended. Comments are kept; formatting what is formatted changes nothing. */
bool fmt_source(SourceSet *sources, uint32_t file, Buffer *out, Diagnostics *diagnostics);

#endif
