/* FPN's top-down step (paper section 3; Lin et al. 2017, figure 3): y = lateral + nearest upsampling of top to lateral's
 * size, where place d of the output reads place floor(d * in / out) of top. */
#ifndef FOVEA_OPS_UPSAMPLE_ADD_H
#define FOVEA_OPS_UPSAMPLE_ADD_H

#include "tensor.h"

/* y may be lateral. */
fovea_status fovea__upsample_add_forward(fovea_device *device, const fovea__tensor *top, const fovea__tensor *lateral,
                                         fovea__tensor *y);

/* d_top (+)= sum of d_y over the places that read it. (lateral's gradient is d_y itself.) */
fovea_status fovea__upsample_add_backward(fovea_device *device, const fovea__tensor *d_y, bool accumulate,
                                          fovea__tensor *d_top);

#endif
