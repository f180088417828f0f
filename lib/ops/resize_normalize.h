/* A picture's way into the network: bilinear resize without antialias, half-pixel centres, each axis by its real in/out
 * ratio (torch's interpolate, align_corners False), then (v/255 - mean) / std with ImageNet's, then zero padding. */
#ifndef FOVEA_OPS_RESIZE_NORMALIZE_H
#define FOVEA_OPS_RESIZE_NORMALIZE_H

#include "tensor.h"

/* Height and width that a picture is resized to: scale = min(size/short, max_size/long), floor(side * scale), all in
 * double as torch computes it; at least 1. */
void fovea__resize_normalize_size(int height, int width, int size, int max_size, int *out_height, int *out_width);

/* Writes slot `index` of y ([N][H][W][3]): rows < out_height and columns < out_width from the picture, the rest 0.
 * pixels: uint8 [height][width][3] from byte first_byte (any); flip mirrors left and right. */
fovea_status fovea__resize_normalize(fovea_device *device, const fovea__buffer *pixels, size_t first_byte, int height,
                                     int width, bool flip, int out_height, int out_width, int index, fovea__tensor *y);

#endif
