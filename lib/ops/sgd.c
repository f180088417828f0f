/* Stochastic gradient descent: the launch. */
#include "sgd.h"

#include "split.h"

#include <limits.h>

fovea_status fovea__sgd_step(fovea_device *device, const fovea__sgd *sgd, size_t first, size_t count,
                             fovea__buffer *weights, const fovea__buffer *gradients, fovea__buffer *momenta,
                             const fovea__buffer *state)
{
    FOVEA_CHECK_ARG(first <= INT_MAX && count <= INT_MAX - first,
                    "sgd: %zu values from %zu are beyond the 2^31-1 that kernels can index", count, first);
    const fovea__split split = fovea__split_list(device, count);
    fovea__count(device, 0, 20.0 * (double)count);
    return fovea__launch(device, "sgd", "", "sgd_step",
                         (fovea__arg[]){fovea__arg_buffer(weights), fovea__arg_buffer(gradients),
                                        fovea__arg_buffer(momenta), fovea__arg_buffer(state),
                                        fovea__arg_int((int)first), fovea__arg_int((int)count),
                                        fovea__arg_int(split.columns), fovea__arg_float(sgd->rate),
                                        fovea__arg_float(sgd->momentum), fovea__arg_float(sgd->decay),
                                        fovea__arg_float(sgd->clip)},
                         11, split.grid);
}
