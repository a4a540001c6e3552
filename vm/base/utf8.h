/* UTF-8: checking, reading and writing characters. Pure functions on bytes. */
#ifndef PLAN_BASE_UTF8_H
#define PLAN_BASE_UTF8_H

#include "vm/base/str.h"

/* How many bytes at the beginning are valid UTF-8 without NUL (surrogates and overlong forms are not valid).
 */
size_t utf8_valid_prefix(Str s);
/* The length in bytes (1 to 4) of the valid sequence at the beginning, or 0. *code may be NULL. */
size_t utf8_decode(Str s, uint32_t *code);
/* Writes a character into bytes; gives its length, or 0 when it is no Unicode scalar value. */
size_t utf8_encode(uint32_t code, char bytes[4]);
/* Characters in a text; a byte that is not valid counts as one. */
size_t utf8_count(Str s);

#endif
