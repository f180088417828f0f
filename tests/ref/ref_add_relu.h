/* Sum, ReLU and their gradient in float64. */
#ifndef FOVEA_TESTS_REF_ADD_RELU_H
#define FOVEA_TESTS_REF_ADD_RELU_H

#include <stddef.h>

/* y = max(0, a + b); b may be NULL. */
void ref_add_relu_forward(const double *a, const double *b, size_t count, double *y);

/* d_x += d_y [y > 0] scale[channel]; y and scale may be NULL; rows of `channels` values. */
void ref_add_relu_backward(const double *y, const double *d_y, const double *scale, size_t count, size_t channels,
                           double *d_x);

#endif
