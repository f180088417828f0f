/* The direct algorithm: a work-item keeps a tile of places x a block of channels in registers. Fast on CPUs. */
#ifndef FOVEA_OPS_CONV2D_DIRECT_H
#define FOVEA_OPS_CONV2D_DIRECT_H

#include "conv2d_cut.h"

fovea__conv2d_cut fovea__conv2d_direct_cut(const fovea_device *device, fovea__conv2d_direction direction,
                                           const fovea__conv2d_shape *shape);

#endif
