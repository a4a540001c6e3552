/* The memory under a state block. Used inside of vm/core only.
 *
 * Small blocks are the C library's, because thousands of small machines may wait at once; large ones are mappings, which
 * grow and shrink by moving pages and ask for huge ones, because most of a large block's cost is page faults. The
 * caller keeps the size: a block's kind follows from it. */
#ifndef PLAN_CORE_BLOCK_H
#define PLAN_CORE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

uint8_t *block_open(size_t size); /* never NULL; what it holds is undefined */
/* Another size; what fits of the content stays. NULL is a block of size 0. */
uint8_t *block_resize(uint8_t *block, size_t old_size, size_t size);
void block_close(uint8_t *block, size_t size);

#endif
