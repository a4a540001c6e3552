/* Base64 with the usual alphabet and padding (RFC 4648, section 4). */
#ifndef PLAN_BASE_BASE64_H
#define PLAN_BASE_BASE64_H

#include "vm/base/memory.h"

/* Appends the bytes as base64, without line breaks. */
void base64_write(Buffer *out, Str bytes);

#endif
