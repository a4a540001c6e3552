/* `planc explain CODE`: the page of a diagnostic (docs/errors/CODE.md, built in). */
#ifndef PLAN_TOOLS_EXPLAIN_H
#define PLAN_TOOLS_EXPLAIN_H

#include "vm/base/memory.h"

/* Appends the page; false: there is no such code. */
bool explain_page(Str code, Buffer *out);

#endif
