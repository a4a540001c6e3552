/* The plan's secrets: known by name everywhere, by value only here and in what leaves for the world.
 *
 * A text of the machine holds U+FDD0 name U+FDD1 where a secret stands, and U+FDD4 for U+FDD0 where it stands
 * percent-encoded. secrets_fill puts the values in, at
 * the last moment; secrets_redact takes them out of whatever comes back; secrets_show writes the handles for
 * people. Values are looked up when first needed and wiped at the end. */
#ifndef PLAN_LIVE_SECRETS_H
#define PLAN_LIVE_SECRETS_H

#include "vm/base/json.h"

typedef struct Secrets Secrets;

typedef enum SecretForm {
    SECRET_PLAIN,
    SECRET_IN_JSON, /* inside a JSON text: the value is escaped */
} SecretForm;

/* `list` is metadata.secrets and must outlive this; `run` the run's folder (generated values are kept there).
 */
Secrets *secrets_open(const Json *list, const char *run);
void secrets_close(Secrets *secrets);

/* A value that the run learns on its way (an answer, the output of a look): it is kept as generated ones are, and known by
 * `name` from now on. Line ends behind it are no part of it. False: it cannot be kept. */
bool secrets_learn(Secrets *secrets, Str name, Str value, Error *error);

bool secrets_are_in(Str text);
/* Appends the text with every handle replaced by its value. False: one cannot be had, and the error says
 * which and why. */
bool secrets_fill(Secrets *secrets, Buffer *out, Str text, SecretForm form, Error *error);
/* Appends the text with every known value, in any form in which it may come back, replaced by `[secret
 * NAME]`. */
void secrets_redact(const Secrets *secrets, Buffer *out, Str text);
/* The same for a text that comes in pieces: what is decided moves from `pending` to `out`; what may be the beginning of
 * a value stays, or, with `last`, goes as it is. */
void secrets_redact_part(const Secrets *secrets, Buffer *pending, bool last, Buffer *out);
/* Bytes that the longest form of any known value has: where a text was cut, so many at its end may be part of
 * one. */
size_t secrets_longest(const Secrets *secrets);
/* Appends the text with `[secret NAME]` for every handle. */
void secrets_show(Buffer *out, Str text);

#endif
