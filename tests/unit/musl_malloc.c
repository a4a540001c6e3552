/* The allocator that planc has where it is linked with musl: blocks do not overlap, keep their bytes when
 * they grow, are zero where that was asked for, and are aligned; what cannot be is NULL. It is included under
 * other names, because this program has the C library's. */
#include <stdlib.h>
#undef NDEBUG
#include <assert.h>

#define malloc tested_malloc
#define calloc tested_calloc
#define realloc tested_realloc
#define free tested_free
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);
#include "compiler/musl/malloc.c"

enum { HELD = 300, ROUNDS = 60000 };

typedef struct Held {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
} Held;

static uint32_t next_random(void)
{
    static uint32_t state = 7;
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

/* Mostly small, sometimes about as large as what gets a mapping, seldom far larger. */
static size_t some_size(void)
{
    uint32_t kind = next_random() % 100;
    return next_random() % (kind < 80 ? 300 : kind < 98 ? 140000 : 3000000);
}

static void check_and_free(Held *held)
{
    for (size_t i = 0; i<held->size; i += held->size> 4096 ? 97 : 1)
        assert(held->bytes[i] == held->mark);
    free(held->bytes);
    *held = (Held){0};
}

static void take(Held *held, unsigned char mark)
{
    size_t size = some_size();
    bool zero = next_random() % 2;
    unsigned char *bytes = zero ? calloc(size, 1) : malloc(size);
    assert(bytes && (uintptr_t)bytes % alignof(max_align_t) == 0);
    for (size_t i = 0; zero && i < size; i++)
        assert(bytes[i] == 0);
    memset(bytes, mark, size);
    *held = (Held){bytes, size, mark};
}

static void grow(Held *held)
{
    size_t size = held->size + some_size();
    held->bytes = realloc(held->bytes, size);
    assert(held->bytes);
    for (size_t i = 0; i < held->size; i++)
        assert(held->bytes[i] == held->mark);
    memset(held->bytes, held->mark, size);
    held->size = size;
}

int main(void)
{
    static Held all[HELD];
    for (int round = 0; round < ROUNDS; round++) {
        Held *held = &all[next_random() % HELD];
        if (held->bytes && next_random() % 3)
            check_and_free(held);
        else if (held->bytes && held->size < 1000000)
            grow(held);
        else if (!held->bytes)
            take(held, (unsigned char)(1 + next_random() % 255));
    }
    for (int i = 0; i < HELD; i++)
        check_and_free(&all[i]);
    free(NULL);
    assert(!malloc(SIZE_MAX) && errno == ENOMEM);
    assert(!calloc(SIZE_MAX / 2, 3));
    void *kept = malloc(70000);
    assert(!realloc(kept, SIZE_MAX));
    free(kept);
    return 0;
}
