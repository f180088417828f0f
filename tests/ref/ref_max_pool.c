/* Maximum over windows in float64: a window walks the padded picture, places outside hold nothing. */
#include "ref_max_pool.h"

static size_t at(fovea__shape shape, int n, int y, int x, int c)
{
    return (((size_t)n * (size_t)shape.h + (size_t)y) * (size_t)shape.w + (size_t)x) * (size_t)shape.c + (size_t)c;
}

/* Where the largest value of the window at (y, x) of the result lies. */
static size_t place_of_largest(const double *in, fovea__shape shape, fovea__max_pool_window window, int n, int y, int x,
                               int c)
{
    size_t best = 0;
    bool found = false;
    for (int i = 0; i < window.kernel; i++)
        for (int j = 0; j < window.kernel; j++) {
            const int in_y = y * window.stride + i - window.padding, in_x = x * window.stride + j - window.padding;
            if (in_y < 0 || in_y >= shape.h || in_x < 0 || in_x >= shape.w)
                continue;
            const size_t here = at(shape, n, in_y, in_x, c);
            if (!found || in[here] > in[best])
                best = here;
            found = true;
        }
    return best;
}

/* Visits every window: forward where y is given, backward where d_x is. */
static void walk(const double *in, fovea__shape shape, fovea__max_pool_window window, double *y, const double *d_y,
                 double *d_x)
{
    const fovea__shape out = fovea__max_pool_out_shape(shape, window);
    for (int n = 0; n < out.n; n++)
        for (int i = 0; i < out.h; i++)
            for (int j = 0; j < out.w; j++)
                for (int c = 0; c < out.c; c++) {
                    const size_t best = place_of_largest(in, shape, window, n, i, j, c), here = at(out, n, i, j, c);
                    if (y)
                        y[here] = in[best];
                    if (d_x)
                        d_x[best] += d_y[here];
                }
}

void ref_max_pool_forward(const double *x, fovea__shape shape, fovea__max_pool_window window, double *y)
{
    walk(x, shape, window, y, NULL, NULL);
}

void ref_max_pool_backward(const double *x, fovea__shape shape, fovea__max_pool_window window, const double *d_y,
                           double *d_x)
{
    walk(x, shape, window, NULL, d_y, d_x);
}
