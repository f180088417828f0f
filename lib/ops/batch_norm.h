/* Batch norm over N, H, W for each channel: y = gamma (x - mean) / sqrt(var + epsilon) + beta. Vectors are 1x1x1xC. */
#ifndef FOVEA_OPS_BATCH_NORM_H
#define FOVEA_OPS_BATCH_NORM_H

#include "tensor.h"

/* Frozen: scale = gamma / sqrt(var + epsilon), shift = beta - mean scale, for a convolution's epilogue. */
fovea_status fovea__batch_norm_fold(fovea_device *device, const fovea__tensor *gamma, const fovea__tensor *beta,
                                    const fovea__tensor *mean, const fovea__tensor *variance, float epsilon,
                                    fovea__tensor *scale, fovea__tensor *shift);

/* Bytes of workspace for the two calls below. */
size_t fovea__batch_norm_workspace_bytes(fovea__shape shape);

/* Training: takes mean and (biased) variance of the batch, y = relu?(normalised + residual); saves mean and
 * 1/sqrt(var + epsilon) for backward; moves the running mean and (unbiased) variance by `momentum` towards the batch's
 * (torch's rule: running = (1 - momentum) running + momentum batch). residual may be NULL; y may be x or residual.
 * With one value a channel the unbiased variance is that value's 0; with none, nothing is written. */
fovea_status fovea__batch_norm_forward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                       const fovea__tensor *beta, float epsilon, float momentum,
                                       const fovea__tensor *residual, bool relu, fovea__tensor *y,
                                       fovea__tensor *saved_mean, fovea__tensor *saved_inverse_deviation,
                                       fovea__tensor *running_mean, fovea__tensor *running_variance,
                                       fovea__buffer *workspace);

/* d_y: gradient of the normalised value (after the ReLU's mask). d_gamma, d_beta are written (accumulate: added to);
 * d_x is written and may be d_y. */
fovea_status fovea__batch_norm_backward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                        const fovea__tensor *saved_mean,
                                        const fovea__tensor *saved_inverse_deviation, const fovea__tensor *d_y,
                                        bool accumulate, fovea__tensor *d_gamma, fovea__tensor *d_beta,
                                        fovea__tensor *d_x, fovea__buffer *workspace);

#endif
