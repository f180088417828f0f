/* FPN's top-down step in float64: place d of the fine map reads place floor(d in / out) of the coarse one. */
#include "ref_upsample_add.h"

/* The index in the coarse map that index i of the fine one reads. */
static size_t read_by(size_t i, fovea__shape fine, fovea__shape coarse)
{
    const size_t c = i % (size_t)fine.c, pixel = i / (size_t)fine.c;
    const size_t x = pixel % (size_t)fine.w, row = pixel / (size_t)fine.w;
    const size_t y = row % (size_t)fine.h, n = row / (size_t)fine.h;
    const size_t from_y = y * (size_t)coarse.h / (size_t)fine.h, from_x = x * (size_t)coarse.w / (size_t)fine.w;
    return ((n * (size_t)coarse.h + from_y) * (size_t)coarse.w + from_x) * (size_t)coarse.c + c;
}

void ref_upsample_add_forward(const double *top, fovea__shape coarse, const double *lateral, fovea__shape fine,
                              double *y)
{
    for (size_t i = 0; i < fovea__shape_elements(fine); i++)
        y[i] = lateral[i] + top[read_by(i, fine, coarse)];
}

void ref_upsample_add_backward(const double *d_y, fovea__shape fine, fovea__shape coarse, double *d_top)
{
    for (size_t i = 0; i < fovea__shape_elements(fine); i++)
        d_top[read_by(i, fine, coarse)] += d_y[i];
}
