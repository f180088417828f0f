/* Group norm (Wu and He 2018): of each picture, over H, W and the C / groups neighbouring channels of a group,
 * y = gamma (x - mean) / sqrt(var + epsilon) + beta with the biased variance; gamma and beta are 1x1x1xC. */
#ifndef FOVEA_OPS_GROUP_NORM_H
#define FOVEA_OPS_GROUP_NORM_H

#include "tensor.h"

/* Bytes of what forward saves for backward: means and 1 / sqrt(var + epsilon), [N][2][C], once a channel. */
size_t fovea__group_norm_statistics_bytes(fovea__shape shape);

/* Bytes of workspace for the two calls below. */
size_t fovea__group_norm_workspace_bytes(fovea__shape shape);

/* y = relu?(normalised); y may be x. */
fovea_status fovea__group_norm_forward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                       const fovea__tensor *beta, int groups, float epsilon, bool relu,
                                       fovea__tensor *y, fovea__buffer *statistics, fovea__buffer *workspace);

/* d_y: gradient of the normalised value (after the ReLU's mask). d_gamma, d_beta are written (accumulate: added to);
 * d_x is written and may be d_y. */
fovea_status fovea__group_norm_backward(fovea_device *device, const fovea__tensor *x, const fovea__tensor *gamma,
                                        int groups, const fovea__buffer *statistics, const fovea__tensor *d_y,
                                        bool accumulate, fovea__tensor *d_gamma, fovea__tensor *d_beta,
                                        fovea__tensor *d_x, fovea__buffer *workspace);

#endif
