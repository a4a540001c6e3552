/* Bytes come in, hashes go out. The only home of xxhash.h; everybody who needs a hash calls this. */
#include "vm/base/hash.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xxhash.h>
#pragma GCC diagnostic pop

#include <stdio.h>

Hash hash_bytes(const void *bytes, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(len ? bytes : "", len);
    return (Hash){{hash.low64, hash.high64}};
}

uint64_t hash_quick(const void *bytes, size_t len)
{
    return XXH3_64bits(len ? bytes : "", len);
}

void hash_write(Hash hash, char text[33])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)hash.words[1],
             (unsigned long long)hash.words[0]);
}
