/* The tiled algorithms: a matrix product through local memory that gathers its left side, in tiles of several sizes.
 * Fast on GPUs. All sizes read the same packed weights. */
#ifndef FOVEA_OPS_CONV2D_TILED_H
#define FOVEA_OPS_CONV2D_TILED_H

#include "conv2d_pass.h"

static inline bool fovea__conv2d_is_tiled(fovea__conv2d_algorithm algorithm)
{
    return algorithm >= FOVEA__CONV2D_TILED_128X128 && algorithm <= FOVEA__CONV2D_TILED_32X64;
}

bool fovea__conv2d_tiled_can(const fovea_device *device, fovea__conv2d_algorithm algorithm);

/* The tile that the rule gives this work, one that the device can. */
fovea__conv2d_algorithm fovea__conv2d_tiled_choose(const fovea_device *device, fovea__conv2d_direction direction,
                                                   const fovea__conv2d_shape *shape);

size_t fovea__conv2d_tiled_packed_floats(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);
fovea_status fovea__conv2d_tiled_pack(fovea_device *device, fovea__conv2d_direction direction,
                                      const fovea__conv2d_shape *shape, const fovea__tensor *weights,
                                      fovea__buffer *packed);
size_t fovea__conv2d_tiled_workspace_bytes(const fovea_device *device, fovea__conv2d_algorithm algorithm,
                                           fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);

/* Forward (from x to y) and backward-data (from d_y to d_x; it accumulates where the residual is d_x itself). */
fovea_status fovea__conv2d_tiled_run(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                     fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                     const fovea__tensor *from, const fovea__buffer *packed,
                                     const fovea__conv2d_epilogue *epilogue, fovea__tensor *to,
                                     fovea__buffer *workspace);
fovea_status fovea__conv2d_tiled_weights(fovea_device *device, fovea__conv2d_algorithm algorithm,
                                         const fovea__conv2d_shape *shape, const fovea__tensor *x,
                                         const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_weights,
                                         fovea__buffer *workspace);

#endif
