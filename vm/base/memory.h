/* Memory for everything but a run's state: plain allocation that never returns NULL, arenas, growing arrays.
 *
 * planc and planvm do not go on without memory: the functions here print one line and exit with status 2 when the
 * system has none. A run's own memory is bounded separately (vm/core) and running out of it is a run error. */
#ifndef PLAN_BASE_MEMORY_H
#define PLAN_BASE_MEMORY_H

#include "vm/base/str.h"

#include <stdarg.h>

#if defined(__GNUC__)
#define PLAN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PLAN_NORETURN __attribute__((noreturn))
#define PLAN_COLD __attribute__((cold)) /* what leads here is unlikely */
#else
#define PLAN_PRINTF(text, first)
#define PLAN_NORETURN
#define PLAN_COLD
#endif

void *memory_alloc(size_t size); /* zeroed; never NULL; free() it */
void *memory_resize(void *old, size_t size);
/* Zeroed pages straight from the system; huge ones, if it has them: most of a large block's cost is page faults. */
void *memory_map(size_t size, bool huge);
void *memory_remap(void *old, size_t old_size, size_t size, bool huge); /* may move */
void memory_unmap(void *block, size_t size);
char *memory_copy_c(Str s); /* NUL-terminated copy; free() it */

/* An arena: many small allocations, freed all at once. Zero-initialise it. `chunk` may be set first: chunks begin with
 * twice as many bytes. */
typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    ArenaChunk *chunks;
    char *next, *end;
    size_t chunk; /* bytes of the open chunk */
} Arena;

void *arena_alloc(Arena *arena, size_t size); /* zeroed, aligned for pointers, int64_t and double */
Str arena_copy(Arena *arena, Str s);          /* the copy is NUL-terminated beyond its length */
char *arena_copy_c(Arena *arena, Str s);
Str arena_printf(Arena *arena, const char *format, ...) PLAN_PRINTF(2, 3);
Str arena_vprintf(Arena *arena, const char *format, va_list args) PLAN_PRINTF(2, 0);
void arena_free(Arena *arena);  /* leaves an empty arena that can be used again */
void arena_clear(Arena *arena); /* the same, but keeps the open chunk */
void arena_wipe(Arena *arena);  /* as arena_free, its bytes overwritten first: for what held a secret */
#define arena_new(arena, T) ((T *)arena_alloc((arena), sizeof(T)))
#define arena_array(arena, T, n) ((T *)arena_alloc((arena), sizeof(T) * (size_t)(n)))

/* A growing array: struct { T *items; size_t count, cap; }. Zero-initialise; vec_free when done. */
#define VEC(T)                                                                                               \
    struct {                                                                                                 \
        T *items;                                                                                            \
        size_t count, cap;                                                                                   \
    }
#define vec_push(vec, ...)                                                                                   \
    do {                                                                                                     \
        if ((vec)->count == (vec)->cap) {                                                                    \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                                                    \
            (vec)->items = memory_resize((vec)->items, (vec)->cap * sizeof *(vec)->items);                   \
        }                                                                                                    \
        (vec)->items[(vec)->count++] = (__VA_ARGS__);                                                        \
    } while (0)
/* Room for `more` items. */
#define vec_reserve(vec, more)                                                                               \
    do {                                                                                                     \
        if ((vec)->cap - (vec)->count < (more)) {                                                            \
            (vec)->cap = (vec)->cap * 2 + (more);                                                            \
            (vec)->items = memory_resize((vec)->items, (vec)->cap * sizeof *(vec)->items);                   \
        }                                                                                                    \
    } while (0)
#define vec_free(vec) (free((vec)->items), (vec)->items = NULL, (vec)->count = (vec)->cap = 0)

/* A growing run of bytes. Zero-initialise; buffer_free when done. `data` is NUL-terminated after every call. */
typedef struct Buffer {
    char *data;
    size_t len, cap;
} Buffer;

/* Room for `more` bytes beyond len and a NUL. */
void buffer_grow(Buffer *buffer, size_t more);
static inline void buffer_reserve(Buffer *buffer, size_t more)
{
    if (buffer->cap <= buffer->len + more) buffer_grow(buffer, more);
}
static inline void buffer_add_char(Buffer *buffer, char c)
{
    buffer_reserve(buffer, 1);
    buffer->data[buffer->len++] = c;
    buffer->data[buffer->len] = '\0';
}
void buffer_add(Buffer *buffer, const void *bytes, size_t len);
void buffer_add_str(Buffer *buffer, Str s);
void buffer_add_c(Buffer *buffer, const char *text);
void buffer_add_int(Buffer *buffer, int64_t value); /* in decimal */
void buffer_printf(Buffer *buffer, const char *format, ...) PLAN_PRINTF(2, 3);
void buffer_vprintf(Buffer *buffer, const char *format, va_list args) PLAN_PRINTF(2, 0);
void buffer_clear(Buffer *buffer);                /* keeps the memory */
void buffer_free(Buffer *buffer);
Str buffer_str(const Buffer *buffer); /* a view, valid until the next change */

#endif
