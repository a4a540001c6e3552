/* Forms: how an effect's arguments and a mark's value look, so that they are written from registers without a value in
 * between.
 *
 * A form is JSON text with holes. Its fields stand for the pieces: each has the text before a hole, and the hole's type and
 * place in its bank's window; the last one, of type UNIT, has the text behind all holes. Verifier, liveness and the
 * machine read forms; the compiler's emitter makes them. */
#ifndef PLAN_CODE_FORM_H
#define PLAN_CODE_FORM_H

#include "vm/code/image.h"

/* Does the form become JSON, whatever JSON its holes are? Its names and types were verified. */
bool form_is_json(const Image *image, const ImageType *form);

#endif
