/* Hashes of bytes, the same on every machine: 128 bits to identify, 64 bits for tables. Not cryptographic. */
#ifndef PLAN_BASE_HASH_H
#define PLAN_BASE_HASH_H

#include "vm/base/str.h"

typedef struct Hash {
    uint64_t words[2];
} Hash;

Hash hash_bytes(const void *bytes, size_t len);
/* The same hash of bytes that come in pieces. */
typedef struct HashRun HashRun;
HashRun *hash_begin(void);
void hash_add(HashRun *run, const void *bytes, size_t len);
Hash hash_end(HashRun *run); /* frees it; NULL is fine */
uint64_t hash_quick(const void *bytes, size_t len);
static inline bool hash_equal(Hash a, Hash b)
{
    return a.words[0] == b.words[0] && a.words[1] == b.words[1];
}
/* 32 hexadecimal digits and a NUL. */
void hash_write(Hash hash, char text[33]);
bool hash_read(Str text, Hash *hash); /* false: it is none */

#endif
