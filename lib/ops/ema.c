/* Moving averages: the launch. */
#include "ema.h"

#include "split.h"

#include <limits.h>

fovea_status fovea__ema_prepare(fovea_device *device)
{
    size_t items = 0;
    return fovea__launch_most_items(device, "ema", "", "ema_step", &items);
}

fovea_status fovea__ema_step(fovea_device *device, float share, size_t first, size_t count, fovea__buffer *average,
                             const fovea__buffer *values, const fovea__buffer *state)
{
    FOVEA_CHECK_ARG(first <= INT_MAX && count <= INT_MAX - first,
                    "ema: %zu values from %zu are beyond the 2^31-1 that kernels can index", count, first);
    FOVEA_CHECK_ARG(share >= 0.0f && share <= 1.0f, "ema: share is %g; expected 0 to 1", (double)share);
    const fovea__split split = fovea__split_list(device, count);
    fovea__count(device, 0, 12.0 * (double)count);
    return fovea__launch(device, "ema", "", "ema_step",
                         (fovea__arg[]){fovea__arg_buffer(average), fovea__arg_buffer(values), fovea__arg_buffer(state),
                                        fovea__arg_int((int)first), fovea__arg_int((int)count),
                                        fovea__arg_int(split.columns), fovea__arg_float(share)},
                         7, split.grid);
}
