/* GIoU in double, axis by axis, from the chain rule as one writes it down. */
#include "ref_giou.h"

#include <math.h>

static const double tiny = 1e-7;

/* The slope of max(a, b) with respect to a: half of it where both are the same. */
static double slope_of_max(double a, double b)
{
    return a > b ? 1.0 : a < b ? 0.0 : 0.5;
}

double ref_giou_value(const double anchor[4], const double box[4], const double code[4], double d_code[4])
{
    double found[4], inner[2], outer[2], d_edge[4];
    for (int k = 0; k < 2; k++) {
        const double side = anchor[k + 2] - anchor[k], middle = anchor[k] + (code[k] + 0.5) * side;
        const double half = side * exp(fmin(code[k + 2], log(1000.0 / 16.0))) / 2;
        found[k] = middle - half;
        found[k + 2] = middle + half;
        inner[k] = fmin(found[k + 2], box[k + 2]) - fmax(found[k], box[k]);
        outer[k] = fmax(found[k + 2], box[k + 2]) - fmin(found[k], box[k]);
    }
    const bool meet = inner[0] > 0 && inner[1] > 0;
    const double size[2] = {found[2] - found[0], found[3] - found[1]};
    const double common = meet ? inner[0] * inner[1] : 0, hull = outer[0] * outer[1];
    const double both = size[0] * size[1] + (box[2] - box[0]) * (box[3] - box[1]) - common;
    const double d_both = common / pow(both + tiny, 2) - 1 / (hull + tiny);
    const double d_common = -1 / (both + tiny) - d_both;
    const double d_hull = 1 / (hull + tiny) - (hull - both) / pow(hull + tiny, 2);
    for (int k = 0; k < 2; k++) {
        const double d_inner = meet ? d_common * inner[1 - k] : 0, d_outer = d_hull * outer[1 - k];
        const double d_size = d_both * size[1 - k];
        const double high = slope_of_max(found[k + 2], box[k + 2]), low = slope_of_max(found[k], box[k]);
        d_edge[k] = -d_inner * low - d_outer * (1 - low) - d_size;
        d_edge[k + 2] = d_inner * (1 - high) + d_outer * high + d_size;
    }
    for (int k = 0; k < 2; k++) {
        const bool beyond = code[k + 2] > log(1000.0 / 16.0);
        d_code[k] = (d_edge[k] + d_edge[k + 2]) * (anchor[k + 2] - anchor[k]);
        d_code[k + 2] = beyond ? 0 : (d_edge[k + 2] - d_edge[k]) / 2 * size[k];
    }
    return 1 - common / (both + tiny) + (hull - both) / (hull + tiny);
}

double ref_giou_run(const fovea__giou *loss, fovea__shape shape, const double *codes, const double *anchors,
                    const double *boxes, const int *matches, const float *scales, double *d_codes)
{
    const size_t count = (size_t)shape.h * (size_t)shape.w * (size_t)shape.c / 4;
    double total = 0;
    for (size_t n = 0; n < (size_t)shape.n; n++)
        for (size_t i = 0; i < count; i++) {
            const size_t anchor = loss->first_anchor + i, place = 4 * (n * count + i);
            const int match = matches[((size_t)loss->first_picture + n) * loss->n_anchors + anchor];
            const double scale = match >= 0 ? (double)scales[(size_t)loss->first_picture + n] : 0.0;
            double d_code[4] = {0};
            if (match >= 0)
                total += scale * ref_giou_value(anchors + 4 * anchor, boxes + 4 * match, codes + place, d_code);
            for (int k = 0; k < 4; k++)
                d_codes[place + (size_t)k] = scale * d_code[k];
        }
    return total;
}
