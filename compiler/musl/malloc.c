/* malloc and its family for planc where it is linked with musl, whose own gives memory back to the system as
 * soon as it can: each time costs more than all that planc does with the memory.
 *
 * In: sizes; out: memory. Blocks have room for a power of two; what is freed waits in a list for the next of
 * its size, and nothing goes back before the program's end. What is large is a mapping of its own. Called by
 * everybody, through the C library's names; there is one thread. */
#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALLEST = 5, LARGEST = 16, PAGE = 4096, REGION = 1 << 20 }; /* rooms from 2^5 to 2^16 bytes */

/* Before each block. */
typedef struct Block {
    alignas(max_align_t) size_t room; /* bytes behind it */
    struct Block *next;               /* free, of the same room */
} Block;

static Block *freed[LARGEST + 1];
static alignas(max_align_t) char first_region[REGION];
static char *fresh = first_region, *fresh_end = first_region + REGION; /* zero: nobody had it before */

static Block *block_of(void *memory)
{
    return (Block *)memory - 1;
}

static unsigned power_for(size_t size)
{
    return size <= 1u << SMALLEST ? SMALLEST : 64 - (unsigned)__builtin_clzll(size - 1);
}

static void *pages_map(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static Block *large_new(size_t size)
{
    if (size > PTRDIFF_MAX - 2 * PAGE) return NULL;
    size_t whole = (size + sizeof(Block) + PAGE - 1) / PAGE * PAGE;
    Block *block = pages_map(whole);
    if (block) block->room = whole - sizeof *block;
    return block;
}

/* A block that nobody had before. */
static Block *fresh_new(size_t room)
{
    size_t whole = sizeof(Block) + room;
    if ((size_t)(fresh_end - fresh) < whole) {
        char *region = pages_map(REGION);
        if (!region) return NULL;
        fresh = region;
        fresh_end = region + REGION;
    }
    Block *block = (Block *)(void *)fresh;
    fresh += whole;
    block->room = room;
    return block;
}

/* *zero: nobody has written to it. */
static void *block_new(size_t size, bool *zero)
{
    unsigned power = power_for(size);
    Block *block = power > LARGEST ? NULL : freed[power];
    *zero = !block;
    if (block)
        freed[power] = block->next;
    else
        block = power > LARGEST ? large_new(size) : fresh_new((size_t)1 << power);
    if (block) return block + 1;
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    bool zero;
    return block_new(size, &zero);
}

void *calloc(size_t count, size_t size)
{
    bool zero;
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole)) whole = SIZE_MAX;
    void *memory = block_new(whole, &zero);
    return memory && !zero ? memset(memory, 0, whole) : memory;
}

void free(void *memory)
{
    if (!memory) return;
    Block *block = block_of(memory);
    if (block->room > (size_t)1 << LARGEST) {
        munmap(block, sizeof *block + block->room);
        return;
    }
    unsigned power = power_for(block->room);
    block->next = freed[power];
    freed[power] = block;
}

static void *large_resize(Block *block, size_t size)
{
    if (size > PTRDIFF_MAX - 2 * PAGE) return NULL;
    size_t whole = (size + sizeof *block + PAGE - 1) / PAGE * PAGE;
    Block *moved = mremap(block, sizeof *block + block->room, whole, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) return NULL;
    moved->room = whole - sizeof *moved;
    return moved + 1;
}

void *realloc(void *memory, size_t size)
{
    if (!memory) return malloc(size);
    Block *block = block_of(memory);
    if (size <= block->room) return memory;
    if (block->room > (size_t)1 << LARGEST) {
        void *larger = large_resize(block, size);
        if (!larger) errno = ENOMEM;
        return larger;
    }
    void *larger = malloc(size);
    if (!larger) return NULL;
    memcpy(larger, memory, block->room);
    free(memory);
    return larger;
}
