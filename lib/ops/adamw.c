/* AdamW: the corrections of a step, and the launch. */
#include "adamw.h"

#include "split.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

fovea_status fovea__adamw_step(fovea_device *device, const fovea__adamw *adamw, size_t first, size_t count,
                               fovea__buffer *weights, const fovea__buffer *gradients, fovea__buffer *means,
                               fovea__buffer *squares, const fovea__buffer *state)
{
    FOVEA_CHECK_ARG(first <= INT_MAX && count <= INT_MAX - first,
                    "adamw: %zu values from %zu are beyond the 2^31-1 that kernels can index", count, first);
    FOVEA_CHECK_ARG(adamw->step >= 1, "adamw: step %lld; expected 1 or more", (long long)adamw->step);
    const size_t vector = (size_t)fovea__device_vector_width(device);
    const fovea__split split = fovea__split_list(device, (count + vector - 1) / vector);
    const double steps = (double)adamw->step, rate = (double)adamw->rate;
    const double pace = rate / (1.0 - pow((double)adamw->beta1, steps));
    const double unbias = 1.0 / sqrt(1.0 - pow((double)adamw->beta2, steps));
    char options[24];
    snprintf(options, sizeof options, "-DVECTOR=%zu", vector);
    fovea__count(device, 0, 28.0 * (double)count);
    return fovea__launch(device, "adamw", options, "adamw_step",
                         (fovea__arg[]){fovea__arg_buffer(weights), fovea__arg_buffer(gradients),
                                        fovea__arg_buffer(means), fovea__arg_buffer(squares),
                                        fovea__arg_buffer(state), fovea__arg_int((int)first),
                                        fovea__arg_int((int)count), fovea__arg_int(split.columns),
                                        fovea__arg_float(adamw->clip), fovea__arg_float(adamw->beta1),
                                        fovea__arg_float(adamw->beta2), fovea__arg_float(adamw->epsilon),
                                        fovea__arg_float((float)(rate * (double)adamw->decay)),
                                        fovea__arg_float((float)pace), fovea__arg_float((float)unbias)},
                         15, split.grid);
}
