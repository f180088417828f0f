/* Maximum over kernel x kernel windows; padding never wins. ResNet's stem uses 3x3, stride 2, padding 1. */
#ifndef FOVEA_OPS_MAX_POOL_H
#define FOVEA_OPS_MAX_POOL_H

#include "tensor.h"

typedef struct fovea__max_pool_window {
    int kernel, stride, padding;
} fovea__max_pool_window;

fovea__shape fovea__max_pool_out_shape(fovea__shape x, fovea__max_pool_window window);

fovea_status fovea__max_pool_forward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                     fovea__tensor *y);

/* d_x (+)= each window's d_y at the first of its largest values in row-major order, or at its last NaN (torch's rule).
 * Nothing is added atomically: a place of d_x gets its sum from one work-item, in the order of the windows. */
fovea_status fovea__max_pool_backward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                      const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_x);

#endif
