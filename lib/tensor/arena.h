/* Planning memory by lifetime: blocks that are never needed at the same time share a place. Pure arithmetic. */
#ifndef FOVEA_TENSOR_ARENA_H
#define FOVEA_TENSOR_ARENA_H

#include "status.h"

/* A block is needed from time `first` to time `last`, both included. The plan fills in slab and offset. */
typedef struct fovea__block {
    size_t bytes;
    int first, last;
    int slab;
    size_t offset;
} fovea__block;

/* Places every block (of 0 bytes too) at a multiple of `alignment` in slabs of at most slab_bytes.
 * *slab_sizes: one size a slab, freed with free(); *n_slabs: how many.
 * Fails with FOVEA_ERROR_MEMORY where a block alone is larger than slab_bytes. */
fovea_status fovea__arena_plan(fovea__block *blocks, size_t n_blocks, size_t alignment, size_t slab_bytes,
                               size_t **slab_sizes, int *n_slabs);

#endif
