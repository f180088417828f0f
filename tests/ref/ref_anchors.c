/* Anchors in double: for every place, ratio and scale a box of a given area and a given height over width. */
#include "ref_anchors.h"

#include <math.h>

static void write_box(double centre_x, double centre_y, double width, double height, bool whole_pixels, double out[4])
{
    const double x = width / 2.0, y = height / 2.0;
    out[0] = centre_x - (whole_pixels ? nearbyint(x) : x);
    out[1] = centre_y - (whole_pixels ? nearbyint(y) : y);
    out[2] = centre_x + (whole_pixels ? nearbyint(x) : x);
    out[3] = centre_y + (whole_pixels ? nearbyint(y) : y);
}

static size_t write_place(const fovea__anchors *anchors, int level, double x, double y, double *out)
{
    const bool torchvision = anchors->profile == FOVEA_PROFILE_TORCHVISION;
    size_t written = 0;
    for (int r = 0; r < anchors->ratios; r++)
        for (int s = 0; s < anchors->scales; s++) {
            const double ratio = anchors->ratios == 1 ? 1.0 : ldexp(0.5, r);
            double side = ldexp(32.0, level) * exp2((double)s / anchors->scales);
            if (torchvision)
                side = floor(side);
            if (out)
                write_box(x, y, side / sqrt(ratio), side * sqrt(ratio), torchvision, out + 4 * written);
            written++;
        }
    return written;
}

size_t ref_anchors_write(const fovea__anchors *anchors, double *out)
{
    const bool torchvision = anchors->profile == FOVEA_PROFILE_TORCHVISION;
    size_t written = 0;
    for (int level = 0; level < FOVEA__LEVELS; level++)
        for (int row = 0; row < anchors->height[level]; row++)
            for (int column = 0; column < anchors->width[level]; column++) {
                double y = row * ldexp(8.0, level), x = column * ldexp(8.0, level);
                if (torchvision) {
                    y = row * floor((double)anchors->image_height / anchors->height[level]);
                    x = column * floor((double)anchors->image_width / anchors->width[level]);
                }
                written += write_place(anchors, level, x, y, out ? out + 4 * written : NULL);
            }
    return written;
}
