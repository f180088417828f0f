/* fovea_benchmark_run(): a workload, timed. */
#include "workload.h"

#include "clock.h"
#include "memory.h"

#include <stdlib.h>

static int shorter_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static fovea_status time_run(fovea__workload *work, double *seconds)
{
    const double began = fovea__clock();
    FOVEA_TRY(fovea__workload_run(work));
    *seconds = fovea__clock() - began;
    return FOVEA_OK;
}

/* What kernels leave of the time of all runs. */
static fovea_status find_idle(fovea_device *device, double all, int runs, double *idle_seconds)
{
    size_t count = 0;
    fovea_kernel_time *times = NULL;
    *idle_seconds = -1;
    FOVEA_TRY(fovea_device_profile(device, NULL, 0, &count, false));
    if (count == 0)
        return FOVEA_OK;
    FOVEA_TRY(fovea__allocate(&times, count, sizeof *times, "a benchmark's kernels"));
    const fovea_status status = fovea_device_profile(device, times, count, &count, false);
    for (size_t i = 0; i < count && !status; i++)
        all -= times[i].seconds;
    free(times);
    *idle_seconds = all > 0 ? all / runs : 0;
    return status;
}

/* The first run builds what is not cached and plans memory; the second finds everything warm. */
static fovea_status time_runs(fovea__workload *work, double *seconds, fovea_benchmark *out)
{
    const int runs = work->options.runs;
    double warm = 0, all = 0;
    size_t kernels = 0;
    FOVEA_TRY(time_run(work, &out->first_seconds));
    FOVEA_TRY(time_run(work, &warm));
    FOVEA_TRY(fovea_device_profile(work->device, NULL, 0, &kernels, true));
    const double host_began = fovea__clock_thread();
    for (int i = 0; i < runs; i++) {
        FOVEA_TRY(time_run(work, &seconds[i]));
        all += seconds[i];
    }
    out->host_seconds = (fovea__clock_thread() - host_began) / runs;
    return find_idle(work->device, all, runs, &out->idle_seconds);
}

fovea_status fovea_benchmark_run(fovea_device *device, const fovea_benchmark_options *options, fovea_benchmark *out)
{
    FOVEA_CHECK_ARG(device && out, "fovea_benchmark_run: device or out is NULL");
    *out = (fovea_benchmark){0};
    fovea__workload *work = NULL;
    fovea_benchmark made = {0};
    double *seconds = NULL;
    FOVEA_TRY(fovea__workload_create(&work, device, options));
    made.batch = work->options.batch;
    made.runs = work->options.runs;
    fovea_status status = fovea__allocate(&seconds, (size_t)made.runs, sizeof *seconds, "a benchmark's times");
    if (!status)
        status = time_runs(work, seconds, &made);
    if (!status) {
        qsort(seconds, (size_t)made.runs, sizeof *seconds, shorter_first);
        made.median_seconds = (seconds[(made.runs - 1) / 2] + seconds[made.runs / 2]) / 2;
        made.best_seconds = seconds[0];
        made.worst_seconds = seconds[made.runs - 1];
        made.flops = fovea__workload_flops(work);
        fovea_device_memory(device, NULL, &made.memory_bytes);
        *out = made;
    }
    free(seconds);
    fovea__workload_free(work);
    return status;
}
