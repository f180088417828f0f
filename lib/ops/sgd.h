/* Stochastic gradient descent in torch's form, on flat arrays: g' = clipped g + decay w; m = momentum m + g';
 * w -= rate m. */
#ifndef FOVEA_OPS_SGD_H
#define FOVEA_OPS_SGD_H

#include "tensor.h"

typedef struct fovea__sgd {
    float rate, momentum, decay;
    float clip; /* largest gradient norm; g is multiplied by min(1, clip / (norm + 1e-6)); 0: no limit */
} fovea__sgd;

/* Updates weights and momenta at [first, first + count). state (floats on the device): [0] the sum of squares of all
 * gradients, [1] class loss, [2] box loss; where any of the three is NaN or infinite, nothing is changed. */
fovea_status fovea__sgd_step(fovea_device *device, const fovea__sgd *sgd, size_t first, size_t count,
                             fovea__buffer *weights, const fovea__buffer *gradients, fovea__buffer *momenta,
                             const fovea__buffer *state);

#endif
