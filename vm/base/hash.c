/* Bytes come in, hashes go out. The only home of xxhash.h; everybody who needs a hash calls this. */
#include "vm/base/hash.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xxhash.h>
#pragma GCC diagnostic pop

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
    for (size_t i = 0; i < 32; i++)
        text[i] = "0123456789abcdef"[hash.words[i < 16] >> (60 - 4 * (i % 16)) & 15];
    text[32] = '\0';
}
