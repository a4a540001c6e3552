/* The forms in which values of secrets may come back from the world: as they are, in JSON, in a URL, in
 * base64.
 *
 * vm/live/secrets.c puts values in; every text that comes from the world goes through forms_redact, or, as it
 * comes, through forms_redact_part. */
#ifndef PLAN_LIVE_FORMS_H
#define PLAN_LIVE_FORMS_H

#include "vm/base/memory.h"
#include "vm/base/str.h"

typedef struct Form {
    Buffer text;
    Str name; /* of the secret; it must outlive the form */
} Form;

typedef struct Forms {
    VEC(Form) list; /* the longest first */
} Forms;

/* All forms of the value, and of the pieces of a URL that are secrets by themselves. */
void forms_add_value(Forms *forms, Str name, Str value);
void forms_free(Forms *forms); /* and wipes them */

/* Appends the text with `[secret NAME]` for every form that is in it. */
void forms_redact(const Forms *forms, Buffer *out, Str text);
/* The same for a text that comes in pieces: what is decided moves from `pending` to `out`; what may be the
 * beginning of a form stays until more is there, or, with `last`, goes as it is. */
void forms_redact_part(const Forms *forms, Buffer *pending, bool last, Buffer *out);
size_t forms_longest(const Forms *forms); /* bytes */

/* Percent-encodes. `plain`: what stays as it is besides letters and digits; a blank becomes a plus where that
 * is one of them. */
void forms_write_url(Buffer *out, Str text, const char *digits, const char *plain);
/* Wipes what it holds and frees it. */
void forms_wipe(Buffer *buffer);

#endif
