/* An exponential moving average of flat arrays: average += share (values - average). Where both are equal, the average
 * stays to the bit. */
#ifndef FOVEA_OPS_EMA_H
#define FOVEA_OPS_EMA_H

#include "tensor.h"

/* Builds the kernel, so that later steps find all they need. */
fovea_status fovea__ema_prepare(fovea_device *device);

/* Moves the average at [first, first + count) towards the values by `share`, 0 to 1: one less the decay. state: as in
 * sgd.h; where one of its three floats is NaN or infinite, nothing is changed. */
fovea_status fovea__ema_step(fovea_device *device, float share, size_t first, size_t count, fovea__buffer *average,
                             const fovea__buffer *values, const fovea__buffer *state);

#endif
