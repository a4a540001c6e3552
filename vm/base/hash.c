/* Bytes come in, hashes go out. The only home of xxhash.h; everybody who needs a hash calls this. */
#include "vm/base/hash.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xxhash.h>
#pragma GCC diagnostic pop

#include <stdlib.h>

#include "vm/base/memory.h"

struct HashRun {
    XXH3_state_t *state; /* wants more alignment than memory_alloc gives: it lies somewhere in `room` */
    char room[];
};

Hash hash_bytes(const void *bytes, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(len ? bytes : "", len);
    return (Hash){{hash.low64, hash.high64}};
}

HashRun *hash_begin(void)
{
    enum { ALIGNMENT = 64 };
    HashRun *run = memory_alloc(sizeof *run + sizeof *run->state + ALIGNMENT);
    size_t past = (uintptr_t)run->room % ALIGNMENT;
    run->state = (void *)(run->room + (past ? ALIGNMENT - past : 0));
    XXH3_128bits_reset(run->state);
    return run;
}

void hash_add(HashRun *run, const void *bytes, size_t len)
{
    if (len) XXH3_128bits_update(run->state, bytes, len);
}

Hash hash_end(HashRun *run)
{
    if (!run) return (Hash){{0, 0}};
    XXH128_hash_t hash = XXH3_128bits_digest(run->state);
    free(run);
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

bool hash_read(Str text, Hash *hash)
{
    *hash = (Hash){{0, 0}};
    for (size_t i = 0; i < 32 && i < text.len; i++) {
        char c = text.data[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return false;
        uint64_t *word = &hash->words[i < 16];
        *word = *word << 4 | (uint64_t)digit;
    }
    return text.len == 32;
}
