/* Sum, ReLU and their gradient. All tensors have one shape; y may be a or b. */
#ifndef FOVEA_OPS_ADD_RELU_H
#define FOVEA_OPS_ADD_RELU_H

#include "tensor.h"

/* y = max(0, a + b); b may be NULL. */
fovea_status fovea__add_relu_forward(fovea_device *device, const fovea__tensor *a, const fovea__tensor *b,
                                     fovea__tensor *y);

/* d_x (+)= d_y [y > 0] scale[channel]. y NULL: no mask; scale NULL: 1. d_x may be d_y unless accumulate. */
fovea_status fovea__add_relu_backward(fovea_device *device, const fovea__tensor *y, const fovea__tensor *d_y,
                                      const fovea__tensor *scale, bool accumulate, fovea__tensor *d_x);

#endif
