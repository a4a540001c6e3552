/* What hosts show of a program, as one JSON text: service, people, severities, ladders, plans with their
 * steps, drills.
 *
 * A checked program comes in, the text goes out; the lowering puts it into the image. The same program gives
 * the same bytes. Constants in drills are worked out here (settings by their defaults, or by the drill's own
 * `with`), so that whoever reads the image needs to evaluate nothing. Members are described in docs/image.md.
 */
#ifndef PLAN_LOWER_METADATA_H
#define PLAN_LOWER_METADATA_H

#include "compiler/check/checked.h"
#include "compiler/lower/core.h"

/* Appends the text to `out`. The program must have been checked without an error. */
void metadata_write(const Program *program, CoreProgram *core, Buffer *out);

#endif
