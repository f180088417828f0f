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

/* d_x (+)= each window's d_y at the first of its largest values in row-major order (torch's rule; a window with NaN
 * may hand it to several). Gather form: each place of d_x looks for the windows that it wins, so nothing is added
 * atomically. */
fovea_status fovea__max_pool_backward(fovea_device *device, const fovea__tensor *x, fovea__max_pool_window window,
                                      const fovea__tensor *d_y, bool accumulate, fovea__tensor *d_x);

#endif
