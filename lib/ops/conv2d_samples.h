/* Random tensors for one direction of one convolution, and what float64 makes of them at places all over the result. */
#ifndef FOVEA_OPS_CONV2D_SAMPLES_H
#define FOVEA_OPS_CONV2D_SAMPLES_H

#include "conv2d.h"

enum { FOVEA__CONV2D_MOST_SAMPLES = 128 };

typedef struct fovea__conv2d_samples {
    fovea__conv2d_direction direction;
    fovea__conv2d_shape shape;
    fovea__shape x_shape, weights_shape, y_shape;
    float *x, *weights, *y; /* on the host. One of them is the direction's result, and takes what is read back */
    float *result;
    size_t n_result;
    int count;
    size_t places[FOVEA__CONV2D_MOST_SAMPLES];
    double sums[FOVEA__CONV2D_MOST_SAMPLES], largest;
} fovea__conv2d_samples;

fovea_status fovea__conv2d_samples_make(fovea__conv2d_samples *out, fovea__conv2d_direction direction,
                                        const fovea__conv2d_shape *shape);

/* Whether .result is finite everywhere and agrees with the sums. */
bool fovea__conv2d_samples_agree(const fovea__conv2d_samples *samples);

void fovea__conv2d_samples_clear(fovea__conv2d_samples *samples);

#endif
