/* Memory for state blocks (see block.h): sizes come in, memory goes out. Nothing here knows what a block holds. Called
 * by the collector and by vm.c. */
#include "vm/core/block.h"

#include "vm/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAPPED_FROM = 1024 * 1024, HUGE_FROM = 32 * 1024 * 1024, PAGE = 4096 };

static size_t pages(size_t size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

uint8_t *block_open(size_t size)
{
    return size < MAPPED_FROM ? memory_resize(NULL, size) : memory_map(pages(size), size >= HUGE_FROM);
}

uint8_t *block_resize(uint8_t *block, size_t old_size, size_t size)
{
    if (old_size < MAPPED_FROM && size < MAPPED_FROM) return memory_resize(block, size);
    if (old_size >= MAPPED_FROM && size >= MAPPED_FROM) return memory_remap(block, pages(old_size), pages(size), size >= HUGE_FROM);
    uint8_t *moved = block_open(size);
    if (block) memcpy(moved, block, old_size < size ? old_size : size);
    block_close(block, old_size);
    return moved;
}

void block_close(uint8_t *block, size_t size)
{
    if (size < MAPPED_FROM)
        free(block);
    else
        memory_unmap(block, pages(size));
}
