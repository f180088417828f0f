/* Every convolution of a workload by itself, in each direction that it takes: at the workload's own size, by the
 * algorithm that the device takes there. */
#ifndef FOVEA_BENCH_CONVOLUTIONS_H
#define FOVEA_BENCH_CONVOLUTIONS_H

#include "workload.h"

/* Holds results on random tensors to sums in float64 at places all over them. Fails with FOVEA_ERROR_NUMERIC, naming
 * the first that is wrong. */
fovea_status fovea__convolutions_check(fovea_device *device, const fovea_benchmark_options *options);

#endif
