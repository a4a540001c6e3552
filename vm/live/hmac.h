/* HMAC-SHA256, with which a receiver tells our messages from others'. */
#ifndef PLAN_LIVE_HMAC_H
#define PLAN_LIVE_HMAC_H

#include "vm/base/error.h"
#include "vm/base/str.h"

enum { HMAC_SIZE = 32 }; /* bytes */

/* False and an error: libcrypto is not there, or the key is too long for it. */
bool hmac_sha256(Str key, Str text, unsigned char mac[HMAC_SIZE], Error *error);

#endif
