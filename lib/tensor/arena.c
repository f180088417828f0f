/* Greedy by size: the largest block first, each at the lowest offset that is free during its whole life (Pisarchyk and
 * Lee 2020, "greedy by size for offset calculation"). */
#include "arena.h"

#include "memory.h"

#include <stdlib.h>

/* A placed block's extent, kept sorted by offset within its slab. */
typedef struct placed {
    size_t offset, end;
} placed;

static int larger_first(const void *a, const void *b)
{
    const fovea__block *x = *(fovea__block *const *)a, *y = *(fovea__block *const *)b;
    if (x->bytes != y->bytes)
        return (x->bytes < y->bytes) - (x->bytes > y->bytes);
    return (x > y) - (x < y);
}

static int lower_first(const void *a, const void *b)
{
    const size_t x = ((const placed *)a)->offset, y = ((const placed *)b)->offset;
    return (x > y) - (x < y);
}

/* The lowest free offset for `block` beside those of the `n` blocks already in `slab` that live at the same time. */
static size_t lowest_offset(const fovea__block *block, fovea__block *const *order, size_t n, int slab, size_t alignment,
                            placed *beside)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const fovea__block *other = order[i];
        if (other->slab == slab && other->first <= block->last && block->first <= other->last)
            beside[count++] = (placed){other->offset, other->offset + other->bytes};
    }
    qsort(beside, count, sizeof *beside, lower_first);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (beside[i].offset >= offset + block->bytes)
            break;
        const size_t end = (beside[i].end + alignment - 1) / alignment * alignment;
        offset = end > offset ? end : offset;
    }
    return offset;
}

fovea_status fovea__arena_plan(fovea__block *blocks, size_t n_blocks, size_t alignment, size_t slab_bytes,
                               size_t **slab_sizes, int *n_slabs)
{
    *slab_sizes = NULL;
    *n_slabs = 0;
    fovea__block **order = NULL;
    placed *beside = NULL;
    size_t *sizes = NULL;
    fovea_status status = fovea__allocate(&order, n_blocks, sizeof(fovea__block *), "a memory plan");
    if (!status)
        status = fovea__allocate(&beside, n_blocks, sizeof *beside, "a memory plan");
    if (!status)
        status = fovea__allocate(&sizes, n_blocks, sizeof *sizes, "a memory plan");
    int slabs = 0;
    for (size_t i = 0; i < n_blocks && !status; i++)
        order[i] = &blocks[i];
    if (!status)
        qsort(order, n_blocks, sizeof(fovea__block *), larger_first);
    for (size_t i = 0; i < n_blocks && !status; i++) {
        fovea__block *block = order[i];
        if (block->bytes > slab_bytes) {
            status = fovea__fail(FOVEA_ERROR_MEMORY, "%zu bytes are needed in one piece, but a single buffer of the "
                                 "device has at most %zu", block->bytes, slab_bytes);
            break;
        }
        int slab = 0;
        size_t offset = lowest_offset(block, order, i, slab, alignment, beside);
        while (offset + block->bytes > slab_bytes)
            offset = lowest_offset(block, order, i, ++slab, alignment, beside);
        block->slab = slab;
        block->offset = offset;
        slabs = slab + 1 > slabs ? slab + 1 : slabs;
        sizes[slab] = offset + block->bytes > sizes[slab] ? offset + block->bytes : sizes[slab];
    }
    free(order);
    free(beside);
    if (status) {
        free(sizes);
        return status;
    }
    *slab_sizes = sizes;
    *n_slabs = slabs;
    return FOVEA_OK;
}
