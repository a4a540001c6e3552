/* Emit: a core program comes in, the bytes of an image go out. The last room of the compiler. */
#ifndef PLAN_EMIT_EMIT_H
#define PLAN_EMIT_EMIT_H

#include "compiler/lower/core.h"

/* Puts the image of the program into `image` (zero-initialised or cleared by the caller, who frees it).
 * Functions that no entry reaches are left out. False: the program is larger than an image can be, and error
 * says in what. */
bool emit_image(const CoreProgram *program, Buffer *image, Error *error);

#endif
