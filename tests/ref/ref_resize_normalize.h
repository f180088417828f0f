/* Bilinear resize and normalisation in float64. */
#ifndef FOVEA_TESTS_REF_RESIZE_NORMALIZE_H
#define FOVEA_TESTS_REF_RESIZE_NORMALIZE_H

#include <stdbool.h>
#include <stdint.h>

/* y [rows][columns][3]: the picture in its first out_height rows and out_width columns, else 0. */
void ref_resize_normalize(const uint8_t *pixels, int height, int width, bool flip, int out_height, int out_width,
                          int rows, int columns, double *y);

#endif
