/* The direct algorithm: a work-item keeps a tile of pixels x a block of channels in registers. Fast on CPUs. */
#ifndef FOVEA_OPS_CONV2D_DIRECT_H
#define FOVEA_OPS_CONV2D_DIRECT_H

#include "conv2d_part.h"

extern const fovea__conv2d_methods fovea__conv2d_direct;

#endif
