/* Anchors of the whole pyramid, P3 to P7 (paper section 4, "Anchors"): at every place of a level, A = scales x ratios
 * boxes of area (base 2^(k/scales))^2 and height/width = ratio, base 32 ... 512. In a cell, ratio is the outer and
 * scale the inner index. The first cell's centre is 0, 0; the next ones stride apart.
 *   paper profile        exact sizes, stride 8 ... 128
 *   torchvision profile  int() of the sizes, corners rounded half to even, stride = padded picture // level's size */
#ifndef FOVEA_OPS_ANCHORS_H
#define FOVEA_OPS_ANCHORS_H

#include "tensor.h"

#define FOVEA__LEVELS 5
#define FOVEA__MAX_ANCHORS 12 /* 4 scales x 3 ratios */

typedef struct fovea__anchors {
    fovea_profile profile;
    int scales, ratios;                               /* a cell; ratios 1 or 3 */
    int image_height, image_width;                    /* of the padded picture */
    int height[FOVEA__LEVELS], width[FOVEA__LEVELS];  /* of each level's feature map */
} fovea__anchors;

/* Sets the sizes for a picture of that padded size, multiples of 32: P3 is an eighth, each next level half, rounded up. */
void fovea__anchors_fit(fovea__anchors *anchors, int image_height, int image_width);

int fovea__anchors_a_cell(const fovea__anchors *anchors);
size_t fovea__anchors_level_count(const fovea__anchors *anchors, int level);
size_t fovea__anchors_count(const fovea__anchors *anchors); /* of all levels */

/* The boxes of one cell around 0, 0, as x0 y0 x1 y1. */
void fovea__anchors_cell(const fovea__anchors *anchors, int level, float out[FOVEA__MAX_ANCHORS][4]);

/* Pixels from one place of a level to the next. */
void fovea__anchors_stride(const fovea__anchors *anchors, int level, int *y, int *x);

/* Writes all anchors, [count][4] floats, level after level, row after row, cell after cell. */
fovea_status fovea__anchors_write(fovea_device *device, const fovea__anchors *anchors, fovea__buffer *out);

#endif
