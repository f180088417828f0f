/* fovea_benchmark_run(): a workload, timed. */
#include "workload.h"

#include "memory.h"

#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int shorter_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static fovea_status time_run(fovea__workload *work, double *seconds)
{
    const double began = now();
    FOVEA_TRY(fovea__workload_run(work));
    *seconds = now() - began;
    return FOVEA_OK;
}

/* The first run builds what is not cached and plans memory; the second finds everything warm. */
static fovea_status time_runs(fovea__workload *work, double *first, double *seconds)
{
    double warm = 0;
    FOVEA_TRY(time_run(work, first));
    FOVEA_TRY(time_run(work, &warm));
    for (int i = 0; i < work->options.runs; i++)
        FOVEA_TRY(time_run(work, &seconds[i]));
    return FOVEA_OK;
}

fovea_status fovea_benchmark_run(fovea_device *device, const fovea_benchmark_options *options, fovea_benchmark *out)
{
    FOVEA_CHECK_ARG(device && out, "fovea_benchmark_run: device or out is NULL");
    *out = (fovea_benchmark){0};
    fovea__workload *work = NULL;
    double first = 0, *seconds = NULL;
    FOVEA_TRY(fovea__workload_create(&work, device, options));
    const int runs = work->options.runs;
    fovea_status status = fovea__allocate(&seconds, (size_t)runs, sizeof *seconds, "a benchmark's times");
    if (!status)
        status = time_runs(work, &first, seconds);
    if (!status) {
        qsort(seconds, (size_t)runs, sizeof *seconds, shorter_first);
        *out = (fovea_benchmark){.batch = work->options.batch, .runs = runs, .first_seconds = first,
                                 .median_seconds = seconds[runs / 2], .best_seconds = seconds[0],
                                 .worst_seconds = seconds[runs - 1], .flops = fovea__workload_flops(work)};
        fovea_device_memory(device, NULL, &out->memory_bytes);
    }
    free(seconds);
    fovea__workload_free(work);
    return status;
}
