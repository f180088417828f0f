/* How rooms share their work out among work-items. On a CPU a work-item is a work-group of its own and does a long run
 * of neighbouring values in plain loops, which compilers turn into vector code; elsewhere it does one value, so that
 * neighbouring work-items touch neighbouring values. part_of() of common.cl is the kernels' side of it. */
#ifndef FOVEA_OPS_SPLIT_H
#define FOVEA_OPS_SPLIT_H

#include "device.h"
#include "launch.h"

enum {
    FOVEA__SPLIT_RUN = 2048,    /* the least values of a CPU's work-item: a few hundred nanoseconds of work */
    FOVEA__SPLIT_ITEMS = 256,   /* a CPU's work-items once there are enough values: several a core on any of today's */
    FOVEA__SPLIT_COLUMNS = 256, /* the most columns of a CPU's work-item: rows of them stay in the nearest cache */
    FOVEA__SPLIT_GROUP = 64     /* work-items of a group elsewhere: every GPU can, and fills its vector unit */
};

/* What the kernel gets: a work-item does at most `rows` rows by `columns` columns. */
typedef struct fovea__split {
    int rows, columns;
    fovea__grid grid;
} fovea__split;

static inline size_t fovea__split_parts(size_t count, size_t run)
{
    return (count + run - 1) / run;
}

/* Work-items of a group: one on a CPU; elsewhere `most`, a power of two, or as many as the device can. */
static inline size_t fovea__split_group(const fovea_device *device, size_t most)
{
    if (fovea__device_is_cpu(device))
        return 1;
    while (most > fovea__device_max_work_group(device))
        most /= 2;
    return most;
}

static inline fovea__grid fovea__split_grid(const fovea_device *device, size_t items)
{
    return fovea__grid_1d(items, fovea__split_group(device, FOVEA__SPLIT_GROUP));
}

/* The local size of a kernel whose work-items do one value each, everywhere. A CPU's implementation chooses itself, and
 * makes vectors of them; on GPUs such a choice divides the global size, and is 1 where that is prime. */
static inline size_t fovea__split_local(const fovea_device *device)
{
    return fovea__device_is_cpu(device) ? 0 : fovea__split_group(device, FOVEA__SPLIT_GROUP);
}

/* Shares out a matrix (of pixels by channels, say). rows_each: how many rows a work-item must take; 0: any number.
 * vector: how many columns a work-item takes at once; divides the columns. */
static inline fovea__split fovea__split_vectors(const fovea_device *device, size_t rows, size_t columns,
                                                size_t rows_each, size_t vector)
{
    const bool cpu = fovea__device_is_cpu(device);
    const size_t width = !cpu ? vector : columns < FOVEA__SPLIT_COLUMNS ? columns : FOVEA__SPLIT_COLUMNS;
    if (rows == 0 || columns == 0)
        return (fovea__split){1, 1, fovea__split_grid(device, 0)};
    if (rows_each == 0 && cpu) {
        const size_t most = fovea__split_parts(rows * columns, FOVEA__SPLIT_ITEMS);
        rows_each = (most > FOVEA__SPLIT_RUN ? most : FOVEA__SPLIT_RUN) / width;
    }
    rows_each = rows_each ? rows_each : 1;
    const size_t items = fovea__split_parts(rows, rows_each) * fovea__split_parts(columns, width);
    return (fovea__split){(int)rows_each, (int)width, fovea__split_grid(device, items)};
}

static inline fovea__split fovea__split_matrix(const fovea_device *device, size_t rows, size_t columns,
                                               size_t rows_each)
{
    return fovea__split_vectors(device, rows, columns, rows_each, 1);
}

/* Shares out a list: a matrix of one row. */
static inline fovea__split fovea__split_list(const fovea_device *device, size_t count)
{
    size_t run = 1;
    if (fovea__device_is_cpu(device)) {
        run = fovea__split_parts(count, FOVEA__SPLIT_ITEMS);
        run = run > FOVEA__SPLIT_RUN ? (run + 15) / 16 * 16 : FOVEA__SPLIT_RUN;
    }
    return (fovea__split){1, (int)run, fovea__split_grid(device, fovea__split_parts(count, run))};
}

#endif
