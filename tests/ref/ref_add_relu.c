/* Sum, ReLU and their gradient in float64. */
#include "ref_add_relu.h"

void ref_add_relu_forward(const double *a, const double *b, size_t count, double *y)
{
    for (size_t i = 0; i < count; i++) {
        const double sum = b ? a[i] + b[i] : a[i];
        y[i] = sum > 0 ? sum : 0;
    }
}

void ref_add_relu_backward(const double *y, const double *d_y, const double *scale, size_t count, size_t channels,
                           double *d_x)
{
    for (size_t i = 0; i < count; i++)
        if (!y || y[i] > 0)
            d_x[i] += d_y[i] * (scale ? scale[i % channels] : 1.0);
}
