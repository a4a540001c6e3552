#include "vm/base/memory.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static PLAN_NORETURN void give_up(void)
{
    fputs("plan: out of memory\n", stderr);
    exit(2);
}

void *memory_alloc(size_t size)
{
    void *block = calloc(1, size ? size : 1);
    if (!block) give_up();
    return block;
}

void *memory_resize(void *old, size_t size)
{
    void *block = realloc(old, size ? size : 1);
    if (!block) give_up();
    return block;
}

void *memory_map(size_t size, bool huge)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) give_up();
    if (huge) madvise(block, size, MADV_HUGEPAGE); /* a wish */
    return block;
}

void *memory_remap(void *old, size_t old_size, size_t size, bool huge)
{
    void *block = mremap(old, old_size, size, MREMAP_MAYMOVE);
    if (block == MAP_FAILED) give_up();
    if (huge) madvise(block, size, MADV_HUGEPAGE);
    return block;
}

void memory_unmap(void *block, size_t size)
{
    munmap(block, size);
}

char *memory_copy_c(Str s)
{
    char *copy = memory_alloc(s.len + 1);
    if (s.len) memcpy(copy, s.data, s.len);
    return copy;
}

struct ArenaChunk {
    ArenaChunk *older;
    size_t size; /* in bytes, with this head; from ARENA_MAP on it is a mapping */
    alignas(max_align_t) char bytes[];
};

/* Chunks grow with their arena; from ARENA_MAP on they are mappings in huge pages, if the system has them, because most
 * of a large arena's cost is faults. */
enum { ARENA_CHUNK = 32 * 1024, ARENA_MAP = 4 * 1024 * 1024 };

/* The first chunks of a process lie here: what nobody has touched is zero and costs nothing, where calloc clears all that it
 * gives. A short compilation needs no others. They are not given back; a sanitized build has none, so that it sees what is
 * used after it was freed. */
#if defined(__SANITIZE_ADDRESS__)
#define FIRST_CHUNKS 16
#elif defined(__has_feature)
#define FIRST_CHUNKS (__has_feature(address_sanitizer) ? 16 : 512 * 1024)
#else
#define FIRST_CHUNKS (512 * 1024)
#endif
static alignas(max_align_t) char first_chunks[FIRST_CHUNKS];

static ArenaChunk *chunk_first(size_t size)
{
    static atomic_size_t taken;
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    size_t at = atomic_load(&taken);
    do
        if (size > sizeof first_chunks - at) return NULL;
    while (!atomic_compare_exchange_weak(&taken, &at, at + size));
    return (ArenaChunk *)(void *)(first_chunks + at);
}

static ArenaChunk *chunk_new(size_t size)
{
    ArenaChunk *chunk = chunk_first(size);
    if (!chunk) chunk = size < ARENA_MAP ? memory_alloc(size) : memory_map(size, true);
    chunk->size = size;
    return chunk;
}

static void chunk_free(ArenaChunk *chunk)
{
    if ((char *)chunk >= first_chunks && (char *)chunk < first_chunks + sizeof first_chunks) return;
    if (chunk->size >= ARENA_MAP)
        memory_unmap(chunk, chunk->size);
    else
        free(chunk);
}

/* A new open chunk twice as large as the last one, with room for so much. */
static void arena_grow(Arena *arena, size_t size)
{
    do
        arena->chunk = !arena->chunk ? ARENA_CHUNK : arena->chunk < ARENA_MAP ? arena->chunk * 2 : arena->chunk;
    while (arena->chunk < sizeof(ArenaChunk) + size);
    ArenaChunk *chunk = chunk_new(arena->chunk);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->bytes;
    arena->end = (char *)chunk + arena->chunk;
}

enum { ARENA_ALIGN = 8 };
static_assert(ARENA_ALIGN % alignof(void *) == 0 && ARENA_ALIGN % alignof(int64_t) == 0 && ARENA_ALIGN % alignof(double) == 0,
              "what memory.h says");

void *arena_alloc(Arena *arena, size_t size)
{
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if ((size_t)(arena->end - arena->next) < size || !arena->next) {
        if (size > ARENA_CHUNK / 4) { /* a big one gets its own; the open chunk stays */
            ArenaChunk *chunk = chunk_new(sizeof *chunk + size);
            chunk->older = arena->chunks;
            arena->chunks = chunk;
            return chunk->bytes;
        }
        arena_grow(arena, size);
    }
    void *block = arena->next;
    arena->next += size;
    return block;
}

char *arena_copy_c(Arena *arena, Str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len) memcpy(copy, s.data, s.len);
    return copy;
}

Str arena_copy(Arena *arena, Str s)
{
    return (Str){arena_copy_c(arena, s), s.len};
}

Str arena_printf(Arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Str text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

Str arena_vprintf(Arena *arena, const char *format, va_list args)
{
    char small[256]; /* most texts fit, and are written once */
    va_list again;
    va_copy(again, args);
    int written = vsnprintf(small, sizeof small, format, args);
    const size_t len = written > 0 ? (size_t)written : 0;
    char *text = arena_alloc(arena, len + 1);
    if (len < sizeof small)
        memcpy(text, small, len);
    else
        vsnprintf(text, len + 1, format, again);
    va_end(again);
    return (Str){text, len};
}

void arena_wipe(Arena *arena)
{
    for (ArenaChunk *chunk = arena->chunks; chunk; chunk = chunk->older)
        explicit_bzero(chunk->bytes, chunk->size - sizeof *chunk);
    arena_free(arena);
}

void arena_free(Arena *arena)
{
    for (ArenaChunk *chunk = arena->chunks; chunk;) {
        ArenaChunk *older = chunk->older;
        chunk_free(chunk);
        chunk = older;
    }
    *arena = (Arena){0};
}

void arena_clear(Arena *arena)
{
    ArenaChunk *open = NULL;
    for (ArenaChunk *chunk = arena->chunks; chunk;) {
        ArenaChunk *older = chunk->older;
        if ((char *)chunk + arena->chunk == arena->end)
            open = chunk;
        else
            chunk_free(chunk);
        chunk = older;
    }
    arena->chunks = open;
    if (!open) return;
    memset(open->bytes, 0, (size_t)(arena->next - open->bytes));
    open->older = NULL;
    arena->next = open->bytes;
}

enum { LARGE = 65536 };

void buffer_grow(Buffer *buffer, size_t more)
{
    size_t need = buffer->len + more + 1;
    size_t cap = buffer->cap ? buffer->cap : 64;
    while (cap < need) cap *= 2;
    if (!buffer->cap && need > LARGE) cap = need; /* a large first request is likely the only one */
    buffer->data = memory_resize(buffer->data, cap);
    buffer->cap = cap;
}

void buffer_add(Buffer *buffer, const void *bytes, size_t len)
{
    buffer_reserve(buffer, len);
    if (len) memcpy(buffer->data + buffer->len, bytes, len);
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
}

void buffer_add_str(Buffer *buffer, Str s)
{
    buffer_add(buffer, s.data, s.len);
}

void buffer_add_c(Buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_int(Buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) digits[--at] = '-';
    buffer_add(buffer, digits + at, sizeof digits - at);
}

void buffer_vprintf(Buffer *buffer, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    assert(format);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0) {
        buffer_reserve(buffer, (size_t)len);
        vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, again);
        buffer->len += (size_t)len;
    }
    va_end(again);
}

void buffer_printf(Buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer_vprintf(buffer, format, args);
    va_end(args);
}

void buffer_clear(Buffer *buffer)
{
    buffer->len = 0;
    if (buffer->data) buffer->data[0] = '\0';
}

void buffer_free(Buffer *buffer)
{
    free(buffer->data);
    *buffer = (Buffer){0};
}

Str buffer_str(const Buffer *buffer)
{
    return buffer->len ? (Str){buffer->data, buffer->len} : (Str){"", 0};
}
