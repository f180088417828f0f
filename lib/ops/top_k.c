/* The k largest values: selection by histograms, then the winners' order by counting. */
#include "top_k.h"

#include "split.h"

#include <stdio.h>

enum {
    BINS = 2048,
    PASSES = 3,
    STATE = 3,
    CHUNK = 8192, /* values a work-group */
    GROUP = 256,  /* work-items in it on GPUs; a power of two */
    SPAN = 64,    /* values at once on CPUs */
    MOST = 8192   /* k */
};

static size_t chunks_of(size_t count)
{
    return count > 0 ? (count + CHUNK - 1) / CHUNK : 1;
}

size_t fovea__top_k_workspace_bytes(size_t count, int k)
{
    return (PASSES * BINS + STATE + 3 * chunks_of(count) + 2 * (size_t)k) * sizeof(int32_t);
}

static fovea_status launch(fovea_device *device, const char *kernel, const fovea__arg *args, int n_args,
                           fovea__grid grid)
{
    char options[48];
    const int width = fovea__device_vector_width(device);
    snprintf(options, sizeof options, "-DWIDTH=%d -DSPAN=%d", width, fovea__device_is_cpu(device) ? SPAN : width);
    return fovea__launch(device, "top_k", options, kernel, args, n_args, grid);
}

/* Queues the kernels that leave the winners in the workspace. */
static fovea_status select_winners(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                                   float threshold, int k, fovea__buffer *found, size_t found_index,
                                   fovea__buffer *workspace)
{
    const size_t items = fovea__split_group(device, GROUP), chunks = chunks_of(count);
    const fovea__grid grid = fovea__grid_1d(chunks * items, items);
    const fovea__arg of_values = fovea__arg_buffer(values), from = fovea__arg_int((int)first);
    const fovea__arg n_values = fovea__arg_int((int)count), above = fovea__arg_float(threshold);
    const fovea__arg work = fovea__arg_buffer(workspace), most = fovea__arg_int(k), chunk = fovea__arg_int(CHUNK);
    const fovea__arg n_chunks = fovea__arg_int((int)chunks);
    FOVEA_TRY(fovea__buffer_fill(workspace, 0, PASSES * BINS * sizeof(int32_t), 0));
    for (int pass = 0; pass < PASSES; pass++) {
        const fovea__arg at = fovea__arg_int(pass);
        FOVEA_TRY(launch(device, "top_k_histogram",
                         (fovea__arg[]){of_values, from, n_values, above, chunk, at, work}, 7, grid));
        FOVEA_TRY(launch(device, "top_k_select",
                         (fovea__arg[]){at, most, work, fovea__arg_local(items * sizeof(int32_t))}, 4,
                         fovea__grid_1d(items, items)));
    }
    FOVEA_TRY(launch(device, "top_k_count",
                     (fovea__arg[]){of_values, from, n_values, above, chunk, n_chunks, work}, 7, grid));
    return launch(device, "top_k_gather",
                  (fovea__arg[]){of_values, from, n_values, above, most, chunk, n_chunks, work,
                                 fovea__arg_buffer(found), fovea__arg_int((int)found_index),
                                 fovea__arg_local(2 * items * sizeof(int32_t))}, 11, grid);
}

fovea_status fovea__top_k(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                          float threshold, int k, fovea__buffer *indices, fovea__buffer *best, fovea__buffer *found,
                          size_t found_index, fovea__buffer *workspace)
{
    FOVEA_CHECK_ARG(k >= 0 && k <= MOST, "top_k: k is %d, expected 0 to %d", k, MOST);
    FOVEA_CHECK_ARG(count <= INT32_MAX - 2 * CHUNK && first <= INT32_MAX - count && found_index <= INT32_MAX,
                    "top_k: %zu values from %zu on are out of range", count, first);
    if (k == 0)
        return fovea__buffer_fill(found, found_index * sizeof(int32_t), sizeof(int32_t), 0);
    fovea__count(device, 0, 4.0 * (double)count);
    FOVEA_TRY(select_winners(device, values, first, count, threshold, k, found, found_index, workspace));
    return launch(device, "top_k_rank",
                  (fovea__arg[]){fovea__arg_buffer(values), fovea__arg_int((int)first), fovea__arg_int(k),
                                 fovea__arg_int((int)chunks_of(count)), fovea__arg_buffer(workspace),
                                 fovea__arg_buffer(found), fovea__arg_int((int)found_index),
                                 fovea__arg_buffer(indices), fovea__arg_buffer(best),
                                 fovea__arg_int(best != NULL)},
                  10, fovea__grid_1d((size_t)k, fovea__split_local(device)));
}
