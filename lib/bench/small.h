/* Two small problems with known results (expected.h): a network's detections, losses and gradients as torchvision has
 * them in float64. Weights and pictures are formulas of names and places, the same here and in
 * tests/golden/make_golden.py to the last bit. */
#ifndef FOVEA_BENCH_SMALL_H
#define FOVEA_BENCH_SMALL_H

#include "names.h"

/* One tensor's values; activations neither explode nor vanish through 101 layers. out: dims[0] ... dims[3] floats. */
void fovea__small_parameter(const fovea__name *name, int depth, float *out);

/* Smooth waves and noise, for the picture of that name. */
void fovea__small_picture(const char *name, uint8_t *pixels, int height, int width);

/* Runs the problem whose blocks are those of a ResNet of this depth, and holds the device to what is expected. Fails
 * with FOVEA_ERROR_NUMERIC, saying what is wrong. */
fovea_status fovea__small_check(fovea_device *device, int depth);

#endif
