/* Sums in a fixed order, so that they have the same bits in every run. Counts in floats. */
#ifndef FOVEA_OPS_REDUCE_H
#define FOVEA_OPS_REDUCE_H

#include "tensor.h"

/* Bytes of workspace for any call here on up to `count` values (reduce_channels: of x). */
size_t fovea__reduce_workspace_bytes(size_t count);

/* out[out_index] = sum of values[first .. first+count), or of their squares. An empty sum is 0. */
fovea_status fovea__reduce_sum(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                               fovea__buffer *out, size_t out_index, fovea__buffer *workspace);
fovea_status fovea__reduce_squares(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                                   fovea__buffer *out, size_t out_index, fovea__buffer *workspace);

/* sums[c] (+)= sum over n, h, w of x: a bias's gradient. */
fovea_status fovea__reduce_channels(fovea_device *device, const fovea__tensor *x, bool accumulate,
                                    fovea__tensor *sums, fovea__buffer *workspace);

/* The same over the rows of a matrix that lies in `x` from `first`: sums[column] (+)= sum over rows. Partial sums go to
 * the workspace from workspace_first, which may follow the matrix in the same buffer. */
fovea_status fovea__reduce_rows(fovea_device *device, const fovea__buffer *x, size_t first, size_t rows,
                                size_t columns, bool accumulate, fovea__buffer *sums, fovea__buffer *workspace,
                                size_t workspace_first);

/* out[out_index] (int32) = how many of the values are NaN or infinite. */
fovea_status fovea__reduce_nonfinite(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                                     fovea__buffer *out, size_t out_index, fovea__buffer *workspace);

#endif
