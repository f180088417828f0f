/* AdamW (Loshchilov and Hutter 2019, algorithm 2) in torch's form, on flat arrays. Of a clipped gradient g, at step t:
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * w -= rate (decay w + m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)). */
#ifndef FOVEA_OPS_ADAMW_H
#define FOVEA_OPS_ADAMW_H

#include "tensor.h"

typedef struct fovea__adamw {
    float rate, beta1, beta2, epsilon, decay;
    float clip;   /* as in sgd.h */
    int64_t step; /* t, 1 for the first */
} fovea__adamw;

/* Updates weights, means (m) and squares (v) at [first, first + count). state: as in sgd.h; where one of its three
 * floats is NaN or infinite, nothing is changed. */
fovea_status fovea__adamw_step(fovea_device *device, const fovea__adamw *adamw, size_t first, size_t count,
                               fovea__buffer *weights, const fovea__buffer *gradients, fovea__buffer *means,
                               fovea__buffer *squares, const fovea__buffer *state);

#endif
