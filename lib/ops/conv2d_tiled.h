/* The tiled algorithm: a matrix product through local memory that gathers its left side. Fast on GPUs. */
#ifndef FOVEA_OPS_CONV2D_TILED_H
#define FOVEA_OPS_CONV2D_TILED_H

#include "conv2d_cut.h"

bool fovea__conv2d_tiled_can(const fovea_device *device);
fovea__conv2d_cut fovea__conv2d_tiled_cut(const fovea_device *device, fovea__conv2d_direction direction,
                                          const fovea__conv2d_shape *shape);

#endif
