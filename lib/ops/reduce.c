/* Sums as chains of launches: values to partial sums, partial sums to fewer, until one is left. */
#include "reduce.h"

#include "split.h"

#include <limits.h>
#include <stdio.h>

enum {
    CHUNK = 4096,   /* values to a partial sum */
    CHUNK_ROWS = 64 /* rows to a row of partial sums */
};

size_t fovea__reduce_workspace_bytes(size_t count)
{
    /* Columns of 65 rows leave 2 rows of partial sums, the worst share, and then one: 3/65 of the values. */
    return (count / 16 + 64) * sizeof(float);
}

/* term: "", " -DSQUARES" or " -DNONFINITE". */
static fovea_status reduce(fovea_device *device, const char *term, const fovea__buffer *values, size_t first,
                           size_t count, fovea__buffer *out, size_t out_index, fovea__buffer *workspace)
{
    FOVEA_CHECK_ARG(first <= INT_MAX && count <= INT_MAX - first && out_index <= INT_MAX,
                    "reduce: %zu values from %zu into %zu are beyond the 2^31-1 that kernels can index", count, first,
                    out_index);
    if (count == 0)
        return fovea__buffer_fill(out, out_index * sizeof(float), sizeof(float), 0);
    fovea__count(device, 0, 4.0 * (double)count);
    char options[48];
    snprintf(options, sizeof options, "-DWIDTH=%d%s", fovea__device_vector_width(device), term);
    const size_t items = fovea__split_group(device, FOVEA__SPLIT_GROUP);
    const fovea__buffer *from = values;
    const char *kernel = "reduce_values";
    for (size_t next = 0;;) {
        const size_t parts = fovea__split_parts(count, CHUNK);
        const bool last = parts == 1;
        FOVEA_TRY(fovea__launch(device, "reduce", options, kernel,
                                (fovea__arg[]){fovea__arg_buffer(from), fovea__arg_int((int)first),
                                               fovea__arg_int((int)count), fovea__arg_int(CHUNK),
                                               fovea__arg_buffer(last ? out : workspace),
                                               fovea__arg_int((int)(last ? out_index : next)),
                                               fovea__arg_local(items * sizeof(float))},
                                7, fovea__grid_1d(parts * items, items)));
        if (last)
            return FOVEA_OK;
        kernel = "reduce_parts";
        from = workspace;
        first = next;
        count = parts;
        next += parts;
    }
}

fovea_status fovea__reduce_sum(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                               fovea__buffer *out, size_t out_index, fovea__buffer *workspace)
{
    return reduce(device, "", values, first, count, out, out_index, workspace);
}

fovea_status fovea__reduce_squares(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                                   fovea__buffer *out, size_t out_index, fovea__buffer *workspace)
{
    return reduce(device, " -DSQUARES", values, first, count, out, out_index, workspace);
}

fovea_status fovea__reduce_nonfinite(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                                     fovea__buffer *out, size_t out_index, fovea__buffer *workspace)
{
    return reduce(device, " -DNONFINITE", values, first, count, out, out_index, workspace);
}

fovea_status fovea__reduce_rows(fovea_device *device, const fovea__buffer *x, size_t first, size_t rows,
                                size_t columns, bool accumulate, fovea__buffer *sums, fovea__buffer *workspace,
                                size_t workspace_first)
{
    char options[16];
    snprintf(options, sizeof options, "-DWIDTH=%d", fovea__device_vector_width(device));
    if (rows == 0)
        return accumulate ? FOVEA_OK : fovea__buffer_fill(sums, 0, columns * sizeof(float), 0);
    fovea__count(device, 0, 4.0 * (double)(rows * columns));
    for (size_t next = workspace_first;;) {
        const size_t parts = fovea__split_parts(rows, CHUNK_ROWS);
        const bool last = parts == 1;
        const fovea__split split = fovea__split_matrix(device, rows, columns, CHUNK_ROWS);
        FOVEA_TRY(fovea__launch(device, "reduce", options, "reduce_rows",
                                (fovea__arg[]){fovea__arg_buffer(x), fovea__arg_int((int)first),
                                               fovea__arg_int((int)rows), fovea__arg_int((int)columns),
                                               fovea__arg_int(split.rows), fovea__arg_int(split.columns),
                                               fovea__arg_int(last && accumulate),
                                               fovea__arg_buffer(last ? sums : workspace),
                                               fovea__arg_int(last ? 0 : (int)next)},
                                9, split.grid));
        if (last)
            return FOVEA_OK;
        x = workspace;
        first = next;
        rows = parts;
        next += parts * columns;
    }
}

fovea_status fovea__reduce_channels(fovea_device *device, const fovea__tensor *x, bool accumulate,
                                    fovea__tensor *sums, fovea__buffer *workspace)
{
    const fovea__shape shape = x->shape;
    FOVEA_CHECK_ARG(fovea__shape_equal(sums->shape, fovea__shape_vector(shape.c)),
                    "reduce_channels: sums of %d values for %d channels", sums->shape.c, shape.c);
    const size_t rows = (size_t)shape.n * (size_t)shape.h * (size_t)shape.w;
    return fovea__reduce_rows(device, x->buffer, 0, rows, (size_t)shape.c, accumulate, sums->buffer, workspace, 0);
}
