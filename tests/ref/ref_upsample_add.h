/* FPN's top-down step in float64. */
#ifndef FOVEA_TESTS_REF_UPSAMPLE_ADD_H
#define FOVEA_TESTS_REF_UPSAMPLE_ADD_H

#include "tensor.h"

/* y = lateral + nearest upsampling of top [top] to `fine`. */
void ref_upsample_add_forward(const double *top, fovea__shape coarse, const double *lateral, fovea__shape fine,
                              double *y);

/* d_top += the gradients of the places that read it. */
void ref_upsample_add_backward(const double *d_y, fovea__shape fine, fovea__shape coarse, double *d_top);

#endif
