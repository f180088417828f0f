/* Choosing by measurement: every algorithm that can a direction of a shape is run on random data. A result is held to
 * sums in float64 at places all over it before its algorithm is timed at all, and another than the rule's wins only
 * where it is faster by a clear margin, so that noise changes nothing. */
#ifndef FOVEA_OPS_CONV2D_MEASURE_H
#define FOVEA_OPS_CONV2D_MEASURE_H

#include "conv2d_choices.h"

/* One algorithm's call, ready to be run. Two of the tensors are read and one is written: y forward, x backward data,
 * weights backward weights. */
typedef struct fovea__conv2d_trial {
    fovea__conv2d_algorithm algorithm;
    fovea__conv2d_direction direction;
    fovea__conv2d_shape shape;
    fovea__tensor x, weights, y;
    fovea__buffer *packed, *workspace;
} fovea__conv2d_trial;

/* Runs a trial once; fovea__conv2d_run_trial() is the one that means it. */
typedef fovea_status (*fovea__conv2d_runner)(fovea_device *device, fovea__conv2d_trial *trial);
fovea_status fovea__conv2d_run_trial(fovea_device *device, fovea__conv2d_trial *trial);

/* Measures for about `seconds` after every algorithm's first run, and fills *out. Fails with FOVEA_ERROR_NUMERIC where
 * no algorithm's result is right, and as the rule's algorithm fails where that cannot be run at all. */
fovea_status fovea__conv2d_measure(fovea__conv2d_choice *out, fovea_device *device, fovea__conv2d_direction direction,
                                   const fovea__conv2d_shape *shape, double seconds, fovea__conv2d_runner runner);

#endif
