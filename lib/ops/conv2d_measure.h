/* Choosing by measurement: every algorithm that can a direction of a shape is run on random data, but for tiled on CPUs,
 * which is far behind there and takes seconds to compile. A result is held to
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

/* How long it may take. */
typedef struct fovea__conv2d_patience {
    double seconds; /* of timing, about, once every algorithm has run */
    double until;   /* by fovea__clock(): at the first look at it after that all is given up. 0: never */
} fovea__conv2d_patience;

/* Fills *out; *measured is false, and no failure, where it was given up. Fails with FOVEA_ERROR_NUMERIC where no
 * algorithm's result is right, with FOVEA_ERROR_MEMORY where there was not the memory to measure them all, and as the
 * rule's algorithm fails where that cannot be run at all. */
fovea_status fovea__conv2d_measure(fovea__conv2d_choice *out, bool *measured, fovea_device *device,
                                   fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                                   fovea__conv2d_patience patience, fovea__conv2d_runner runner);

#endif
