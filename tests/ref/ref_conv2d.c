/* Convolution in float64. */
#include "ref_conv2d.h"

#include <stdlib.h>

/* Sizes as the formula has them, computed here anew. */
typedef struct sizes {
    long n, h, w, i, oh, ow, o, k;
} sizes;

static long out_size(long size, const fovea__conv2d_shape *shape)
{
    const long last = size + 2L * shape->padding - shape->kernel; /* where the last window may begin */
    long count = 0;
    for (long at = 0; at <= last; at += shape->stride)
        count++;
    return count;
}

static sizes sizes_of(const fovea__conv2d_shape *shape)
{
    return (sizes){shape->batch,
                   shape->height,
                   shape->width,
                   shape->in_channels,
                   out_size(shape->height, shape),
                   out_size(shape->width, shape),
                   shape->out_channels,
                   shape->kernel};
}

size_t ref_conv2d_x_count(const fovea__conv2d_shape *shape)
{
    const sizes s = sizes_of(shape);
    return (size_t)(s.n * s.h * s.w * s.i);
}

size_t ref_conv2d_weights_count(const fovea__conv2d_shape *shape)
{
    const sizes s = sizes_of(shape);
    return (size_t)(s.o * s.i * s.k * s.k);
}

size_t ref_conv2d_y_count(const fovea__conv2d_shape *shape)
{
    const sizes s = sizes_of(shape);
    return (size_t)(s.n * s.oh * s.ow * s.o);
}

double ref_conv2d_forward_at(const fovea__conv2d_shape *shape, const double *x, const double *weights, size_t index)
{
    const sizes s = sizes_of(shape);
    const long at = (long)index, o = at % s.o, ox = at / s.o % s.ow, oy = at / s.o / s.ow % s.oh;
    const long n = at / s.o / s.ow / s.oh;
    double sum = 0;
    for (long ky = 0; ky < s.k; ky++)
        for (long kx = 0; kx < s.k; kx++) {
            const long y = oy * shape->stride - shape->padding + ky, x_ = ox * shape->stride - shape->padding + kx;
            if (y < 0 || y >= s.h || x_ < 0 || x_ >= s.w)
                continue;
            for (long i = 0; i < s.i; i++)
                sum += x[((n * s.h + y) * s.w + x_) * s.i + i] * weights[((o * s.i + i) * s.k + ky) * s.k + kx];
        }
    return sum;
}

/* The outputs that x[index] enters are those with oy * stride - padding + ky = y for a tap ky. */
double ref_conv2d_backward_data_at(const fovea__conv2d_shape *shape, const double *d_y, const double *weights,
                                   size_t index)
{
    const sizes s = sizes_of(shape);
    const long at = (long)index, i = at % s.i, x = at / s.i % s.w, y = at / s.i / s.w % s.h, n = at / s.i / s.w / s.h;
    double sum = 0;
    for (long ky = 0; ky < s.k; ky++)
        for (long kx = 0; kx < s.k; kx++) {
            const long row = y + shape->padding - ky, column = x + shape->padding - kx;
            if (row < 0 || column < 0 || row % shape->stride != 0 || column % shape->stride != 0)
                continue;
            const long oy = row / shape->stride, ox = column / shape->stride;
            if (oy >= s.oh || ox >= s.ow)
                continue;
            for (long o = 0; o < s.o; o++)
                sum += d_y[((n * s.oh + oy) * s.ow + ox) * s.o + o] * weights[((o * s.i + i) * s.k + ky) * s.k + kx];
        }
    return sum;
}

double ref_conv2d_backward_weights_at(const fovea__conv2d_shape *shape, const double *x, const double *d_y,
                                      size_t index)
{
    const sizes s = sizes_of(shape);
    const long at = (long)index, kx = at % s.k, ky = at / s.k % s.k, i = at / s.k / s.k % s.i, o = at / s.k / s.k / s.i;
    double sum = 0;
    for (long n = 0; n < s.n; n++)
        for (long oy = 0; oy < s.oh; oy++)
            for (long ox = 0; ox < s.ow; ox++) {
                const long y = oy * shape->stride - shape->padding + ky;
                const long x_ = ox * shape->stride - shape->padding + kx;
                if (y >= 0 && y < s.h && x_ >= 0 && x_ < s.w)
                    sum += x[((n * s.h + y) * s.w + x_) * s.i + i] * d_y[((n * s.oh + oy) * s.ow + ox) * s.o + o];
            }
    return sum;
}

typedef double (*value_at)(const fovea__conv2d_shape *shape, const double *a, const double *b, size_t index);

static double *whole(value_at at, size_t count, const fovea__conv2d_shape *shape, const double *a, const double *b)
{
    double *out = malloc((count ? count : 1) * sizeof *out);
    for (size_t i = 0; out && i < count; i++)
        out[i] = at(shape, a, b, i);
    return out;
}

double *ref_conv2d_forward(const fovea__conv2d_shape *shape, const double *x, const double *weights)
{
    return whole(ref_conv2d_forward_at, ref_conv2d_y_count(shape), shape, x, weights);
}

double *ref_conv2d_backward_data(const fovea__conv2d_shape *shape, const double *d_y, const double *weights)
{
    return whole(ref_conv2d_backward_data_at, ref_conv2d_x_count(shape), shape, d_y, weights);
}

double *ref_conv2d_backward_weights(const fovea__conv2d_shape *shape, const double *x, const double *d_y)
{
    return whole(ref_conv2d_backward_weights_at, ref_conv2d_weights_count(shape), shape, x, d_y);
}
