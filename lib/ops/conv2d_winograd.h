/* The winograd algorithm: F(4x4, 3x3) for 3x3 kernels of stride 1, a quarter of direct's multiplications. Fast on CPUs.
 * Its largest rounding error is some ten times direct's. */
#ifndef FOVEA_OPS_CONV2D_WINOGRAD_H
#define FOVEA_OPS_CONV2D_WINOGRAD_H

#include "conv2d_pass.h"

/* False also for maps of a few tiles, which do not fill the registers: little is won there, and with few places to
 * average it over, its rounding shows in the gradients of a network. */
bool fovea__conv2d_winograd_can(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);

/* Whether it is the faster one on a CPU: it can, and there are some channels. */
bool fovea__conv2d_winograd_pays(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape);

size_t fovea__conv2d_winograd_packed_floats(const fovea_device *device, fovea__conv2d_direction direction,
                                            const fovea__conv2d_shape *shape);
fovea_status fovea__conv2d_winograd_pack(fovea_device *device, fovea__conv2d_direction direction,
                                         const fovea__conv2d_shape *shape, const fovea__tensor *weights,
                                         fovea__buffer *packed);
size_t fovea__conv2d_winograd_workspace_bytes(const fovea_device *device, fovea__conv2d_direction direction,
                                              const fovea__conv2d_shape *shape);

/* As fovea__conv2d_direct_run() and fovea__conv2d_direct_weights(). */
fovea_status fovea__conv2d_winograd_run(fovea_device *device, fovea__conv2d_direction direction,
                                        const fovea__conv2d_shape *shape, const fovea__tensor *from,
                                        const fovea__buffer *packed, const fovea__conv2d_epilogue *epilogue,
                                        fovea__tensor *to, fovea__buffer *workspace);
fovea_status fovea__conv2d_winograd_weights(fovea_device *device, const fovea__conv2d_shape *shape,
                                            const fovea__tensor *x, const fovea__tensor *d_y, bool accumulate,
                                            fovea__tensor *d_weights, fovea__buffer *workspace);

#endif
