/* Convolution in float64, written from the formula in lib/ops/conv2d.h. Single values, so that large shapes can be
 * sampled, and whole tensors. Layouts as there: NHWC activations, OIHW weights. */
#ifndef FOVEA_TESTS_REF_CONV2D_H
#define FOVEA_TESTS_REF_CONV2D_H

#include "conv2d.h"

size_t ref_conv2d_x_count(const fovea__conv2d_shape *shape);
size_t ref_conv2d_weights_count(const fovea__conv2d_shape *shape);
size_t ref_conv2d_y_count(const fovea__conv2d_shape *shape);

/* y[index], d_x[index], d_weights[index] without accumulation or epilogue. */
double ref_conv2d_forward_at(const fovea__conv2d_shape *shape, const double *x, const double *weights, size_t index);
double ref_conv2d_backward_data_at(const fovea__conv2d_shape *shape, const double *d_y, const double *weights,
                                   size_t index);
double ref_conv2d_backward_weights_at(const fovea__conv2d_shape *shape, const double *x, const double *d_y,
                                      size_t index);

/* Whole tensors; freed with free(). */
double *ref_conv2d_forward(const fovea__conv2d_shape *shape, const double *x, const double *weights);
double *ref_conv2d_backward_data(const fovea__conv2d_shape *shape, const double *d_y, const double *weights);
double *ref_conv2d_backward_weights(const fovea__conv2d_shape *shape, const double *x, const double *d_y);

#endif
