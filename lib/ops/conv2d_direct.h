/* The direct algorithm: a work-item keeps a tile of places x a block of channels in registers. Fast on CPUs. */
#ifndef FOVEA_OPS_CONV2D_DIRECT_H
#define FOVEA_OPS_CONV2D_DIRECT_H

#include "conv2d_pass.h"

size_t fovea__conv2d_direct_packed_floats(const fovea_device *device, fovea__conv2d_direction direction,
                                          const fovea__conv2d_shape *shape);
fovea_status fovea__conv2d_direct_pack(fovea_device *device, fovea__conv2d_direction direction,
                                       const fovea__conv2d_shape *shape, const fovea__tensor *weights,
                                       fovea__buffer *packed);
size_t fovea__conv2d_direct_workspace_bytes(const fovea_device *device, fovea__conv2d_direction direction,
                                            const fovea__conv2d_shape *shape);

/* Forward (from x to y) and backward-data (from d_y to d_x; it accumulates where the residual is d_x itself). */
fovea_status fovea__conv2d_direct_run(fovea_device *device, fovea__conv2d_direction direction,
                                      const fovea__conv2d_shape *shape, const fovea__tensor *from,
                                      const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue,
                                      fovea__tensor *to);
fovea_status fovea__conv2d_direct_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                          const fovea__tensor *x, const fovea__tensor *d_y, bool accumulate,
                                          fovea__tensor *d_weights, fovea__buffer *workspace);

#endif
