/* Smooth L1 in double: a parabola around 0, straight lines outside. */
#include "ref_smooth_l1.h"

#include <math.h>

double ref_smooth_l1_value(double d, double beta)
{
    return fabs(d) < beta ? 0.5 * d * d / beta : fabs(d) - 0.5 * beta;
}

double ref_smooth_l1_gradient(double d, double beta)
{
    if (fabs(d) < beta)
        return d / beta;
    return d > 0 ? 1.0 : d < 0 ? -1.0 : 0.0;
}

double ref_smooth_l1_run(const fovea__smooth_l1 *loss, fovea__shape shape, const double *codes, const double *targets,
                         const int *matches, const float *scales, double *d_codes)
{
    const size_t values = (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
    double total = 0;
    const size_t before = (size_t)loss->first_picture;
    for (size_t n = 0; n < (size_t)shape.n; n++)
        for (size_t i = 0; i < values; i++) {
            const size_t anchor = (before + n) * loss->n_anchors + loss->first_anchor + i / 4;
            const double scale = matches[anchor] >= 0 ? (double)scales[before + n] : 0.0;
            const double d = codes[n * values + i] - targets[4 * anchor + i % 4];
            total += scale * ref_smooth_l1_value(d, (double)loss->beta);
            d_codes[n * values + i] = scale * ref_smooth_l1_gradient(d, (double)loss->beta);
        }
    return total;
}
