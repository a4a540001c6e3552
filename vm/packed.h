/* Bytes packed with zstd: long ones as they come, into a file, and short ones in memory.
 *
 * What is packed is known by its hash and its size, so that whoever unpacks it notices any damage. */
#ifndef PLAN_PACKED_H
#define PLAN_PACKED_H

#include "vm/base/error.h"
#include "vm/base/hash.h"

/* Into a file. After one write has failed nothing more is written, and pack_end says so. */
typedef struct Packer Packer;
Packer *pack_begin(int fd); /* the descriptor is the packer's from now on */
void pack_add(Packer *packer, Str bytes);
/* Durable when it returns true; hash and size are those of what was added. Frees the packer in any case. */
bool pack_end(Packer *packer, Hash *hash, uint64_t *size, Error *error);
void pack_drop(Packer *packer); /* NULL is fine */

/* Unpacks a file piece by piece; `fn` gives false when it wants no more. False and an error: it is damaged,
 * or holds something else than what has this hash and size. */
typedef bool (*UnpackFn)(void *ctx, Str bytes);
bool unpack_file(int fd, Hash hash, uint64_t size, UnpackFn fn, void *ctx, Error *error);

void pack_bytes(Buffer *out, Str bytes);
bool unpack_bytes(Buffer *out, Str packed, size_t size); /* false: it is damaged */

#endif
